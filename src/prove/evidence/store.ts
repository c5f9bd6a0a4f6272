import { join } from "node:path";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import { largest } from "../../base/largest.ts";
import { shownName } from "../../base/mask.ts";
import type { Effects } from "../../effects/effects.ts";
import type { Folder } from "../../effects/files/folder.ts";
import type { ProbeEvidence, Statement, TrafficCounter } from "./evidence.ts";
import {
	CorruptEvidence,
	decode,
	type EvidenceFile,
	type EvidenceKind,
	encode,
	fileName,
	kindOf,
	type Rows,
} from "./file.ts";
import { givenId, idOf } from "./folder-id.ts";
import { type CounterReading, follow, MAX_BREAK_MS, type Mark, type PlaceShown } from "./readings.ts";
import { debounced, type OwnFile } from "./saving.ts";
import { type KeptSeries, seriesOf } from "./series.ts";
import { newTrafficLedger, type TrafficLedger } from "./traffic.ts";
import { corrupt, fromElsewhere, noFolder, notAFile, setAside, takenOver, tooMany } from "./troubles.ts";

/** The evidence folder: one file per writer, so that no two programs write the same file. Contains no token. */
export interface EvidenceStore {
	/** The id stored in the folder; one that exists gets one. Undefined if there is no folder yet. */
	id(): Promise<string | undefined>;
	/**
	 * Everything in the folder. A file that is unreadable, set aside or from another folder is a warning and does not affect the others;
	 * one of a newer version is an error.
	 */
	read(): Promise<Evidence>;
	/** Continues or starts the counters of this name. Throws `CrossfadeError` if the folder is not writable. */
	trafficWriter(writer: string): Promise<TrafficWriter>;
	/**
	 * Continues counters fed by readings of another process's running totals. Undefined while another living process does so: two would
	 * count the same traffic twice.
	 */
	readingWriter(writer: string): Promise<ReadingWriter | undefined>;
	/** Adds observations; resolves when they are on disk. */
	addProbes(writer: string, rows: readonly ProbeEvidence[]): Promise<void>;
	/** Adds a statement; resolves when it is on disk. */
	addStatement(statement: Statement): Promise<void>;
}

export interface Evidence {
	readonly traffic: TrafficCounter[];
	readonly probes: ProbeEvidence[];
	readonly statements: Statement[];
	/** Whether there is a folder at all; if not, that is the only warning. */
	readonly exists: boolean;
	/** What is missing or unreadable. */
	readonly warnings: Problem[];
	/** When everything that counts was watched: writers that saw the traffic, and sources that were read. */
	readonly series: readonly KeptSeries[];
}

/**
 * Counters that are written to disk within seconds. If writing fails, keeps them, warns once, and retries.
 */
export interface TrafficWriter extends Pick<TrafficLedger, "add" | "merge" | "counters"> {
	/** Records a limit that was reached, as a sentence: the evidence is then not whole. */
	limit(what: string): void;
	/** Resolves when everything added so far is on disk. */
	flush(): Promise<void>;
	/** The final flush; nothing may be added afterwards. */
	close(): Promise<void>;
}

/** Counters and, in the same file, how far their sources were read. */
export interface ReadingWriter {
	/** Adds a reading; those of one source in chronological order. */
	take(reading: CounterReading, place: string, group?: string): void;
	/** Notes what the last reading of a source showed of its place. */
	note(source: string, shown: PlaceShown): void;
	/** How far each source was read, by name. */
	readonly marks: ReadonlyMap<string, Mark>;
	flush(): Promise<void>;
	close(): Promise<void>;
}

/** Older observations of a writer are dropped. */
const MAX_PROBES = 20_000;
/** Maximum concurrent writers of one name; each further one has a number in its file name. */
const MAX_NAMESAKES = 1_000;

type StoreEffects = Pick<Effects, "files" | "clock" | "terminal">;

/**
 * Opens a folder, which need not exist yet. `kept` are the fingerprints of a rotation, whose counters stay in full if there are too many.
 * Throws `CrossfadeError` (io) if the path is something else.
 */
