import {
	type Document,
	isAlias,
	isMap,
	isPair,
	isScalar,
	isSeq,
	type Node,
	type Pair,
	parseAllDocuments,
	Scalar,
	visit,
	type YAMLMap,
	type YAMLSeq,
} from "yaml";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import { yamlMistake } from "../../base/yaml-mistakes.ts";
import { refusedByCollectors, refusedCharacters } from "./collector-yaml.ts";
import { positionOf } from "./edit.ts";

const MERGE = "<<";

/** A parsed YAML text with all positions. */
export interface YamlText {
	readonly file: string;
	readonly text: string;
	readonly documents: readonly Document.Parsed[];
}

/**
 * Parses every document of a text; refuses it with all its errors. The parser's own messages are not used: they quote
 * the line, which can contain a token.
 */
export function parseYaml(text: string, file: string): YamlText {
	const known = latest.map((each) => each.deref()).find((each) => each?.text === text && each.file === file);
	if (known) return known;
	const documents = parsed(text, file);
	const problems = documents.flatMap((document) => [
		...directiveProblems(document, text, file),
		...syntaxProblems(document, text, file),
	]);
	const isRead = problems.length === 0;
	problems.push(...refusedCharacters(text, file));
	problems.push(...(isRead ? separatorProblems({ text, file, documents }) : []));
	problems.push(...(isRead ? documents.flatMap((each) => refusedByCollectors(each, text, file)) : []));
	if (problems.length > 0)
		throw new CrossfadeError("refused", templated(text) ? templateProblem({ file, ...problems[0]?.where }) : problems);
	const read = { file, text, documents };
	latest = [new WeakRef(read), ...latest.slice(0, 1)];
	return read;
}

/** What was parsed last: a file as it was and as it becomes are asked for their shape and their config in turn. */
let latest: readonly WeakRef<YamlText>[] = [];

/** What collectors, which read YAML 1.1, take for line breaks, too. https://yaml.org/spec/1.1/#id871856 */
const SEPARATORS = /\r(?!\n)|[\u0085\u2028\u2029]/g;

/** A character of that kind outside quotes, after which collectors read something else than we do, or no YAML. Measured on otelcol 0.155.0. */
function separatorProblems({ text, file, documents }: YamlText): Problem[] {
	if (text.search(SEPARATORS) === -1) return [];
	const quoted = scalarRanges(documents, ({ type }) => type === Scalar.QUOTE_DOUBLE || type === Scalar.QUOTE_SINGLE);
	const isQuoted = (at: number) => quoted.some(([from, to]) => at >= from && at < to);
	const [first] = [...text.matchAll(SEPARATORS)].filter(({ index }) => !isQuoted(index));
	const read = text.replace(SEPARATORS, (all, at: number) => (isQuoted(at) ? all : "\n"));
	if (!first || isSame(parsed(read, file), documents)) return [];
	const at = first.index;
	const what =
		"an invisible character (a carriage return alone, U+0085, U+2028 or U+2029) ends the line for collectors";
	return [{ what, where: { file, ...positionOf(text, at) }, fix: "remove it, or put a line break in its place" }];
}

/** Whether both are without mistakes and hold the same. */
function isSame(some: readonly Document.Parsed[], others: readonly Document.Parsed[]): boolean {
	const values = (documents: readonly Document.Parsed[]) => JSON.stringify(documents.map((each) => each.toJSON()));
	return some.every(({ errors }) => errors.length === 0) && values(some) === values(others);
}

function parsed(text: string, file: string): Document.Parsed[] {
	try {
		const documents = parseAllDocuments(text, {
			logLevel: "error",
			prettyErrors: false,
			uniqueKeys: true,
		});
		return Array.isArray(documents) ? documents : [];
	} catch (error) {
		if (!(error instanceof RangeError)) throw error;
		const fix = "check that this is the config";
		throw new CrossfadeError("refused", { what: "the file is nested too deeply", where: { file }, fix });
	}
}

/** Collectors read YAML 1.1, and refuse a file that names another version. */
function directiveProblems({ directives }: Document.Parsed, text: string, file: string): Problem[] {
	if (directives?.yaml.explicit !== true || directives.yaml.version === "1.1") return [];
	const at = Math.max(0, text.search(/^%YAML(?![ \t]+1\.1\s)/m));
	const what = "the directive %YAML names a version that collectors do not read";
	return [{ what, where: { file, ...positionOf(text, at) }, fix: "remove that line" }];
}

/** The mistakes of a document, of each line and kind one. Behind the end of what was understood, everything is unexpected: that is one, too. */
function syntaxProblems({ errors, contents }: Document.Parsed, text: string, file: string): Problem[] {
	const end = contents?.range?.[1] ?? 0;
	const isLost = ({ code, pos }: { code: string; pos: readonly number[] }) =>
		code === "UNEXPECTED_TOKEN" && (pos[0] ?? 0) >= end;
	const problems = errors
		.filter((error, index) => index === 0 || !isLost(error))
		.map((error): Problem => {
			const at = error.pos[0];
			const [what, fix] = text.startsWith("${", at - 1) ? VARIABLE : yamlMistake(error);
			return { what, where: { file, ...positionOf(text, at) }, fix };
		});
	// What follows a variable is a consequence of it.
	const covers = (a: Problem, b: Problem) =>
		a.where?.line === b.where?.line && (a.what === b.what || a.what === VARIABLE[0]);
	return problems.filter((each, index) => problems.findIndex((other) => covers(other, each)) === index);
}

const VARIABLE = ["a variable in a value without quotes inside [ ] or { }", "put the value in quotes"] as const;

