import type { PlacedFinding } from "./finding.ts";
import { type RuleId, rules } from "./rules.ts";

/** Lines of a text, from 1, in which something replaces variables before a collector reads it. */
export interface ReplacedLines {
	readonly variables: readonly number[];
	/** Those with what the collector would take for a provider. */
	readonly providers: readonly number[];
}

/** About what a provider gives, which here none does: something else comes first. */
const OF_PROVIDERS: ReadonlySet<RuleId> = new Set(["token-from-env", "token-read-once", "file-newline"]);

/** A credential that the collector would read from its environment, and that is text in the file by then. */
const PUT_IN = {
	rule: "token-literal",
	severity: "error",
	what: "a credential is put in the place of this variable: the config that comes out contains it",
	fix: rules["token-literal"].fix,
} as const satisfies Partial<PlacedFinding>;

/** Findings about a text, of which some are other ones because of what is replaced in it. */
export function withPutIn(
	findings: readonly PlacedFinding[],
	{ variables, providers }: ReplacedLines,
): PlacedFinding[] {
	return findings
		.filter(({ rule, line }) => !(OF_PROVIDERS.has(rule) && providers.includes(line)))
		.map((found) => ({
			...found,
			...(found.rule === "token-from-env" && variables.includes(found.line) && PUT_IN),
		}));
}

/** The lines of a text, from 1, in which a pattern is found. */
export function linesWith(text: string, pattern: RegExp): number[] {
	return text.split("\n").flatMap((line, index) => (line.search(pattern) === -1 ? [] : [index + 1]));
}
