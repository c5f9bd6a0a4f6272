import { type ExitName, exitCodes } from "../../base/errors.ts";
import { type LeftOut, NEW, OLD } from "../../spec/probe-plan.ts";
import type { ProbeEvidence } from "../evidence/evidence.ts";
import type { VerdictName } from "../judge/case.ts";
import { probeVerdict } from "../judge/probes.ts";
import type { ProbeObservation } from "./observation.ts";

/** A row and its meaning for the rotation. */
export interface JudgedRow extends ProbeObservation {
	readonly verdict: VerdictName;
	/** The exit code for this row alone. */
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

/** Judges each row by its token and the deadline. */
export function judgeRows(rows: readonly ProbeObservation[], deadline: number | undefined): JudgedRow[] {
	const idOf = (name: string) => rows.find(({ evidence }) => evidence.token === name)?.evidence.fingerprint;
	const tokens = { old: idOf(OLD), new: idOf(NEW) };
	return rows.map((row) => {
		const verdict = probeVerdict(row.evidence, { tokens, deadline });
		return { ...row, verdict, exit: exits[verdict] ?? rejectedExit(row.evidence, deadline) };
	});
}

/** After the deadline the old token should be rejected; any other token should be accepted. */
function rejectedExit({ token }: ProbeEvidence, deadline: number | undefined): ExitName {
	if (token !== OLD) return "newRejected";
	return deadline === undefined ? "oldRejectedEarly" : "ok";
}

/**
 * The worst of all rows, which is the lowest code above 0: a rejected new token comes first. Without rows nothing is proven, and what was left
 * out is not.
 */
export function worstExit(rows: readonly JudgedRow[], leftOut: readonly LeftOut[] = []): ExitName {
	const isWhole = rows.length > 0 && leftOut.every(({ isMeant }) => isMeant);
	const all: readonly ExitName[] = [...rows.map(({ exit }) => exit), isWhole ? "ok" : "noEvidence"];
	const bad = all.filter((exit) => exit !== "ok");
	return bad.sort((a, b) => exitCodes[a][0] - exitCodes[b][0])[0] ?? "ok";
}
