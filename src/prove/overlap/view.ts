import { ownEntry } from "../../base/lookup.ts";
import { plain, plainDeep } from "../../base/mask.ts";
import {
	type JudgedProbe,
	type Judgement,
	type Obligation,
	type ObligationId,
	obligationIds,
	type SenderRow,
	type TokenRow,
	type VerdictName,
	type WatchedSeries,
} from "../judge/case.ts";

/** The view model of an overlap, for every report and the live page. Contains no token. Times are milliseconds since the epoch. */
export interface OverlapView {
	readonly schema: 2;
	readonly rotation: RotationView;
	readonly judgement: Judgement;
	/** Fingerprint -> `old`, `new`, or the name the user gave that token. */
	readonly names: Readonly<Record<string, string>>;
	/** Sums over the machines' report lines; absent without any. */
	readonly inventory?: InventorySums | undefined;
	readonly gateways: readonly GatewayView[];
	/** Everything that counts traffic, and when it was watched. */
	readonly series: readonly WatchedSeries[];
	/** How the rotation itself stands, if it is one of `crossfade rotate` that is followed. */
	readonly operation?: OperationView | undefined;
}

/** A rotation of `crossfade rotate`, from its journal. Contains no token. */
export interface OperationView {
	readonly name: string;
	/** The provider's display name. */
	readonly provider: string;
	/** In a few words. */
	readonly phase: string;
	/** Its stores, and what each holds. */
	readonly stores: readonly { readonly name: string; readonly place: string; readonly state: string }[];
	/** What is next, as lines; where a person is needed, the words for that person. */
	readonly next: readonly string[];
}

export interface RotationView {
	readonly name?: string | undefined;
	/** Display name. */
	readonly provider?: string | undefined;
	readonly started?: number | undefined;
	/** When the provider stops accepting the old token. */
	readonly deadline?: number | undefined;
	/** Where the deadline comes from, e.g. `the provider's answer` or `--overlap 24h`. */
	readonly deadlineSource?: string | undefined;
	/** The provider's clock minus ours. */
	readonly clockOffsetMs?: number | undefined;
	readonly watchSince?: number | undefined;
	/** The provider's page shows a tool as stale when its last event is older, in milliseconds. */
	readonly staleAfterMs?: number | undefined;
	readonly now: number;
}

export interface InventorySums {
	readonly hosts: number;
	readonly onOld: number;
	readonly onNew: number;
	/** Hosts with a token that is neither. */
	readonly other: number;
	readonly drift: number;
	readonly absent: number;
	/** Machines with a file that a person has to change. */
	readonly refused: number;
	readonly error: number;
	/** Machines listed without a report line. */
	readonly unreported: number;
	/** Lines that are not report lines; counted, never fatal. */
	readonly badLines: number;
}

/** A place whose traffic or metrics are read, and its state. */
export interface GatewayView {
	readonly place: string;
	/** Without user info, query and secrets in the path. */
	readonly url: string;
	readonly state: "up" | "degraded" | "down" | "unknown";
	/** A sentence for the user; may be empty. */
	readonly detail: string;
	/** When it was last seen. */
	readonly at?: number | undefined;
}

/** The answer's sentence has several parts, the last of which say what was not seen, and how much rests on statements. */
const LONGEST_REASON = 1_000;

/** A copy whose texts from outside are safe to show. The answer's sentence is not cut as a name is. */
export function plainView(outside: OverlapView): OverlapView {
	const view = plainDeep(outside);
	const fleet = { ...view.judgement.fleet, reason: plain(outside.judgement.fleet.reason, LONGEST_REASON) };
	const { operation } = outside;
	const words = operation && {
		...operation,
		stores: operation.stores.map(({ name, place, state }) => ({
			name: plain(name),
			place: plain(place, LONGEST_REASON),
			state: plain(state, LONGEST_REASON),
		})),
		next: operation.next.map((line) => plain(line, LONGEST_REASON)),
	};
	return { ...view, judgement: { ...view.judgement, fleet }, ...(words && { operation: words }) };
}

/** A token's display name: `old`, `new`, a given name, or `unknown`. */
export function tokenName(view: OverlapView, fingerprint: string): string {
	return ownEntry(view.names, fingerprint) ?? "unknown";
}

/** A deadline's urgency, with steps at 12, 4 and 1 hours. */
export type Urgency = "none" | "calm" | "soon" | "near" | "last" | "past";

const HOUR_MS = 3_600_000;

/** The time until the deadline (negative afterwards) and its urgency. */
export function countdown({ deadline }: RotationView, now: number): { leftMs: number | undefined; urgency: Urgency } {
	if (deadline === undefined) return { leftMs: undefined, urgency: "none" };
	const leftMs = deadline - now;
	const steps: readonly (readonly [Urgency, number])[] = [
		["past", 0],
		["last", HOUR_MS],
		["near", 4 * HOUR_MS],
		["soon", 12 * HOUR_MS],
	];
	return { leftMs, urgency: steps.find(([, most]) => leftMs <= most)?.[0] ?? "calm" };
}

/** Progress of the overlap, 0 to 1; undefined unless both ends are known. */
export function progress({ started, deadline }: RotationView, now: number): number | undefined {
	if (started === undefined || deadline === undefined || deadline <= started) return undefined;
	return Math.min(1, Math.max(0, (now - started) / (deadline - started)));
}

