import { duration } from "../../base/duration.ts";
import { plural } from "../../base/plural.ts";
import type { Statement } from "../evidence/evidence.ts";
import type { HostActivity, SenderActivity, SentData } from "./activity.ts";
import type { SenderRow, SenderState, VerdictName } from "./case.ts";
import { declaredEvery, type KnownFacts, quietOf } from "./known.ts";
import { contradicts, reportPoint } from "./obligations/inventory.ts";
import { credentialWord, statementText } from "./statements.ts";

/** What no inventory shows, for every sentence that says "by inventory". */
export const NOT_IN_INVENTORY =
	"not visible: traffic, running processes that still use the old token, whether old and new are swapped, and whether the provider accepts the new one";

/** Whether a sender has moved, by its traffic, its machine's report, or a statement. */
export function senderState(facts: KnownFacts, sender: SenderActivity, now: number): SenderState {
	sender.state ??= stateOf(facts, sender, now);
	return sender.state;
}

function stateOf(facts: KnownFacts, sender: SenderActivity, now: number): SenderState {
	const { host } = sender;
	const statement = facts.said.of("host", host.key === "" ? "-" : host.name);
	const isWord = statement !== undefined && statement.says !== "known";
	const contrary = isWord ? contraryTo(facts, statement, sender) : undefined;
	if (isWord && contrary === undefined) {
		const witness = statementText(statement);
		return { ...proven("MIGRATED", witness), byStatement: true };
	}
	const end = endOf(facts, sender);
	if (end?.isProof) return proven("MIGRATED", end.witness, "end");
	const found = sender.sent ? stateByTraffic(facts, sender, sender.sent, now) : stateUnheard(facts, host, now);
	const outdated = facts.said.outdated("host", host.key === "" ? "-" : host.name);
	if (found.state === "proven" || (!contrary && !end && outdated === "")) return found;
	const revoked = contrary ? `; a statement says ${statement?.says}, but it ${contrary} after that` : outdated;
	const witness = `${found.witness}${revoked}${end ? `; ${end.witness}` : ""}`;
	return { ...found, witness, nextStep: end?.nextStep ?? found.nextStep };
}

/** Verdicts that a machine's report decides, by the state of the point that it leaves open. */
const BY_REPORT = { blocked: "OLD ONLY", unknown: "INCONCLUSIVE" } as const;

/** The state of a sender without traffic: of one that sends past every place its machine's report tells, if the report and its name are plain. */
function stateUnheard(facts: KnownFacts, host: HostActivity, now: number): SenderState {
	if (!facts.isDirect(host) || !host.inventory) {
		return open(
			"SILENT",
			"unknown",
			host.inventory?.fingerprint === facts.tokens.new && facts.tokens.new !== undefined
				? "the new token is configured there, but no data was seen"
				: "no data was seen: asleep, switched off, or not sending",
			`use it once with the new token, or record what happened to it: ${attest(host)}`,
		);
	}
	const point = reportPoint(facts, host, now);
	if (point && point.state !== "proven") {
		return { ...open(BY_REPORT[point.state], point.state, point.witness, point.nextStep), shownBy: "inventory" };
	}
	if (host.conflict !== undefined && !facts.said.of("host", host.name)) {
		return {
			...open(BY_REPORT.unknown, "unknown", host.conflict, "give each machine its own name"),
			shownBy: "inventory",
		};
	}
	return BY_INVENTORY;
}

