import type { Scalar } from "yaml";
import { CrossfadeError } from "../../base/errors.ts";
import { lineStart } from "./edit.ts";

/** The text of a literal block scalar, without its indentation, and how to put it back. */
export interface BlockText {
	readonly text: string;
	/** The file's line number of the text's first line, from 1. */
	readonly firstLine: number;
	/** The indentation of its lines in the file. */
	readonly margin: number;
	/** The complete file with another text in the block. */
	readonly put: (text: string) => string;
}

/** Extracts the text of a block scalar; undefined if it could not be put back byte for byte. */
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

/** A block's indentation: from its header, relative to its parent, or from its first line of text. */
function marginOf(header: string, first: string, file: string, start: number): number {
	const said = /^\|[+-]?([1-9])/.exec(header)?.[1];
	if (said === undefined) return first.length - first.trimStart().length;
	const parent = /^ */.exec(file.slice(lineStart(file, start)))?.[0].length ?? 0;
	return parent + Number(said);
}

/** An error about a block of text, with positions in the file. */
export function inFile(error: CrossfadeError, { firstLine, margin }: BlockText): CrossfadeError {
	const problems = error.problems.map((problem) => {
		const { file = "", line, column } = problem.where ?? {};
		if (line === undefined || column === undefined) return problem;
		return { ...problem, where: { file, line: line + firstLine - 1, column: column + margin } };
	});
	return new CrossfadeError(error.exit, problems, { cause: error });
}
