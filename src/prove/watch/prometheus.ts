import { MINUTE_MS } from "../../base/duration.ts";
import { CrossfadeError } from "../../base/errors.ts";
import type { Fleet } from "../../spec/fleet.ts";
import type { CounterReading, Mark } from "../evidence/readings.ts";
import type { EvidenceStore, ReadingWriter } from "../evidence/store.ts";
import { acceptedOnPage, acceptedSelector } from "../metrics/counters.ts";
import type { Labels, Sample } from "../metrics/exposition.ts";
import {
	aboutSelector,
	exporterToken,
	KEPT_IN,
	limitsOnPage,
	processStart,
	runningTotals,
	selectors,
	startSelector,
} from "../metrics/running-totals.ts";
import type { LookedSeries } from "../overlap/observed.ts";
import type { GatewayView } from "../overlap/view.ts";
import { exporterOf, unattributedOf } from "./completeness.ts";
import { type PrometheusApi, PrometheusTrouble, prometheusApi, type Series } from "./prometheus-api.ts";
import { type SourceLook, shownUrl, type TrafficSource, type WatchEffects } from "./source.ts";

const DAY_MS = 24 * 60 * MINUTE_MS;
/** For one look; a long history takes several. */
const LOOK_MS = 20_000;
/** Counters are kept by the minute. */
const STEP_MS = MINUTE_MS;
/** Up to here only the newest values are asked for; of a longer span this end is read finely. */
const SHORT_MS = 2 * MINUTE_MS;
const FINE_STEP_MS = 5_000;
/** A server answers no more than 11,000 points a series; fewer at a time keep answers short. */
const MAX_STEPS = 10_000;
const STEPS_A_QUESTION = 120;
/** Instances that are shown. */
const MAX_SHOWN = 50;

/**
 * A Prometheus server that scrapes the gateways, asked over HTTP without credentials. What it saw before we came counts, too: but only
 * the time in which it has samples is watched time. Instances whose pages can be read directly (`readable`, as host:port) are left to
 * that, and taps that keep their counters in the same evidence folder to themselves.
 */
export function prometheusSource(
	fx: WatchEffects,
	store: EvidenceStore,
	base: string,
	{ fleet, readable }: { readonly fleet: Fleet; readonly readable: () => ReadonlySet<string> },
): TrafficSource {
	const url = shownUrl(base);
	let writer: ReadingWriter | undefined;
	return {
		async look() {
			const now = fx.clock.now();
			try {
				writer ??= await store.readingWriter("prometheus");
			} catch (error) {
				if (!(error instanceof CrossfadeError)) throw error;
				return failed(`what it knows cannot be kept: ${error.problems[0]?.what ?? error.message}`);
			}
			if (!writer) return failed("another crossfade reads it into this evidence folder");
			const marks = [...writer.marks.values()];
			const last = marks.length === 0 ? undefined : Math.max(...marks.map(({ at }) => at));
			const api = prometheusApi(fx, base, now + LOOK_MS);
			const instances = new Map<string, Instance>();
			const before = new Map(writer.marks);
			const direct = readable();
			let why: string | undefined;
			try {
				const own = await store.id();
				await follow(api, { begin: beginning(fleet, now), last, to: now, direct, own, instances, writer });
			} catch (error) {
				if (!(error instanceof PrometheusTrouble)) throw error;
				why = error.message;
			}
			await writer.flush().catch((error: unknown) => {
				why ??= `what it knows cannot be kept: ${(error as Error).message}`;
			});
			return lookAt({ url, marks: writer.marks, before, instances, why, said: [...api.warnings] });
		},
		async close() {
			await writer?.close().catch(() => undefined);
		},
	};

	function failed(why: string): SourceLook {
		return {
			gateways: [],
			looked: [{ place: `Prometheus at ${url}`, source: url, trouble: why }],
			exporters: [],
			troubles: [],
		};
	}
}

function lookAt({ url, marks, before, instances, why, said }: ServerReading): SourceLook {
	const all = [...instances.values()];
	const present = all.filter(({ isUp }) => isUp !== undefined);
	const server = { place: `Prometheus at ${url}`, source: url };
	const nothing = [...marks.values()].every(({ isAttributed }) => !isAttributed);
	const noCounters = "it has no counters that tell tokens apart: it is no evidence of anything";
	return {
		gateways: present.slice(0, MAX_SHOWN).map(
			({ place, job, source, isUp }): GatewayView => ({
				place,
				url,
				state: why === undefined ? (isUp ? "up" : "down") : "unknown",
				detail: isUp ? `job ${job}` : `job ${job}: Prometheus cannot scrape it`,
				at: marks.get(source)?.at,
			}),
		),
		looked: [
			...(why === undefined ? [] : [{ ...server, trouble: why }]),
			...(nothing && why === undefined ? [{ ...server, trouble: noCounters }] : []),
			...all.map((each) => lookedInstance(each, before)),
		],
		exporters: present.map(({ place, source, exporter }) => exporterOf(place, exporter, marks.get(source)?.at)),
		// What a server cuts off, it says in a warning.
		troubles: said.map((what) => ({
			where: `Prometheus at ${url}`,
			what: `it warns: ${what}`,
			fix: "raise that limit of the server, or name the gateways' own pages",
		})),
	};
}

