import type { Problem } from "../base/errors.ts";

/** Shorter tokens are refused: their fingerprint could be guessed back. */
export const MIN_TOKEN_LENGTH = 20;
/** Longer ones are refused too: no provider issues them, and header limits begin near this. */
export const MAX_TOKEN_LENGTH = 4096;

/**
 * What every CLI we know carries unharmed, be it in a header or in a URL; other characters are cut, decoded or doubled by one or another
 * of them.
 */
const SAFE_ALPHABET = /^[A-Za-z0-9._~-]+$/;

/** What makes a text unfit to be a token, as problems that never quote it. `origin` says where it was read, e.g. `token file t.txt`. */
export function tokenProblems(value: string, origin: string): Problem[] {
	const wrong = (what: string, expected: string, got: string, fix: string): Problem => ({
		what: `${origin}: ${what}`,
		expected,
		got,
		fix,
	});
	if (value === "") return [wrong("is empty", "a token", "nothing", "put the token there, without quotes")];
	if (/^bearer\s/i.test(value)) {
		const fix = "leave the word Bearer out: the scheme is added where the token is sent";
		return [wrong("starts with the word Bearer", "the token alone", "a whole Authorization value", fix)];
	}
	if (value.charCodeAt(0) === 0xfeff) {
		return [wrong("starts with a byte order mark", "plain text", "a BOM", "save it as UTF-8 without BOM")];
	}
	if (/[\s\u0000-\u001f\u007f-\u009f]/.test(value)) {
		const fix = "copy the token again; a line break or a blank slipped in";
		return [wrong("holds white space or a control character", "one unbroken word", "a break in it", fix)];
	}
	if (/[^\u0021-\u007e]/.test(value)) {
		const fix = "copy the token again; no HTTP header can carry this one";
		return [wrong("holds a character outside ASCII", "visible ASCII characters", "another one", fix)];
	}
	const length = value.length;
	if (length < MIN_TOKEN_LENGTH) {
		const fix = "copy the whole token; a shorter one could be guessed from its fingerprint";
		return [wrong("is too short", `${MIN_TOKEN_LENGTH} characters or more`, `${length}`, fix)];
	}
	if (length > MAX_TOKEN_LENGTH) {
		const fix = "check that this is the token and not another file";
		return [wrong("is too long", `${MAX_TOKEN_LENGTH} characters or less`, `${length}`, fix)];
	}
	return [];
}

/** Whether all three CLIs carry the token unharmed; a token outside this alphabet deserves a warning. */
export function isSafeAlphabet(value: string): boolean {
	return SAFE_ALPHABET.test(value);
}
