import { fingerprint } from "../fingerprint.ts";

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

/** A digest over lines that neither indentation as a whole nor line breaks change. */
export function digest(lines: readonly string[]): string {
	const filled = lines.filter((line) => line.trim() !== "");
	const margin = Math.min(...filled.map((line) => line.length - line.trimStart().length));
	return fingerprint(filled.map((line) => line.slice(margin).trimEnd()).join("\n"));
}
