/** The comment above an entry of ours. Its digest shows whether the entry is unchanged. */
export function entryMarker(name: string, lines: readonly string[], comment: "#" | "//" = "#"): string {
	return `${comment} crossfade ${name} ${digest(lines)}: kept by "crossfade collector --into", manual edits will be overwritten`;
}

/** The comment after a key that we added: it is removed when empty. */
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

/** A digest of lines that ignores common indentation and line-break style. It detects edits and protects no secret. */
export function digest(lines: readonly string[]): string {
	const filled = lines.filter((line) => line.trim() !== "");
	const margin = Math.min(...filled.map((line) => line.length - line.trimStart().length));
	const text = filled.map((line) => line.slice(margin).trimEnd()).join("\n");
	return [0x811c9dc5, 0x1000193]
		.map((seed) => fnv1a(text, seed).toString(16).padStart(8, "0"))
		.join("")
		.slice(0, 12);
}

/** FNV-1a, 32 bits: loading a cryptographic hash would take longer than the whole edit. http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string, seed: number): number {
	let hash = seed;
	for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
	return hash >>> 0;
}
