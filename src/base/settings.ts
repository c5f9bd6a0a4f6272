import { durationMs } from "./duration.ts";
import type { Problem } from "./errors.ts";
import { shown } from "./mask.ts";
import { choiceProblem } from "./suggest.ts";

/** One thing that can be set about a provider or a fault. */
export interface SettingRule<V> {
	/** What it decides, a few words for the help. */
	readonly what: string;
	readonly expected: string;
	/** The value it has when nobody sets it, as it would be written. */
	readonly standard: string;
	/** Undefined when the text is no value. */
	parse(text: string): V | undefined;
}

export type SettingTable = Readonly<Record<string, SettingRule<unknown>>>;

export type Values<T extends SettingTable> = {
	readonly [K in keyof T]: T[K] extends SettingRule<infer V> ? V : never;
};

/** A time in milliseconds, at least `least` of them. */
export function timeSetting(standard: string, what: string, least = "0s"): SettingRule<number> {
	const atLeast = durationMs(least) ?? 0;
	return {
		what,
		standard,
		expected: atLeast === 0 ? "a time such as 30s or 24h" : `a time of at least ${least}`,
		parse(text) {
			const value = durationMs(text);
			return value !== undefined && value >= atLeast && value <= MAX_TIME_MS ? value : undefined;
		},
	};
}

/** A hundred years: what is further away is no date any more. */
const MAX_TIME_MS = 100 * 365 * 86_400_000;

/** A time, or a word for none: then Infinity. */
export function timeOrWordSetting(word: string, standard: string, what: string): SettingRule<number> {
	const plain = timeSetting(standard, what);
	return {
		...plain,
		expected: `${plain.expected}, or ${word}`,
		parse: (text) => (text === word ? Number.POSITIVE_INFINITY : plain.parse(text)),
	};
}

/** A time that may have a minus before it. */
export function offsetSetting(standard: string, what: string): SettingRule<number> {
	const plain = timeSetting(standard, what);
	return {
		...plain,
		expected: "a time such as 5m or -5m",
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

/** A whole number, or a word for none: then undefined would mean wrong, so it is Infinity. */
export function wholeNumberOrWordSetting(word: string, standard: string, what: string, least = 0): SettingRule<number> {
	const plain = wholeNumberSetting(standard, what, least);
	return {
		...plain,
		expected: `${plain.expected}, or ${word}`,
		parse: (text) => (text === word ? Number.POSITIVE_INFINITY : plain.parse(text)),
	};
}

/** One of the words of a table, which says what each means. */
export function choiceSetting<V>(standard: string, what: string, values: Readonly<Record<string, V>>): SettingRule<V> {
	return {
		what,
		standard,
		expected: `one of ${Object.keys(values).join(", ")}`,
		parse: (text) => (Object.hasOwn(values, text) ? values[text] : undefined),
	};
}

/** Words with commas between them; none at all for an empty text. */
export function wordsSetting(standard: string, what: string): SettingRule<readonly string[]> {
	return {
		what,
		standard,
		expected: "words of letters, digits and ._:- with commas between them",
		parse: (text) =>
			/^([\w.:-]+(,[\w.:-]+)*)?$/.test(text) ? text.split(",").filter((word) => word !== "") : undefined,
	};
}

/** The values of a whole table, from texts by name and standards for the rest; all that is wrong goes to `wrong`, with the flag it came from. */
export function readSettings<T extends SettingTable>(
	table: T,
	given: Readonly<Record<string, string>>,
	flagOf: (name: string) => string,
	wrong: (problem: Problem) => void,
): Values<T> {
	const names = Object.keys(table);
	for (const name of Object.keys(given)) {
		if (!Object.hasOwn(table, name)) wrong(choiceProblem("this setting", name, names, flagOf(name)));
	}
	const entries = Object.entries(table).map(([name, setting]) => {
		const text = given[name];
		const value = setting.parse(text ?? setting.standard);
		if (value === undefined && text !== undefined) {
			wrong({
				what: `the value of ${name} is wrong`,
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
