import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { openConnection, secureContext, serverName, type TlsFiles, Trip } from "./connection.ts";

/** What a TLS handshake alone shows of a server. No byte of any request is sent for it. */
export interface TlsLook {
	/** Whether the handshake came to its end, whomever the certificate is from. */
	readonly handshake: boolean;
	/** The error code of a handshake that did not, or of what came right after one that did: servers refuse clients without a certificate then. */
	readonly code?: string | undefined;
	/** The server closed the connection right after the handshake, without a word. */
	readonly closed?: boolean;
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

/** A second look at a server after a request failed: only the handshake, with nothing at stake. Never throws for what the server does. */
export async function lookAtTls(target: string, tls: TlsFiles | undefined, timeoutMs: number): Promise<TlsLook> {
	const url = new URL(target);
	const first = await shake(url, { ...tls, ca: undefined }, timeoutMs, false);
	const store = [process.env["SSL_CERT_FILE"] ?? "", ...STORES].find((path) => path !== "" && existsSync(path));
	if (!first.handshake || store === undefined) return first;
	const again = await shake(url, { ...tls, ca: readFileSync(store, "utf8") }, timeoutMs, true);
	return again.handshake ? { ...first, trustedBy: store } : first;
}

async function shake(url: URL, tls: TlsFiles, timeoutMs: number, verify: boolean): Promise<TlsLook> {
	const timer = new AbortController();
	const timeout = setTimeout(() => timer.abort(), timeoutMs);
	const trip = new Trip(timer.signal);
	let secure: TLSSocket | undefined;
	try {
		const socket = await openConnection(new URL(`http://${url.hostname}:${url.port || 443}`), trip, {
			alpn: "http/1.1",
		});
		secure = trip.hold(
			connect({
				socket,
				ALPNProtocols: ["http/1.1"],
				...serverName(url),
				secureContext: secureContext(tls),
				rejectUnauthorized: verify,
			}),
		);
		await once(secure, "secureConnect", { signal: timer.signal });
	} catch (error) {
		clearTimeout(timeout);
		trip.end();
		return { handshake: false, code: (error as NodeJS.ErrnoException).code ?? "TIMEOUT" };
	}
	const certificate = readCertificate(secure.getPeerCertificate());
	const after = verify ? {} : await whatComesAfter(secure);
	clearTimeout(timeout);
	trip.end();
	return { handshake: true, certificate, ...after };
}

function whatComesAfter(secure: TLSSocket): Promise<Pick<TlsLook, "code" | "closed">> {
	return new Promise((done) => {
		const quiet = setTimeout(() => done({}), AFTERWARDS_MS);
		secure.on("error", (error: NodeJS.ErrnoException) => done({ code: error.code }));
		secure.on("close", () => {
			clearTimeout(quiet);
			done({ closed: true });
		});
		secure.resume();
	});
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
