import { ownEntry } from "../../base/lookup.ts";
import { FINGERPRINT_LENGTH } from "../../token/fingerprint-length.ts";
import type { InventoryRow } from "./evidence.ts";

/** What a report line says, without whose it is and when. */
export type ReportLine = Omit<InventoryRow, "host" | "at" | "unsureMs" | "serial">;

const STATES = ["ok", "drift", "absent", "refused", "error"] as const;
/** Words behind `users=` that may stand on the next line, where a console wraps. */
const WRAPPED = "skipped|gone|wsl|late";
export const REPORT = new RegExp(
	`crossfade[ \\n](ok|drift|absent|refused|error)[ \\n]fp=([0-9a-f]{${FINGERPRINT_LENGTH}}|none|mixed|-)[ \\n]cfg=(\\S+)[ \\n]cli=(\\S*)[ \\n]users=(\\d{1,6})((?: [a-z]{1,12}(?:=[\\w.,@?-]{0,80}|$)|\\n(?:${WRAPPED})=[\\w.,@?-]{0,80})*)`,
	"m",
);
/** Every one in a text. */
export const REPORTS = new RegExp(REPORT, "gm");
/** The time before a line of a log, as logs have it. */
const STAMP = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(Z| ?[+-]\d\d:?\d\d)?/;
const CLOCK = /\d:\d\d/;
/** What is left of a line that was cut off or changed. */
const REMAINS = /\bcrossfade\s+(ok|drift|absent|refused|error)\b|\bfp=([0-9a-f]{6,}|mixed)\b/i;
/** Where consoles cut a text off; our line is no longer than the first. */
const CUT_LENGTHS: readonly number[] = [255, 256];
const CUT = /^ ?(?:[a-z]+(?:=\S*?)?)?(?:\.\.|…)/;

/** The characters of consoles and spreadsheets for blanks and line breaks as plain ones, and numbered HTML entities as what they stand for. */
export function plainReport(text: string): string {
	return text
		.replace(/&#(?:(\d{1,4})|x([0-9a-f]{1,3}));/gi, (_, decimal?: string, hex?: string) =>
			String.fromCharCode(decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal)),
		)
		.replace(/<br ?\/?>|\r\n?/gi, "\n")
		.replace(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, "")
		.replace(/(?:&nbsp;|[^\S\n])+/gi, " ")
		.replace(/ ?\n ?/g, "\n");
}

/** Said of those. */
export const DAMAGED = "a report line that is cut off or changed";

/** Whether a text without a report line has the remains of one. */
export function hasRemains(text: string): boolean {
	return REMAINS.test(plainReport(text));
}

/**
 * Reads `crossfade ok fp=… cfg=… cli=… users=…`, the line that every MDM shows; undefined for anything else. A machine with several
 * tokens (`fp=mixed`) has no single fingerprint, and counts as drifted, whatever it reports. Of several lines, as in the log of several
 * runs, it is the newest: by the times before them if every line has one, otherwise the last, if each has a line of its own.
 */
export function parseReportLine(text: string): ReportLine | undefined {
	if (!/crossfade/.test(text)) return undefined;
	const plain = plainReport(text);
	const found = [...plain.matchAll(REPORTS)];
	const reports = found.map((match) => reportOf(match, endOf(plain, match, CUT_LENGTHS.includes(text.length))));
	const befores = found.map(({ index }) => plain.slice(plain.lastIndexOf("\n", index) + 1, index));
	const times = befores.map(stampIn);
	const hasTimes = !times.includes(undefined) && new Set(times.map((time) => time?.hasZone)).size === 1;
	const newest = hasTimes ? indexOfLast(times.map((time) => time?.at ?? 0)) : found.length - 1;
	const report = reports[newest];
	if (!report || hasTimes || reports.every((each) => each && isSameReport(each, report))) return report;
	const isOrdered = !befores.some((before) => CLOCK.test(before) || before.includes("users="));
	return isOrdered
		? report
		: { ...report, leavesOpen: "is one of several that differ, and which is newest is not known" };
}

/** Whether two lines say the same of a machine. */
export function isSameReport(known: ReportLine, report: ReportLine): boolean {
	return (["state", "fingerprint", "leavesOpen"] as const).every((key) => known[key] === report[key]);
}

/** Why a line may not be whole, by what follows it. */
function endOf(text: string, { 0: match, index }: RegExpMatchArray, isCutLength: boolean): readonly string[] {
	const after = text.slice((index ?? 0) + match.length);
	const isCut = CUT.test(after) || (isCutLength && after.trim() === "");
	return isCut ? ["may be cut off at its end"] : [];
}

/** The time in what stands before a report, in milliseconds since the epoch. */
function stampIn(before: string): { readonly at: number; readonly hasZone: boolean } | undefined {
	const [stamp = "", zone] = STAMP.exec(before) ?? [];
	const at = Date.parse(stamp.replace(",", "."));
	return Number.isNaN(at) ? undefined : { at, hasZone: zone !== undefined };
}

/** The position of the greatest number, the last one of several. */
function indexOfLast(numbers: readonly number[]): number {
	return numbers.lastIndexOf(Math.max(...numbers));
}

/**
 * What the words behind `users=` say that the script did not look at; any other is of a version that we do not know. Of their values only
 * counts are shown: anything else could be a token.
 */
const UNSEEN: Readonly<Record<string, (count: string) => string | undefined>> = {
	skipped: (count) => `left out ${count} of its accounts, whose homes could not be looked at`,
	// The home of an account that was removed.
	gone: () => undefined,
	wsl: (count) => `left out the Linux (WSL) of ${count} of its accounts`,
	late: () => "left out a part of accounts that took too long",
};

function reportOf(match: RegExpMatchArray, end: readonly string[]): ReportLine | undefined {
	const [, word, id = "", cfg, clis = "", users = "0", more = ""] = match;
	const state = STATES.find((each) => each === word);
	if (!state) return undefined;
	const pairs = clis === "" ? [] : clis.split(",").map((pair) => /^([a-z][a-z0-9-]{0,40}):([a-z-]{1,20})$/.exec(pair));
	const states = new Map(pairs.flatMap((pair) => (pair ? [[pair[1] ?? "", pair[2] ?? ""] as const] : [])));
	const isMixed = id === "mixed";
	const open = [
		...(cfg === "1" ? [] : ["is of a version of the script that this crossfade does not know"]),
		...(states.size < pairs.length ? ["has a list of CLIs that cannot be read"] : []),
		...(state === "ok" && pairs.length === 0 ? ["names no CLI"] : []),
		...[...more.matchAll(/[ \n]([a-z]+)(?:=(\S*))?/g)].flatMap(
			([, name = "", value = ""]) => unseen(name, value) ?? [],
		),
		...end,
	];
	return {
		state: isMixed && state === "ok" ? "drift" : state,
		fingerprint: id.length === FINGERPRINT_LENGTH ? id : undefined,
		clis: Object.fromEntries(states),
		users: Number(users),
		...(isMixed && { isMixed }),
		...(open.length > 0 && { leavesOpen: open.join("; ") }),
	};
}

function unseen(name: string, value: string): string | undefined {
	const say = ownEntry(UNSEEN, name);
	return say ? say(/^\d{1,6}$/.test(value) ? value : "some") : `has ${name}=, which this crossfade does not know`;
}
