import { duration } from "../../base/duration.ts";
import { plural } from "../../base/plural.ts";
import type { SenderActivity } from "./activity.ts";
import {
	type Answer,
	type FleetVerdict,
	type Judgement,
	type JudgementInput,
	type Obligation,
	type ObligationId,
	obligationIds,
	type SenderState,
} from "./case.ts";
import { type KnownFacts, known } from "./known.ts";
import { accepted } from "./obligations/accepted.ts";
import { clocks } from "./obligations/clocks.ts";
import { complete } from "./obligations/complete.ts";
import { gateways } from "./obligations/gateways.ts";
import { identity } from "./obligations/identity.ts";
import { inventory } from "./obligations/inventory.ts";
import { lists } from "./obligations/lists.ts";
import { moved } from "./obligations/moved.ts";
import { rotation } from "./obligations/rotation.ts";
import { seen } from "./obligations/seen.ts";
import { watched } from "./obligations/watched.ts";
import { whole } from "./obligations/whole.ts";
import { latestProbes, probeVerdict, sentByTheirClock } from "./probes.ts";
import { projectZero, ratePerQuarter } from "./rate.ts";
import { NOT_IN_INVENTORY, senderRows, senderState } from "./senders.ts";
import { tokenRows, unitOf } from "./tokens.ts";

/** One kind of obligation: its rows. */
type Prover = (facts: KnownFacts, now: number) => Obligation[];

const provers: Readonly<Record<ObligationId, Prover>> = {
	watched,
	complete,
	seen,
	moved,
	accepted,
	gateways,
	inventory,
	lists,
	identity,
	whole,
	rotation,
	clocks,
};

/**
 * What must be proven before the old token can be retired, with its state. Pure. `without` omits one kind, so that tests can show that
 * each kind is needed.
 */
export function obligationsOf(input: JudgementInput, without?: ObligationId): Obligation[] {
	return prove(known(input), input.now, without);
}

function prove(facts: KnownFacts, now: number, without?: ObligationId): Obligation[] {
	return obligationIds.flatMap((id) => (id === without ? [] : provers[id](facts, now)));
}

/** The answer for a list of obligations: yes only if every one is proven. */
export function answerOf(obligations: readonly Obligation[]): Answer {
	if (obligations.some(({ state }) => state === "blocked")) return "not yet";
	return obligations.every(({ state }) => state === "proven") ? "yes" : "not known";
}

/**
 * What all evidence together says, and what it does not say. Pure: the same case gives the same judgement. Times are in milliseconds since
 * the epoch, `minute` in minutes since it. `obligations` is everything that a yes needs, each with what shows it or would show it.
 *
 * @example
 * import { fingerprint, judge } from "otel-crossfade";
 *
 * const [oldToken, newToken] = [fingerprint("the-old-ingest-token"), fingerprint("the-new-ingest-token")];
 * const { fleet, obligations } = judge({
 * 	now: Date.parse("2026-05-04T12:00:00Z"),
 * 	tokens: { old: oldToken, new: newToken },
 * 	started: Date.parse("2026-05-04T08:00:00Z"),
 * 	deadline: Date.parse("2026-05-05T08:00:00Z"),
 * 	series: [],
 * 	exporters: [],
 * 	expectedHosts: ["mac-1"],
 * 	expectedClis: [],
 * 	directHosts: [],
 * 	intervals: { hosts: {}, clis: {} },
 * 	traffic: [],
 * 	inventory: [],
 * 	probes: [],
 * 	statements: [],
 * 	listTroubles: [],
 * 	evidenceTroubles: [],
 * 	lookalikes: {},
 * });
 * console.log(fleet.safeToRetire); // not known
 * console.log(obligations.find(({ state }) => state !== "proven")?.witness); // no traffic was watched
 */
export function judge(input: JudgementInput): Judgement {
	const { now, traffic, probes } = input;
	const facts = known(input);
	const obligations = prove(facts, now);
	const rateUnit = unitOf(traffic);
	const oldRate = ratePerQuarter(input, facts.watchSince, rateUnit);
	return {
		obligations,
		rateUnit,
		senders: senderRows(facts, now),
		tokens: tokenRows(input, rateUnit),
		probes: latestProbes(probes).map((evidence) => ({ evidence, verdict: probeVerdict(evidence, input) })),
		fleet: fleetVerdict(input, facts, obligations),
		oldRate,
		projectedZero: projectZero(oldRate, now),
	};
}

function fleetVerdict(input: JudgementInput, facts: KnownFacts, obligations: readonly Obligation[]): FleetVerdict {
	const { now, deadline } = input;
	let [behind, silent, over, silenceNeededMs] = [0, 0, 0, 0];
	const late: SenderActivity[] = [];
	for (const sender of facts.senders) {
		const { verdict, waitMs, shownBy } = senderState(facts, sender, now);
		if (isBehind(verdict)) {
			behind++;
			if (late.length < MAX_NAMED) late.push(sender);
		}
		if (verdict === "SILENT") silent++;
		if (shownBy === "end") over++;
		silenceNeededMs = Math.max(silenceNeededMs, waitMs);
	}
	const statements = obligations.filter(({ byStatement }) => byStatement).length;
	const ended = endOfOld(input);
	const safeToRetire = ended === undefined ? answerOf(obligations) : "over";
	const reason =
		ended === undefined
			? reasonOf(safeToRetire, { obligations, facts, behind, over, statements })
			: `the old token expired ${duration(now - ended)} ago: ${stillOn(behind, late)}`;
	const fits = deadline === undefined ? undefined : now + silenceNeededMs <= deadline;
	return { safeToRetire, reason, behind, silent, statements, silenceNeededMs, fits };
}

