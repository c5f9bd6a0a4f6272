import type { Answers } from "../../adapters/providers/provider.ts";
import { shown } from "../../base/mask.ts";
import type { HttpAnswer, HttpFailure, HttpOutcome } from "../../effects/net/http.ts";
import type { TlsLook } from "../../effects/net/tls-look.ts";
import { redact } from "../../token/guard.ts";
import type { Outcome } from "../evidence/evidence.ts";
import { grpcStatus } from "../otlp/grpc.ts";
import { type ExportResult, isHtml, readErrorMessage } from "../otlp/response.ts";
import { exportResult, isOtlpType, type ProbedRequest } from "./acceptance.ts";
import {
	causes,
	grpcRule,
	type StatusRule,
	statusRule,
	type TransportCause,
	tokenRefused,
	transportCause,
} from "./causes.ts";
import { refuserOf } from "./refusal.ts";

/** What one answer, or the lack of one, says about the token it was asked with. No text in it holds a token. */
export interface ProbeReading {
	readonly outcome: Outcome;
	readonly cause: string;
	readonly detail: string;
	readonly fix?: string | undefined;
	readonly status?: number | undefined;
	/** Whether the specification allows to send it again. */
	readonly isRetryable?: boolean | undefined;
	/** What else is worth knowing, though it changes nothing. */
	readonly notes?: readonly string[];
}

/** Text of the other side as it may be shown and kept. */
export function foreign(text: string): string {
	return shown(redact(text));
}

/** Decides on the status first and looks into the body afterwards: content types lie, and a refusal is one whatever page it comes with. */
export function readOutcome(outcome: HttpOutcome, asked: ProbedRequest): ProbeReading {
	return outcome.kind === "failure" ? readFailure(outcome, asked) : readAnswer(outcome, asked);
}

function readAnswer(answer: HttpAnswer, asked: ProbedRequest): ProbeReading {
	const { status, headers, body } = answer;
	const type = headers["content-type"] ?? "";
	const grpc = asked.protocol === "grpc" ? grpcStatus(answer.trailers ?? {}, headers) : undefined;
	if (grpc && grpc.code !== 0) {
		return refusal(grpcRule(grpc.code), `grpc-${grpc.code}`, grpc.message, answer, asked, grpc.message);
	}
	if (status >= 300 && status < 400) return redirect(answer, asked);
	if (status < 200 || status >= 300) {
		const title = isHtml(body) ? "a page: " : "";
		const rule = statusRule(status, headers["retry-after"]);
		return refusal(rule, `http-${status}`, title + readErrorMessage(body, type), answer, asked);
	}
	if (isHtml(body)) {
		return {
			outcome: "inconclusive",
			cause: "answer-page",
			detail: `a page for people came instead of an OTLP answer${text(readErrorMessage(body, type))}`,
			fix: "a captive portal, login page or proxy is in between: sign in to the network, or check the URL",
			status,
		};
	}
	if (asked.isWhoami && status === 200 && isOtlpType("http/json", type)) return accepted(status);
	const result = exportResult(answer, asked.protocol);
	if (!result) {
		return {
			outcome: "inconclusive",
			cause: "answer-not-otlp",
			detail: `answered ${status} with something that is not OTLP's${ofType(type)}${text(readErrorMessage(body, type))}`,
			fix: "check that the URL is an OTLP endpoint, and the protocol",
			status,
		};
	}
	return success(result, answer, asked);
}

function ofType(type: string): string {
	return type === "" ? ", of no type" : `, of type ${foreign(type).slice(0, 60)}`;
}

