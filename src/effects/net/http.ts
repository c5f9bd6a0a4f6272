import type { Phase, Timings, TlsFiles } from "./phase.ts";

/** One HTTP request. Never follows redirects: a credential goes only where its owner said. */
export interface HttpRequest {
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	readonly url: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: Uint8Array;
	/** For the whole exchange, in milliseconds. */
	readonly timeoutMs: number;
	/** Largest response, in bytes, compressed or not; longer ones are a failure. */
	readonly maxBytes: number;
	/** Compresses the body. */
	readonly gzip?: boolean;
	readonly tls?: TlsFiles | undefined;
	/** Through which proxy: the environment's, one by its URL, or none. */
	readonly proxy?: "environment" | { readonly url: string } | undefined;
	/** Asked again and again, and safe to send twice: the connection is kept for the next one. HTTP/1.1 only. */
	readonly polled?: boolean;
	/** HTTP/2; over plain TCP with prior knowledge. */
	readonly http2?: boolean;
	/** Aborts when it fires. */
	readonly signal?: AbortSignal | undefined;
}

/** The outcome of a request: a response with any status, or none. */
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
	/** By lower-case name; the first if repeated. */
	readonly headers: Readonly<Record<string, string>>;
	/** HTTP/2 only, empty otherwise. */
	readonly trailers?: Readonly<Record<string, string>>;
	/** Decompressed. */
	readonly body: Uint8Array;
	/** More than this came at once, such as a second answer. Only looked for on HTTP/1 connections that are not kept. */
	readonly isFollowed?: true;
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
	/** The response's status, if it failed after it had begun. */
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string>>;
	/** What had come of its body, as sent: it can hold what nothing gives again. */
	readonly partial?: Uint8Array;
}
