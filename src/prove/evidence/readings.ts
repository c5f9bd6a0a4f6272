import type { Signal } from "../../adapters/providers/provider.ts";
import type { CountedSender, RunningTotal } from "../metrics/running-totals.ts";
import type { TrafficCounter } from "./evidence.ts";
import type { Sighting } from "./traffic.ts";

/** A source's running totals at one moment. */
export interface CounterReading {
	/** The page or instance it was read from. */
	readonly source: string;
	/** Milliseconds since the epoch. */
	readonly at: number;
	/** Start time of the counting process, if known. */
	readonly started: number | undefined;
	/** Start time of the only collector on its host, if known. The page may be of another process: this can only show a restart. */
	readonly hostStarted?: number | undefined;
	/** False if a part could not be read: missing series may still exist. */
	readonly isComplete: boolean;
	readonly totals: readonly RunningTotal[];
	/** What its receivers accepted since it started, by signal, if known. */
	readonly accepted?: Readonly<Partial<Record<Signal, number>>> | undefined;
}

/** How far a source was read. Stored with the counters, so that a restart neither loses nor repeats anything. */
export interface Mark {
	readonly source: string;
	readonly at: number;
	/** Since when it was read without a gap in which traffic could be missed. */
	readonly since: number;
	/** The longest time between two readings, in milliseconds; breaks do not count. */
	readonly interval: number;
	/** Whether it ever counted by token: only then its silence is evidence. */
	readonly isAttributed: boolean;
	/** The place's name in reports, and the group of places with the same config. */
	readonly place: string;
	readonly group?: string | undefined;
	/** See `CounterReading`. */
	readonly accepted?: CounterReading["accepted"];
	/** When the process started that was read last, in milliseconds since the epoch, if known. */
	readonly started?: number | undefined;
	/** What the last reading showed of its place, for programs that only read the folder. */
	readonly shown?: PlaceShown | undefined;
	/** By series: the last value, and whether the series was missing at the last reading. */
	readonly totals: ReadonlyMap<string, { readonly value: number; readonly isAway: boolean }>;
}

/** What a reading shows of a place besides its counters. */
export interface PlaceShown {
	/** The tokens with which it forwards: fingerprints, or `passed on`; empty if unknown. */
	readonly exporters: readonly string[];
	/** What it received without counting it by token, and the limits that it reached, as sentences. */
	readonly unattributed: readonly string[];
	readonly limits: readonly string[];
	/** Its exporters, if their counters are known. */
	readonly tallies?: readonly ExporterTally[] | undefined;
}

/** What an exporter sent and dropped since its process started, in records. */
export interface ExporterTally {
	readonly id: string;
	readonly sent: number;
	readonly dropped: number;
	/** Why nothing of what it does arrives, as a sentence: it dropped everything when its counters last grew. */
	readonly losing?: string | undefined;
}

/** For evidence in which `PlaceShown` is missing. */
export const NOT_RECORDED = "how much it received was not recorded: give the URL of its metrics here too";

/** A longer time without a reading is a gap, unless the same process counted through it. */
export const MAX_BREAK_MS = 5 * 60_000;
/** After a longer time, values do not show that the process is the same: only its start time does. */
const MAX_ALIKE_MS = 15 * 60_000;
/** What a process that started anew would have had to count again to look like the old one: at least this many records, */
const MIN_HELD = 100;
/** and at least this many times what was counted since the last reading. */
const HELD_TO_GROWN = 20;
/** How much the start time of one process may seem to vary, as it is calculated from its uptime. */
const SAME_START_MS = 30_000;
/** Maximum number of missing series to remember. */
const MAX_SERIES = 200_000;

/** The place of a source, and since when all sources of its kind were watched. */
export interface ReadAt extends Pick<Mark, "place" | "group"> {
	readonly watchedSince: number | undefined;
}

export interface Followed {
	readonly mark: Mark;
	readonly sightings: readonly Sighting[];
}

/**
 * Traffic between the mark and the reading; never more or less than the totals show:
 *  - counting begins at a source's first reading, unless its process started while we watched: then everything is new;
 *  - a new series in a known source is new traffic, and so is one that starts below its last value;
 *  - if a value fell, and neither the start time nor the other values show that the process is the same, it was restarted: then
 *    all of its values are new traffic, because they may have passed their old ones;
 *  - a series that reappears has new traffic, because nothing else restores it.
 * Traffic is dated to the reading, the latest possible time.
 */