export async function openStore(fx: StoreEffects, path: string, kept: Iterable<string> = []): Promise<EvidenceStore> {
	const ledgerOf = (own: OwnFile<"traffic">) => newTrafficLedger(own.before?.rows, new Set(kept));
	const folder = await fx.files.openFolder(path);
	let adding: Promise<unknown> = Promise.resolve();
	return {
		// One that cannot be written has no program that keeps its counters there.
		id: async () =>
			(await idOf(folder)) ?? ((await folder.exists()) ? givenId(folder).catch(() => undefined) : undefined),
		read: reader(folder),
		async trafficWriter(writer) {
			const own = await claimFile(fx, folder, "traffic", writer, MAX_NAMESAKES);
			if (!own) throw tooMany(folder, MAX_NAMESAKES);
			return trafficWriter(fx, own, { ledger: ledgerOf(own), place: writer });
		},
		async readingWriter(writer) {
			const own = await claimFile(fx, folder, "traffic", writer, 1);
			return own && readingWriter(fx, own, ledgerOf(own));
		},
		addProbes(writer, rows) {
			const done = adding.then(() => append(fx, folder, "probe", writer, rows));
			adding = done.catch(() => undefined);
			return done;
		},
		addStatement: (statement) => append(fx, folder, "statement", "owner", [statement]),
	};
}

/** Rereads the folder, but only files that changed. */
function reader(folder: Folder): EvidenceStore["read"] {
	let cache = new Map<string, { readonly stamp: string; readonly file: EvidenceFile<EvidenceKind> | Problem }>();
	return async () => {
		const fresh: typeof cache = new Map();
		const aside: string[] = [];
		const writtenAt = new Map<string, number>();
		for (const { name, stamp, writtenAt: at } of await folder.list()) {
			writtenAt.set(name, at);
			if (/\.ndjson\.corrupt-\d+$/.test(name)) aside.push(name);
			const kind = kindOf(name);
			if (!kind) continue;
			const known = cache.get(name);
			fresh.set(name, known?.stamp === stamp ? known : { stamp, file: await readFile(folder, kind, name) });
		}
		cache = fresh;
		const found = [...fresh].map(([name, { file }]) => ({ name, file }));
		const warnings = found.flatMap(({ file }) => ("what" in file ? [file] : []));
		const exists = await folder.exists();
		if (!exists) warnings.push(noFolder(folder));
		const own = await idOf(folder);
		for (const { name, file } of found) {
			const isForeign = !("what" in file) && own !== undefined && file.folder !== undefined && file.folder !== own;
			if (isForeign) warnings.push(fromElsewhere(folder, name));
		}
		for (const name of aside) warnings.push(setAside(folder, name));
		for (const name of await folder.oddities()) if (kindOf(name)) warnings.push(notAFile(folder, name));
		const of = <K extends EvidenceKind>(kind: K) =>
			found.flatMap(({ name, file }) =>
				"what" in file || kindOf(name) !== kind ? [] : [{ name, file: file as EvidenceFile<K> }],
			);
		const ledger = newTrafficLedger();
		for (const { file } of of("traffic")) ledger.merge(file.rows);
		return {
			traffic: ledger.counters(),
			probes: of("probe").flatMap(({ file }) => file.rows),
			statements: of("statement").flatMap(({ file }) => file.rows),
			exists,
			warnings,
			series: of("traffic").flatMap(({ name, file }) => seriesOf(name, file, writtenAt.get(name) ?? file.until)),
		};
	};
}

/** A file, or why it cannot be read. */
async function readFile(
	folder: Folder,
	kind: EvidenceKind,
	name: string,
): Promise<EvidenceFile<EvidenceKind> | Problem> {
	try {
		const bytes = await folder.read(name);
		return bytes ? decode(kind, bytes, join(folder.path, name)) : { since: 0, until: 0, rows: [] };
	} catch (error) {
		if (error instanceof CorruptEvidence) return corrupt(folder, name, error);
		if (error instanceof CrossfadeError && error.exit === "io" && error.problems[0]) return error.problems[0];
		throw error;
	}
}

