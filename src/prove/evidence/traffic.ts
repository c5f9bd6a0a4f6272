import { MINUTE_MS } from "../../base/duration.ts";
import type { TrafficCounter } from "./evidence.ts";

/** The content of a request, or of a part with its own host and CLI. */
export type Sighting = Omit<
	TrafficCounter,
	"minute" | "span" | "lastSeen" | "refused" | "lastAccepted" | "firstSeen"
> & {
	/** Milliseconds since the epoch. */
	readonly at: number;
	/** Whether its records were accepted, if the status does not show it: a 200 can reject all of them. */
	isTaken?: boolean | undefined;
	/** Of several requests together: how many were refused. */
	refused?: number | undefined;
};

/** Growing counters of one place. Pure except for the internal map: no clock, no files. */
export interface TrafficLedger {
	add(seen: Sighting): void;
	/** Adds existing counters. */
	merge(counters: readonly TrafficCounter[]): void;
	/** Every counter, in no particular order. */
	counters(): TrafficCounter[];
	/** Merges old minutes to bound memory and files; see `rollUp`. */
	compact(now: number): void;
	readonly size: number;
	/** Whether there were ever too many senders to count each one. */
	readonly isFull: boolean;
}

/** Minutes of the last two hours are kept; older ones are merged by quarter hour, and after two days by six hours. */
const AGES: readonly { readonly olderThan: number; readonly span: number }[] = [
	{ olderThan: 48 * 60, span: 360 },
	{ olderThan: 2 * 60, span: 15 },
];

/** Above this number, counters are merged until half remain, the longest silent first. */
const MAX_COUNTERS = 200_000;

/** `kept` are fingerprints, such as those of a rotation, whose counters become coarser last. */
export function newTrafficLedger(
	initial: readonly TrafficCounter[] = [],
	kept: ReadonlySet<string> = new Set(),
): TrafficLedger {
	let counters = byKey(initial.map((counter) => ({ ...counter })));
	let isFull = false;
	const compact = (now: number) => {
		counters = byKey(
			rollUp([...counters.values()], now, {
				kept,
				onLoss: () => {
					isFull = true;
				},
			}),
		);
	};
	return {
		add(seen) {
			const minute = Math.floor(seen.at / MINUTE_MS);
			const { at, isTaken = wasTaken(seen.lastStatus), refused = isTaken ? 0 : seen.requests, ...rest } = seen;
			// Of several requests the newest may be the one that was refused.
			const lastAccepted = isTaken ? (refused > 0 ? at - 1 : at) : 0;
			const outcome = { refused: Math.min(refused, seen.requests), lastAccepted, firstSeen: at };
			const known = counters.get(keyOf(seen, minute, 1));
			if (known) grow(known, { ...rest, ...outcome }, at);
			else merge(counters, { ...rest, ...outcome, minute, span: 1, lastSeen: at });
			if (counters.size > MAX_COUNTERS) compact(seen.at);
		},
		merge(others) {
			for (const counter of others) merge(counters, { ...counter });
		},
		counters: () => [...counters.values()],
		compact,
		get size() {
			return counters.size;
		},
		get isFull() {
			return isFull;
		},
	};
}

/** Merging drops fields in this order, never fingerprint, place or signal. */
const COARSER: readonly ((counter: TrafficCounter) => TrafficCounter)[] = [
	(counter) => ({ ...counter, ...spanOf(counter, 360) }),
	(counter) => ({ ...counter, host: "", version: "" }),
	(counter) => ({ ...counter, host: "", version: "", cli: "" }),
	(counter) => ({ ...counter, host: "", version: "", cli: "", ...spanOf(counter, 24 * 60) }),
];

/**
 * Counters with old minutes merged; totals by fingerprint, place, host, CLI and signal stay exact. If there are still
 * more than `most`, the longest silent become coarser, and totals by fingerprint, place and signal stay exact. Those of `kept`
 * fingerprints stay as they are, unless they alone are too many. Calls `onLoss` if hosts are lost.
 */
