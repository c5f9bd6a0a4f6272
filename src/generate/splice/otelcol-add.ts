import { isMap, isSeq, type Node, type YAMLMap } from "yaml";
import { entryLines } from "../render/yaml.ts";
import type { Edit } from "./edit.ts";
import { CREATED_MARKER, entryMarker } from "./marker.ts";
import { ownEntries } from "./own-entries.ts";
import { guard, type ParsedConfig, refusal, type YamlEntry } from "./parsed-config.ts";
import { choosePipelines, type PipelineEntry, pipelinesOf } from "./pipelines.ts";
import type { WantedEntry } from "./request.ts";
import { entryOf, isEmptyValue, keyOf, resolvedValue, wordsOf } from "./yaml-document.ts";
import { addEntry, addItem, addLines, fillEmpty, flowEntry } from "./yaml-edit.ts";

/** The pipelines to connect to our exporter. */
export function chooseWanted(config: ParsedConfig): {
	chosen: readonly PipelineEntry[];
	passedOver: readonly string[];
} {
	const { document, root, service, request } = config;
	const pair = entryOf(service, "pipelines");
	const at = pair?.key.range?.[0];
	guard(config, pair?.value, "service.pipelines");
	if (!isMap(pair?.value)) throw refusal(config, { what: "service.pipelines is not in this file" }, at);
	const all = pipelinesOf(document, pair.value);
	const named = request.pipelines;
	if (named) {
		const missing = named.filter((id) => !all.some((each) => each.id === id));
		if (missing.length === 0) return { chosen: all.filter(({ id }) => named.includes(id)), passedOver: [] };
		const expected = `some of ${all.map(({ id }) => id).join(", ")}`;
		throw refusal(
			config,
			{ what: `unknown pipeline ${missing.join(", ")}`, expected, fix: "name pipelines of this file" },
			at,
		);
	}
	const connectors = resolvedValue(document, entryOf(root, "connectors"));
	const ids = isMap(connectors) ? connectors.items.map((each) => keyOf(each) ?? "") : [];
	const choice = choosePipelines(all, new Set(ids), request.signals);
	if (choice.obstacle) throw refusal(config, { what: choice.obstacle, fix: "choose them with --pipelines" }, at);
	if (choice.chosen.length > 0) return choice;
	const what = `no pipeline receives ${request.signals.join(" or ")}`;
	const fix = "add such a pipeline, or select existing signals with --signals";
	throw refusal(config, { what, expected: `a pipeline such as ${request.signals[0]}`, fix }, at);
}

/** Edits that add what is missing. */
export function addMissing(config: ParsedConfig, chosen: readonly PipelineEntry[]): Edit[] {
	const { request, root, source } = config;
	const present = ownEntries(root, source, request.name, request.entries).map(({ id }) => id);
	const missing = request.entries.filter(({ id }) => !present.includes(id));
	const sections = [...new Set(missing.map(({ section }) => section))];
	const extensions = request.entries.filter(({ section }) => section === "extensions").map(({ id }) => id);
	return [
		...chosen.flatMap((pipeline) => addToPipeline(config, pipeline)),
		...(extensions.length > 0 ? addExtensions(config, extensions) : []),
		...sections.flatMap((section) =>
			addToSection(
				config,
				section,
				missing.filter((entry) => entry.section === section),
			),
		),
	];
}

function addToSection(config: ParsedConfig, section: string, entries: readonly WantedEntry[]): Edit[] {
	const { root, source, request } = config;
	const pair = entryOf(root, section);
	guard(config, pair?.value, section);
	const marked = entries.map(({ id, value }) => {
		const lines = entryLines(id, value, source.step);
		return [entryMarker(request.name, lines), ...lines];
	});
	if (!pair) {
		if (root.flow)
			return [
				addEntry(
					source,
					root,
					flowEntry(root, section, Object.fromEntries(entries.map(({ id, value }) => [id, value]))),
				),
			];
		const blanks = " ".repeat(source.step);
		return [addLines(source, root, [`${section}: ${CREATED_MARKER}`, ...marked.flat().map((line) => blanks + line)])];
	}
	const map = pair.value;
	if (!map || isEmptyValue(map)) return [fillEmpty(source, pair, marked.flat())];
	if (!isMap(map)) throw refusal(config, { what: `${section} is not a map` }, map.range?.[0]);
	if (map.flow)
		return [
			addEntry(
				source,
				emptyInFlow(config, map, root, section),
				entries.map(({ id, value }) => flowEntry(map, id, value)).join(", "),
			),
		];
	return [addLines(source, map, marked.flat())];
}

function addExtensions(config: ParsedConfig, wanted: readonly string[]): Edit[] {
	const { service, source, defaultExtensions } = config;
	const pair = entryOf(service, "extensions");
	if (pair) return addToList(config, service, pair, wanted, "service.extensions");
	const all = [...defaultExtensions, ...wanted];
	if (service.flow) return [addEntry(source, service, flowEntry(service, "extensions", all))];
	return [addLines(source, service, [`extensions: [${all.join(", ")}] ${CREATED_MARKER}`])];
}

function addToPipeline(config: ParsedConfig, { id, pair }: PipelineEntry): Edit[] {
	const what = `the pipeline ${id}`;
	guard(config, pair.value, what);
	if (!isMap(pair.value)) throw refusal(config, { what: `${what} is not a map` }, pair.key.range?.[0]);
	const exporters = entryOf(pair.value, "exporters");
	if (!exporters) throw refusal(config, { what: `${what} has no list of exporters` }, pair.key.range?.[0]);
	return addToList(config, pair.value, exporters, [config.request.exporter], `the list of exporters of ${what}`);
}

function addToList(
	config: ParsedConfig,
	owner: YAMLMap,
	pair: YamlEntry,
	wanted: readonly string[],
	what: string,
): Edit[] {
	const list = pair.value;
	guard(config, list, what);
	if (!isSeq(list)) throw refusal(config, { what: `${what} is not a non-empty list` }, pair.key.range?.[0]);
	const words = wordsOf(config.document, list);
	if (!words) throw refusal(config, { what: `${what} contains more than plain names` }, list.range?.[0]);
	const missing = wanted.filter((word) => !words.includes(word));
	if (missing.length === 0) return [];
	return [addItem(config.source, emptyInFlow(config, list, owner, what), missing)];
}

/** Refuses empty collections in braces: without a comment we could not remember that they existed before. */
function emptyInFlow<T extends Node & { items: unknown[]; flow?: boolean }>(
	config: ParsedConfig,
	node: T,
	owner: YAMLMap,
	what: string,
): T {
	if (node.items.length > 0 || !owner.flow) return node;
	throw refusal(
		config,
		{ what: `${what} is empty and inside braces, so it could not be restored exactly` },
		node.range?.[0],
	);
}
