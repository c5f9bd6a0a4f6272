import type { InventoryRow, ProbeEvidence, Statement, TrafficCounter } from "../evidence/evidence.ts";

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

/** One counter of a place, as it was watched: each for itself, so that the newest never hides another. */
export interface WatchedSeries {
	/** What reports call the place. */
	readonly place: string;
	/** The page, instance or writer that is read. */
	readonly source: string;
	/** Places of one group, such as the instances of a job, count in the same way. */
	readonly group?: string | undefined;
	/** Since when it was read without a gap; undefined when it never could be read. */
	readonly since: number | undefined;
	/** Up to when. */
	readonly until: number | undefined;
	/** How old the newest reading may be: the longest interval of this source, and the time that a look takes. */
	readonly toleranceMs: number;
	/** Whether it ever told tokens apart. */
	readonly isAttributed: boolean;
	/** It ended by itself, and all that it counted was kept. */
	readonly isClosed: boolean;
	/** Why it cannot be read now. */
	readonly trouble?: string | undefined;
	/** What it took without telling with which token, in words. */
	readonly unattributed?: readonly string[] | undefined;
	/** Limits that it reached, in words: beyond them nobody knows who sent. */
	readonly limits?: readonly string[] | undefined;
}

/** With which token a gateway itself sends on. */
export interface GatewayExporter {
	readonly gateway: string;
	/** `passed on`: it sends with the token of whoever sent to it. Undefined when nobody knows. */
	readonly fingerprint: string | "passed on" | undefined;
	/** How that is known. */
	readonly witness: string;
	readonly at: number | undefined;
}

/** How often each sender sends at least while its machine is heard of, in milliseconds. */
export interface SendIntervals {
	readonly fleet?: number | undefined;
	readonly hosts: Readonly<Record<string, number>>;
	readonly clis: Readonly<Record<string, number>>;
}

/** What cannot be read, or was lost, of a file that counts: a list, an inventory or evidence. */
export interface FileTrouble {
	readonly where: string;
	readonly what: string;
	readonly fix: string;
}

/** Everything a judgement is made from. The clock is part of it. */
export interface JudgementInput {
	readonly now: number;
	readonly tokens: RotationTokens;
	/** When the provider made the new token. */
	readonly started?: number | undefined;
	/** When the provider stops accepting the old token; undefined when nobody knows. */
	readonly deadline: number | undefined;
	readonly series: readonly WatchedSeries[];
	readonly exporters: readonly GatewayExporter[];
	/** Hosts that ought to be seen; empty when there is no such list. */
	readonly expectedHosts: readonly string[];
	/** CLIs that ought to be seen on every expected host; may be empty. */
	readonly expectedClis: readonly string[];
	/** Hosts that send straight to the provider, past every place of ours. */
	readonly directHosts: "all" | readonly string[];
	readonly intervals: SendIntervals;
	readonly traffic: readonly TrafficCounter[];
	readonly inventory: readonly InventoryRow[];
	readonly probes: readonly ProbeEvidence[];
	readonly statements: readonly Statement[];
	/** Of lists of hosts and inventories. */
	readonly listTroubles: readonly FileTrouble[];
	/** Of the evidence folder. */
	readonly evidenceTroubles: readonly FileTrouble[];
	/** Fingerprint -> why it is one of the two tokens in disguise, e.g. the old token with a line break behind it. */
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
	/** `blocked`: something is known to be on the old token, or to lose data with the new one; `unknown`: not proven. */
	readonly state: "proven" | "blocked" | "unknown";
	/** What shows it. */
	readonly witness: string;
	/** The one thing that would prove it; empty when it is proven. */
	readonly nextStep: string;
	/** Proven by somebody's word. */
	readonly byStatement?: true;
}

/** One sender: a CLI on a host. */
export interface SenderRow {
	readonly host: string;
	readonly cli: string;
	readonly version: string;
	readonly verdict: VerdictName;
	/** Whether it is proven to have moved. */
	readonly state: Obligation["state"];
	readonly reason: string;
	readonly lastOld: number | undefined;
	readonly lastNew: number | undefined;
	readonly oldRequests: number;
	readonly newRequests: number;
	/** The fingerprint its machine says is configured, if the machine was heard of. */
	readonly configured: string | undefined;
	/** Other names under which this machine is known. */
	readonly alsoCalled?: readonly string[] | undefined;
	/** Requests that were answered without taking the records: lost. */
	readonly refused: number;
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
	/** Requests that were answered without taking their records: lost. */
	readonly refused: number;
	readonly lastStatus: number | undefined;
	/** Of the last 15 minutes, in `rateUnit`, as a share of all tokens' together, 0 to 1. */
	readonly recentShare: number;
}

export interface JudgedProbe {
	readonly evidence: ProbeEvidence;
	readonly verdict: VerdictName;
}

/** The answer: to retire the old token, or that its end has come already and there is nothing left to retire. */
export type Answer = "yes" | "not yet" | "not known" | "over";

/** What is known of one sender: its verdict, and whether it has moved. */
export interface SenderState extends Pick<Obligation, "state" | "witness" | "nextStep" | "byStatement"> {
	readonly verdict: VerdictName;
	/** How much longer it must be heard on the new token alone; 0 where time alone does not help. */
	readonly waitMs: number;
}

export interface FleetVerdict {
	readonly safeToRetire: Answer;
	/** One sentence, without a final stop. */
	readonly reason: string;
	/** Senders still on the old token, or on both. */
	readonly behind: number;
	readonly silent: number;
	/** How many obligations are proven by somebody's word. */
	readonly statements: number;
	/** How long those that moved must be heard on the new token alone before that counts; 0 when nobody has to wait. */
	readonly silenceNeededMs: number;
	/** Whether that still fits before the deadline; undefined without a deadline. */
	readonly fits: boolean | undefined;
}

export interface Judgement {
	/** What must be proven, in the order in which it is told; the answer follows from it. */
	readonly obligations: readonly Obligation[];
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
