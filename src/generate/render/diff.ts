import { createTwoFilesPatch } from "diff";

/** A unified diff as `diff -u` prints it, in colour where that is wanted. */
export function renderDiff(file: string, before: string, after: string, color: boolean): string {
	const name = file.replace(/[\r\n\t]/g, "?");
	const patch = createTwoFilesPatch(`a/${name}`, `b/${name}`, before, after, "", "", { context: 3 });
	const body = patch.slice(patch.indexOf("--- "));
	return color ? body.split("\n").map(painted).join("\n") : body;
}

function painted(line: string): string {
	if (line.startsWith("+++") || line.startsWith("---")) return `\u001b[1m${line}\u001b[0m`;
	if (line.startsWith("@@")) return `\u001b[36m${line}\u001b[0m`;
	if (line.startsWith("+")) return `\u001b[32m${line}\u001b[0m`;
	return line.startsWith("-") ? `\u001b[31m${line}\u001b[0m` : line;
}
