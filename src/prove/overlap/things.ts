import type { Statement } from "../evidence/evidence.ts";
import type { TokenRow } from "../judge/case.ts";
import type { OverlapView } from "./view.ts";

/** What a statement can be about: all known names of a kind. Of the old token only that it is the one that is meant. */
export function openThings(
	{ judgement, gateways, series }: OverlapView,
	kind: Statement["kind"],
	says: Statement["says"],
): string[] {
	const { senders, tokens, obligations } = judgement;
	const unique = (names: readonly string[]) => [...new Set(names)];
	if (kind === "credential") {
		const isOpen = (role: TokenRow["role"]) => role === "other" || (role === "old" && says === "known");
		return tokens.filter(({ role }) => isOpen(role)).map(({ fingerprint }) => fingerprint);
	}
	if (kind === "gateway") return unique([...gateways.map(({ place }) => place), ...series.map(({ place }) => place)]);
	// What needs no statement is one row for all of them, and has no machine's name.
	const machines = obligations
		.filter(
			({ id, state, byStatement }) => (id === "inventory" || id === "identity") && (state !== "proven" || byStatement),
		)
		.map(({ about }) => about);
	const named = senders.flatMap(({ host, alsoCalled = [] }) => [host === "" ? "-" : host, ...alsoCalled]);
	return unique([...named, ...machines]);
}
