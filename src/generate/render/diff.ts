import { createTwoFilesPatch } from "diff";
import { painter, type Style } from "../../base/paint.ts";

/** A unified diff as `diff -u` prints it, in colour if requested. */
export function renderDiff(file: string, before: string, after: string, color: boolean): string {
	const name = file.replace(/[\r\n\t]/g, "?");
	const patch = createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, "", "", { context: 3 });
	const body = patch.slice(patch.indexOf("--- "));
	const paint = painter(color);
	return body
		.split("\n")
		.map((line) => paint(line, ...styles(line)))
		.join("\n");
}

/** By how a line begins; the first that fits counts. */
const STYLES: readonly (readonly [begin: string, style: Style])[] = [
	["+++", "bold"],
	["---", "bold"],
	["@@", "cyan"],
	["+", "green"],
	["-", "red"],
];

function styles(line: string): Style[] {
	const found = STYLES.find(([begin]) => line.startsWith(begin));
	return found ? [found[1]] : [];
}