function templated(text: string): boolean {
	return /\{\{|\{%|<%/.test(text);
}

/** In the place of all errors: of a template, each of them may be none. */
function templateProblem(where: { readonly file: string }): Problem {
	const fix = "render the template first (helm template, ansible) or change the template by hand";
	return {
		what: "this looks like an unrendered template",
		expected: "YAML",
		got: "template marks",
		where,
		fix,
	};
}

/** Finds template markers outside quotes: text that a template engine changes before a collector reads it. */
export function templateMark(yaml: YamlText): number | undefined {
	const chars = [...yaml.text.matchAll(/\{\{|\{%/g)].map((match) => match.index);
	if (chars.length === 0) return undefined;
	const quoted = scalarRanges(yaml.documents, ({ type }) => type !== Scalar.PLAIN);
	return chars.find((at) => !quoted.some(([from, to]) => at >= from && at < to));
}

/** Where some of the scalars stand. */
function scalarRanges(
	documents: readonly Document[],
	isWanted: (scalar: Scalar) => boolean,
): [from: number, to: number][] {
	const found: [number, number][] = [];
	for (const document of documents) {
		visit(document, {
			Scalar(_key, node) {
				if (isWanted(node) && node.range) found.push([node.range[0], node.range[1]]);
			},
		});
	}
	return found;
}

/** A map's entry by key, or undefined. */
export function entryOf(map: YAMLMap, key: string): Pair<Node, Node | null> | undefined {
	return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key) as Pair<Node, Node | null> | undefined;
}

/** The text of an entry's key. With a tag of its own, a merge key is no text to the parser. */
export function keyOf({ key }: Pair<unknown, unknown>): string | undefined {
	if (!isScalar(key)) return undefined;
	return typeof key.value === "symbol" ? key.source : String(key.value);
}

/** The entries of a map with those that merge keys bring in, as YAML 1.1 merges them: its own first, then the earlier ones. */
export function mergedEntries(document: Document, map: YAMLMap): Pair<Node, Node | null>[] {
	if (!hasMerge(map)) return map.items as Pair<Node, Node | null>[];
	const [found, seen] = [new Map<string | undefined, Pair<Node, Node | null>>(), new Set<Node>()];
	const add = (node: Node | null | undefined): void => {
		const value = isAlias(node) ? node.resolve(document) : node;
		if (!value || seen.has(value)) return;
		seen.add(value);
		if (isSeq(value)) for (const item of value.items) add(item as Node);
		if (!isMap(value)) return;
		const pairs = value.items as Pair<Node, Node | null>[];
		for (const pair of pairs) {
			if (keyOf(pair) !== MERGE && !found.has(keyOf(pair))) found.set(keyOf(pair), pair);
		}
		for (const pair of pairs) if (keyOf(pair) === MERGE) add(pair.value);
	};
	add(map);
	return [...found.values()];
}

/** A map's entry by key, its own or a merged one. */
export function mergedEntry(document: Document, map: YAMLMap, key: string): Pair<Node, Node | null> | undefined {
	return entryOf(map, key) ?? mergedEntries(document, map).find((pair) => keyOf(pair) === key);
}

/** The value of an entry, with aliases resolved. */
export function resolvedValue(document: Document, pair: Pair<Node, Node | null> | undefined): Node | undefined {
	const value = pair?.value ?? undefined;
	return isAlias(value) ? value.resolve(document) : value;
}

/** The strings of a list, with aliases resolved; undefined if it is not a list of plain words. */
export function wordsOf(document: Document, node: Node | undefined): string[] | undefined {
	if (!isSeq(node)) return undefined;
	const words = node.items.map((item) => {
		const value = isAlias(item) ? item.resolve(document) : item;
		return isScalar(value) && typeof value.value === "string" ? value.value : undefined;
	});
	return words.every((word) => word !== undefined) ? words : undefined;
}

/** Whether a map takes entries from elsewhere through a merge key. */
export function hasMerge(map: YAMLMap): boolean {
	return map.items.some((pair) => keyOf(pair) === MERGE);
}

/** Names of anchors used by an alias. */
export function usedAnchors(document: Document): Set<string> {
	const used = new Set<string>();
	visit(document, {
		Alias(_key, node) {
			used.add(node.source);
		},
	});
	return used;
}

/**
 * The offset after a node's last character: for block-style collections that of their last item, for block
 * scalars the end of their last line of text unless they keep trailing blank lines.
 */
export function contentEnd(text: string, node: Node | Pair): number {
	if (isPair(node)) {
		const value = node.value as Node | null;
		return contentEnd(text, value ?? (node.key as Node));
	}
	const inner = isBlock(node) ? (node as YAMLMap | YAMLSeq).items.at(-1) : undefined;
	if (inner) return contentEnd(text, inner as Node | Pair);
	const end = node.range?.[1] ?? 0;
	if (!isScalar(node) || (node.type !== Scalar.BLOCK_LITERAL && node.type !== Scalar.BLOCK_FOLDED)) return end;
	const head = text.slice(node.range?.[0] ?? 0, end).split("\n", 1)[0] ?? "";
	const keepsBlankLines = /^[|>][0-9]*\+/.test(head.trimStart());
	return keepsBlankLines ? end : text.slice(0, end).trimEnd().length;
}

/** Whether a node is a block-style map or list. */
function isBlock(node: Node | null | undefined): boolean {
	return (isMap(node) || isSeq(node)) && !node.flow;
}

/** Whether a document is a Compose file, in whose texts variables are replaced. https://docs.docker.com/reference/compose-file/interpolation/ */
export function isCompose({ contents }: Document): boolean {
	return isMap(contents) && isMap(contents.get("services", true));
}
