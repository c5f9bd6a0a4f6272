import { type ExitName, exitCodes } from "../../base/errors.ts";
import { jsonText } from "../../base/json.ts";
import { junit } from "../../base/junit.ts";
import { shownName } from "../../base/mask.ts";
import { painter, type TextStyle } from "../../base/paint.ts";
import { table } from "../../base/table.ts";
import { hanging } from "../../base/width.ts";
import type { LeftOut } from "../../spec/probe-plan.ts";
import type { ProbeEvidence } from "../evidence/evidence.ts";
import { EQUAL_CLOCKS_MS } from "../judge/probes.ts";
import type { Control } from "./control-result.ts";
import { MARKER } from "./marker.ts";
import type { WhoamiRow } from "./round.ts";
import { type JudgedRow, worstExit } from "./verdict.ts";

/** The result of one probe round. */
export interface ProbeReport {
	readonly marker: string;
	/** Time of display, in milliseconds since the epoch; evidence has an age. */
	readonly now: number;
	readonly deadline: number | undefined;
	readonly rows: readonly JudgedRow[];
	readonly whoami: readonly WhoamiRow[];
	readonly controls: readonly Control[];
	/** What was not asked. */
	readonly leftOut: readonly LeftOut[];
}

const HEAD = ["TOKEN", "PATH", "SIGNAL", "PLACE", "VERDICT", "STATUS", "TIME", "AGE"] as const;
const VERDICT = HEAD.indexOf("VERDICT");
/** If the table is too wide, the place column shrinks. */
const COLUMNS = { 3: { least: 8 }, 5: { side: "right" }, 6: { side: "right" }, 7: { side: "right" } } as const;

/** A table with a row per place, token, path and signal, followed by fixes for unexpected results. */
export function probeText(
	{ marker, now, deadline, rows, whoami, controls, leftOut }: ProbeReport,
	{ color, width }: TextStyle,
): string {
	const paint = painter(color);
	const cells = rows.map(({ evidence, verdict }) => [
		evidence.token,
		evidence.path,
		evidence.signal,
		shortPlace(evidence.place),
		verdict,
		String(evidence.status ?? "-"),
		`${evidence.latencyMs} ms`,
		age(now - evidence.at),
	]);
	const lines = table([HEAD, ...cells], {
		columns: COLUMNS,
		gap: 1,
		width,
		paint: (cell, row, column) => {
			const exit = column === VERDICT ? rows[row - 1]?.exit : undefined;
			if (exit === undefined) return cell;
			return paint(cell, exit === "ok" ? "green" : exit === "noEvidence" ? "yellow" : "red");
		},
	});
	const asked = whoami.map(({ token, place, reading }) => `whoami ${token} at ${shortPlace(place)}: ${reading.detail}`);
	const looked = [...controls.map(controlText), ...clockTexts(rows)];
	const exit = worstExit(rows, leftOut);
	const ends = deadline === undefined ? "" : `; the old token ends ${new Date(deadline).toISOString()}`;
	const last = `exit ${exitCodes[exit][0]}: ${exitCodes[exit][1]}${ends}`;
	return `${[...lines, ...explanations(rows, width), ...asked, ...looked, ...leftOut.map(leftOutText), `to find the test records: ${MARKER} = ${marker}`, last].join("\n")}\n`;
}

function leftOutText({ what, got }: LeftOut): string {
	return `not asked: ${what}${got === undefined ? "" : ` (${got})`}`;
}

const CONTROL_TEXT: Readonly<Record<Control["result"], string>> = {
	refused: "refused, so tokens are checked",
	taken: "accepted, so tokens are not checked",
	unclear: "unclear response",
	"not sent": "not sent, so it is unknown whether tokens are checked",
};

function controlText({ place, path, result }: Control): string {
	return `invalid test token at ${shortPlace(place)}, ${path}: ${CONTROL_TEXT[result]}`;
}

