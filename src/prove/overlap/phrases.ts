import { duration } from "../../base/duration.ts";
import { largest } from "../../base/largest.ts";
import type { FleetVerdict, Obligation, SenderRow, TokenRow } from "../judge/case.ts";
import { EQUAL_CLOCKS_MS } from "../judge/probes.ts";
import type { ChecklistItem, InventorySums, OverlapView, RotationView } from "./view.ts";
import { bytes, count, offset, plural, utc } from "./wording.ts";

export function clockNote({ clockOffsetMs }: RotationView): string | undefined {
	if (clockOffsetMs === undefined || Math.abs(clockOffsetMs) < EQUAL_CLOCKS_MS) return undefined;
	return `the provider's clock is ${offset(clockOffsetMs)}`;
}

/** How much longer senders must be seen on the new token only, and whether that is before the deadline; undefined if no waiting is needed. */
export function silenceNote({ silenceNeededMs, fits }: FleetVerdict): string | undefined {
	if (silenceNeededMs === 0) return undefined;
	const fit = fits === undefined ? "" : fits ? ", which ends before the deadline" : ", which ends after the deadline";
	return `needs ${duration(silenceNeededMs)} more on the new token only${fit}`;
}

/** The tools that the provider's page shows as stale soon after the old token ended, if nothing changes: one sentence or none. */
export function staleNotes({ rotation, judgement }: OverlapView): string[] {
	const { staleAfterMs, deadline, provider, now } = rotation;
	if (staleAfterMs === undefined || deadline === undefined || now >= deadline) return [];
	const onNew = ({ lastNew, verdict }: SenderRow) => lastNew !== undefined && verdict !== "NEW REJECTED";
	const moved = new Set(judgement.senders.filter(onNew).map(({ cli }) => cli));
	const onOld = judgement.senders.filter(({ cli, lastOld }) => cli !== "" && lastOld !== undefined && !moved.has(cli));
	const tools = [...new Set(onOld.map(({ cli }) => cli))];
	if (tools.length === 0) return [];
	const names =
		tools.length <= FEW ? tools.join(", ") : `${tools.slice(0, FEW).join(", ")} and ${tools.length - FEW} more`;
	return [
		`stale on ${provider}'s page ${duration(staleAfterMs)} after the old token ended, as nothing of it came with the new token: ${names}`,
	];
}

/** How many tools are named. */
const FEW = 5;

/** The old token's rate in words; also the chart's text alternative. */
export function rateText({ judgement: { oldRate, projectedZero }, rotation }: OverlapView): string {
	const rate = `most ${count(largest(oldRate))}, now ${count(oldRate.at(-1) ?? 0)}`;
	if (projectedZero === undefined) return rate;
	if (projectedZero <= rotation.now) return `${rate}; its trend reaches zero now, but some senders remain`;
	return `${rate}; at this trend zero at ${utc(projectedZero)}`;
}

/** The unit of this view's rates, as the first word of a title. */
export function trafficText({ judgement: { rateUnit } }: OverlapView): string {
	return rateUnit === "requests" ? "Requests" : "Records";
}

/** A token's traffic, in the known unit. */
export function amountText({ requests, records }: TokenRow): string {
	return requests > 0 ? plural(requests, "request") : plural(records, "record");
}

/** Requests with this token that were refused; undefined if none. */
export function lostText({ refused }: TokenRow): string | undefined {
	return refused === 0 ? undefined : `${plural(refused, "request")} refused and lost`;
}

/** Requests, unknown to places that count records. */
export function requestsText({ requests, records }: TokenRow): string {
	return requests === 0 && records > 0 ? "not counted" : count(requests);
}

/** Bytes, which only a tap counts. */
export function bytesText(token: TokenRow): string {
	return token.bytes === 0 && token.records > 0 ? "not counted" : bytes(token.bytes);
}

/** `mac-7, any CLI: it never sent with the new token. Next: …` */
export function obligationText({ about, witness, nextStep }: Obligation): string {
	return nextStep === "" ? `${about}: ${witness}` : `${about}: ${witness}. Next: ${nextStep}`;
}

/** The state of a checklist point, as a word. */
export function checkWord({ state, proven, open }: ChecklistItem): string {
	if (state !== "proven") return state === "blocked" ? "no" : "not known";
	return open.length === 0 && proven.some(({ byStatement }) => byStatement) ? "proven, by statement" : "proven";
}

export function inventoryText(sums: InventorySums): string {
	const { onOld, onNew, other, drift, absent, refused, error, unreported, badLines } = sums;
	const tokens = `${count(onNew)} on the new token, ${count(onOld)} on the old, ${count(other)} on another`;
	const states = `${count(drift)} drifted, ${count(absent)} absent, ${refused > 0 ? `${count(refused)} refused, ` : ""}${count(error)} with an error`;
	const silent = unreported > 0 ? `; ${plural(unreported, "machine")} without a report line` : "";
	return `${tokens}; ${states}${silent}${badLines > 0 ? `; ${plural(badLines, "line")} not readable` : ""}`;
}
