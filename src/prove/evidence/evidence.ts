import type { Signal } from "../../adapters/providers/provider.ts";
import type { TokenPath } from "../../spec/probe-plan.ts";
import type { CountedSignal } from "../metrics/counted-signal.ts";

/** The outcome of one test request. */
export type Outcome =
	| "accepted"
	/** Accepted, but the server kept only a part, or may have dropped it. */
	| "partial"
	/** 401 or 403: the token itself was refused. */
	| "rejected"
	/** 429, 503 and similar: told to retry later. */
	| "retry-later"
	/** No usable response: DNS, TLS, proxy, refused, timed out, or not OTLP. */
	| "unreachable"
	/** A response that proves nothing, such as sampling. */
	| "inconclusive";

/** One probe observation: whether a token is accepted at a place for a signal at that time. */
export interface ProbeEvidence {
	readonly kind: "probe";
	/** The token's name given by the user, e.g. `old`. */
	readonly token: string;
	readonly fingerprint: string;
	/** Destination: a gateway's name, or the provider's endpoint without secrets. */
	readonly place: string;
	readonly path: TokenPath;
	readonly signal: Signal;
	/** When it was sent, in milliseconds since the epoch by this machine's clock. */
	readonly at: number;
	readonly outcome: Outcome;
	readonly status?: number | undefined;
	readonly latencyMs: number;
	/** A stable word for the cause, e.g. `tls-untrusted`, `http-401`. */
	readonly cause: string;
	/** The cause as text, and the fix; never contains a token. */
	readonly detail: string;
	readonly fix?: string | undefined;
	/** The server's clock minus ours, from its `Date` header; never a gateway's. */
	readonly clockOffsetMs?: number | undefined;
	/** For gateways: whether the record was seen being forwarded to the backend. */
	readonly confirmed?: boolean | undefined;
}

/** Who sent with a token through a place, in one minute. Contains no token. */
export interface TrafficCounter {
	/** 12 hex digits; `none` without a credential, `short` for one that could be guessed, `others` when there were too many, `refused` and `pending` for more of these (see `fateOf`). */
	readonly fingerprint: string;
	readonly place: string;
	/** `host.name`, or empty. */
	readonly host: string;
	/** The id of a known CLI, a `service.name`, or empty. */
	readonly cli: string;
	readonly signal: CountedSignal;
	/** Minutes since the epoch; for rolled-up counters the first minute they cover. */
	readonly minute: number;
	/** How many minutes the counter covers: 1, or more once rolled up. */
	readonly span: number;
	/** A request with data of several hosts counts for the first one only. */
	requests: number;
	records: number;
	/** Of bodies as sent, compressed or not; counted for the first host, like `requests`. */
	bytes: number;
	/** Time of its newest request, in milliseconds since the epoch. */
	lastSeen: number;
	/** Of the newest request; 0 if the counting place does not see responses. */
	lastStatus: number;
	/** Requests whose records were refused: 401, 502, or all rejected. */
	refused: number;
	/** Time of the newest request whose records were accepted, in milliseconds since the epoch; 0 if none. */
	lastAccepted: number;
	/** `service.version`, if present. */
	version: string;
	/** Time of its first request, in milliseconds since the epoch; undefined in evidence of before, which has only the minute. */
	firstSeen?: number | undefined;
}

/** The owner's statement on a host, a gateway or a credential. Contains no token. */
export interface Statement {
	readonly kind: "host" | "gateway" | "credential";
	readonly name: string;
	/** `gone`: no longer sends; `moved`: uses the new token; `known`: is as expected, and counts as listed. */
	readonly says: "gone" | "moved" | "known";
	readonly because: string;
	readonly actor: string;
	/** Milliseconds since the epoch. */
	readonly at: number;
	/** The fingerprint of this rotation's old token, and of its new one if that was known. */
	readonly old: string;
	readonly new?: string | undefined;
}

/** A machine's report line: which token is configured there. It has the same form in every MDM. */
export interface InventoryRow {
	readonly host: string;
	/** The serial number or the MDM's id, if the source has one. */
	readonly serial?: string | undefined;
	/** `refused`: a person has to change a file there. `unreported`: the machine is listed without a report line. */
	readonly state: "ok" | "drift" | "absent" | "refused" | "error" | "unreported";
	/** Undefined if the machine has no token, several, or could not determine it. */
	readonly fingerprint: string | undefined;
	/** CLI id -> state, as reported by the machine. */
	readonly clis: Readonly<Record<string, string>>;
	readonly users: number;
	/** Several tokens are configured. */
	readonly isMixed?: boolean | undefined;
	/** Time of the report, if known: the earliest that it can be. */
	readonly at: number | undefined;
	/** By how much later it can be, in milliseconds, where the list gives it without a zone; 0 if not given. */
	readonly unsureMs?: number | undefined;
	/** What the report does not tell: its line is not whole, or says what the script did not look at. */
	readonly leavesOpen?: string | undefined;
	/** How many differing reports have this name, if they may be of several machines; 1 if not given. */
	readonly rows?: number | undefined;
}

/** A pod in one of several lists, and what the others say of it. */
export interface KnownPod {
	readonly host: string;
	/** What started it, e.g. `Deployment prod/web`. */
	readonly workload: string;
	/** Pods of one workload have the same number. */
	readonly family: number;
	/** Milliseconds since the epoch. */
	readonly created: number;
	/** When the newest list was made that shows that it has ended for good; undefined if none does. */
	readonly endedBy: number | undefined;
}
