import { once } from "node:events";
import { type IncomingMessage, request as sendPlain } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { ownEntry } from "../../base/lookup.ts";
import { ConnectionError, openConnection, RequestLifetime } from "./connection.ts";
import type { HttpOutcome, HttpRequest, HttpSeen } from "./http.ts";
import { type Begun, joined, readBody, requestTarget } from "./http-answer.ts";
import { type ForwardProxy, parseProxy, proxyFromEnvironment } from "./proxy.ts";

const pack = promisify(gzip);

/** Sends one request; never throws because of the server. */
export async function sendRequest(request: HttpRequest): Promise<HttpOutcome> {
	const exchange = request.polled ? (await import("./kept-connections.ts")).exchangeKept : exchangeOnce;
	const timer = new AbortController();
	const timeout = setTimeout(() => timer.abort(), request.timeoutMs);
	const signal = request.signal ? AbortSignal.any([timer.signal, request.signal]) : timer.signal;
	const lifetime = new RequestLifetime(signal);
	const seen = (): HttpSeen => ({ latencyMs: lifetime.elapsedMs, timings: lifetime.timings(), proxy: proxy?.name });
	let proxy: ForwardProxy | undefined;
	let begun: Begun | undefined;
	const received: Uint8Array[] = [];
	try {
		const url = new URL(request.url);
		proxy = chooseProxy(request, url);
		const body = request.body && request.gzip ? await pack(request.body) : request.body;
		const sent = { ...request, ...(body && { body }), headers: allHeaders(request, body) };
		begun = await exchange(sent, url, lifetime, proxy);
		if (proxy && url.protocol === "http:" && begun.status === 407) {
			throw new ConnectionError("PROXY_407", "the proxy answered 407");
		}
		lifetime.enter("body");
		const bytes = await readBody(begun, request.maxBytes, signal, received);
		const { status, headers, trailers } = begun;
		const followed = begun.isFollowed ? ({ isFollowed: true } as const) : {};
		return { kind: "answer", status, headers, trailers: trailers(), body: bytes, ...followed, ...seen() };
	} catch (error) {
		const failure = error as NodeJS.ErrnoException;
		const { message } = failure;
		const stopped = request.signal?.aborted ? "STOPPED" : timer.signal.aborted ? "TIMEOUT" : undefined;
		const answer = begun && { status: begun.status, headers: begun.headers, partial: Buffer.concat(received) };
		return { kind: "failure", code: stopped ?? codeOf(failure), message, phase: lifetime.phase, ...answer, ...seen() };
	} finally {
		clearTimeout(timeout);
		lifetime.end();
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

/** One request on a connection of its own. Node's client and not undici's: a probe's first byte would come a quarter later. */
async function exchangeOnce(
	sent: HttpRequest,
	url: URL,
	lifetime: RequestLifetime,
	proxy: ForwardProxy | undefined,
): Promise<Begun> {
	const alpn = sent.http2 ? "h2" : "http/1.1";
	const socket = await openConnection(url, lifetime, { tls: sent.tls, proxy, alpn });
	lifetime.enter("answer");
	// undici speaks HTTP/2 to servers that agreed on it in the handshake, which plain gRPC does not have.
	if (sent.http2) return (await import("./http2-client.ts")).exchange(sent, url, socket, lifetime);
	const request = sendPlain({
		method: sent.method,
		...requestTarget(sent, url, proxy),
		createConnection: () => socket,
	});
	request.on("error", () => undefined);
	request.end(sent.body);
	const changed = once(request, "upgrade", { signal: lifetime.signal }).then(() => {
		throw new ConnectionError("ECONNRESET", "the server changed to another protocol");
	});
	changed.catch(() => undefined);
	const answered = once(request, "response", { signal: lifetime.signal });
	const [response] = (await Promise.race([answered, changed])) as [IncomingMessage];
	// Node closes a connection at once if more than the answer was in what came; otherwise not before the answer was read.
	const isFollowed = response.complete && socket.destroyed;
	return {
		status: response.statusCode ?? 0,
		headers: joined(response.headersDistinct),
		body: response,
		isFollowed,
		trailers: () => joined(response.trailersDistinct),
	};
}

/** undici's codes for what Node has codes of its own for. https://undici.nodejs.org/#/docs/api/Errors */
const CODES: Readonly<Record<string, string>> = {
	UND_ERR_SOCKET: "ECONNRESET",
	UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "ECONNRESET",
	UND_ERR_HEADERS_OVERFLOW: "HPE_HEADER_OVERFLOW",
};

function codeOf({ code, name }: NodeJS.ErrnoException): string {
	return code === undefined ? name : (ownEntry(CODES, code) ?? code);
}
