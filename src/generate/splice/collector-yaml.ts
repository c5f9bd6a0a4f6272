import { type Document, isAlias, isMap, isPair, isScalar, isSeq, type Node, type Pair, Scalar, visit } from "yaml";
import type { Problem } from "../../base/errors.ts";
import { ownEntry } from "../../base/lookup.ts";
import { positionOf } from "./edit.ts";

/** What is wrong at an offset, and how to mend it. */
type Refusal = readonly [at: number, what: string, fix: string];

/**
 * What our parser reads and that of collectors, of Kubernetes and of compose (go-yaml) refuses, or reads as something else: with it a
 * collector does not start. Measured with go.yaml.in/yaml/v3 3.0.4. https://pkg.go.dev/go.yaml.in/yaml/v3
 */
export function refusedByCollectors(document: Document.Parsed, text: string, file: string): Problem[] {
	const anchors = new Map<string, Node>();
	const refusals: Refusal[] = [];
	visit(document, (_, node, path) => {
		if (isPair(node)) refusals.push(...ofKey(node, document, text, isInBrackets(path.at(-1))));
		if (isMap(node)) refusals.push(...ofKeysOfOneText(node));
		if (isSeq(node) && !node.flow) refusals.push(...ofDashes(node.items, text));
		if (isScalar(node)) refusals.push(...ofScalar(node, text, path.some(isInBrackets)));
		if (isAlias(node)) refusals.push(...ofAlias(anchors.get(node.source), startOf(node), path));
		if ((isScalar(node) || isMap(node) || isSeq(node)) && node.anchor !== undefined) {
			refusals.push(...ofAnchor(node.anchor, text.lastIndexOf(`&${node.anchor}`, startOf(node))));
			anchors.set(node.anchor, node);
		}
	});
	return refusals.map(([at, what, fix]) => ({ what, where: { file, ...positionOf(text, Math.max(0, at)) }, fix }));
}

/** What is wrong with a file whatever it holds. */
export function refusedCharacters(text: string, file: string): Problem[] {
	const at = text.search(CONTROL);
	if (at === -1) return [];
	return [{ what: "a control character", where: { file, ...positionOf(text, at) }, fix: "remove it" }];
}

const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

const startOf = (node: Node | null | undefined) => node?.range?.[0] ?? 0;

const isInBrackets = (node: unknown) => (isMap(node) || isSeq(node)) && node.flow === true;

function ofKey({ key, value }: Pair, document: Document, text: string, isFlow: boolean): Refusal[] {
	if (isMap(key) || isSeq(key)) return [[startOf(key), "a map or a list as a key", "use a name as the key"]];
	if (!isScalar(key)) return [];
	const [start = 0, end = 0] = key.range ?? [];
	const isEmpty = start === end && key.anchor === undefined && key.tag === undefined;
	if (isEmpty && !/(?:^|\s)\?\s*$/.test(text.slice(Math.max(0, start - 200), start)))
		return [[start, "a colon without a key", "write the key"]];
	if (isFlow && key.type === Scalar.PLAIN && /^:[[\]{},]/.test(text.slice(end, end + 2)))
		return [[end, "a colon without a space after it", "add the space"]];
	if (key.value === MERGE && key.type === Scalar.PLAIN && !merges(value, document))
		return [[start, "<< without a map", "give it an alias of a map, or a list of them"]];
	return [];
}

const MERGE = "<<";

function merges(value: unknown, document: Document): boolean {
	const resolved = isAlias(value) ? value.resolve(document) : value;
	const isOne = (each: unknown) => isMap(isAlias(each) ? each.resolve(document) : each);
	return isMap(resolved) || (isSeq(resolved) && resolved.items.every(isOne));
}

/** Two keys of the same text are one key, with quotes and without. */
function ofKeysOfOneText({ items }: { readonly items: readonly Pair[] }): Refusal[] {
	const keys = items.flatMap(({ key }) => (isScalar(key) ? [key] : []));
	const textOf = ({ type, source, value }: Scalar) => String(type === Scalar.PLAIN ? source : value);
	const seen = new Set<string>();
	return keys.flatMap((key): Refusal[] => {
		const name = textOf(key);
		if (seen.has(name)) return [[startOf(key), "duplicate key", "remove one of them"]];
		seen.add(name);
		return [];
	});
}

function ofDashes(items: readonly unknown[], text: string): Refusal[] {
	return items.flatMap((item): Refusal[] => {
		const start = startOf(item as Node | null);
		const before = /-[ ]*\t\s*$/.exec(text.slice(Math.max(0, start - 200), start));
		return before ? [[start, "a tab after the dash of a list item", "use spaces"]] : [];
	});
}

/** The characters that may follow a backslash in double quotes. */
const ESCAPE = /\\(?:[ "'0LNPU\\_abefnrtuvx\t\r\n]|(.))/gs;

/** What a value must look like under a tag that says its type. */
const TAGGED: Readonly<Record<string, RegExp>> = {
	"tag:yaml.org,2002:bool": /^(?:true|false)$/i,
	"tag:yaml.org,2002:int": /^[-+]?[\d_]+$|^[-+]?0[xob][\da-f_]+$/i,
	"tag:yaml.org,2002:float": /^[-+]?(?:[\d_.]+(?:e[-+]?\d+)?|\.inf|\.nan)$/i,
	"tag:yaml.org,2002:null": /^(?:null|~|)$/i,
};

function ofScalar(node: Scalar, text: string, isFlow: boolean): Refusal[] {
	const [start = 0, end = 0] = node.range ?? [];
	const written = text.slice(start, end);
	if (node.type === Scalar.PLAIN && isFlow && written.includes("?"))
		return [[start, "a ? in a value without quotes inside [ ] or { }", "put the value in quotes"]];
	if (node.type === Scalar.QUOTE_DOUBLE) {
		const wrong = [...written.matchAll(ESCAPE)].find((match) => match[1] !== undefined);
		if (wrong)
			return [
				[
					start + wrong.index,
					"a backslash in double quotes that starts no escape",
					"use single quotes, or double the backslash",
				],
			];
	}
	const form = ownEntry(TAGGED, node.tag ?? "");
	if (form && !form.test(String(node.source ?? node.value ?? "")))
		return [[start, "a value that is not of the type of its tag", "remove the tag, or correct the value"]];
	return [];
}

/** The anchor has to come before the alias, and the alias not to be inside its value. */
function ofAlias(anchored: Node | undefined, at: number, path: readonly unknown[]): Refusal[] {
	if (anchored === undefined)
		return [[at, "an alias has no anchor before it", "define the anchor above it, or write the value in full"]];
	if (path.includes(anchored))
		return [[at, "an alias stands inside the value of its own anchor", "write the value in full"]];
	return [];
}

function ofAnchor(anchor: string, at: number): Refusal[] {
	if (/^[\w-]+$/.test(anchor)) return [];
	return [[at, "the name of an anchor may have only letters, digits, _ and -", "rename it, in its aliases too"]];
}
