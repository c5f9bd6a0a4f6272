/** Characters that steer instead of showing: controls, format and direction characters, line separators, lone surrogates, tags. */
const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
/** More combining marks on one letter than any script needs. */
const PILED = /(\p{M}{4})\p{M}+/gu;
/** Most names: too short to be a token, and nothing but ASCII. */
const HARMLESS = /^[\u0020-\u007e]{0,19}$/;
/** Where a token may have been put by mistake, every long word of letters and digits may be one. */
const WORD = /[A-Za-z0-9_~+=-]{20,}/g;
const PIECE = /[A-Za-z0-9]{20,}/g;

/**
 * A value from outside as it may be shown in an error: one line, nothing that steers a terminal or turns the direction of writing, cut at
 * some length, and whatever could be a token replaced by its length.
 */
export function shown(text: string, longest = 120): string {
	return masked(text, longest, WORD, couldBeToken);
}

/**
 * The same for the name of a file, a folder or a host, which people have to read: `values-k8s-prod-eu1-collector-2026.yaml` stays as it is,
 * and only words as random as a token are replaced. A token that was read once never gets out either way: the output guard knows it.
 */
export function shownName(name: string, longest = 1000): string {
	return masked(name, longest, WORD, (word) => couldBeToken(word) && looksRandom(word));
}

/**
 * The same for evidence, where machines are told apart by their names: only what no name of a machine has is replaced, so that even those
 * that are a UUID stay readable.
 */
export function plain(text: string, longest = 200): string {
	return masked(text, longest, PIECE, isMixed);
}

/** The same for what senders call themselves: names of machines, UUIDs among them, stay readable, and what is as random as a token does not. */
export function maskedSender(name: string, longest = 200): string {
	return masked(name, longest, WORD, (word) => couldBeToken(word) && !UUID_ALONE.test(word) && looksRandom(word));
}

/** A copy of plain data with every text in it, keys included, as `plain` gives it. */
export function plainDeep<T>(data: T): T {
	if (typeof data === "string") return plain(data) as T;
	if (Array.isArray(data)) return data.map((each) => plainDeep(each)) as T;
	if (typeof data !== "object" || data === null) return data;
	return Object.fromEntries(Object.entries(data).map(([key, value]) => [plain(key), plainDeep(value)])) as T;
}

/** Whether a word from outside could be a token: long enough, and letters and digits mixed as in no word or name that people write. */
export function couldBeToken(word: string): boolean {
	const digits = word.match(/[0-9]/g)?.length ?? 0;
	return word.length >= 20 && digits >= 2 && /[A-Za-z]/.test(word) && /^[A-Za-z0-9._~+=-]+$/.test(word);
}

const UUID_ALONE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
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

/** Capitals, small letters and digits without a separator, as names of machines have none. */
function isMixed(piece: string): boolean {
	return /[a-z]/.test(piece) && /[A-Z]/.test(piece) && /[0-9]/.test(piece);
}

function masked(text: string, longest: number, long: RegExp, isTokenLike: (word: string) => boolean): string {
	if (text.length <= longest && HARMLESS.test(text)) return text;
	const visible = text.replace(STEERING, escaped).replace(PILED, "$1");
	const safe = visible.replace(long, (word) => (isTokenLike(word) ? `[${word.length} characters]` : word));
	return safe.length > longest ? `${safe.slice(0, longest - 1).replace(/\p{Cs}$/u, "")}…` : safe;
}

function escaped(character: string): string {
	const code = character.codePointAt(0) ?? 0;
	return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
