import { duration } from "../../../base/duration.ts";
import type { Obligation, WatchedSeries } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { NOT_IN_INVENTORY } from "../senders.ts";
import { statementText } from "../statements.ts";

/** Each series of every place was watched without a gap until now. */
export function watched(facts: KnownFacts, now: number): Obligation[] {
	const { series } = facts;
	if (series.length === 0) return [nothingWatches(facts)];
	const isWatched = new Set(facts.watched);
	return series.map((each) => (isWatched.has(each) ? oneSeries(each, now) : goneOrReplaced(facts, each)));
}

function nothingWatches({ inventory }: KnownFacts): Obligation {
	const about = "places that count traffic";
	if (inventory.length > 0) {
		const witness = `by inventory: these machines send directly to the provider; ${NOT_IN_INVENTORY}`;
		return { id: "watched", about, state: "proven", witness, nextStep: "" };
	}
	return {
		id: "watched",
		about,
		state: "unknown",
		witness: "no traffic was watched",
		nextStep: "start crossfade tap, give the gateways' metrics URLs, or use --inventory with an MDM's export",
	};
}

function oneSeries(series: WatchedSeries, now: number): Obligation {
	const { place, source, since, until, toleranceMs, trouble } = series;
	const about = source === "" || source === place ? place : `${place} (${source})`;
	const unknown = (witness: string, nextStep: string): Obligation => ({
		id: "watched",
		about,
		state: "unknown",
		witness,
		nextStep,
	});
	const attest = `or record that it is gone: crossfade attest gateway ${place} gone --because "…"`;
	const mend = `make it readable again, ${attest}`;
	if ((since === undefined || until === undefined) && trouble === undefined) {
		return unknown("it can be read, but its counters are not in the evidence folder", `check that folder, ${attest}`);
	}
	if (since === undefined || until === undefined) return unknown(`it could never be read: ${trouble}`, mend);
	if (trouble !== undefined)
		return unknown(`it cannot be read: ${trouble}; last read ${duration(now - until)} ago`, mend);
	if (!series.isAttributed) {
		return unknown(
			"it does not count by token",
			"generate its config with crossfade collector --attribute, or put crossfade tap in front of it",
		);
	}
	if (now - until > toleranceMs) {
		const witness = `it was last watched ${duration(now - until)} ago; its longest interval is ${duration(toleranceMs)}`;
		return unknown(witness, `start watching it again, ${attest}`);
	}
	const witness = `read without a gap for ${duration(Math.max(0, until - since))}, until now (no more than ${duration(toleranceMs)} apart)`;
	return { id: "watched", about, state: "proven", witness, nextStep: "" };
}

function goneOrReplaced({ said }: KnownFacts, { place, source }: WatchedSeries): Obligation {
	const statement = said.of("gateway", place);
	const about = source === "" || source === place ? place : `${place} (${source})`;
	if (statement?.says === "gone") {
		const witness = statementText(statement);
		return { id: "watched", about, state: "proven", witness, nextStep: "", byStatement: true };
	}
	const witness = "it stopped with all its counts saved, and another replaced it";
	return { id: "watched", about, state: "proven", witness, nextStep: "" };
}