function stateByTraffic(facts: KnownFacts, sender: SenderActivity, sent: SentData, now: number): SenderState {
	const { host } = sender;
	const { lastOld, firstNew, lastNew } = sent;
	if (lastOld === undefined && lastNew === undefined) {
		const words = wordsOnAll(facts, sent);
		if (words) return { ...proven("UNATTRIBUTED", words), byStatement: true };
		return open(
			"UNATTRIBUTED",
			"unknown",
			"it sends with a credential that is neither token",
			"find out which credential it is and record it, or give the sender the new token",
		);
	}
	if (lastNew === undefined || firstNew === undefined) {
		return open("OLD ONLY", "blocked", `${NEVER_NEW}; the old one was seen ${ago(now, lastOld)}`, GIVE);
	}
	if (lastOld !== undefined && lastOld >= lastNew) {
		const last =
			lastOld === lastNew ? "its last requests were with both tokens" : "its last request was with the old one";
		return open("MIXED", "blocked", `the new token was seen, but ${last}, ${ago(now, lastOld)}`, RESTART);
	}
	if (facts.isShared(host) && lastOld !== undefined) {
		const whose = host.key === "" ? "data without a host name" : "data with a gateway's host name";
		return open(
			"MIXED",
			"unknown",
			`${whose} can come from several machines, and some of it came with the old token`,
			`make its senders send their own host.name, or record what they are: ${attest(host)}`,
		);
	}
	const refusal = refusalOf(facts, sender, sent);
	if (refusal !== undefined && (sent.lastAccepted ?? 0) <= (lastOld ?? 0)) {
		return open("NEW REJECTED", "blocked", refusal, REFUSED);
	}
	const { had, needed } = quietOf(facts, sender, lastNew);
	if (had >= needed) {
		if (refusal !== undefined) return open("NEW REJECTED", "blocked", refusal, REFUSED);
		const since = lastOld === undefined ? "never on the old token" : `the old one ${ago(now, lastOld)}`;
		return proven("MIGRATED", `on the new token only for ${duration(had)}; ${since}`, "traffic");
	}
	const waitMs = needed - had;
	const every = duration(declaredEvery(facts, sender));
	const witness = `seen on the new token only for ${had > 0 ? duration(had) : "no time yet"}, needs ${duration(needed)} (it sends at least every ${every})`;
	const next = `wait until it was seen for ${duration(waitMs)} more; if it sends more often, set every in the fleet file`;
	// Old after new: a process that was not restarted, or a second config.
	if (lastOld !== undefined && lastOld > firstNew) {
		return open(
			"MIXED",
			"blocked",
			`it used the old token after the new one, ${ago(now, lastOld)}; ${witness}`,
			next,
			waitMs,
		);
	}
	return open("NEW SEEN", "unknown", witness, next, waitMs);
}

/** What of the data sent with the new token was refused, unless enough was accepted since: a 401 or a 502 proves nothing. */
function refusalOf(facts: KnownFacts, sender: SenderActivity, sent: SentData): string | undefined {
	const { lastOld = 0, lastAccepted, lastRefused, refused } = sent;
	if (lastRefused === undefined) return undefined;
	const { had, needed } = quietOf(facts, sender, lastAccepted, lastRefused);
	if (had >= needed) return undefined;
	if (lastAccepted === undefined) return "nothing that it sent with the new token was accepted";
	const lost = refused === 0 ? "" : `: ${plural(refused, "request")} lost`;
	return lastAccepted <= lastOld
		? `nothing that it sent with the new token since then was accepted${lost}`
		: `some of what it sends with the new token is refused${lost}`;
}

/** What the end of a sender's pod shows: the next pod of its workload would send again, with the same settings. */
function endOf({ pods, spreadFrom }: KnownFacts, sender: SenderActivity) {
	const pod = pods.ended(sender.host);
	if (!pod) return undefined;
	const heir = pods.heir(sender, pod, spreadFrom);
	if (heir) {
		const who = heir === sender ? "its last data was" : `${pod.workload}, which started it, has sent since`;
		return { isProof: true, witness: `it ended, and ${who} with the new token` };
	}
	return {
		isProof: false,
		witness: `it ended, but no pod of ${pod.workload} was seen with the new token since`,
		nextStep: `wait until another pod of it sends, or record that none will: ${attest(sender.host)}`,
	};
}

const REFUSED = "see why the provider refuses it: crossfade probe";
const NEVER_NEW = "it never sent with the new token";
const GIVE = "give it the new token, and restart the sending program";
const RESTART = "restart the program that still uses the old token, or find a second config";

/** What every sender has that is shown by its machine's report: one value for all of them, of which there can be 300,000. */
const BY_INVENTORY = proven(
	"MIGRATED",
	`by inventory: it sends directly to the provider; ${NOT_IN_INVENTORY}`,
	"inventory",
);

