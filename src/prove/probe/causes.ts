import type { Phase } from "../../effects/net/phase.ts";
import type { Outcome } from "../evidence/evidence.ts";

/** What happened, for people: one sentence, and the next step. `{}` stands for what is known besides. */
interface Cause {
	readonly says: string;
	readonly fix: string;
}

const TRUST = "get the certificate authority from whoever runs the server or inspects TLS here, and pass it with --ca";

/** Why no answer came that could be judged. The keys are stable. */
export const causes = {
	"dns-not-found": {
		says: "the host name does not exist",
		fix: "check its spelling; inside a VPN, check that you are connected",
	},
	"dns-no-answer": { says: "the name server does not answer", fix: "check this machine's network and DNS settings" },
	refused: { says: "nothing listens on that port", fix: "check the port, and that the server runs" },
	"no-route": { says: "there is no way to that host from here", fix: "check this machine's network, VPN and routes" },
	"connect-timeout": {
		says: "no connection in time",
		fix: "a firewall drops it, or the host is down: check the rules for this port",
	},
	"connection-closed": {
		says: "the server closed the connection without an answer",
		fix: "look into the log of the server, or of the load balancer before it",
	},
	stopped: { says: "it was stopped before an answer came", fix: "run it again" },
	"proxy-unreachable": {
		says: "the proxy cannot be reached",
		fix: "check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY",
	},
	"proxy-auth": {
		says: "the proxy wants other credentials (407)",
		fix: "put user and password into HTTPS_PROXY: http://user:password@host:port",
	},
	"proxy-refused": {
		says: "the proxy does not let this through",
		fix: "have the host and port allowed there, or add the host to NO_PROXY",
	},
	"proxy-invalid": {
		says: "the environment names a proxy that is none",
		fix: "set HTTPS_PROXY to http://host:port; other schemes are not supported",
	},
	"proxy-silent": { says: "the proxy does not answer", fix: "check the proxy, or add the host to NO_PROXY" },
	"tls-self-signed": {
		says: "the server's certificate is signed by itself",
		fix: "pass that certificate with --ca if the server is yours",
	},
	"tls-untrusted": { says: "the server's certificate comes from an authority that is not trusted here", fix: TRUST },
	"tls-expired": {
		says: "the server's certificate has expired",
		fix: "have it renewed; check this machine's clock too",
	},
	"tls-not-yet-valid": { says: "the server's certificate is not valid yet", fix: "check this machine's clock" },
	"tls-wrong-name": {
		says: "the server's certificate is for another name",
		fix: "use the name that is in the certificate, or have it issued for this one",
	},
	"tls-client-certificate": { says: "the server wants a client certificate", fix: "pass one with --cert and --key" },
	"tls-client-refused": {
		says: "the server does not take our client certificate",
		fix: "check that --cert is from the authority the server trusts, and not expired",
	},
	"tls-version": {
		says: "the server's TLS version is too old to be used",
		fix: "have the server offer TLS 1.2 or 1.3",
	},
	"tls-to-plain-port": {
		says: "there is no TLS on that port",
		fix: "use http:// if the server speaks plain HTTP, or its TLS port",
	},
	"plain-to-tls-port": { says: "that port wants TLS", fix: "use https:// in the URL" },
	"tls-timeout": {
		says: "the TLS handshake did not end in time",
		fix: "check that the port speaks TLS, and what inspects it in between",
	},
	"tls-own-files": {
		says: "the files of --ca, --cert or --key cannot be used",
		fix: "give PEM files, and the key that belongs to the certificate",
	},
	"tls-failed": { says: "the TLS handshake failed", fix: "try openssl s_client -connect host:port" },
	"only-http2": {
		says: "the server speaks HTTP/2 alone, as ports for gRPC do",
		fix: "use --protocol grpc, or the port for HTTP (often 4318)",
	},
	"no-http2": {
		says: "the server does not speak HTTP/2, which gRPC needs",
		fix: "use --protocol http/protobuf, or the gRPC port (often 4317)",
	},
	"answer-timeout": {
		says: "the server took the request and did not answer in time",
		fix: "look at the server's load, or allow more with --timeout",
	},
	"answer-slow": {
		says: "the answer began and did not end in time",
		fix: "look at the server and what is in between, or allow more with --timeout",
	},
	"answer-too-large": {
		says: "the answer is larger than any OTLP answer may be",
		fix: "check that the URL is an OTLP endpoint",
	},
	"answer-cut-short": {
		says: "the answer ended before its end",
		fix: "look into the log of the server, or of the load balancer before it",
	},
	"answer-garbled": {
		says: "the answer is packed in a way that cannot be read",
		fix: "check what is in between: the server was asked for gzip or nothing",
	},
	"not-http": {
		says: "what answers there does not speak HTTP",
		fix: "check the port; for gRPC ports use --protocol grpc",
	},
	"no-answer": { says: "no answer came", fix: "see the error code" },
} as const satisfies Record<string, Cause>;

