import { duration } from "../../base/duration.ts";
import type { Statement } from "../evidence/evidence.ts";
import type { SenderActivity } from "./activity.ts";
import type { SenderRow, SenderState, VerdictName } from "./case.ts";
import { declaredEvery, type KnownFacts, quietOf } from "./known.ts";
import { credentialWord, statementText } from "./statements.ts";

/** Whether a sender has moved, by its traffic, by what its machine reports, or by somebody's word. */
export function senderState(facts: KnownFacts, sender: SenderActivity, now: number): SenderState {
	sender.state ??= stateOf(facts, sender, now);
	return sender.state;
}

function stateOf(facts: KnownFacts, sender: SenderActivity, now: number): SenderState {
	const { host, lastOld, firstNew, lastNew, lastSeen } = sender;
	const statement = facts.said.of("host", host.key === "" ? "-" : host.name);
	const isWord = statement !== undefined && statement.says !== "known";
	if (isWord && !isRevoked(statement, sender)) {
		const witness = statementText(statement);
		return { ...proven("MIGRATED", witness), byStatement: true };
	}
	const revoked = isWord ? `; it was said to be ${statement.says}, and was heard of after that` : "";
	const state = (
		verdict: VerdictName,
		kind: "blocked" | "unknown",
		witness: string,
		nextStep: string,
		waitMs = 0,
	): SenderState => ({ verdict, state: kind, witness: witness + revoked, nextStep, waitMs });

	if (lastSeen === 0) {
		if (facts.isDirect(host) && host.inventory)
			return proven("MIGRATED", "by inventory: it sends past every place of ours");
		return state(
			"SILENT",
			"unknown",
			host.inventory?.fingerprint === facts.tokens.new && facts.tokens.new !== undefined
				? "the new token is configured there, but nothing was heard of it"
				: "nothing was heard of it: asleep, switched off, or not sending",
			`have it send once with the new token, or say what became of it: ${attest(sender)}`,
		);
	}
	if (lastOld === undefined && lastNew === undefined) {
		const words = wordsOnAll(facts, sender);
		if (words) return { ...proven("UNATTRIBUTED", words), byStatement: true };
		return state(
			"UNATTRIBUTED",
			"unknown",
			"it sends with a credential that is neither token",
			"see which credential that is, and say so, or give the sender the new token",
		);
	}
	if (lastNew === undefined || firstNew === undefined) {
		return state("OLD ONLY", "blocked", `it never sent with the new token; the old one ${ago(now, lastOld)}`, GIVE);
	}
	if (lastOld !== undefined && lastOld >= lastNew) {
		const last =
			lastOld === lastNew ? "it sent with both tokens at the same time" : "the last it sent was with the old one";
		return state("MIXED", "blocked", `the new token was seen, but ${last}, ${ago(now, lastOld)}`, RESTART);
	}
	if (host.key === "" && lastOld !== undefined) {
		return state(
			"MIXED",
			"unknown",
			"data without a host name can be of several machines, and some of it came with the old token",
			`have its senders say host.name, or say what they are: ${attest(sender)}`,
		);
	}
	const { had, needed } = quietOf(facts, sender, lastNew);
	if (had >= needed) {
		const since = lastOld === undefined ? "never on the old token" : `the old one ${ago(now, lastOld)}`;
		return proven("MIGRATED", `on the new token alone for ${duration(had)}; ${since}`);
	}
	const waitMs = needed - had;
	const every = duration(declaredEvery(facts, sender));
	const witness = `heard on the new token alone for ${had > 0 ? duration(had) : "no time yet"} of ${duration(needed)} (it sends every ${every} at least)`;
	const next = `wait until it was heard for ${duration(waitMs)} more; if it sends more often, declare it in the fleet file: every`;
	// Old after new: a process that was not restarted, or a second config.
	if (lastOld !== undefined && lastOld > firstNew) {
		return state(
			"MIXED",
			"blocked",
			`the old token came after the new one, ${ago(now, lastOld)}; ${witness}`,
			next,
			waitMs,
		);
	}
	return state("NEW SEEN", "unknown", witness, next, waitMs);
}

const GIVE = "give it the new token, and restart what sends";
const RESTART = "restart what still holds the old token there, or find the second config";

function proven(verdict: VerdictName, witness: string): SenderState {
	return { verdict, state: "proven", witness, nextStep: "", waitMs: 0 };
}

/** What was said of every credential that it sends with; undefined where one of them is unexplained. */
function wordsOnAll({ said }: KnownFacts, { strangers }: SenderActivity): string | undefined {
	const all = [...(strangers ?? [])].map(([fingerprint, lastSeen]) => credentialWord(said, fingerprint, lastSeen));
	const words = all.flatMap((statement) => (statement ? [statementText(statement)] : []));
	return words.length > 0 && words.length === all.length ? words.join("; ") : undefined;
}

/** What somebody said ends where something else is seen after it. */
function isRevoked({ says, at }: Statement, { lastOld, lastSeen }: SenderActivity): boolean {
	return says === "gone" ? lastSeen > at : (lastOld ?? 0) > at;
}

function attest({ host }: SenderActivity): string {
	return `crossfade attest host ${host.name === "" ? "-" : JSON.stringify(host.name)} gone --because "…"`;
}

function ago(now: number, at: number | undefined): string {
	return at === undefined ? "never" : at >= now ? "just now" : `${duration(now - at)} ago`;
}

/** What a sender is called. */
export function senderName({ host, cli }: SenderActivity): string {
	return `${host.name === "" ? "(no host name)" : host.name}, ${cli === "" ? "any CLI" : cli}`;
}

/** One row a sender, those that need a person first. */
export function senderRows(facts: KnownFacts, now: number): SenderRow[] {
	const rows = facts.senders.map((sender): SenderRow => {
		const { verdict, state, witness } = senderState(facts, sender, now);
		const { host, cli, version, lastOld, lastNew, oldRequests, newRequests, refused } = sender;
		return {
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
			...(host.otherNames.size > 0 && { alsoCalled: [...host.otherNames] }),
		};
	});
	const order = new Map(URGENCY.map((verdict, index) => [verdict, index]));
	return rows.sort(
		(a, b) =>
			(order.get(a.verdict) ?? 0) - (order.get(b.verdict) ?? 0) || compare(a.host, b.host) || compare(a.cli, b.cli),
	);
}

/** What needs a person first. */
const URGENCY: readonly VerdictName[] = ["OLD ONLY", "MIXED", "UNATTRIBUTED", "SILENT", "NEW SEEN", "MIGRATED"];

export function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}
