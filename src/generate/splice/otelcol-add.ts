import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from "yaml";
import { shown } from "../../base/mask.ts";
import { entryLines } from "../render/yaml.ts";
import type { Edit } from "./edit.ts";
import { commentOut, fillInFlow, isNullValue } from "./empties.ts";
import { CREATED_MARKER, entryMarker } from "./marker.ts";
import { ownEntries } from "./own-entries.ts";
import { guard, type ParsedConfig, refusal, refuseExplicit, type YamlEntry } from "./parsed-config.ts";
import { passageNotes } from "./passage.ts";
import { arrivingTwice, choosePipelines, type PipelineEntry, pipelinesOf } from "./pipelines.ts";
import { isOwn, manualEdit, type WantedEntry } from "./request.ts";
import { entryOf, keyOf, mergedEntries, resolvedValue, wordsOf } from "./yaml-document.ts";
import { addEntry, addItem, addLines, fillEmpty, flowEntry, flowWord } from "./yaml-edit.ts";

/** The pipelines to connect to our exporter, and what the user should know about them. */
export function chooseWanted(config: ParsedConfig): { chosen: readonly PipelineEntry[]; notes: readonly string[] } {
	const { document, service, request } = config;
	const pair = entryOf(service, "pipelines");
	const at = pair?.key.range?.[0];
	guard(config, pair?.value, "service.pipelines");
	if (!isMap(pair?.value)) {
		const what =
			pair && isNullValue(pair.value) ? "service.pipelines is empty" : "service.pipelines is not in this file";
		throw refusal(config, { what }, at);
	}
	const all = pipelinesOf(document, pair.value);
	const named = request.pipelines;
	if (named) {
		const missing = named.filter((id) => !all.some((each) => each.id === id));
		if (missing.length === 0) {
			const chosen = all.filter(({ id }) => named.includes(id));
			return withNotes(config, chosen, arrivingTwice(chosen, all, connectorIds(config)));
		}
		const expected = `some of ${all.map(({ id }) => id).join(", ")}`;
		throw refusal(
			config,
			{ what: `unknown pipeline ${missing.join(", ")}`, expected, fix: "name pipelines of this file" },
			at,
		);
	}
	const choice = choosePipelines(all, connectorIds(config), request.signals);
	if (choice.obstacle) {
		const fix = `choose them with --pipelines, or ${manualEdit(request)}`;
		throw refusal(config, { what: choice.obstacle, fix }, at);
	}
	if (choice.chosen.length > 0) {
		const absent = request.signals.filter((signal) => !choice.chosen.some((each) => each.signal === signal));
		return withNotes(config, choice.chosen, [
			...choice.passedOver.map((reason) => `not added to the pipeline ${reason}`),
			...absent.map((signal) => absentNote(config, signal)),
		]);
	}
	const what = `no pipeline receives ${request.signals.join(" or ")}`;
	const fix = `add such a pipeline, or select existing signals with --signals; or ${manualEdit(request)}`;
	throw refusal(config, { what, expected: `a pipeline such as ${request.signals[0]}`, fix }, at);
}

function withNotes(config: ParsedConfig, chosen: readonly PipelineEntry[], first: readonly string[]) {
	const { document, root, request } = config;
	return {
		chosen,
		notes: [...first, ...passageNotes(document, root, chosen, request.exporter, connectorIds(config))],
	};
}

function connectorIds({ document, root }: ParsedConfig): ReadonlySet<string> {
	const connectors = resolvedValue(document, entryOf(root, "connectors"));
	return new Set(isMap(connectors) ? connectors.items.map((each) => keyOf(each) ?? "") : []);
}

function absentNote({ chart, request }: ParsedConfig, signal: string): string {
	return chart
		? `no ${signal} pipeline in this file: if the chart ${chart.chart} has one, add ${request.exporter} to its exporters to send ${signal}, too`
		: `no ${signal} pipeline in this file receives data, so no ${signal} are sent`;
}

