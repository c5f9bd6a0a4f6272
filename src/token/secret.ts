import { fingerprint } from "./fingerprint.ts";
import { protect } from "./guard.ts";
import { tokenProblems } from "./shape.ts";

/**
 * A token. Prints as `[secret fp=…]` in every way Node can print it; only `reveal` returns the value.
 *
 * @example
 * import { Secret } from "otel-crossfade";
 *
 * const token = Secret.of("an-ingest-token-of-yours");
 * console.log(`${token}`); // [secret fp=1aa218b9c661]
 * console.log(token.hint); // ours
 */
export class Secret {
	readonly #value: string;
	readonly fingerprint: string;

	private constructor(value: string) {
		this.#value = value;
		this.fingerprint = fingerprint(value);
		protect(secretForms(value), this.toString());
	}

	/** Takes a token without `tokenProblems`; throws on any other, without quoting it. */
	static of(value: string): Secret {
		const [problem] = tokenProblems(value, "the token");
		if (problem) throw new TypeError(problem.what);
		return new Secret(value);
	}

	/** The token itself, only for code that sends or stores it. */
	reveal(): string {
		return this.#value;
	}

	/** The last 4 characters; show them only next to the fingerprint, only in verbose mode. */
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

/** In one case, what is shorter can be an ordinary word. */
const LONGER_THAN_WORDS = 16;

/**
 * Every form in which a token could leak into output: raw, in one case (as host names are written), URL-encoded, JSON-escaped (once and
 * twice), and base64 at each of the three alignments possible in a longer text.
 */
export function secretForms(token: string): string[] {
	const json = JSON.stringify(token).slice(1, -1);
	const oneCase = token.length < LONGER_THAN_WORDS ? [] : [token.toLowerCase(), token.toUpperCase()];
	const forms = [token, ...oneCase, encodeURIComponent(token), json, JSON.stringify(json).slice(1, -1)];
	for (let shift = 0; shift < 3; shift++) {
		const padded = Buffer.concat([Buffer.alloc(shift), Buffer.from(token, "utf8")]);
		// Only the digits that depend on the token alone: digits at its edges also encode neighbouring bytes.
		const from = Math.ceil((shift * 8) / 6);
		const to = Math.floor((padded.length * 8) / 6);
		forms.push(padded.toString("base64").slice(from, to), padded.toString("base64url").slice(from, to));
	}
	return [...new Set(forms)].sort((a, b) => b.length - a.length);
}
