import { MINUTE_MS } from "../../base/duration.ts";
import type { InventoryRow } from "../evidence/evidence.ts";
import { addTraffic, awakeTime, type HostActivity, longestOldGap, newSender, type SenderActivity } from "./activity.ts";
import type { JudgementInput, SendIntervals, WatchedSeries } from "./case.ts";
import { withProbes } from "./exporters.ts";
import { type Identities, identities } from "./identity.ts";
import { joinPods, type Pods } from "./pods.ts";
import { type Statements, statementsOf } from "./statements.ts";

/** The minimum time on the new token only. */
const MIN_QUIET_MS = 60 * MINUTE_MS;
/** The longest usual pause of a sender, if none is declared. */
const DEFAULT_EVERY_MS = 24 * 60 * MINUTE_MS;
/** Tolerance for a declared interval. */
const SLACK = 1.25;
/** Tolerance for the longest observed pause. */
const HABIT = 1.5;
/** How far a clock may be ahead of ours without being reported. */
export const CLOCK_BOUND_MS = 5 * MINUTE_MS;

/** The prepared facts: every obligation is a pure function of them and the time. */
export interface KnownFacts extends Omit<JudgementInput, "now" | "pods"> {
	readonly names: Identities;
	readonly hosts: readonly HostActivity[];
	readonly senders: readonly SenderActivity[];
	readonly said: Statements;
	readonly pods: Pods;
	/** Series that must be watched: all except those of places that are gone. */
	readonly watched: readonly WatchedSeries[];
	/** How far the clocks of two places may differ without being reported, in milliseconds; added to the quiet time. */
	readonly clockBoundMs: number;
	/** Since when all of them were watched without a gap; undefined if one never was. */
	readonly watchSince: number | undefined;
	isDirect(host: HostActivity): boolean;
	/** Whether a name may stand for several machines: none, or a gateway's, which some gateways give to all data. */
	isShared(host: HostActivity): boolean;
}

/** Joins lists, traffic, inventory and statements by machine. */
export function known(input: JudgementInput): KnownFacts {
	const { traffic, inventory, expectedHosts, expectedClis, tokens } = input;
	const raw = new Map<string, HostActivity>();
	for (const { host } of traffic) raw.set(host, EMPTY);
	const names = identities({ expected: expectedHosts, inventory, heard: raw.keys() });
	const hosts = new Map<string, HostActivity>();
	const hostOf = (name: string): HostActivity => {
		const key = name === "" ? "" : names.keyOf(name);
		const known = hosts.get(key);
		if (known === undefined) {
			const host = newHost(key, name);
			hosts.set(key, host);
			return host;
		}
		if (name !== known.name) {
			known.otherNames ??= new Set();
			known.otherNames.add(name);
		}
		return known;
	};
	// Expected hosts first, so that hosts are named as in that list.
	for (const name of expectedHosts) hostOf(name).isListed = true;
	for (const row of inventory) {
		const host = hostOf(row.host);
		// Without another list, the machines that report are the list.
		if (expectedHosts.length === 0) host.isListed = true;
		host.inventory = newer(host.inventory, row, tokens.new);
	}
	addTraffic(traffic, { tokens, pendingSince: input.now - SLACK * longestInterval(input.intervals) }, (name) => {
		const known = raw.get(name);
		if (known && known !== EMPTY) return known;
		const host = hostOf(name);
		raw.set(name, host);
		return host;
	});
	for (const host of hosts.values()) {
		host.heard.sort((a, b) => a - b);
		if (host.isListed) addExpected(host, expectedClis, input.started);
	}
	const pods = joinPods(input.pods ?? [], hosts, { keyOf: names.keyOf, hostOf });
	const all = [...hosts.values()];
	const said = statementsOf(input.statements, tokens.old, names.keyOf);
	const watched = input.series.filter((each) => !isGone(said, each) && !isReplaced(each, input.series));
	const direct = input.directHosts === "all" ? undefined : new Set(input.directHosts.map(names.keyOf));
	const isAllDirect = direct === undefined || input.series.length === 0;
	const places = new Set(input.series.flatMap(({ place, source }) => placeNames(place, source)).map(names.keyOf));
	return {
		...input,
		exporters: withProbes(input.exporters, traffic),
		intervals: { ...input.intervals, hosts: byMachine(input.intervals.hosts, names.keyOf) },
		names,
		hosts: all,
		senders: all.flatMap(({ senders }) => senders),
		said,
		pods,
		watched,
		// A clock that is further behind makes the place look unwatched.
		clockBoundMs: CLOCK_BOUND_MS + watched.reduce((most, { toleranceMs }) => Math.max(most, toleranceMs), 0),
		watchSince: watchSince(watched),
		isDirect: ({ key }) => isAllDirect || direct.has(key),
		isShared: ({ key }) => key === "" || places.has(key),
	};
}

