import { duration } from "../../../base/duration.ts";
import type { Obligation } from "../case.ts";
import { CLOCK_BOUND_MS, type KnownFacts } from "../known.ts";

/** The clocks of all places differ by less than the bound that the quiet time is longer by. */
export function clocks({ series, traffic, inventory, statements }: KnownFacts, now: number): Obligation[] {
	const ahead = new Map<string, number>();
	const note = (about: string, at: number) => {
		if (at > now + CLOCK_BOUND_MS) ahead.set(about, Math.max(ahead.get(about) ?? 0, at));
	};
	for (const { place, until } of series) note(place, until ?? 0);
	for (const { place, lastSeen } of traffic) note(place, lastSeen);
	for (const { host, at } of inventory) note(host, at ?? 0);
	for (const { name, at } of statements) note(`the statement on ${name}`, at);
	if (ahead.size > 0) {
		return [...ahead].map(([about, at]) => ({
			id: "clocks",
			about,
			state: "unknown",
			witness: `it is from the future: its clock is ${duration(at - now)} ahead of ours`,
			nextStep: "set the clocks of both machines, and watch on from there in a new evidence folder",
		}));
	}
	const witness = `they differ by ${duration(CLOCK_BOUND_MS)} at most, which the quiet time is longer by`;
	return [{ id: "clocks", about: "clocks", state: "proven", witness, nextStep: "" }];
}
