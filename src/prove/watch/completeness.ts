import { type Signal, signals } from "../../adapters/providers/provider.ts";
import { MINUTE_MS } from "../../base/duration.ts";
import { largest } from "../../base/largest.ts";
import type { CounterReading, Mark } from "../evidence/readings.ts";
import { count } from "../overlap/wording.ts";

type Counted = Pick<CounterReading, "accepted" | "totals" | "at">;

/** How much counters by token may lag behind what was received. */
const MAX_LAG_MS = 2 * MINUTE_MS;

/**
 * What a place's receivers accepted without a counter by token, as sentences. Counters by token lag a little: it is enough if they
 * show what was accepted by the previous reading, if that is recent. `before` are its marks.
 */
export function unattributedOf(
	readings: readonly Counted[],
	before: readonly Pick<Mark, "accepted" | "at">[],
	started: number | undefined,
	isTap: boolean,
): string[] {
	const saying = readings.filter(({ accepted }) => accepted);
	if (saying.length === 0) {
		return isTap ? [] : ["how much it received is unknown: add the URL of its own metrics, usually port 8888"];
	}
	const now = largest(readings.map(({ at }) => at));
	// Counts of an ended process say nothing about this one.
	const same = before.filter(
		({ accepted, at }) => accepted && now - at <= MAX_LAG_MS && (started === undefined || started <= at),
	);
	return signals.flatMap((signal) => {
		const taken = sumOf(saying, signal);
		const told = readings.reduce((sum, { totals }) => sum + recordsOf(totals, signal), 0);
		if (told >= taken || (same.length > 0 && told >= sumOf(same, signal))) return [];
		return [`${count(taken - told)} of ${count(taken)} records of ${signal} were not counted by token`];
	});
}

function sumOf(readings: readonly Pick<Counted, "accepted">[], signal: Signal): number {
	return readings.reduce((sum, { accepted }) => sum + (accepted?.[signal] ?? 0), 0);
}

function recordsOf(totals: Counted["totals"], signal: Signal): number {
	return totals.reduce((sum, each) => sum + (each.signal === signal && each.unit === "records" ? each.value : 0), 0);
}
