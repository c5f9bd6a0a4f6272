import { MINUTE_MS } from "../../base/duration.ts";
import type { ProbeEvidence, Statement, TrafficCounter } from "../evidence/evidence.ts";
import type { Inventory } from "../evidence/inventory.ts";
import { NOT_RECORDED } from "../evidence/readings.ts";
import type { KeptSeries } from "../evidence/series.ts";
import type { FileTrouble, GatewayExporter, Judgement, RotationTokens, WatchedSeries } from "../judge/case.ts";
import { exportersOf, losingOf } from "../judge/exporters.ts";
import { judge } from "../judge/judge.ts";
import { isOwnProbe } from "../judge/own-probes.ts";
import type { LookedSeries, Observed } from "./observed.ts";
import type { InventorySums, OverlapView } from "./view.ts";

/** The longest that reading all places may take: a reading may be this much older than the answer. */
const LOOK_MS = 30_000;

/** Builds the view for people and programs. Pure: the same observations give the same view. */
export function overlapView(observed: Observed): OverlapView {
	const { fleet, tokens, evidence, inventory, gateways, now } = observed;
	const pair: RotationTokens = { old: tokens["old"], new: tokens["new"] };
	const { traffic, probes } = evidence;
	const series = joined(evidence.series, observed.looked);
	const since = series.flatMap((each) => (each.since === undefined ? [] : [each.since]));
	const judgement = judge({
		now,
		tokens: pair,
		started: fleet.started,
		spreadFrom: fleet.spreadFrom,
		isTakenBack: fleet.isTakenBack,
		deadline: fleet.deadline?.at,
		series,
		exporters: [...observed.exporters, ...keptExporters(evidence.series, observed.looked)],
		expectedHosts: observed.expectedHosts,
		expectedClis: fleet.clis,
		directHosts: fleet.directHosts,
		intervals: fleet.intervals,
		traffic,
		inventory: inventory?.rows ?? [],
		pods: observed.pods,
		probes,
		statements: [...evidence.statements, ...ownersWord(observed)],
		listTroubles: observed.listTroubles,
		evidenceTroubles: [...evidenceTroubles(observed), ...observed.troubles],
		lookalikes: observed.lookalikes,
	});
	return {
		schema: 2,
		rotation: {
			name: fleet.name,
			provider: fleet.provider.title,
			started: fleet.started,
			deadline: fleet.deadline?.at,
			deadlineSource: fleet.deadline?.source,
			clockOffsetMs: newest(probes)?.clockOffsetMs,
			watchSince: since.reduce<number | undefined>((latest, each) => Math.max(latest ?? 0, each), undefined),
			staleAfterMs: fleet.provider.staleAfterMs,
			now,
		},
		judgement: withFirstSeen(judgement, traffic),
		names: Object.fromEntries(Object.entries(tokens).map(([name, fingerprint]) => [fingerprint, name])),
		inventory: inventory && sums(inventory, pair),
		gateways,
		series,
	};
}

/** With the time of each token's first request, where its counters have it, and not only its minute. */
function withFirstSeen(judgement: Judgement, traffic: readonly TrafficCounter[]): Judgement {
	const first = new Map<string, number>();
	for (const counter of traffic) {
		if (isOwnProbe(counter)) continue;
		const at = counter.firstSeen ?? counter.minute * MINUTE_MS;
		first.set(counter.fingerprint, Math.min(at, first.get(counter.fingerprint) ?? at));
	}
	const tokens = judgement.tokens.map((token) => ({ ...token, firstSeen: first.get(token.fingerprint) }));
	return { ...judgement, tokens };
}

