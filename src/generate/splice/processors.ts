import { ownEntry } from "../../base/lookup.ts";

/** What a processor does to what passes it, as far as it concerns a second backend. */
type Effect = "drops" | "deletes" | "merges";

/**
 * By processor type, under all its names. A type that is not listed passes every record on.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.159.0/processor
 */
const EFFECTS: Readonly<Record<string, Effect>> = {
	filter: "drops",
	probabilistic_sampler: "drops",
	tail_sampling: "drops",
	cardinality_guardian: "drops",
	routing: "drops",
	attributes: "deletes",
	resource: "deletes",
	redaction: "deletes",
	transform: "deletes",
	groupbyattrs: "merges",
	interval: "merges",
	log_dedup: "merges",
	logdedup: "merges",
	metrics_transform: "merges",
	metricstransform: "merges",
};

/** What a processor does, by its id (`filter/only-errors`) or type. */
export function effectOf(id: string): Effect | undefined {
	const type = typeOf(id);
	return ownEntry(EFFECTS, type);
}

/** The type in an id: `filter` of `filter/only-errors`. */
export function typeOf(id: string): string {
	return id.split("/", 1)[0] ?? id;
}