interface ServerReading {
	/** As it may be shown. */
	readonly url: string;
	readonly marks: ReadonlyMap<string, Mark>;
	/** What they were before this look. */
	readonly before: ReadonlyMap<string, Mark>;
	readonly instances: ReadonlyMap<string, Instance>;
	readonly why: string | undefined;
	readonly said: readonly string[];
}

function lookedInstance(instance: Instance, before: ReadonlyMap<string, Mark>): LookedSeries {
	const { place, job, source, isUp, newest, exporter, limits, tells } = instance;
	const mark = before.get(source);
	const unattributed =
		newest && tells
			? unattributedOf([newest], mark ? [mark] : [], newest.started, exporter === "passed on")
			: undefined;
	const trouble =
		isUp === false ? "Prometheus cannot scrape it" : tells ? undefined : "nothing there tells tokens apart";
	return { place, source, group: job, trouble, unattributed, limits };
}

/** Since when history is of interest: the rotation, else the length of the overlap before the deadline, else a day. */
function beginning({ started, deadline, provider }: Fleet, now: number): number {
	const from = started ?? (deadline ? deadline.at - (provider.overlapMs ?? DAY_MS) : now - DAY_MS);
	return Math.min(from, now - SHORT_MS);
}

interface Instance {
	readonly source: string;
	readonly job: string;
	readonly place: string;
	/** At the newest moment that was read; undefined when the server knows it no more. */
	isUp: boolean | undefined;
	/** Whether anything of it tells tokens apart; others of its job may not. */
	tells: boolean;
	/** The newest reading. */
	newest?: CounterReading;
	/** See `exporterToken` and `limitsOnPage`. */
	exporter?: string | undefined;
	limits?: readonly string[];
}

function newInstance(source: string, { job = "", instance = "" }: Labels, tells: boolean): Instance {
	return { source, job, place: instance || job || "prometheus", isUp: undefined, tells };
}

interface Task {
	/** Where history begins, and up to where it was read. */
	readonly begin: number;
	readonly last: number | undefined;
	readonly to: number;
	/** `host:port` of pages that are read directly. */
	readonly direct: ReadonlySet<string>;
	/** The id of the evidence folder; who keeps its counters there by itself is not read. */
	readonly own: string;
	readonly instances: Map<string, Instance>;
	readonly writer: ReadingWriter;
}

/** Reads a span of time, oldest first, so that what was read stays read when it is broken off. */
async function follow(api: PrometheusApi, task: Task): Promise<void> {
	const { begin, last = begin, to, direct, own, instances, writer } = task;
	const kept = (await api.series([`${KEPT_IN}{folder="${own}"}`], last, to))
		.filter(({ __name__: name, folder }) => name === KEPT_IN && folder === own)
		.map(sourceOf);
	const known = [...(await api.series(selectors, last, to)), ...[...writer.marks.keys()].map(labelsOf)];
	for (const { instance = "", job = "" } of known) {
		const source = sourceOf({ instance, job });
		if (direct.has(instance) || kept.includes(source) || instances.has(source)) continue;
		instances.set(source, newInstance(source, { job, instance }, true));
	}
	const all = [...instances.values()];
	const isKnown = ({ source }: Instance) => writer.marks.has(source);
	const others = await readSpan(api, writer, all.filter(isKnown), questions(last, to));
	// One that is new has a history of its own.
	const more = await readSpan(
		api,
		writer,
		all.filter((each) => !isKnown(each)),
		questions(begin, to),
	);
	for (const { labels, values } of [...others, ...more]) {
		const source = sourceOf(labels);
		const isHere = values.at(-1)?.[1] === 1;
		if (!isHere || direct.has(labels["instance"] ?? "") || kept.includes(source) || instances.has(source)) continue;
		instances.set(source, { ...newInstance(source, labels, false), isUp: true });
	}
}

