import type { ExitName } from "../../base/errors.ts";
import type { Answer, VerdictName } from "../judge/case.ts";
import type { OverlapView } from "./view.ts";

/** Probes that are an alarm whatever else is asked, the worst first. */
const ALARMS: readonly (readonly [VerdictName, ExitName])[] = [
	["NEW REJECTED", "newRejected"],
	["OLD ALREADY DEAD", "oldRejectedEarly"],
];

/**
 * The exit code that a view leads to. Alarms always count; with `requireMigrated` anything but a proven "yes" does too: the old token in
 * use, or something that is not proven.
 */
export function outcomeOf({ judgement }: OverlapView, { requireMigrated }: { requireMigrated: boolean }): ExitName {
	const alarm = ALARMS.find(([verdict]) => judgement.probes.some((probe) => probe.verdict === verdict));
	if (alarm) return alarm[1];
	const { safeToRetire, behind } = judgement.fleet;
	if (!requireMigrated) return "ok";
	return safeToRetire === "over" ? (behind > 0 ? "oldInUse" : "ok") : OUTCOMES[safeToRetire];
}

const OUTCOMES: Readonly<Record<Exclude<Answer, "over">, ExitName>> = {
	yes: "ok",
	"not yet": "oldInUse",
	"not known": "noEvidence",
};
