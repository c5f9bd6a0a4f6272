import { xml } from "../../base/quote.ts";
import type { JudgedProbe, SenderRow, VerdictName } from "../judge/case.ts";
import { type OverlapView, tokenName } from "../overlap/view.ts";
import { plain } from "../overlap/wording.ts";
import schema from "./overlap.schema.json" with { type: "json" };

/** The JSON Schema of what `reportJson` prints. A change that breaks readers gets another `schema` number. */
export function overlapSchema(): string {
	return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** The overlap as JSON, as `overlapSchema` describes it; nothing in it can steer a terminal, and no text is changed. */
export function reportJson(view: OverlapView): string {
	const text = JSON.stringify(view, undefined, 2);
	return `${text.replace(/[\u007f-\u009f\p{Cf}\u2028\u2029]/gu, jsonEscape)}\n`;
}

/** An astral character is two escapes in JSON. */
function jsonEscape(character: string): string {
	return character
		.split("")
		.map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
		.join("");
}

const CSV_COLUMNS: readonly (readonly [title: string, of: (row: SenderRow) => string | number])[] = [
	["host", ({ host }) => host],
	["cli", ({ cli }) => cli],
	["version", ({ version }) => version],
	["verdict", ({ verdict }) => verdict],
	["reason", ({ reason }) => reason],
	["last_old", ({ lastOld }) => iso(lastOld)],
	["last_new", ({ lastNew }) => iso(lastNew)],
	["old_requests", ({ oldRequests }) => oldRequests],
	["new_requests", ({ newRequests }) => newRequests],
	["configured", ({ configured }) => configured ?? ""],
];

/**
 * Every sender as a row of CSV (RFC 4180). No cell is a formula to a spreadsheet, and none breaks its line. Written by hand: a library's
 * writer knows neither fullwidth signs of formulas nor our masking, and quoting is one line.
 */
export function reportCsv({ judgement }: OverlapView): string {
	const rows = [
		CSV_COLUMNS.map(([title]) => title),
		...judgement.senders.map((row) => CSV_COLUMNS.map(([, of]) => csvCell(of(row)))),
	];
	return rows.map((row) => `${row.join(",")}\r\n`).join("");
}

/** Spreadsheets run what begins like a formula, also behind blanks; a leading quote makes it text. https://owasp.org/www-community/attacks/CSV_Injection */
function csvCell(value: string | number): string {
	if (typeof value === "number") return String(value);
	const text = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(value) ? `'${plain(value)}` : plain(value);
	return /[",']|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function iso(at: number | undefined): string {
	return at === undefined ? "" : new Date(at).toISOString();
}

/** A test case's name, why it failed, and why it was skipped. */
interface JunitCase {
	readonly suite: "fleet" | "senders" | "probes";
	readonly name: string;
	readonly failure?: string;
	readonly skipped?: string;
}

/** What fails a pipeline; what merely proves nothing is skipped, visibly. */
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

/** JUnit XML: one test case for the fleet's answer, each sender and each probe; failed with the reason, or skipped where nothing is proven. */
export function reportJunit(view: OverlapView): string {
	const { fleet, senders, probes } = view.judgement;
	const retire = `${fleet.safeToRetire}: ${fleet.reason}`;
	const cases: JunitCase[] = [
		{
			suite: "fleet",
			name: "safe to retire the old token",
			...(fleet.safeToRetire === "yes" ? {} : { failure: retire }),
		},
		...senders.map(
			(row): JunitCase => ({
				suite: "senders",
				name: [row.host || "(no host name)", row.cli || "any CLI"].join(" / "),
				...fate(row.verdict, row.reason),
			}),
		),
		...probes.map((row) => probeCase(view, row)),
	];
	const suites = (["fleet", "senders", "probes"] as const).map((suite) =>
		junitSuite(
			suite,
			cases.filter((each) => each.suite === suite),
		),
	);
	return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join("")}</testsuites>\n`;
}

function probeCase(view: OverlapView, { verdict, evidence }: JudgedProbe): JunitCase {
	const { fingerprint, place, signal, path, status, detail, fix } = evidence;
	const reason = [status, detail, fix].filter((part) => part !== undefined && part !== "").join("; ");
	const token = `${tokenName(view, fingerprint)} (${fingerprint})`;
	return { suite: "probes", name: `${token} at ${place}, ${signal} by ${path}`, ...fate(verdict, reason) };
}

function fate(verdict: VerdictName, reason: string): Pick<JunitCase, "failure" | "skipped"> {
	if (PASSING.has(verdict)) return {};
	const text = `${verdict}: ${reason}`;
	return FAILING.has(verdict) ? { failure: text } : { skipped: text };
}

function junitSuite(suite: string, cases: readonly JunitCase[]): string {
	const sum = (kind: "failure" | "skipped") => cases.filter((each) => each[kind] !== undefined).length;
	const counts = `tests="${cases.length}" failures="${sum("failure")}" skipped="${sum("skipped")}"`;
	return `  <testsuite name="crossfade.${suite}" ${counts}>\n${cases.map(junitCase).join("")}  </testsuite>\n`;
}

function junitCase({ suite, name, failure, skipped }: JunitCase): string {
	const message = failure ?? skipped;
	const open = `    <testcase classname="crossfade.${suite}" name="${xml(plain(name))}"`;
	if (message === undefined) return `${open}/>\n`;
	const kind = failure === undefined ? "skipped" : "failure";
	return `${open}>\n      <${kind} message="${xml(plain(message, 500))}"/>\n    </testcase>\n`;
}
