import type { Scalar } from "yaml";
import { CrossfadeError } from "../../base/errors.ts";
import { lineStart } from "./edit.ts";

/** The text inside a literal block scalar, without its indentation, and the way back. */
export interface BlockText {
	readonly text: string;
	/** The line of the file that the first line of the text stands on, from 1. */
	readonly firstLine: number;
	/** Blanks in front of every line of it in the file. */
	readonly margin: number;
	/** The whole file with another text in the block. */
	readonly put: (text: string) => string;
}

/** Takes the text out of a block scalar; undefined where it could not be put back byte for byte. */
export function blockText(file: string, scalar: Scalar): BlockText | undefined {
	const [start, end] = [scalar.range?.[0] ?? 0, scalar.range?.[1] ?? 0];
	const head = file.indexOf("\n", start) + 1;
	if (head === 0 || head > end) return undefined;
	const body = file.slice(head, end);
	const lines = body.split("\n");
	const first = lines.find((line) => line.trim() !== "");
	if (first === undefined) return undefined;
	const margin = marginOf(file.slice(start, head), first, file, start);
	const blanks = " ".repeat(margin);
	const indent = (text: string) =>
		text
			.split("\n")
			.map((line) => (line === "" || line === "\r" ? line : blanks + line))
			.join("\n");
	const text = lines
		.map((line) => (line.startsWith(blanks) ? line.slice(margin) : line.replace(/^ +(?=\r?$)/, "")))
		.join("\n");
	if (indent(text) !== body) return undefined;
	return {
		text,
		firstLine: file.slice(0, head).split("\n").length,
		margin,
		put: (changed) => file.slice(0, head) + indent(changed) + file.slice(end),
	};
}

/** The indentation of a block: what its header says, counted from its parent, or that of its first line of text. */
function marginOf(header: string, first: string, file: string, start: number): number {
	const said = /^\|[+-]?([1-9])/.exec(header)?.[1];
	if (said === undefined) return first.length - first.trimStart().length;
	const parent = /^ */.exec(file.slice(lineStart(file, start)))?.[0].length ?? 0;
	return parent + Number(said);
}

/** An error about a block of text, with the positions in the file around it. */
export function inFile(error: CrossfadeError, { firstLine, margin }: BlockText): CrossfadeError {
	const problems = error.problems.map((problem) => {
		const { file = "", line, column } = problem.where ?? {};
		if (line === undefined || column === undefined) return problem;
		return { ...problem, where: { file, line: line + firstLine - 1, column: column + margin } };
	});
	return new CrossfadeError(error.exit, problems, { cause: error });
}
