import { duration } from "../base/duration.ts";
import type { Problem } from "../base/errors.ts";
import type { RotationSpec } from "../spec/rotation.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { overlapOf, slowestMs } from "./engine.ts";
import { skewProblem } from "./provider-steps.ts";
import { isDone, type RotationState } from "./state.ts";

const CLOCK_FIX =
	"set this machine's clock first: every deadline would be wrong; if it is the clock of crossfade sandbox that was moved, start the sandbox again, with --token file:FILE for the token in use";

/** Why a rotation must not begin as it is planned. All problems at once. */
export function safetyProblems(
	spec: RotationSpec,
	{
		now,
		clockOffsetMs,
		isLeaked,
		before,
	}: {
		readonly now: number;
		readonly clockOffsetMs: number | undefined;
		readonly isLeaked: boolean;
		/** The operation before, if there was one. */
		readonly before: RotationState | undefined;
	},
): Problem[] {
	const about = { settings: spec.settings, operation: "", attempt: 1, slowestMs: slowestMs(spec), isLeaked };
	const overlap = overlapOf(spec, about);
	const slowest = slowestMs(spec);
	const where = { file: `rotation ${spec.name}` };
	const fix =
		"make the places faster (within:), choose another strategy, or add --accept-outage if that loss is accepted";
	const skew = skewProblem(clockOffsetMs, overlap);
	const refused = spec.rules.refuses?.(about);
	const isShort = !isLeaked && overlap !== undefined && overlap <= slowest;
	// One that was proven dead is over, whatever a clock shows.
	const mayLive = before !== undefined && !isDone(before, "prove-old-dead");
	const until =
		mayLive && spec.strategy.ends === "clock" ? (before.deadline?.at ?? unansweredUntil(before, overlap)) : 0;
	const open = until > now;
	return [
		...(isShort && refused === undefined
			? [
					{
						what: "the old token ends before the slowest place has the new one: what is sent from there in between is lost",
						expected: `an overlap of more than ${duration(slowest)}`,
						got: overlap === 0 ? "no overlap" : duration(overlap),
						where,
						fix,
					},
				]
			: []),
		...(refused === undefined ? [] : [{ what: refused, where, fix }]),
		...(skew === undefined ? [] : [{ what: skew, where, fix: CLOCK_FIX }]),
		...(open && !isLeaked
			? [
					{
						what: "the old token of the operation before is still in its overlap: what a second rotation does to it is not known",
						got: `it ends ${new Date(until).toISOString()}${before?.deadline === undefined ? ", if the call that got no answer was done" : ""}`,
						where,
						fix: `wait until then; for a leak: ${rotateCommand(spec, "start --leaked")}`,
					},
				]
			: []),
	];
}

/** When the old token ends at the latest if a call that got no answer rotated it; 0 if there is none. */
function unansweredUntil({ call, fresh }: RotationState, overlapMs = 0): number {
	return fresh === undefined && (call.is === "unknown" || call.is === "begun") ? call.at + overlapMs : 0;
}
