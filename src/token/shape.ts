import type { Problem } from "../base/errors.ts";

/** Shorter tokens are refused: they could be guessed from their fingerprint. */
export const MIN_TOKEN_LENGTH = 20;
/** Longer ones are refused too: no provider issues them, and header size limits start near this. */
export const MAX_TOKEN_LENGTH = 4096;

/**
 * Characters that every supported CLI sends unchanged, in a header or in a URL; others are cut, decoded or doubled by at least one
 * of them.
 */
const SAFE_ALPHABET = /^[A-Za-z0-9._~-]+$/;

/** Why a text is not a valid token, as problems that never quote it. `origin` says where it was read, e.g. `token file t.txt`. */
export function tokenProblems(value: string, origin: string): Problem[] {
	const wrong = (what: string, expected: string, got: string, fix: string): Problem => ({
		what: `${origin}: ${what}`,
		expected,
		got,
		fix,
	});
	if (value === "") return [wrong("is empty", "a token", "nothing", "add the token, without quotes")];
	if (/^bearer\s/i.test(value)) {
		const fix = "remove the word Bearer: the scheme is added when the token is sent";
		return [wrong("starts with the word Bearer", "only the token", "a complete Authorization value", fix)];
	}
	if (value.charCodeAt(0) === 0xfeff) {
		return [wrong("starts with a byte order mark", "plain text", "a BOM", "save it as UTF-8 without a BOM")];
	}
	if (value.includes("\u0000")) {
		const fix =
			"save it as UTF-8 without a BOM; > of Windows PowerShell 5.1 writes UTF-16, Set-Content -Encoding ascii does not";
		return [wrong("has zero bytes, as UTF-16 has", "plain text", "UTF-16, or no text", fix)];
	}
	if (/[\s\u0000-\u001f\u007f-\u009f]/.test(value)) {
		const fix = "copy the token again, without line breaks or spaces";
		return [
			wrong(
				"contains white space or a control character",
				"one word without spaces",
				"a space, line break or control character",
				fix,
			),
		];
	}
	if (/[^\u0021-\u007e]/.test(value)) {
		const fix = "copy the token again; this one cannot be sent in an HTTP header";
		return [wrong("contains a non-ASCII character", "visible ASCII characters", "a non-ASCII character", fix)];
	}
	const length = value.length;
	if (length < MIN_TOKEN_LENGTH) {
		const fix = "copy the whole token; a shorter one could be guessed from its fingerprint";
		return [wrong("is too short", `${MIN_TOKEN_LENGTH} characters or more`, `${length}`, fix)];
	}
	if (length > MAX_TOKEN_LENGTH) {
		const fix = "check that this is the token, not another file";
		return [wrong("is too long", `${MAX_TOKEN_LENGTH} characters or fewer`, `${length}`, fix)];
	}
	return [];
}

/** Whether all CLIs send the token unchanged; a token outside this alphabet gets a warning. */
export function isSafeAlphabet(value: string): boolean {
	return SAFE_ALPHABET.test(value);
}
