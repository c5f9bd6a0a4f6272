import { nearest } from "../base/suggest.ts";
import type { Command, OptionSpec } from "./command.ts";

/** Paragraphs that were broken into lines in the source, one line each again: whoever prints them wraps them once, to the terminal. */
export function unwrap(text: string): string {
	return text
		.split(/\n{2,}/)
		.map((paragraph) => (/^\s/m.test(paragraph) ? paragraph : paragraph.replaceAll("\n", " ")))
		.join("\n\n");
}

/** The examples of a command: what each does beside it, or above it where a line would be longer than the terminal. */
export function examplesText({ examples }: Pick<Command, "examples">, width: number): string {
	const longest = Math.max(...examples.map(([line]) => line.length));
	const fits = examples.every(([, what]) => 2 + longest + 4 + what.length <= width);
	const rows = examples.map(([line, what]) =>
		fits ? `  ${line.padEnd(longest)}  # ${what}\n` : `  # ${what}\n  ${line}\n`,
	);
	return `\nExamples:\n${rows.join(fits ? "" : "\n")}`;
}

/** The option that a mistyped one most likely meant: `--dist` is the start of `--distribution`, `--jsn` is near `--json`. */
export function nearestOption(typed: string, options: readonly Pick<OptionSpec, "flags">[]): string | undefined {
	const names = options.flatMap(({ flags }) => flags.match(/--[a-z][a-z-]*/g) ?? []);
	const meant = nearest(
		typed.replace(/^-+/, ""),
		[...new Set(names)].map((name) => name.slice(2)),
	);
	return meant === undefined ? undefined : `--${meant}`;
}
