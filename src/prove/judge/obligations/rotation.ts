import { duration } from "../../../base/duration.ts";
import type { Obligation } from "../case.ts";
import { CLOCK_BOUND_MS, type KnownFacts } from "../known.ts";

/** The evidence is from one rotation: both tokens are given, and the new one was not used before it was issued. */
export function rotation({ tokens, started, traffic, said }: KnownFacts): Obligation[] {
	const unknown = (witness: string, nextStep: string): Obligation[] => [
		{ id: "rotation", about: "the two tokens", state: "unknown", witness, nextStep },
	];
	for (const role of ["old", "new"] as const) {
		if (tokens[role] === undefined) {
			return unknown(`the ${role} token is not given`, `give it: --token ${role}=…, or tokens in the fleet file`);
		}
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
	const foreign = said.foreign.length;
	const witness = `both tokens are given${foreign === 0 ? "" : `; ignored statements of another rotation: ${foreign}`}`;
	return [{ id: "rotation", about: "the two tokens", state: "proven", witness, nextStep: "" }];
}
