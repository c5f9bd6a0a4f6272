import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, createSecureContext, rootCertificates, type TLSSocket } from "node:tls";
import { ALWAYS_VERIFIED } from "./verified.ts";

/** Where requests are forwarded to. */
export interface Upstream {
	readonly isTls: boolean;
	/** Without brackets. */
	readonly hostname: string;
	readonly port: number;
	/** The Host header it is addressed with. */
	readonly authority: string;
	/** Put in front of every path; empty, or with a slash in front and none behind. */
	readonly basePath: string;
	/** Certificates (PEM) to trust besides those that Node brings along. */
	readonly ca?: string | undefined;
}

/** Opens a connection, and calls when it can be used. */
export type Dialler = (onReady: () => void) => Socket;

/** A server that answers nothing to a connection attempt is not there. */
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
	// Reading the certificates takes long: once, not for every connection.
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
