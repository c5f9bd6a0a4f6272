import { once } from "node:events";
import { existsSync } from "node:fs";
import { Duplex, PassThrough } from "node:stream";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { openConnection, RequestLifetime, secureContext, serverName } from "./connection.ts";
import type { TlsFiles } from "./phase.ts";

/** What a TLS handshake alone shows of a server, without sending a request. */
export interface TlsLook {
	/** Whether the handshake completed, whoever issued the certificate. */
	readonly handshake: boolean;
	/** The error code of a failed handshake, or right after a successful one, when servers refuse clients without a certificate. */
	readonly code?: string | undefined;
	/** The server closed the connection right after the handshake, without an alert. */
	readonly closed?: boolean;
	/** Whether it requested a client certificate; undefined if not visible, as with TLS 1.3. */
	readonly asksForCertificate?: boolean | undefined;
	readonly certificate?: Certificate | undefined;
	/** The system's certificate store, if it trusts the certificate: Go collectors use it, Node does not. */
	readonly trustedBy?: string | undefined;
}

/** A server's certificate. */
export interface Certificate {
	readonly issuer: string;
	readonly names: string;
	/** Milliseconds since the epoch. */
	readonly validFrom: number;
	readonly validTo: number;
}

/** A server that requires a client certificate reports it within a round trip after the handshake. */
const AFTERWARDS_MS = 1_000;

/** Paths of the system's certificate store on Linux and macOS, as Go searches them. https://go.dev/src/crypto/x509/root_linux.go */
const STORES = [
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
];

/**
 * Inspects a server after a failed request, with handshakes only. `textOf` reads the system's certificate store; undefined if it cannot.
 * Never throws because of the server.
 */
export async function lookAtTls(
	target: string,
	textOf: (path: string) => string | undefined,
	tls: TlsFiles = {},
	timeoutMs = 10_000,
): Promise<TlsLook> {
	const handshake = (options: ShakeOptions) => shake(new URL(target), timeoutMs, options);
	const first = await handshake({ files: tls, verify: false });
	if (first.code !== undefined || first.closed) {
		// The only version in which the certificate request is visible.
		const { asksForCertificate } = await handshake({ files: tls, verify: false, maxVersion: "TLSv1.2" });
		return { ...first, asksForCertificate };
	}
	const store = [process.env["SSL_CERT_FILE"] ?? "", ...STORES].find((path) => path !== "" && existsSync(path));
	if (store === undefined) return first;
	const ca = textOf(store);
	if (ca === undefined) return first;
	return (await handshake({ files: { ...tls, ca }, verify: true })).handshake ? { ...first, trustedBy: store } : first;
}

interface ShakeOptions {
	readonly files: TlsFiles;
	readonly verify: boolean;
	readonly maxVersion?: "TLSv1.2";
}

async function shake(url: URL, timeoutMs: number, { files, verify, maxVersion }: ShakeOptions): Promise<TlsLook> {
	const timer = new AbortController();
	const timeout = setTimeout(() => timer.abort(), timeoutMs);
	const lifetime = new RequestLifetime(timer.signal);
	const seen: Buffer[] = [];
	try {
		const socket = await openConnection(new URL(`http://${url.hostname}:${url.port || 443}`), lifetime, { alpn: "" });
		const readable = socket.pipe(new PassThrough()).on("data", (chunk: Buffer) => seen.push(chunk));
		const secure = connect({
			socket: Duplex.from({ readable, writable: socket }),
			...serverName(url),
			secureContext: secureContext(files),
			rejectUnauthorized: verify,
			...(maxVersion && { maxVersion }),
		});
		lifetime.hold(secure);
		await once(secure, "secureConnect", { signal: timer.signal });
		const certificate = readCertificate(secure.getPeerCertificate());
		const after = verify ? {} : await whatComesAfter(secure);
		return { handshake: true, certificate, asksForCertificate: asksForCertificate(Buffer.concat(seen)), ...after };
	} catch (error) {
		const { code = "TIMEOUT" } = error as NodeJS.ErrnoException;
		return { handshake: false, code, asksForCertificate: asksForCertificate(Buffer.concat(seen)) };
	} finally {
		clearTimeout(timeout);
		lifetime.end();
	}
}

function whatComesAfter(secure: TLSSocket): Promise<Pick<TlsLook, "code" | "closed">> {
	return new Promise((done) => {
		const quiet = setTimeout(() => done({}), AFTERWARDS_MS);
		const end = (result: Pick<TlsLook, "code" | "closed">) => {
			clearTimeout(quiet);
			done(result);
		};
		secure.on("error", ({ code }: NodeJS.ErrnoException) => end({ code }));
		secure.on("end", () => end({ closed: true }));
		secure.on("close", () => end({ closed: true }));
		secure.resume();
	});
}

const RECORD_HANDSHAKE = 22;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_DONE = 14;

/** Reads the unencrypted part of a TLS 1.2 handshake; undefined if there is none. https://www.rfc-editor.org/rfc/rfc5246#section-7.4 */
function asksForCertificate(bytes: Buffer): boolean | undefined {
	const messages: Buffer[] = [];
	for (let at = 0; at + 5 <= bytes.length && bytes[at] === RECORD_HANDSHAKE; ) {
		const end = at + 5 + bytes.readUInt16BE(at + 3);
		messages.push(bytes.subarray(at + 5, end));
		at = end;
	}
	const clear = Buffer.concat(messages);
	for (let at = 0; at + 4 <= clear.length; at += 4 + clear.readUIntBE(at + 1, 3)) {
		if (clear[at] === CERTIFICATE_REQUEST) return true;
		if (clear[at] === SERVER_HELLO_DONE) return false;
	}
	return undefined;
}

function readCertificate(peer: PeerCertificate): Certificate | undefined {
	if (!peer.valid_to) return undefined;
	return {
		issuer: [peer.issuer.O, peer.issuer.CN].flat().filter(Boolean).join(", "),
		names: peer.subjectaltname ?? String(peer.subject.CN ?? ""),
		validFrom: Date.parse(peer.valid_from),
		validTo: Date.parse(peer.valid_to),
	};
}
