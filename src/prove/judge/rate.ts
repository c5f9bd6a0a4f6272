import { MINUTE_MS } from "../../base/duration.ts";
import type { Judgement, JudgementInput } from "./case.ts";
import { isOwnProbe } from "./own-probes.ts";
import { QUARTER_MS } from "./tokens.ts";

/** How many quarter hours of the old token's rate to show. */
const QUARTERS = 96;

/** Traffic with the old token per quarter hour, oldest first, up to the current one. */
export function ratePerQuarter(
	{ traffic, tokens, now }: JudgementInput,
	watchSince: number | undefined,
	unit: Judgement["rateUnit"],
): number[] {
	const current = Math.floor(now / QUARTER_MS);
	const first = Math.max(current - QUARTERS + 1, Math.floor((watchSince ?? now) / QUARTER_MS));
	const rate = Array.from({ length: Math.max(1, current - first + 1) }, () => 0);
	for (const counter of traffic) {
		if (counter.fingerprint !== tokens.old || isOwnProbe(counter)) continue;
		const index = Math.floor((counter.minute * MINUTE_MS) / QUARTER_MS) - first;
		if (index >= 0 && index < rate.length) rate[index] = (rate[index] ?? 0) + counter[unit];
	}
	return rate;
}

/** After this many quarter hours, weight halves: recent traffic matters most. */
const HALF_WEIGHT = 3;

/** When a weighted linear fit of the completed quarter hours reaches zero; undefined unless it falls to zero within a day. */
export function projectZero(rate: readonly number[], now: number): number | undefined {
	const past = rate.slice(0, -1);
	if (past.length < 3 || past.at(-1) === 0) return undefined;
	const weights = past.map((_value, index) => 2 ** ((index + 1 - past.length) / HALF_WEIGHT));
	const mean = (of: (value: number, index: number) => number) =>
		past.reduce((sum, value, index) => sum + (weights[index] ?? 0) * of(value, index), 0) /
		weights.reduce((sum, weight) => sum + weight, 0);
	const [middle, level] = [mean((_value, index) => index), mean((value) => value)];
	const slope =
		mean((value, index) => (index - middle) * (value - level)) / mean((_value, index) => (index - middle) ** 2);
	if (slope >= 0) return undefined;
	const quartersFromNow = Math.max(0, middle - level / slope - past.length);
	return quartersFromNow > QUARTERS ? undefined : now + quartersFromNow * QUARTER_MS;
}
