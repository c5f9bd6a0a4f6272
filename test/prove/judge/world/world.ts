import { awakeTime } from "../../../../src/prove/judge/activity.ts";
import { type Random, random } from "./random.ts";

/** A made-up fleet in a rotation, and the truth about it. Times are milliseconds; the rotation is at 0. */
export interface World {
	readonly machines: readonly Machine[];
	readonly places: readonly Place[];
	/** When watching began. */
	readonly watchFrom: number;
	/** When the last sender and gateway has moved; Infinity when one never does. */
	readonly movedBy: number;
	/** What the fleet file says of how often each sender sends. */
	readonly every: number | undefined;
	/** Whether its evidence is old enough to have been merged. */
	readonly isCompacted: boolean;
	readonly random: Random;
}

export interface Machine {
	/** As the list calls it. */
	readonly name: string;
	/** As its telemetry calls it. */
	readonly hostName: string;
	readonly serial: string;
	readonly isLaptop: boolean;
	readonly isListed: boolean;
	/** Sends past every place of ours. */
	readonly isDirect: boolean;
	readonly processes: readonly Process[];
}

export interface Process {
	readonly cli: string;
	readonly place: number;
	readonly sends: readonly number[];
	/** It sends with the new token from here on; Infinity for never. */
	readonly moves: number;
	/** It goes back to the old one, because the new one is refused. */
	reverts: number;
	/** Its new token is refused. */
	isRefused: boolean;
}

export interface Place {
	readonly name: string;
	/** A tap counts by itself; a page is read every so often. */
	readonly kind: "tap" | "page";
	readonly lookEvery: number;
	/** When its own exporter moves; undefined for one that passes tokens on. */
	readonly exporterMoves: number | undefined;
}

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const BEGIN = -DAY;
export const END = 5 * DAY;
const CLIS = ["claude-code", "codex", "gemini"] as const;
const LADDER = [HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 31 * DAY] as const;

/** `movesAll`: every sender and gateway moves within two days. */
export function makeWorld(seed: number, movesAll: boolean, end = END): World {
	const dice = random(seed);
	const places = Array.from({ length: dice.whole(1, 2) }, (_, index) => makePlace(dice, index, movesAll));
	const machines = Array.from({ length: dice.whole(1, 4) }, (_, index) =>
		makeMachine(dice, index, { places, movesAll, end }),
	);
	const watchFrom = dice.between(-0.9 * DAY, 6 * HOUR);
	const moves = [
		...machines.flatMap(({ processes }) => processes.map((process) => process.moves)),
		...places.flatMap(({ exporterMoves }) => (exporterMoves === undefined ? [] : [exporterMoves])),
	];
	const every = honestEvery(machines, end);
	return {
		machines,
		places,
		watchFrom,
		movedBy: Math.max(0, ...moves),
		// A day is what is taken where nothing is declared.
		every: every <= DAY && dice.chance(0.2) ? undefined : every,
		isCompacted: dice.chance(0.4),
		random: dice,
	};
}

function makePlace(dice: Random, index: number, movesAll: boolean): Place {
	const kind = dice.pick(["tap", "page"] as const);
	const exporter = movesAll || dice.chance(0.9) ? dice.between(0, DAY) : Number.POSITIVE_INFINITY;
	return {
		name: `gw-${index}`,
		kind,
		lookEvery: dice.pick([MINUTE, 5 * MINUTE, 15 * MINUTE]),
		exporterMoves: kind === "tap" ? undefined : exporter,
	};
}

function makeMachine(
	dice: Random,
	index: number,
	{ places, movesAll, end }: { places: readonly Place[]; movesAll: boolean; end: number },
): Machine {
	const isLaptop = dice.chance(0.5);
	const name = `mac-${index}`;
	const hostName = dice.pick([name, `${name}.local`, name.toUpperCase(), `${name}.corp.example.com`]);
	const awake = awakeSpans(dice, isLaptop, end);
	const clis = CLIS.slice(0, dice.whole(1, 2));
	const processes = clis.flatMap((cli) => {
		const place = dice.whole(0, places.length - 1);
		const main = makeProcess(dice, { cli, place, awake, movesAll });
		// A daemon that was not restarted, a second config, a job at night.
		const holdout = dice.chance(0.35)
			? [makeProcess(dice, { cli, place: dice.whole(0, places.length - 1), awake, movesAll })]
			: [];
		return [main, ...holdout];
	});
	return { name, hostName, serial: `C02${index}`, isLaptop, isListed: true, isDirect: false, processes };
}

