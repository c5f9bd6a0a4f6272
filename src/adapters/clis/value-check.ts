import { ownEntry } from "../../base/lookup.ts";
import { shown } from "../../base/mask.ts";
import { type SettingKind, type SettingWords, unlike } from "./setting-form.ts";

/** Why a value keeps a CLI from starting, with the name of its setting; undefined if it does not. */
export type ValueCheck = (value: unknown, name: string) => string | undefined;
export type ValueChecks = Readonly<Record<string, ValueCheck>>;

export const kind =
	(wanted: SettingKind | SettingWords): ValueCheck =>
	(value, name) => {
		const why = unlike(value, wanted);
		return why === undefined ? undefined : `${name} ${why}`;
	};
export const [text, flag, object, texts] = [kind("string"), kind("boolean"), kind("object"), kind("strings")];

/** A switch that is off, where it is known what comes of that alone. */
export const off =
	(otherwise: string): ValueCheck =>
	(value, name) =>
		value === false ? undefined : `${name} ${otherwise}`;

export const number =
	(least: number, most = Number.POSITIVE_INFINITY): ValueCheck =>
	(value, name) => {
		const isNumber = typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value));
		if (isNumber && value >= least && value <= most) return undefined;
		if (least === Number.NEGATIVE_INFINITY) return `${name} must be ${isNumber ? `at most ${most}` : "of type number"}`;
		return `${name} must be ${most === Number.POSITIVE_INFINITY ? `${least} or more` : `${least} to ${most}`}`;
	};

/** A whole number of a JSON file, however it is written. */
export const round =
	(least = Number.NEGATIVE_INFINITY, most?: number): ValueCheck =>
	(value, name) =>
		Number.isInteger(value) ? number(least, most)(value, name) : `${name} must be a whole number`;

/** A whole number of a TOML file, written as one: without a point and an exponent. */
export const whole =
	(least = Number.NEGATIVE_INFINITY, most?: number): ValueCheck =>
	(value, name) =>
		typeof value === "bigint" ? number(least, most)(value, name) : `${name} must be a whole number`;

export const word =
	(...words: readonly string[]): ValueCheck =>
	(value, name) =>
		typeof value === "string" && words.includes(value) ? undefined : `${name} must be ${words.join(", ")}`;

export const list =
	(each: ValueCheck): ValueCheck =>
	(value, name) =>
		Array.isArray(value) ? first(value.map((one) => each(one, `each of ${name}`))) : kind("list")(value, name);

/** The rows for its keys; `others` for all that have none. */
export const table =
	(rows: ValueChecks, others: ValueCheck = () => undefined): ValueCheck =>
	(value, name) =>
		object(value, name) ??
		first(
			Object.entries(value as object).map(([key, one]) =>
				(ownEntry(rows, key) ?? others)(one, `${name}.${shown(key, 60)}`),
			),
		);

/** The rows for the keys of a table; what is none is not looked at. */
export const inside =
	(rows: ValueChecks): ValueCheck =>
	(value, name) =>
		object(value, name) === undefined ? table(rows)(value, name) : undefined;

/** The first value of a whole file that its row refuses, in words. */
export const refusedBy =
	(rows: ValueChecks) =>
	(document: Readonly<Record<string, unknown>>): string | undefined =>
		first(Object.entries(document).map(([key, value]) => ownEntry(rows, key)?.(value, key)));

export const either =
	(...checks: readonly ValueCheck[]): ValueCheck =>
	(value, name) => {
		const found = checks.map((check) => check(value, name));
		return found.includes(undefined) ? undefined : found[0];
	};

/** The first reason of several; a later check may rely on the earlier ones. */
export const all =
	(...checks: readonly ValueCheck[]): ValueCheck =>
	(value, name) =>
		checks.reduce<string | undefined>((why, check) => why ?? check(value, name), undefined);

export const has =
	(what: string, test: (keys: readonly string[]) => boolean): ValueCheck =>
	(value, name) =>
		test(Object.keys(value as object)) ? undefined : `${name} ${what}`;

export function first(found: readonly (string | undefined)[]): string | undefined {
	return found.find((why) => why !== undefined);
}
