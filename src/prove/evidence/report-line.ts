import { ownEntry } from "../../base/lookup.ts";
import { FINGERPRINT_LENGTH } from "../../token/fingerprint-length.ts";
import type { InventoryRow } from "./evidence.ts";

/** What a report line says, without whose it is and when. */
export type ReportLine = Omit<InventoryRow, "host" | "at" | "unsureMs" | "serial">;

const STATES = ["ok", "drift", "absent", "refused", "error"] as const;
export const REPORT = new RegExp(
	`crossfade (ok|drift|absent|refused|error) fp=([0-9a-f]{${FINGERPRINT_LENGTH}}|none|mixed|-) cfg=(\\S+) cli=(\\S*) users=(\\d{1,6})((?: [a-z]{1,12}(?:=[\\w.,@?-]{0,80}|$))*)`,
	"m",
);
/** Every one in a text. */
export const REPORTS = new RegExp(REPORT, "gm");
/** The time before a line of a log, as logs have it. */
const STAMP = /\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?/;

/**
 * Reads `crossfade ok fp=… cfg=… cli=… users=…`, the line that every MDM shows; undefined for anything else. A machine with several
 * tokens (`fp=mixed`) has no single fingerprint, and counts as drifted, whatever it reports. Of several lines, as in the log of several
 * runs, it is the newest: by the times before them if every line has one, otherwise the last.
 */
export function parseReportLine(text: string): ReportLine | undefined {
	const found = text.includes("crossfade ") ? [...text.matchAll(REPORTS)] : [];
	const times = found.map(({ index }) => stampBefore(text, index));
	const newest = times.includes(undefined) ? found.length - 1 : indexOfLast(times as number[]);
	return reportOf(found[newest]);
}

/** The time on the same line before a position, in milliseconds since the epoch. */
function stampBefore(text: string, index: number): number | undefined {
	const before = text.slice(text.lastIndexOf("\n", index) + 1, index);
	const at = Date.parse((STAMP.exec(before)?.[0] ?? "").replace(",", "."));
	return Number.isNaN(at) ? undefined : at;
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

function reportOf(match: RegExpMatchArray | undefined): ReportLine | undefined {
	const [, word, id = "", cfg, clis = "", users = "0", more = ""] = match ?? [];
	const state = STATES.find((each) => each === word);
	if (!state) return undefined;
	const pairs = clis === "" ? [] : clis.split(",").map((pair) => /^([a-z][a-z0-9-]{0,40}):([a-z-]{1,20})$/.exec(pair));
	const states = new Map(pairs.flatMap((pair) => (pair ? [[pair[1] ?? "", pair[2] ?? ""] as const] : [])));
	const isMixed = id === "mixed";
	const open = [
		...(cfg === "1" ? [] : ["is of a version of the script that this crossfade does not know"]),
		...(states.size < pairs.length ? ["has a list of CLIs that cannot be read"] : []),
		...(state === "ok" && pairs.length === 0 ? ["names no CLI"] : []),
		...[...more.matchAll(/ ([a-z]+)(?:=(\S*))?/g)].flatMap(([, name = "", value = ""]) => unseen(name, value) ?? []),
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