export function rollUp(
	counters: readonly TrafficCounter[],
	now: number,
	{ most = MAX_COUNTERS, kept = new Set(), onLoss = () => {} }: Partial<RollUpOptions> = {},
): TrafficCounter[] {
	const thisMinute = Math.floor(now / MINUTE_MS);
	const rolled = counters.map((counter) => {
		const age = AGES.find(({ olderThan }) => thisMinute - counter.minute > olderThan);
		return !age || counter.span >= age.span ? { ...counter } : { ...counter, ...spanOf(counter, age.span) };
	});
	let merged = [...byKey(rolled).values()];
	for (const [index, coarser] of COARSER.entries()) {
		if (merged.length <= most) break;
		// The first step only merges times.
		if (index > 0) onLoss();
		const ours = merged.filter(({ fingerprint }) => kept.has(fingerprint));
		const isFew = ours.length <= most >> 1;
		const others = isFew ? merged.filter(({ fingerprint }) => !kept.has(fingerprint)) : merged;
		const newestFirst = others.sort((a, b) => b.lastSeen - a.lastSeen);
		const keep = most >> 2;
		const rest = [...newestFirst.slice(0, keep), ...newestFirst.slice(keep).map(coarser)];
		merged = [...byKey(isFew ? [...ours, ...rest] : rest).values()];
	}
	return merged;
}

interface RollUpOptions {
	readonly most: number;
	readonly kept: ReadonlySet<string>;
	readonly onLoss: () => void;
}

function spanOf({ minute, span }: TrafficCounter, wanted: number): { minute: number; span: number } {
	return span >= wanted ? { minute, span } : { minute: minute - (minute % wanted), span: wanted };
}

function byKey(counters: readonly TrafficCounter[]): Map<string, TrafficCounter> {
	const merged = new Map<string, TrafficCounter>();
	for (const counter of counters) merge(merged, counter);
	return merged;
}

/** Adds a counter to the one with the same source and minutes; a new counter is stored without copying. */
function merge(into: Map<string, TrafficCounter>, counter: TrafficCounter): void {
	const key = keyOf(counter, counter.minute, counter.span);
	const known = into.get(key);
	if (known) grow(known, counter, counter.lastSeen);
	else into.set(key, counter);
}

type TrafficKey = Pick<TrafficCounter, "fingerprint" | "place" | "host" | "cli" | "signal">;

function keyOf({ fingerprint, place, host, cli, signal }: TrafficKey, minute: number, span: number): string {
	return `${fingerprint}\n${place}\n${host}\n${cli}\n${signal}\n${minute}\n${span}`;
}

/** Whether a status alone means accepted; places that count records see no responses, and only count accepted ones. */
export function wasTaken(status: number): boolean {
	return status === 0 || (status >= 200 && status < 300);
}

/**
 * What a status says of a credential that was never accepted. `refused`: its data is lost, and what is lost with it does not depend on when the
 * old token ends. `pending`: the client repeats the request, here or elsewhere, or there was no answer.
 * https://opentelemetry.io/docs/specs/otlp/#failures-1
 */
export function fateOf(status: number): "accepted" | "refused" | "pending" {
	if (status >= 200 && status < 300) return "accepted";
	return status >= 400 && status < 500 && !REPEATED.has(status) ? "refused" : "pending";
}

/** Request timeout, too early, and too many requests. */
const REPEATED: ReadonlySet<number> = new Set([408, 425, 429]);

type Amount = Pick<
	TrafficCounter,
	"requests" | "records" | "bytes" | "lastStatus" | "version" | "refused" | "lastAccepted" | "firstSeen"
>;

function grow(known: TrafficCounter, more: Amount, lastSeen: number): void {
	known.requests = sum(known.requests, more.requests);
	known.records = sum(known.records, more.records);
	known.bytes = sum(known.bytes, more.bytes);
	known.refused = sum(known.refused, more.refused);
	known.lastAccepted = Math.max(known.lastAccepted, more.lastAccepted);
	// Only the minute is known of one of them, which may be earlier.
	known.firstSeen =
		known.firstSeen === undefined || more.firstSeen === undefined
			? undefined
			: Math.min(known.firstSeen, more.firstSeen);
	if (lastSeen < known.lastSeen) return;
	known.lastSeen = lastSeen;
	known.lastStatus = more.lastStatus;
	if (more.version !== "") known.version = more.version;
}

/** Beyond this, numbers lose precision; only a faulty source reaches it. */
function sum(a: number, b: number): number {
	return Math.min(Number.MAX_SAFE_INTEGER, a + b);
}
