import type { Answers } from "../../adapters/providers/provider.ts";
import { ownEntry } from "../../base/lookup.ts";
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
import { contradictingHeader, endsByClosing, notItsOwn, saysNotTaken } from "./contradiction.ts";
import { refuserOf } from "./refusal.ts";

/** What one response, or its absence, says about the token used. Contains no token. */
export interface ProbeReading {
	readonly outcome: Outcome;
	readonly cause: string;
	readonly detail: string;
	readonly fix?: string | undefined;
	readonly status?: number | undefined;
	/** Whether the specification allows a retry. */
	readonly isRetryable?: boolean | undefined;
	/** Additional notes that do not change the verdict. */
	readonly notes?: readonly string[];
}

/** Text from the server, safe to show and store. */
export function foreign(text: string): string {
	return shown(redact(text));
}

/** Checks the status first, then the body: content types can be wrong, and a refusal counts whatever its body. */
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
			detail: `an HTML page instead of an OTLP response${text(readErrorMessage(body, type))}`,
			fix: "a captive portal, login page or proxy is in between: sign in to the network, or check the URL",
			status,
		};
	}
	const sign = notItsOwn(headers);
	if (sign !== undefined) {
		return {
			outcome: "inconclusive",
			cause: "answer-not-its-own",
			detail: `a cache or proxy answered ${status} in the place's stead (${foreign(sign)})`,
			fix: "let the way to this place neither keep nor make answers, or probe it from another network",
			status,
		};
	}
	if (asked.isWhoami && status === 200 && isOtlpType("http/json", type)) return accepted(status);
	const code = grpcStatus(answer.trailers ?? {}, headers)?.code ?? 0;
	const result = asked.protocol !== "grpc" && code !== 0 ? undefined : exportResult(answer, asked);
	if (!result) {
		return {
			outcome: "inconclusive",
			cause: "answer-not-otlp",
			detail: `answered ${status} with a body that is not OTLP${ofType(type)}${text(readErrorMessage(body, type))}`,
			fix: "check that the URL is an OTLP endpoint, and the protocol",
			status,
		};
	}
	return success(result, answer, asked);
}

function ofType(type: string): string {
	return type === "" ? ", of no type" : `, of type ${foreign(type).slice(0, 60)}`;
}

function success({ rejected, message }: ExportResult, answer: HttpAnswer, asked: ProbedRequest): ProbeReading {
	const { answers } = asked;
	const { status, headers } = answer;
	const words = text(message);
	if (rejected > 0n) {
		const detail = `answered ${status}, but dropped ${rejected === 1n ? "the record" : `${rejected} records`}${words}`;
		const fix = "see the server's own words: the data was not taken";
		return { outcome: "partial", cause: "partial-success", detail, fix, status };
	}
	const odd = oddity({ rejected, message }, answer, asked);
	if (odd !== undefined) {
		const detail = `answered ${status}${odd}`;
		return { outcome: "inconclusive", cause: "answer-odd", detail, fix: "ask the server's operator", status };
	}
	if (answers?.sampled && /^true$/i.test(ownEntry(headers, answers.sampled) ?? "")) {
		const detail = "accepted with sampling: it may have been dropped, so nothing is proven";
		const fix = "run it again; the free tier keeps only some records";
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

/** What in a success contradicts it, as the end of a sentence; undefined if nothing does. */
function oddity(
	{ rejected, message }: Pick<ExportResult, "rejected" | "message">,
	{ headers, trailers = {}, isFollowed }: HttpAnswer,
	{ protocol }: ProbedRequest,
): string | undefined {
	if (rejected < 0n) return ` with an impossible count of dropped records (${rejected})${text(message)}`;
	if (saysNotTaken(message)) return `, but says that the token is wrong or the record was not taken${text(message)}`;
	const sign = contradictingHeader(headers) ?? contradictingHeader(trailers);
	if (sign !== undefined) return `, but with a header that contradicts it (${foreign(sign)})`;
	if (isFollowed) return ", but more than one answer came";
	const isOpen = protocol !== "grpc" && endsByClosing(headers);
	return isOpen ? ", but without a length, so that it cannot be told whether the answer is whole" : undefined;
}

function accepted(status: number, notes: readonly string[] = []): ProbeReading {
	return { outcome: "accepted", cause: "accepted", detail: "accepted", status, notes };
}

/** Below this share of the limit, a rotation that sends everything twice may exceed it. */
const FEW = 0.1;

function rateNotes(headers: Readonly<Record<string, string>>, answers: Answers | undefined): string[] {
	const count = (name: string | undefined) => {
		const value = name === undefined ? undefined : ownEntry(headers, name);
		return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
	};
	const remaining = count(answers?.remaining);
	const limit = count(answers?.limit) ?? answers?.smallestLimit;
	if (remaining === undefined || limit === undefined || remaining >= limit * FEW) return [];
	return [`only ${remaining} of ${limit} requests left before 429`];
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
		const reason = `it was refused without a look at the token (${foreign(refuser.why)})`;
		return as({ ...inBetween, says: reason });
	}
	if (isForPathToken && isAsked) return as(pathOrToken);
	return as({ outcome, says, fix });
}

const inBetween = {
	outcome: "inconclusive",
	cause: "refused-in-between",
	fix: "check the proxy, firewall, address list or API gateway in between, and the header in which the token is expected (--auth-header)",
} as const;

/** An unknown path and an unknown token in it are answered alike. */
const pathOrToken = {
	outcome: "inconclusive",
	cause: "path-or-token",
	says: "not found: either the token is unknown, or there is no OTLP endpoint at that URL",
	fix: "check the base URL; also probe a token that is known to work",
} as const;

/** A redirect's target, which is not followed: a credential goes only where its owner said. */
function redirect({ status, headers }: HttpAnswer, { url }: ProbedRequest): ProbeReading {
	const location = headers["location"] ?? "";
	const target = URL.canParse(location, url) ? new URL(location, url).host : "an unreadable target";
	return {
		outcome: "unreachable",
		cause: "redirect",
		detail: `answered ${status}, a redirect to ${foreign(target)}; not followed, to protect the token`,
		fix: "if that host is right, use its URL; captive portals and a missing https:// also cause redirects",
		status,
	};
}

/** A truncated response is judged by its status, if that suffices. */
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
	const known = /^(TIMEOUT|STOPPED|TOO_LARGE|PROXY_.*)$/.test(code) ? "" : ` (${foreign(code)})`;
	return { outcome: "unreachable", cause, detail: `${says}${through}${known}`, fix, status };
}

