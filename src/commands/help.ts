import { nearest } from "../base/suggest.ts";
import type { Command, OptionSpec } from "./command.ts";

/** Joins the lines of each paragraph, so that it is wrapped only once, to the terminal. */
export function unwrap(text: string): string {
	return text
		.split(/\n{2,}/)
		.map((paragraph) => (/^\s/m.test(paragraph) ? paragraph : paragraph.replaceAll("\n", " ")))
		.join("\n\n");
}

/** A command's examples: with the explanation at the end of the line, or above it if the line would exceed the terminal. */
export function examplesText({ examples }: Pick<Command, "examples">, width: number): string {
	const longest = Math.max(...examples.map(([line]) => line.length));
	const fits = examples.every(([, what]) => 2 + longest + 4 + what.length <= width);
	const rows = examples.map(([line, what]) =>
		fits ? `  ${line.padEnd(longest)}  # ${what}\n` : `  # ${what}\n  ${line}\n`,
	);
	return `\nExamples:\n${rows.join(fits ? "" : "\n")}`;
}

/** The option closest to a mistyped one: `--dist` for `--distribution`, `--jsn` for `--json`. */
export function nearestOption(typed: string, options: readonly Pick<OptionSpec, "flags">[]): string | undefined {
	const names = options.flatMap(({ flags }) => flags.match(/--[a-z][a-z-]*/g) ?? []);
	const meant = nearest(
		typed.replace(/^-+/, ""),
		[...new Set(names)].map((name) => name.slice(2)),
	);
	return meant === undefined ? undefined : `--${meant}`;
}
