import type { Clock, Effects } from "../../effects/effects.ts";
import type { Claim } from "../../effects/files/claim.ts";
import { tableFull } from "../metrics/running-totals.ts";
import type { EvidenceFile, EvidenceKind } from "./file.ts";
import { MAX_BREAK_MS } from "./readings.ts";
import type { TrafficLedger } from "./traffic.ts";
import { cannotWrite } from "./troubles.ts";

/** Minimum interval between writes; longer if writing is slow. */
const DEBOUNCE_MS = 3_000;
/** Writing may take at most one part in this many of the time. */
const WRITE_SHARE = 20;
/** Without traffic, how often the file records that watching continues. */
const HEARTBEAT_MS = 60_000;
/** How often to roll up old minutes. */
const COMPACT_MS = 60_000;

/** A file that no other living process writes. */
export interface OwnFile<K extends EvidenceKind> {
	readonly before: EvidenceFile<K> | undefined;
	readonly claim: Claim;
	readonly where: string;
	/** Whether another program replaced the file since the last write. */
	wasReplaced(): Promise<boolean>;
	write(file: EvidenceFile<K>): Promise<void>;
}

/** The longest time between two writes, at least the heartbeat; after a break longer than that, watching starts anew. */
function newIntervals() {
	let longest = HEARTBEAT_MS;
	let last: number | undefined;
	return (now: number): number => {
		if (last !== undefined && now - last <= MAX_BREAK_MS) longest = Math.max(longest, now - last);
		last = now;
		return longest;
	};
}

function newCompaction(ledger: TrafficLedger) {
	let last = 0;
	return (now: number): void => {
		if (now - last < COMPACT_MS) return;
		ledger.compact(now);
		last = now;
	};
}

/** Limits that were reached since the file was created, as sentences. */
function newLimits(own: OwnFile<"traffic">, ledger: TrafficLedger) {
	const all = new Set(own.before?.limits);
	return {
		/** Returns whether it is new. */
		note(what: string): boolean {
			if (all.has(what)) return false;
			all.add(what);
			return true;
		},
		async now(): Promise<string[]> {
			if (ledger.isFull) all.add(tableFull("senders"));
			if (await own.wasReplaced()) all.add("another program replaced its evidence file");
			return [...all];
		},
	};
}

/** When to write: seconds after a change, occasionally without one, and never twice at once. */
function newSchedule(clock: Clock, write: (now: number) => Promise<void>, failed: (error: unknown) => void) {
	let cancel = () => {};
	let writing: Promise<void> | undefined;
	let isDirty = false;
	let pace = DEBOUNCE_MS;

	const later = (delay: number) => {
		cancel();
		cancel = clock.after(delay, () => {
			flush().catch(failed);
		});
	};
	const writeOnce = async () => {
		const begin = clock.now();
		isDirty = false;
		try {
			await write(begin);
		} catch (error) {
			isDirty = true;
			throw error;
		} finally {
			// No longer than the heartbeat: a clock that jumped meanwhile makes a write look hours long.
			pace = Math.min(Math.max(DEBOUNCE_MS, (clock.now() - begin) * WRITE_SHARE), HEARTBEAT_MS);
			later(isDirty ? pace : HEARTBEAT_MS);
		}
	};
	/** Requests during a write get the next one. */
	const flush = async (): Promise<void> => {
		while (writing) await writing.catch(() => undefined);
		cancel();
		writing = writeOnce().finally(() => {
			writing = undefined;
		});
		return writing;
	};
	return {
		flush,
		changed() {
			if (isDirty) return;
			isDirty = true;
			later(pace);
		},
		stop: () => cancel(),
	};
}

/** Writes counters seconds after a change, and occasionally without one; `about` is evaluated at that moment. */
export function debounced(
	{ clock, terminal }: Pick<Effects, "clock" | "terminal">,
	own: OwnFile<"traffic">,
	ledger: TrafficLedger,
	about: (now: number) => Omit<EvidenceFile<"traffic">, "rows">,
) {
	let failures = 0;
	let isClosed = false;
	const [compactAt, intervalAt] = [newCompaction(ledger), newIntervals()];
	const limits = newLimits(own, ledger);

	const write = async (now: number) => {
		const interval = intervalAt(now);
		compactAt(now);
		await own.write({ ...about(now), isClosed, interval, limits: await limits.now(), rows: ledger.counters() });
		if (failures > 0) terminal.note(`evidence is written again, after ${failures} failed attempts`);
		failures = 0;
	};
	const { flush, changed, ...schedule } = newSchedule(clock, write, (error) => {
		failures++;
		if (failures === 1) terminal.warn(cannotWrite(own.where, error));
	});
	const stop = () => {
		schedule.stop();
		return own.claim.release();
	};
	return {
		/** The first write; if it fails, the file is released. */
		begin: () =>
			flush().catch(async (error: unknown) => {
				await stop();
				throw error;
			}),
		grew: changed,
		limit(what: string) {
			if (limits.note(what)) changed();
		},
		flush,
		close: () => {
			isClosed = true;
			return flush().finally(stop);
		},
	};
}
