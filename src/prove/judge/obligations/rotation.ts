import { duration } from "../../../base/duration.ts";
import type { Obligation } from "../case.ts";
import { CLOCK_BOUND_MS, type KnownFacts } from "../known.ts";
import { statementText } from "../statements.ts";

/**
 * The evidence is from one rotation: both tokens are given, the new one was not used before it was issued, and the old one was used by a
 * sender. If the two are swapped and no sender has moved, all of them are seen with what is called the new token only, and reports show
 * only that one too. Where nothing is watched at all, the answer is by inventory, and says that it cannot see this.
 */
export function rotation(facts: KnownFacts): Obligation[] {
	const { tokens, started, traffic, said, senders, series, isTakenBack } = facts;
	const unknown = (witness: string, nextStep: string): Obligation[] => [
		{ id: "rotation", about: "the two tokens", state: "unknown", witness, nextStep },
	];
	for (const role of ["old", "new"] as const) {
		if (tokens[role] === undefined) {
			return unknown(`the ${role} token is not given`, `give it: --token ${role}=…, or tokens in the fleet file`);
		}
	}
	if (isTakenBack) {
		const witness = "the rotation went back: every place is to use the old token";
		const nextStep = "go on to the new token first, or begin a new rotation";
		return [{ id: "rotation", about: "the two tokens", state: "blocked", witness, nextStep }];
	}
	if (tokens.old === tokens.new)
		return unknown("old and new are the same token", "find out which of the two was not replaced");
	let first = Number.POSITIVE_INFINITY;
	for (const { fingerprint, minute, span, lastSeen } of traffic) {
		// Of a counter that covers hours, only the time of its newest request is known.
		if (fingerprint === tokens.new) first = Math.min(first, span === 1 ? minute * 60_000 : lastSeen);
	}
	if (started !== undefined && first < started - CLOCK_BOUND_MS) {
		const witness = `the new token was in use ${duration(started - first)} before the rotation`;
		return unknown(witness, "check that old and new are not swapped, and that overlap.started is of this rotation");
	}
	const statement = said.of("credential", tokens.old ?? "", "known");
	const isUsed = (role: "lastOld" | "lastNew") => senders.some(({ sent }) => sent?.[role] !== undefined);
	if (!isUsed("lastOld") && (isUsed("lastNew") || series.length > 0)) {
		if (!statement) {
			return unknown(
				"no sender was ever seen with the old token: if old and new are swapped, every sender still uses the old one",
				`check the two, then record it: crossfade attest credential ${tokens.old} known --because "…"`,
			);
		}
		const witness = statementText(statement);
		return [{ id: "rotation", about: "the two tokens", state: "proven", witness, nextStep: "", byStatement: true }];
	}
	const foreign = said.foreign.length;
	const witness = `both tokens are given${foreign === 0 ? "" : `; ignored statements of another rotation: ${foreign}`}`;
	return [{ id: "rotation", about: "the two tokens", state: "proven", witness, nextStep: "" }];
}
