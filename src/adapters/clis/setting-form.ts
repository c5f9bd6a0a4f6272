/** What the values of a settings file have to be, for a CLI that does not start with others. */

/**
 * `strings` is a table of them, `texts` a list, an `int` is written as one, a `whole` number is 0 or more, a `count` 1 or more, a `small` one 0 to
 * 59999 without an exponent, a `positive` text holds digits alone and does not begin with 0, with `nothing` the key must not be there, `^a^b` is a
 * table that has either of them, and `&a&b` one that has both.
 */
export type PlainKind =
	| "string"
	| "positive"
	| "number"
	| "int"
	| "whole"
	| "count"
	| "small"
	| "boolean"
	| "list"
	| "texts"
	| "object"
	| "strings"
	| "nothing";
export type SettingKind = PlainKind | `^${string}` | `&${string}`;

/** One of some words, a value of a kind that is named in braces, such as `{object}`, or, for the scripts alone, a name in a table, such as `{/tables}`. */
export type SettingWords = readonly string[];

/** By pointer (RFC 6901). A star in it stands for any name, or number of an item, for which there is no row of its own. */
export type SettingKinds = Readonly<Record<string, SettingKind | SettingWords>>;

/** A setting that is one of some words, or a table with exactly one table in it, of which each needs some texts. */
export interface SettingForm {
	readonly pointer: string;
	readonly words: readonly string[];
	/** By name: the keys that it needs, each with the words that it may be; with none it may be any text. */
	readonly variants: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** The kind of a value as a parser of JSON or TOML gives it: a date is a text for those who ask for one, a whole number of TOML a bigint. */
export function settingKind(value: unknown): "string" | "number" | "boolean" | "list" | "object" | "null" {
	if (value === null || value === undefined) return "null";
	if (Array.isArray(value)) return "list";
	if (value instanceof Date) return "string";
	const kind = typeof value === "bigint" ? "number" : typeof value;
	return kind === "string" || kind === "number" || kind === "boolean" ? kind : "object";
}

/** A number above 0 as digits alone: readers differ on all other forms, such as " 0", "0x10" and "5s". */
export const POSITIVE = /^[1-9][0-9]*$/;

/** Why a value is not of a kind, to follow the name of its setting; undefined if it is. */
export function unlike(value: unknown, kind: SettingKind | SettingWords): string | undefined {
	if (typeof kind !== "string") {
		const isTaken = kind.some((each) =>
			each.startsWith("{") ? typeof value !== "string" && each === `{${settingKind(value)}}` : each === value,
		);
		const allowed = kind.map((each) => each.replace("{object}", "a table").replace(/^\{(.*)\}$/, "a $1"));
		return isTaken ? undefined : `must be ${allowed.join(", ")}`;
	}
	if (kind === "whole" || kind === "count") {
		const least = kind === "whole" ? 0 : 1;
		const isWhole = typeof value === "bigint" || Number.isInteger(value);
		return isWhole && Number(value) >= least ? undefined : `must be a whole number, ${least} or more`;
	}
	if (kind === "nothing") return "must not be set";
	if (kind === "int") return typeof value === "bigint" ? undefined : "must be a whole number";
	if (kind === "positive")
		return typeof value === "string" && POSITIVE.test(value) ? undefined : "must be above 0, as digits in a text";
	if (kind === "small")
		return Number(value) >= 0 && Number(value) < 60_000 ? undefined : "must be a number from 0 to 59999";
	if (/^[&^]/.test(kind)) return unlikeTable(value, kind);
	if (kind !== "strings" && kind !== "texts")
		return settingKind(value) === kind ? undefined : `must be of type ${kind}`;
	const container = kind === "texts" ? "list" : "object";
	if (settingKind(value) !== container) return `must be of type ${container}`;
	const isText = Object.values(value as object).every((each) => settingKind(each) === "string");
	return isText ? undefined : "must hold strings only";
}

/** The same for the kinds that name the keys of a table. */
function unlikeTable(value: unknown, kind: string): string | undefined {
	const [isAll, names] = [kind.startsWith("&"), kind.slice(1).split(kind.slice(0, 1))];
	const has = settingKind(value) === "object" && names.filter((name) => Object.hasOwn(value as object, name)).length;
	if (has === (isAll ? names.length : 1)) return undefined;
	return `must be a table with ${names.length > 1 && !isAll ? "one of " : ""}${names.join(", ")}`;
}

/** Why a value is not of a form, to follow the name of its setting; undefined if it is. */
export function misform(value: unknown, { words, variants }: SettingForm): string | undefined {
	if (typeof value === "string" && words.includes(value)) return undefined;
	if (settingKind(value) !== "object") return `must be ${words[0]} or one table`;
	const inside = Object.entries(value as object);
	const [[name, table] = ["", undefined], ...others] = inside;
	if (inside.length === 0 || others.length > 0) return "must have one variant";
	const needs = Object.entries(variants).find(([known]) => known === name)?.[1];
	if (!needs) return "has an unknown variant";
	const own = settingKind(table) === "object" ? Object.entries(table as object) : [];
	for (const [key, allowed] of Object.entries(needs)) {
		const text: unknown = own.find(([each]) => each === key)?.[1];
		const isFit = settingKind(text) === "string" && (allowed.length === 0 || allowed.includes(String(text)));
		if (!isFit) return `needs the ${key} ${allowed.join(" or ")}`.trimEnd();
	}
	return undefined;
}
