import { CrossfadeError } from "../../base/errors.ts";
import { ownEntry } from "../../base/lookup.ts";
import { positionOf } from "./edit.ts";

/**
 * A parser for Alloy's configuration syntax that keeps all positions and evaluates nothing.
 * https://grafana.com/docs/alloy/latest/get-started/configuration-syntax/
 */
export interface AlloyToken {
	readonly kind: "word" | "number" | "string" | "mark";
	readonly text: string;
	readonly from: number;
	readonly to: number;
	/** The next token is on a later line. */
	readonly endsLine: boolean;
}

export interface AlloyAttribute {
	readonly kind: "attribute";
	readonly name: string;
	readonly from: number;
	readonly to: number;
	readonly value: readonly AlloyToken[];
}

export interface AlloyBlockNode {
	readonly kind: "block";
	/** Dotted name, e.g. `otelcol.receiver.otlp`. */
	readonly name: string;
	readonly label: string | undefined;
	readonly from: number;
	readonly to: number;
	readonly body: readonly AlloyStatement[];
}

export type AlloyStatement = AlloyAttribute | AlloyBlockNode;

const MAX_DEPTH = 100;

/** Text -> statements; refuses a syntax error with its position, without quoting the text around it. */
export function parseAlloy(text: string, file: string): AlloyStatement[] {
	const cursor = newCursor(tokenize(text, file), (expected, at) =>
		syntaxError(text, file, expected, at ?? text.length),
	);
	return statements(cursor, 0, false);
}

/** Where the parser is in the tokens of a text. */
interface TokenCursor {
	/** The next token; undefined at the end. */
	peek(): AlloyToken | undefined;
	/** Takes the next token whatever it is; throws with what was expected at the end of the text. */
	take(expected: string): AlloyToken;
	/** Takes the next token if it is this mark. */
	accept(mark: string): AlloyToken | undefined;
	/** Throws with what was expected in place of a token, or at the end of the text. */
	fail(expected: string, token: AlloyToken | undefined): never;
}

function newCursor(
	tokens: readonly AlloyToken[],
	errorAt: (expected: string, at: number | undefined) => CrossfadeError,
): TokenCursor {
	let at = 0;
	const fail = (expected: string, token: AlloyToken | undefined): never => {
		throw errorAt(expected, token?.from);
	};
	return {
		peek: () => tokens[at],
		take: (expected) => tokens[at++] ?? fail(expected, undefined),
		accept: (mark) => (isMark(tokens[at], mark) ? tokens[at++] : undefined),
		fail,
	};
}

function isMark(token: AlloyToken | undefined, marks: string): boolean {
	return token?.kind === "mark" && marks.includes(token.text);
}

/** Statements up to the end, or up to the brace that closes a block. */
function statements(cursor: TokenCursor, depth: number, closed: boolean): AlloyStatement[] {
	const found: AlloyStatement[] = [];
	if (depth > MAX_DEPTH) cursor.fail("fewer nested blocks", cursor.peek());
	while (cursor.peek()) {
		if (closed && isMark(cursor.peek(), "}")) return found;
		found.push(statement(cursor, depth));
	}
	if (closed) cursor.fail("a closing brace", undefined);
	return found;
}

function statement(cursor: TokenCursor, depth: number): AlloyStatement {
	const from = cursor.peek()?.from ?? 0;
	const name = dottedName(cursor);
	const assigned = cursor.accept("=");
	if (assigned) {
		const value = expression(cursor);
		return { kind: "attribute", name, from, to: value.at(-1)?.to ?? assigned.to, value };
	}
	const label = cursor.peek()?.kind === "string" ? cursor.take("a label") : undefined;
	if (!cursor.accept("{")) cursor.fail("= or {", cursor.peek());
	const body = statements(cursor, depth + 1, true);
	const { to } = cursor.take("a closing brace");
	return { kind: "block", name, label: label && stringValue(label), from, to, body };
}

function dottedName(cursor: TokenCursor): string {
	const names: string[] = [];
	do {
		const token = cursor.peek();
		if (token?.kind !== "word") return cursor.fail("a name", token);
		names.push(cursor.take("a name").text);
	} while (cursor.accept("."));
	return names.join(".");
}

