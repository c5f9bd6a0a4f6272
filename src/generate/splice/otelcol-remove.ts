import { isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import type { Edit } from "./edit.ts";
import { emptyInFlow, uncomment } from "./empties.ts";
import { isCreatedMarker, readEntryMarker } from "./marker.ts";
import { type OwnEntry, ownEntries } from "./own-entries.ts";
import { type ParsedConfig, refusal, type YamlEntry } from "./parsed-config.ts";
import { entryOf, resolvedValue } from "./yaml-document.ts";
import { dropEntry, dropItem, type SourceText } from "./yaml-edit.ts";

/** Edits that remove our unwanted or outdated entries. */
export function dropStale(config: ParsedConfig): Edit[] {
	const { request, root, source } = config;
	const stale = ownEntries(root, source, request.name, request.entries).filter(
		({ state }) => request.remove || state !== "current",
	);
	for (const entry of stale) {
		if (entry.state === "edited" && !request.force) throw editedByHand(config, entry);
	}
	const wanted = request.remove ? [] : request.entries.map(({ id }) => id);
	const gone = new Set(stale.map(({ id }) => id).filter((id) => !wanted.includes(id)));
	return [...dropEntries(config, stale), ...listsWith(config, gone).flatMap((found) => dropItems(config, found))];
}

function editedByHand(config: ParsedConfig, { section, id, pair }: OwnEntry) {
	const obstacle = {
		what: `${section} already has ${id}, and it is not as crossfade wrote it`,
		expected: "no such entry, or one written by crossfade and not edited",
		fix: "rename it, choose another --name, or add --force to replace or remove it",
	};
	return refusal(config, obstacle, pair.key.range?.[0]);
}

function dropEntries({ source, root }: ParsedConfig, stale: readonly OwnEntry[]): Edit[] {
	const sections = [...new Set(stale.map(({ sectionPair }) => sectionPair))];
	return sections.flatMap((sectionPair) => {
		const map = sectionPair.value as YAMLMap;
		const indexes = stale.filter((entry) => entry.map === map).map(({ pair }) => map.items.indexOf(pair));
		const emptied = indexes.length === map.items.length;
		const created = root.flow || isCreatedMarker(lineOf(source, sectionPair.key));
		const before = emptied && root.flow ? emptyInFlow(source, map) : undefined;
		if (before) return [before];
		if (emptied && created) return [dropEntry(source, root, root.items.indexOf(sectionPair), () => false)];
		const drops = indexes.map((index) => dropEntry(source, map, index, (line) => readEntryMarker(line) !== undefined));
		return [...(emptied ? uncomment(source, sectionPair) : []), ...withoutOverlap(drops)];
	});
}

/** A list with ids to remove. */
interface ListWithOurs {
	readonly owner: YAMLMap;
	readonly pair: YamlEntry;
	readonly list: YAMLSeq;
	readonly ours: readonly number[];
}

/** The lists in `service` that can contain our ids: extensions, and the exporters of pipelines. */
function listsWith({ document, service }: ParsedConfig, gone: ReadonlySet<string>): ListWithOurs[] {
	const pipelines = resolvedValue(document, entryOf(service, "pipelines"));
	const bodies = isMap(pipelines) ? pipelines.items.map(({ value }) => value).filter((body) => isMap(body)) : [];
	const candidates = [
		{ owner: service, pair: entryOf(service, "extensions") },
		...bodies.map((body) => ({ owner: body, pair: entryOf(body, "exporters") })),
	];
	return candidates.flatMap(({ owner, pair }) => {
		const list = pair?.value;
		if (!pair || !isSeq(list)) return [];
		const ours = list.items.flatMap((item, index) => (isScalar(item) && gone.has(String(item.value)) ? [index] : []));
		return ours.length > 0 ? [{ owner, pair, list, ours }] : [];
	});
}

function dropItems({ source, chart }: ParsedConfig, { owner, pair, list, ours }: ListWithOurs): Edit[] {
	const others = list.items.filter((_item, index) => !ours.includes(index));
	const created = owner.flow || isCreatedMarker(lineOf(source, pair.key));
	const nothingElse = others.every((item) => isScalar(item) && (chart?.extensions ?? []).includes(String(item.value)));
	const before = others.length === 0 && owner.flow ? emptyInFlow(source, list) : undefined;
	if (before) return [before];
	if (created && nothingElse) return [dropEntry(source, owner, owner.items.indexOf(pair), () => false)];
	const drops = withoutOverlap(ours.map((index) => dropItem(source, list, index)));
	return [...(others.length === 0 ? uncomment(source, pair) : []), ...drops];
}

/** Adjacent removals in brackets both claim the comma between them; the first one gets it. */
function withoutOverlap(edits: readonly Edit[]): Edit[] {
	let done = 0;
	return edits.map((edit) => {
		const at = Math.max(edit.at, done);
		done = Math.max(edit.at + edit.remove, at);
		return { at, remove: done - at, insert: "" };
	});
}

function lineOf({ text }: SourceText, node: Node): string {
	const at = node.range?.[0] ?? 0;
	return text.slice(at).split("\n", 1)[0] ?? "";
}
