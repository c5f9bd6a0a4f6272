import type { Problem } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { choiceProblem } from "../base/suggest.ts";

/** Flags from the command line. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** Reads flags and collects their problems, to report them all at once. */
export interface FlagReader {
	readonly problems: Problem[];
	text(name: string): string | undefined;
	/** The values of a repeatable flag, in order. */
	all(name: string): readonly string[];
	isSet(name: string): boolean;
	/** One of a few words; any other is a problem, and returns undefined. */
	choice<T extends string>(value: string | undefined, choices: readonly T[], flag: string, what: string): T | undefined;
	/** Adds a problem with a flag. */
	wrong(flag: string, problem: Omit<Problem, "where">): void;
}

export function readFlags(flags: Flags): FlagReader {
	const problems: Problem[] = [];
	return {
		problems,
		text: (name) => {
			const value = ownEntry(flags, name);
			return typeof value === "string" ? value : undefined;
		},
		all: (name) => {
			const values = ownEntry(flags, name);
			return Array.isArray(values) ? values : [];
		},
		isSet: (name) => ownEntry(flags, name) === true,
		choice(value, choices, flag, what) {
			const found = choices.find((each) => each === value);
			if (value !== undefined && found === undefined) problems.push(choiceProblem(what, value, choices, flag));
			return found;
		},
		wrong: (flag, problem) => problems.push({ ...problem, where: { file: flag } }),
	};
}
