import { MINUTE_MS } from "../../base/duration.ts";
import type { TrafficCounter } from "../evidence/evidence.ts";
import type { Judgement, RotationTokens, TokenRow } from "./case.ts";
import { isOwnProbe } from "./own-probes.ts";
import { compare } from "./senders.ts";

/** The span that counts as recent. */
export const QUARTER_MS = 15 * MINUTE_MS;

/** Records if any place does not count requests, because the two cannot be added. */
export function unitOf(traffic: readonly TrafficCounter[]): Judgement["rateUnit"] {
	const tellsRequests = new Map<string, boolean>();
	for (const { place, requests } of traffic) tellsRequests.set(place, tellsRequests.get(place) || requests > 0);
	return [...tellsRequests.values()].every(Boolean) ? "requests" : "records";
}

type Sums = { -readonly [K in keyof TokenRow]: TokenRow[K] } & { recent: number };

/** Each token over all places, without our own probes. */
export function tokenRows(
	{ tokens, traffic, now }: { tokens: RotationTokens; traffic: readonly TrafficCounter[]; now: number },
	unit: Judgement["rateUnit"],
): TokenRow[] {
	const rows = new Map<string, Sums>();
	for (const id of [tokens.old, tokens.new]) if (id !== undefined) rows.set(id, noSums(id, tokens));
	let total = 0;
	for (const counter of traffic) {
		const { fingerprint, minute, span, lastSeen } = counter;
		if (isOwnProbe(counter)) continue;
		const row = rows.get(fingerprint) ?? noSums(fingerprint, tokens);
		rows.set(fingerprint, row);
		row.firstSeen = Math.min(row.firstSeen ?? Number.POSITIVE_INFINITY, minute * MINUTE_MS);
		if (lastSeen >= (row.lastSeen ?? 0)) {
			row.lastSeen = lastSeen;
			// Places that count records do not see responses.
			row.lastStatus = counter.lastStatus || undefined;
		}
		row.requests += counter.requests;
		row.records += counter.records;
		row.bytes += counter.bytes;
		row.refused += counter.refused;
		if ((minute + span) * MINUTE_MS <= now - QUARTER_MS) continue;
		row.recent += counter[unit];
		total += counter[unit];
	}
	const order = ["old", "new", "other"];
	return [...rows.values()]
		.map(({ recent, ...row }): TokenRow => ({ ...row, recentShare: total === 0 ? 0 : recent / total }))
		.sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role) || compare(a.fingerprint, b.fingerprint));
}

function noSums(fingerprint: string, tokens: RotationTokens): Sums {
	return {
		role: fingerprint === tokens.old ? "old" : fingerprint === tokens.new ? "new" : "other",
		fingerprint,
		firstSeen: undefined,
		lastSeen: undefined,
		requests: 0,
		records: 0,
		bytes: 0,
		refused: 0,
		lastStatus: undefined,
		recentShare: 0,
		recent: 0,
	};
}
