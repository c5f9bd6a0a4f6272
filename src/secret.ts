import type { Problem } from "./errors.ts";
import { fingerprint } from "./fingerprint.ts";
import { protect } from "./guard.ts";

/** Shorter tokens are refused: their fingerprint could be guessed back. */
export const MIN_TOKEN_LENGTH = 20;
/** Longer ones are refused too: no provider issues them, and header limits begin near this. */
export const MAX_TOKEN_LENGTH = 4096;

/**
 * What Claude Code, Codex CLI and Gemini CLI all carry unharmed in their header settings; other characters are cut, decoded or
 * doubled by one or another of them.
 */
const SAFE_ALPHABET = /^[A-Za-z0-9._~-]+$/;

/** A token. It prints as `[secret fp=…]` in every way Node can print it; only `reveal` gives the value. */
export class Secret {
	readonly #value: string;
	readonly fingerprint: string;

	private constructor(value: string) {
		this.#value = value;
		this.fingerprint = fingerprint(value);
		protect(secretForms(value), this.toString());
	}

	/** Takes a token that `tokenProblems` found nothing wrong with; throws on any other, without quoting it. */
	static of(value: string): Secret {
		const [problem] = tokenProblems(value, "the token");
		if (problem) throw new TypeError(problem.what);
		return new Secret(value);
	}

	/** The token itself, for the one caller that has to send or store it. */
	reveal(): string {
		return this.#value;
	}

	/** The last 4 characters; show them only beside the fingerprint, only in verbose mode. */
	get hint(): string {
		return this.#value.slice(-4);
	}

	toString(): string {
		return `[secret fp=${this.fingerprint}]`;
	}

	toJSON(): string {
		return this.toString();
	}

	[Symbol.toPrimitive](): string {
		return this.toString();
	}

	[Symbol.for("nodejs.util.inspect.custom")](): string {
		return this.toString();
	}
}

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

/**
 * Every form in which a token could slip into output: raw, URL-encoded, JSON-escaped (once and twice), and base64 at each of the
 * three alignments it can have inside a longer text.
 */
export function secretForms(token: string): string[] {
	const json = JSON.stringify(token).slice(1, -1);
	const forms = [token, encodeURIComponent(token), json, JSON.stringify(json).slice(1, -1)];
	for (let shift = 0; shift < 3; shift++) {
		const padded = Buffer.concat([Buffer.alloc(shift), Buffer.from(token, "utf8")]);
		// Only the digits that depend on the token alone: those at its edges also hold its neighbours' bits.
		const from = Math.ceil((shift * 8) / 6);
		const to = Math.floor((padded.length * 8) / 6);
		forms.push(padded.toString("base64").slice(from, to), padded.toString("base64url").slice(from, to));
	}
	return [...new Set(forms)].sort((a, b) => b.length - a.length);
}
