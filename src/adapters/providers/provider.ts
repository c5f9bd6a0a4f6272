/** An OTLP signal. */
export type Signal = "logs" | "metrics" | "traces";

export const signals: readonly Signal[] = ["logs", "metrics", "traces"];

/** Who issues and accepts a token: what `index.ts` in every folder of a provider says. */
export interface TokenIssuer {
	readonly id: string;
	readonly title: string;
	/** Its place in lists, the lowest first; the first one that takes OTLP is the default. */
	readonly order: number;
	/** How long the old token is accepted after a rotation, in words for a runbook. */
	readonly overlap: string;
	/** The same in milliseconds, where it is the same for everybody. */
	readonly overlapMs?: number;
	/** How a person gets a new token and, where there is such a thing, ends the old one. */
	readonly rotation: string;
	/** What was read for the facts above. */
	readonly sources: readonly string[];
}

/** One whose ingest takes OTLP. */
export interface Provider extends TokenIssuer {
	/** Base URL of its OTLP/HTTP ingest, without `/v1/<signal>` and without a trailing slash; undefined when only the user knows it. */
	readonly endpoint?: string;
	/** Signals its documentation says it takes. */
	readonly takes: readonly Signal[];
	/** Signals it is known to refuse, with the reason; any other signal outside `takes` is a warning. */
	readonly refuses: Readonly<Partial<Record<Signal, string>>>;
	/** The header that carries the token, and the word before the token in it (may be empty). */
	readonly header: string;
	readonly scheme: string;
	/** The environment variable its documentation uses for the token. */
	readonly variable: string;
	/** Whether its ingest also takes the token as a path segment before `/v1/<signal>`, as CLIs without a setting for headers send it. */
	readonly tokenInUrl?: boolean;
	/** What its answers tell besides the status. */
	readonly answers?: Answers;
}

/** Meaning of a provider's own headers and paths. Header names in lower case. */
export interface Answers {
	/** There with `true` when the data was thrown away by sampling: such an answer proves nothing. */
	readonly sampled?: string;
	/** How many requests or records are left before it says 429. */
	readonly remaining?: string;
	/** Out of how many; where no answer says it, the smallest documented limit is assumed. */
	readonly limit?: string;
	readonly smallestLimit?: number;
	/** A GET that says whose the token is, relative to the endpoint and a slash. */
	readonly whoami?: string;
}