/** Joins each series in the evidence with the latest reading; includes series that could never be read. */
function joined(kept: readonly KeptSeries[], looked: readonly LookedSeries[]): WatchedSeries[] {
	const key = ({ place, source }: { place: string; source: string }) => JSON.stringify([place, source]);
	const looks = new Map(looked.map((each) => [key(each), each]));
	const known = kept.map((one): WatchedSeries => {
		const { isRead: _, shown: __, interval, ...each } = one;
		const look = looks.get(key(each));
		looks.delete(key(each));
		return {
			...each,
			// At most the longest interval there was between two readings.
			toleranceMs: interval + LOOK_MS,
			trouble: look?.trouble,
			unattributed: look ? look.unattributed : unattributedThen(one),
			limits: [...each.limits, ...((look ? look.limits : one.shown?.limits) ?? [])],
		};
	});
	const places = new Set(known.map(({ place }) => place));
	const others = [...looks.values()]
		// A place that writes its own evidence need not be read.
		.filter(({ place, trouble }) => trouble !== undefined || !places.has(place))
		.map(
			(each): WatchedSeries => ({
				...each,
				since: undefined,
				until: undefined,
				toleranceMs: LOOK_MS,
				isAttributed: false,
				isClosed: false,
			}),
		);
	const all = [...known, ...others];
	const attributed = new Set(all.filter(({ isAttributed }) => isAttributed).map(({ place }) => place));
	// Of one place's pages, those that only show what it received need not count by token.
	return all.filter(
		({ place, isAttributed, trouble }) => isAttributed || trouble !== undefined || !attributed.has(place),
	);
}

/** What another program noted of a source that it reads. */
function unattributedThen({ isRead, shown }: KeptSeries): readonly string[] | undefined {
	if (!isRead || shown) return shown?.unattributed;
	return [NOT_RECORDED];
}

/** The exporters of places that another program reads into this folder. */
function keptExporters(kept: readonly KeptSeries[], looked: readonly LookedSeries[]): GatewayExporter[] {
	const places = new Set(looked.map(({ place }) => place));
	const others = kept.filter(({ isRead, place }) => isRead && !places.has(place));
	const newest = new Map<string, KeptSeries>();
	for (const each of others) if (each.until >= (newest.get(each.place)?.until ?? 0)) newest.set(each.place, each);
	return [...newest.values()].flatMap(({ place, shown, until }) =>
		exportersOf(place, shown?.exporters ?? [], until, losingOf(shown?.tallies)),
	);
}

/** Problems with the evidence; a missing folder does not matter if there is only an inventory. */
function evidenceTroubles({ evidence, inventory, looked }: Observed): FileTrouble[] {
	if (!evidence.exists && inventory !== undefined && looked.length === 0) return [];
	return evidence.warnings.map(({ what, where, got, fix }) => ({
		where: where?.file ?? "evidence",
		what: got === undefined ? what : `${what}: ${got}`,
		fix,
	}));
}

/** Statements in the fleet file, which apply to this rotation. */
function ownersWord({ fleet, tokens }: Observed): Statement[] {
	return fleet.attested.map(({ where: _, ...each }) => ({ ...each, old: tokens["old"] ?? "" }));
}

function newest(probes: readonly ProbeEvidence[]): ProbeEvidence | undefined {
	const known = probes.filter(({ clockOffsetMs }) => clockOffsetMs !== undefined);
	return known.reduce<ProbeEvidence | undefined>((best, each) => (best && best.at > each.at ? best : each), undefined);
}

function sums({ rows, bad }: Inventory, pair: RotationTokens): InventorySums {
	const count = (test: (row: Inventory["rows"][number]) => boolean) => rows.filter(test).length;
	const isOf = (id: string | undefined) => (row: Inventory["rows"][number]) =>
		id !== undefined && row.fingerprint === id;
	const [onOld, onNew] = [count(isOf(pair.old)), count(isOf(pair.new))];
	return {
		hosts: rows.length,
		onOld,
		onNew,
		other: count(({ fingerprint }) => fingerprint !== undefined) - onOld - onNew,
		drift: count(({ state }) => state === "drift"),
		absent: count(({ state }) => state === "absent"),
		refused: count(({ state }) => state === "refused"),
		error: count(({ state }) => state === "error"),
		unreported: count(({ state }) => state === "unreported"),
		badLines: bad,
	};
}