function success({ rejected, message }: ExportResult, answer: HttpAnswer, { answers }: ProbedRequest): ProbeReading {
	const { status, headers } = answer;
	const words = text(message);
	if (rejected > 0n) {
		const detail = `answered ${status}, and threw ${rejected === 1n ? "the record" : `${rejected} records`} away${words}`;
		const fix = "see the server's own words: the data was not taken";
		return { outcome: "partial", cause: "partial-success", detail, fix, status };
	}
	if (rejected < 0n) {
		const detail = `answered ${status}, and that it threw ${rejected} records away, which makes no sense${words}`;
		return { outcome: "inconclusive", cause: "answer-odd", detail, fix: "ask who runs the server", status };
	}
	if (answers?.sampled && /^true$/i.test(headers[answers.sampled] ?? "")) {
		const detail = "accepted by sampling: it may have been thrown away, so nothing is proven";
		const fix = "run it again; the free tier keeps one of several";
		return { outcome: "inconclusive", cause: "sampled", detail, fix, status };
	}
	const notes = rateNotes(headers, answers);
	if (message !== "")
		return {
			outcome: "accepted",
			cause: "accepted-with-warning",
			detail: `accepted, with a warning${words}`,
			status,
			notes,
		};
	return accepted(status, notes);
}

function accepted(status: number, notes: readonly string[] = []): ProbeReading {
	return { outcome: "accepted", cause: "accepted", detail: "accepted", status, notes };
}

/** Below this share of the limit a rotation that sends everything twice may hit it. */
const FEW = 0.1;

function rateNotes(headers: Readonly<Record<string, string>>, answers: Answers | undefined): string[] {
	const count = (name: string | undefined) => {
		const value = name === undefined ? undefined : headers[name];
		return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
	};
	const remaining = count(answers?.remaining);
	const limit = count(answers?.limit) ?? answers?.smallestLimit;
	if (remaining === undefined || limit === undefined || remaining >= limit * FEW) return [];
	return [`only ${remaining} of ${limit} requests are left before it says 429`];
}

/** A refusal is the token's only if it looks like the place's own; whoever is in between refuses for reasons of his own. */
function refusal(
	rule: StatusRule,
	cause: string,
	words: string,
	answer: HttpAnswer,
	asked: ProbedRequest,
	grpcWords?: string,
): ProbeReading {
	const { status } = answer;
	const { kind, isForPathToken = false, outcome, says, fix, isRetryable } = rule;
	const as = (named: Pick<ProbeReading, "outcome" | "fix"> & { says: string; cause?: string }): ProbeReading => ({
		outcome: named.outcome,
		cause: named.cause ?? cause,
		detail: `${named.says}${text(words)}`,
		fix: named.fix,
		status,
		isRetryable,
	});
	const isAsked = kind !== undefined && (!isForPathToken || asked.path === "url");
	const refuser = isAsked ? refuserOf(kind, answer, asked, grpcWords) : undefined;
	if (refuser?.by === "place") return as(tokenRefused(status));
	if (refuser?.by === "certificate") {
		const missing = causes["tls-client-certificate"];
		return as({ ...missing, outcome: "inconclusive", cause: "tls-client-certificate" });
	}
	if (refuser?.by === "between") {
		const reason = `something on the way refused it, which says nothing of the token (${foreign(refuser.why)})`;
		return as({ ...inBetween, says: reason });
	}
	if (isForPathToken && isAsked) return as(pathOrToken);
	return as({ outcome, says, fix });
}

const inBetween = {
	outcome: "inconclusive",
	cause: "refused-in-between",
	fix: "look at the proxy, firewall, address list or API gateway between here and the place",
} as const;

/** An unknown path and an unknown token in it are answered alike. */
const pathOrToken = {
	outcome: "inconclusive",
	cause: "path-or-token",
	says: "nothing is there: either the token is unknown, or no OTLP endpoint is at that URL",
	fix: "check the base URL; probe a token that is known to be good beside it",
} as const;

/** Where to, without following: a credential goes where its owner said. */
function redirect({ status, headers }: HttpAnswer, { url }: ProbedRequest): ProbeReading {
	const location = headers["location"] ?? "";
	const target = URL.canParse(location, url) ? new URL(location, url).host : "nowhere that can be read";
	return {
		outcome: "unreachable",
		cause: "redirect",
		detail: `answered ${status}, a redirect to ${foreign(target)}; it was not followed, so that the token goes nowhere else`,
		fix: "if that host is right, use its URL; a captive portal or a missing https:// sends redirects too",
		status,
	};
}

