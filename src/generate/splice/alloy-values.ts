import { type AlloyBlockNode, type AlloyStatement, type AlloyToken, listItems, stringValue } from "./alloy-syntax.ts";
import { type ProcessorSettings, UNREAD } from "./effect.ts";

/** The settings of a component: attributes by name, blocks as maps in a list under their name. An expression is `UNREAD`. */
export function alloySettings({ body }: Pick<AlloyBlockNode, "body">): ProcessorSettings {
	const found = new Map<string, unknown>();
	for (const each of body) {
		if (each.kind === "attribute") found.set(each.name, read(each.value));
		else found.set(each.name, [...blocksAt(found, each), alloySettings(each)]);
	}
	return found;
}

function blocksAt(found: ReadonlyMap<string, unknown>, { name }: AlloyStatement): readonly unknown[] {
	const before = found.get(name);
	return Array.isArray(before) ? before : [];
}

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
	["true", true],
	["false", false],
	["null", null],
]);

function read(tokens: readonly AlloyToken[]): unknown {
	const items = listItems(tokens);
	if (items) return items.map(read);
	const [token] = tokens;
	if (!token || tokens.length > 1) return UNREAD;
	if (token.kind === "string") return stringValue(token);
	if (token.kind === "number") return Number(token.text);
	return WORDS.has(token.text) ? WORDS.get(token.text) : UNREAD;
}
