import { MINUTE_MS } from "../../base/duration.ts";
import type { InventoryRow, TrafficCounter } from "../evidence/evidence.ts";
import { fateOf } from "../evidence/traffic.ts";
import type { Obligation, RotationTokens, SenderState } from "./case.ts";
import { isOwnProbe } from "./own-probes.ts";

/** A machine, or data without a host name, which may come from several. */
export interface HostActivity {
	readonly key: string;
	/** Its name in the list, otherwise the first name seen. */
	readonly name: string;
	otherNames: Set<string> | undefined;
	isListed: boolean;
	/** The newest report of the machine itself. */
	inventory: InventoryRow | undefined;
	/** Why its name may stand for several machines. */
	conflict: string | undefined;
	senders: SenderActivity[];
	/** When data from it was seen, in milliseconds since the epoch; sorted at the end. */
	heard: number[];
	/** What its report or its place on no list leaves open, cached; null if nothing. */
	point: Obligation | null | undefined;
}

/** A CLI on a machine. Most of a large fleet are never heard, so what was sent is apart. */
export interface SenderActivity {
	readonly host: HostActivity;
	readonly cli: string;
	/** Undefined if no data was seen. */
	sent: SentData | undefined;
	/** The judged state, cached. */
	state: SenderState | undefined;
}

/** What a sender sent. */
export interface SentData {
	version: string;
	lastSeen: number;
	lastOld: number | undefined;
	firstNew: number | undefined;
	lastNew: number | undefined;
	/** The newest request with the new token whose records were accepted, and the newest whose records were not. */
	lastAccepted: number | undefined;
	lastRefused: number | undefined;
	oldRequests: number;
	newRequests: number;
	refused: number;
	/** Spans with the old token, in milliseconds since the epoch, as precise as the counters: the first's start, its end, the next one's start. */
	old: number[] | undefined;
	/** Credentials that are neither token and were not refused, with the time each was last seen. */
	strangers: Map<string, number> | undefined;
}

/** The lists of who has none: an own list for each would be most of the memory. */
const NOBODY: SenderActivity[] = [];
const NEVER: number[] = [];

export function newHost(key: string, name: string): HostActivity {
	return {
		key,
		name,
		otherNames: undefined,
		isListed: false,
		inventory: undefined,
		conflict: undefined,
		senders: NOBODY,
		heard: NEVER,
		point: undefined,
	};
}

export function newSender(host: HostActivity, cli: string): SenderActivity {
	return { host, cli, sent: undefined, state: undefined };
}

function addSender(host: HostActivity, cli: string): SenderActivity {
	const sender = newSender(host, cli);
	if (host.senders === NOBODY) host.senders = [sender];
	else host.senders.push(sender);
	return sender;
}

function nothingSent(): SentData {
	return {
		version: "",
		lastSeen: 0,
		lastOld: undefined,
		firstNew: undefined,
		lastNew: undefined,
		lastAccepted: undefined,
		lastRefused: undefined,
		oldRequests: 0,
		newRequests: 0,
		refused: 0,
		old: undefined,
		strangers: undefined,
	};
}

function hear(host: HostActivity, at: number): void {
	if (host.heard === NEVER) host.heard = [at];
	else host.heard.push(at);
}

/**
 * Adds counters to their senders, without our own probes and credentials that cannot be the old token. `pendingSince`: who was answered
 * earlier that it should try again has done so. One pass: there can be a million.
 */
