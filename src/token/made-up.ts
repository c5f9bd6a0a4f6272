import { createHash } from "node:crypto";

const DIGITS = "0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
/** So many of the last characters follow from the others: whoever knows that tells a made-up token from every other one. */
const CHECKED = 8;
/** Tokens with fewer letters and digits have no shape that a made-up one could have too. */
const LEAST = 16;
const PLAIN_SHAPE = "aA0";

/**
 * A token that nobody issued, of the same length and shape as a real one: digits stand where digits stand, letters where letters do, hex
 * stays hex, and words before the random part stay as they are. `seed` is random; the real token is not in what comes out.
 */
export function madeUpToken(like: string, seed: string): string {
	const shape =
		slotsOf(like).length >= LEAST ? like : PLAIN_SHAPE.repeat(like.length).slice(0, Math.max(LEAST, like.length));
	for (let attempt = 0; ; attempt++) {
		const drawn = filled(shape, slotsOf(shape), `${seed} ${attempt}`);
		const token = withCheck(drawn);
		if (token !== like && isMadeUp(token)) return token;
	}
}

/** Whether `madeUpToken` made it; one in a hundred thousand million others looks as if. */
export function isMadeUp(token: string): boolean {
	return slotsOf(token).length >= LEAST && withCheck(token) === token;
}

function withCheck(token: string): string {
	const slots = slotsOf(token).slice(-CHECKED);
	const rest = [...token].filter((_, index) => !slots.includes(index)).join("");
	return filled(token, slots, `crossfade control ${rest}`);
}

/** The text with other characters of the same kinds at these places, which follow from the seed alone. */
function filled(text: string, slots: readonly number[], seed: string): string {
	const alphabet = alphabetOf(text);
	const chars = [...text];
	for (const [nth, index] of slots.entries()) {
		const digest = createHash("sha256").update(`${nth} ${seed}`).digest();
		const kind = alphabet(chars[index] ?? "");
		chars[index] = kind[digest.readUInt32BE(0) % kind.length] ?? "";
	}
	return chars.join("");
}

function alphabetOf(text: string): (char: string) => string {
	const random = slotsOf(text).map((index) => text[index] ?? "");
	const isHex = random.every((char) => /[0-9a-f]/i.test(char));
	const letters = isHex ? "abcdef" : LOWER;
	const capitals = isHex ? "ABCDEF" : UPPER;
	return (char) => (/\d/.test(char) ? DIGITS : /[a-z]/.test(char) ? letters : capitals);
}

/** Where letters and digits are that mean nothing: behind words such as `tok_live_`, and not where a UUID says its version. */
function slotsOf(token: string): number[] {
	const words = /^(?:[a-z]{2,10}[_-])+/.exec(token)?.[0].length ?? 0;
	const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.exec(token)?.index;
	const fixed = uuid === undefined ? [] : [uuid + 14, uuid + 19];
	return [...token.split("").keys()].filter(
		(index) => index >= words && /[A-Za-z0-9]/.test(token[index] ?? "") && !fixed.includes(index),
	);
}
