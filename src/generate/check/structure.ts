import { isMap, isScalar, type Node } from "yaml";
import type { ChartConfig } from "../../adapters/collectors/charts.ts";
import type { Distribution } from "../../adapters/collectors/distribution.ts";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import { type Version, versionText } from "../../base/versions.ts";
import { hasComponent, isKnownRelease } from "../plan/release.ts";
import { entryOf, keyOf, mergedEntries } from "../splice/yaml-document.ts";
import {
	type ComponentNode,
	type ConfigModel,
	componentSections,
	nodeAt,
	type Reference,
	textsBelow,
} from "./config-model.ts";
import { connectorFindings, unsupportedSignals } from "./connectors.ts";
import { isElsewhere, partFindings } from "./parts.ts";
import type { ConfigFinding } from "./rules.ts";

/** The release to check against. */
export interface Target {
	readonly distribution: Distribution;
	readonly own: Version;
	/** Nobody named the release: that of an image in the file applies in its place. */
	readonly assumed?: boolean | undefined;
	/** The text stands in another file, which shows what is around it. */
	readonly embedded?: boolean;
	/** What the file's configs are merged into, if each of them is only a part. */
	readonly mergedInto?: ChartConfig | undefined;
}

const SECTIONS: readonly string[] = [...componentSections, "service"];
const SIGNALS = ["traces", "metrics", "logs", "profiles"];
/** Sections whose ids may be a connector's, too, in a pipeline. */
const IN_PIPELINES = ["receivers", "exporters"];
/** `type` or `type/name`. https://github.com/open-telemetry/opentelemetry-collector/blob/v0.159.0/component/identifiable.go */
const ID = /^[a-zA-Z][0-9a-zA-Z_]{0,62}(\/[^\p{Z}\p{C}\p{S}]{1,1024})?$/u;

/** Blanks around its parts are taken off. */
function isId(text: string): boolean {
	return ID.test(
		text
			.split("/")
			.map((part) => part.trim())
			.join("/"),
	);
}

/** Problems with components, references and pipelines that the real collector would refuse, as far as one file shows them. */
export function structureFindings(model: ConfigModel, target: Target): ConfigFinding[] {
	return [
		...sections(model, target.distribution),
		...partFindings(model),
		...model.components.flatMap((component) => known(component, target)),
		...noPipelines(model),
		...(model.complete ? [...pipelines(model), ...connectorFindings(model), ...unused(model)] : []),
		...unsupportedSignals(model),
		...extensions(model),
	];
}

function sections({ document, root }: ConfigModel, { ownSections }: Distribution): ConfigFinding[] {
	return mergedEntries(document, root).flatMap((pair) => {
		const key = keyOf(pair) ?? "?";
		if (SECTIONS.includes(key) || ownSections?.includes(key)) return [];
		const meant = nearest(key, SECTIONS);
		const at = pair.key.range?.[0] ?? 0;
		return [
			{
				rule: "unknown-section",
				at,
				what: `unknown section ${shown(key)}`,
				fix: meant && `Did you mean ${meant}?`,
			},
		];
	});
}

/** A whole config without pipelines is refused at start; Helm values may leave them to the chart, and others to a file they name. */
function noPipelines({ document, root, chart, pipelines: all }: ConfigModel): ConfigFinding[] {
	const named = nodeAt(document, root, "service", "pipelines") ?? nodeAt(document, root, "service");
	// What is no map, or comes from elsewhere, is reported as such.
	const isOther = isMap(named)
		? named.items.some(({ value }) => isElsewhere(value as Node | null))
		: named !== undefined && !(isScalar(named) && named.value === null);
	if (chart || isOther || all.length > 0) return [];
	return [{ rule: "no-pipelines", at: root.range?.[0] ?? 0, what: "the config has no pipeline" }];
}

