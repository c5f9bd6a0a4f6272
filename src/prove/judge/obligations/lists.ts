import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";

/** There is a list of who ought to be seen, and every record of it was understood. */
export function lists({ expectedHosts, inventory, listTroubles }: KnownFacts): Obligation[] {
	const about = "the list of machines";
	const count = Math.max(expectedHosts.length, inventory.length);
	if (count === 0 && listTroubles.length === 0) {
		return [
			{
				id: "lists",
				about,
				state: "unknown",
				witness: "nothing says which machines to expect, so silence proves nothing",
				nextStep: "list them: hosts in the fleet file, --hosts, or an MDM's export with --inventory",
			},
		];
	}
	if (listTroubles.length === 0) {
		return [{ id: "lists", about, state: "proven", witness: `every record of it was read: ${count}`, nextStep: "" }];
	}
	return listTroubles.map(({ where, what, fix }) => ({
		id: "lists",
		about: where,
		state: "unknown",
		witness: what,
		nextStep: fix,
	}));
}