/** A file not in use by another living process, with its content; a corrupt one is set aside. Undefined if all names are taken. */
async function claimFile<K extends EvidenceKind>(
	fx: StoreEffects,
	folder: Folder,
	kind: K,
	writer: string,
	names: number,
): Promise<OwnFile<K> | undefined> {
	for (let number = 1; number <= names; number++) {
		const name = fileName(kind, number === 1 ? writer : `${writer}-${number}`);
		const claim = await folder.claim(name);
		if (!claim) continue;
		try {
			const before = await readOwn(fx, folder, kind, name);
			const where = join(folder.path, name);
			let id = await givenId(folder);
			const stamp = async () => (await folder.list()).find((each) => each.name === name)?.stamp;
			let written: string | undefined;
			return {
				before,
				claim,
				where,
				wasReplaced: async () => written !== undefined && (await stamp()) !== written,
				async write(file) {
					if (!(await claim.isHeld())) throw takenOver(where);
					// Another program may just have been giving the folder its id.
					id ??= await givenId(folder);
					await folder.write(name, encode(kind, { ...file, folder: id }));
					written = await stamp();
				},
			};
		} catch (error) {
			await claim.release();
			throw error;
		}
	}
	return undefined;
}

async function readOwn<K extends EvidenceKind>(fx: StoreEffects, folder: Folder, kind: K, name: string) {
	const bytes = await folder.read(name);
	try {
		return bytes && decode(kind, bytes, join(folder.path, name));
	} catch (error) {
		if (!(error instanceof CorruptEvidence)) throw error;
		const aside = await folder.setAside(name);
		fx.terminal.warn({
			...corrupt(folder, name, error),
			fix: `it is kept as ${shownName(aside)}, and counting restarts`,
		});
		return undefined;
	}
}

/** Counters fed by observed requests; watched as long as the writer lives. */
async function trafficWriter(
	fx: StoreEffects,
	own: OwnFile<"traffic">,
	{ ledger, place }: { readonly ledger: TrafficLedger; readonly place: string },
): Promise<TrafficWriter> {
	const { clock } = fx;
	const { before } = own;
	const started = clock.now();
	// A killed program did not save all its counts: only a clean stop leaves no gap.
	const wasWatched = before?.isClosed === true && started - before.until <= MAX_BREAK_MS && before.until <= started;
	const since = wasWatched ? Math.min(before.since, started) : started;
	const saved = debounced(fx, own, ledger, (now) => ({ since, until: Math.max(now, since), place }));
	await saved.begin();
	return {
		add(seen) {
			ledger.add(seen);
			saved.grew();
		},
		merge(counters) {
			ledger.merge(counters);
			saved.grew();
		},
		counters: () => ledger.counters(),
		limit: saved.limit,
		flush: saved.flush,
		close: saved.close,
	};
}

/** Counters fed by readings; watched where readings have no gap, even across restarts of this process. */
async function readingWriter(fx: StoreEffects, own: OwnFile<"traffic">, ledger: TrafficLedger): Promise<ReadingWriter> {
	const marks = new Map((own.before?.marks ?? []).map((mark) => [mark.source, mark]));
	const watched = () => [...marks.values()].filter(({ isAttributed }) => isAttributed);
	const sinceAll = () => (watched().length === 0 ? undefined : largest(watched().map(({ since }) => since)));
	const saved = debounced(fx, own, ledger, () => {
		const until = largest(
			watched().map(({ at }) => at),
			0,
		);
		return { since: sinceAll() ?? until, until, marks: [...marks.values()] };
	});
	return {
		take(reading, place, group) {
			const at = { place, group, watchedSince: sinceAll() };
			const { mark, sightings } = follow(marks.get(reading.source), reading, at);
			marks.set(reading.source, mark);
			for (const seen of sightings) ledger.add(seen);
			saved.grew();
		},
		note(source, shown) {
			const mark = marks.get(source);
			if (mark) marks.set(source, { ...mark, shown });
			saved.grew();
		},
		marks,
		flush: saved.flush,
		close: saved.close,
	};
}

async function append<K extends "probe" | "statement">(
	fx: StoreEffects,
	folder: Folder,
	kind: K,
	writer: string,
	rows: readonly Rows[K][],
): Promise<void> {
	const own = await claimFile(fx, folder, kind, writer, MAX_NAMESAKES);
	if (!own) throw tooMany(folder, MAX_NAMESAKES);
	try {
		const all = [...(own.before?.rows ?? []), ...rows];
		const now = fx.clock.now();
		await own.write({
			since: own.before?.since ?? now,
			until: now,
			rows: kind === "probe" ? all.slice(-MAX_PROBES) : all,
		});
	} finally {
		await own.claim.release();
	}
}