export type TransportCause = keyof typeof causes;

/** Codes of Node, OpenSSL and ours, by the phase in which they mean this; the first that fits counts. */
const codes: readonly (readonly [cause: TransportCause, code: RegExp, phases?: readonly Phase[]])[] = [
	["stopped", /^STOPPED$/],
	["proxy-auth", /^PROXY_407$/],
	["proxy-refused", /^PROXY_\d+$/],
	["proxy-invalid", /^BAD_PROXY$/],
	["proxy-silent", /^/, ["proxy"]],
	["dns-not-found", /^ENOTFOUND$/, ["dns"]],
	["dns-no-answer", /^/, ["dns"]],
	["refused", /^ECONNREFUSED$/],
	["no-route", /^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ENETDOWN|EHOSTDOWN|EACCES|EPERM|EINVAL)$/, ["connect"]],
	["connect-timeout", /^(TIMEOUT|ETIMEDOUT)$/, ["connect"]],
	["tls-self-signed", /^DEPTH_ZERO_SELF_SIGNED_CERT$/],
	[
		"tls-untrusted",
		/^(UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?)|SELF_SIGNED_CERT_IN_CHAIN|CERT_UNTRUSTED)$/,
	],
	["tls-expired", /^CERT_HAS_EXPIRED$/],
	["tls-not-yet-valid", /^CERT_NOT_YET_VALID$/],
	["tls-wrong-name", /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/],
	["tls-client-certificate", /ALERT_CERTIFICATE_REQUIRED$/],
	[
		"tls-client-refused",
		/ALERT_(BAD_CERTIFICATE|CERTIFICATE_(UNKNOWN|EXPIRED|REVOKED)|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA)$/,
	],
	[
		"tls-version",
		/^ERR_SSL_(TLSV1_ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|NO_PROTOCOLS_AVAILABLE)$/,
	],
	[
		"tls-to-plain-port",
		/^(ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL|RECORD_LAYER_FAILURE|UNEXPECTED_MESSAGE))$/,
	],
	["only-http2", /ALERT_NO_APPLICATION_PROTOCOL$/],
	["tls-own-files", /^ERR_(OSSL_|SSL_EE_|SSL_CA_|CRYPTO_|TLS_)/, ["tls"]],
	["no-http2", /^NO_HTTP2$/],
	["tls-timeout", /^(TIMEOUT|ETIMEDOUT)$/, ["tls"]],
	["tls-failed", /^(ERR_SSL_|EPROTO)/],
	["connection-closed", /^(ECONNRESET|EPIPE|ECONNABORTED)$/, ["connect", "tls", "answer"]],
	["answer-cut-short", /^(ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM_PREMATURE_CLOSE|HPE_)/, ["body"]],
	["answer-too-large", /^(TOO_LARGE|HPE_HEADER_OVERFLOW)$/],
	["answer-garbled", /^BAD_ENCODING$/],
	["answer-timeout", /^(TIMEOUT|ETIMEDOUT)$/, ["answer"]],
	["answer-slow", /^(TIMEOUT|ETIMEDOUT)$/, ["body"]],
	["connection-closed", /^ERR_HTTP2_(STREAM|GOAWAY)/],
	["no-http2", /^ERR_HTTP2_/],
	["not-http", /^HPE_/],
];

/** The cause behind an error code; with a proxy, whatever happens on the way there is the proxy's. */
export function transportCause(code: string, phase: Phase | undefined, isProxied: boolean): TransportCause {
	if (isProxied && (phase === "dns" || phase === "connect") && code !== "STOPPED") return "proxy-unreachable";
	const found = codes.find(
		([, pattern, phases]) => pattern.test(code) && (!phases || (phase && phases.includes(phase))),
	);
	return found?.[0] ?? "no-answer";
}

