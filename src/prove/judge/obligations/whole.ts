import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";

/** Nothing of the evidence was lost: no file is cut or foreign, and no table was full. */
export function whole({ evidenceTroubles, watched, senders }: KnownFacts): Obligation[] {
	const lost = evidenceTroubles.map(
		({ where, what, fix }): Obligation => ({
			id: "whole",
			about: where,
			state: "unknown",
			witness: what,
			nextStep: fix,
		}),
	);
	const full = watched.flatMap(({ place, limits = [] }) =>
		limits.map(
			(witness): Obligation => ({
				id: "whole",
				about: place,
				state: "unknown",
				witness,
				nextStep: "end what floods it, raise its limit, and watch on from there in a new evidence folder",
			}),
		),
	);
	const others = senders.some(({ strangers }) => strangers?.has("others"))
		? [
				{
					id: "whole",
					about: "credentials",
					state: "unknown",
					witness: "there were too many credentials to tell apart",
					nextStep: "end what floods the gateway, and watch on from there in a new evidence folder",
				} as const,
			]
		: [];
	const found = [...lost, ...full, ...others];
	if (found.length > 0) return found;
	return [{ id: "whole", about: "evidence", state: "proven", witness: "every file was read whole", nextStep: "" }];
}