/** Credentials seen that are neither token. */
export function strangers({ judgement }: OverlapView): TokenRow[] {
	return judgement.tokens.filter(({ role, requests, records }) => role === "other" && requests + records > 0);
}

/** The rotation's two tokens; undefined if not given. */
export function tokensOfRotation({ judgement }: OverlapView): Record<"old" | "new", TokenRow | undefined> {
	const of = (role: "old" | "new") => judgement.tokens.find((token) => token.role === role);
	return { old: of("old"), new: of("new") };
}

/** The number of senders per verdict, by urgency. */
export function verdictCounts(senders: readonly SenderRow[]): [VerdictName, number][] {
	const counts = new Map<VerdictName, number>();
	for (const { verdict } of senders) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
	return [...counts];
}

/** Senders not known to have migrated. */
export function remaining({ judgement }: OverlapView): SenderRow[] {
	return judgement.senders.filter(({ verdict }) => verdict !== "MIGRATED");
}

/** What a verdict asks of the user: nothing, wait, check, or act. */
export type Tone = "good" | "wait" | "warn" | "bad";

const TONES: Readonly<Record<VerdictName, Tone>> = {
	MIGRATED: "good",
	ACCEPTED: "good",
	"NEW SEEN": "wait",
	INCONCLUSIVE: "wait",
	"RATE LIMITED": "wait",
	SILENT: "warn",
	MIXED: "warn",
	UNATTRIBUTED: "warn",
	PARTIAL: "warn",
	UNREACHABLE: "warn",
	"OLD STILL ALIVE": "warn",
	"OLD ONLY": "bad",
	REJECTED: "bad",
	"NEW REJECTED": "bad",
	"OLD ALREADY DEAD": "bad",
};

/** The tone of a verdict, of the fleet's answer, or of a gateway's state. */
export function tone(of: VerdictName | Judgement["fleet"]["safeToRetire"] | GatewayView["state"]): Tone {
	return { ...TONES, yes: "good", "not yet": "warn", "not known": "wait", over: "wait", ...STATES }[of] as Tone;
}

const STATES: Readonly<Record<GatewayView["state"], Tone>> = {
	up: "good",
	degraded: "warn",
	down: "bad",
	unknown: "wait",
};

/** The checklist of what must be proven: each point once, open items first. */
export interface ChecklistItem {
	readonly id: ObligationId;
	/** The point as a sentence. */
	readonly asks: string;
	readonly state: Obligation["state"];
	readonly open: readonly Obligation[];
	readonly proven: readonly Obligation[];
}

const ASKS: Readonly<Record<ObligationId, string>> = {
	watched: "Every place was watched without a gap until now",
	complete: "Everything received was counted by token",
	seen: "Use of the old token would be noticed",
	moved: "Each sender has moved",
	accepted: "Data sent with the new token is accepted",
	gateways: "The gateways themselves send with the new token",
	inventory: "Every known machine is listed, and every report agrees",
	lists: "The lists are complete",
	identity: "Each name stands for one machine",
	whole: "No evidence is lost",
	rotation: "The evidence is from one rotation",
	clocks: "The clocks agree",
};

const STATE_ORDER: readonly Obligation["state"][] = ["blocked", "unknown", "proven"];

export function checklist({ judgement: { obligations } }: OverlapView): ChecklistItem[] {
	return obligationIds.flatMap((each) => {
		const all = obligations.filter(({ id }) => id === each);
		if (all.length === 0) return [];
		const open = STATE_ORDER.flatMap((state) => (state === "proven" ? [] : all.filter((one) => one.state === state)));
		const proven = all.filter(({ state }) => state === "proven");
		return [{ id: each, asks: ASKS[each], state: open[0]?.state ?? "proven", open, proven }];
	});
}

/** Machines that hold up a yes by their report, their name, or by being on no list: those on the old token first. */
export function heldUp({ judgement: { obligations } }: Pick<OverlapView, "judgement">): Obligation[] {
	const machines = obligations.filter(({ id }) => id === "inventory" || id === "identity");
	return STATE_ORDER.filter((state) => state !== "proven").flatMap((state) =>
		machines.filter((each) => each.state === state),
	);
}

/** The probes of one place, grouping those of a token with the same result for every signal. */
export function probesAt({ judgement }: OverlapView, place: string): [JudgedProbe, ...JudgedProbe[]][] {
	const groups = new Map<string, [JudgedProbe, ...JudgedProbe[]]>();
	for (const probe of judgement.probes) {
		const { evidence, verdict } = probe;
		if (evidence.place !== place) continue;
		const key = JSON.stringify([evidence.fingerprint, evidence.path, verdict, evidence.cause]);
		const group = groups.get(key);
		if (group) group.push(probe);
		else groups.set(key, [probe]);
	}
	return [...groups.values()];
}

/** All places: gateways, and places that were only probed. */
export function places(view: OverlapView): GatewayView[] {
	const known = new Set(view.gateways.map(({ place }) => place));
	const probed = new Set(view.judgement.probes.map(({ evidence }) => evidence.place));
	const others = [...probed].filter((place) => !known.has(place));
	return [...view.gateways, ...others.map((place): GatewayView => ({ place, url: "", state: "unknown", detail: "" }))];
}
