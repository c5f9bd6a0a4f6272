import type { Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";

/** There is a list of expected machines, and every record in it was readable. */
export function lists({ expectedHosts, inventory, listTroubles }: KnownFacts): Obligation[] {
	const about = "the list of machines";
	const count = Math.max(expectedHosts.length, inventory.length);
	if (count === 0 && listTroubles.length === 0) {
		return [
			{
				id: "lists",
				about,
				state: "unknown",
				witness: "there is no list of expected machines, so silence proves nothing",
				nextStep: "list them: hosts in the fleet file, --hosts, or --inventory with an MDM's export",
			},
		];
	}
	if (listTroubles.length === 0) {
		return [{ id: "lists", about, state: "proven", witness: `every record was read: ${count}`, nextStep: "" }];
	}
	return listTroubles.map(({ where, what, fix }) => ({
		id: "lists",
		about: where,
		state: "unknown",
		witness: what,
		nextStep: fix,
	}));
}
