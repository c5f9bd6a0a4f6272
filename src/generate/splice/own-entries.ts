import { isMap, type Node, type Pair, type YAMLMap } from "yaml";
import { entryLines, type YamlMap } from "../render/yaml.ts";
import { lineEnd, lineStart } from "./edit.ts";
import { digest, readEntryMarker } from "./marker.ts";
import { isOwn, ownSections, type WantedEntry } from "./request.ts";
import { contentEnd, entryOf, keyOf } from "./yaml-document.ts";
import type { SourceText } from "./yaml-edit.ts";

/** An entry of ours in a file. */
export interface OwnEntry {
	readonly section: string;
	readonly id: string;
	readonly sectionPair: Pair<Node, Node | null>;
	readonly map: YAMLMap;
	readonly pair: Pair<Node, Node | null>;
	/** `current`: up to date; `stale`: as we wrote it, but outdated; `edited`: changed by hand, or never ours. */
	readonly state: "current" | "stale" | "edited";
}

/** Every entry of ours in a config's sections, by id. */
export function ownEntries(
	root: YAMLMap,
	source: SourceText,
	name: string,
	wanted: readonly WantedEntry[],
): OwnEntry[] {
	return ownSections.flatMap((section) => {
		const sectionPair = entryOf(root, section);
		const map = sectionPair?.value;
		if (!sectionPair || !isMap(map)) return [];
		return (map.items as Pair<Node, Node | null>[]).flatMap((pair) => {
			const id = keyOf(pair);
			if (id === undefined || !isOwn(section, id, name)) return [];
			const want = wanted.find((each) => each.section === section && each.id === id)?.value;
			return [{ section, id, sectionPair, map, pair, state: stateOf(source, map, pair, id, want) }];
		});
	});
}

function stateOf(
	{ text, step }: SourceText,
	map: YAMLMap,
	pair: Pair<Node, Node | null>,
	id: string,
	want: YamlMap | undefined,
) {
	if (map.flow) return want && sameValue(pair.value, want) ? "current" : "edited";
	const from = lineStart(text, pair.key.range?.[0] ?? 0);
	const found = digest(text.slice(from, lineEnd(text, contentEnd(text, pair))).split(/\r?\n/));
	const marker = readEntryMarker(text.slice(lineStart(text, from - 1), from));
	if (marker?.digest !== found) return "edited";
	return want && digest(entryLines(id, want, step)) === found ? "current" : "stale";
}

function sameValue(node: Node | null, want: YamlMap): boolean {
	return isMap(node) && JSON.stringify(node.toJSON()) === JSON.stringify(want);
}
