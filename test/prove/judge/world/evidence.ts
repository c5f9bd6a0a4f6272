import type { InventoryRow, ProbeEvidence, Statement } from "../../../../src/prove/evidence/evidence.ts";
import { newTrafficLedger, type TrafficLedger } from "../../../../src/prove/evidence/traffic.ts";
import type { FileTrouble, GatewayExporter, JudgementInput, WatchedSeries } from "../../../../src/prove/judge/case.ts";
import { probeHost } from "../../../../src/prove/judge/own-probes.ts";
import { DAY, type Machine, MINUTE, type Place, type Process, tokenAt, type World } from "./world.ts";

/** The real world begins here; the rotation is at this moment. */
export const EPOCH = Date.UTC(2026, 1, 2);
export const OLD = "aaaaaaaaaaaa";
export const NEW = "bbbbbbbbbbbb";

/** One request as a place saw it, before it becomes evidence. */
export interface Seen {
	readonly machine: Machine;
	readonly process: Process;
	at: number;
	host: string;
	fingerprint: string;
	place: string;
	status: number;
}

/** What the program knows at a moment, still open to be spoilt. */
export interface Draft {
	readonly now: number;
	seen: Seen[];
	series: (WatchedSeries & { readonly place: string })[];
	exporters: GatewayExporter[];
	expectedHosts: string[];
	inventory: InventoryRow[];
	statements: Statement[];
	probes: ProbeEvidence[];
	listTroubles: FileTrouble[];
	evidenceTroubles: FileTrouble[];
	direct: string[];
	tokens: { old: string; new: string };
	/** Added to every time of a place. */
	skew: Map<string, number>;
	/** Noise that is no sender: made-up credentials, own probes. */
	noise: (Omit<Seen, "machine" | "process"> & { readonly cli: string })[];
	/** Senders that are known though nothing here shows them: the truth that the answer is held against. */
	known: { readonly process: Process; readonly why: string }[];
	/** Exporters that go on with the old token. */
	staleExporters: boolean;
}

/** What the program would have seen of a whole, honest world up to a moment. */
export function observeWorld(world: World, now: number): Draft {
	const { machines, places, watchFrom } = world;
	const seen = machines.flatMap((machine) =>
		machine.isDirect
			? []
			: machine.processes.flatMap((process) =>
					process.sends
						.filter((at) => at >= watchFrom && at <= now)
						.map((at): Seen => seenAt(machine, process, at, places))
						// What a page counted is known once it is read.
						.filter(({ at }) => at <= now),
				),
	);
	return {
		now,
		seen,
		series: places.map((place) => seriesOf(place, watchFrom, now)),
		exporters: places.map(({ name, exporterMoves }): GatewayExporter => exporterAt(name, exporterMoves, now)),
		expectedHosts: machines.filter(({ isListed }) => isListed).map(({ name }) => name),
		inventory: [],
		statements: [],
		probes: [],
		listTroubles: [],
		evidenceTroubles: [],
		direct: machines.filter(({ isDirect }) => isDirect).map(({ name }) => name),
		tokens: { old: OLD, new: NEW },
		skew: new Map(),
		// A marked test record with the old token went through each place once.
		noise: places.map(({ name }) => ({
			at: watchFrom + MINUTE,
			host: probeHost(OLD),
			fingerprint: OLD,
			place: name,
			status: 200,
			cli: "crossfade-probe",
		})),
		known: machines.flatMap(({ isListed, processes }) =>
			processes
				.filter((process) => isListed || wasSeen(process, watchFrom, now))
				.map((process) => ({ process, why: "listed or seen" })),
		),
		staleExporters: places.some(({ exporterMoves = 0 }) => exporterMoves > now),
	};
}

function wasSeen({ sends }: Process, from: number, to: number): boolean {
	return sends.some((at) => at >= from && at <= to);
}

function seenAt(machine: Machine, process: Process, at: number, places: readonly Place[]): Seen {
	const place = places[process.place] as Place;
	const isNew = tokenAt(process, at) === "new";
	return {
		machine,
		process,
		// A page is read now and then; what it counted is dated to that moment.
		at: place.kind === "page" ? Math.ceil(at / place.lookEvery) * place.lookEvery : at,
		host: machine.hostName,
		fingerprint: isNew ? NEW : OLD,
		place: place.name,
		status: isNew && process.isRefused ? 401 : place.kind === "page" ? 0 : 200,
	};
}

function seriesOf({ name, kind }: Place, since: number, until: number): WatchedSeries {
	return {
		place: name,
		source: kind === "tap" ? name : `http://${name}:8888/metrics`,
		since: EPOCH + since,
		until: EPOCH + until,
		toleranceMs: 5 * MINUTE,
		isAttributed: true,
		isClosed: false,
	};
}

function exporterAt(gateway: string, moves: number | undefined, now: number): GatewayExporter {
	const fingerprint = moves === undefined ? "passed on" : now >= moves ? NEW : OLD;
	return { gateway, fingerprint, witness: "its metrics", at: EPOCH + now };
}

/** The evidence as files hold it, and with it what the judge is asked. */
export function judgeInput(world: World, draft: Draft): JudgementInput {
	const ledger = newTrafficLedger();
	const at = (place: string, time: number) => Math.round(EPOCH + time + (draft.skew.get(place) ?? 0));
	for (const each of draft.seen) add(ledger, each, each.process.cli, at(each.place, each.at));
	for (const each of draft.noise) add(ledger, each, each.cli, at(each.place, each.at));
	// As a writer does every minute: old minutes are merged.
	if (world.isCompacted) ledger.compact(EPOCH + draft.now);
	return {
		now: Math.round(EPOCH + draft.now),
		tokens: draft.tokens,
		started: EPOCH,
		deadline: EPOCH + 30 * DAY,
		series: draft.series.map((each) => shifted(each, draft.skew.get(each.place) ?? 0)),
		exporters: draft.exporters,
		expectedHosts: draft.expectedHosts,
		expectedClis: [],
		directHosts: draft.direct,
		intervals: { fleet: world.every, hosts: {}, clis: {} },
		traffic: ledger.counters(),
		inventory: draft.inventory,
		probes: draft.probes,
		statements: draft.statements,
		listTroubles: draft.listTroubles,
		evidenceTroubles: draft.evidenceTroubles,
		lookalikes: {},
	};
}

function shifted(series: WatchedSeries, by: number): WatchedSeries {
	const { since, until } = series;
	return {
		...series,
		since: since === undefined ? undefined : Math.round(since + by),
		until: until === undefined ? undefined : Math.round(until + by),
	};
}

function add(
	ledger: TrafficLedger,
	{ fingerprint, place, host, status }: Pick<Seen, "fingerprint" | "place" | "host" | "status">,
	cli: string,
	at: number,
): void {
	ledger.add({
		at,
		fingerprint,
		place,
		host,
		cli,
		version: "1.0",
		signal: "logs",
		requests: 1,
		records: 1,
		bytes: 1,
		lastStatus: status,
	});
}
