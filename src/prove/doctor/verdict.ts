import { type ExitName, exitCodes } from "../../base/errors.ts";
import type { JudgedRow } from "../probe/verdict.ts";
import { type Diagnosis, isConcerned } from "./diagnosis.ts";

/** The exit code: the lowest above 0 of all findings, as for a probe. Notes do not count. */
export function verdictOf(diagnoses: readonly Diagnosis[], probed: readonly JudgedRow[] = []): ExitName {
	const here = diagnoses.filter(isConcerned);
	if (here.length === 0) return "noEvidence";
	const exits: ExitName[] = probed.map(({ exit }) => exit);
	for (const { findings, signals } of here) {
		if (findings.some(({ severity }) => severity !== "note")) exits.push("findings");
		if (signals.some(({ off, token }) => off === undefined && token === "old")) exits.push("oldInUse");
	}
	return exits.filter((exit) => exit !== "ok").sort((a, b) => exitCodes[a][0] - exitCodes[b][0])[0] ?? "ok";
}
