import type { Distribution } from "../../adapters/collectors/distribution.ts";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import { type Version, versionText } from "../../base/versions.ts";
import { hasComponent } from "../plan/release.ts";
import { keyOf } from "../splice/yaml-document.ts";
import { type ComponentNode, type ConfigModel, componentSections, type Reference, scalarAt } from "./config-model.ts";
import type { ConfigFinding } from "./rules.ts";

/** The release to check against. */
export interface Target {
	readonly distribution: Distribution;
	readonly own: Version;
}

const SECTIONS: readonly string[] = [...componentSections, "service"];
const SIGNALS = ["traces", "metrics", "logs", "profiles"];

/** Problems with components, references and pipelines that the real collector would refuse, as far as one file shows them. */
export function structureFindings(model: ConfigModel, target: Target): ConfigFinding[] {
	return [
		...sections(model),
		...model.components.flatMap((component) => known(component, target)),
		...(model.complete ? [...pipelines(model), ...connectors(model), ...unused(model)] : []),
		...extensions(model),
	];
}

function sections({ root }: ConfigModel): ConfigFinding[] {
	return root.items.flatMap((pair) => {
		const key = keyOf(pair) ?? "?";
		if (SECTIONS.includes(key) || key === "<<") return [];
		const meant = nearest(key, SECTIONS);
		const at = (pair.key as { range?: [number, number, number] }).range?.[0] ?? 0;
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

function known({ section, id, type, at }: ComponentNode, { distribution, own }: Target): ConfigFinding[] {
	const { inventory, title } = distribution;
	const what = (text: string) => `${text} ${shown(id)} (${section.slice(0, -1)})`;
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
	const reason =
		range === undefined ? `${release} has no component` : `${release} is outside the releases (${range}) that have`;
	return [{ rule: "unknown-component", at, what: what(reason), fix: meant && `Did you mean ${meant}?` }];
}

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
			if (defined.some((set) => set?.has(id))) return [];
			const meant = nearest(
				id,
				defined.flatMap((set) => [...(set ?? [])]),
			);
			const what = `the pipeline ${shown(pipeline)} uses the ${kind} ${shown(id)}, which is not defined`;
			return [{ rule: "missing-reference", at, what, fix: meant && `Did you mean ${meant}?` }];
		});
	return model.pipelines.flatMap((pipeline) => {
		const name = shown(pipeline.id);
		const found: ConfigFinding[] = [];
		if (!SIGNALS.includes(pipeline.signal)) {
			found.push({ rule: "unknown-signal", at: pipeline.at, what: `the pipeline name ${name} has no signal` });
		}
		for (const side of ["receivers", "exporters"] as const) {
			if (pipeline[side]?.length === 0)
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

function connectors({ components, pipelines: all }: ConfigModel): ConfigFinding[] {
	if (all.some(({ receivers, exporters }) => !receivers || !exporters)) return [];
	const uses = (side: "receivers" | "exporters", id: string) =>
		all.some((pipeline) => pipeline[side]?.some((each) => each.id === id));
	return components
		.filter(({ section }) => section === "connectors")
		.flatMap(({ id, at }): ConfigFinding[] => {
			const [receives, sends] = [uses("exporters", id), uses("receivers", id)];
			if (receives === sends) return [];
			const missing = receives ? "a receiver" : "an exporter";
			return [
				{
					rule: "one-sided-connector",
					at,
					what: `the connector ${shown(id)} is not used as ${missing} in any pipeline`,
				},
			];
		});
}

/** Extensions that exporters and receivers use must be defined and started. */
function extensions({ document, components, extensions: started, complete }: ConfigModel): ConfigFinding[] {
	const defined = components.filter(({ section }) => section === "extensions").map(({ id }) => id);
	const listed = started?.map(({ id }) => id);
	const absent = (started ?? []).filter(({ id }) => !defined.includes(id));
	const uses = components.flatMap(({ id, value, at }) =>
		[["auth", "authenticator"], ["sending_queue", "storage"], ["storage"]].flatMap((path) => {
			const used = scalarAt(document, value, ...path);
			return typeof used === "string" && used !== "" && !used.startsWith("$") ? [{ id, used, at, path }] : [];
		}),
	);
	return [
		...absent.map(
			({ id, at }): ConfigFinding => ({
				rule: "missing-reference",
				at,
				what: `service.extensions lists ${shown(id)}, which is not defined`,
			}),
		),
		...uses.flatMap(({ id, used, at, path }): ConfigFinding[] => {
			const what = `${shown(id)} uses the extension ${shown(used)} (${path.join(".")})`;
			if (complete && !defined.includes(used))
				return [{ rule: "missing-reference", at, what: `${what}, which is not defined` }];
			if (listed && complete && !listed.includes(used))
				return [{ rule: "unlisted-extension", at, what: `${what}, which is not started` }];
			return [];
		}),
	];
}

function unused({ components, pipelines: all, extensions: started }: ConfigModel): ConfigFinding[] {
	if (!started || all.some(({ receivers, processors, exporters }) => !receivers || !processors || !exporters))
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
