import { duration } from "../../../base/duration.ts";
import type { Obligation } from "../case.ts";
import { CLOCK_BOUND_MS, type KnownFacts } from "../known.ts";

/** It is one rotation: both tokens are named, and the new one was not in use before it was made. */
export function rotation({ tokens, started, traffic, said }: KnownFacts): Obligation[] {
	const unknown = (witness: string, nextStep: string): Obligation[] => [
		{ id: "rotation", about: "the two tokens", state: "unknown", witness, nextStep },
	];
	for (const role of ["old", "new"] as const) {
		if (tokens[role] === undefined) {
			return unknown(`no token is called ${role}`, `name it: --token ${role}=…, or tokens in the fleet file`);
		}
	}
	if (tokens.old === tokens.new)
		return unknown("old and new are the same token", "see which of the two was not replaced");
	let first = Number.POSITIVE_INFINITY;
	for (const { fingerprint, minute, span, lastSeen } of traffic) {
		// Of a counter that stands for hours only its newest request has a time.
		if (fingerprint === tokens.new) first = Math.min(first, span === 1 ? minute * 60_000 : lastSeen);
	}
	if (started !== undefined && first < started - CLOCK_BOUND_MS) {
		const witness = `the new token was in use ${duration(started - first)} before the rotation`;
		return unknown(witness, "see whether the roles are swapped, or overlap.started is of another rotation");
	}
	const foreign = said.foreign.length;
	const witness = `both tokens are named${foreign === 0 ? "" : `; statements of another rotation do not count: ${foreign}`}`;
	return [{ id: "rotation", about: "the two tokens", state: "proven", witness, nextStep: "" }];
}
