import { once } from "node:events";
import { type IncomingMessage, request as sendPlain } from "node:http";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { ConnectionError, openConnection, type Phase, type Timings, type TlsFiles, Trip } from "./connection.ts";
import { type Begun, firsts, readBody } from "./http-answer.ts";
import { type ForwardProxy, parseProxy, proxyFromEnvironment } from "./proxy.ts";

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
	/** HTTP/2, over plain TCP without asking first. */
	readonly http2?: boolean;
	/** Gives up at once when it fires. */
	readonly signal?: AbortSignal | undefined;
}

/** What became of a request: an answer with any status, or no answer at all. */
export type HttpOutcome = HttpAnswer | HttpFailure;

interface HttpSeen {
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

const pack = promisify(gzip);

/** Sends one request and never throws for what the other side does. */
export async function sendRequest(request: HttpRequest): Promise<HttpOutcome> {
	const timer = new AbortController();
	const timeout = setTimeout(() => timer.abort(), request.timeoutMs);
	const signal = request.signal ? AbortSignal.any([timer.signal, request.signal]) : timer.signal;
	const trip = new Trip(signal);
	const seen = (): HttpSeen => ({ latencyMs: trip.elapsedMs, timings: trip.timings(), proxy: proxy?.name });
	let proxy: ForwardProxy | undefined;
	let begun: Begun | undefined;
	try {
		const url = new URL(request.url);
		proxy = chooseProxy(request, url);
		const alpn = request.http2 ? "h2" : "http/1.1";
		const socket = await openConnection(url, trip, { tls: request.tls, proxy, alpn });
		trip.enter("answer");
		const body = request.body && request.gzip ? await pack(request.body) : request.body;
		const sent = { ...request, ...(body && { body }), headers: allHeaders(request, body) };
		begun = request.http2
			? await (await import("./http2-client.ts")).exchange(sent, url, socket, trip)
			: await exchange(sent, url, socket, trip, proxy);
		trip.enter("body");
		const bytes = await readBody(begun, request.maxBytes, signal);
		const { status, headers, trailers } = begun;
		return { kind: "answer", status, headers, trailers: trailers(), body: bytes, ...seen() };
	} catch (error) {
		const { code, name, message } = error as NodeJS.ErrnoException;
		const stopped = request.signal?.aborted ? "STOPPED" : timer.signal.aborted ? "TIMEOUT" : undefined;
		const answer = begun && { status: begun.status, headers: begun.headers };
		return { kind: "failure", code: stopped ?? code ?? name, message, phase: trip.phase, ...answer, ...seen() };
	} finally {
		clearTimeout(timeout);
		trip.end();
	}
}

function chooseProxy({ proxy }: HttpRequest, url: URL): ForwardProxy | undefined {
	try {
		return proxy === "environment" ? proxyFromEnvironment(url, process.env) : proxy && parseProxy(proxy.url);
	} catch (error) {
		throw new ConnectionError("BAD_PROXY", (error as Error).message);
	}
}

function allHeaders(request: HttpRequest, body: Uint8Array | undefined): Record<string, string> {
	return {
		"accept-encoding": "gzip",
		...request.headers,
		...(body && { "content-length": String(body.length) }),
		...(body && request.gzip && { "content-encoding": "gzip" }),
	};
}

async function exchange(
	{ method, headers, body }: HttpRequest,
	url: URL,
	socket: Socket,
	trip: Trip,
	proxy: ForwardProxy | undefined,
): Promise<Begun> {
	// To a proxy, plain HTTP goes with the whole URL and no tunnel.
	const isForwarded = proxy !== undefined && url.protocol === "http:";
	const request = sendPlain({
		method,
		path: isForwarded ? url.href : url.pathname + url.search,
		headers: { host: url.host, ...headers, ...(isForwarded && proxy.headers) },
		createConnection: () => socket,
	});
	request.on("error", () => undefined);
	request.end(body);
	const [response] = (await once(request, "response", { signal: trip.signal })) as [IncomingMessage];
	if (isForwarded && response.statusCode === 407) throw new ConnectionError("PROXY_407", "the proxy answered 407");
	return {
		status: response.statusCode ?? 0,
		headers: firsts(response.headersDistinct),
		body: response,
		trailers: () => ({}),
	};
}
