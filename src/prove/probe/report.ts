import { exitCodes } from "../../base/errors.ts";
import { shownName } from "../../base/mask.ts";
import { xml } from "../../base/quote.ts";
import type { ProbeEvidence } from "../evidence/evidence.ts";
import { MARKER } from "./marker.ts";
import type { WhoamiRow } from "./round.ts";
import { type JudgedRow, worstExit } from "./verdict.ts";

/** What one round of a probe found. */
export interface ProbeReport {
	readonly marker: string;
	/** Milliseconds since the epoch at which it is shown; evidence has an age. */
	readonly now: number;
	readonly deadline: number | undefined;
	readonly rows: readonly JudgedRow[];
	readonly whoami: readonly WhoamiRow[];
}

export interface TextStyle {
	readonly color: boolean;
	/** Columns of the terminal. */
	readonly width: number;
}

const RED = "31";
const YELLOW = "33";
const GREEN = "32";

/** A table with a row for each place, token, path and signal, and what is to be done about those that are not as wanted. */
export function probeText({ marker, now, deadline, rows, whoami }: ProbeReport, { color, width }: TextStyle): string {
	const paint = (text: string, code: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
	const columns = rows.map(({ evidence, verdict }) => [
		evidence.token,
		evidence.path,
		evidence.signal,
		shortPlace(evidence.place),
		verdict,
		String(evidence.status ?? "-"),
		`${evidence.latencyMs} ms`,
		age(now - evidence.at),
	]);
	const table = [["TOKEN", "PATH", "SIGNAL", "PLACE", "VERDICT", "STATUS", "TIME", "AGE"], ...columns];
	const widths = fitted(table, width);
	const lines = table.map((cells, index) => {
		const padded = cells.map((cell, column) => padCell(cell, widths[column] ?? 0, column >= 5));
		const exit = rows[index - 1]?.exit;
		if (exit !== undefined)
			padded[4] = paint(padded[4] ?? "", exit === "ok" ? GREEN : exit === "noEvidence" ? YELLOW : RED);
		return padded.join(" ").trimEnd();
	});
	const asked = whoami.map(({ token, place, reading }) => `whoami ${token} at ${shortPlace(place)}: ${reading.detail}`);
	const exit = worstExit(rows);
	const ends = deadline === undefined ? "" : `; the old token ends ${new Date(deadline).toISOString()}`;
	const last = `exit ${exitCodes[exit][0]}: ${exitCodes[exit][1]}${ends}`;
	return `${[...lines, ...explanations(rows), ...asked, `find the test records by ${MARKER} = ${marker}`, last].join("\n")}\n`;
}

/** Each thing that is not plainly accepted once, with the rows it is about and the next step. */
function explanations(rows: readonly JudgedRow[]): string[] {
	const groups = new Map<string, { about: Map<string, string[]>; fix: string | undefined }>();
	const add = (text: string, { token, path, signal }: ProbeEvidence, fix: string | undefined) => {
		const group = groups.get(text) ?? { about: new Map<string, string[]>(), fix };
		const sender = `${token} ${path}`;
		group.about.set(sender, [...(group.about.get(sender) ?? []), signal]);
		groups.set(text, group);
	};
	for (const { evidence, notes } of rows) {
		const { place, detail, cause, fix } = evidence;
		if (cause !== "accepted") add(`${shortPlace(place)}: ${detail} [${cause}]`, evidence, fix);
		for (const note of notes) add(`${shortPlace(place)}: ${note}`, evidence, undefined);
	}
	const found = [...groups].flatMap(([text, { about, fix }]) => [
		text,
		...[...about].map(
			([sender, signals], index) => `  ${index === 0 ? "rows" : "    "}     ${sender} ${signals.join(", ")}`,
		),
		...(fix === undefined ? [] : [`  fix      ${fix}`]),
	]);
	return found.length === 0 ? [] : ["", ...found, ""];
}

/** The host of a URL, or the name itself. */
function shortPlace(place: string): string {
	return shownName(URL.canParse(place) ? new URL(place).host || place : place);
}

function age(ms: number): string {
	const seconds = Math.max(0, Math.round(ms / 1000));
	if (seconds < 120) return `${seconds} s`;
	return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** Which column gives way when the table is too wide: the place. */
const PLACE = 3;
const NARROWEST_PLACE = 8;

function fitted(table: readonly (readonly string[])[], width: number): number[] {
	const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((cells) => (cells[column] ?? "").length)));
	const total = widths.reduce((sum, each) => sum + each + 1, -1);
	return widths.map((each, column) =>
		column === PLACE ? Math.max(NARROWEST_PLACE, each - Math.max(0, total - width)) : each,
	);
}

function padCell(text: string, width: number, toTheRight: boolean): string {
	const cut = text.length > width ? `${text.slice(0, width - 1)}…` : text;
	return toTheRight ? cut.padStart(width) : cut.padEnd(width);
}

/** One row as JSON shows it; the schema only grows. */
function rowJson({ evidence, verdict, attempts, timings, proxy, notes }: JudgedRow, now: number) {
	const { kind: _kind, at, ...seen } = evidence;
	const rounded = Object.fromEntries(Object.entries(timings).map(([phase, ms]) => [phase, Math.round(ms * 10) / 10]));
	return {
		verdict,
		...seen,
		at: new Date(at).toISOString(),
		ageMs: Math.max(0, now - at),
		attempts,
		timingsMs: rounded,
		proxy,
		notes,
	};
}

/** The whole report as one document. */
export function probeJson({ marker, now, deadline, rows, whoami }: ProbeReport): string {
	const exit = worstExit(rows);
	const report = {
		schema: 1,
		probeId: marker,
		at: new Date(now).toISOString(),
		...(deadline !== undefined && { deadline: new Date(deadline).toISOString() }),
		rows: rows.map((row) => rowJson(row, now)),
		whoami: whoami.map(({ token, place, reading }) => ({
			token,
			place,
			outcome: reading.outcome,
			status: reading.status,
			detail: reading.detail,
		})),
		exit: { name: exit, code: exitCodes[exit][0] },
	};
	return `${JSON.stringify(report, undefined, 2)}\n`;
}

/** A line for each row, for a stream that goes on. */
export function probeLines({ marker, now, rows }: ProbeReport): string {
	return rows.map((row) => `${JSON.stringify({ schema: 1, probeId: marker, ...rowJson(row, now) })}\n`).join("");
}

/** One test case a row: failed where the verdict is not the wanted one, skipped where nothing was proven. */
export function probeJunit({ marker, rows }: ProbeReport): string {
	const cases = rows.map(({ evidence, verdict, exit }) => {
		const { token, path, signal, place, detail, fix, latencyMs } = evidence;
		const name = `classname="${xml(`crossfade.probe.${place}`)}" name="${xml(`${token} ${path} ${signal}`)}" time="${(latencyMs / 1000).toFixed(3)}"`;
		if (exit === "ok") return `    <testcase ${name}/>`;
		const text = [detail, fix].filter((line) => line !== undefined).join("\n");
		const element =
			exit === "noEvidence"
				? `<skipped message="${xml(detail)}"/>`
				: `<failure type="${xml(verdict)}" message="${xml(detail)}">${xml(text)}</failure>`;
		return `    <testcase ${name}>${element}</testcase>`;
	});
	const count = (element: string) => cases.filter((each) => each.includes(`<${element}`)).length;
	const suite = `<testsuite name="crossfade probe ${xml(marker)}" tests="${cases.length}" failures="${count("failure")}" skipped="${count("skipped")}">`;
	return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  ${suite}\n${cases.join("\n")}\n  </testsuite>\n</testsuites>\n`;
}