export function addTraffic(
	traffic: readonly TrafficCounter[],
	{ tokens: { old, new: fresh }, pendingSince }: { readonly tokens: RotationTokens; readonly pendingSince: number },
	hostOf: (name: string) => HostActivity,
): void {
	for (const counter of traffic) {
		const { fingerprint, cli, lastSeen } = counter;
		const isOurs = fingerprint === old || fingerprint === fresh;
		if (isOwnProbe(counter) || (!isOurs && isNobody(counter, pendingSince))) continue;
		// No export: with the old token it is use all the same, with the new one it proves nothing.
		if (counter.signal === "other" && fingerprint === fresh) continue;
		const host = hostOf(counter.host);
		const sender = host.senders.find((each) => each.cli === cli) ?? addSender(host, cli);
		sender.sent ??= nothingSent();
		const { sent } = sender;
		hear(host, lastSeen);
		if (lastSeen >= sent.lastSeen) {
			sent.lastSeen = lastSeen;
			if (counter.version !== "") sent.version = counter.version;
		}
		sent.refused += counter.refused;
		if (fingerprint === old) addOld(sent, counter);
		else if (fingerprint === fresh) addNew(sent, counter);
		else {
			sent.strangers ??= new Map();
			sent.strangers.set(fingerprint, Math.max(sent.strangers.get(fingerprint) ?? 0, lastSeen));
		}
	}
}

function addOld(sent: SentData, { requests, minute, lastSeen }: TrafficCounter): void {
	const from = Math.min(minute * MINUTE_MS, lastSeen);
	sent.oldRequests += requests;
	sent.lastOld = Math.max(sent.lastOld ?? 0, lastSeen);
	if (sent.old) sent.old.push(from, lastSeen);
	else sent.old = [from, lastSeen];
}

function addNew(sent: SentData, counter: TrafficCounter): void {
	const { lastSeen, lastAccepted } = counter;
	const first = counter.span === 1 ? lastSeen : (counter.firstSeen ?? Math.min(counter.minute * MINUTE_MS, lastSeen));
	sent.newRequests += counter.requests;
	sent.firstNew = Math.min(sent.firstNew ?? first, first);
	sent.lastNew = Math.max(sent.lastNew ?? 0, lastSeen);
	// Of a request with records of several hosts only the first one counts it; the others show it by what was accepted last.
	const isLost = counter.refused > 0 || lastAccepted < lastSeen;
	if (isLost) sent.lastRefused = Math.max(sent.lastRefused ?? 0, lastSeen);
	if (lastAccepted > 0) sent.lastAccepted = Math.max(sent.lastAccepted ?? 0, lastAccepted);
}

/**
 * A credential that was never accepted is no form of the old token, which is: invented credentials change nothing. One that was last told to
 * try again is open for as long as its sender may still do so.
 */
function isNobody({ fingerprint, lastAccepted, lastSeen, lastStatus }: TrafficCounter, pendingSince: number): boolean {
	if (fingerprint === "short" || fingerprint === "refused") return true;
	if (lastAccepted > 0 || fingerprint === "others") return false;
	const fate = fateOf(lastStatus);
	return fate === "refused" || (fate === "pending" && lastSeen < pendingSince);
}

/**
 * How long a machine was awake between two moments: a pause between two requests counts if it is no longer than `bridge`; a
 * longer one counts as sleep, which proves nothing. `heard` is sorted.
 */
export function awakeTime(heard: readonly number[], from: number, to: number, bridge: number): number {
	let sum = 0;
	let last = from;
	for (let index = firstAfter(heard, from); index < heard.length; index++) {
		const at = Math.min(heard[index] ?? to, to);
		if (at - last <= bridge) sum += at - last;
		last = at;
		if (at >= to) break;
	}
	return sum;
}

/** The index of the first number greater than `value` in a sorted list. */
function firstAfter(sorted: readonly number[], value: number): number {
	let [low, high] = [0, sorted.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if ((sorted[middle] ?? 0) <= value) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** A sender's longest pause between two requests with the old token while its machine was awake. */
export function longestOldGap({ sent, host }: SenderActivity, bridge: number): number {
	const old = sent?.old;
	if (!old || old.length <= 2) return 0;
	const sorted = old.flatMap((from, index) => (index % 2 === 0 ? [[from, old[index + 1] ?? from] as const] : []));
	sorted.sort(([a], [b]) => a - b);
	let longest = 0;
	let last = sorted[0]?.[1] ?? 0;
	for (const [from, to] of sorted) {
		// Most gaps are too short to matter, and the exact time is expensive.
		if (from - last > longest) longest = Math.max(longest, awakeTime(host.heard, last, from, bridge));
		last = Math.max(last, to);
	}
	return longest;
}
