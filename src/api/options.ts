import type { Flags } from "../spec/flags.ts";

/** Options as flags of the command line, which are checked in one place: lists are joined by commas, what is not given is left out. */
export function flagsOf(options: object): Flags {
	return Object.fromEntries(
		Object.entries(options)
			.filter(([, value]) => value !== undefined)
			.map(([name, value]) => [name, Array.isArray(value) ? value.join(",") : (value as string | boolean)]),
	);
}