async function readSpan(
	api: PrometheusApi,
	writer: ReadingWriter,
	instances: readonly Instance[],
	spans: readonly (readonly number[])[],
): Promise<Series[]> {
	if (instances.length === 0) return [];
	let newest: Series[] = [];
	const jobs = [...new Set(instances.map(({ job }) => job))];
	const up = `up{job=~${JSON.stringify(jobs.map(escaped).join("|"))}}`;
	for (const times of spans) {
		const [first = 0, second = first + 1] = times;
		const ask = (query: string) => api.range(query, first, times.at(-1) ?? first, second - first);
		const health = await ask(up);
		const starts = await ask(`${startSelector} and on (instance, job) ${up}`);
		const totals: Series[] = [];
		for (const selector of selectors) for (const each of await ask(selector)) totals.push(each);
		const accepted = await ask(acceptedSelector);
		const about = await ask(aboutSelector);
		for (const { reading, instance } of readings(times, { health, starts, totals, accepted, about }, instances))
			writer.take(reading, instance.place, instance.job);
		newest = health;
	}
	return newest;
}

/** The moments to ask for, ending with `to`, in as many questions as it takes; those of one question are a step apart. */
function questions(from: number, to: number): number[][] {
	const span = to - from;
	if (span < 1) return [];
	if (span <= SHORT_MS) return [[to]];
	const step = Math.max(STEP_MS, Math.ceil(span / MAX_STEPS));
	const coarse = moments(to - SHORT_MS, step, Math.floor((span - SHORT_MS) / step));
	const parts = Array.from({ length: Math.ceil(coarse.length / STEPS_A_QUESTION) }, (_, part) =>
		coarse.slice(part * STEPS_A_QUESTION, (part + 1) * STEPS_A_QUESTION),
	);
	return [...parts, moments(to, FINE_STEP_MS, SHORT_MS / FINE_STEP_MS)];
}

/** So many moments, a step apart, the last of them given. */
function moments(last: number, step: number, count: number): number[] {
	return Array.from({ length: count }, (_, index) => last - (count - 1 - index) * step);
}

interface PrometheusAnswers {
	readonly health: readonly Series[];
	readonly starts: readonly Series[];
	readonly totals: readonly Series[];
	readonly accepted: readonly Series[];
	readonly about: readonly Series[];
}

/** What each instance showed at each moment at which it was scraped. Where nobody scraped there is no reading, and no silence. */
function readings(
	times: readonly number[],
	{ health, starts, totals, accepted, about }: PrometheusAnswers,
	instances: readonly Instance[],
): { readonly reading: CounterReading; readonly instance: Instance }[] {
	const [up, start, own] = [bySource(health), bySource(starts), bySource(totals)];
	const [taken, says] = [bySource(accepted), bySource(about)];
	return times.flatMap((at) =>
		instances.flatMap((instance) => {
			const samples = own.get(instance.source)?.get(at) ?? [];
			const scraped = up.get(instance.source)?.get(at)?.[0]?.value;
			// What was pushed into the server has no `up`.
			instance.isUp = scraped === undefined ? samples.length > 0 || undefined : scraped === 1;
			if (!instance.isUp) return [];
			const { source } = instance;
			const reading: CounterReading = {
				source,
				at,
				started: processStart(start.get(source)?.get(at) ?? [], at),
				isComplete: true,
				totals: runningTotals(samples),
				accepted: acceptedOnPage(taken.get(source)?.get(at) ?? []),
			};
			const said = [...samples, ...(says.get(source)?.get(at) ?? [])];
			instance.newest = reading;
			instance.exporter = exporterToken(said);
			instance.limits = limitsOnPage(said);
			return [{ reading, instance }];
		}),
	);
}

/** By source and moment. */
type SamplesAt = Map<string, Map<number, Sample[]>>;

function bySource(all: readonly Series[]): SamplesAt {
	const found = new Map<string, Map<number, Sample[]>>();
	for (const { labels, values } of all) {
		const { __name__: name = "", ...rest } = labels;
		const source = sourceOf(labels);
		const moments = found.get(source) ?? new Map<number, Sample[]>();
		found.set(source, moments);
		for (const [at, value] of values) {
			const samples = moments.get(at);
			if (samples) samples.push({ name, labels: rest, value });
			else moments.set(at, [{ name, labels: rest, value }]);
		}
	}
	return found;
}

function sourceOf({ instance = "", job = "" }: Labels): string {
	return JSON.stringify([job, instance]);
}

function labelsOf(source: string): Labels {
	const [job = "", instance = ""] = JSON.parse(source) as string[];
	return { job, instance };
}

/** A text in a regular expression of PromQL, as itself. https://github.com/google/re2/wiki/Syntax */
function escaped(text: string): string {
	return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
