import type { FleetVerdict } from "../judge/case.ts";
import { duration } from "../judge/duration.ts";
import type { InventorySums, OverlapView, RotationView } from "./overlap.ts";
import { count, offset, plural, utc } from "./wording.ts";

/** Less than a second is what a probe's own latency makes of equal clocks. */
const EQUAL_CLOCKS_MS = 1_000;

export function clockNote({ clockOffsetMs }: RotationView): string | undefined {
	if (clockOffsetMs === undefined || Math.abs(clockOffsetMs) < EQUAL_CLOCKS_MS) return undefined;
	return `the provider's clock is ${offset(clockOffsetMs)}`;
}

/** How long the old token must stay silent, and whether the deadline leaves that time; undefined when no more silence is needed. */
export function silenceNote({ silenceNeededMs, fits }: FleetVerdict): string | undefined {
	if (silenceNeededMs === 0) return undefined;
	const fit = fits === undefined ? "" : fits ? ": that fits" : ": too long for this deadline";
	return `needs ${duration(silenceNeededMs)} of silence before a yes${fit}`;
}

/** The old token's rate in words, which is also what a chart of it says to those who cannot see it. */
export function rateText({ judgement: { oldRate, projectedZero }, rotation }: OverlapView): string {
	const rate = `most ${count(Math.max(...oldRate))}, now ${count(oldRate.at(-1) ?? 0)}`;
	if (projectedZero === undefined) return rate;
	if (projectedZero <= rotation.now) return `${rate}; by its trend it would be zero by now, but some hold on`;
	return `${rate}; by its trend zero at ${utc(projectedZero)}`;
}

export function inventoryText(sums: InventorySums): string {
	const { onOld, onNew, other, drift, absent, error, badLines } = sums;
	const tokens = `${count(onNew)} on the new token, ${count(onOld)} on the old, ${count(other)} on another`;
	const states = `${count(drift)} drifted, ${count(absent)} absent, ${count(error)} with an error`;
	return `${tokens}; ${states}${badLines > 0 ? `; ${plural(badLines, "line")} not understood` : ""}`;
}
