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

/** Smaller offsets can result from the whole seconds in `Date` and a probe's own latency. */
export const EQUAL_CLOCKS_MS = 1_000;

/** When a probe was sent, by the clock of the place that judged it, which decides when a token ends. Milliseconds since the epoch. */
export function sentByTheirClock({ at, clockOffsetMs = 0 }: ProbeEvidence): number {
	return Math.abs(clockOffsetMs) < EQUAL_CLOCKS_MS ? at : at + clockOffsetMs;
}

/** What one probe means for the rotation, depending on its token and the deadline. */
export function probeVerdict(
	evidence: ProbeEvidence,
	{ tokens, deadline }: Pick<JudgementInput, "tokens" | "deadline">,
): VerdictName {
	const { fingerprint, outcome } = evidence;
	if (outcome === "unreachable") return "UNREACHABLE";
	if (outcome === "retry-later") return "RATE LIMITED";
	if (outcome === "inconclusive") return "INCONCLUSIVE";
	if (outcome === "partial") return "PARTIAL";
	const isPast = deadline !== undefined && sentByTheirClock(evidence) >= deadline;
	if (outcome === "rejected") {
		if (fingerprint === tokens.new) return "NEW REJECTED";
		// Without a deadline nothing is before it.
		return fingerprint === tokens.old && deadline !== undefined && !isPast ? "OLD ALREADY DEAD" : "REJECTED";
	}
	return fingerprint === tokens.old && isPast ? "OLD STILL ALIVE" : "ACCEPTED";
}