const MAX_NAMED = 3;

function isBehind(verdict: SenderState["verdict"]): boolean {
	return verdict === "OLD ONLY" || verdict === "MIXED";
}

/**
 * When the old token expired, if proven: it was refused after the deadline, and wherever it was accepted after it, it was refused since. One
 * place, path or signal says nothing about another.
 */
function endOfOld({ deadline, now, tokens, probes, traffic }: JudgementInput): number | undefined {
	if (deadline === undefined || now < deadline || tokens.old === undefined) return undefined;
	const newest = new Map<string, { refused: number; taken: number }>();
	const note = (where: readonly string[], refused: number, taken: number) => {
		const key = JSON.stringify(where);
		const known = newest.get(key) ?? { refused: 0, taken: 0 };
		newest.set(key, { refused: Math.max(known.refused, refused), taken: Math.max(known.taken, taken) });
	};
	for (const probe of probes) {
		const { fingerprint, outcome, at, place, path, signal, confirmed } = probe;
		if (fingerprint !== tokens.old || sentByTheirClock(probe) < deadline) continue;
		// What a gateway takes it forwards with a token of its own.
		const isTaken = (outcome === "accepted" || outcome === "partial") && confirmed === undefined;
		note(["probe", place, path, signal], outcome === "rejected" ? at : 0, isTaken ? at : 0);
	}
	for (const { fingerprint, lastStatus, lastSeen, lastAccepted, place, signal } of traffic) {
		if (fingerprint !== tokens.old || lastSeen < deadline) continue;
		const isRefused = lastStatus === 401 || lastStatus === 403;
		note(["traffic", place, signal], isRefused ? lastSeen : 0, lastAccepted < deadline ? 0 : lastAccepted);
	}
	const all = [...newest.values()];
	const isOver =
		all.some(({ refused }) => refused > 0) && all.every(({ refused, taken }) => taken === 0 || refused > taken);
	return isOver ? deadline : undefined;
}

function stillOn(behind: number, late: readonly SenderActivity[]): string {
	if (behind === 0) return "no known sender was still on it";
	const names = late.map(({ host, cli }) =>
		[host.name || "(no host name)", cli].filter((part) => part !== "").join(" "),
	);
	const more = behind > late.length ? `, and ${behind - late.length} more` : "";
	return `${plural(behind, "sender")} still on it (${names.join(", ")}${more})`;
}

interface Answered {
	readonly obligations: readonly Obligation[];
	readonly facts: KnownFacts;
	readonly behind: number;
	/** How many senders ended. */
	readonly over: number;
	readonly statements: number;
}

function reasonOf(answer: Answer, { obligations, facts, behind, over, statements }: Answered): string {
	if (answer === "yes")
		return `${yesText(facts, over)}${statements > 0 ? `, with ${plural(statements, "statement")}` : ""}`;
	const state = answer === "not yet" ? "blocked" : "unknown";
	const open = obligations.filter((each) => each.state === state);
	const [first] = open;
	if (!first) return "nothing is known";
	const one = `${first.about}: ${first.witness}`;
	const unproven = obligations.filter((each) => each.state !== "proven").length;
	const rest = unproven > 1 ? ` (${plural(unproven, "point")} open)` : "";
	if (behind > 0 && first.id === "moved") return `${plural(behind, "sender")} still on the old token${rest}`;
	return `${one}${rest}`;
}

function yesText(facts: KnownFacts, over: number): string {
	const { series, inventory: reports, hosts, senders } = facts;
	if (series.length === 0) {
		const onNew = reports.filter(({ fingerprint }) => fingerprint === facts.tokens.new).length;
		const others = reports.length > onNew ? `, ${reports.length - onNew} without a CLI` : "";
		return `by inventory: ${plural(onNew, "report")} with the new token${others}; ${NOT_IN_INVENTORY}`;
	}
	const direct = hosts.filter((host) => facts.isDirect(host) && host.heard.length === 0 && host.inventory).length;
	const traffic = senders.some(({ sent }) => sent?.lastNew !== undefined)
		? "every known sender was seen on the new token only"
		: "no sender was seen on the new token";
	return [
		`${traffic}, and every place was watched until now`,
		...(direct > 0
			? [
					`${plural(direct, "machine")} by inventory, because ${direct === 1 ? "it sends" : "they send"} directly to the provider (${NOT_IN_INVENTORY})`,
				]
			: []),
		...(over > 0 ? [`${plural(over, "sender")} ended`] : []),
	].join("; ");
}
