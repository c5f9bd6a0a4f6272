// For places that are asked again and again undici keeps connections open. It sends on connections that are opened as those of every other
// request are, so that a failure has the same code and phase. Its proxy agent is not used: it knows less of NO_PROXY than Go does.
import request from "undici/lib/api/api-request.js";
import Agent from "undici/lib/dispatcher/agent.js";
import { ERROR } from "undici/lib/llhttp/constants.js";
import { openConnection, RequestLifetime } from "./connection.ts";
import type { HttpRequest } from "./http.ts";
import { type Begun, joined, requestTarget } from "./http-answer.ts";
import type { Phase, TlsFiles } from "./phase.ts";
import type { ForwardProxy } from "./proxy.ts";

/** A place is asked every few seconds up to every minute or so. */
const KEEP_MS = 90_000;
/** Whoever waits for a connection has a limit of its own, and the last one who waits ends the attempt; no attempt takes longer than this. */
const CONNECT_MS = 10_000;
const CONNECTIONS_PER_PLACE = 4;

// undici looks the name of a parser's error up by its number, in a table that has the numbers by name: without this no error has a code.
Object.assign(ERROR, Object.fromEntries(Object.entries(ERROR).map(([name, number]) => [number, name])));

/** Connections that are opened in one way, and where those stand that are being opened, by origin. */
interface Kept {
	readonly agent: Agent;
	readonly opening: Map<string, Attempt>;
	/** How many requests are under way, by origin. */
	readonly waiting: Map<string, number>;
}

interface Attempt {
	readonly lifetime: RequestLifetime;
	stop(): void;
}

const NO_FILES: TlsFiles = {};
const keptBy = new WeakMap<TlsFiles, Map<string, Kept>>();
const failedIn = new WeakMap<Error, Phase>();

/** Sends one request, on a connection that is open already where there is one. Throws Node's or undici's code. */
export async function exchangeKept(
	sent: HttpRequest,
	url: URL,
	lifetime: RequestLifetime,
	proxy: ForwardProxy | undefined,
): Promise<Begun> {
	const kept = keptFor(sent.tls ?? NO_FILES, proxy);
	const { method, body = null } = sent;
	const options = { origin: url.origin, method, body, ...requestTarget(sent, url, proxy), signal: lifetime.signal };
	lifetime.enter("answer");
	kept.waiting.set(url.origin, (kept.waiting.get(url.origin) ?? 0) + 1);
	try {
		// A connection may end just as it is used again; what is polled may be sent twice.
		const answered = request.call(kept.agent, options).catch((error: unknown) => {
			if (!isReset(error) || failedIn.has(error)) throw error;
			return request.call(kept.agent, options);
		});
		// undici looks at the signal of a request only once its connection is there.
		const answer = await Promise.race([answered, rejectionOf(lifetime.signal)]);
		const trailers = () => joined(answer.trailers);
		return { status: answer.statusCode, headers: joined(answer.headers), body: answer.body, trailers };
	} catch (error) {
		const phase = failedIn.get(error as Error) ?? kept.opening.get(url.origin)?.lifetime.phase;
		if (phase) lifetime.enter(phase);
		throw error;
	} finally {
		const others = (kept.waiting.get(url.origin) ?? 1) - 1;
		if (others > 0) kept.waiting.set(url.origin, others);
		else kept.waiting.delete(url.origin);
		// Otherwise the attempt would keep the process from ending.
		if (others === 0) kept.opening.get(url.origin)?.stop();
	}
}

/** Rejects when the signal fires. */
function rejectionOf(signal: AbortSignal): Promise<never> {
	return new Promise((_done, failed) => {
		const fail = () => failed(signal.reason);
		if (signal.aborted) fail();
		else signal.addEventListener("abort", fail, { once: true });
	});
}

function isReset(error: unknown): error is Error {
	return /^(UND_ERR_SOCKET|ECONNRESET|EPIPE)$/.test((error as NodeJS.ErrnoException).code ?? "");
}

function keptFor(tls: TlsFiles, proxy: ForwardProxy | undefined): Kept {
	const byProxy = keptBy.get(tls) ?? new Map<string, Kept>();
	keptBy.set(tls, byProxy);
	const kept = byProxy.get(proxy?.url.href ?? "") ?? keep(tls, proxy);
	byProxy.set(proxy?.url.href ?? "", kept);
	return kept;
}

function keep(tls: TlsFiles, proxy: ForwardProxy | undefined): Kept {
	const opening = new Map<string, Attempt>();
	const agent = new Agent({
		connections: CONNECTIONS_PER_PLACE,
		keepAliveTimeout: KEEP_MS,
		// Whoever sends limits the time of all phases together; undici's limits are for each alone.
		headersTimeout: 0,
		bodyTimeout: 0,
		connect: ({ protocol, host }, give) => {
			const url = new URL(`${protocol}//${host}`);
			const stop = new AbortController();
			const lifetime = new RequestLifetime(AbortSignal.any([AbortSignal.timeout(CONNECT_MS), stop.signal]));
			const attempt = { lifetime, stop: () => stop.abort() };
			opening.set(url.origin, attempt);
			openConnection(url, lifetime, { tls, proxy, alpn: "http/1.1" })
				.then(
					(socket) => give(null, socket),
					(error: Error) => {
						failedIn.set(error, lifetime.phase);
						lifetime.end();
						give(error, null);
					},
				)
				.finally(() => {
					if (opening.get(url.origin) === attempt) opening.delete(url.origin);
				});
		},
	});
	return { agent, opening, waiting: new Map() };
}
