import { CrossfadeError } from "../../base/errors.ts";
import { positionOf } from "./edit.ts";

/**
 * A reader for Alloy's configuration syntax that keeps the place of everything and evaluates nothing.
 * https://grafana.com/docs/alloy/latest/get-started/configuration-syntax/
 */
export interface AlloyToken {
	readonly kind: "word" | "number" | "string" | "mark";
	readonly text: string;
	readonly from: number;
	readonly to: number;
	/** The next token stands on a later line. */
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

/** Text -> statements; a mistake is refused with its place and without quoting the text around it. */
export function parseAlloy(text: string, file: string): AlloyStatement[] {
	const tokens = tokenize(text, file);
	let at = 0;
	const fail = (expected: string, token: AlloyToken | undefined): never => {
		throw syntaxError(text, file, expected, token?.from ?? text.length);
	};
	const accept = (mark: string) =>
		tokens[at]?.text === mark && tokens[at]?.kind === "mark" ? tokens[at++] : undefined;

	const statements = (depth: number, closed: boolean): AlloyStatement[] => {
		const found: AlloyStatement[] = [];
		if (depth > MAX_DEPTH) fail("fewer nested blocks", tokens[at]);
		while (at < tokens.length) {
			if (closed && tokens[at]?.text === "}" && tokens[at]?.kind === "mark") return found;
			found.push(statement(depth));
		}
		if (closed) fail("a closing brace", undefined);
		return found;
	};

	const statement = (depth: number): AlloyStatement => {
		const first = tokens[at] ?? fail("a block or an attribute", undefined);
		const names: string[] = [];
		do {
			const word = tokens[at];
			if (word?.kind !== "word") fail("a name", word);
			names.push(word?.text ?? "");
			at++;
		} while (accept("."));
		const name = names.join(".");
		if (accept("=")) {
			const value = expression();
			return { kind: "attribute", name, from: first.from, to: value.at(-1)?.to ?? first.to, value };
		}
		const label = tokens[at]?.kind === "string" ? tokens[at++] : undefined;
		if (!accept("{")) fail("= or {", tokens[at]);
		const body = statements(depth + 1, true);
		const close = tokens[at++];
		return {
			kind: "block",
			name,
			label: label && stringValue(label),
			from: first.from,
			to: close?.to ?? text.length,
			body,
		};
	};

	/** Everything up to the end of the line on which all brackets are closed and no operator is left open. */
	const expression = (): AlloyToken[] => {
		const value: AlloyToken[] = [];
		const open: string[] = [];
		for (;;) {
			const token = tokens[at] ?? fail(open.length > 0 ? `a closing ${open.at(-1)}` : "a value", undefined);
			if (open.length === 0 && token.kind === "mark" && "}])".includes(token.text)) {
				if (value.length === 0) fail("a value", token);
				return value;
			}
			value.push(token);
			at++;
			const closing = token.kind === "mark" ? brackets[token.text] : undefined;
			if (closing) open.push(closing);
			else if (token.kind === "mark" && "}])".includes(token.text) && open.pop() !== token.text)
				fail("another bracket", token);
			if (open.length === 0 && token.endsLine && endsValue(token)) return value;
		}
	};

	return statements(0, false);
}

const brackets: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

function endsValue(token: AlloyToken): boolean {
	return token.kind !== "mark" || "}])".includes(token.text);
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
		if (!kind)
			throw syntaxError(text, file, /^["`]/.test(found) ? "a string that ends" : "something that Alloy knows", from);
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
		what: "this is not valid Alloy syntax",
		expected,
		where: { file, ...positionOf(text, at) },
		fix: "check quotes, brackets and line ends; alloy fmt names the place too",
	});
}

/** The text a string token stands for. */
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
		if (token.kind === "mark" && token.text in brackets) depth++;
		if (token.kind === "mark" && "}])".includes(token.text)) depth--;
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
