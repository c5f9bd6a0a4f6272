/** Where the facts behind the rules come from. */
export const CORE = "https://github.com/open-telemetry/opentelemetry-collector";
export const CONTRIB = "https://github.com/open-telemetry/opentelemetry-collector-contrib";
export const MEASURED = "measured on otelcol 0.155.0, see test/real";

export type Severity = "error" | "warning" | "note";

/** A rule, for `--explain` and SARIF. */
export interface Rule {
	readonly severity: Severity;
	readonly title: string;
	/** The consequence of ignoring it. */
	readonly why: string;
	readonly fix: string;
	/** Source of the fact behind it. */
	readonly source: string;
}
