import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, Scalar } from "yaml";
import schema from "../../adapters/collectors/otelcol.schema.json" with { type: "json" };
import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import { isAtLeast, type Version } from "../../base/versions.ts";
import { keyOf, mergedEntries } from "../splice/yaml-document.ts";
import { type ConfigModel, nodeAt } from "./config-model.ts";
import { isElsewhere, notRead } from "./parts.ts";
import type { ConfigFinding } from "./rules.ts";
import { ASK_PROGRAM } from "./structure.ts";
import { goDurationMs } from "./values.ts";

/** Allowed keys: a map of keys, a word for a leaf, or a list of one of these. */
type Fields = string | readonly Fields[] | { readonly [key: string]: Fields };

const fields = schema.fields as Readonly<Record<string, Fields>>;
/** By component and path: the first release with a setting, and the first without it. */
type Releases = Readonly<Record<string, Readonly<Record<string, string>>>>;
const since = schema.since as Releases;
const until = schema.until as Releases;

/** What the strict decoders of components around our exporter do not accept in this release; warnings if our tables do not cover it. */
export function fieldFindings(
	{ document, root, components }: ConfigModel,
	otelcol: Version,
	isKnown: boolean,
): ConfigFinding[] {
	const own = TELEMETRY.map((path) => ({
		key: path.join("/"),
		id: path.join("."),
		value: nodeAt(document, root, ...path),
	}));
	const nodes = components.map(({ section, type, id, value }) => ({ key: `${section}/${type}`, id, value }));
	return [...nodes, ...own].flatMap(({ key, id, value }) => {
		const named = ownEntry(fields, key);
		const real = typeof named === "string" ? named.slice(2) : key;
		const allowed = ownEntry(fields, real);
		if (allowed === undefined) return [];
		const releases = { since: ownEntry(since, real) ?? {}, until: ownEntry(until, real) ?? {} };
		return unaccepted(value, allowed, [], { id, document, otelcol, ...releases }).map((found) =>
			isKnown || found.rule === "not-read" ? found : { ...found, severity: "warning" as const, fix: ASK_PROGRAM },
		);
	});
}

/** What the collector reports about itself. */
const TELEMETRY: readonly (readonly string[])[] = [[], ["logs"], ["metrics"], ["traces"]].map((more) => [
	"service",
	"telemetry",
	...more,
]);

/** Types of components whose settings are not in our tables: what stands in them was not looked at. */
export function typesWithoutFields({ components }: ConfigModel): string[] {
	return components
		.filter(({ section, type }) => ownEntry(fields, `${section}/${type}`) === undefined)
		.map(({ type }) => type);
}

interface Owner {
	readonly id: string;
	readonly document: Document;
	readonly since: Readonly<Record<string, string>>;
	readonly until: Readonly<Record<string, string>>;
	readonly otelcol: Version;
}

/** Keys, and values of a wrong type, below a node. Null is a default everywhere. */
function unaccepted(
	written: Node | null | undefined,
	allowed: Fields,
	path: readonly string[],
	owner: Owner,
): ConfigFinding[] {
	const node = isAlias(written) ? written.resolve(owner.document) : written;
	if (!node || (isScalar(node) && node.value === null)) return [];
	const at = node.range?.[0] ?? 0;
	const place = [shown(owner.id), ...(path.length > 0 ? [shown(path.join("."))] : [])].join(" ");
	if (typeof allowed === "string") {
		if (["headers", "object"].includes(allowed) && isElsewhere(node)) return [notRead(at, place)];
		if (allowed === "headers") return wrongHeaders(node, place, owner.document);
		const wanted = wrongType(node, allowed);
		return wanted ? [{ rule: "wrong-type", at, what: `${place} is not ${wanted}` }] : [];
	}
	if (isElsewhere(node)) return [notRead(at, place)];
	if (Array.isArray(allowed)) {
		// One text stands for a list of texts.
		const [item] = allowed as readonly Fields[];
		if (isMap(node)) return [{ rule: "wrong-type", at, what: `${place} is not a list` }];
		return isSeq(node) && item !== undefined
			? (node.items as Node[]).flatMap((each) => unaccepted(each, item, path, owner))
			: [];
	}
	if (!isMap(node)) return [{ rule: "wrong-type", at, what: `${place} is not a map of settings` }];
	const known = allowed as Readonly<Record<string, Fields>>;
	return mergedEntries(owner.document, node).flatMap((pair) => {
		const found = unknownKey(pair, known, path, owner);
		const inner = ownEntry(known, keyOf(pair) ?? "");
		return found ?? (inner === undefined ? [] : unaccepted(pair.value, inner, [...path, keyOf(pair) ?? ""], owner));
	});
}

