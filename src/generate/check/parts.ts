import { isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import { keyOf, mergedEntries, mergedEntry, resolvedValue } from "../splice/yaml-document.ts";
import { type ComponentNode, type ConfigModel, componentSections, nodeAt } from "./config-model.ts";
import type { ConfigFinding } from "./rules.ts";

/** Whether a value is not in this file: the collector puts in what a provider gives (`${file:…}`, `${env:…}`, `$NAME`). */
export function isElsewhere(node: Node | null | undefined): boolean {
	return isScalar(node) && typeof node.value === "string" && /^\$(\{|[A-Za-z_])/.test(node.value.trim());
}

/** The finding that a part is not in this file, so that nothing can be said about it. */
export function notRead(at: number, part: string): ConfigFinding {
	return { rule: "not-read", at, what: `${part} is not in this file: nothing was checked of it` };
}

const SERVICE_KEYS = ["extensions", "pipelines", "telemetry"];
const LISTS = ["receivers", "processors", "exporters"];

/** Parts of a config that are of a wrong type, have a wrong name or are not in this file. Lists and maps of a chart may be merged with others. */
export function partFindings(model: ConfigModel): ConfigFinding[] {
	const { document, root } = model;
	const service = nodeAt(document, root, "service");
	const pipelines = nodeAt(document, service, "pipelines");
	const nothingSent = [...mapFindings(service, "service"), ...mapFindings(pipelines, "service.pipelines")];
	return [
		...componentSections.flatMap((section) => mapFindings(nodeAt(document, root, section), section)),
		// Without them nothing of what would be sent was looked at.
		...nothingSent.map((found) => ({ ...found, severity: "error" as const })),
		...serviceKeys(model, service),
		...listFindings(model, service, "extensions", "service"),
		...(isMap(pipelines) ? mergedEntries(document, pipelines) : []).flatMap((pair) => {
			const name = `the pipeline ${shown(keyOf(pair) ?? "?")}`;
			const body = resolvedValue(document, pair);
			return [...mapFindings(body, name), ...LISTS.flatMap((list) => listFindings(model, body, list, name))];
		}),
		...model.components.flatMap(({ id, value }) => (isElsewhere(value) ? [notRead(startOf(value), shown(id))] : [])),
		...(model.complete && !model.chart ? model.components.flatMap((each) => missingSettings(model, each)) : []),
	];
}

function startOf(node: Node | null | undefined): number {
	return node?.range?.[0] ?? 0;
}

function isNull(node: Node | null | undefined): boolean {
	return !node || (isScalar(node) && node.value === null);
}

function mapFindings(node: Node | null | undefined, name: string): ConfigFinding[] {
	if (isNull(node) || isMap(node)) return [];
	if (isElsewhere(node)) return [notRead(startOf(node), name)];
	return [{ rule: "wrong-type", at: startOf(node), what: `${name} is not a map` }];
}

function serviceKeys({ document }: ConfigModel, service: Node | undefined): ConfigFinding[] {
	return (isMap(service) ? mergedEntries(document, service) : []).flatMap((pair): ConfigFinding[] => {
		const key = keyOf(pair) ?? "?";
		if (SERVICE_KEYS.includes(key)) return [];
		const meant = nearest(key, SERVICE_KEYS);
		const fix = meant && `Did you mean ${meant}?`;
		return [{ rule: "unknown-field", at: startOf(pair.key), what: `service has no setting ${shown(key)}`, fix }];
	});
}

/** A list of ids: it is one, and no item of it is empty or from elsewhere. */
function listFindings(
	{ document }: ConfigModel,
	map: Node | null | undefined,
	key: string,
	owner: string,
): ConfigFinding[] {
	const node = isMap(map) ? resolvedValue(document, mergedEntry(document, map, key)) : undefined;
	if (isNull(node)) return [];
	const name = `${key} of ${owner}`;
	if (isElsewhere(node)) return [notRead(startOf(node), name)];
	if (!isSeq(node)) return [{ rule: "wrong-type", at: startOf(node), what: `${name} is not a list` }];
	return (node.items as (Node | null)[]).flatMap((item): ConfigFinding[] => {
		const value = isAlias(item) ? item.resolve(document) : item;
		if (isElsewhere(value)) return [notRead(startOf(item), `an item of ${name}`)];
		const isId = isScalar(value) && typeof value.value === "string" && value.value.trim() !== "";
		const at = startOf(item) || startOf(node);
		return isId ? [] : [{ rule: "wrong-type", at, what: `an item of ${name} is not the id of a component` }];
	});
}

/** By component: settings of which one of each group has to be there. Measured on otelcol 0.155.0, which refuses the config otherwise. */
const REQUIRED: Readonly<Record<string, readonly (readonly string[])[]>> = {
	"receivers/otlp": [["protocols.grpc", "protocols.http"]],
	"exporters/otlp_http": [["endpoint", "logs_endpoint", "metrics_endpoint", "traces_endpoint", "profiles_endpoint"]],
	"exporters/otlphttp": [["endpoint", "logs_endpoint", "metrics_endpoint", "traces_endpoint", "profiles_endpoint"]],
	"exporters/otlp_grpc": [["endpoint"]],
	"exporters/otlp": [["endpoint"]],
	"extensions/bearertokenauth": [["filename", "token", "tokens"]],
	"processors/memory_limiter": [["check_interval"], ["limit_mib", "limit_percentage"]],
};
/** Whether a setting may be empty: of a protocol, the name alone is enough. */
const MAY_BE_EMPTY = /^protocols\./;

function missingSettings({ document }: ConfigModel, { section, type, id, at, value }: ComponentNode): ConfigFinding[] {
	if (isElsewhere(value)) return [];
	return (ownEntry(REQUIRED, `${section}/${type}`) ?? []).flatMap((group): ConfigFinding[] => {
		const isThere = group.some((path) => {
			const keys = path.split(".");
			const outer = keys
				.slice(0, -1)
				.reduce<Node | undefined>(
					(here, key) => (here && !isElsewhere(here) ? nodeAt(document, here, key) : here),
					value,
				);
			if (isElsewhere(outer)) return true;
			const entry = isMap(outer) ? mergedEntry(document, outer, keys.at(-1) ?? "") : undefined;
			const node = resolvedValue(document, entry);
			return entry !== undefined && (MAY_BE_EMPTY.test(path) || !isEmpty(node));
		});
		return isThere ? [] : [{ rule: "missing-setting", at, what: `${shown(id)} has no ${group.join(" or ")}` }];
	});
}

function isEmpty(node: Node | undefined): boolean {
	if (isSeq(node)) return node.items.length === 0;
	return isNull(node) || (isScalar(node) && node.value === "");
}
