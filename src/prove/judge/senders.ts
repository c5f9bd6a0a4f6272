import { duration, MINUTE_MS } from "../../base/duration.ts";
import type { JudgementInput, SenderRow, VerdictName } from "./case.ts";

/** The minimum silence. */
export const MIN_SILENCE_MS = 60 * MINUTE_MS;
/** Silence must last this many of a sender's usual intervals. */
const INTERVALS = 3;
/** Minimum number of pauses to determine a usual interval. */
const ENOUGH_GAPS = 3;

interface SenderActivity {
	readonly host: string;
	readonly cli: string;
	version: string;
	lastOld: number | undefined;
	lastNew: number | undefined;
	oldRequests: number;
	newRequests: number;
	/** Minutes in which it sent anything. */
	readonly minutes: Set<number>;
	lastSeen: number;
}

/** One row per sender, those that need attention first. */
export function senderRows(facts: JudgementInput): SenderRow[] {
	const { tokens, traffic, inventory } = facts;
	const senders = new Map<string, SenderActivity>();
	const at = (host: string, cli: string) => {
		const key = JSON.stringify([hostKey(host), cli]);
		const fresh: SenderActivity = {
			host,
			cli,
			version: "",
			lastOld: undefined,
			lastNew: undefined,
			oldRequests: 0,
			newRequests: 0,
			minutes: new Set(),
			lastSeen: 0,
		};
		const sender = senders.get(key) ?? fresh;
		senders.set(key, sender);
		return sender;
	};
	// Expected hosts first, so that hosts are named as in that list.
	addExpected(facts, at);
	for (const counter of traffic) {
		const sender = at(counter.host, counter.cli);
		sender.minutes.add(counter.minute);
		if (counter.lastSeen >= sender.lastSeen && counter.version !== "") sender.version = counter.version;
		sender.lastSeen = Math.max(sender.lastSeen, counter.lastSeen);
		if (counter.fingerprint === tokens.old) {
			sender.oldRequests += counter.requests;
			sender.lastOld = Math.max(sender.lastOld ?? 0, counter.lastSeen);
		} else if (counter.fingerprint === tokens.new) {
			sender.newRequests += counter.requests;
			sender.lastNew = Math.max(sender.lastNew ?? 0, counter.lastSeen);
		}
	}
	const configured = new Map(inventory.map(({ host, fingerprint }) => [hostKey(host), fingerprint]));
	const heard = new Set(traffic.map(({ host }) => hostKey(host)));
	const rows = [...senders.values()].flatMap((sender): SenderRow[] => {
		const { minutes: _minutes, lastSeen: _last, ...shown } = sender;
		const key = hostKey(sender.host);
		// A host has its own row only until one of its CLIs is seen.
		if (sender.cli === "" && sender.lastSeen === 0 && heard.has(key)) return [];
		const own = configured.get(key);
		return [{ ...shown, ...senderVerdict(facts, sender, own), configured: own }];
	});
	return rows.sort(
		(a, b) =>
			URGENCY.indexOf(a.verdict) - URGENCY.indexOf(b.verdict) || compare(a.host, b.host) || compare(a.cli, b.cli),
	);
}

/** By urgency. */
const URGENCY: readonly VerdictName[] = ["OLD ONLY", "MIXED", "UNATTRIBUTED", "SILENT", "NEW SEEN", "MIGRATED"];

export function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** A host's key in traffic, exports and lists: Macs append `.local`, MDMs do not, and case does not matter. */
function hostKey(host: string): string {
	return host.toLowerCase().replace(/\.(local|lan|home|localdomain)$/, "");
}

/** Expected hosts and CLIs get a row before they are seen: absence only shows against a list. */
function addExpected(
	{ inventory, expectedHosts, expectedClis }: JudgementInput,
	at: (host: string, cli: string) => SenderActivity,
): void {
	const installed = new Map(inventory.map(({ host, clis }) => [hostKey(host), clis]));
	for (const host of expectedHosts) {
		const here = installed.get(hostKey(host));
		const clis = expectedClis.filter((cli) => here?.[cli] !== "absent");
		for (const cli of clis.length === 0 ? [""] : clis) at(host, cli);
	}
}

function senderVerdict(
	facts: JudgementInput,
	sender: SenderActivity,
	configured: string | undefined,
): { verdict: VerdictName; reason: string } {
	const { lastOld, lastNew, lastSeen } = sender;
	const { now, tokens } = facts;
	if (lastSeen === 0) {
		if (configured !== undefined && configured === tokens.new) {
			return {
				verdict: "SILENT",
				reason: "the new token is configured there, but nothing was sent since the watch began",
			};
		}
		return { verdict: "SILENT", reason: "nothing seen since the watch began: asleep, switched off, or not sending" };
	}
	if (lastOld === undefined && lastNew === undefined) {
		return { verdict: "UNATTRIBUTED", reason: "it sends with a credential that is neither token" };
	}
	if (lastNew === undefined) return { verdict: "OLD ONLY", reason: "it has never sent with the new token" };
	const needed = silenceFor(sender);
	const seenUntil = Math.min(now, facts.blindSince ?? now);
	const silence = seenUntil - Math.max(lastOld ?? 0, facts.watchSince ?? now);
	if (lastOld !== undefined && lastOld >= lastNew) {
		const last = lastOld === lastNew ? "it sent with both tokens" : "the last it sent was with the old one";
		return { verdict: "MIXED", reason: `the new token was seen, but ${last}` };
	}
	if (silence >= needed) return { verdict: "MIGRATED", reason: `no old token for ${duration(silence)}` };
	if (lastOld === undefined) {
		return {
			verdict: "NEW SEEN",
			reason: `the new token was seen; ${duration(needed - silence)} more without the old one make it certain`,
		};
	}
	if (lastOld > lastNew - needed) {
		return {
			verdict: "MIXED",
			reason: "both tokens within its usual interval: a process not restarted, or a second config",
		};
	}
	return {
		verdict: "NEW SEEN",
		reason: `the old token was last seen ${duration(now - lastOld)} ago; ${duration(needed - silence)} more make it certain`,
	};
}

/** How long a sender must be silent for it to count: an hour, or three of its usual intervals. */
function silenceFor({ minutes }: SenderActivity): number {
	return Math.max(MIN_SILENCE_MS, INTERVALS * usualInterval([...minutes]));
}

/** The median time between minutes with traffic; 0 if there are too few. */
function usualInterval(minutes: readonly number[]): number {
	const sorted = minutes.toSorted((a, b) => a - b);
	const gaps = sorted.slice(1).map((minute, index) => minute - (sorted[index] ?? minute));
	if (gaps.length < ENOUGH_GAPS) return 0;
	return (gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)] ?? 0) * MINUTE_MS;
}