function known({ section, id, type, at }: ComponentNode, { distribution, own }: Target): ConfigFinding[] {
	const { inventory, title } = distribution;
	const what = (text: string) => `${text} ${shown(id)} (${section.slice(0, -1)})`;
	if (!isId(id)) return [{ rule: "invalid-id", at, what: what("no component can have the id") }];
	if (hasComponent(distribution, own, section, type)) {
		const deprecated = ownEntry(ownEntry(inventory.deprecated, section), type);
		if (!deprecated || !hasComponent(distribution, own, section, deprecated)) return [];
		return [
			{
				rule: "deprecated-component",
				at,
				what: what(`${deprecated} is the new name of`),
				fix: `Use ${deprecated}.`,
			},
		];
	}
	const range = ownEntry(ownEntry(inventory.components, section), type);
	const others = Object.keys(ownEntry(inventory.components, section) ?? {}).filter((each) =>
		hasComponent(distribution, own, section, each),
	);
	const meant = nearest(type, others);
	const release = `${title} ${versionText(own)}`;
	if (!isKnownRelease(distribution, own)) {
		const newest = `${release} is not in our tables (${inventory.oldest} to ${inventory.newest}), which do not have`;
		return [{ rule: "unknown-component", severity: "warning", at, what: what(newest), fix: ASK_PROGRAM }];
	}
	const reason =
		range === undefined
			? `${release} has no component`
			: `${release} is outside the releases (${range.replaceAll(" || ", " or ")}) that have`;
	return [{ rule: "unknown-component", at, what: what(reason), fix: meant && `Did you mean ${meant}?` }];
}

/** What to do where our tables end. */
export const ASK_PROGRAM =
	"Check it with the collector's own validate, or use --target-version with a release in the tables.";

/** A reference to what this file does not define: an error, unless the Helm chart or another values file may define it. */
function absent(
	{ chart, document, root }: ConfigModel,
	section: string,
	{ id, at }: Reference,
	what: string,
	others: readonly string[],
): ConfigFinding[] {
	const meant = nearest(id, others);
	const fix = meant && `Did you mean ${meant}?`;
	// Defined in a section whose name is misspelled, which is reported once.
	const isMisspelled = root.items.some((pair) => {
		const key = keyOf(pair) ?? "";
		return !SECTIONS.includes(key) && nearest(key, SECTIONS) === section && isMap(pair.value) && pair.value.has(id);
	});
	// What comes from elsewhere is reported once.
	const isUnread = [section, ...(IN_PIPELINES.includes(section) ? ["connectors"] : [])].some((each) =>
		isElsewhere(nodeAt(document, root, each)),
	);
	if (isMisspelled || isUnread) return [];
	if (!chart) return [{ rule: "missing-reference", at, what: `${what}, which is not defined`, fix }];
	const map = nodeAt(document, root, section);
	const isNamed = isMap(map) && entryOf(map, id) !== undefined;
	if (isNamed && chart.defines?.includes(id)) {
		const removed = `${what}, which is null here: in Helm values that removes the chart's`;
		return [
			{ rule: "missing-reference", at, what: removed, fix: `Write ${shown(id)}: {} to keep it, or remove its use.` },
		];
	}
	if (chart.defines?.includes(id)) return [];
	return [
		{ rule: "not-in-this-file", at, what: `${what}, which only the chart or another values file can define`, fix },
	];
}

/** Measured on otelcol 0.155.0. https://github.com/open-telemetry/opentelemetry-collector/blob/v0.155.0/service/pipelines/config.go */
const GATED = {
	what: "the collector does not start with a pipeline of profiles unless it is given a feature gate (measured on 0.155.0)",
	fix: "Start it with --feature-gates=service.profilesSupport, or remove the pipeline.",
};

