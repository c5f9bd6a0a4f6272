import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";

/** No evidence was lost: no file is truncated or from another folder, and no limit was reached. */
export function whole({ evidenceTroubles, series, senders }: KnownFacts): Obligation[] {
	const lost = evidenceTroubles.map(
		({ where, what, fix }): Obligation => ({
			id: "whole",
			about: where,
			state: "unknown",
			witness: what,
			nextStep: fix,
		}),
	);
	// Also of places that are gone: what they did not count is missing all the same.
	const full = series.flatMap(({ place, limits = [] }) =>
		limits.map(
			(witness): Obligation => ({
				id: "whole",
				about: place,
				state: "unknown",
				witness,
				nextStep: "stop what floods it, raise its limit, and continue in a new evidence folder",
			}),
		),
	);
	const others = senders.some(({ sent }) => sent?.strangers?.has("others"))
		? [
				{
					id: "whole",
					about: "credentials",
					state: "unknown",
					witness: "too many credentials to count each one",
					nextStep: "stop what floods the gateway, and continue in a new evidence folder",
				} as const,
			]
		: [];
	const found = [...lost, ...full, ...others];
	if (found.length > 0) return found;
	return [{ id: "whole", about: "evidence", state: "proven", witness: "every file was read completely", nextStep: "" }];
}
