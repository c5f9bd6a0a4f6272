import type { TrafficCounter } from "./evidence.ts";

/** Counters of one place, as they grow. Pure but for the map inside: no clock, no files. */
export interface TrafficLedger {
	/** Adds what one request carried. */
	add(seen: Omit<TrafficCounter, "minute" | "span" | "lastSeen" | "requests"> & { readonly at: number }): void;
	/** Every counter, in no particular order. */
	counters(): TrafficCounter[];
	/** Merges old minutes so that memory and files stay bounded; see `rollUp`. */
	compact(now: number): void;
	readonly size: number;
}

const MINUTE_MS = 60_000;

/** Minutes of the last two hours are kept apart; older ones are merged by quarter hours, and after two days by six hours. */
const AGES: readonly { readonly olderThan: number; readonly span: number }[] = [
	{ olderThan: 48 * 60, span: 360 },
	{ olderThan: 2 * 60, span: 15 },
];

/** More sources than this, and those that were silent longest are merged into one without a host. */
const MAX_COUNTERS = 200_000;

export function newTrafficLedger(initial: readonly TrafficCounter[] = []): TrafficLedger {
	let counters = new Map<string, TrafficCounter>();
	for (const counter of initial) merge(counters, { ...counter });
	return {
		add({ at, ...seen }) {
			const minute = Math.floor(at / MINUTE_MS);
			merge(counters, { ...seen, minute, span: 1, requests: 1, lastSeen: at });
		},
		counters: () => [...counters.values()],
		compact(now) {
			counters = byKey(rollUp([...counters.values()], now));
		},
		get size() {
			return counters.size;
		},
	};
}

/** Counters with old minutes merged; totals by fingerprint, place, host, CLI and signal stay exactly what they were. */
export function rollUp(counters: readonly TrafficCounter[], now: number): TrafficCounter[] {
	const thisMinute = Math.floor(now / MINUTE_MS);
	const rolled = counters.map((counter) => {
		const age = AGES.find(({ olderThan }) => thisMinute - counter.minute > olderThan);
		if (!age || counter.span >= age.span) return { ...counter };
		return { ...counter, minute: counter.minute - (counter.minute % age.span), span: age.span };
	});
	const merged = [...byKey(rolled).values()];
	if (merged.length <= MAX_COUNTERS) return merged;
	const bySilence = merged.sort((a, b) => b.lastSeen - a.lastSeen);
	const anonymous = bySilence.slice(MAX_COUNTERS / 2).map((counter) => ({ ...counter, host: "", version: "" }));
	return [...byKey([...bySilence.slice(0, MAX_COUNTERS / 2), ...anonymous]).values()];
}

function byKey(counters: readonly TrafficCounter[]): Map<string, TrafficCounter> {
	const merged = new Map<string, TrafficCounter>();
	for (const counter of counters) merge(merged, counter);
	return merged;
}

/** Adds a counter to the one of the same source and minutes. */
function merge(into: Map<string, TrafficCounter>, counter: TrafficCounter): void {
	const { fingerprint, place, host, cli, signal, minute, span } = counter;
	const key = JSON.stringify([fingerprint, place, host, cli, signal, minute, span]);
	const known = into.get(key);
	if (!known) {
		into.set(key, counter);
		return;
	}
	known.requests += counter.requests;
	known.records += counter.records;
	known.bytes += counter.bytes;
	if (counter.lastSeen < known.lastSeen) return;
	known.lastSeen = counter.lastSeen;
	known.lastStatus = counter.lastStatus;
	if (counter.version !== "") known.version = counter.version;
}
