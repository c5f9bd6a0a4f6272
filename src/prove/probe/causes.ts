import type { Phase } from "../../effects/net/phase.ts";
import type { Outcome } from "../evidence/evidence.ts";

/** A cause: one sentence, and the fix. `{}` is replaced with details. */
interface Cause {
	readonly says: string;
	readonly fix: string;
}

const TRUST =
	"get the CA certificate from the operator of the server or of the TLS inspection here, and pass it with --ca";

/** Causes without a usable response. The keys are stable. */
export const causes = {
	"dns-not-found": {
		says: "the host name does not exist",
		fix: "check the spelling, and your VPN connection",
	},
	"dns-no-answer": { says: "the DNS server does not respond", fix: "check this machine's network and DNS settings" },
	refused: { says: "nothing listens on that port", fix: "check the port, and that the server runs" },
	"no-route": { says: "no route to that host", fix: "check this machine's network, VPN and routes" },
	"connect-timeout": {
		says: "the connection timed out",
		fix: "a firewall blocks it, or the host is down: check the firewall rules for this port",
	},
	"connection-closed": {
		says: "the server closed the connection without responding",
		fix: "check the log of the server, or of the load balancer in front of it",
	},
	stopped: { says: "stopped before a response arrived", fix: "run it again" },
	"proxy-unreachable": {
		says: "the proxy cannot be reached",
		fix: "check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY",
	},
	"proxy-auth": {
		says: "the proxy requires valid credentials (407)",
		fix: "put user and password into HTTPS_PROXY: http://user:password@host:port",
	},
	"proxy-refused": {
		says: "the proxy blocks this",
		fix: "get the host and port allowed there, or add the host to NO_PROXY",
	},
	"proxy-invalid": {
		says: "the environment has an invalid proxy setting",
		fix: "set HTTPS_PROXY to http://host:port; other schemes are not supported",
	},
	"proxy-silent": { says: "the proxy does not respond", fix: "check the proxy, or add the host to NO_PROXY" },
	"tls-self-signed": {
		says: "the server's certificate is self-signed",
		fix: "pass that certificate with --ca if the server is yours",
	},
	"tls-untrusted": { says: "the server's certificate is from an untrusted authority", fix: TRUST },
	"tls-expired": {
		says: "the server's certificate has expired",
		fix: "renew it, and check this machine's clock",
	},
	"tls-not-yet-valid": { says: "the server's certificate is not valid yet", fix: "check this machine's clock" },
	"tls-wrong-name": {
		says: "the server's certificate is for another name",
		fix: "use the name in the certificate, or get one issued for this name",
	},
	"tls-client-certificate": { says: "the server requires a client certificate", fix: "pass one with --cert and --key" },
	"tls-client-refused": {
		says: "the server refuses the client certificate",
		fix: "check that --cert is from an authority the server trusts, and has not expired",
	},
	"tls-version": {
		says: "the server's TLS version is too old",
		fix: "enable TLS 1.2 or 1.3 on the server",
	},
	"tls-to-plain-port": {
		says: "that port does not use TLS",
		fix: "use http:// if the server uses plain HTTP, or its TLS port",
	},
	"plain-to-tls-port": { says: "that port requires TLS", fix: "use https:// in the URL" },
	"tls-timeout": {
		says: "the TLS handshake timed out",
		fix: "check that the port uses TLS, and for TLS inspection in between",
	},
	"tls-own-files": {
		says: "the files for --ca, --cert or --key are not usable",
		fix: "use PEM files, and the key that matches the certificate",
	},
	"tls-failed": { says: "the TLS handshake failed", fix: "try openssl s_client -connect host:port" },
	"only-http2": {
		says: "the server only speaks HTTP/2, which suggests a gRPC port",
		fix: "use --protocol grpc, or the port for HTTP (often 4318)",
	},
	"no-http2": {
		says: "the server does not support HTTP/2, which gRPC requires",
		fix: "use --protocol http/protobuf, or the gRPC port (often 4317)",
	},
	"answer-timeout": {
		says: "the server received the request but did not respond in time",
		fix: "check the server's load, or increase --timeout",
	},
	"answer-slow": {
		says: "the response started but did not finish in time",
		fix: "check the server and what is in between, or increase --timeout",
	},
	"answer-too-large": {
		says: "the response is larger than OTLP allows",
		fix: "check that the URL is an OTLP endpoint",
	},
	"answer-cut-short": {
		says: "the response was truncated",
		fix: "check the log of the server, or of the load balancer in front of it",
	},
	"answer-garbled": {
		says: "the response has an unreadable encoding",
		fix: "check what is in between: the request allowed only gzip or no compression",
	},
	"not-http": {
		says: "the server there does not speak HTTP",
		fix: "check the port; for gRPC ports use --protocol grpc",
	},
	"no-answer": { says: "no response", fix: "look up the error code" },
} as const satisfies Record<string, Cause>;

