/**
 * Text from outside as it may be shown on a terminal: one line, no control or direction-changing characters, cut at some length, and
 * whatever could be a token replaced by its length.
 */
export function shown(text: string, longest = 120): string {
	return masked(text, longest, couldBeToken);
}

/**
 * The same for the name of a file, a folder or a host, which people have to read: `values-k8s-prod-eu1-collector-2026.yaml` stays as it is,
 * and only words as random as a token are replaced. A token that was read once never gets out either way: the output guard knows it.
 */
export function shownName(name: string, longest = 1000): string {
	return masked(name, longest, (word) => couldBeToken(word) && looksRandom(word));
}

function masked(text: string, longest: number, isSecret: (word: string) => boolean): string {
	const plain = text.replace(
		/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
		unicodeEscape,
	);
	const clean = plain.replace(TOKEN_LIKE, (word) => (isSecret(word) ? `[${word.length} characters]` : word));
	return clean.length > longest ? `${clean.slice(0, longest - 1)}…` : clean;
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

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;
/** A part of a name this long is a word; one in which letters and digits take turns is not. */
const LONG_PART = 16;
/** Names are made of words; on average a piece of a random text is shorter than this. */
const SHORT_PIECES = 3.3;
/** Pieces of one or two characters: names have a few (`v2`, `eu1`), random texts many. */
const TINY_PIECES = { most: 3, mostOfLong: 2, long: 36 };

/**
 * Whether a word of 20 characters or more is random, as tokens are, and not made of words and numbers, as names are. Over random base64url of
 * 43 characters it errs about once in 100,000; hex without a letter or two is the least certain.
 */
export function looksRandom(word: string): boolean {
	if (UUID.test(word)) return true;
	if (word.split(/[-_.~+=]/).some((part) => part.length >= LONG_PART && turns(part) >= 3)) return true;
	if (!/[a-z]/.test(word) || !/[A-Z]/.test(word)) return false;
	const pieces = word.match(/[A-Z]?[a-z]+|[A-Z]+|[0-9]+/g) ?? [];
	const tiny = pieces.filter((piece) => piece.length <= 2).length;
	const most = word.length >= TINY_PIECES.long ? TINY_PIECES.mostOfLong : TINY_PIECES.most;
	return pieces.join("").length / pieces.length < SHORT_PIECES || tiny > most;
}

/** How often letters and digits take turns. */
function turns(part: string): number {
	const kinds = part.replace(/[A-Za-z]+/g, "a").replace(/[0-9]+/g, "0");
	return kinds.length - 1;
}