function open(
	verdict: VerdictName,
	state: "blocked" | "unknown",
	witness: string,
	nextStep: string,
	waitMs = 0,
): SenderState {
	return { verdict, state, witness, nextStep, waitMs };
}

function proven(verdict: VerdictName, witness: string, shownBy?: SenderState["shownBy"]): SenderState {
	return { verdict, state: "proven", witness, nextStep: "", waitMs: 0, shownBy };
}

/** What was said of every credential that it sends with; undefined where one of them is unexplained. */
function wordsOnAll({ said }: KnownFacts, { strangers }: SentData): string | undefined {
	const all = [...(strangers ?? [])].map(([fingerprint, lastSeen]) => credentialWord(said, fingerprint, lastSeen));
	const words = all.flatMap((statement) => (statement ? [statementText(statement)] : []));
	return words.length > 0 && words.length === all.length ? words.join("; ") : undefined;
}

/** What a machine did after a statement on it that contradicts it, which makes it void. */
function contraryTo(
	{ tokens }: KnownFacts,
	statement: Statement,
	{ host, sent }: SenderActivity,
): "was seen" | "reported" | undefined {
	const { says, at } = statement;
	if (((says === "gone" ? sent?.lastSeen : sent?.lastOld) ?? 0) > at) return "was seen";
	return host.inventory && contradicts(host.inventory, statement, tokens.old) ? "reported" : undefined;
}

function attest(host: HostActivity): string {
	return `crossfade attest host ${host.name === "" ? "-" : JSON.stringify(host.name)} gone --because "…"`;
}

function ago(now: number, at: number | undefined): string {
	return at === undefined ? "never" : at >= now ? "just now" : `${duration(now - at)} ago`;
}

/** A sender's display name. */
export function senderName({ host, cli }: SenderActivity): string {
	return `${host.name === "" ? "(no host name)" : host.name}, ${cli === "" ? "any CLI" : cli}`;
}

/** One row per sender, those that need attention first. */
export function senderRows(facts: KnownFacts, now: number): SenderRow[] {
	const byVerdict = new Map<VerdictName, SenderRow[]>(URGENCY.map((verdict) => [verdict, []]));
	const [first = []] = byVerdict.values();
	// The machines are sorted by name and not the rows, of which there are several times as many.
	for (const { senders } of facts.hosts.toSorted((a, b) => compare(a.name, b.name))) {
		for (const sender of byCli(senders)) {
			const row = senderRow(facts, sender, now);
			(byVerdict.get(row.verdict) ?? first).push(row);
		}
	}
	return first.concat(...[...byVerdict.values()].slice(1));
}

/** Most machines have theirs in this order, or one only. */
function byCli(senders: readonly SenderActivity[]): readonly SenderActivity[] {
	const isSorted = senders.every(({ cli }, index) => index === 0 || (senders[index - 1]?.cli ?? "") <= cli);
	return isSorted ? senders : senders.toSorted((a, b) => compare(a.cli, b.cli));
}

function senderRow(facts: KnownFacts, sender: SenderActivity, now: number): SenderRow {
	const { verdict, state, witness } = senderState(facts, sender, now);
	const { host, cli, sent } = sender;
	const row: SenderRow = {
		host: host.name,
		cli,
		version: sent?.version ?? "",
		verdict,
		state,
		reason: witness,
		lastOld: sent?.lastOld,
		lastNew: sent?.lastNew,
		oldRequests: sent?.oldRequests ?? 0,
		newRequests: sent?.newRequests ?? 0,
		refused: sent?.refused ?? 0,
		configured: host.inventory?.fingerprint,
	};
	return host.otherNames ? { ...row, alsoCalled: [...host.otherNames] } : row;
}

/** By urgency. */
const URGENCY: readonly VerdictName[] = [
	"OLD ONLY",
	"MIXED",
	"NEW REJECTED",
	"UNATTRIBUTED",
	"SILENT",
	"NEW SEEN",
	"INCONCLUSIVE",
	"MIGRATED",
];

export function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
