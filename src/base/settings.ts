import { durationMs } from "./duration.ts";
import type { Problem } from "./errors.ts";
import { ownEntry } from "./lookup.ts";
import { shown } from "./mask.ts";
import { choiceProblem } from "./suggest.ts";

/** A setting of a provider or a fault. */
export interface SettingRule<V> {
	/** A few words for the help. */
	readonly what: string;
	readonly expected: string;
	/** The default, as written. */
	readonly standard: string;
	/** Undefined if the text is not a valid value. */
	parse(text: string): V | undefined;
}

export type SettingTable = Readonly<Record<string, SettingRule<unknown>>>;

export type Values<T extends SettingTable> = {
	readonly [K in keyof T]: T[K] extends SettingRule<infer V> ? V : never;
};

/** A duration in milliseconds, at least `least`. */
export function timeSetting(standard: string, what: string, least = "0s"): SettingRule<number> {
	const atLeast = durationMs(least) ?? 0;
	return {
		what,
		standard,
		expected: atLeast === 0 ? "a duration such as 30s or 24h" : `a duration of at least ${least}`,
		parse(text) {
			const value = durationMs(text);
			return value !== undefined && value >= atLeast && value <= MAX_TIME_MS ? value : undefined;
		},
	};
}

/** A hundred years, the longest duration accepted. */
const MAX_TIME_MS = 100 * 365 * 86_400_000;

/** A duration, or a word for none: Infinity. */
export function timeOrWordSetting(word: string, standard: string, what: string): SettingRule<number> {
	const plain = timeSetting(standard, what);
	return {
		...plain,
		expected: `${plain.expected}, or ${word}`,
		parse: (text) => (text === word ? Number.POSITIVE_INFINITY : plain.parse(text)),
	};
}

/** A duration that may be negative. */
export function offsetSetting(standard: string, what: string): SettingRule<number> {
	const plain = timeSetting(standard, what);
	return {
		...plain,
		expected: "a duration such as 5m or -5m",
		parse(text) {
			const size = plain.parse(text.replace(/^-/, ""));
			return size !== undefined && text.startsWith("-") ? -size : size;
		},
	};
}

/** A whole number from `least` to `most`. */
export function wholeNumberSetting(
	standard: string,
	what: string,
	least = 0,
	most = 1_000_000_000,
): SettingRule<number> {
	return {
		what,
		standard,
		expected: `a whole number from ${least} to ${most}`,
		parse(text) {
			const value = Number(text);
			return /^\d{1,10}$/.test(text) && value >= least && value <= most ? value : undefined;
		},
	};
}

/** A whole number, or a word for none: Infinity, because undefined means invalid. */
export function wholeNumberOrWordSetting(word: string, standard: string, what: string, least = 0): SettingRule<number> {
	const plain = wholeNumberSetting(standard, what, least);
	return {
		...plain,
		expected: `${plain.expected}, or ${word}`,
		parse: (text) => (text === word ? Number.POSITIVE_INFINITY : plain.parse(text)),
	};
}

/** One of the keys of a table, with its value. */
export function choiceSetting<V>(standard: string, what: string, values: Readonly<Record<string, V>>): SettingRule<V> {
	return {
		what,
		standard,
		expected: `one of ${Object.keys(values).join(", ")}`,
		parse: (text) => ownEntry(values, text),
	};
}

/** Comma-separated words; none for an empty text. */
export function wordsSetting(standard: string, what: string): SettingRule<readonly string[]> {
	return {
		what,
		standard,
		expected: "comma-separated words of letters, digits and ._:-",
		parse: (text) =>
			/^([\w.:-]+(,[\w.:-]+)*)?$/.test(text) ? text.split(",").filter((word) => word !== "") : undefined,
	};
}

/** The values of all settings, from texts by name and defaults for the rest; reports problems to `wrong`, with their flag. */
export function readSettings<T extends SettingTable>(
	table: T,
	given: Readonly<Record<string, string>>,
	flagOf: (name: string) => string,
	wrong: (problem: Problem) => void,
): Values<T> {
	const names = Object.keys(table);
	for (const name of Object.keys(given)) {
		if (!Object.hasOwn(table, name)) wrong(choiceProblem("setting", name, names, flagOf(name)));
	}
	const entries = Object.entries(table).map(([name, setting]) => {
		const text = ownEntry(given, name);
		const value = setting.parse(text ?? setting.standard);
		if (value === undefined && text !== undefined) {
			wrong({
				what: `invalid value for ${name}`,
				expected: setting.expected,
				got: shown(text),
				where: { file: flagOf(name) },
				fix: `write it like ${name}=${setting.standard}`,
			});
		}
		return [name, value];
	});
	return Object.fromEntries(entries);
}
