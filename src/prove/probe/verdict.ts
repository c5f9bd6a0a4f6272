import { type ExitName, exitCodes } from "../../base/errors.ts";
import { NEW, OLD } from "../../spec/probe-plan.ts";
import type { ProbeEvidence } from "../evidence/evidence.ts";
import type { VerdictName } from "../judge/case.ts";
import { probeVerdict } from "../judge/probes.ts";
import type { ProbeObservation } from "./observation.ts";

/** A row with what it means for the rotation. */
export interface JudgedRow extends ProbeObservation {
	readonly verdict: VerdictName;
	/** The exit code that this row alone leads to. */
	readonly exit: ExitName;
}

const exits: Readonly<Partial<Record<VerdictName, ExitName>>> = {
	ACCEPTED: "ok",
	"NEW REJECTED": "newRejected",
	"OLD ALREADY DEAD": "oldRejectedEarly",
	"OLD STILL ALIVE": "oldInUse",
	UNREACHABLE: "unreachable",
	PARTIAL: "partial",
	"RATE LIMITED": "retryLater",
	INCONCLUSIVE: "noEvidence",
};

/** Judges each row by whose token it was and by the deadline. */
export function judgeRows(rows: readonly ProbeObservation[], deadline: number | undefined): JudgedRow[] {
	const idOf = (name: string) => rows.find(({ evidence }) => evidence.token === name)?.evidence.fingerprint;
	const tokens = { old: idOf(OLD), new: idOf(NEW) };
	return rows.map((row) => {
		const verdict = probeVerdict(row.evidence, { tokens, deadline });
		return { ...row, verdict, exit: exits[verdict] ?? rejectedExit(row.evidence, deadline) };
	});
}

/** The old token's end is what was wanted once the deadline is over; any other token is there to be accepted. */
function rejectedExit({ token }: ProbeEvidence, deadline: number | undefined): ExitName {
	if (token !== OLD) return "newRejected";
	return deadline === undefined ? "oldRejectedEarly" : "ok";
}

/** The worst of all rows, which is the lowest code that is not 0: a rejected new token comes before everything else. No row is no evidence. */
export function worstExit(rows: readonly JudgedRow[]): ExitName {
	if (rows.length === 0) return "noEvidence";
	const bad = rows.map(({ exit }) => exit).filter((exit) => exit !== "ok");
	return bad.sort((a, b) => exitCodes[a][0] - exitCodes[b][0])[0] ?? "ok";
}