function text(words: string): string {
	return words === "" ? "" : `: ${foreign(words)}`;
}

/** Causes that may mean that a client certificate is required. */
const ambiguous: readonly TransportCause[] = ["connection-closed", "not-http", "tls-failed", "tls-client-refused"];

/** Causes that inspecting the server's TLS can distinguish or explain. */
const unclear: readonly TransportCause[] = [
	...ambiguous,
	"tls-self-signed",
	"tls-untrusted",
	"tls-expired",
	"tls-not-yet-valid",
	"tls-wrong-name",
];

/** Whether inspecting TLS could refine the cause. Not possible through a proxy. */
export function deservesLook(outcome: HttpOutcome, { cause }: ProbeReading, url: string): boolean {
	if (outcome.proxy !== undefined) return false;
	// Responses of servers to plain HTTP on a TLS port.
	if (outcome.kind === "answer") return outcome.status === 400 && url.startsWith("http:");
	return unclear.some((each) => each === cause);
}

/** The cause after inspecting the server's TLS. */
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
	const fact = ownEntry(facts, reading.cause) ?? `issued by ${foreign(issuer)}`;
	const store = look.trustedBy;
	const fix =
		store === undefined
			? reading.fix
			: `the system's certificate store trusts it, but Node does not use that: pass --ca ${store}, and set NODE_EXTRA_CA_CERTS for CLIs that run on Node`;
	return { ...reading, detail: `${reading.detail}: ${fact}`, fix };
}

function day(ms: number): string {
	return Number.isNaN(ms) ? "an unknown day" : new Date(ms).toISOString().slice(0, 10);
}

/** https://www.rfc-editor.org/rfc/rfc9110#field.date */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
/** A clock that is off by more than this is none: it stands still, or begins at some year. */
const MAX_OFFSET_MS = 366 * 86_400_000;

/** The server's clock minus ours in milliseconds, from its `Date` (whole seconds); undefined without one, or with one that no clock has. */
export function clockOffset(outcome: HttpOutcome, sentAt: number): number | undefined {
	const offset = dateOffset(outcome, sentAt);
	return offset !== undefined && Math.abs(offset) <= MAX_OFFSET_MS ? offset : undefined;
}

/** What to say about a `Date` that no clock has: a deadline is then by our own clock. */
export function clockNotes(outcome: HttpOutcome, sentAt: number): string[] {
	const hasDate = outcome.headers?.["date"] !== undefined;
	return hasDate && clockOffset(outcome, sentAt) === undefined
		? ["its Date header is not that of a clock, so a deadline is by the clock here"]
		: [];
}

function dateOffset(outcome: HttpOutcome, sentAt: number): number | undefined {
	const written = outcome.headers?.["date"] ?? "";
	const date = HTTP_DATE.test(written) ? Date.parse(written) : Number.NaN;
	return Number.isNaN(date) ? undefined : Math.round(date + 500 - (sentAt + outcome.latencyMs / 2));
}
