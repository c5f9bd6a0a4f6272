import type { Problem } from "../base/errors.ts";
import { couldBeToken, looksRandom } from "../base/mask.ts";
import type { Flags } from "./flags.ts";

/**
 * What is wrong with values of options that name files: one that looks like a token was meant for another option, and would end up as the
 * name of a file. `options` maps the options' names to their flags. A value with a folder in front is a path, whatever it looks like.
 */
export function fileNameProblems(flags: Flags, options: Readonly<Record<string, string>>): Problem[] {
	return Object.entries(options).flatMap(([name, flag]) => {
		const values = [flags[name]].flat().filter((value) => typeof value === "string");
		return values.filter(couldBeMisplaced).map(({ length }) => ({
			what: "this looks like a token and not like the name of a file",
			expected: "a path",
			got: `${length} characters`,
			where: { file: flag },
			fix: "a token is never an argument; if it really is a name, write ./ in front of it",
		}));
	});
}

function couldBeMisplaced(value: string): boolean {
	if (/[/\\]/.test(value)) return false;
	const words = value.match(/[A-Za-z0-9_~+=-]{20,}/g) ?? [];
	return words.some((word) => couldBeToken(word) && looksRandom(word));
}
