import type { RequestHead } from "./http1.ts";
import type { Upstream } from "./upstream.ts";

/** Observes requests as they are forwarded. Its exceptions are counted and never affect a request. */
export interface ExchangeWatcher {
	/** Called with each request's head; returns undefined to ignore it. */
	begin(head: RequestHead): WatchedExchange | undefined;
}

export interface WatchedExchange {
	/** Receives the request's body as it passes, dechunked and decompressed; omit it if not needed. */
	readonly body?: ((chunk: Buffer) => void) | undefined;
	/** Called once, when the request and its response are complete, or the response will not come. */
	end(outcome: ExchangeOutcome): void;
}

/** The body of a successful response. */
export interface ExchangeAnswer {
	/** Decompressed; only the first part if there was more. */
	readonly bytes: Buffer;
	readonly contentType: string;
	/** Whether these bytes are the whole body. */
	readonly isWhole: boolean;
}

export interface ExchangeOutcome {
	/** The response's status; 0 if there was none. */
	readonly status: number;
	/** The body of a response with a status from 200 to 299. */
	readonly answer?: ExchangeAnswer | undefined;
	/** Bytes of the request's content, as sent. */
	readonly bytes: number;
	/** `whole` if `body` received all of it; otherwise why not. */
	readonly body: "whole" | "cut" | "malformed" | "too large" | "unknown encoding";
}

export interface ForwarderOptions {
	readonly host: string;
	/** 0 for any free port. */
	readonly port: number;
	readonly upstream: Upstream;
	readonly watcher: ExchangeWatcher;
	/** The upstream could not be reached; called with the error code. The client gets 502. */
	readonly onUnreachable: (code: string) => void;
	/** The watcher threw. */
	readonly onFault: (error: unknown) => void;
}