type Spans = readonly (readonly [from: number, to: number])[];

function awakeSpans(dice: Random, isLaptop: boolean, end: number): Spans {
	if (!isLaptop) return [[BEGIN, end]];
	const spans: [number, number][] = [];
	for (let day = BEGIN; day < end; day += DAY) {
		if (dice.chance(0.12)) continue;
		let at = day + dice.between(7, 10) * HOUR;
		const evening = day + dice.between(15, 23) * HOUR;
		// Naps: a lid that is closed over lunch, or between two meetings.
		while (at < evening) {
			const until = Math.min(evening, at + dice.between(0.3, 8) * HOUR);
			spans.push([at, until]);
			at = until + dice.between(0.2, 3) * HOUR;
		}
	}
	return spans;
}

interface Habit {
	readonly cli: string;
	readonly place: number;
	readonly awake: Spans;
	readonly movesAll: boolean;
}

function makeProcess(dice: Random, { cli, place, awake, movesAll }: Habit): Process {
	const sends = dice.pick([continuous, continuous, hourly, daily, nightly])(dice, awake);
	const moves =
		movesAll || dice.chance(0.6)
			? dice.between(0, 1.5 * DAY)
			: dice.chance(0.5)
				? Number.POSITIVE_INFINITY
				: dice.between(0, 5 * DAY);
	return { cli, place, sends, moves, reverts: Number.POSITIVE_INFINITY, isRefused: false };
}

function continuous(dice: Random, awake: Spans): number[] {
	const pace = dice.between(20, 60) * MINUTE;
	return awake.flatMap(([from, to]) => {
		const sends: number[] = [];
		for (let at = from + dice.between(0, pace); at < to; at += dice.between(0.5, 1.5) * pace) sends.push(at);
		return sends;
	});
}

/** By the time its machine was awake, not by the clock on the wall. */
function hourly(dice: Random, awake: Spans): number[] {
	const pace = dice.between(0.7, 3) * HOUR;
	let left = dice.between(0, pace);
	return awake.flatMap(([from, to]) => {
		const sends: number[] = [];
		let at = from;
		while (at + left < to) {
			at += left;
			sends.push(at);
			left = dice.between(0.8, 1.2) * pace;
		}
		left -= to - at;
		return sends;
	});
}

function daily(dice: Random, awake: Spans): number[] {
	return awake.filter(() => dice.chance(0.6)).map(([from, to]) => dice.between(from, to));
}

function nightly(dice: Random, awake: Spans): number[] {
	const hour = dice.between(0, 24) * HOUR;
	const isAwake = (at: number) => awake.some(([from, to]) => at >= from && at < to);
	const sends: number[] = [];
	for (let day = BEGIN; day < (awake.at(-1)?.[1] ?? BEGIN); day += DAY) {
		const begin = day + hour + dice.between(0, 10) * MINUTE;
		for (let part = 0; part < 3; part++) sends.push(begin + part * 4 * MINUTE);
	}
	return sends.filter(isAwake);
}

/** The shortest interval that can be declared without lying: each process sends once in it, counted as the judge counts. */
function honestEvery(machines: readonly Machine[], end: number): number {
	return LADDER.find((every) => machines.every((machine) => isHonest(machine, every, end))) ?? 62 * DAY;
}

/** So much of what is heard of a machine comes within the interval that is declared. */
const HABITUAL = 0.8;

function isHonest({ processes }: Machine, every: number, end: number): boolean {
	const heard = processes.flatMap(({ sends }) => sends).sort((a, b) => a - b);
	// Who declares an hour for what is used once a day says nothing.
	const bridged = heard.filter((at, index) => at - (heard[index - 1] ?? at) <= 1.25 * every).length;
	if (bridged < HABITUAL * heard.length) return false;
	return processes.every(({ sends }) => {
		const edges = [BEGIN, ...sends, end];
		return edges.slice(1).every((to, index) => awakeTime(heard, edges[index] ?? BEGIN, to, 1.25 * every) <= every);
	});
}

export function tokenAt({ moves, reverts }: Process, at: number): "old" | "new" {
	return at < moves || at >= reverts ? "old" : "new";
}

/** Whether it would send the old token after a moment. */
export function sendsOldAfter(process: Process, now: number): boolean {
	return process.sends.some((at) => at > now && tokenAt(process, at) === "old");
}
