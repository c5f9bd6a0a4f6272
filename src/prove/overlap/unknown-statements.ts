import type { Problem } from "../../base/errors.ts";
import { shown } from "../../base/mask.ts";
import { nearest } from "../../base/suggest.ts";
import type { Attested } from "../../spec/fleet.ts";
import type { Observed } from "./observed.ts";
import { openThings } from "./things.ts";
import type { OverlapView } from "./view.ts";

/** Statements of the fleet file about names that nobody knows: a mistyped one would prove nothing, and nobody would see that. */
export function unknownStatements(observed: Observed, view: OverlapView): Problem[] {
	return observed.fleet.attested.flatMap(({ kind, name, says, where }) => {
		const known = [...openThings(view, kind, says), ...KNOWN[kind](observed, view)];
		if (where === undefined || known.includes(name)) return [];
		const meant = nearest(name, known);
		const problem: Problem = {
			what: `attested: nothing is listed or was seen that is this ${kind}`,
			expected: `the name of a ${kind} as crossfade report shows it`,
			got: shown(name),
			where,
			fix: meant === undefined ? "correct the name, or take the statement out" : `did you mean ${shown(meant)}?`,
		};
		return [problem];
	});
}

/** Names that need no statement now, but are known. */
const KNOWN: Readonly<Record<Attested["kind"], (observed: Observed, view: OverlapView) => readonly string[]>> = {
	host: ({ expectedHosts, inventory, evidence, fleet }) => [
		...expectedHosts,
		...(inventory?.rows ?? []).map(({ host }) => host),
		...evidence.traffic.map(({ host }) => host),
		...(fleet.directHosts === "all" ? [] : fleet.directHosts),
	],
	gateway: ({ fleet }) => fleet.gateways.map(({ name }) => name),
	credential: (_, { judgement }) => judgement.tokens.map(({ fingerprint }) => fingerprint),
};
