import type { InventoryRow, KnownPod, ProbeEvidence, Statement, TrafficCounter } from "../evidence/evidence.ts";

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

/** One counter of a place and when it was watched; kept separately, so that the newest never hides another. */
export interface WatchedSeries {
	/** The place's name in reports. */
	readonly place: string;
	/** The page, instance or writer that is read. */
	readonly source: string;
	/** Places of one group, such as the instances of a job, have the same config. */
	readonly group?: string | undefined;
	/** Since when it was read without a gap; undefined if it could never be read. */
	readonly since: number | undefined;
	/** Up to when. */
	readonly until: number | undefined;
	/** How old the newest reading may be: the longest interval of this source, and the time that a look takes. */
	readonly toleranceMs: number;
	/** Whether it ever counted by token. */
	readonly isAttributed: boolean;
	/** It stopped normally, and all its counts were saved. */
	readonly isClosed: boolean;
	/** Of one that stopped: its clock minus that of the evidence folder, in milliseconds, as measured at its last write. */
	readonly skewMs?: number | undefined;
	/** Why it cannot be read now. */
	readonly trouble?: string | undefined;
	/** What it received without counting it by token, as sentences. */
	readonly unattributed?: readonly string[] | undefined;
	/** Limits that it reached, as sentences: beyond them, senders are unknown. */
	readonly limits?: readonly string[] | undefined;
}

/** The token with which a gateway itself forwards. */
export interface GatewayExporter {
	readonly gateway: string;
	/** `passed on`: it forwards each sender's own token. Undefined if unknown. */
	readonly fingerprint: string | "passed on" | undefined;
	/** The source of this fact. */
	readonly witness: string;
	readonly at: number | undefined;
	/** What it loses instead of sending, as a sentence. */
	readonly losing?: string | undefined;
}

/** The longest usual pause of each sender while its machine is in use, in milliseconds. */
export interface SendIntervals {
	readonly fleet?: number | undefined;
	readonly hosts: Readonly<Record<string, number>>;
	readonly clis: Readonly<Record<string, number>>;
}

/** A problem with a list, an inventory or evidence: something is unreadable or lost. */
export interface FileTrouble {
	readonly where: string;
	readonly what: string;
	readonly fix: string;
}

/** All inputs of a judgement, including the time. */
export interface JudgementInput {
	readonly now: number;
	readonly tokens: RotationTokens;
	/** When the provider issued the new token. */
	readonly started?: number | undefined;
	/** Since when the new token is spread, where it was taken back in between: what was seen before that can have got the old one again. */
	readonly spreadFrom?: number | undefined;
	/** The new token is being taken back, or was: what was seen before says nothing about what is used now. */
	readonly isTakenBack?: boolean | undefined;
	/** When the provider stops accepting the old token; undefined if unknown. */
	readonly deadline: number | undefined;
	readonly series: readonly WatchedSeries[];
	readonly exporters: readonly GatewayExporter[];
	/** Expected hosts; empty if there is no such list. */
	readonly expectedHosts: readonly string[];
	/** CLIs expected on every expected host; may be empty. */
	readonly expectedClis: readonly string[];
	/** Hosts that send directly to the provider, not through a watched place. */
	readonly directHosts: "all" | readonly string[];
	readonly intervals: SendIntervals;
	readonly traffic: readonly TrafficCounter[];
	readonly inventory: readonly InventoryRow[];
	/** What lists of pods say; none if not given. */
	readonly pods?: readonly KnownPod[] | undefined;
	readonly probes: readonly ProbeEvidence[];
	readonly statements: readonly Statement[];
	/** Problems with host lists and inventories. */
	readonly listTroubles: readonly FileTrouble[];
	/** Problems with the evidence folder. */
	readonly evidenceTroubles: readonly FileTrouble[];
	/** Fingerprint -> which other form of a token it is, e.g. the old token followed by a line break. */
	readonly lookalikes: Readonly<Record<string, string>>;
}

export const obligationIds = [
	"watched",
	"complete",
	"seen",
	"moved",
	"accepted",
	"gateways",
	"inventory",
	"lists",
	"identity",
	"whole",
	"rotation",
	"clocks",
] as const;
export type ObligationId = (typeof obligationIds)[number];

/** One thing that must be proven before the old token can be retired. */
export interface Obligation {
	readonly id: ObligationId;
	/** The place, sender, machine or file it is about. */
	readonly about: string;
	/** `blocked`: something uses the old token, or loses data with the new one; `unknown`: not proven. */
	readonly state: "proven" | "blocked" | "unknown";
	/** The evidence, as a sentence. */
	readonly witness: string;
	/** What to do to prove it; empty if it is proven. */
	readonly nextStep: string;
	/** Proven by a statement. */
	readonly byStatement?: true;
}

/** One sender: a CLI on a host. */
export interface SenderRow {
	readonly host: string;
	readonly cli: string;
	readonly version: string;
	readonly verdict: VerdictName;
	/** Whether the move is proven. */
	readonly state: Obligation["state"];
	readonly reason: string;
	readonly lastOld: number | undefined;
	readonly lastNew: number | undefined;
	readonly oldRequests: number;
	readonly newRequests: number;
	/** The fingerprint configured on its machine, if reported. */
	readonly configured: string | undefined;
	/** Other names under which this machine is known. */
	readonly alsoCalled?: readonly string[] | undefined;
	/** Requests whose records were refused, and are lost. */
	readonly refused: number;
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
	/** Requests whose records were refused, and are lost. */
	readonly refused: number;
	readonly lastStatus: number | undefined;
	/** Share of all tokens' traffic in the last 15 minutes, in `rateUnit`, 0 to 1. */
	readonly recentShare: number;
}

export interface JudgedProbe {
	readonly evidence: ProbeEvidence;
	readonly verdict: VerdictName;
}

/** Whether to retire the old token; `over`: it has already expired. */
export type Answer = "yes" | "not yet" | "not known" | "over";

/** One sender's verdict, and whether it has moved. */
export interface SenderState extends Pick<Obligation, "state" | "witness" | "nextStep" | "byStatement"> {
	readonly verdict: VerdictName;
	/** How much longer it must be seen on the new token only; 0 if waiting does not help. */
	readonly waitMs: number;
	/** What proves it, besides a statement. */
	readonly shownBy?: "traffic" | "inventory" | "end" | undefined;
}

export interface FleetVerdict {
	readonly safeToRetire: Answer;
	/** One sentence, without a full stop. */
	readonly reason: string;
	/** Senders still on the old token, or on both. */
	readonly behind: number;
	readonly silent: number;
	/** How many obligations are proven by a statement. */
	readonly statements: number;
	/** How much longer senders must be seen on the new token only; 0 if no waiting is needed. */
	readonly silenceNeededMs: number;
	/** Whether that is before the deadline; undefined without a deadline. */
	readonly fits: boolean | undefined;
}

export interface Judgement {
	/** What must be proven, in display order; it determines the answer. */
	readonly obligations: readonly Obligation[];
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
