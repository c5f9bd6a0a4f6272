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
	/** Called once, when the request is over and its response too, or will not come. */
	end(outcome: ExchangeOutcome): void;
}

/** What came with a status of success. */
export interface ExchangeAnswer {
	/** Unpacked; the first part where there was more. */
	readonly bytes: Buffer;
	readonly contentType: string;
	/** Whether these bytes are all of it. */
	readonly isWhole: boolean;
}

export interface ExchangeOutcome {
	/** The response's status; 0 if there was none. */
	readonly status: number;
	/** The content of a response of 200 to 299. */
	readonly answer?: ExchangeAnswer | undefined;
	/** Bytes of the request's content as they were sent. */
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
