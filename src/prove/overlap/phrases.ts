import { duration } from "../../base/duration.ts";
import type { FleetVerdict, Obligation, TokenRow } from "../judge/case.ts";
import { EQUAL_CLOCKS_MS } from "../judge/probes.ts";
import type { ChecklistItem, InventorySums, OverlapView, RotationView } from "./view.ts";
import { bytes, count, offset, plural, utc } from "./wording.ts";

export function clockNote({ clockOffsetMs }: RotationView): string | undefined {
	if (clockOffsetMs === undefined || Math.abs(clockOffsetMs) < EQUAL_CLOCKS_MS) return undefined;
	return `the provider's clock is ${offset(clockOffsetMs)}`;
}

/** How long senders must still be heard on the new token alone, and whether the deadline leaves that time; undefined when no more silence is needed. */
export function silenceNote({ silenceNeededMs, fits }: FleetVerdict): string | undefined {
	if (silenceNeededMs === 0) return undefined;
	const fit = fits === undefined ? "" : fits ? ": that fits" : ": too long for this deadline";
	return `needs ${duration(silenceNeededMs)} more on the new token alone${fit}`;
}

/** The old token's rate in words, which is also what a chart of it says to those who cannot see it. */
export function rateText({ judgement: { oldRate, projectedZero }, rotation }: OverlapView): string {
	const rate = `most ${count(Math.max(...oldRate))}, now ${count(oldRate.at(-1) ?? 0)}`;
	if (projectedZero === undefined) return rate;
	if (projectedZero <= rotation.now) return `${rate}; by its trend it would be zero by now, but some hold on`;
	return `${rate}; by its trend zero at ${utc(projectedZero)}`;
}

/** What rates of this view count, as the first word of a title. */
export function trafficText({ judgement: { rateUnit } }: OverlapView): string {
	return rateUnit === "requests" ? "Requests" : "Records";
}

/** How much a token carried, in the unit that is known of it. */
export function amountText({ requests, records }: TokenRow): string {
	return requests > 0 ? plural(requests, "request") : plural(records, "record");
}

/** What came with a token and was not taken; undefined when nothing was lost. */
export function lostText({ refused }: TokenRow): string | undefined {
	return refused === 0 ? undefined : `${plural(refused, "request")} refused and lost`;
}

/** Requests, which what counts records does not tell. */
export function requestsText({ requests, records }: TokenRow): string {
	return requests === 0 && records > 0 ? "not told" : count(requests);
}

/** Bytes, which only a tap tells. */
export function bytesText(token: TokenRow): string {
	return token.bytes === 0 && token.records > 0 ? "not told" : bytes(token.bytes);
}

/** `blocked  mac-7, codex: it never sent with the new token` */
export function obligationText({ about, witness, nextStep }: Obligation): string {
	return nextStep === "" ? `${about}: ${witness}` : `${about}: ${witness}. Next: ${nextStep}`;
}

/** What a part of the checklist comes to, as a word. */
export function checkWord({ state, proven, open }: ChecklistItem): string {
	if (state !== "proven") return state === "blocked" ? "no" : "not known";
	return open.length === 0 && proven.some(({ byStatement }) => byStatement) ? "proven, by statement" : "proven";
}

export function inventoryText(sums: InventorySums): string {
	const { onOld, onNew, other, drift, absent, error, unreported, badLines } = sums;
	const tokens = `${count(onNew)} on the new token, ${count(onOld)} on the old, ${count(other)} on another`;
	const states = `${count(drift)} drifted, ${count(absent)} absent, ${count(error)} with an error`;
	const silent = unreported > 0 ? `; ${plural(unreported, "machine")} without a report line` : "";
	return `${tokens}; ${states}${silent}${badLines > 0 ? `; ${plural(badLines, "line")} not understood` : ""}`;
}
