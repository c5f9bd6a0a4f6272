import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";

/** What each place took is what it told tokens apart of, signal by signal. */
export function complete({ watched }: KnownFacts): Obligation[] {
	return watched.flatMap(({ place, unattributed = [] }): Obligation[] =>
		unattributed.length === 0
			? [
					{
						id: "complete",
						about: place,
						state: "proven",
						witness: "everything it took was told apart by token",
						nextStep: "",
					},
				]
			: unattributed.map((witness) => ({
					id: "complete",
					about: place,
					state: "unknown",
					witness,
					nextStep: "have every receiver and signal of it counted by token: crossfade collector --attribute",
				})),
	);
}
