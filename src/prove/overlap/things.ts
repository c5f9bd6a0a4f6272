import type { Statement } from "../evidence/evidence.ts";
import type { OverlapView } from "./view.ts";

/** What somebody can say something about: every name by which things of a kind are known. */
export function openThings({ judgement, gateways, series }: OverlapView, kind: Statement["kind"]): string[] {
	const { senders, tokens, obligations } = judgement;
	const unique = (names: readonly string[]) => [...new Set(names)];
	if (kind === "credential") return tokens.filter(({ role }) => role === "other").map(({ fingerprint }) => fingerprint);
	if (kind === "gateway") return unique([...gateways.map(({ place }) => place), ...series.map(({ place }) => place)]);
	const machines = obligations.filter(({ id }) => id === "inventory" || id === "identity").map(({ about }) => about);
	const named = senders.flatMap(({ host, alsoCalled = [] }) => [host === "" ? "-" : host, ...alsoCalled]);
	return unique([...named, ...machines]);
}
