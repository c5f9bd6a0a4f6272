import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { senderName, senderState } from "../senders.ts";

/** Each sender was heard with the new token alone for longer than it ever lets pass between two requests. Those that moved are told together. */
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
				witness: "no sender is known",
				nextStep: "list the machines that send: hosts in the fleet file, --hosts, or an MDM's export with --inventory",
			},
		];
	}
	if (count === 0) return found;
	const about = count === 1 ? "1 sender" : `${count} senders`;
	const witness = "on the new token alone for longer than they ever let pass between two requests";
	return [...found, { id: "moved", about, state: "proven", witness, nextStep: "" }];
}