/** The finding about a key that this release does not have. */
function unknownKey(
	pair: Pair<Node, Node | null>,
	known: Readonly<Record<string, Fields>>,
	path: readonly string[],
	owner: Owner,
): ConfigFinding[] | undefined {
	const key = keyOf(pair) ?? "?";
	const here = [...path, key].join(".");
	const found = (what: string, fix?: string): ConfigFinding[] => [
		{ rule: "unknown-field", at: pair.key.range?.[0] ?? 0, what: `${shown(owner.id)} ${what}`, fix },
	];
	if (ownEntry(known, key) === undefined) {
		const meant = nearest(key, Object.keys(known));
		return found(`has no setting ${shown(here)}`, meant && `Did you mean ${meant}?`);
	}
	const first = ownEntry(owner.since, here);
	if (first && !isAtLeast(owner.otelcol, first)) return found(`supports ${here} only since otelcol ${first}`);
	const last = ownEntry(owner.until, here);
	return last && isAtLeast(owner.otelcol, last) ? found(`no longer supports ${here} since otelcol ${last}`) : undefined;
}

/** A number as YAML 1.1 writes it, which the collector reads: 65_536, 0b11, 0o17. */
function isOlderNumber({ type, value }: Scalar): boolean {
	return type === Scalar.PLAIN && /^[-+]?(\d[\d_]*|0[xob][\da-f_]+)$/i.test(String(value));
}

/** Headers, as a map or as a list of names and values, that are no texts: the decoder makes none of a number. */
function wrongHeaders(node: Node, place: string, document: Document): ConfigFinding[] {
	const wrong = (at: Node, what: string): ConfigFinding => ({ rule: "wrong-type", at: at.range?.[0] ?? 0, what });
	if (!isMap(node) && !isSeq(node)) return [wrong(node, `${place} is not a map of headers`)];
	const values: readonly (readonly [string, unknown])[] = isMap(node)
		? mergedEntries(document, node).map((pair) => [keyOf(pair) ?? "?", pair.value])
		: node.items.flatMap((item) => {
				const entry = isAlias(item) ? item.resolve(document) : item;
				return isMap(entry) ? [[String(entry.get("name") ?? "?"), entry.get("value", true)] as const] : [];
			});
	return values.flatMap(([name, written]) => {
		const value = isAlias(written) ? written.resolve(document) : (written as Node | null | undefined);
		if (!value || (isScalar(value) && ["string", "object"].includes(typeof value.value))) return [];
		return [wrong(value, `${place} ${shown(name)} is not a text: put a number or true in quotes`)];
	});
}

/** Types of which the decoder makes none of a number or a boolean. Measured on otelcol 0.155.0. */
const TEXTS: ReadonlySet<string> = new Set(["string", "enum", "secret", "component_id"]);

/** What a setting has to be, if a node is not that; measured: the decoder makes no boolean or number of a text in quotes, nor of yes and no. */
function wrongType(node: Node, type: string): string | undefined {
	if (type === "object" || isElsewhere(node)) return undefined;
	if (!isScalar(node)) return "a single value";
	const [name = "", values = ""] = type.split(":", 2);
	// A directive %YAML 1.1 makes yes a boolean to our parser, and not to the collector's.
	if (name === "bool")
		return typeof node.value === "boolean" && /^(true|false)$/i.test(node.source ?? "")
			? undefined
			: "true or false, without quotes";
	if (name === "duration")
		return typeof node.value === "string" && goDurationMs(node.value) === undefined
			? "a duration such as 90s or 1h30m (units: ms, s, m, h)"
			: undefined;
	if (name === "int" || name === "float")
		return typeof node.value === "number" || isOlderNumber(node) ? undefined : "a number, without quotes";
	if (TEXTS.has(name)) {
		if (typeof node.value !== "string" || isOlderNumber(node)) return "a text: put a number, true or false in quotes";
	}
	// Levels may be written in capitals, and as numbers.
	const isLevel = name === "level";
	const text = isLevel ? String(node.value).toLowerCase() : node.value;
	const isOther =
		(name === "enum" ? typeof node.value === "string" : isLevel && typeof node.value !== "number") &&
		!values.split("|").includes(`${text}`);
	return isOther ? `one of ${values.split("|").filter(Boolean).join(", ")}` : undefined;
}
