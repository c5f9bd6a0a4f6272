import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { Duplex, PassThrough } from "node:stream";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { openConnection, RequestLifetime, secureContext, serverName } from "./connection.ts";
import type { TlsFiles } from "./phase.ts";

/** What a TLS handshake alone shows of a server. No byte of any request is sent for it. */
export interface TlsLook {
	/** Whether the handshake came to its end, whomever the certificate is from. */
	readonly handshake: boolean;
	/** The error code of a handshake that did not, or of what came right after one that did: servers refuse clients without a certificate then. */
	readonly code?: string | undefined;
	/** The server closed the connection right after the handshake, without a word. */
	readonly closed?: boolean;
	/** Whether it asked for a client certificate; undefined where it could not be seen, as with TLS 1.3. */
	readonly asksForCertificate?: boolean | undefined;
	readonly certificate?: Certificate | undefined;
	/** The system's own store, if it trusts the certificate: collectors written in Go do then, and Node does not look there. */
	readonly trustedBy?: string | undefined;
}

/** A server's certificate, in its own words. */
export interface Certificate {
	readonly issuer: string;
	readonly names: string;
	/** Milliseconds since the epoch. */
	readonly validFrom: number;
	readonly validTo: number;
}

/** A server that wants a certificate says so within a round trip after the handshake. */
const AFTERWARDS_MS = 1_000;

/** Where Linux distributions and macOS keep the system's store, as Go looks for it. https://go.dev/src/crypto/x509/root_linux.go */
const STORES = [
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
];

/** A second look at a server after a request failed: only handshakes, with nothing at stake. Never throws for what the server does. */
export async function lookAtTls(target: string, tls: TlsFiles = {}, timeoutMs = 10_000): Promise<TlsLook> {
	const handshake = (options: ShakeOptions) => shake(new URL(target), timeoutMs, options);
	const first = await handshake({ files: tls, verify: false });
	if (first.code !== undefined || first.closed) {
		// The one version in which the request for a certificate can be seen.
		const { asksForCertificate } = await handshake({ files: tls, verify: false, maxVersion: "TLSv1.2" });
		return { ...first, asksForCertificate };
	}
	const store = [process.env["SSL_CERT_FILE"] ?? "", ...STORES].find((path) => path !== "" && existsSync(path));
	if (store === undefined) return first;
	const files = { ...tls, ca: readFileSync(store, "utf8") };
	return (await handshake({ files, verify: true })).handshake ? { ...first, trustedBy: store } : first;
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

/** Reads the part of a handshake that TLS 1.2 sends in clear; undefined where there is none. https://www.rfc-editor.org/rfc/rfc5246#section-7.4 */
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
