import { isScalar, type Node, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import type { Edit } from "./edit.ts";
import type { SourceText } from "./yaml-edit.ts";

/** Before the word of a null that we filled: it becomes a comment, and removing this restores it. */
const WAS = "# crossfade: was ";
/** What stood in braces where our brackets begin with so many blanks: there is no place for a comment. */
const IN_FLOW: readonly string[] = ["[]", "null", "~"];

/** Whether a value is null, written or left out. The collector takes it for an empty map or list. */
export function isNullValue(node: Node | null | undefined): boolean {
	return !node || (isScalar(node) && node.value === null);
}

/** The edit that turns the word of a null in a block map into a comment; none if there is no word; undefined where it cannot. */
export function commentOut({ text }: SourceText, node: Node | null): Edit[] | undefined {
	const [from, to] = node?.range ?? [0, 0];
	if (from === to) return [];
	return /\s/.test(text[from - 1] ?? "") ? [{ at: from, remove: 0, insert: WAS }] : undefined;
}

/** The edit that takes such a comment back. */
export function uncomment({ text }: SourceText, { key, value }: Pair<Node, Node | null>): Edit[] {
	const end = key.range?.[1] ?? 0;
	const at = text.slice(end, value?.range?.[0] ?? end).indexOf(WAS);
	return at === -1 ? [] : [{ at: end + at, remove: WAS.length, insert: "" }];
}

/**
 * The edit that fills an empty or null value inside braces, with as many blanks inside its own brackets as tell later what it
 * was; undefined for words we cannot restore. A formatter that takes the blanks away makes an empty value an absent one, which
 * the collector reads alike.
 */
export function fillInFlow({ text }: SourceText, node: Node, brackets: string, added: string): Edit | undefined {
	const [from, to] = node.range ?? [0, 0];
	if (!isNullValue(node)) return { at: from + 1, remove: 0, insert: ` ${added} ` };
	const index = IN_FLOW.indexOf(text.slice(from, to));
	if (index === -1) return undefined;
	const blanks = " ".repeat(index + 1);
	return { at: from, remove: to - from, insert: `${brackets[0]}${blanks}${added}${blanks}${brackets[1]}` };
}

/** The edit that empties what was filled so; undefined if it was not. */
export function emptyInFlow({ text }: SourceText, collection: YAMLMap | YAMLSeq): Edit | undefined {
	const [from, to] = collection.range ?? [0, 0];
	const [first, last] = [startOf(collection.items[0]), endOf(collection.items.at(-1))];
	const before = text.slice(from + 1, first);
	const word = /^ +$/.test(before) ? IN_FLOW[before.length - 1] : undefined;
	if (word === undefined || !text.slice(last).startsWith(before)) return undefined;
	if (before.length > 1) return { at: from, remove: to - from, insert: word };
	return { at: first - 1, remove: last + 1 - (first - 1), insert: "" };
}

function startOf(item: unknown): number {
	const node = isPair(item) ? item.key : (item as Node);
	return node.range?.[0] ?? 0;
}

function endOf(item: unknown): number {
	const node = isPair(item) ? (item.value ?? item.key) : (item as Node);
	return node.range?.[1] ?? 0;
}

function isPair(item: unknown): item is Pair<Node, Node | null> {
	return typeof item === "object" && item !== null && "key" in item;
}
