import { plural } from "../../../base/plural.ts";
import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { latestProbes } from "../probes.ts";
import { senderName, senderState } from "../senders.ts";

/** Data sent with the new token was accepted: a 401, a 502 or a refused probe proves nothing. */
export function accepted(facts: KnownFacts, now: number): Obligation[] {
	const found = [...refusedProbes(facts), ...losingGateways(facts)];
	let taken = 0;
	for (const sender of facts.senders) {
		if (sender.sent?.lastNew === undefined) continue;
		const { verdict, state, witness, nextStep, byStatement, shownBy } = senderState(facts, sender, now);
		if (verdict === "NEW REJECTED")
			found.push({ id: "accepted", about: senderName(sender), state: "blocked", witness, nextStep });
		// What an ended pod lost says nothing about those after it.
		else if (sender.sent.lastRefused === undefined || (state === "proven" && !byStatement && shownBy !== "end"))
			taken++;
	}
	if (found.length > 0) return found;
	const about = "the new token";
	const witness = taken > 0 ? `records of ${plural(taken, "sender")} were accepted` : "no request with it was refused";
	return [{ id: "accepted", about, state: "proven", witness, nextStep: "" }];
}

/** A gateway accepts data before it sends it: only its exporter knows whether the provider does. */
function losingGateways({ exporters }: KnownFacts): Obligation[] {
	return exporters.flatMap(({ gateway, losing }): Obligation[] =>
		losing === undefined
			? []
			: [
					{
						id: "accepted",
						about: `${gateway}, its exporter`,
						state: "blocked",
						witness: losing,
						nextStep: "see its log for the reason; crossfade probe shows whether the provider accepts the new token",
					},
				],
	);
}

function refusedProbes({ probes, tokens }: KnownFacts): Obligation[] {
	return latestProbes(probes)
		.filter(({ fingerprint, outcome }) => fingerprint === tokens.new && outcome === "rejected")
		.map(
			({ place, signal, detail }): Obligation => ({
				id: "accepted",
				about: `${place}, ${signal}`,
				state: "blocked",
				witness: `the new token is rejected: ${detail}`,
				nextStep: "stop the rollout until crossfade probe shows that it is accepted",
			}),
		);
}