/** Places whose clock differs from ours. */
function clockTexts(rows: readonly JudgedRow[]): string[] {
	const offsets = new Map(rows.map(({ evidence }) => [evidence.place, evidence.clockOffsetMs ?? 0]));
	return [...offsets]
		.filter(([, ms]) => Math.abs(ms) >= EQUAL_CLOCKS_MS)
		.map(([place, ms]) => {
			const side = ms < 0 ? "behind" : "ahead of";
			return `the clock of ${shortPlace(place)} is ${age(Math.abs(ms))} ${side} ours; the deadline is by that clock`;
		});
}

/** What to do about the old token; about any other one the answer tells. */
const ofOldToken: Readonly<Partial<Record<ExitName, string>>> = {
	oldInUse: "check the deadline; if it is right, end the old token at the provider",
	oldRejectedEarly:
		"if it was meant to have ended, give its --deadline; if not, give every sender the new token now: what they send with the old one is lost",
};

/** Each unexpected result once, with its rows and the fix. */
function explanations(rows: readonly JudgedRow[], width: number): string[] {
	const groups = new Map<string, { about: Map<string, string[]>; fix: string | undefined }>();
	const add = (text: string, { token, path, signal }: ProbeEvidence, fix: string | undefined) => {
		const group = groups.get(text) ?? { about: new Map<string, string[]>(), fix };
		const sender = `${token} ${path}`;
		group.about.set(sender, [...(group.about.get(sender) ?? []), signal]);
		groups.set(text, group);
	};
	for (const { evidence, notes, exit } of rows) {
		const { place, detail, cause, fix } = evidence;
		const next = exit === "ok" ? undefined : (ofOldToken[exit] ?? fix);
		if (cause !== "accepted") add(`${shortPlace(place)}: ${detail} [${cause}]`, evidence, next);
		else if (exit === "oldInUse")
			add(`${shortPlace(place)}: the old token is accepted after its deadline`, evidence, next);
		for (const note of notes) add(`${shortPlace(place)}: ${note}`, evidence, undefined);
	}
	const found = [...groups].flatMap(([text, { about, fix }]) => [
		...hanging("", text, width),
		...[...about].map(
			([sender, signals], index) => `  ${index === 0 ? "rows" : "    "}     ${sender} ${signals.join(", ")}`,
		),
		...(fix === undefined ? [] : hanging("  fix      ", fix, width)),
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

/** One row as JSON; fields are only ever added. */
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
export function probeJson({ marker, now, deadline, rows, whoami, controls, leftOut }: ProbeReport): string {
	const exit = worstExit(rows, leftOut);
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
		controls,
		leftOut,
		exit: { name: exit, code: exitCodes[exit][0] },
	};
	return jsonText(report);
}

/** One line per row, for a continuous stream. */
export function probeLines({ marker, now, rows }: ProbeReport): string {
	return rows.map((row) => `${JSON.stringify({ schema: 1, probeId: marker, ...rowJson(row, now) })}\n`).join("");
}

/**
 * One test case per row: failed unless the verdict is the expected one. Inconclusive rows fail too, as in the exit code, and so does what was
 * left out, or a probe without rows.
 */
export function probeJunit({ marker, rows, leftOut }: ProbeReport): string {
	const cases = rows.map(({ evidence, verdict, exit }) => {
		const { token, path, signal, place, detail, fix, latencyMs } = evidence;
		const test = {
			suite: `crossfade.probe.${place}`,
			name: `${token} ${path} ${signal}`,
			seconds: latencyMs / 1000,
		};
		if (exit === "ok") return test;
		const text = [detail, fix].filter((line) => line !== undefined).join("\n");
		return { ...test, failure: { type: verdict, message: detail, text } };
	});
	const missing = leftOut.map((each) => {
		const note = { type: "NOT ASKED", message: leftOutText(each), text: each.fix };
		return { suite: "crossfade.probe", name: each.what, ...(each.isMeant ? { skipped: note } : { failure: note }) };
	});
	const nothing = {
		suite: "crossfade.probe",
		name: "rows",
		failure: { type: "NOT ASKED", message: "nothing was asked" },
	};
	return junit([
		{ name: `crossfade probe ${marker}`, cases: [...cases, ...missing, ...(rows.length === 0 ? [nothing] : [])] },
	]);
}
