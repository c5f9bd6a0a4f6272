import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { senderName, senderState } from "../senders.ts";

/** Each sender used only the new token for longer than its longest pause. Senders that moved are one row. */
export function moved(facts: KnownFacts, now: number): Obligation[] {
	const found: Obligation[] = [];
	let count = 0;
	for (const sender of facts.senders) {
		const { state, witness, nextStep, byStatement } = senderState(facts, sender, now);
		if (state === "proven" && !byStatement) {
			count++;
			continue;
		}
		const about = senderName(sender);
		found.push({ id: "moved", about, state, witness, nextStep, ...(byStatement && { byStatement }) });
	}
	if (count === 0 && found.length === 0) {
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
	if (count === 0) return found;
	const about = count === 1 ? "1 sender" : `${count} senders`;
	const witness = "on the new token only, for longer than their longest pause";
	return [...found, { id: "moved", about, state: "proven", witness, nextStep: "" }];
}
