/** An OTLP signal. */
export type Signal = "logs" | "metrics" | "traces";

export const signals: readonly Signal[] = ["logs", "metrics", "traces"];

/** Who issues and accepts the token. */
export interface Provider {
	readonly id: string;
	readonly title: string;
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
	/** How long the old token is accepted after a rotation, in words for a runbook. */
	readonly overlap: string;
	/** The same in milliseconds, where it is the same for everybody. */
	readonly overlapMs?: number;
	/** How a person gets a new token and, where there is such a thing, ends the old one. */
	readonly rotation: string;
	/** What was read for the facts above. */
	readonly sources: readonly string[];
}
