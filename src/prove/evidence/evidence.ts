import type { Signal } from "../../adapters/providers/provider.ts";
import type { TokenPath } from "../../spec/probe-plan.ts";
import type { CountedSignal } from "../metrics/counted-signal.ts";

/** What became of one test request. */
export type Outcome =
	| "accepted"
	/** Accepted, but the server said that it kept only a part, or may have thrown it away. */
	| "partial"
	/** 401 or 403: the token itself was refused. */
	| "rejected"
	/** 429, 503 and the like: asked to come back later. */
	| "retry-later"
	/** No answer to judge by: DNS, TLS, proxy, refused, timed out, or an answer that is not OTLP's. */
	| "unreachable"
	/** Answered, but in a way that proves nothing, such as sampling. */
	| "inconclusive";

/** One observation of a probe: is this token accepted at this place for this signal now? */
export interface ProbeEvidence {
	readonly kind: "probe";
	/** The name the user gave the token, e.g. `old`. */
	readonly token: string;
	readonly fingerprint: string;
	/** Where it was sent: a gateway's name, or the provider's endpoint without anything secret. */
	readonly place: string;
	readonly path: TokenPath;
	readonly signal: Signal;
	/** When it was sent, in milliseconds since the epoch by this machine's clock. */
	readonly at: number;
	readonly outcome: Outcome;
	readonly status?: number | undefined;
	readonly latencyMs: number;
	/** A stable word for what happened, e.g. `tls-untrusted`, `http-401`. */
	readonly cause: string;
	/** The same for a person, and what to do next; never holds a token. */
	readonly detail: string;
	readonly fix?: string | undefined;
	/** The server's clock minus ours, from its `Date` header; never a gateway's. */
	readonly clockOffsetMs?: number | undefined;
	/** For gateways: whether the record was seen leaving towards the backend. */
	readonly confirmed?: boolean | undefined;
}

/** Who sent with a token through a place, in one minute. Holds no token. */
export interface TrafficCounter {
	/** 12 hex digits; `none` without a credential, `short` for one that could be guessed, `others` when there were too many, `refused` for more that were. */
	readonly fingerprint: string;
	readonly place: string;
	/** `host.name`, or empty when the data does not say. */
	readonly host: string;
	/** An id of a CLI we know, a `service.name`, or empty. */
	readonly cli: string;
	readonly signal: CountedSignal;
	/** Minutes since the epoch; for rolled-up counters the first minute they stand for. */
	readonly minute: number;
	/** How many minutes the counter stands for: 1, or more once it was rolled up. */
	readonly span: number;
	/** A request that carries data of several hosts is one request of the first of them, and none of the others. */
	requests: number;
	records: number;
	/** Of bodies as they were sent, packed or not; like `requests` with the first host. */
	bytes: number;
	/** Milliseconds since the epoch of the newest request in it. */
	lastSeen: number;
	/** Of the newest request; 0 where what counts sees no answer. */
	lastStatus: number;
	/** Requests that were answered without taking their records: 401, 502, or all of them rejected. */
	refused: number;
	/** Milliseconds since the epoch of the newest request whose records were taken; 0 when there is none. */
	lastAccepted: number;
	/** `service.version`, where the data says it. */
	version: string;
}

/** What somebody says of a host, a gateway or a credential, where evidence cannot. Holds no token. */
export interface Statement {
	readonly kind: "host" | "gateway" | "credential";
	readonly name: string;
	/** `gone`: sends no more; `moved`: is on the new token; `known`: is as it should be, and counts as listed. */
	readonly says: "gone" | "moved" | "known";
	readonly because: string;
	readonly actor: string;
	/** Milliseconds since the epoch. */
	readonly at: number;
	/** The old token of the rotation it was said in. */
	readonly old: string;
}

/** What a machine's report line says: which token is configured there. The line's form is the same in every MDM. */
export interface InventoryRow {
	readonly host: string;
	/** The serial number or the MDM's id, where the source has one. */
	readonly serial?: string | undefined;
	/** `unreported`: the machine is listed without a report line. */
	readonly state: "ok" | "drift" | "absent" | "error" | "unreported";
	/** Undefined when the machine has no token, several, or could not tell. */
	readonly fingerprint: string | undefined;
	/** CLI id -> state, as the machine sees it. */
	readonly clis: Readonly<Record<string, string>>;
	readonly users: number;
	/** Several tokens are configured there. */
	readonly isMixed?: boolean | undefined;
	/** When the report was made, if the source says. */
	readonly at: number | undefined;
}
