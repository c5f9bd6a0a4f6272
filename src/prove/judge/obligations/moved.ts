import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { NOT_IN_INVENTORY, senderName, senderState } from "../senders.ts";

const WITNESSES = {
	traffic: "on the new token only, for longer than their longest pause",
	inventory: `by inventory: they send directly to the provider; ${NOT_IN_INVENTORY}`,
	end: "ended pods, whose workloads have sent with the new token since",
} as const;

/**
 * Each sender used only the new token for longer than its longest pause. Senders that moved are one row for each kind of proof; those
 * without traffic that their machine's report or name leaves open are one for each reason.
 */
export function moved(facts: KnownFacts, now: number): Obligation[] {
	const found: Obligation[] = [];
	const counts = new Map<keyof typeof WITNESSES, number>();
	let rejected = 0;
	const reported = new Map<string, { readonly first: Obligation; count: number }>();
	for (const sender of facts.senders) {
		const { verdict, state, witness, nextStep, byStatement, shownBy } = senderState(facts, sender, now);
		// It has the new token; that this is not accepted is a point of its own.
		if (verdict === "NEW REJECTED") {
			rejected++;
			continue;
		}
		if (state === "proven" && shownBy) {
			counts.set(shownBy, (counts.get(shownBy) ?? 0) + 1);
			continue;
		}
		const same = shownBy === "inventory" ? reported.get(witness) : undefined;
		if (same) {
			same.count++;
			continue;
		}
		const about = senderName(sender);
		const first: Obligation = { id: "moved", about, state, witness, nextStep, ...(byStatement && { byStatement }) };
		if (shownBy === "inventory") reported.set(witness, { first, count: 1 });
		else found.push(first);
	}
	for (const { first, count } of reported.values()) {
		found.push(count === 1 ? first : { ...first, about: `${first.about}, and ${count - 1} more` });
	}
	if (counts.size === 0 && found.length === 0 && rejected === 0) {
		return [
			{
				id: "moved",
				about: "every sender",
				state: "unknown",
				witness: "no senders are known",
				nextStep: "list the machines that send: hosts in the fleet file, --hosts, or --inventory with an MDM's export",
			},
		];
	}
	for (const [shownBy, count] of counts) {
		const about = count === 1 ? "1 sender" : `${count} senders`;
		found.push({ id: "moved", about, state: "proven", witness: WITNESSES[shownBy], nextStep: "" });
	}
	return found;
}
