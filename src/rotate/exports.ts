import { ownEntry } from "../base/lookup.ts";
import type { TrafficCounter } from "../prove/evidence/evidence.ts";
import { openStore } from "../prove/evidence/store.ts";
import { isOwnProbe } from "../prove/judge/own-probes.ts";
import { gatewayCounters } from "../prove/metrics/counters.ts";
import { healthOf } from "../prove/watch/health.ts";
import type { Engine } from "./engine.ts";
import type { StoreState } from "./state.ts";

/** Whether what reads a store still exports after the store was written, as far as its gateways show. */

/** Records that a gateway's exporters sent and dropped for good since its start. */
interface Tally {
	readonly sent: number;
	readonly dropped: number;
}

const PAGE_MS = 10_000;
const MAX_PAGE_BYTES = 8 * 1024 * 1024;
/** Reasons that an exporter gives for a token that is refused. */
const REFUSED = /unauthenticated|permission_?denied|401|403/i;

/** What the gateways of a store exported so far, as a fact for the journal; gateways that cannot be read are left out. */
export async function exportsNow(
	{ fx, fleet }: Pick<Engine, "fx" | "fleet">,
	feeds: readonly string[],
): Promise<Readonly<Record<string, Tally & { readonly isToken: boolean }>>> {
	const found = new Map<string, Tally & { readonly isToken: boolean }>();
	for (const { name, metrics } of fleet.gateways) {
		if (!feeds.includes(name) || metrics.length === 0) continue;
		let [sent, dropped, isRead, isToken] = [0, 0, true, true];
		for (const url of metrics) {
			const outcome = await fx.request({ method: "GET", url, timeoutMs: PAGE_MS, maxBytes: MAX_PAGE_BYTES });
			if (outcome.kind === "failure" || outcome.status !== 200) isRead = false;
			else {
				const counters = gatewayCounters(Buffer.from(outcome.body).toString("utf8"));
				for (const each of healthOf(counters).exporters.values()) {
					sent += each.sent;
					dropped += each.dropped;
					const reasons = [...each.reasons.keys()];
					// A backend that is down says nothing about the token.
					if (reasons.length > 0 && !reasons.some((reason) => REFUSED.test(reason))) isToken = false;
				}
			}
		}
		if (isRead) found.set(name, { sent, dropped, isToken });
	}
	return Object.fromEntries(found);
}

/** Why it is clear that a store's readers exported before it was written, and lose everything since; undefined if that does not show. */
export async function brokenExports(
	engine: Pick<Engine, "fx" | "fleet" | "state">,
	feeds: readonly string[],
	{ write }: StoreState,
): Promise<string | undefined> {
	const since = write.localAt;
	const before = write.facts?.["exports"];
	if (write.is !== "done" || since === undefined || feeds.length === 0) return undefined;
	const { old, fresh } = engine.state();
	const evidence = await (await openStore(engine.fx, engine.fleet.evidence)).read();
	const refused = feeds.find((place) =>
		isRefused(evidence.traffic, { place, old: old?.fingerprint, fresh: fresh?.fingerprint, since }),
	);
	if (refused !== undefined)
		return `${refused} had accepted records with the old token, and since the write all with the new one are refused`;
	if (typeof before !== "string") return undefined;
	const then = JSON.parse(before) as Readonly<Record<string, Tally>>;
	const now = await exportsNow(engine, feeds);
	const lost = Object.entries(now).find(([name, tally]) => losesAll(ownEntry(then, name), tally));
	return lost && `${lost[0]} had exported, and since the write it sent nothing and dropped ${lost[1].dropped} records`;
}

function losesAll(then: Tally | undefined, now: Tally & { readonly isToken: boolean }): boolean {
	if (!then || then.sent === 0 || !now.isToken) return false;
	// After a restart its counters begin at zero.
	if (now.sent < then.sent || now.dropped < then.dropped) return now.sent === 0 && now.dropped > 0;
	return now.sent === then.sent && now.dropped > then.dropped;
}

function isRefused(
	traffic: readonly TrafficCounter[],
	about: {
		readonly place: string;
		readonly old: string | undefined;
		readonly fresh: string | undefined;
		readonly since: number;
	},
): boolean {
	const here = traffic.filter((counter) => counter.place === about.place && !isOwnProbe(counter));
	const isAccepted = here.some(({ lastAccepted }) => lastAccepted >= about.since);
	const before = here.some(({ fingerprint, lastAccepted }) => fingerprint === about.old && lastAccepted > 0);
	const isRefusedNow = here.some(
		({ fingerprint, lastSeen, lastStatus }) =>
			fingerprint === about.fresh && lastSeen >= about.since && (lastStatus === 401 || lastStatus === 403),
	);
	return before && isRefusedNow && !isAccepted;
}
