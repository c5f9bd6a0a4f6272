import type { GatewayExporter, Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { statementText } from "../statements.ts";

/** The gateways themselves: the token that each one's exporter sends with. */
export function gateways(facts: KnownFacts): Obligation[] {
	return facts.exporters.map((each) => exporter(facts, each));
}

function exporter(facts: KnownFacts, { gateway, fingerprint, witness, at }: GatewayExporter): Obligation {
	const { tokens, said, spreadFrom } = facts;
	const base = { id: "gateways", about: `${gateway}, its exporter`, nextStep: "" } as const;
	const isNew = fingerprint !== undefined && fingerprint === tokens.new;
	// Where the new token was taken back in between, it can have got the old one again.
	const isBefore = isNew && spreadFrom !== undefined && (at ?? 0) < spreadFrom;
	if (fingerprint === "passed on" || (isNew && !isBefore)) return { ...base, state: "proven", witness };
	// That a gateway counts as expected ("known") says nothing about the token that it sends with.
	const statement = said.of("gateway", gateway, "moved", "gone");
	const isContrary = fingerprint === tokens.old && (at ?? 0) > (statement?.at ?? 0);
	if (statement && !isContrary) {
		return { ...base, state: "proven", witness: statementText(statement), byStatement: true };
	}
	if (fingerprint !== undefined && fingerprint === tokens.old) {
		return { ...base, state: "blocked", witness, nextStep: "give it the new token; the steps are in its RUNBOOK" };
	}
	const seen = isBefore ? `${witness}, but before the new token was spread again` : undefined;
	const neither = fingerprint === undefined ? witness : `it forwards with ${fingerprint}, which is neither token`;
	return {
		...base,
		state: "unknown",
		witness: (seen ?? neither) + said.outdated("gateway", gateway),
		nextStep: `find out which token it uses, then record it: crossfade attest gateway ${gateway} moved --because "…"; crossfade probe --via shows it if a crossfade tap is behind the gateway`,
	};
}
