import { once } from "node:events";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import {
	connect as connectTls,
	createSecureContext,
	rootCertificates,
	type SecureContext,
	type TLSSocket,
} from "node:tls";
import type { Phase, Timings, TlsFiles } from "./phase.ts";
import type { ForwardProxy } from "./proxy.ts";
import { ALWAYS_VERIFIED } from "./verified.ts";

/** One request in flight: knows its phase, and closes what it opened. */
export class RequestLifetime {
	readonly signal: AbortSignal;
	readonly #started = performance.now();
	readonly #spent: Partial<Record<Phase, number>> = {};
	readonly #sockets: Socket[] = [];
	#phase: Phase = "dns";
	#since = this.#started;

	constructor(signal: AbortSignal) {
		this.signal = signal;
	}

	get phase(): Phase {
		return this.#phase;
	}

	enter(phase: Phase): void {
		this.#note();
		this.#phase = phase;
	}

	get elapsedMs(): number {
		return performance.now() - this.#started;
	}

	timings(): Timings {
		this.#note();
		return { ...this.#spent };
	}

	/** Keeps a socket's errors from ending the process, and the socket from outliving the lifetime. */
	hold<T extends Socket>(socket: T): T {
		socket.on("error", () => undefined);
		this.#sockets.push(socket);
		return socket;
	}

	end(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	#note(): void {
		const now = performance.now();
		this.#spent[this.#phase] = (this.#spent[this.#phase] ?? 0) + now - this.#since;
		this.#since = now;
	}
}

/** A failure without a Node error code. */
export class ConnectionError extends Error {
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.code = code;
	}
}

/** A URL's host as sockets expect it: IPv6 without brackets. */
function hostOf(url: URL): string {
	return url.hostname.replace(/^\[|\]$/g, "");
}

function portOf(url: URL): number {
	return Number(url.port || (url.protocol === "https:" ? 443 : 80));
}

/** Connects to a URL's host, through the proxy if there is one, with TLS for https; throws with Node's or OpenSSL's code. */
export async function openConnection(
	url: URL,
	lifetime: RequestLifetime,
	options: { readonly tls?: TlsFiles | undefined; readonly proxy?: ForwardProxy | undefined; readonly alpn: string },
): Promise<Socket> {
	const isSecure = url.protocol === "https:";
	const socket =
		options.proxy && isSecure
			? await openTunnel(url, options.proxy, lifetime)
			: await openTcp(options.proxy?.url ?? url, lifetime);
	return isSecure ? startTls(socket, url, lifetime, options) : socket;
}

async function openTcp(url: URL, lifetime: RequestLifetime): Promise<Socket> {
	const host = hostOf(url);
	if (isIP(host)) lifetime.enter("connect");
	const socket = lifetime.hold(connectTcp({ host, port: portOf(url), noDelay: true }));
	socket.once("lookup", (error) => {
		if (!error) lifetime.enter("connect");
	});
	await once(socket, "connect", { signal: lifetime.signal });
	return socket;
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-connect */
async function openTunnel(url: URL, proxy: ForwardProxy, lifetime: RequestLifetime): Promise<Socket> {
	const authority = `${url.hostname}:${portOf(url)}`;
	const send = proxy.url.protocol === "https:" ? secureRequest : plainRequest;
	const request = send({
		method: "CONNECT",
		host: hostOf(proxy.url),
		port: portOf(proxy.url),
		path: authority,
		headers: { host: authority, ...proxy.headers },
		agent: false,
		...ALWAYS_VERIFIED,
	});
	request.on("socket", (socket) => {
		lifetime.hold(socket);
		socket.once("connect", () => lifetime.enter("proxy"));
	});
	request.on("error", () => undefined);
	// A refusal also arrives as "connect", whatever its status.
	request.end();
	const [response, socket] = (await once(request, "connect", { signal: lifetime.signal })) as [IncomingMessage, Socket];
	if (response.statusCode === 200) return socket;
	throw new ConnectionError(`PROXY_${response.statusCode}`, `the proxy answered ${response.statusCode}`);
}

async function startTls(
	socket: Socket,
	url: URL,
	lifetime: RequestLifetime,
	{ tls, alpn }: { readonly tls?: TlsFiles | undefined; readonly alpn: string },
): Promise<TLSSocket> {
	lifetime.enter("tls");
	const secure = lifetime.hold(
		connectTls({
			socket,
			ALPNProtocols: [alpn],
			...serverName(url),
			secureContext: secureContext(tls),
			...ALWAYS_VERIFIED,
		}),
	);
	await once(secure, "secureConnect", { signal: lifetime.signal });
	if (alpn === "h2" && secure.alpnProtocol !== "h2")
		throw new ConnectionError("NO_HTTP2", "the server does not offer HTTP/2");
	return secure;
}

/** The name the certificate must match and the name sent in the handshake (never an IP address). */
export function serverName(url: URL): { host: string; servername?: string } {
	const host = hostOf(url);
	return isIP(host) ? { host } : { host, servername: host };
}

const contexts = new WeakMap<TlsFiles, SecureContext>();

/** Cached for the same files: parsing over a hundred certificates is slow. Throws OpenSSL's errors. */
export function secureContext(files: TlsFiles = NO_FILES): SecureContext {
	const { ca, cert, key } = files;
	const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
	const context = contexts.get(files) ?? createSecureContext({ ...trusted, cert, key });
	contexts.set(files, context);
	return context;
}

const NO_FILES: TlsFiles = {};
