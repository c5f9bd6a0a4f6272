import { MINUTE_MS } from "../../base/duration.ts";
import { addTraffic, awakeTime, type HostActivity, longestOldGap, newSender, type SenderActivity } from "./activity.ts";
import type { JudgementInput, SendIntervals, WatchedSeries } from "./case.ts";
import { withProbes } from "./exporters.ts";
import type { NameConflict, Names } from "./identity.ts";
import { machinesOf } from "./machines.ts";
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
	readonly names: Names;
	/** Names that may stand for more than one machine, and why. */
	readonly conflicts: readonly NameConflict[];
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
	const { traffic, tokens } = input;
	const expectedClis = [...new Set(input.expectedClis)];
	const raw = new Map<string, HostActivity | undefined>();
	for (const { host } of traffic) if (!raw.has(host)) raw.set(host, undefined);
	const { names, hosts, hostOf, conflicts } = machinesOf(input, raw.keys());
	addTraffic(traffic, { tokens, pendingSince: input.now - SLACK * longestInterval(input.intervals) }, (name) => {
		const known = raw.get(name);
		if (known) return known;
		const host = hostOf(name);
		raw.set(name, host);
		return host;
	});
	for (const host of hosts.values()) {
		if (host.heard.length > 1) host.heard.sort((a, b) => a - b);
		if (host.isListed) addExpected(host, expectedClis, reportsFrom(input));
	}
	const pods = joinPods(input.pods ?? [], hosts, { keyOf: names.keyOf, hostOf });
	const all = [...hosts.values()];
	const unclear = conflicts();
	for (const { key, witness } of unclear) {
		const host = hosts.get(key);
		if (host) host.conflict ??= witness;
	}
	const said = statementsOf(input.statements, { tokens, from: reportsFrom(input) }, names.keyOf);
	const watched = input.series.filter((each) => !isGone(said, each) && !isReplaced(each, input.series));
	const direct = input.directHosts === "all" ? undefined : new Set(input.directHosts.map(names.keyOf));
	const isAllDirect = direct === undefined || input.series.length === 0;
	const places = new Set(input.series.flatMap(({ place, source }) => placeNames(place, source)).map(names.keyOf));
	return {
		...input,
		exporters: withProbes(input.exporters, traffic),
		intervals: { ...input.intervals, hosts: byMachine(input.intervals.hosts, names.keyOf) },
		names,
		conflicts: unclear,
		hosts: all,
		senders: sendersOf(all),
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

function sendersOf(hosts: readonly HostActivity[]): SenderActivity[] {
	const found: SenderActivity[] = [];
	for (const { senders } of hosts) for (const sender of senders) found.push(sender);
	return found;
}

/** From when on a machine's report is of this rotation; undefined if that is not known. */
export function reportsFrom({
	started,
	spreadFrom,
}: Pick<JudgementInput, "started" | "spreadFrom">): number | undefined {
	return spreadFrom === undefined ? started : Math.max(started ?? 0, spreadFrom);
}

/** Adds a sender for each CLI expected on a machine, unless a report of this rotation calls it absent. */
function addExpected(host: HostActivity, expectedClis: readonly string[], started: number | undefined): void {
	const { inventory, senders } = host;
	const isFresh = inventory !== undefined && (started === undefined || (inventory.at ?? 0) >= started);
	const missing = expectedClis.filter(
		(cli) => !(isFresh && inventory.clis[cli] === "absent") && !senders.some((each) => each.cli === cli),
	);
	if (missing.length > 0) host.senders = senders.concat(missing.map((cli) => newSender(host, cli)));
	if (host.senders.length === 0) host.senders = [newSender(host, "")];
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

/** Counted from the last request with the old token, a later moment, or since it can have got that token back last, up to `until`. */
export function quietOf(facts: KnownFacts, sender: SenderActivity, until: number | undefined, after = 0): Quiet {
	const bridge = SLACK * declaredEvery(facts, sender);
	const needed = Math.max(MIN_QUIET_MS, bridge, HABIT * longestOldGap(sender, bridge)) + facts.clockBoundMs;
	const watched = facts.watchSince ?? Number.POSITIVE_INFINITY;
	const from = Math.max(after, sender.sent?.lastOld ?? 0, facts.spreadFrom ?? 0, watched);
	const had = until === undefined || until <= from ? 0 : awakeTime(sender.host.heard, from, until, bridge);
	return { had, needed };
}
