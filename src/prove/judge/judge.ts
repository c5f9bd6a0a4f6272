import { duration, MINUTE_MS } from "../../base/duration.ts";
import type { ProbeEvidence, TrafficCounter } from "../evidence/evidence.ts";
import type { FleetVerdict, JudgedProbe, Judgement, JudgementInput, SenderRow, TokenRow, VerdictName } from "./case.ts";
import { compare, MIN_SILENCE_MS, senderRows } from "./senders.ts";

const QUARTER_MS = 15 * MINUTE_MS;
/** How many quarter hours of the old token's rate to show. */
const QUARTERS = 96;

/** Judges all evidence. Pure: the same case gives the same judgement. */
export function judge(facts: JudgementInput): Judgement {
	const senders = senderRows(facts);
	const probes = latestProbes(facts.probes).map((evidence) => ({ evidence, verdict: probeVerdict(evidence, facts) }));
	const rateUnit = unitOf(facts.traffic);
	const oldRate = ratePerQuarter(facts, rateUnit);
	return {
		rateUnit,
		senders,
		tokens: tokenRows(facts, rateUnit),
		probes,
		fleet: fleetVerdict(facts, senders, probes),
		oldRate,
		projectedZero: projectZero(oldRate, facts.now),
	};
}

/** Records if any place does not count requests, because the two cannot be added. */
function unitOf(traffic: readonly TrafficCounter[]): Judgement["rateUnit"] {
	const tellsRequests = new Map<string, boolean>();
	for (const { place, requests } of traffic) tellsRequests.set(place, tellsRequests.get(place) || requests > 0);
	return [...tellsRequests.values()].every(Boolean) ? "requests" : "records";
}

function tokenRows({ tokens, traffic, now }: JudgementInput, unit: Judgement["rateUnit"]): TokenRow[] {
	const ids = new Set([
		...traffic.map(({ fingerprint }) => fingerprint),
		...[tokens.old, tokens.new].filter((id) => id !== undefined),
	]);
	const recent = (counters: readonly TrafficCounter[]) =>
		counters
			.filter(({ minute, span }) => (minute + span) * MINUTE_MS > now - QUARTER_MS)
			.reduce((sum, counter) => sum + counter[unit], 0);
	const total = recent(traffic);
	const rows = [...ids].map((fingerprint): TokenRow => {
		const own = traffic.filter((counter) => counter.fingerprint === fingerprint);
		const newest = own.reduce<TrafficCounter | undefined>(
			(best, each) => (best && best.lastSeen > each.lastSeen ? best : each),
			undefined,
		);
		const sum = (of: (counter: TrafficCounter) => number) => own.reduce((all, counter) => all + of(counter), 0);
		return {
			role: fingerprint === tokens.old ? "old" : fingerprint === tokens.new ? "new" : "other",
			fingerprint,
			firstSeen: own.length > 0 ? Math.min(...own.map(({ minute }) => minute)) * MINUTE_MS : undefined,
			lastSeen: newest?.lastSeen,
			requests: sum(({ requests }) => requests),
			records: sum(({ records }) => records),
			bytes: sum(({ bytes }) => bytes),
			// Places that count records do not see responses.
			lastStatus: newest?.lastStatus || undefined,
			recentShare: total === 0 ? 0 : recent(own) / total,
		};
	});
	const order = ["old", "new", "other"];
	return rows.sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role) || compare(a.fingerprint, b.fingerprint));
}

/** The newest observation of each token, place, path and signal. */
function latestProbes(probes: readonly ProbeEvidence[]): ProbeEvidence[] {
	const latest = new Map<string, ProbeEvidence>();
	for (const probe of probes) {
		const key = JSON.stringify([probe.fingerprint, probe.place, probe.path, probe.signal]);
		const known = latest.get(key);
		if (!known || known.at <= probe.at) latest.set(key, probe);
	}
	return [...latest.values()];
}

/** What one probe means for the rotation, depending on its token and the deadline. */
export function probeVerdict(
	{ fingerprint, outcome, at }: ProbeEvidence,
	{ tokens, deadline }: Pick<JudgementInput, "tokens" | "deadline">,
): VerdictName {
	if (outcome === "unreachable") return "UNREACHABLE";
	if (outcome === "retry-later") return "RATE LIMITED";
	if (outcome === "inconclusive") return "INCONCLUSIVE";
	if (outcome === "partial") return "PARTIAL";
	const isPast = deadline !== undefined && at >= deadline;
	if (outcome === "rejected") {
		if (fingerprint === tokens.new) return "NEW REJECTED";
		return fingerprint === tokens.old && !isPast ? "OLD ALREADY DEAD" : "REJECTED";
	}
	return fingerprint === tokens.old && isPast ? "OLD STILL ALIVE" : "ACCEPTED";
}

