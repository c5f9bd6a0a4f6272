import type { Phase, Timings, TlsFiles } from "./phase.ts";

/** One HTTP request. Redirects are never followed: a credential goes where its owner said, and nowhere else. */
export interface HttpRequest {
	readonly method: "GET" | "POST" | "DELETE";
	readonly url: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: Uint8Array;
	/** For the whole exchange, in milliseconds. */
	readonly timeoutMs: number;
	/** Longer answers are a failure, in bytes, packed and unpacked. */
	readonly maxBytes: number;
	/** Packs the body. */
	readonly gzip?: boolean;
	readonly tls?: TlsFiles | undefined;
	/** Through which proxy: the environment's, one by its URL, or none. */
	readonly proxy?: "environment" | { readonly url: string } | undefined;
	/** Asked again and again, and safe to send twice: the connection is kept for the next one. HTTP/1.1 only. */
	readonly polled?: boolean;
	/** HTTP/2, over plain TCP without asking first. */
	readonly http2?: boolean;
	/** Gives up at once when it fires. */
	readonly signal?: AbortSignal | undefined;
}

/** What became of a request: an answer with any status, or no answer at all. */
export type HttpOutcome = HttpAnswer | HttpFailure;

export interface HttpSeen {
	readonly latencyMs: number;
	readonly timings?: Timings;
	/** Host and port of the proxy it went through. */
	readonly proxy?: string | undefined;
}

export interface HttpAnswer extends HttpSeen {
	readonly kind: "answer";
	readonly status: number;
	/** By lower-cased name; of repeated ones the first. */
	readonly headers: Readonly<Record<string, string>>;
	/** HTTP/2 only, empty otherwise. */
	readonly trailers?: Readonly<Record<string, string>>;
	/** Unpacked. */
	readonly body: Uint8Array;
}

export interface HttpFailure extends HttpSeen {
	readonly kind: "failure";
	/**
	 * Node's or OpenSSL's error code, such as `ECONNREFUSED`, or one of ours: `TIMEOUT`, `STOPPED`, `TOO_LARGE`, `BAD_ENCODING`, `NO_HTTP2`,
	 * `BAD_PROXY`, `PROXY_407` and other statuses of a proxy.
	 */
	readonly code: string;
	readonly message: string;
	readonly phase?: Phase;
	/** The answer's, where it failed after it had begun. */
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
}