/** Edits that add what is missing. */
export function addMissing(config: ParsedConfig, chosen: readonly PipelineEntry[]): Edit[] {
	const { request, root, source } = config;
	refuseSharing(config);
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

/** Refuses where another component uses our authenticator, and would get our token or ask for it. */
function refuseSharing(config: ParsedConfig): void {
	const { document, root, request } = config;
	const ours = request.entries.filter(({ section }) => section === "extensions").map(({ id }) => id);
	for (const section of root.items as YamlEntry[]) {
		const name = keyOf(section) ?? "";
		const map = resolvedValue(document, section);
		if (name === "service" || !isMap(map)) continue;
		for (const pair of map.items as YamlEntry[]) {
			const id = keyOf(pair) ?? "";
			const used = isOwn(name, id, request.name)
				? undefined
				: ours.find((each) => usesAuth(document, pair.value, each));
			if (used === undefined) continue;
			const what = `${shown(id)} also uses ${used}: it would send or expect the token of ${request.exporter}`;
			const fix = `give ${shown(id)} an authenticator of its own, or choose another --name`;
			throw refusal(config, { what, fix }, pair.key.range?.[0]);
		}
	}
}

/** Whether a component names an authenticator, at any depth. */
function usesAuth(document: Document, node: Node | null, id: string, seen = new Set<Node>()): boolean {
	const value = isAlias(node) ? node.resolve(document) : node;
	if (!value || seen.has(value)) return false;
	seen.add(value);
	if (isSeq(value)) return value.items.some((item) => usesAuth(document, item as Node, id, seen));
	if (!isMap(value)) return false;
	return mergedEntries(document, value).some((pair) => {
		const isName = /auth/.test(keyOf(pair) ?? "") && isScalar(pair.value) && String(pair.value.value).trim() === id;
		return isName || usesAuth(document, pair.value, id, seen);
	});
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
	const inFlow = (like: YAMLMap) => entries.map(({ id, value }) => flowEntry(like, id, value)).join(", ");
	if (isNullValue(map) && !root.flow) return fillNull(config, pair, marked.flat(), section);
	if (isNullValue(map)) return [fillInBraces(config, pair, "{}", inFlow(root), section)];
	if (!isMap(map)) throw refusal(config, { what: `${section} is not a map` }, map?.range?.[0]);
	if (!map.flow) {
		refuseExplicit(config, map);
		return [addLines(source, map, marked.flat())];
	}
	return map.items.length === 0 && root.flow
		? [fillInBraces(config, pair, "{}", inFlow(root), section)]
		: [addEntry(source, map, inFlow(map))];
}

function addExtensions(config: ParsedConfig, wanted: readonly string[]): Edit[] {
	const { service, source } = config;
	const pair = entryOf(service, "extensions");
	if (pair) return addToList(config, service, pair, wanted, "service.extensions");
	const all = [...inheritedExtensions(config), ...wanted];
	if (service.flow) return [addEntry(source, service, flowEntry(service, "extensions", all))];
	return [addLines(source, service, [`extensions: [${all.join(", ")}] ${CREATED_MARKER}`])];
}

/**
 * The extensions that apply while this file has no list of its own. Refuses where they stand in another file: a list here would
 * replace that one, and what it starts would be missing.
 */
function inheritedExtensions(config: ParsedConfig): readonly string[] {
	const { chart, service } = config;
	if (chart?.extensions) return chart.extensions;
	const why = chart
		? `the chart ${chart.chart} may make that list from other values`
		: elsewhere(config).map((what) => `${what} stands in another file, which may have that list`)[0];
	if (why === undefined) return [];
	const obstacle = {
		what: `service.extensions is not in this file: ${why}, and a list here would replace it`,
		fix: `first add the whole list service.extensions here, with what it has now; or choose the file that has it, or ${manualEdit(config.request)}`,
	};
	throw refusal(config, obstacle, service.range?.[0]);
}

/** What shows that this is one of several files: lists that a pipeline needs, and receivers or whole sections that it uses, are not here. */
function elsewhere({ document, root, service }: ParsedConfig): string[] {
	const sectionOf = (name: string) => {
		const map = resolvedValue(document, entryOf(root, name));
		return isMap(map) ? map.items.map((pair) => keyOf(pair) ?? "") : undefined;
	};
	const connectors = sectionOf("connectors") ?? [];
	const pipelines = resolvedValue(document, entryOf(service, "pipelines"));
	return pipelinesOf(document, pipelines as YAMLMap).flatMap(({ id, pair }) => {
		const body = resolvedValue(document, pair);
		if (!isMap(body)) return [];
		return ["receivers", "processors", "exporters"].flatMap((list) => {
			const node = resolvedValue(document, entryOf(body, list));
			if (!node) return list === "processors" ? [] : [`the list of ${list} of the pipeline ${id}`];
			const section = sectionOf(list);
			if (section && list !== "receivers") return [];
			return (wordsOf(document, node) ?? []).filter(
				(word) => !section?.includes(word) && !connectors.includes(word) && !word.startsWith("$"),
			);
		});
	});
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
	const { document, source } = config;
	const list = pair.value;
	guard(config, list, what);
	const inQuotes = wanted.map((word) => flowWord(owner, word)).join(", ");
	if (isNullValue(list)) {
		if (owner.flow) return [fillInBraces(config, pair, "[]", inQuotes, what)];
		const lines = wanted.map((word) => `- ${word}`);
		return fillNull(config, pair, lines, what);
	}
	if (!isSeq(list)) throw refusal(config, { what: `${what} is not a non-empty list` }, pair.key.range?.[0]);
	const words = wordsOf(document, list);
	if (!words) throw refusal(config, { what: `${what} contains more than plain names` }, list.range?.[0]);
	const missing = wanted.filter((word) => !words.includes(word));
	if (missing.length === 0) return [];
	if (list.items.length === 0 && owner.flow) return [fillInBraces(config, pair, "[]", inQuotes, what)];
	return [addItem(source, list, missing)];
}

/** Fills what is null in a block map. */
function fillNull(config: ParsedConfig, pair: YamlEntry, lines: readonly string[], what: string): Edit[] {
	const comment = commentOut(config.source, pair.value);
	if (comment) return [...comment, fillEmpty(config.source, pair, lines)];
	throw unrestorable(config, pair, what);
}

function fillInBraces(config: ParsedConfig, pair: YamlEntry, brackets: string, added: string, what: string): Edit {
	const edit = pair.value ? fillInFlow(config.source, pair.value, brackets, added) : undefined;
	if (edit) return edit;
	throw unrestorable(config, pair, what);
}

function unrestorable(config: ParsedConfig, pair: YamlEntry, what: string) {
	const fix = `write [] (a list) or {} (a section) in its place and run this again; or ${manualEdit(config.request)}`;
	return refusal(config, { what: `${what} is empty, and could not be restored exactly`, fix }, pair.key.range?.[0]);
}
