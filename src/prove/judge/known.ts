import { MINUTE_MS } from "../../base/duration.ts";
import type { InventoryRow } from "../evidence/evidence.ts";
import { addTraffic, awakeTime, type HostActivity, longestOldGap, newSender, type SenderActivity } from "./activity.ts";
import type { JudgementInput, WatchedSeries } from "./case.ts";
import { type Identities, identities } from "./identity.ts";
import { type Statements, statementsOf } from "./statements.ts";

/** The shortest time on the new token alone that counts. */
const MIN_QUIET_MS = 60 * MINUTE_MS;
/** How often a sender sends at least where nobody declares it. */
const DEFAULT_EVERY_MS = 24 * 60 * MINUTE_MS;
/** What is declared is kept to within this share of it. */
const SLACK = 1.25;
/** Nobody breaks a habit by more than this. */
const HABIT = 1.5;
/** How far the clocks of two places may differ before that is said; the quiet time is longer by as much. */
export const CLOCK_BOUND_MS = 5 * MINUTE_MS;

/** What is known, made ready for the obligations: every one of them is a pure function of this and the time. */
export interface KnownFacts extends Omit<JudgementInput, "now"> {
	readonly names: Identities;
	readonly hosts: readonly HostActivity[];
	readonly senders: readonly SenderActivity[];
	readonly said: Statements;
	/** Series that somebody has to watch: all but those of places that are gone. */
	readonly watched: readonly WatchedSeries[];
	/** Since when all of them were watched without a gap; undefined when one never was. */
	readonly watchSince: number | undefined;
	isDirect(host: HostActivity): boolean;
}

/** Joins lists, traffic, inventory and statements by the machines they are about. */
export function known(input: JudgementInput): KnownFacts {
	const { traffic, inventory, expectedHosts, expectedClis, tokens } = input;
	const raw = new Map<string, HostActivity>();
	for (const { host } of traffic) raw.set(host, EMPTY);
	const names = identities({ expected: expectedHosts, inventory, heard: raw.keys() });
	const hosts = new Map<string, HostActivity>();
	const hostOf = (name: string): HostActivity => {
		const key = name === "" ? "" : names.keyOf(name);
		const host = hosts.get(key) ?? newHost(key, name);
		hosts.set(key, host);
		if (name !== host.name) host.otherNames.add(name);
		return host;
	};
	// Expected hosts first: a host is called as in that list.
	for (const name of expectedHosts) hostOf(name).isListed = true;
	for (const row of inventory) {
		const host = hostOf(row.host);
		// Without another list, the machines that report are the list.
		if (expectedHosts.length === 0) host.isListed = true;
		host.inventory = newer(host.inventory, row);
	}
	addTraffic(traffic, tokens, (name) => {
		const known = raw.get(name);
		if (known && known !== EMPTY) return known;
		const host = hostOf(name);
		raw.set(name, host);
		return host;
	});
	const all = [...hosts.values()];
	for (const host of all) {
		host.heard.sort((a, b) => a - b);
		if (host.isListed) addExpected(host, expectedClis, input.started);
	}
	const said = statementsOf(input.statements, tokens.old, names.keyOf);
	const watched = input.series.filter((each) => !isGone(said, each) && !isReplaced(each, input.series));
	const direct = input.directHosts === "all" ? undefined : new Set(input.directHosts.map(names.keyOf));
	const isAllDirect = direct === undefined || input.series.length === 0;
	return {
		...input,
		names,
		hosts: all,
		senders: all.flatMap(({ senders }) => senders),
		said,
		watched,
		watchSince: watchSince(watched),
		isDirect: ({ key }) => isAllDirect || direct.has(key),
	};
}

function newHost(key: string, name: string): HostActivity {
	return { key, name, otherNames: new Set(), isListed: false, inventory: undefined, senders: [], heard: [] };
}

/** Stands for a name that nobody has looked up yet. */
const EMPTY = newHost("", "");

/** The newest report by its own time, not by its place in a file; of two without a time the later line. */
function newer(before: InventoryRow | undefined, row: InventoryRow): InventoryRow {
	return before?.at !== undefined && (row.at ?? 0) < before.at ? before : row;
}

/** A machine has a row for each CLI that is expected there; one that its report calls absent is not, unless the report is from before. */
function addExpected(host: HostActivity, expectedClis: readonly string[], started: number | undefined): void {
	const { inventory, senders } = host;
	const isFresh = inventory !== undefined && (started === undefined || (inventory.at ?? 0) >= started);
	const clis = expectedClis.filter((cli) => !(isFresh && inventory.clis[cli] === "absent"));
	for (const cli of clis) if (!senders.some((each) => each.cli === cli)) newSender(host, cli);
	if (senders.length === 0) newSender(host, "");
}

/** What somebody says is gone need not be watched, unless it was read after that. */
function isGone(said: Statements, { place, until }: WatchedSeries): boolean {
	const statement = said.of("gateway", place);
	return statement?.says === "gone" && (until ?? 0) <= statement.at;
}

/** It ended with all it had counted, and another of its place was there before that. */
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

/** How often a sender sends at least: what is declared for its host or CLI, the longer of the two, else for the fleet, else a day. */
export function declaredEvery({ intervals }: KnownFacts, { host, cli }: SenderActivity): number {
	const own = [
		...[host.name, ...host.otherNames].map((name) => ownValue(intervals.hosts, name)),
		ownValue(intervals.clis, cli),
	].filter((each) => each !== undefined);
	return own.length > 0 ? Math.max(...own) : (intervals.fleet ?? DEFAULT_EVERY_MS);
}

function ownValue(table: Readonly<Record<string, number>>, name: string): number | undefined {
	return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** For how long a sender was heard on the new token alone, up to a moment, and how long that must be. */
export interface Quiet {
	readonly had: number;
	readonly needed: number;
}

/** From the last request with the old token, or a later moment, up to `until`. */
export function quietOf(facts: KnownFacts, sender: SenderActivity, until: number | undefined, after = 0): Quiet {
	const bridge = SLACK * declaredEvery(facts, sender);
	const needed = Math.max(MIN_QUIET_MS, bridge, HABIT * longestOldGap(sender, bridge)) + CLOCK_BOUND_MS;
	const from = Math.max(after, sender.lastOld ?? 0, facts.watchSince ?? Number.POSITIVE_INFINITY);
	const had = until === undefined || until <= from ? 0 : awakeTime(sender.host.heard, from, until, bridge);
	return { had, needed };
}
