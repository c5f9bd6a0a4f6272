import type { ExitName } from "../../base/errors.ts";
import type { VerdictName } from "../judge/case.ts";
import type { OverlapView } from "./view.ts";

/** Probe verdicts that are always an alarm, the worst first. */
const ALARMS: readonly (readonly [VerdictName, ExitName])[] = [
	["NEW REJECTED", "newRejected"],
	["OLD ALREADY DEAD", "oldRejectedEarly"],
];

/**
 * A view's exit code. Alarms always count; with `requireMigrated` so does anything but a proven "yes": the old token in
 * use, or silence that proves nothing.
 */
export function outcomeOf({ judgement }: OverlapView, { requireMigrated }: { requireMigrated: boolean }): ExitName {
	const alarm = ALARMS.find(([verdict]) => judgement.probes.some((probe) => probe.verdict === verdict));
	if (alarm) return alarm[1];
	const { safeToRetire, behind, silent } = judgement.fleet;
	if (!requireMigrated || safeToRetire === "yes") return "ok";
	if (safeToRetire === "no evidence") return "noEvidence";
	return behind === 0 && silent > 0 ? "noEvidence" : "oldInUse";
}
