import { duration } from "../../../base/duration.ts";
import type { Obligation } from "../case.ts";
import { CLOCK_BOUND_MS, type KnownFacts } from "../known.ts";

/** All clocks agree within a bound, which is added to the quiet time. */
export function clocks(facts: KnownFacts, now: number): Obligation[] {
	const { series, traffic, inventory, statements, clockBoundMs } = facts;
	const wrong = series.filter(({ skewMs = 0 }) => Math.abs(skewMs) > CLOCK_BOUND_MS);
	if (wrong.length > 0) {
		return wrong.map(({ place, skewMs = 0 }) => ({
			id: "clocks",
			about: place,
			state: "unknown",
			witness: `when it stopped, its clock was ${duration(Math.abs(skewMs))} ${skewMs > 0 ? "ahead of" : "behind"} that of the evidence folder`,
			nextStep:
				"set its clock, and continue in a new evidence folder; if the folder is a copy, copy it with its times (cp -p)",
		}));
	}

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
	const witness = `they differ by at most ${duration(clockBoundMs)}, which is added to the quiet time`;
	return [{ id: "clocks", about: "clocks", state: "proven", witness, nextStep: "" }];
}
