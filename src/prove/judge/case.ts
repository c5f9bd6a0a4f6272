import type { InventoryRow, ProbeEvidence, TrafficCounter } from "../evidence/evidence.ts";

/** What the evidence says about one sender, or one token at one place. */
export type VerdictName =
	| "MIGRATED"
	| "NEW SEEN"
	| "MIXED"
	| "OLD ONLY"
	| "SILENT"
	| "UNATTRIBUTED"
	| "NEW REJECTED"
	| "OLD ALREADY DEAD"
	| "OLD STILL ALIVE"
	| "ACCEPTED"
	| "REJECTED"
	| "PARTIAL"
	| "RATE LIMITED"
	| "UNREACHABLE"
	| "INCONCLUSIVE";

/** The two tokens of a rotation, by fingerprint; either may be unknown. */
export interface RotationTokens {
	readonly old: string | undefined;
	readonly new: string | undefined;
}

/** Everything a judgement is made from. The clock is part of it. */
export interface JudgementInput {
	readonly now: number;
	readonly tokens: RotationTokens;
	/** When the provider stops accepting the old token; undefined when nobody knows. */
	readonly deadline: number | undefined;
	/** When somebody began to look at traffic; before it, absence means nothing. */
	readonly watchSince: number | undefined;
	/** Since when a place that counts traffic cannot be read; after it, absence means nothing either. */
	readonly blindSince?: number | undefined;
	/** Hosts that ought to be seen; empty when there is no such list, and then nothing can be said of who is missing. */
	readonly expectedHosts: readonly string[];
	/** CLIs that ought to be seen on every expected host; may be empty. */
	readonly expectedClis: readonly string[];
	readonly traffic: readonly TrafficCounter[];
	readonly inventory: readonly InventoryRow[];
	readonly probes: readonly ProbeEvidence[];
}

/** One sender: a CLI on a host. */
export interface SenderRow {
	readonly host: string;
	readonly cli: string;
	readonly version: string;
	readonly verdict: VerdictName;
	readonly reason: string;
	readonly lastOld: number | undefined;
	readonly lastNew: number | undefined;
	readonly oldRequests: number;
	readonly newRequests: number;
	/** The fingerprint its machine says is configured, if the machine was heard of. */
	readonly configured: string | undefined;
}

/** One token as seen at all places together. */
export interface TokenRow {
	readonly role: "old" | "new" | "other";
	readonly fingerprint: string;
	readonly firstSeen: number | undefined;
	readonly lastSeen: number | undefined;
	/** 0 where what counts the traffic only tells records. */
	readonly requests: number;
	readonly records: number;
	readonly bytes: number;
	readonly lastStatus: number | undefined;
	/** Of the last 15 minutes, in `rateUnit`, as a share of all tokens' together, 0 to 1. */
	readonly recentShare: number;
}

export interface JudgedProbe {
	readonly evidence: ProbeEvidence;
	readonly verdict: VerdictName;
}

export interface FleetVerdict {
	readonly safeToRetire: "yes" | "not yet" | "no evidence";
	readonly reason: string;
	/** Senders still on the old token, or on both. */
	readonly behind: number;
	readonly silent: number;
	/** How long the old token must stay silent from now before the answer can be yes; 0 when it can be now. */
	readonly silenceNeededMs: number;
	/** Whether that still fits before the deadline; undefined without a deadline. */
	readonly fits: boolean | undefined;
}

export interface Judgement {
	readonly senders: readonly SenderRow[];
	readonly tokens: readonly TokenRow[];
	readonly probes: readonly JudgedProbe[];
	readonly fleet: FleetVerdict;
	/** What rates count: requests, or records where some traffic is only known by those. */
	readonly rateUnit: "requests" | "records";
	/** Traffic with the old token by quarter hours, oldest first, ending with the current one. */
	readonly oldRate: readonly number[];
	/** When the old token's traffic will have ended if they go on falling as they do; undefined when they do not fall. */
	readonly projectedZero: number | undefined;
}
