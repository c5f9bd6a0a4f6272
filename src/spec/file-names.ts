import type { Problem } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { couldBeToken, looksRandom } from "../base/mask.ts";
import type { Flags } from "./flags.ts";

/**
 * Problems with options that take file names: a value that looks like a token was meant for another option, and would become the
 * name of a file. `options` maps option names to flags. A value with a folder is always taken as a path.
 */
export function fileNameProblems(flags: Flags, options: Readonly<Record<string, string>>): Problem[] {
	return Object.entries(options).flatMap(([name, flag]) => {
		const values = [ownEntry(flags, name)].flat().filter((value) => typeof value === "string");
		return values.filter(couldBeMisplaced).map(({ length }) => ({
			what: "this looks like a token, not a file name",
			expected: "a path",
			got: `${length} characters`,
			where: { file: flag },
			fix: "never pass a token as an argument; if this is a file name, prefix it with ./",
		}));
	});
}

function couldBeMisplaced(value: string): boolean {
	if (/[/\\]/.test(value)) return false;
	const words = value.match(/[A-Za-z0-9_~+=-]{20,}/g) ?? [];
	return words.some((word) => couldBeToken(word) && looksRandom(word));
}
