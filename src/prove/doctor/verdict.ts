import { type ExitName, exitCodes } from "../../base/errors.ts";
import { worstExit } from "../probe/verdict.ts";
import { type Diagnosis, isConcerned } from "./diagnosis.ts";
import type { Probed } from "./probe.ts";

/**
 * The exit code: the lowest above 0 of all findings, as for a probe. Notes do not count. `probed` is undefined without --probe; a probe
 * that skipped a signal leaves something unproven.
 */
export function verdictOf(diagnoses: readonly Diagnosis[], probed?: readonly Probed[]): ExitName {
	const here = diagnoses.filter(isConcerned);
	if (here.length === 0) return "noEvidence";
	const exits: ExitName[] = probed ? [worstExit(probed.flatMap(({ rows }) => rows))] : [];
	if (probed?.some(({ skipped }) => skipped.some(({ isMoot }) => !isMoot))) exits.push("noEvidence");
	for (const { id, findings, signals } of here) {
		const isSending = signals.some(({ off }) => off === undefined);
		const asked = probed?.find((each) => each.id === id);
		// A probe that asked nothing has proven nothing.
		if (isSending && asked?.rows.length === 0) exits.push("noEvidence");
		// What is not known is never ok.
		if (signals.some(({ sent }) => sent === "unknown")) exits.push("noEvidence");
		if (findings.some(({ severity }) => severity !== "note")) exits.push("findings");
		if (signals.some(({ off, token }) => off === undefined && token === "old")) exits.push("oldInUse");
	}
	return exits.filter((exit) => exit !== "ok").sort((a, b) => exitCodes[a][0] - exitCodes[b][0])[0] ?? "ok";
}
