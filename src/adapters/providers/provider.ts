/** An OTLP signal. */
export type Signal = "logs" | "metrics" | "traces";

export const signals: readonly Signal[] = ["logs", "metrics", "traces"];

/** A provider, which issues and accepts tokens: the content of each provider's `index.ts`. */
export interface TokenIssuer {
	readonly id: string;
	readonly title: string;
	/** Position in lists, the lowest first; the first one with OTLP is the default. */
	readonly order: number;
	/** How long the old token is accepted after a rotation, as text for a runbook. */
	readonly overlap: string;
	/** The same in milliseconds, if it is fixed. */
	readonly overlapMs?: number;
	/** Its page shows a tool as stale when the last event of it is older than this, in milliseconds; undefined if it has no such page. */
	readonly staleAfterMs?: number;
	/** How to get a new token and, if possible, end the old one. */
	readonly rotation: string;
	/** Sources of the facts above. */
	readonly sources: readonly string[];
}

/** A provider with OTLP ingest. */
export interface Provider extends TokenIssuer {
	/** Base URL of its OTLP/HTTP ingest, without `/v1/<signal>` and without a trailing slash; undefined if only the user knows it. */
	readonly endpoint?: string;
	/** Signals it accepts, according to its documentation. */
	readonly takes: readonly Signal[];
	/** Signals it refuses, with the reason; other signals outside `takes` get a warning. */
	readonly refuses: Readonly<Partial<Record<Signal, string>>>;
	/** The header for the token, and the word before the token (may be empty). */
	readonly header: string;
	readonly scheme: string;
	/** The environment variable its documentation uses for the token. */
	readonly variable: string;
	/** Whether it also accepts the token as a path segment before `/v1/<signal>`, as CLIs without a header setting send it. */
	readonly tokenInUrl?: boolean;
	/** What its responses show besides the status. */
	readonly answers?: Answers;
}

/** Meaning of a provider's own headers and paths. Header names in lower case. */
export interface Answers {
	/** Present with `true` if sampling dropped the data: such a response proves nothing. */
	readonly sampled?: string;
	/** How many requests or records are left before 429. */
	readonly remaining?: string;
	/** The limit; if responses do not show it, the smallest documented one. */
	readonly limit?: string;
	readonly smallestLimit?: number;
	/** A GET that identifies the token's owner, relative to the endpoint and a slash. */
	readonly whoami?: string;
}
