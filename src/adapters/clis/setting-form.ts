/** What the values of a settings file have to be, for a CLI that does not start with others. */

/** `strings` is a table of them, a `whole` number is 0 or more, a `count` 1 or more, a `positive` text begins neither with 0 nor with a sign. */
export type SettingKind =
	| "string"
	| "positive"
	| "number"
	| "whole"
	| "count"
	| "boolean"
	| "list"
	| "object"
	| "strings";

/** One of some words, or a value of a kind that is named in braces, such as `{object}`. */
export type SettingWords = readonly string[];

/** By pointer (RFC 6901). */
export type SettingKinds = Readonly<Record<string, SettingKind | SettingWords>>;

/** A setting that is one of some words, or a table with exactly one table in it, of which each needs some texts. */
export interface SettingForm {
	readonly pointer: string;
	readonly words: readonly string[];
	/** By name: the keys that it needs, each with the words that it may be; with none it may be any text. */
	readonly variants: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** The kind of a value as a parser of JSON or TOML gives it: a date is a text for those who ask for one, a whole number of TOML a bigint. */
export function settingKind(value: unknown): Exclude<SettingKind, "strings" | "positive" | "whole" | "count"> | "null" {
	if (value === null || value === undefined) return "null";
	if (Array.isArray(value)) return "list";
	if (value instanceof Date) return "string";
	const kind = typeof value === "bigint" ? "number" : typeof value;
	return kind === "string" || kind === "number" || kind === "boolean" ? kind : "object";
}

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
	if (kind === "positive")
		return typeof value === "string" && /^[^-0]/.test(value) ? undefined : "must be above 0, as text";
	if (kind !== "strings") return settingKind(value) === kind ? undefined : `must be of type ${kind}`;
	if (settingKind(value) !== "object") return "must be of type object";
	const isText = Object.values(value as object).every((each) => settingKind(each) === "string");
	return isText ? undefined : "must hold strings only";
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