function fleetVerdict(
	facts: JudgementInput,
	senders: readonly SenderRow[],
	probes: readonly JudgedProbe[],
): FleetVerdict {
	const count = (...verdicts: VerdictName[]) => senders.filter(({ verdict }) => verdicts.includes(verdict)).length;
	const behind = count("OLD ONLY", "MIXED");
	const silent = count("SILENT");
	const pending = count("NEW SEEN");
	const silenceNeededMs = neededSilence(facts);
	const fits = facts.deadline === undefined ? undefined : facts.now + silenceNeededMs <= facts.deadline;
	const verdict = (safeToRetire: FleetVerdict["safeToRetire"], reason: string): FleetVerdict => ({
		safeToRetire,
		reason,
		behind,
		silent,
		silenceNeededMs,
		fits,
	});
	if (probes.some((probe) => probe.verdict === "NEW REJECTED")) {
		return verdict("not yet", "the new token is rejected: stop the rollout");
	}
	if (facts.watchSince === undefined || facts.traffic.length === 0) {
		return verdict(
			"no evidence",
			facts.watchSince === undefined ? "nobody watched the traffic" : "no traffic was seen at all",
		);
	}
	if (behind > 0)
		return verdict(
			"not yet",
			`${plural(behind, "sender")} still on the old token${silent > 0 ? `, ${silent} silent` : ""}`,
		);
	if (facts.expectedHosts.length === 0) {
		return verdict("no evidence", "nothing says which hosts to expect, so silence proves nothing; add a list of hosts");
	}
	if (silent > 0) {
		const why = facts.traffic.some(({ host }) => host !== "")
			? "since the watch began"
			: "as far as known: what counts the traffic does not tell hosts";
		return verdict("not yet", `${plural(silent, "expected sender")} silent ${why}`);
	}
	if (pending > 0) return verdict("not yet", `${plural(pending, "sender")} moved too recently to be sure`);
	if (silenceNeededMs > 0) {
		const isBlind = facts.blindSince !== undefined && facts.blindSince < facts.now;
		const why = isBlind ? "a place that counts traffic cannot be read" : "the old token was seen too recently";
		return verdict("not yet", `${why}; ${duration(silenceNeededMs)} more of silence make it certain`);
	}
	return verdict("yes", `every expected sender uses the new token, and the old one is silent`);
}

/** How much longer the old token must stay unused before it counts as silent. */
function neededSilence({ traffic, tokens, now, watchSince, blindSince = now }: JudgementInput): number {
	const last = traffic
		.filter(({ fingerprint }) => fingerprint === tokens.old)
		.reduce((latest, { lastSeen }) => Math.max(latest, lastSeen), 0);
	return Math.max(0, Math.max(last, watchSince ?? now) + MIN_SILENCE_MS - Math.min(now, blindSince));
}

function ratePerQuarter({ traffic, tokens, now, watchSince }: JudgementInput, unit: Judgement["rateUnit"]): number[] {
	const current = Math.floor(now / QUARTER_MS);
	const first = Math.max(current - QUARTERS + 1, Math.floor((watchSince ?? now) / QUARTER_MS));
	const rate = Array.from({ length: Math.max(1, current - first + 1) }, () => 0);
	for (const counter of traffic) {
		if (counter.fingerprint !== tokens.old) continue;
		const index = Math.floor((counter.minute * MINUTE_MS) / QUARTER_MS) - first;
		if (index >= 0 && index < rate.length) rate[index] = (rate[index] ?? 0) + counter[unit];
	}
	return rate;
}

/** After this many quarter hours, weight halves: recent traffic matters most. */
const HALF_WEIGHT = 3;

/** When a weighted linear fit of the completed quarter hours reaches zero; undefined unless it falls to zero within a day. */
function projectZero(rate: readonly number[], now: number): number | undefined {
	const past = rate.slice(0, -1);
	if (past.length < 3 || past.at(-1) === 0) return undefined;
	const weights = past.map((_value, index) => 2 ** ((index + 1 - past.length) / HALF_WEIGHT));
	const mean = (of: (value: number, index: number) => number) =>
		past.reduce((sum, value, index) => sum + (weights[index] ?? 0) * of(value, index), 0) /
		weights.reduce((sum, weight) => sum + weight, 0);
	const [middle, level] = [mean((_value, index) => index), mean((value) => value)];
	const slope =
		mean((value, index) => (index - middle) * (value - level)) / mean((_value, index) => (index - middle) ** 2);
	if (slope >= 0) return undefined;
	const quartersFromNow = Math.max(0, middle - level / slope - past.length);
	return quartersFromNow > QUARTERS ? undefined : now + quartersFromNow * QUARTER_MS;
}

function plural(count: number, noun: string): string {
	return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
