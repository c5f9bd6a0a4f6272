import { duration } from "../../base/duration.ts";
import type { Statement } from "../evidence/evidence.ts";
import type { SenderActivity } from "./activity.ts";
import type { SenderRow, SenderState, VerdictName } from "./case.ts";
import { declaredEvery, type KnownFacts, quietOf } from "./known.ts";
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
	if (isWord && !isRevoked(statement, sender)) {
		const witness = statementText(statement);
		return { ...proven("MIGRATED", witness), byStatement: true };
	}
	const end = endOf(facts, sender);
	if (end?.isProof) return proven("MIGRATED", end.witness, "end");
	const heard = stateByTraffic(facts, sender, now);
	if (heard.state === "proven") return heard;
	const revoked = isWord ? `; a statement says ${statement.says}, but it was seen after that` : "";
	const witness = `${heard.witness}${revoked}${end ? `; ${end.witness}` : ""}`;
	return { ...heard, witness, nextStep: end?.nextStep ?? heard.nextStep };
}

function stateByTraffic(facts: KnownFacts, sender: SenderActivity, now: number): SenderState {
	const { host, lastOld, firstNew, lastNew, lastSeen } = sender;
	const state = (
		verdict: VerdictName,
		kind: "blocked" | "unknown",
		witness: string,
		nextStep: string,
		waitMs = 0,
	): SenderState => ({ verdict, state: kind, witness, nextStep, waitMs });

	if (lastSeen === 0) {
		if (facts.isDirect(host) && host.inventory)
			return proven("MIGRATED", `by inventory: it sends directly to the provider; ${NOT_IN_INVENTORY}`, "inventory");
		return state(
			"SILENT",
			"unknown",
			host.inventory?.fingerprint === facts.tokens.new && facts.tokens.new !== undefined
				? "the new token is configured there, but no data was seen"
				: "no data was seen: asleep, switched off, or not sending",
			`use it once with the new token, or record what happened to it: ${attest(sender)}`,
		);
	}
	if (lastOld === undefined && lastNew === undefined) {
		const words = wordsOnAll(facts, sender);
		if (words) return { ...proven("UNATTRIBUTED", words), byStatement: true };
		return state(
			"UNATTRIBUTED",
			"unknown",
			"it sends with a credential that is neither token",
			"find out which credential it is and record it, or give the sender the new token",
		);
	}
	if (lastNew === undefined || firstNew === undefined) {
		return state("OLD ONLY", "blocked", `${NEVER_NEW}; the old one was seen ${ago(now, lastOld)}`, GIVE);
	}
	if (lastOld !== undefined && lastOld >= lastNew) {
		const last =
			lastOld === lastNew ? "its last requests were with both tokens" : "its last request was with the old one";
		return state("MIXED", "blocked", `the new token was seen, but ${last}, ${ago(now, lastOld)}`, RESTART);
	}
	if (facts.isShared(host) && lastOld !== undefined) {
		const whose = host.key === "" ? "data without a host name" : "data with a gateway's host name";
		return state(
			"MIXED",
			"unknown",
			`${whose} can come from several machines, and some of it came with the old token`,
			`make its senders send their own host.name, or record what they are: ${attest(sender)}`,
		);
	}
	const { had, needed } = quietOf(facts, sender, lastNew);
	if (had >= needed) {
		const since = lastOld === undefined ? "never on the old token" : `the old one ${ago(now, lastOld)}`;
		return proven("MIGRATED", `on the new token only for ${duration(had)}; ${since}`, "traffic");
	}
	const waitMs = needed - had;
	const every = duration(declaredEvery(facts, sender));
	const witness = `seen on the new token only for ${had > 0 ? duration(had) : "no time yet"}, needs ${duration(needed)} (it sends at least every ${every})`;
	const next = `wait until it was seen for ${duration(waitMs)} more; if it sends more often, set every in the fleet file`;
	// Old after new: a process that was not restarted, or a second config.
	if (lastOld !== undefined && lastOld > firstNew) {
		return state(
			"MIXED",
			"blocked",
			`it used the old token after the new one, ${ago(now, lastOld)}; ${witness}`,
			next,
			waitMs,
		);
	}
	return state("NEW SEEN", "unknown", witness, next, waitMs);
}

/** What the end of a sender's pod shows: the next pod of its workload would send again, with the same settings. */
function endOf({ pods }: KnownFacts, sender: SenderActivity) {
	const pod = pods.ended(sender.host);
	if (!pod) return undefined;
	const heir = pods.heir(sender, pod);
	if (heir) {
		const who = heir === sender ? "its last data was" : `${pod.workload}, which started it, has sent since`;
		return { isProof: true, witness: `it ended, and ${who} with the new token` };
	}
	return {
		isProof: false,
		witness: `it ended, but no pod of ${pod.workload} was seen with the new token since`,
		nextStep: `wait until another pod of it sends, or record that none will: ${attest(sender)}`,
	};
}

const NEVER_NEW = "it never sent with the new token";
const GIVE = "give it the new token, and restart the sending program";
const RESTART = "restart the program that still uses the old token, or find a second config";

function proven(verdict: VerdictName, witness: string, shownBy?: SenderState["shownBy"]): SenderState {
	return { verdict, state: "proven", witness, nextStep: "", waitMs: 0, shownBy };
}

/** What was said of every credential that it sends with; undefined where one of them is unexplained. */
function wordsOnAll({ said }: KnownFacts, { strangers }: SenderActivity): string | undefined {
	const all = [...(strangers ?? [])].map(([fingerprint, lastSeen]) => credentialWord(said, fingerprint, lastSeen));
	const words = all.flatMap((statement) => (statement ? [statementText(statement)] : []));
	return words.length > 0 && words.length === all.length ? words.join("; ") : undefined;
}

/** A statement is void if traffic after it contradicts it. */
function isRevoked({ says, at }: Statement, { lastOld, lastSeen }: SenderActivity): boolean {
	return says === "gone" ? lastSeen > at : (lastOld ?? 0) > at;
}

function attest({ host }: SenderActivity): string {
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
	const rows: SenderRow[] = [];
	// The machines are sorted by name and not the rows, of which there are several times as many.
	for (const host of facts.hosts.toSorted((a, b) => compare(a.name, b.name))) {
		for (const sender of host.senders.toSorted((a, b) => compare(a.cli, b.cli)))
			rows.push(senderRow(facts, sender, now));
	}
	const rank = new Map(URGENCY.map((verdict, index) => [verdict, index]));
	return rows.sort((a, b) => (rank.get(a.verdict) ?? 0) - (rank.get(b.verdict) ?? 0));
}

function senderRow(facts: KnownFacts, sender: SenderActivity, now: number): SenderRow {
	const { verdict, state, witness } = senderState(facts, sender, now);
	const { host, cli, version, lastOld, lastNew, oldRequests, newRequests, refused } = sender;
	const row: SenderRow = {
		host: host.name,
		cli,
		version,
		verdict,
		state,
		reason: witness,
		lastOld,
		lastNew,
		oldRequests,
		newRequests,
		refused,
		configured: host.inventory?.fingerprint,
	};
	return host.otherNames ? { ...row, alsoCalled: [...host.otherNames] } : row;
}

/** By urgency. */
export const URGENCY: readonly VerdictName[] = [
	"OLD ONLY",
	"MIXED",
	"UNATTRIBUTED",
	"SILENT",
	"NEW SEEN",
	"INCONCLUSIVE",
	"MIGRATED",
];

export function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
