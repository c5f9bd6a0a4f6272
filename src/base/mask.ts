/** Non-printing characters: controls, format and direction characters, line separators, lone surrogates, tags. */
const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;
/** More combining marks per letter than any script needs. */
const PILED = /(\p{M}{4})\p{M}+/gu;
/** Most names: too short to be a token, and only ASCII. */
const HARMLESS = /^[\u0020-\u007e]{0,19}$/;
/** Where a token could be given by mistake, any long word of letters and digits can be one. */
const WORD = /[A-Za-z0-9_~+=-]{20,}/g;
const PIECE = /[A-Za-z0-9]{20,}/g;

/**
 * An external value made safe for an error: one line, no control or direction-changing characters, limited in
 * length, and anything that could be a token replaced with its length.
 */
export function shown(text: string, longest = 120): string {
	return masked(text, longest, WORD, couldBeToken);
}

/**
 * The same for the name of a file, folder or host, which must stay readable: `values-k8s-prod-eu1-collector-2026.yaml` is unchanged,
 * and only words as random as a token are replaced. Tokens already read are also masked by the output guard.
 */
export function shownName(name: string, longest = 1000): string {
	return masked(name, longest, WORD, (word) => couldBeToken(word) && looksRandom(word));
}

/** The same for a file that exists: its name is complete, so that it can be found and used in a command. */
export function shownFile(name: string, longest = 1000): string {
	return masked(name, longest, WORD, () => false);
}

/**
 * The same for evidence, where names identify machines: replaces only what no machine name contains, so that even names
 * that are a UUID stay readable.
 */
export function plain(text: string, longest = 200): string {
	return masked(text, longest, PIECE, isMixed);
}

/** The same for what senders call themselves: names of machines, UUIDs among them, stay readable, and what is as random as a token does not. */
export function maskedSender(name: string, longest = 200): string {
	return masked(name, longest, WORD, (word) => couldBeToken(word) && !UUID_ALONE.test(word) && looksRandom(word));
}

/** A copy of plain data with every text, including keys, mapped by `plain`. */
export function plainDeep<T>(data: T): T {
	if (typeof data === "string") return plain(data) as T;
	if (Array.isArray(data)) return data.map((each) => plainDeep(each)) as T;
	if (typeof data !== "object" || data === null) return data;
	return Object.fromEntries(Object.entries(data).map(([key, value]) => [plain(key), plainDeep(value)])) as T;
}

/** Whether an external word could be a token: long enough, with letters and digits mixed as in no ordinary word or name. */
export function couldBeToken(word: string): boolean {
	const digits = word.match(/[0-9]/g)?.length ?? 0;
	return word.length >= 20 && digits >= 2 && /[A-Za-z]/.test(word) && /^[A-Za-z0-9._~+=-]+$/.test(word);
}

const UUID_ALONE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;
/** A part of a name this long is a word, unless letters and digits alternate in it. */
const LONG_PART = 16;
/** Names consist of words; the pieces of a random text are shorter than this on average. */
const SHORT_PIECES = 3.3;
/** Pieces of one or two characters: names have few (`v2`, `eu1`), random texts many. */
const TINY_PIECES = { most: 3, mostOfLong: 2, long: 36 };

/**
 * Whether a word of 20 characters or more is random, like a token, and not made of words and numbers, like a name. For random base64url of
 * 43 characters it is wrong about once in 100,000, of 24 characters 4 times in 1,000; in one case only about 7 times in 100, for machines
 * and pods have such names; hex with hardly any letters is the least certain.
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

/** How often letters and digits alternate. */
function turns(part: string): number {
	const kinds = part.replace(/[A-Za-z]+/g, "a").replace(/[0-9]+/g, "0");
	return kinds.length - 1;
}

/** Upper case, lower case and digits without a separator, as in no machine name. */
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