export function follow(
	mark: Mark | undefined,
	reading: CounterReading,
	{ place, group, watchedSince }: ReadAt,
): Followed {
	const isBorn =
		!mark && reading.started !== undefined && watchedSince !== undefined && reading.started >= watchedSince;
	const continuity = mark && continuityOf(mark, reading);
	const isRestarted = continuity === "restarted" || continuity === "fallen";
	const sums = new Map<string, Sighting>();
	const totals = new Map<string, { value: number; isAway: boolean }>();
	for (const total of reading.totals) {
		const { id, value } = total;
		const before = mark?.totals.get(id);
		totals.set(id, { value, isAway: false });
		const grown = mark || isBorn ? (isRestarted ? value : growth(before, value)) : 0;
		if (grown > 0) add(sums, total, grown, reading.at, place);
	}
	// Counts of an ended process say nothing about the next one.
	const isOver = isRestarted || totals.size + (mark?.totals.size ?? 0) > MAX_SERIES;
	for (const [id, before] of isOver ? [] : (mark?.totals ?? [])) {
		if (!totals.has(id)) totals.set(id, { ...before, isAway: before.isAway || reading.isComplete });
	}
	const isAttributed = reading.totals.length > 0 || (mark?.isAttributed ?? false);
	const since = isBorn && watchedSince !== undefined ? watchedSince : sinceWhen(mark, reading, continuity);
	return {
		mark: {
			source: reading.source,
			at: reading.at,
			since,
			interval: longestInterval(mark, reading.at),
			isAttributed,
			place,
			...(group !== undefined && { group }),
			...(reading.accepted && { accepted: reading.accepted }),
			...(reading.started !== undefined && { started: reading.started }),
			...(mark?.shown && { shown: mark.shown }),
			totals,
		},
		sightings: [...sums.values()],
	};
}

function growth(before: { readonly value: number; readonly isAway: boolean } | undefined, value: number): number {
	if (!before || value < before.value || (before.isAway && value === before.value)) return value;
	return value - before.value;
}

/**
 * Whether the process behind a source is the one of its mark: `restarted` and `same` by its start time; `alike` by its values, which a new
 * one could not have counted again; `fallen` if a value shows that it is not; otherwise `unclear`.
 */
type Continuity = "restarted" | "same" | "alike" | "fallen" | "unclear";

function continuityOf(mark: Mark, { at, started, hostStarted = 0, totals, isComplete }: CounterReading): Continuity {
	if (started !== undefined) return started > mark.at ? "restarted" : "same";
	if (hostStarted > mark.at) return "restarted";
	let [held, grown, fallen] = [0, 0, 0];
	const seen = new Set<string>();
	for (const { id, value } of totals) {
		seen.add(id);
		const before = mark.totals.get(id)?.value ?? 0;
		if (value < before) {
			fallen++;
			continue;
		}
		held += before;
		grown += value - before;
	}
	const isWhole =
		isComplete && at - mark.at <= MAX_ALIKE_MS && [...mark.totals].every(([id, { isAway }]) => isAway || seen.has(id));
	if (isWhole && held >= MIN_HELD && held >= HELD_TO_GROWN * grown) return "alike";
	return fallen > 0 ? "fallen" : "unclear";
}

/** What a process counted after its last reading is lost when it ends: after a restart, watching begins with the next process. */
function sinceWhen(
	mark: Mark | undefined,
	{ at, started, hostStarted, totals }: CounterReading,
	continuity: Continuity | undefined,
): number {
	if (!mark) return at;
	const begin = started ?? hostStarted;
	if (continuity === "restarted" && begin !== undefined) return Math.min(begin, at);
	// An address that several processes answer in turn: each was unread while another was read.
	const isOther =
		started !== undefined && mark.started !== undefined && Math.abs(started - mark.started) > SAME_START_MS;
	if (isOther) return at;
	if (continuity === "fallen" || (continuity === "unclear" && at - mark.at > MAX_BREAK_MS)) return at;
	// It counts by token for the first time: it has done so since its start, which may be later than our first reading.
	if (!mark.isAttributed && totals.length > 0 && !(started !== undefined && started <= mark.since)) return at;
	return mark.since;
}

function longestInterval(mark: Mark | undefined, at: number): number {
	const last = mark ? at - mark.at : 0;
	return last > MAX_BREAK_MS ? (mark?.interval ?? 0) : Math.max(mark?.interval ?? 0, last);
}

function add(into: Map<string, Sighting>, total: RunningTotal, grown: number, at: number, place: string): void {
	const key = keyOf(total);
	const known = into.get(key) ?? {
		fingerprint: total.fingerprint,
		place,
		host: total.host,
		cli: total.cli,
		version: total.version,
		signal: total.signal,
		requests: 0,
		records: 0,
		bytes: 0,
		lastStatus: 0,
		// A place that sees answers counts what was refused, too.
		...(total.seesAnswers && { isTaken: false, refused: 0 }),
		at,
	};
	if (total.unit === "answers") {
		if (total.isTaken) known.isTaken = true;
		else {
			known.refused = (known.refused ?? 0) + grown;
			known.lastStatus = total.status ?? 0;
		}
	} else known[total.unit satisfies keyof TrafficCounter] += grown;
	into.set(key, known);
}

function keyOf({ fingerprint, host, cli, version, signal }: CountedSender): string {
	return JSON.stringify([fingerprint, host, cli, version, signal]);
}
