import { jsonField } from "../../base/json.ts";

/** How a provider's tokens are rotated: `rotate.ts` in the provider's folder. Facts and pure functions; requests are data that the engine sends. */
export interface ProviderRotation {
	readonly id: string;
	/** Base URL of its API, if it is the same for everybody; a rotation's `endpoint` replaces it. */
	readonly api?: string;
	/** How such a URL looks where each customer has one of their own, for a file to fill in. */
	readonly apiLike?: string;
	/** Keys of a rotation's block that only this provider has. */
	readonly settings: readonly RotationSetting[];
	/** The ways to rotate; the first is the default. */
	readonly strategies: readonly [RotationStrategy, ...RotationStrategy[]];
	/**
	 * A harmless request that shows whether a token is accepted, and whose it is. Undefined if there is none with these settings: OTLP is then
	 * the only proof.
	 */
	whoami?(about: RotationAbout): ProviderCall | undefined;
	/**
	 * Requests that each leave one test record on a further way in, besides OTLP, which the new token has to be accepted on. A statement of
	 * the provider's about itself, `whoami`, does not show these.
	 */
	ingests?(about: RotationAbout): readonly ProviderCall[];
	/** What in a rotation's block leaves them out. */
	readonly withoutIngests?: string;
	/** Tokens of the same provider of which nothing documented shows whether they are accepted: they cannot be proven, or proven dead. */
	readonly otherKinds?: readonly { readonly starts: string; readonly is: string; readonly fix: string }[];
	/** What must be right before anything happens, in words for the plan; a problem stops it. */
	refuses?(about: RotationAbout): string | undefined;
	/** What is wrong with settings that are each of the right form, in words; undefined if nothing. */
	conflict?(settings: Readonly<Record<string, string>>): string | undefined;
	readonly sources: readonly string[];
}

export interface RotationSetting {
	readonly name: string;
	/** `headers` are names of headers with a reference for each. */
	readonly form: "text" | "reference" | "duration" | "time" | "flag" | "headers";
	readonly description: string;
	/** A value as one might look, for a file to fill in. */
	readonly example?: string;
	/** Strategies that cannot do without it. */
	readonly neededBy?: readonly string[];
}

export interface RotationStrategy {
	readonly id: string;
	/** What happens, as a sentence for the plan. */
	readonly title: string;
	/** Who gets the new token. */
	readonly by: "person" | "api";
	/** What ends the old token: time, a separate step, or the rotation itself. */
	readonly ends: "clock" | "revoke" | "at-once";
	/** How long the old token is accepted after the new one is issued, in milliseconds; undefined if until it is revoked, or not known. */
	overlapMs?(about: RotationAbout): number | undefined;
	/** Until when a return to the old token is possible. */
	readonly noReturn: string;
	/** What to do when the new secret is lost before it was stored. */
	readonly lost: string;
	/**
	 * Whether a call without an answer may be made again: "yes", because it cannot do harm; "if-old-lives", because it did nothing if the old
	 * token is still accepted after the overlap; "orphan", after the token it may have made was ended; "no".
	 */
	readonly again: "yes" | "if-old-lives" | "orphan" | "no";
	/** The person also types in when the old token ends, because only a page shows it. */
	readonly asksEnd?: boolean;
	/** The words for the person who gets the new token. */
	ask?(about: RotationAbout): readonly string[];
	/** The one request that issues the new token. */
	issue?(about: RotationAbout): ProviderCall;
	/** What the answer to it says; undefined if it is not such an answer. */
	issued?(body: string, about: RotationAbout): Issued | undefined;
	/** Reads what `issue` needs first, such as scopes; a request without effect, and what it yields. */
	prepare?(about: RotationAbout): ProviderCall;
	prepared?(body: string, about: RotationAbout): Readonly<Record<string, unknown>> | undefined;
	/** Finds the id of a token that a lost call may have made; "none" if there is none. */
	orphan?(about: RotationAbout): ProviderCall;
	orphaned?(body: string, about: RotationAbout): string | "none" | undefined;
	/** Ends a token by its id. */
	revoke?(about: RotationAbout, id: string): ProviderCall;
	/** The words for the person who ends a token: the old one, or after a rollback the new one. */
	askRevoke?(about: RotationAbout, which: "old" | "new"): readonly string[];
}

/** What an adapter may know. Never a token. */
export interface RotationAbout {
	/** Values of the rotation's own settings, as written. */
	readonly settings: Readonly<Record<string, string>>;
	/** The operation's id, unique, for names. */
	readonly operation: string;
	/** Which attempt to issue a token this is, from 1; names of earlier ones are taken. */
	readonly attempt: number;
	/** The id of the token in use, from the settings or from an earlier rotation. */
	readonly tokenId?: string | undefined;
	/** What `prepared` yielded. */
	readonly prepared?: Readonly<Record<string, unknown>> | undefined;
	/** The public half of the new token, of a provider with pairs. */
	readonly publicId?: string | undefined;
	/** The longest time that a place needs to take a new token, in milliseconds. */
	readonly slowestMs: number;
	/** The old token is known to others: the shortest overlap. */
	readonly isLeaked: boolean;
}

/** A request to a provider; the path is relative to the base URL and a slash, or a whole URL. */
export interface ProviderCall {
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	readonly path: string;
	readonly by: "token" | "admin";
	/** Header for the credential and the word before it; default `Authorization: Bearer`. */
	readonly header?: string;
	readonly scheme?: string;
	/** The credential is the password of this user, in Basic authentication. */
	readonly user?: string;
	readonly json?: Readonly<Record<string, unknown>>;
	/** Statuses besides 2xx that show that the token is accepted. */
	readonly accepted?: readonly number[];
	/** Whether a 2xx answer with this body says that all of it was taken; a status alone does not where an answer lists what failed. */
	readonly took?: (body: string) => boolean;
	/** The Accept header. */
	readonly accept?: string;
	/** Fields of the answer that must be the same for the old and the new token. */
	readonly same?: readonly string[];
}

/** A new token in an answer. */
export interface Issued {
	readonly token: string;
	readonly id?: string | undefined;
	/** The public half of a pair. */
	readonly publicId?: string | undefined;
	/** When the old token ends, in milliseconds since the epoch, if the answer says so. */
	readonly oldEnds?: number | undefined;
	/** When it was issued by the provider's clock, in milliseconds since the epoch. */
	readonly at?: number | undefined;
	/** Facts to keep, which the provider does not tell again. */
	readonly facts?: Readonly<Record<string, string | number>>;
}

/** A text field of a JSON answer, or undefined. */
export function answerText(body: string, name: string): string | undefined {
	const value = jsonField(body, name);
	return typeof value === "string" && value !== "" ? value : undefined;
}

/** A number field of a JSON answer, or undefined. */
export function numberIn(body: string, name: string): number | undefined {
	const value = jsonField(body, name);
	return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** A time in a text field, in milliseconds since the epoch. */
export function timeIn(body: string, name: string): number | undefined {
	const at = Date.parse(answerText(body, name) ?? "");
	return Number.isNaN(at) ? undefined : at;
}

/** The shortest of some choices that is at least so long, by its name; the longest if none is. */
export function shortestOf(choices: Readonly<Record<string, number>>, leastMs: number): string {
	const sorted = Object.entries(choices).sort(([, a], [, b]) => a - b);
	return (sorted.find(([, ms]) => ms >= leastMs) ?? sorted.at(-1))?.[0] ?? "";
}
