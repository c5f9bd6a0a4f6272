import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";

/** Each place counted by token everything it received, for each signal. */
export function complete({ watched }: KnownFacts): Obligation[] {
	return watched.flatMap(({ place, unattributed = [] }): Obligation[] =>
		unattributed.length === 0
			? [
					{
						id: "complete",
						about: place,
						state: "proven",
						witness: "everything it received was counted by token",
						nextStep: "",
					},
				]
			: unattributed.map((witness) => ({
					id: "complete",
					about: place,
					state: "unknown",
					witness,
					nextStep: "count every receiver and signal by token: crossfade collector --attribute",
				})),
	);
}
