/** When a report was made, as its list tells. */
export interface ReportTime {
	/** The earliest moment it can be, in milliseconds since the epoch. */
	readonly at: number;
	/** By how much later it can be, in milliseconds: 0 with a zone. */
	readonly unsureMs: number;
}

const HOUR = 3_600_000;
/** Clocks are at most 14 hours ahead of UTC, and at most 12 behind it. https://data.iana.org/time-zones/theory.html */
const AHEAD = 14 * HOUR;
const BEHIND = 12 * HOUR;
/** No report is older, and none of a later year than a clock can be wrong by. */
const YEARS = [2015, 2100] as const;

/** A date whose day and month can be swapped. */
const UNCLEAR_DATE = /^\s*(?!(\d{1,2})[-/. ]0?\1[-/. ])(?:0?[1-9]|1[0-2])[-/. ](?:0?[1-9]|1[0-2])[-/. ]\d/;
const ZONE = /(?:Z|\b(?:UTC|GMT)|\b[ECMP][SD]T|[\dM] ?[+-]\d\d:?\d\d)\)?\s*$/i;
const CLOCK = /\d:\d\d/;
const EPOCH: readonly (readonly [form: RegExp, unit: number])[] = [
	[/^\d{10}$/, 1000],
	[/^\d{13}$/, 1],
];

/**
 * Reads a time of a list; undefined for what is none for certain, such as a number of days, or a date whose day and month can be swapped.
 * A time without a zone is that of any zone: which one a list is in depends on the server, the person and the export.
 */
export function reportTime(text: string): ReportTime | undefined {
	const trimmed = text.trim();
	for (const [form, unit] of EPOCH) if (form.test(trimmed)) return sure(Number(trimmed) * unit);
	// Two signs between numbers, or the name of a month: V8 takes a bare number for a year or a month.
	if (UNCLEAR_DATE.test(trimmed) || !/\d\D+\d.*\D\d|[a-z]{3}.*\d/i.test(trimmed)) return undefined;
	if (ZONE.test(trimmed)) return sure(Date.parse(trimmed));
	const wall = Date.parse(/\dT\d/.test(trimmed) ? `${trimmed}Z` : `${trimmed} UTC`);
	if (!isPossible(wall)) return undefined;
	const isDay = !CLOCK.test(trimmed);
	return { at: wall - AHEAD, unsureMs: AHEAD + BEHIND + (isDay ? 24 * HOUR : 0) };
}

function sure(at: number): ReportTime | undefined {
	return isPossible(at) ? { at, unsureMs: 0 } : undefined;
}

function isPossible(at: number): boolean {
	const year = new Date(at).getUTCFullYear();
	return year >= YEARS[0] && year <= YEARS[1];
}
