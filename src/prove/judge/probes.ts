import type { ProbeEvidence } from "../evidence/evidence.ts";
import type { JudgementInput, VerdictName } from "./case.ts";

/** The newest observation of each token, place, path and signal. */
export function latestProbes(probes: readonly ProbeEvidence[]): ProbeEvidence[] {
	const latest = new Map<string, ProbeEvidence>();
	for (const probe of probes) {
		const key = JSON.stringify([probe.fingerprint, probe.place, probe.path, probe.signal]);
		const known = latest.get(key);
		if (!known || known.at <= probe.at) latest.set(key, probe);
	}
	return [...latest.values()];
}

/** What one probe means for the rotation, which depends on whose token it was and on the deadline. */
export function probeVerdict(
	{ fingerprint, outcome, at }: ProbeEvidence,
	{ tokens, deadline }: Pick<JudgementInput, "tokens" | "deadline">,
): VerdictName {
	if (outcome === "unreachable") return "UNREACHABLE";
	if (outcome === "retry-later") return "RATE LIMITED";
	if (outcome === "inconclusive") return "INCONCLUSIVE";
	if (outcome === "partial") return "PARTIAL";
	const isPast = deadline !== undefined && at >= deadline;
	if (outcome === "rejected") {
		if (fingerprint === tokens.new) return "NEW REJECTED";
		// Without a deadline nothing can be said to be before it.
		return fingerprint === tokens.old && deadline !== undefined && !isPast ? "OLD ALREADY DEAD" : "REJECTED";
	}
	return fingerprint === tokens.old && isPast ? "OLD STILL ALIVE" : "ACCEPTED";
}
