import { MINUTE_MS } from "../../base/duration.ts";
import type { TrafficCounter } from "./evidence.ts";

/** What one request, or a part of it that has a host and a CLI of its own, carried. */
export type Sighting = Omit<TrafficCounter, "minute" | "span" | "lastSeen" | "refused" | "lastAccepted"> & {
	/** Milliseconds since the epoch. */
	readonly at: number;
	/** Whether its records were taken, where the status does not tell: an answer 200 can say that all were rejected. */
	readonly isTaken?: boolean | undefined;
};

/** Counters of one place, as they grow. Pure but for the map inside: no clock, no files. */
export interface TrafficLedger {
	add(seen: Sighting): void;
	/** Adds counters that somebody else made. */
	merge(counters: readonly TrafficCounter[]): void;
	/** Every counter, in no particular order. */
	counters(): TrafficCounter[];
	/** Merges old minutes so that memory and files stay bounded; see `rollUp`. */
	compact(now: number): void;
	readonly size: number;
	/** Whether there was ever too much to keep every sender apart. */
	readonly isFull: boolean;
}

/** Minutes of the last two hours are kept apart; older ones are merged by quarter hours, and after two days by six hours. */
const AGES: readonly { readonly olderThan: number; readonly span: number }[] = [
	{ olderThan: 48 * 60, span: 360 },
	{ olderThan: 2 * 60, span: 15 },
];

/** More counters than this are merged until half as many are left, those that were silent longest first. */
const MAX_COUNTERS = 200_000;

export function newTrafficLedger(initial: readonly TrafficCounter[] = []): TrafficLedger {
	let counters = byKey(initial.map((counter) => ({ ...counter })));
	let isFull = false;
	const compact = (now: number) => {
		counters = byKey(
			rollUp([...counters.values()], now, MAX_COUNTERS, () => {
				isFull = true;
			}),
		);
	};
	return {
		add(seen) {
			const minute = Math.floor(seen.at / MINUTE_MS);
			const { at, isTaken = wasTaken(seen.lastStatus), ...rest } = seen;
			const outcome = { refused: isTaken ? 0 : seen.requests, lastAccepted: isTaken ? at : 0 };
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

/** Merged older ones lose what tells them apart in this order; fingerprint, place and signal are never lost. */
const COARSER: readonly ((counter: TrafficCounter) => TrafficCounter)[] = [
	(counter) => ({ ...counter, ...spanOf(counter, 360) }),
	(counter) => ({ ...counter, host: "", version: "" }),
	(counter) => ({ ...counter, host: "", version: "", cli: "" }),
	(counter) => ({ ...counter, host: "", version: "", cli: "", ...spanOf(counter, 24 * 60) }),
];

/**
 * Counters with old minutes merged; totals by fingerprint, place, host, CLI and signal stay exactly what they were. Should there still be
 * more than `most`, those that were silent longest get coarser, and totals by fingerprint, place and signal stay exact.
 */
export function rollUp(
	counters: readonly TrafficCounter[],
	now: number,
	most = MAX_COUNTERS,
	onLoss: () => void = () => {},
): TrafficCounter[] {
	const thisMinute = Math.floor(now / MINUTE_MS);
	const rolled = counters.map((counter) => {
		const age = AGES.find(({ olderThan }) => thisMinute - counter.minute > olderThan);
		return !age || counter.span >= age.span ? { ...counter } : { ...counter, ...spanOf(counter, age.span) };
	});
	let merged = [...byKey(rolled).values()];
	for (const [index, coarser] of COARSER.entries()) {
		if (merged.length <= most) break;
		// The first step only makes times coarser.
		if (index > 0) onLoss();
		const newestFirst = merged.sort((a, b) => b.lastSeen - a.lastSeen);
		const keep = most >> 2;
		merged = [...byKey([...newestFirst.slice(0, keep), ...newestFirst.slice(keep).map(coarser)]).values()];
	}
	return merged;
}

function spanOf({ minute, span }: TrafficCounter, wanted: number): { minute: number; span: number } {
	return span >= wanted ? { minute, span } : { minute: minute - (minute % wanted), span: wanted };
}

function byKey(counters: readonly TrafficCounter[]): Map<string, TrafficCounter> {
	const merged = new Map<string, TrafficCounter>();
	for (const counter of counters) merge(merged, counter);
	return merged;
}

/** Adds a counter to the one of the same source and minutes; a counter that was not known is taken as it is, not copied. */
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

/** What an answer with this status means where nothing more is known; what counts records sees no answer, and counts what was taken. */
export function wasTaken(status: number): boolean {
	return status === 0 || (status >= 200 && status < 300);
}

type Amount = Pick<
	TrafficCounter,
	"requests" | "records" | "bytes" | "lastStatus" | "version" | "refused" | "lastAccepted"
>;

function grow(known: TrafficCounter, more: Amount, lastSeen: number): void {
	known.requests = sum(known.requests, more.requests);
	known.records = sum(known.records, more.records);
	known.bytes = sum(known.bytes, more.bytes);
	known.refused = sum(known.refused, more.refused);
	known.lastAccepted = Math.max(known.lastAccepted, more.lastAccepted);
	if (lastSeen < known.lastSeen) return;
	known.lastSeen = lastSeen;
	known.lastStatus = more.lastStatus;
	if (more.version !== "") known.version = more.version;
}

/** Beyond this, numbers are not whole ones any more; only a source that makes them up gets there. */
function sum(a: number, b: number): number {
	return Math.min(Number.MAX_SAFE_INTEGER, a + b);
}
