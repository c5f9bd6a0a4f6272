import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER } from "../../../adapters/vehicles/vehicle.ts";

/** The values that replaced the placeholders. */
export interface Filled {
	/** Every value found in place of a token, except the placeholder. */
	readonly tokens: readonly string[];
	readonly fingerprints: readonly string[];
	/** Whether it still contains a placeholder for a token. */
	readonly isUnfilled: boolean;
}

/** Ends a PowerShell string and begins another in the middle of a token: of some words in it a script would be logged. */
export const GAP = "' + '";

/** A script with its token in one piece. */
function inOnePiece(text: string): string {
	return text.replace(/^ *\$run\.Token = '[^\r\n]*/m, (line) => line.replaceAll(GAP, ""));
}

const PLACEHOLDERS = new RegExp(`(${TOKEN_PLACEHOLDER}|${FINGERPRINT_PLACEHOLDER})`);

/** Compares a text with its template: undefined if anything but the placeholders differs. */
export function compareFilled(found: string, original: string): Filled | undefined {
	const text = inOnePiece(found);
	const parts = original.split(PLACEHOLDERS);
	const tokens: string[] = [];
	const fingerprints: string[] = [];
	let isUnfilled = false;
	let at = 0;
	for (let index = 0; index < parts.length; index += 2) {
		const literal = parts[index] ?? "";
		if (!text.startsWith(literal, at)) return undefined;
		at += literal.length;
		const placeholder = parts[index + 1];
		if (placeholder === undefined) break;
		// A value ends where the text after the placeholder begins.
		const [value = ""] = /^[^\s'"<>\\]*/.exec(text.slice(at, at + 5_000)) ?? [];
		const isFingerprint = placeholder === FINGERPRINT_PLACEHOLDER;
		if (value === placeholder) isUnfilled ||= !isFingerprint;
		else if (!isFingerprint) tokens.push(value);
		else if (/^[0-9a-f]{12}$/.test(value)) fingerprints.push(value);
		else return undefined;
		at += value.length;
	}
	return at === text.length ? { tokens, fingerprints, isUnfilled } : undefined;
}
