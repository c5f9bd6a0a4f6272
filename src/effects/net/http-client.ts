import { once } from "node:events";
import { type IncomingMessage, request as sendPlain } from "node:http";
import type { Socket } from "node:net";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { ConnectionError, openConnection, RequestLifetime } from "./connection.ts";
import type { HttpOutcome, HttpRequest, HttpSeen } from "./http.ts";
import { type Begun, firsts, readBody } from "./http-answer.ts";
import { type ForwardProxy, parseProxy, proxyFromEnvironment } from "./proxy.ts";

const pack = promisify(gzip);

/** Sends one request; never throws because of the server. */
export async function sendRequest(request: HttpRequest): Promise<HttpOutcome> {
	const timer = new AbortController();
	const timeout = setTimeout(() => timer.abort(), request.timeoutMs);
	const signal = request.signal ? AbortSignal.any([timer.signal, request.signal]) : timer.signal;
	const lifetime = new RequestLifetime(signal);
	const seen = (): HttpSeen => ({ latencyMs: lifetime.elapsedMs, timings: lifetime.timings(), proxy: proxy?.name });
	let proxy: ForwardProxy | undefined;
	let begun: Begun | undefined;
	try {
		const url = new URL(request.url);
		proxy = chooseProxy(request, url);
		const alpn = request.http2 ? "h2" : "http/1.1";
		const socket = await openConnection(url, lifetime, { tls: request.tls, proxy, alpn });
		lifetime.enter("answer");
		const body = request.body && request.gzip ? await pack(request.body) : request.body;
		const sent = { ...request, ...(body && { body }), headers: allHeaders(request, body) };
		begun = request.http2
			? await (await import("./http2-client.ts")).exchange(sent, url, socket, lifetime)
			: await exchange(sent, url, socket, lifetime, proxy);
		lifetime.enter("body");
		const bytes = await readBody(begun, request.maxBytes, signal);
		const { status, headers, trailers } = begun;
		return { kind: "answer", status, headers, trailers: trailers(), body: bytes, ...seen() };
	} catch (error) {
		const { code, name, message } = error as NodeJS.ErrnoException;
		const stopped = request.signal?.aborted ? "STOPPED" : timer.signal.aborted ? "TIMEOUT" : undefined;
		const answer = begun && { status: begun.status, headers: begun.headers };
		return { kind: "failure", code: stopped ?? code ?? name, message, phase: lifetime.phase, ...answer, ...seen() };
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

async function exchange(
	{ method, headers, body }: HttpRequest,
	url: URL,
	socket: Socket,
	lifetime: RequestLifetime,
	proxy: ForwardProxy | undefined,
): Promise<Begun> {
	// Plain HTTP through a proxy uses the full URL and no tunnel.
	const isForwarded = proxy !== undefined && url.protocol === "http:";
	const request = sendPlain({
		method,
		path: isForwarded ? url.href : url.pathname + url.search,
		headers: { host: url.host, ...headers, ...(isForwarded && proxy.headers) },
		createConnection: () => socket,
	});
	request.on("error", () => undefined);
	request.end(body);
	const [response] = (await once(request, "response", { signal: lifetime.signal })) as [IncomingMessage];
	if (isForwarded && response.statusCode === 407) throw new ConnectionError("PROXY_407", "the proxy answered 407");
	return {
		status: response.statusCode ?? 0,
		headers: firsts(response.headersDistinct),
		body: response,
		trailers: () => ({}),
	};
}
