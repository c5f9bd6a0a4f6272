import { duration } from "../../../base/duration.ts";
import type { Obligation } from "../case.ts";
import { CLOCK_BOUND_MS, type KnownFacts } from "../known.ts";

/** All clocks agree within a bound, which is added to the quiet time. */
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
			witness: `its clock is ${duration(at - now)} ahead of ours`,
			nextStep: "set the clocks of both machines, and continue in a new evidence folder",
		}));
	}
	const witness = `they differ by at most ${duration(CLOCK_BOUND_MS)}, which is added to the quiet time`;
	return [{ id: "clocks", about: "clocks", state: "proven", witness, nextStep: "" }];
}
