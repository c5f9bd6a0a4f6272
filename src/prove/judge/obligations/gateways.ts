import type { GatewayExporter, Obligation } from "../case.ts";
import type { KnownFacts } from "../known.ts";
import { statementText } from "../statements.ts";

/** The gateways themselves: the token that each one's exporter sends with. */
export function gateways(facts: KnownFacts): Obligation[] {
	return facts.exporters.map((each) => exporter(facts, each));
}

function exporter({ tokens, said }: KnownFacts, { gateway, fingerprint, witness, at }: GatewayExporter): Obligation {
	const base = { id: "gateways", about: `${gateway}, its exporter`, nextStep: "" } as const;
	if (fingerprint === "passed on" || (fingerprint !== undefined && fingerprint === tokens.new)) {
		return { ...base, state: "proven", witness };
	}
	// That a gateway counts as expected ("known") says nothing about the token that it sends with.
	const statement = said.of("gateway", gateway, "moved", "gone");
	const isContrary = fingerprint === tokens.old && (at ?? 0) > (statement?.at ?? 0);
	if (statement && !isContrary) {
		return { ...base, state: "proven", witness: statementText(statement), byStatement: true };
	}
	if (fingerprint !== undefined && fingerprint === tokens.old) {
		return { ...base, state: "blocked", witness, nextStep: "give it the new token; the steps are in its RUNBOOK" };
	}
	return {
		...base,
		state: "unknown",
		witness: fingerprint === undefined ? witness : `it forwards with ${fingerprint}, which is neither token`,
		nextStep: `find out which token it uses, then record it: crossfade attest gateway ${gateway} moved --because "…"; crossfade probe --via shows it if a crossfade tap is behind the gateway`,
	};
}
