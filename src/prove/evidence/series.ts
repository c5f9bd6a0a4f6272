import type { EvidenceFile, Watch } from "./file.ts";
import type { PlaceShown } from "./readings.ts";

/** When one counter was watched, in milliseconds since the epoch. */
export interface KeptSeries extends Watch {
	readonly place: string;
	readonly group?: string | undefined;
	/** The page or instance; for a writer that saw the traffic itself, its name. */
	readonly source: string;
	/** True for a source that crossfade reads; false for a program that writes its own counts. */
	readonly isRead: boolean;
	readonly isAttributed: boolean;
	/** The longest time between two readings or writes, in milliseconds. */
	readonly interval: number;
	readonly isClosed: boolean;
	readonly limits: readonly string[];
	/** Of a writer that stopped normally: its clock minus that of the file system, in milliseconds. */
	readonly skewMs?: number | undefined;
	/** Of a source that crossfade reads: what it showed of its place then; undefined if that is unknown. */
	readonly shown?: PlaceShown | undefined;
}

/** A writer that counts traffic itself is one series; a reader has one series per source. `writtenAt`: see `Folder`. */
export function seriesOf(name: string, file: EvidenceFile<"traffic">, writtenAt: number): KeptSeries[] {
	const { since, until, marks = [], isClosed = false, limits = [], interval = 0 } = file;
	const writer = name.replace(/^traffic-|\.ndjson$/g, "");
	const isReader = /^(gateway-.*|prometheus)$/.test(writer) && file.place === undefined;
	if (!isReader) {
		const place = file.place ?? file.rows[0]?.place ?? writer;
		const own = { place, source: writer, since, until, isRead: false, isAttributed: true, interval, isClosed, limits };
		return [{ ...own, ...(isClosed && { skewMs: Math.round(until - writtenAt) }) }];
	}
	return marks.map(({ place, group, source, since: from, at, interval: longest, isAttributed, shown }) => ({
		place,
		...(group !== undefined && { group }),
		source,
		since: from,
		until: at,
		isRead: true,
		isAttributed,
		interval: longest,
		// A source that is read may have continued after that.
		isClosed: false,
		limits,
		shown,
	}));
}
