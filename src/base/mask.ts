/**
 * Text from outside as it may be shown on a terminal: one line, no control or direction-changing characters, cut at some length, and
 * whatever could be a token replaced by its length.
 */
export function shown(text: string, longest = 120): string {
	const plain = text.replace(
		/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
		unicodeEscape,
	);
	const masked = plain.replace(TOKEN_LIKE, (word) => (couldBeToken(word) ? `[${word.length} characters]` : word));
	return masked.length > longest ? `${masked.slice(0, longest - 1)}…` : masked;
}

const TOKEN_LIKE = /[A-Za-z0-9_~+=-]{20,}/g;

function unicodeEscape(character: string): string {
	return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Whether a word from outside could be a token: long enough, and letters and digits mixed as in no word or name that people write. */
export function couldBeToken(word: string): boolean {
	const digits = word.match(/[0-9]/g)?.length ?? 0;
	return word.length >= 20 && digits >= 2 && /[A-Za-z]/.test(word) && /^[A-Za-z0-9._~+=-]+$/.test(word);
}