function pipelines(model: ConfigModel): ConfigFinding[] {
	const ids = (section: string) =>
		new Set(model.components.filter((each) => each.section === section).map(({ id }) => id));
	const [receivers, processors, exporters, connectorIds] = ["receivers", "processors", "exporters", "connectors"].map(
		ids,
	);
	const missing = (
		list: readonly Reference[] | undefined,
		defined: (Set<string> | undefined)[],
		kind: string,
		pipeline: string,
	) =>
		(list ?? []).flatMap(({ id, at }): ConfigFinding[] => {
			const ids = defined.flatMap((set) => [...(set ?? [])]);
			if (ids.includes(id)) return [];
			return absent(
				model,
				`${kind}s`,
				{ id, at },
				`the pipeline ${shown(pipeline)} uses the ${kind} ${shown(id)}`,
				ids,
			);
		});
	return model.pipelines.flatMap((pipeline) => {
		const name = shown(pipeline.id);
		const found: ConfigFinding[] = [];
		if (!isId(pipeline.id)) {
			found.push({ rule: "invalid-id", at: pipeline.at, what: `no pipeline can have the name ${name}` });
		} else if (!SIGNALS.includes(pipeline.signal)) {
			found.push({ rule: "unknown-signal", at: pipeline.at, what: `the pipeline name ${name} has no signal` });
		} else if (pipeline.signal === "profiles") {
			found.push({ rule: "refused-value", severity: "warning", at: pipeline.at, ...GATED });
		}
		for (const side of ["receivers", "exporters"] as const) {
			if (pipeline[side]?.length === 0 && !model.chart)
				found.push({ rule: "empty-pipeline", at: pipeline.at, what: `the pipeline ${name} has no ${side}` });
		}
		return [
			...found,
			...missing(pipeline.receivers, [receivers, connectorIds], "receiver", pipeline.id),
			...missing(pipeline.processors, [processors], "processor", pipeline.id),
			...missing(pipeline.exporters, [exporters, connectorIds], "exporter", pipeline.id),
		];
	});
}

/** Extensions that exporters and receivers use must be defined and started. */
function extensions(model: ConfigModel): ConfigFinding[] {
	const { document, components, extensions: started, complete, chart } = model;
	const defined = components.filter(({ section }) => section === "extensions").map(({ id }) => id);
	const listed = started?.map(({ id }) => id) ?? (chart?.extensions && [...chart.extensions, ...(chart.defines ?? [])]);
	const uses = components.flatMap(({ id, value, at }) =>
		textsBelow(document, value).flatMap(({ path, text: used }) =>
			isExtension(path) && used !== "" && !used.startsWith("$") ? [{ id, used, at, path }] : [],
		),
	);
	return [
		...(started ?? [])
			.filter(({ id }) => !defined.includes(id))
			.flatMap(({ id, at }) =>
				absent(model, "extensions", { id, at }, `service.extensions lists ${shown(id)}`, defined),
			),
		...uses.flatMap(({ id, used, at, path }): ConfigFinding[] => {
			const what = `${shown(id)} uses the extension ${shown(used)} (${path.join(".")})`;
			if (complete && !defined.includes(used)) return absent(model, "extensions", { id: used, at }, what, defined);
			if (listed && complete && !listed.includes(used))
				return [{ rule: "unlisted-extension", at, what: `${what}, which is not started` }];
			return [];
		}),
	];
}

/** Whether a setting names an extension: an authenticator wherever a component has one, and the storage of a queue or a receiver. */
function isExtension(path: readonly string[]): boolean {
	return (
		path.slice(-2).join(".") === "auth.authenticator" || ["sending_queue.storage", "storage"].includes(path.join("."))
	);
}

function unused({ components, pipelines: all, extensions: started, chart }: ConfigModel): ConfigFinding[] {
	if (
		chart ||
		!started ||
		all.length === 0 ||
		all.some(({ receivers, processors, exporters }) => !receivers || !processors || !exporters)
	)
		return [];
	const lists = all.flatMap(({ receivers, processors, exporters }) => [
		...(receivers ?? []),
		...(processors ?? []),
		...(exporters ?? []),
	]);
	const used = new Set([...lists, ...started].map(({ id }) => id));
	return components
		.filter(({ id }) => !used.has(id))
		.map(
			({ id, section, at }): ConfigFinding => ({
				rule: "unused-component",
				at,
				what: `${shown(id)} (${section.slice(0, -1)}) is not used`,
			}),
		);
}
