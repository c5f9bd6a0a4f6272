import type { RequestHead } from "./http1.ts";
import type { Upstream } from "./upstream.ts";

/** What looks at requests as they are forwarded. Whatever it throws is counted, and no request is the worse for it. */
export interface ExchangeWatcher {
	/** Called with each request's head; undefined when it is of no interest. */
	begin(head: RequestHead): WatchedExchange | undefined;
}

export interface WatchedExchange {
	/** The content of the request's body as it passes by, without chunk sizes and unpacked; left away when nobody wants it. */
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
	/** Of the response; 0 when there was none. */
	readonly status: number;
	/** The content of a response of 200 to 299. */
	readonly answer?: ExchangeAnswer | undefined;
	/** Bytes of the request's content as they were sent. */
	readonly bytes: number;
	/** `whole` when `body` was called with all of it; if not, why not. */
	readonly body: "whole" | "cut" | "malformed" | "too large" | "unknown encoding";
}

export interface ForwarderOptions {
	readonly host: string;
	/** 0 for any free one. */
	readonly port: number;
	readonly upstream: Upstream;
	readonly watcher: ExchangeWatcher;
	/** There was no way to the upstream; called with the error's code, and the request is answered with 502. */
	readonly onUnreachable: (code: string) => void;
	/** The watcher threw. */
	readonly onFault: (error: unknown) => void;
}
