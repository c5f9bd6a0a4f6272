/** The comment line above an entry of ours. Its digest tells whether the entry is still as we wrote it. */
export function entryMarker(name: string, lines: readonly string[], comment: "#" | "//" = "#"): string {
	return `${comment} crossfade ${name} ${digest(lines)}: kept by "crossfade collector --into", edits get lost`;
}

/** The comment behind a key that did not exist before us: it goes when nothing of its content is left. */
export const CREATED_MARKER = "# crossfade: added";

export interface EntryMark {
	readonly name: string;
	readonly digest: string;
}

/** Reads the comment line above an entry. */
export function readEntryMarker(line: string): EntryMark | undefined {
	const match = /^(?:#|\/\/) crossfade ([a-z][a-z0-9_-]*) ([0-9a-f]{12}): /.exec(line.trim());
	return match?.[1] && match[2] ? { name: match[1], digest: match[2] } : undefined;
}

export function isCreatedMarker(line: string): boolean {
	return /(?:#|\/\/) crossfade: added\s*$/.test(line);
}

/** A digest over lines that neither indentation as a whole nor line breaks change. It tells edits from none, and guards no secret. */
export function digest(lines: readonly string[]): string {
	const filled = lines.filter((line) => line.trim() !== "");
	const margin = Math.min(...filled.map((line) => line.length - line.trimStart().length));
	const text = filled.map((line) => line.slice(margin).trimEnd()).join("\n");
	return [0x811c9dc5, 0x1000193]
		.map((seed) => fnv1a(text, seed).toString(16).padStart(8, "0"))
		.join("")
		.slice(0, 12);
}

/** FNV-1a, 32 bits: loading a cryptographic hash would cost more than the whole edit. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string, seed: number): number {
	let hash = seed;
	for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
	return hash >>> 0;
}
