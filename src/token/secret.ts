import { fingerprint } from "./fingerprint.ts";
import { secretForms } from "./forms.ts";
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
