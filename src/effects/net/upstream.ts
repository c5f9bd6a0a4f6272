import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, rootCertificates, type TLSSocket } from "node:tls";
import { ALWAYS_VERIFIED } from "./verified.ts";

/** The server to which requests are forwarded. */
export interface Upstream {
	readonly isTls: boolean;
	/** Without brackets. */
	readonly hostname: string;
	readonly port: number;
	/** Its Host header. */
	readonly authority: string;
	/** Prefix of every path; empty, or with a leading and no trailing slash. */
	readonly basePath: string;
	/** Certificates (PEM) to trust in addition to Node's own. */
	readonly ca?: string | undefined;
}

/** Opens a connection and calls back when it is ready. */
export type Dialler = (onReady: () => void) => Socket;

/** Connection timeout. */
const CONNECT_WITHIN_MS = 30_000;

/** `isOurs` is asked of each connection: whether its other end is in this process, so that everything would go round for ever. */
export function upstreamDialler(
	{ isTls, hostname: host, port, ca }: Upstream,
	isOurs: (socket: Socket) => boolean,
): Dialler {
	const dial = isTls ? tlsDialler(host, port, ca) : plainDialler(host, port);
	return (onReady) => {
		const socket = dial();
		const timer = setTimeout(
			() => socket.destroy(Object.assign(new Error("timed out"), { code: "ETIMEDOUT" })),
			CONNECT_WITHIN_MS,
		);
		socket.once("close", () => clearTimeout(timer));
		socket.once("connect", () => {
			if (isOurs(socket)) socket.destroy(Object.assign(new Error("it leads back here"), { code: "ELOOP" }));
		});
		return socket.once(isTls ? "secureConnect" : "connect", () => {
			clearTimeout(timer);
			if (!socket.destroyed) onReady();
		});
	};
}

function plainDialler(host: string, port: number): () => Socket {
	return () => connect({ host, port, allowHalfOpen: true, noDelay: true, keepAlive: true });
}

function tlsDialler(host: string, port: number, ca: string | undefined): () => TLSSocket {
	// Reading certificates is slow: do it once, not per connection.
	const secureContext = createSecureContext(ca === undefined ? {} : { ca: [ca, ...rootCertificates] });
	let session: Buffer | undefined;
	return () => {
		const servername = isIP(host) === 0 ? { servername: host } : {};
		const resumed = session ? { session } : {};
		const options = { host, port, secureContext, ALPNProtocols: ["http/1.1"], allowHalfOpen: true };
		const socket = connectTls({ ...options, ...servername, ...resumed, ...ALWAYS_VERIFIED });
		socket.setNoDelay(true).setKeepAlive(true);
		return socket.on("session", (fresh) => {
			session = fresh;
		});
	};
}
