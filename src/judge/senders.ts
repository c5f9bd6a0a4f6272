import type { Case, SenderRow, VerdictName } from "./case.ts";
import { duration, MINUTE_MS } from "./duration.ts";

/** The shortest silence that counts. */
export const MIN_SILENCE_MS = 60 * MINUTE_MS;
/** How many usual intervals of a sender its silence must last. */
const INTERVALS = 3;

interface Sender {
	readonly host: string;
	readonly cli: string;
	version: string;
	lastOld: number | undefined;
	lastNew: number | undefined;
	oldRequests: number;
	newRequests: number;
	/** Minutes in which it sent anything. */
	readonly minutes: Set<number>;
	firstSeen: number;
	lastSeen: number;
}

/** One row a sender, those that need a person first. */
export function senderRows(facts: Case): SenderRow[] {
	const { tokens, traffic, inventory } = facts;
	const senders = new Map<string, Sender>();
	const at = (host: string, cli: string) => {
		const key = JSON.stringify([host, cli]);
		const fresh: Sender = {
			host,
			cli,
			version: "",
			lastOld: undefined,
			lastNew: undefined,
			oldRequests: 0,
			newRequests: 0,
			minutes: new Set(),
			firstSeen: Number.POSITIVE_INFINITY,
			lastSeen: 0,
		};
		const sender = senders.get(key) ?? fresh;
		senders.set(key, sender);
		return sender;
	};
	for (const counter of traffic) {
		const sender = at(counter.host, counter.cli);
		sender.minutes.add(counter.minute);
		sender.firstSeen = Math.min(sender.firstSeen, counter.minute * MINUTE_MS);
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
	addExpected(facts, senders, at);
	const configured = new Map(inventory.map(({ host, fingerprint }) => [host, fingerprint]));
	const rows = [...senders.values()].map((sender): SenderRow => {
		const { minutes: _minutes, firstSeen: _first, lastSeen: _last, ...shown } = sender;
		return {
			...shown,
			...senderVerdict(facts, sender, configured.get(sender.host)),
			configured: configured.get(sender.host),
		};
	});
	return rows.sort(
		(a, b) =>
			URGENCY.indexOf(a.verdict) - URGENCY.indexOf(b.verdict) || compare(a.host, b.host) || compare(a.cli, b.cli),
	);
}

/** What needs a person first. */
const URGENCY: readonly VerdictName[] = ["OLD ONLY", "MIXED", "UNATTRIBUTED", "SILENT", "NEW SEEN", "MIGRATED"];

export function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** Expected hosts and CLIs that were never heard of get a row too: absence is only visible against a list. */
function addExpected(
	facts: Case,
	senders: ReadonlyMap<string, Sender>,
	at: (host: string, cli: string) => Sender,
): void {
	const seen = new Set([...senders.values()].map(({ host }) => host));
	const installed = new Map(facts.inventory.map(({ host, clis }) => [host, clis]));
	for (const host of facts.expectedHosts) {
		const here = installed.get(host);
		const clis = facts.expectedClis.filter((cli) => here === undefined || here[cli] !== "absent");
		if (clis.length === 0 && !seen.has(host)) at(host, "");
		for (const cli of clis) at(host, cli);
	}
}

function senderVerdict(
	facts: Case,
	sender: Sender,
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
	const silence = now - Math.max(lastOld ?? 0, facts.watchSince ?? now);
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

/** How long a sender must keep silent before that means something: an hour, or three of its usual intervals. */
function silenceFor({ minutes, firstSeen, lastSeen }: Sender): number {
	const interval = minutes.size > 1 ? (lastSeen - firstSeen) / (minutes.size - 1) : 0;
	return Math.max(MIN_SILENCE_MS, INTERVALS * interval);
}
