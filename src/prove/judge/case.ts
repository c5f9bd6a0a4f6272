import type { InventoryRow, ProbeEvidence, TrafficCounter } from "../evidence/evidence.ts";

/** The verdict on one sender, or on one token at one place. */
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

/** All inputs of a judgement, including the time. */
export interface JudgementInput {
	readonly now: number;
	readonly tokens: RotationTokens;
	/** When the provider stops accepting the old token; undefined if unknown. */
	readonly deadline: number | undefined;
	/** When watching traffic began; before that, absence means nothing. */
	readonly watchSince: number | undefined;
	/** Since when a counting place cannot be read; after that, absence means nothing. */
	readonly blindSince?: number | undefined;
	/** Expected hosts; if empty, missing senders cannot be detected. */
	readonly expectedHosts: readonly string[];
	/** CLIs expected on every expected host; may be empty. */
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
	/** The fingerprint configured on its machine, if reported. */
	readonly configured: string | undefined;
}

/** One token, over all places. */
export interface TokenRow {
	readonly role: "old" | "new" | "other";
	readonly fingerprint: string;
	readonly firstSeen: number | undefined;
	readonly lastSeen: number | undefined;
	/** 0 if the counting places only count records. */
	readonly requests: number;
	readonly records: number;
	readonly bytes: number;
	readonly lastStatus: number | undefined;
	/** Share of all tokens' traffic in the last 15 minutes, in `rateUnit`, 0 to 1. */
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
	/** How much longer the old token must stay silent before the answer can be yes; 0 if already long enough. */
	readonly silenceNeededMs: number;
	/** Whether that is before the deadline; undefined without a deadline. */
	readonly fits: boolean | undefined;
}

export interface Judgement {
	readonly senders: readonly SenderRow[];
	readonly tokens: readonly TokenRow[];
	readonly probes: readonly JudgedProbe[];
	readonly fleet: FleetVerdict;
	/** Unit of rates: requests, or records if some traffic is only counted in records. */
	readonly rateUnit: "requests" | "records";
	/** Traffic with the old token per quarter hour, oldest first, up to the current one. */
	readonly oldRate: readonly number[];
	/** When the old token's traffic reaches zero at its current trend; undefined if it does not fall. */
	readonly projectedZero: number | undefined;
}
