import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import type { ChartConfig } from "../../adapters/collectors/charts.ts";
import { keyOf, mergedEntries, mergedEntry, resolvedValue } from "../splice/yaml-document.ts";

/** A component defined in a config. */
export interface ComponentNode {
	readonly section: string;
	/** `type` or `type/name`. */
	readonly id: string;
	readonly type: string;
	readonly at: number;
	readonly value: Node | undefined;
}

/** A use of an id. */
export interface Reference {
	readonly id: string;
	readonly at: number;
}

export interface PipelineNode {
	readonly id: string;
	readonly signal: string;
	readonly at: number;
	/** Undefined if the list is not in this file. */
	readonly receivers: readonly Reference[] | undefined;
	readonly processors: readonly Reference[] | undefined;
	readonly exporters: readonly Reference[] | undefined;
}

/** An otelcol config with the position of everything that rules check. */
export interface ConfigModel {
	readonly document: Document;
	readonly root: YAMLMap;
	readonly components: readonly ComponentNode[];
	readonly pipelines: readonly PipelineNode[];
	/** `service.extensions`; undefined if not in this file. */
	readonly extensions: readonly Reference[] | undefined;
	/** Whether `service.pipelines` is in this file; otherwise unused components cannot be detected. */
	readonly complete: boolean;
	/** The Helm chart that merges it with a config of its own: what is missing here may be there. */
	readonly chart: ChartConfig | undefined;
}

export const componentSections = ["receivers", "processors", "exporters", "connectors", "extensions"] as const;

/** Reads a config. In Helm values, null removes what the chart defines by default, so that it is no component. */
export function configModel(document: Document, root: YAMLMap, chart?: ChartConfig): ConfigModel {
	const service = mapAt(document, root, "service");
	const pipelines = service && mapAt(document, service, "pipelines");
	return {
		document,
		root,
		components: componentSections
			.flatMap((section) => componentsOf(document, root, section))
			.filter(({ id, value }) => !(isNull(value) && chart?.defines?.includes(id))),
		pipelines: pipelines ? pipelineNodes(document, pipelines, chart) : [],
		extensions: service && listAt(document, service, "extensions", chart),
		complete: pipelines !== undefined,
		chart,
	};
}

function mapAt(document: Document, map: YAMLMap, key: string): YAMLMap | undefined {
	const value = resolvedValue(document, mergedEntry(document, map, key));
	return isMap(value) ? value : undefined;
}

function componentsOf(document: Document, root: YAMLMap, section: string): ComponentNode[] {
	const map = mapAt(document, root, section);
	return (map ? mergedEntries(document, map) : []).flatMap((pair) => {
		const written = keyOf(pair);
		if (written === undefined) return [];
		const id = trimmedId(written);
		const at = pair.key.range?.[0] ?? 0;
		const value = resolvedValue(document, pair);
		return [{ section, id, type: id.split("/", 1)[0] ?? id, at, value }];
	});
}

/** An id as the collector reads it: blanks around the type and the name are none of it. */
function trimmedId(written: string): string {
	const slash = written.indexOf("/");
	return slash === -1 ? written.trim() : `${written.slice(0, slash).trim()}/${written.slice(slash + 1).trim()}`;
}

function pipelineNodes(document: Document, pipelines: YAMLMap, chart: ChartConfig | undefined): PipelineNode[] {
	return mergedEntries(document, pipelines).flatMap((pair) => {
		const id = keyOf(pair);
		const body = resolvedValue(document, pair);
		// In Helm values, null removes the chart's pipeline; elsewhere it is one without anything.
		const isEmpty = isNull(body) && !chart;
		if (id === undefined || (!isMap(body) && !isEmpty)) return [];
		const list = (key: string) => (isMap(body) ? listAt(document, body, key, chart) : []);
		const parts = { receivers: list("receivers"), processors: list("processors"), exporters: list("exporters") };
		return [{ id, signal: id.split("/", 1)[0] ?? id, at: pair.key.range?.[0] ?? 0, ...parts }];
	});
}

/** The ids of a list; undefined if it, or all in it, is not in this file: because it comes from elsewhere, or because it is the chart's. */
function listAt(
	document: Document,
	map: YAMLMap,
	key: string,
	chart: ChartConfig | undefined,
): Reference[] | undefined {
	const pair = mergedEntry(document, map, key);
	return chart && !pair ? undefined : references(document, resolvedValue(document, pair));
}

function isNull(node: Node | undefined): boolean {
	return node === undefined || (isScalar(node) && node.value === null);
}

function references(document: Document, node: Node | undefined): Reference[] | undefined {
	if (isNull(node)) return [];
	if (!isSeq(node)) return undefined;
	const found = (node.items as Node[]).flatMap((item) => {
		const value = isAlias(item) ? item.resolve(document) : item;
		const isText = isScalar(value) && typeof value.value === "string";
		return isText ? [{ id: trimmedId(String(value.value)), at: item.range?.[0] ?? 0 }] : [];
	});
	const ids = found.filter(({ id }) => !id.startsWith("$"));
	const isElsewhere = ids.length < found.length;
	return ids.length === 0 && isElsewhere ? undefined : ids;
}

/** The value below a map by a path of keys, through aliases. */
export function nodeAt(document: Document, node: Node | undefined, ...path: readonly string[]): Node | undefined {
	return path.reduce<Node | undefined>(
		(here, key) => (isMap(here) ? resolvedValue(document, mergedEntry(document, here, key)) : undefined),
		node,
	);
}

/** The value of a scalar below a map; undefined if there is none. */
export function scalarAt(document: Document, node: Node | undefined, ...path: readonly string[]): unknown {
	const found = nodeAt(document, node, ...path);
	return isScalar(found) ? found.value : undefined;
}

/** A text below a node, with its key path. */
export interface TextNode {
	readonly path: readonly string[];
	/** The header that it is the value of, in a list of headers: `{name: Authorization, value: …}`, `{key: Authorization, value: …}`. */
	readonly header: string | undefined;
	readonly text: string;
	readonly at: number;
}

const NAMES = ["key", "name"];
const VALUES = ["value", "default_value"];

/** Every text below a node, with what aliases and merge keys bring in; what is used several times is read once. */
export function textsBelow(document: Document, node: Node | null | undefined): TextNode[] {
	const seen = new Set<Node>();
	const below = (each: Node | null | undefined, path: readonly string[], header: string | undefined): TextNode[] => {
		const value = isAlias(each) ? each.resolve(document) : each;
		if (!value || seen.has(value)) return [];
		seen.add(value);
		if (isScalar(value)) {
			return typeof value.value === "string" ? [{ path, header, text: value.value, at: value.range?.[0] ?? 0 }] : [];
		}
		if (isSeq(value)) return (value.items as Node[]).flatMap((item) => below(item, path, header));
		if (!isMap(value)) return [];
		const entries = mergedEntries(document, value);
		const named = entries.find((pair) => NAMES.includes(keyOf(pair) ?? ""))?.value;
		const name = isScalar(named) && typeof named.value === "string" ? named.value : undefined;
		return entries.flatMap((pair) => {
			const key = keyOf(pair) ?? "?";
			return below(pair.value, [...path, key], VALUES.includes(key) ? name : undefined);
		});
	};
	return below(node, [], undefined);
}
