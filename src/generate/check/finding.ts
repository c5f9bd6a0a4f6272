import type { Severity } from "./rule.ts";
import type { RuleId } from "./rules.ts";

/** A finding with its place in a file, as in every output. */
export interface PlacedFinding {
	readonly rule: RuleId;
	readonly severity: Severity;
	/** T1: from the file alone; T2: from the real program. */
	readonly tier: "T1" | "T2";
	readonly what: string;
	readonly fix: string;
	readonly file: string;
	readonly line: number;
	readonly column: number;
}
