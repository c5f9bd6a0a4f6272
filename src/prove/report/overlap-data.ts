import { jsonText } from "../../base/json.ts";
import { junit } from "../../base/junit.ts";
import { plain } from "../../base/mask.ts";
import type { JudgedProbe, SenderRow, VerdictName } from "../judge/case.ts";
import { outcomeOf } from "../overlap/outcome.ts";
import { obligationText } from "../overlap/phrases.ts";
import { type ChecklistItem, checklist, type OverlapView, tokenName } from "../overlap/view.ts";
import schema from "./overlap.schema.json" with { type: "json" };

/** The JSON Schema of what `reportJson` prints. A change that breaks readers gets another `schema` number. */
export function overlapSchema(): string {
	return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** The overlap as JSON, as `overlapSchema` describes it. */
export function reportJson(view: OverlapView): string {
	return jsonText(view);
}

const CSV_COLUMNS: readonly (readonly [title: string, of: (row: SenderRow) => string | number])[] = [
	["host", ({ host }) => host],
	["cli", ({ cli }) => cli],
	["version", ({ version }) => version],
	["verdict", ({ verdict }) => verdict],
	["state", ({ state }) => state],
	["reason", ({ reason }) => reason],
	["last_old", ({ lastOld }) => iso(lastOld)],
	["last_new", ({ lastNew }) => iso(lastNew)],
	["old_requests", ({ oldRequests }) => oldRequests],
	["new_requests", ({ newRequests }) => newRequests],
	["refused_requests", ({ refused }) => refused],
	["configured", ({ configured }) => configured ?? ""],
];

/**
 * Every sender as a row of CSV (RFC 4180). No cell is a formula for a spreadsheet, and none contains a line break. Hand-written, because a library's
 * writer knows neither fullwidth formula signs nor our masking.
 */
export function reportCsv({ judgement }: OverlapView): string {
	const rows = [
		CSV_COLUMNS.map(([title]) => title),
		...judgement.senders.map((row) => CSV_COLUMNS.map(([, of]) => csvCell(of(row)))),
	];
	return rows.map((row) => `${row.join(",")}\r\n`).join("");
}

/** Spreadsheets evaluate text that begins like a formula, also after spaces; a leading quote makes it text. https://owasp.org/www-community/attacks/CSV_Injection */
function csvCell(value: string | number): string {
	if (typeof value === "number") return String(value);
	const text = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(value) ? `'${plain(value)}` : plain(value);
	return /[",']|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function iso(at: number | undefined): string {
	return at === undefined ? "" : new Date(at).toISOString();
}

/** Results that fail a pipeline; inconclusive ones are skipped, visibly. */
const FAILING: ReadonlySet<VerdictName> = new Set([
	"OLD ONLY",
	"MIXED",
	"UNATTRIBUTED",
	"NEW REJECTED",
	"OLD ALREADY DEAD",
	"OLD STILL ALIVE",
	"REJECTED",
	"PARTIAL",
	"UNREACHABLE",
]);
const PASSING: ReadonlySet<VerdictName> = new Set(["MIGRATED", "ACCEPTED"]);

/** JUnit XML: one test case for the fleet, each point, each sender and each probe; failed with the reason, or skipped if nothing is proven. */
export function reportJunit(view: OverlapView): string {
	const { fleet, senders, probes } = view.judgement;
	const retire = `${fleet.safeToRetire}: ${fleet.reason}`;
	const suites: readonly [name: string, cases: readonly OverlapCase[]][] = [
		[
			"fleet",
			[
				{
					name: "safe to retire the old token",
					...(outcomeOf(view, { requireMigrated: true }) === "ok" ? { output: retire } : { failure: retire }),
				},
			],
		],
		["checklist", checklist(view).map(pointCase)],
		[
			"senders",
			senders.map(({ host, cli, verdict, reason }) => ({
				name: [host || "(no host name)", cli || "any CLI"].join(" / "),
				...fate(verdict, reason),
			})),
		],
		["probes", probes.map((row) => probeCase(view, row))],
	];
	return junit(
		suites.map(([id, cases]) => ({
			name: `crossfade.${id}`,
			cases: cases.map(({ name, failure, skipped, output }) => ({
				suite: `crossfade.${id}`,
				name: plain(name),
				failure: note(failure),
				skipped: note(skipped),
				output: output && plain(output, 500),
			})),
		})),
	);
}

interface OverlapCase {
	readonly name: string;
	readonly failure?: string;
	readonly skipped?: string;
	readonly output?: string;
}

function note(text: string | undefined) {
	return text === undefined ? undefined : { message: plain(text, 500) };
}

function pointCase({ asks, state, open }: ChecklistItem): OverlapCase {
	const [first] = open;
	const text = first ? `${obligationText(first)}${open.length > 1 ? ` (and ${open.length - 1} more)` : ""}` : "";
	return { name: asks, ...(state === "blocked" && { failure: text }), ...(state === "unknown" && { skipped: text }) };
}

function probeCase(view: OverlapView, { verdict, evidence }: JudgedProbe): OverlapCase {
	const { fingerprint, place, signal, path, status, detail, fix } = evidence;
	const reason = [status, detail, fix].filter((part) => part !== undefined && part !== "").join("; ");
	const token = `${tokenName(view, fingerprint)} (${fingerprint})`;
	return { name: `${token} at ${place}, ${signal} by ${path}`, ...fate(verdict, reason) };
}

function fate(verdict: VerdictName, reason: string): Pick<OverlapCase, "failure" | "skipped"> {
	if (PASSING.has(verdict)) return {};
	const text = `${verdict}: ${reason}`;
	return FAILING.has(verdict) ? { failure: text } : { skipped: text };
}
