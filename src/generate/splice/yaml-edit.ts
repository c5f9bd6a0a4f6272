import { isMap, isScalar, type Node, type Pair, Scalar, type YAMLMap, type YAMLSeq } from "yaml";
import { flowText, type YamlValue } from "../render/yaml.ts";
import { type Edit, lineEnd, lineStart } from "./edit.ts";
import { contentEnd } from "./yaml-document.ts";

/** The text to edit, and its style. */
export interface SourceText {
	readonly text: string;
	readonly eol: string;
	/** Indentation step in spaces. */
	readonly step: number;
}

/** A map's indentation step: that of its first nested block map, otherwise two spaces. */
export function stepOf(text: string, root: YAMLMap): number {
	for (const pair of root.items) {
		const inner = pair.value;
		if (!isMap(inner) || inner.flow || !inner.items[0]) continue;
		const step = columnOf(text, inner.items[0].key as Node) - columnOf(text, pair.key as Node);
		if (step > 0) return Math.min(step, 8);
	}
	return 2;
}

/** Appends lines to a block-style map, at the column of its keys. */
export function addLines(source: SourceText, map: YAMLMap, lines: readonly string[]): Edit {
	const last = map.items.at(-1) as Pair<Node, Node> | undefined;
	return insertBlock(source, last ?? map, lines, last ? columnOf(source.text, last.key) : 0);
}

/** Adds the first lines below a key without a value. */
export function fillEmpty(source: SourceText, pair: Pair<Node, Node | null>, lines: readonly string[]): Edit {
	return insertBlock(source, pair, lines, columnOf(source.text, pair.key) + source.step);
}

/** Appends words to a list. */
export function addItem(source: SourceText, list: YAMLSeq, words: readonly string[]): Edit {
	const quoted = words.map((word) => inQuotesOf(list, word));
	if (list.flow) return addEntry(source, list, quoted.join(", "));
	const dash = columnAt(source.text, list.range?.[0] ?? 0);
	return insertBlock(
		source,
		list.items.at(-1) as Node,
		quoted.map((word) => `- ${word}`),
		dash,
	);
}

/** Appends entries or items to a collection in brackets or braces. */
export function addEntry({ text, eol }: SourceText, collection: YAMLMap | YAMLSeq, added: string): Edit {
	const begin = collection.range?.[0] ?? 0;
	const last = collection.items.at(-1) as Node | Pair | undefined;
	if (!last) return { at: begin + 1, remove: 0, insert: added };
	const at = flowEnd(last);
	const from = flowStart(last);
	const margin = text.slice(lineStart(text, from), from);
	const onItsOwnLine = lineStart(text, from) > begin && margin.trim() === "";
	const nothingBehind = text.slice(at, lineEnd(text, at)).trim() === "";
	return { at, remove: 0, insert: onItsOwnLine && nothingBehind ? `,${eol}${margin}${added}` : `, ${added}` };
}

/** An entry in flow style, quoted like its neighbours. */
export function flowEntry(map: YAMLMap, key: string, value: YamlValue): string {
	const json = isJson(map);
	return `${json ? JSON.stringify(key) : flowText(key)}: ${flowText(value, json)}`;
}

/** A word in a list of a flow-style map, quoted like that one's keys. */
export function flowWord(map: YAMLMap, word: string): string {
	return isJson(map) ? JSON.stringify(word) : flowText(word);
}

function isJson(map: YAMLMap): boolean {
	return isScalar(map.items[0]?.key) && map.items[0].key.type === Scalar.QUOTE_DOUBLE;
}

function insertBlock({ text, eol }: SourceText, after: Node | Pair, lines: readonly string[], column: number): Edit {
	const end = contentEnd(text, after);
	const indented = lines.map((line) => `${" ".repeat(column)}${line}`);
	// A block scalar that keeps trailing blank lines ends at the start of a line.
	if (end > 0 && text[end - 1] === "\n")
		return { at: end, remove: 0, column, insert: indented.map((line) => line + eol).join("") };
	return { at: lineEnd(text, end), remove: 0, column, insert: indented.map((line) => eol + line).join("") };
}

function flowEnd(item: Node | Pair): number {
	const node = "key" in item ? ((item.value as Node | null) ?? (item.key as Node)) : (item as Node);
	return node.range?.[1] ?? 0;
}

function flowStart(item: Node | Pair): number {
	const node = "key" in item ? (item.key as Node) : (item as Node);
	return node.range?.[0] ?? 0;
}

/** Removes an entry from a map, with the comment above it that `isMarker` recognizes. */
export function dropEntry(source: SourceText, map: YAMLMap, index: number, isMarker: (line: string) => boolean): Edit {
	const pair = map.items[index] as Pair<Node, Node>;
	if (map.flow) return dropFromFlow(map.items as Pair[], index);
	return dropBlock(source, flowStart(pair), contentEnd(source.text, pair), isMarker);
}

/** Removes an item from a list. */
export function dropItem(source: SourceText, list: YAMLSeq, index: number): Edit {
	const item = list.items[index] as Node;
	if (list.flow) return dropFromFlow(list.items as Node[], index);
	return dropBlock(source, item.range?.[0] ?? 0, contentEnd(source.text, item), () => false);
}

/** Removes whole lines, from the one with `from` to the one with `to`, and our comment above. */
function dropBlock({ text }: SourceText, from: number, to: number, isMarker: (line: string) => boolean): Edit {
	let start = lineStart(text, from);
	const above = lineStart(text, Math.max(0, start - 1));
	if (start > 0 && isMarker(text.slice(above, start).trim())) start = above;
	const keepsBlankLines = to > 0 && text[to - 1] === "\n";
	if (keepsBlankLines || start === 0) {
		const next = keepsBlankLines ? to : Math.min(text.length, lineEnd(text, to) + 1);
		return { at: start, remove: next - start, insert: "" };
	}
	const before = text[start - 2] === "\r" ? start - 2 : start - 1;
	return { at: before, remove: lineEnd(text, to) - before, insert: "" };
}

function dropFromFlow(items: readonly (Node | Pair)[], index: number): Edit {
	const item = items[index] as Node | Pair;
	const [before, after] = [items[index - 1], items[index + 1]];
	const at = before ? flowEnd(before) : flowStart(item);
	const end = !before && after ? flowStart(after) : flowEnd(item);
	return { at, remove: end - at, insert: "" };
}

function columnOf(text: string, node: Node): number {
	return columnAt(text, node.range?.[0] ?? 0);
}

function columnAt(text: string, offset: number): number {
	return offset - lineStart(text, offset);
}

/** A word, quoted like its neighbours in the list. */
function inQuotesOf(list: YAMLSeq, word: string): string {
	const last = list.items.at(-1);
	if (isScalar(last) && last.type === Scalar.QUOTE_DOUBLE) return JSON.stringify(word);
	return isScalar(last) && last.type === Scalar.QUOTE_SINGLE ? `'${word}'` : word;
}