/** What a refusal of this kind proves by itself. */
export type RefusalKind =
	/** 401: about credentials, unless something says otherwise. */
	| "credentials"
	/** 403: about the token only if it says so. */
	| "permission"
	/** 400 and 404: about the request, unless it names the token as the reason. */
	| "request";

/** What a status or code of an answer means for a token. */
export interface StatusRule {
	readonly outcome: Outcome;
	readonly says: string;
	readonly fix: string;
	/** Worth sending again, as the protocol's specification says. */
	readonly isRetryable?: true;
	/** The token may be the reason: whose refusal it is has to be looked at. */
	readonly kind?: RefusalKind;
	/** Only where the token is in the URL. */
	readonly isForPathToken?: true;
}

/** The place refused the token itself. */
export function tokenRefused(status: number): Pick<StatusRule, "outcome" | "says" | "fix"> {
	const fix =
		status === 403
			? "check the token's scopes and the addresses it may be used from"
			: "check that it is this place's token, not revoked, and not of another environment";
	return { outcome: "rejected", says: "the token was refused", fix };
}

const unclear: StatusRule = {
	outcome: "inconclusive",
	says: "refused for a reason that is not the token",
	fix: "see the server's own words, and its documentation",
};
const credentials: StatusRule = { ...unclear, kind: "credentials" };
const permission: StatusRule = {
	outcome: "inconclusive",
	says: "refused without a word that the token is the reason",
	fix: "check the token's scopes; a firewall, address list or proxy in between says the same",
	kind: "permission",
};
const later: StatusRule = {
	outcome: "retry-later",
	says: "asked to come back later",
	fix: "wait and run it again, or use --retry",
	isRetryable: true,
};
const failed: StatusRule = { outcome: "unreachable", says: "the server failed", fix: "look into the server's log" };
const overloaded: StatusRule = {
	outcome: "unreachable",
	says: "the server cannot take it now",
	fix: "wait and run it again, or use --retry; look at the server, or the load balancer before it",
	isRetryable: true,
};
const elsewhere: StatusRule = {
	outcome: "unreachable",
	says: "no OTLP endpoint answers at that path",
	fix: "check the base URL, the protocol, and that this signal is taken there",
};
const interrupted: StatusRule = { ...failed, fix: "run it again, or use --retry", isRetryable: true };

/** https://opentelemetry.io/docs/specs/otlp/#otlphttp-response */
const statuses: readonly (readonly [from: number, to: number, rule: StatusRule])[] = [
	[401, 401, credentials],
	[403, 403, permission],
	[404, 404, { ...elsewhere, kind: "request", isForPathToken: true }],
	[405, 405, elsewhere],
	[407, 407, { outcome: "unreachable", ...causes["proxy-auth"] }],
	[410, 410, elsewhere],
	[
		413,
		413,
		{
			...unclear,
			says: "the request of one small record is too large for it",
			fix: "raise the size limit of the server or what is before it",
		},
	],
	[429, 429, { ...later, says: "rate limited" }],
	[502, 502, { ...overloaded, says: "what is before the server got no usable answer from it" }],
	[503, 503, overloaded],
	[504, 504, { ...overloaded, says: "what is before the server got no answer from it in time" }],
	// https://www.rfc-editor.org/rfc/rfc6585#section-6
	[511, 511, { ...permission, says: "the network wants a sign-in first" }],
	[400, 499, { ...unclear, kind: "request" }],
	[500, 599, failed],
];

/** What an HTTP status means; 503 with a time to come back is the throttling of the protocol. https://opentelemetry.io/docs/specs/otlp/#otlphttp-throttling */
export function statusRule(status: number, retryAfter?: string): StatusRule {
	if (status === 503 && retryAfter !== undefined) return later;
	const found = statuses.find(([from, to]) => from <= status && status <= to);
	return found?.[2] ?? { ...failed, says: "answered with a status that means nothing here" };
}

/** https://opentelemetry.io/docs/specs/otlp/#failures */
const grpcCodes: Readonly<Record<number, StatusRule>> = {
	1: interrupted,
	3: { ...unclear, kind: "request" },
	4: interrupted,
	5: elsewhere,
	7: permission,
	// Only an answer that says when to come back may be repeated.
	8: { outcome: "retry-later", says: "rate limited", fix: "wait and run it again" },
	10: interrupted,
	11: interrupted,
	12: elsewhere,
	14: overloaded,
	15: interrupted,
	16: credentials,
};

export function grpcRule(code: number): StatusRule {
	return grpcCodes[code] ?? failed;
}