/** An answer that broke off is judged by its status where that alone is a verdict. */
function readFailure(failure: HttpFailure, asked: ProbedRequest): ProbeReading {
	const { code, phase, status, headers = {} } = failure;
	const named = transportCause(code, phase, failure.proxy !== undefined);
	// No protocol in common: what the server lacks is what was asked for.
	const cause = named === "only-http2" && asked.protocol === "grpc" ? "no-http2" : named;
	if (status !== undefined && (status < 200 || status >= 300) && cause !== "stopped") {
		const head = { ...failure, kind: "answer", status, headers, body: new Uint8Array() } as const;
		return readAnswer(head, asked);
	}
	const through = failure.proxy === undefined ? "" : ` through the proxy ${foreign(failure.proxy)}`;
	const { says, fix } = causes[cause];
	const known =
		code in { TIMEOUT: 1, STOPPED: 1, TOO_LARGE: 1 } || code.startsWith("PROXY_") ? "" : ` (${foreign(code)})`;
	return { outcome: "unreachable", cause, detail: `${says}${through}${known}`, fix, status };
}

function text(words: string): string {
	return words === "" ? "" : `: ${foreign(words)}`;
}

/** Causes behind which may be the wish for a client certificate. */
const ambiguous: readonly TransportCause[] = ["connection-closed", "not-http", "tls-failed", "tls-client-refused"];

/** Causes that a look at the server's TLS tells apart, or tells more about. */
const unclear: readonly TransportCause[] = [
	...ambiguous,
	"tls-self-signed",
	"tls-untrusted",
	"tls-expired",
	"tls-not-yet-valid",
	"tls-wrong-name",
];

/** Whether a second look could name the cause better. Through a proxy it would look at something else. */
export function deservesLook(outcome: HttpOutcome, { cause }: ProbeReading, url: string): boolean {
	if (outcome.proxy !== undefined) return false;
	// What servers answer to plain HTTP on a port for TLS, each in its own words.
	if (outcome.kind === "answer") return outcome.status === 400 && url.startsWith("http:");
	return unclear.some((each) => each === cause);
}

/** The cause as it stands after a look at the server's TLS. */
export function withLook(reading: ProbeReading, look: TlsLook, url: string, hasCertificate: boolean): ProbeReading {
	const as = (cause: TransportCause): ProbeReading => ({
		outcome: "unreachable",
		cause,
		detail: causes[cause].says,
		fix: causes[cause].fix,
	});
	if (url.startsWith("http:")) return look.handshake ? as("plain-to-tls-port") : reading;
	if (ambiguous.some((each) => each === reading.cause)) {
		const said = look.code === undefined ? undefined : transportCause(look.code, "tls", false);
		const isAboutUs = said === "tls-client-certificate" || said === "tls-client-refused";
		const isRefused = look.asksForCertificate ?? look.closed ?? false;
		if (!isAboutUs && !isRefused) return reading;
		return as(hasCertificate ? "tls-client-refused" : "tls-client-certificate");
	}
	if (!look.certificate) return reading;
	const { issuer, names, validFrom, validTo } = look.certificate;
	const facts: Partial<Record<string, string>> = {
		"tls-expired": `on ${day(validTo)}`,
		"tls-not-yet-valid": `before ${day(validFrom)}`,
		"tls-wrong-name": `it names ${foreign(names)}`,
	};
	const fact = facts[reading.cause] ?? `issued by ${foreign(issuer)}`;
	const store = look.trustedBy;
	const fix =
		store === undefined
			? reading.fix
			: `the system's own store trusts it, Node does not look there: use --ca ${store}, and NODE_EXTRA_CA_CERTS for CLIs that run on Node`;
	return { ...reading, detail: `${reading.detail}: ${fact}`, fix };
}

function day(ms: number): string {
	return Number.isNaN(ms) ? "a day it does not say" : new Date(ms).toISOString().slice(0, 10);
}

/** The server's clock minus ours in milliseconds, from its `Date`, which has whole seconds; undefined without one. */
export function clockOffset(outcome: HttpOutcome, sentAt: number): number | undefined {
	const date = Date.parse(outcome.headers?.["date"] ?? "");
	return Number.isNaN(date) ? undefined : Math.round(date + 500 - (sentAt + outcome.latencyMs / 2));
}