export type TransportCause = keyof typeof causes;

/** Codes of Node, OpenSSL and ours, by phase; the first match applies. */
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

/** The cause of an error code; with a proxy, failures on the way to it are the proxy's. */
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

/** What a response's status or code means for a token. */
export interface StatusRule {
	readonly outcome: Outcome;
	readonly says: string;
	readonly fix: string;
	/** Whether the protocol's specification allows a retry. */
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
	says: "refused, but not because of the token",
	fix: "see the server's message and its documentation",
};
const credentials: StatusRule = { ...unclear, kind: "credentials" };
const permission: StatusRule = {
	outcome: "inconclusive",
	says: "refused, but the response does not mention the token",
	fix: "check the token's scopes; a firewall, address list or proxy in between can also cause this",
	kind: "permission",
};
const later: StatusRule = {
	outcome: "retry-later",
	says: "told to retry later",
	fix: "wait and run it again, or use --retry",
	isRetryable: true,
};
const failed: StatusRule = { outcome: "unreachable", says: "the server failed", fix: "check the server's log" };
const overloaded: StatusRule = {
	outcome: "unreachable",
	says: "the server is overloaded or unavailable",
	fix: "wait and run it again, or use --retry; check the server, or the load balancer in front of it",
	isRetryable: true,
};
const elsewhere: StatusRule = {
	outcome: "unreachable",
	says: "no OTLP endpoint at that path",
	fix: "check the base URL, the protocol, and that this signal is accepted there",
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
			says: "a request with one small record is too large for it",
			fix: "raise the size limit of the server or what is in front of it",
		},
	],
	[429, 429, { ...later, says: "rate limited" }],
	[502, 502, { ...overloaded, says: "the proxy or load balancer got no usable response from the server" }],
	[503, 503, overloaded],
	[504, 504, { ...overloaded, says: "the proxy or load balancer got no response from the server in time" }],
	// https://www.rfc-editor.org/rfc/rfc6585#section-6
	[511, 511, { ...permission, says: "the network requires a sign-in first" }],
	[400, 499, { ...unclear, kind: "request" }],
	[500, 599, failed],
];

/** What an HTTP status means; 503 with a time to come back is the throttling of the protocol. https://opentelemetry.io/docs/specs/otlp/#otlphttp-throttling */
export function statusRule(status: number, retryAfter?: string): StatusRule {
	if (status === 503 && retryAfter !== undefined) return later;
	const found = statuses.find(([from, to]) => from <= status && status <= to);
	return found?.[2] ?? { ...failed, says: "unexpected status" };
}

/** https://opentelemetry.io/docs/specs/otlp/#failures */
const grpcCodes: Readonly<Record<number, StatusRule>> = {
	1: interrupted,
	3: { ...unclear, kind: "request" },
	4: interrupted,
	5: elsewhere,
	7: permission,
	// Retry only if the response says when.
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