/** Everything up to the end of the line where all brackets are closed and no operator is pending. */
function expression(cursor: TokenCursor): AlloyToken[] {
	const value: AlloyToken[] = [];
	const open: string[] = [];
	for (;;) {
		if (open.length === 0 && isMark(cursor.peek(), CLOSING)) {
			if (value.length === 0) cursor.fail("a value", cursor.peek());
			return value;
		}
		const token = cursor.take(open.length > 0 ? `a closing ${open.at(-1)}` : "a value");
		value.push(token);
		const closing = token.kind === "mark" ? ownEntry(brackets, token.text) : undefined;
		if (closing) open.push(closing);
		else if (isMark(token, CLOSING) && open.pop() !== token.text) cursor.fail("another bracket", token);
		if (open.length === 0 && token.endsLine && endsValue(token)) return value;
	}
}

const CLOSING = "}])";
const brackets: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

function endsValue(token: AlloyToken): boolean {
	return token.kind !== "mark" || CLOSING.includes(token.text);
}

const TOKEN =
	/[\p{L}_][\p{L}\p{N}_]*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`|\/\/[^\n]*|\/\*[\s\S]*?\*\/|==|!=|<=|>=|&&|\|\||[-+*/%^!<>=.,(){}[\]]|\s+|./uy;

function tokenize(text: string, file: string): AlloyToken[] {
	const tokens: { kind: AlloyToken["kind"]; text: string; from: number; to: number; endsLine: boolean }[] = [];
	TOKEN.lastIndex = 0;
	for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text)) {
		const [found] = match;
		const from = match.index;
		const last = tokens.at(-1);
		if (/^\s/.test(found) || found.startsWith("//") || found.startsWith("/*")) {
			if (last && found.includes("\n")) last.endsLine = true;
			continue;
		}
		const kind = kindOf(found);
		if (!kind) throw syntaxError(text, file, /^["`]/.test(found) ? "a terminated string" : "valid Alloy syntax", from);
		tokens.push({ kind, text: found, from, to: from + found.length, endsLine: false });
	}
	const last = tokens.at(-1);
	if (last) last.endsLine = true;
	return tokens;
}

function kindOf(text: string): AlloyToken["kind"] | undefined {
	if (/^["`]/.test(text)) return text.length > 1 ? "string" : undefined;
	if (/^[\p{L}_]/u.test(text)) return "word";
	if (/^\d/.test(text)) return "number";
	return /^[-+*/%^!<>=.,(){}[\]&|]/.test(text) ? "mark" : undefined;
}

function syntaxError(text: string, file: string, expected: string, at: number): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "invalid Alloy syntax",
		expected,
		where: { file, ...positionOf(text, at) },
		fix: "check quotes, brackets and line ends; alloy fmt also shows the place",
	});
}

/** The value of a string token. */
export function stringValue(token: AlloyToken): string {
	if (token.text.startsWith("`")) return token.text.slice(1, -1);
	try {
		return String(JSON.parse(token.text.replace(/\\(?:[abfv']|x[0-9a-fA-F]{2}|[0-7]{3}|U[0-9a-fA-F]{8})/g, "?")));
	} catch {
		return token.text.slice(1, -1);
	}
}

/** The items of a value that is one list in brackets, each as its tokens; undefined for any other value. */
export function listItems(value: readonly AlloyToken[]): AlloyToken[][] | undefined {
	if (value[0]?.text !== "[" || value.at(-1)?.text !== "]") return undefined;
	const items: AlloyToken[][] = [];
	let depth = 0;
	let item: AlloyToken[] = [];
	for (const token of value.slice(1, -1)) {
		if (token.kind === "mark" && Object.hasOwn(brackets, token.text)) depth++;
		if (token.kind === "mark" && CLOSING.includes(token.text)) depth--;
		if (depth < 0) return undefined;
		if (depth === 0 && token.kind === "mark" && token.text === ",") {
			items.push(item);
			item = [];
		} else item.push(token);
	}
	if (item.length > 0) items.push(item);
	return items;
}

/** A dotted reference such as `otelcol.processor.batch.default.input`; undefined for any other value. */
export function reference(value: readonly AlloyToken[]): string | undefined {
	const isPath = value.every((token, index) => (index % 2 === 0 ? token.kind === "word" : token.text === "."));
	return isPath && value.length % 2 === 1 ? value.map(({ text }) => text).join("") : undefined;
}
