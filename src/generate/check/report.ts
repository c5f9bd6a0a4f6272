import { jsonText } from "../../base/json.ts";
import { junit } from "../../base/junit.ts";
import { painter, severityStyles } from "../../base/paint.ts";
import { plural } from "../../base/plural.ts";
import { version } from "../../base/version.ts";
import type { PlacedFinding } from "./finding.ts";
import type { Rule } from "./rule.ts";
import { type RuleId, rules } from "./rules.ts";

/** What was checked, and the findings. */
export interface CheckReport {
	readonly file: string;
	/** Distribution and release. */
	readonly target: string;
	/** The tiers that ran, and why one did not. */
	readonly tiers: readonly { readonly tier: "T1" | "T2"; readonly ran: boolean; readonly note: string }[];
	readonly findings: readonly PlacedFinding[];
}

export const formats = ["text", "json", "sarif", "junit"] as const;
export type Format = (typeof formats)[number];

export function findingsReport(report: CheckReport, format: Format, color: boolean): string {
	return { text: textReport, json: jsonReport, sarif: sarifReport, junit: junitReport }[format](report, color);
}

export function countBySeverity(findings: readonly PlacedFinding[]) {
	const count = (severity: string) => findings.filter((each) => each.severity === severity).length;
	return { errors: count("error"), warnings: count("warning"), notes: count("note") };
}

function textReport({ file, target, tiers, findings }: CheckReport, color: boolean): string {
	const paint = painter(color);
	const lines = findings.flatMap(({ severity, rule, what, fix, line, column, tier }) => [
		`${file}:${line}:${column}: ${paint(severity, severityStyles[severity])} ${tier} ${rule}: ${what}`,
		`  fix      ${fix}`,
	]);
	const ran = tiers.map(({ tier, ran: did, note }) => `${tier} ${did ? note : `not run: ${note}`}`).join("; ");
	const { errors, warnings, notes } = countBySeverity(findings);
	const verdict = `${plural(errors, "error")}, ${plural(warnings, "warning")}, ${plural(notes, "note")}`;
	return `${[...lines, `${file}: ${verdict} (${target}; ${ran})`].join("\n")}\n`;
}

function jsonReport(report: CheckReport): string {
	return jsonText({ schema: 1, ...report, summary: countBySeverity(report.findings) });
}

/** https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
function sarifReport({ file, findings }: CheckReport): string {
	const used = [...new Set(findings.map(({ rule }) => rule))];
	const uri = file === "<stdin>" ? "stdin" : file.replaceAll("\\", "/");
	const sarif = {
		$schema: "https://json.schemastore.org/sarif-2.1.0.json",
		version: "2.1.0",
		runs: [
			{
				tool: {
					driver: {
						name: "crossfade",
						version,
						informationUri: "https://www.npmjs.com/package/otel-crossfade",
						rules: used.map(sarifRule),
					},
				},
				results: findings.map(({ rule, severity, what, fix, line, column }) => ({
					ruleId: rule,
					ruleIndex: used.indexOf(rule),
					level: severity,
					message: { text: `${what}. ${fix}` },
					locations: [
						{
							physicalLocation: {
								artifactLocation: { uri: encodeURI(uri) },
								region: { startLine: line, startColumn: column },
							},
						},
					],
				})),
			},
		],
	};
	return jsonText(sarif);
}

function sarifRule(id: RuleId) {
	const { severity, title, why, fix }: Rule = rules[id];
	return {
		id,
		shortDescription: { text: title },
		fullDescription: { text: why },
		help: { text: fix },
		defaultConfiguration: { level: severity },
	};
}

/** One test case per rule: failed with every place of an error, or passed. */
function junitReport({ file, target, findings }: CheckReport): string {
	const cases = (Object.keys(rules) as RuleId[]).map((rule) => {
		const found = findings.filter((each) => each.rule === rule && each.severity === "error");
		const test = { suite: "crossfade.check", name: rule };
		if (found.length === 0) return test;
		const text = found.map(({ line, column, what, fix }) => `${file}:${line}:${column}: ${what}\n${fix}`).join("\n");
		return { ...test, failure: { message: rules[rule].title, text } };
	});
	return junit([{ name: `${file} (${target})`, cases }]);
}

/** The text of `--explain` for a rule. */
export function ruleText(id: RuleId): string {
	const { severity, title, why, fix, source }: Rule = rules[id];
	return `${id} (${severity}): ${title}\n\n  why      ${why}\n  fix      ${fix}\n  source   ${source}\n`;
}