/** The longest interval that anybody declares, or has without. */
function longestInterval({ fleet = DEFAULT_EVERY_MS, hosts, clis }: SendIntervals): number {
	let longest = fleet;
	for (const every of Object.values(hosts)) longest = Math.max(longest, every);
	for (const every of Object.values(clis)) longest = Math.max(longest, every);
	return longest;
}

/** A place's name, and the host of the page that is read. */
function placeNames(place: string, source: string): string[] {
	const host = URL.canParse(source) ? new URL(source).hostname : "";
	return [place, place.replace(/:\d+$/, ""), host].filter((name) => name !== "" && name !== "localhost");
}

/** Declared intervals by machine, whichever of its names is used; of several the longest. */
function byMachine(hosts: SendIntervals["hosts"], keyOf: (name: string) => string): Record<string, number> {
	const found: Record<string, number> = Object.create(null);
	for (const [name, every] of Object.entries(hosts)) found[keyOf(name)] = Math.max(found[keyOf(name)] ?? 0, every);
	return found;
}

function newHost(key: string, name: string): HostActivity {
	return { key, name, otherNames: undefined, isListed: false, inventory: undefined, senders: [], heard: [] };
}

/** Placeholder for a name not looked up yet. */
const EMPTY = newHost("", "");

/** The newest report by its own time, not by its position in a file; without both times, one that is not plainly on the new token. */
function newer(before: InventoryRow | undefined, row: InventoryRow, fresh: string | undefined): InventoryRow {
	if (before?.at !== undefined && row.at !== undefined) return row.at < before.at ? before : row;
	const isPlain = before === undefined || (before.state === "ok" && before.fingerprint === fresh);
	return isPlain ? row : before;
}

/** Adds a row for each CLI expected on a machine, unless a report of this rotation calls it absent. */
function addExpected(host: HostActivity, expectedClis: readonly string[], started: number | undefined): void {
	const { inventory, senders } = host;
	const isFresh = inventory !== undefined && (started === undefined || (inventory.at ?? 0) >= started);
	for (const cli of expectedClis) {
		const isAbsent = isFresh && inventory.clis[cli] === "absent";
		if (!isAbsent && !senders.some((each) => each.cli === cli)) newSender(host, cli);
	}
	if (senders.length === 0) newSender(host, "");
}

/** A place recorded as gone need not be watched, unless it was read after that. */
function isGone(said: Statements, { place, until }: WatchedSeries): boolean {
	const statement = said.of("gateway", place);
	return statement?.says === "gone" && (until ?? 0) <= statement.at;
}

/** It stopped with all its counts saved, and another of the same place had started before that. */
function isReplaced(ended: WatchedSeries, all: readonly WatchedSeries[]): boolean {
	if (!ended.isClosed || ended.until === undefined) return false;
	const { until } = ended;
	return all.some(
		({ place, source, since, isClosed }) =>
			place === ended.place && source !== ended.source && !isClosed && since !== undefined && since <= until,
	);
}

function watchSince(series: readonly WatchedSeries[]): number | undefined {
	let latest: number | undefined;
	for (const { since } of series) {
		if (since === undefined) return undefined;
		latest = Math.max(latest ?? 0, since);
	}
	return latest;
}

/** A sender's declared interval: the longer of its host's and its CLI's, otherwise the fleet's, otherwise a day. */
export function declaredEvery({ intervals }: KnownFacts, { host, cli }: SenderActivity): number {
	const [ofHost, ofCli] = [ownValue(intervals.hosts, host.key), ownValue(intervals.clis, cli)];
	if (ofHost === undefined && ofCli === undefined) return intervals.fleet ?? DEFAULT_EVERY_MS;
	return Math.max(ofHost ?? 0, ofCli ?? 0);
}

function ownValue(table: Readonly<Record<string, number>>, name: string): number | undefined {
	return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** For how long a sender was seen on the new token only, up to a moment, and how long it must be. */
export interface Quiet {
	readonly had: number;
	readonly needed: number;
}

/** Counted from the last request with the old token, or a later moment, up to `until`. */
export function quietOf(facts: KnownFacts, sender: SenderActivity, until: number | undefined, after = 0): Quiet {
	const bridge = SLACK * declaredEvery(facts, sender);
	const needed = Math.max(MIN_QUIET_MS, bridge, HABIT * longestOldGap(sender, bridge)) + facts.clockBoundMs;
	const from = Math.max(after, sender.lastOld ?? 0, facts.watchSince ?? Number.POSITIVE_INFINITY);
	const had = until === undefined || until <= from ? 0 : awakeTime(sender.host.heard, from, until, bridge);
	return { had, needed };
}
