/** An edit: at an offset, delete a number of UTF-16 units and insert a text. */
export interface Edit {
	readonly at: number;
	readonly remove: number;
	readonly insert: string;
	/** Column of inserted lines. At the same place, deeper lines come first. */
	readonly column?: number;
}

/** Applies edits computed on the same text. At the same place deeper lines come first, otherwise in the given order. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
	const ordered = [...edits].sort((a, b) => a.at - b.at || (b.column ?? 0) - (a.column ?? 0));
	let result = "";
	let done = 0;
	for (const { at, remove, insert } of ordered) {
		if (at < done) throw new RangeError(`overlapping edits at ${at}`);
		result += text.slice(done, at) + insert;
		done = at + remove;
	}
	return result + text.slice(done);
}

/** A text's line break: that of its first line. */
export function lineBreak(text: string): "\n" | "\r\n" {
	const first = text.indexOf("\n");
	return first > 0 && text[first - 1] === "\r" ? "\r\n" : "\n";
}

/** The end of the line that contains `offset`, before its line break. */
export function lineEnd(text: string, offset: number): number {
	const next = text.indexOf("\n", offset);
	if (next === -1) return text.length;
	return next > offset && text[next - 1] === "\r" ? next - 1 : next;
}

/** The start of the line that contains `offset`. */
export function lineStart(text: string, offset: number): number {
	return offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
}

/** Line and column, both from 1. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
	const before = text.slice(0, offset);
	return { line: before.split("\n").length, column: offset - lineStart(text, offset) + 1 };
}
