import { MINUTE_MS } from "../../base/duration.ts";
import { CrossfadeError } from "../../base/errors.ts";
import type { Fleet } from "../../spec/fleet.ts";
import type { CounterReading } from "../evidence/readings.ts";
import type { EvidenceStore, ReadingWriter } from "../evidence/store.ts";
import type { Labels, Sample } from "../metrics/exposition.ts";
import { KEPT_IN, processStart, runningTotals, selectors, startSelector } from "../metrics/running-totals.ts";
import type { GatewayView } from "../overlap/view.ts";
import { type PrometheusApi, PrometheusTrouble, prometheusApi, type Series } from "./prometheus-api.ts";
import { type SourceLook, shownUrl, type TrafficSource, type WatchEffects } from "./source.ts";

const DAY_MS = 24 * 60 * MINUTE_MS;
/** For one reading; a long history takes several. */
const LOOK_MS = 20_000;
/** Counters are stored per minute. */
const STEP_MS = MINUTE_MS;
/** For shorter gaps only the newest values are read; for longer spans this end is read in fine steps. */
const SHORT_MS = 2 * MINUTE_MS;
const FINE_STEP_MS = 5_000;
/** A server returns at most 11,000 points per series; fewer keep responses small. */
const MAX_STEPS = 10_000;
const STEPS_A_QUESTION = 120;
/** Maximum number of instances to show. */
const MAX_SHOWN = 50;

/**
 * A Prometheus server that scrapes the gateways, queried over HTTP without credentials. Its history counts too, but only
 * time with samples is watched time. Skips instances whose pages are read directly, and taps that store
 * their counters in the same evidence folder.
 */
export function prometheusSource(fx: WatchEffects, store: EvidenceStore, base: string, fleet: Fleet): TrafficSource {
	const direct = new Set(fleet.gateways.flatMap(({ metrics }) => metrics.map((url) => new URL(url).host)));
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
			return seen(writer, instances, why, [...api.warnings]);
		},
		async close() {
			await writer?.close().catch(() => undefined);
		},
	};

	function failed(why: string): SourceLook {
		return { gateways: [], warnings: [`the Prometheus server at ${url}: ${why}`], blindSince: undefined };
	}

	function seen(
		{ marks }: ReadingWriter,
		instances: ReadonlyMap<string, Instance>,
		why: string | undefined,
		said: readonly string[],
	): SourceLook {
		const attributed = [...marks.values()].filter(({ isAttributed }) => isAttributed);
		const present = [...instances.values()].filter(({ isUp }) => isUp !== undefined);
		const down = present.filter(({ isUp }) => !isUp);
		const unread = why === undefined ? down.flatMap(({ source }) => marks.get(source) ?? []) : attributed;
		const blind = unread.filter(({ isAttributed }) => isAttributed).map(({ at }) => at);
		const nothing = why === undefined && attributed.length === 0;
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
			warnings: [
				...(why === undefined ? [] : [`the Prometheus server at ${url} cannot be read: ${why}`]),
				...(nothing
					? [`the Prometheus server at ${url} has no counters that tell tokens apart: it is no evidence of anything`]
					: []),
				...said.map((text) => `the Prometheus server at ${url} warns: ${text}`),
			],
			// The server may recover with its history: until then only the last reading is known.
			blindSince: blind.length === 0 ? undefined : why === undefined ? Math.min(...blind) : Math.max(...blind),
		};
	}
}

/** Start of the relevant history: the rotation, otherwise the overlap's length before the deadline, otherwise a day. */
function beginning({ started, deadline, provider }: Fleet, now: number): number {
	const from = started ?? (deadline ? deadline.at - (provider.overlapMs ?? DAY_MS) : now - DAY_MS);
	return Math.min(from, now - SHORT_MS);
}

interface Instance {
	readonly source: string;
	readonly job: string;
	readonly place: string;
	/** At the newest moment read; undefined if the server no longer has it. */
	isUp: boolean | undefined;
}

interface Task {
	/** The start of history, and how far it was read. */
	readonly begin: number;
	readonly last: number | undefined;
	readonly to: number;
	/** `host:port` of pages that are read directly. */
	readonly direct: ReadonlySet<string>;
	/** The evidence folder's id; programs that store their counters there themselves are skipped. */
	readonly own: string;
	readonly instances: Map<string, Instance>;
	readonly writer: ReadingWriter;
}

/** Reads a time span, oldest first, so that an interrupted reading keeps its progress. */
async function follow(api: PrometheusApi, task: Task): Promise<void> {
	const { begin, last = begin, to, direct, own, instances, writer } = task;
	const kept = (await api.series([`${KEPT_IN}{folder="${own}"}`], last, to))
		.filter(({ __name__: name, folder }) => name === KEPT_IN && folder === own)
		.map(sourceOf);
	const known = [...(await api.series(selectors, last, to)), ...[...writer.marks.keys()].map(labelsOf)];
	for (const { instance = "", job = "" } of known) {
		const source = sourceOf({ instance, job });
		if (direct.has(instance) || kept.includes(source) || instances.has(source)) continue;
		instances.set(source, { source, job, place: instance || job || "prometheus", isUp: undefined });
	}
	const all = [...instances.values()];
	const isKnown = ({ source }: Instance) => writer.marks.has(source);
	await readSpan(api, writer, all.filter(isKnown), questions(last, to));
	// A new series has its own history.
	await readSpan(
		api,
		writer,
		all.filter((each) => !isKnown(each)),
		questions(begin, to),
	);
}

async function readSpan(
	api: PrometheusApi,
	writer: ReadingWriter,
	instances: readonly Instance[],
	spans: readonly (readonly number[])[],
): Promise<void> {
	if (instances.length === 0) return;
	const jobs = [...new Set(instances.map(({ job }) => job))];
	const up = `up{job=~${JSON.stringify(jobs.map(escaped).join("|"))}}`;
	for (const times of spans) {
		const [first = 0, second = first + 1] = times;
		const ask = (query: string) => api.range(query, first, times.at(-1) ?? first, second - first);
		const health = await ask(up);
		const starts = await ask(`${startSelector} and on (instance, job) ${up}`);
		const totals: Series[] = [];
		for (const selector of selectors) totals.push(...(await ask(selector)));
		for (const { reading, place } of readings(times, { health, starts, totals }, instances))
			writer.take(reading, place);
	}
}

/** The moments to query, ending with `to`, in as many queries as needed; moments within a query are one step apart. */
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

/** A number of moments, one step apart, with the given last one. */
function moments(last: number, step: number, count: number): number[] {
	return Array.from({ length: count }, (_, index) => last - (count - 1 - index) * step);
}

interface PrometheusAnswers {
	readonly health: readonly Series[];
	readonly starts: readonly Series[];
	readonly totals: readonly Series[];
}

/** Each instance's values at each scrape. Without a scrape there is no reading, and no silence. */
function readings(
	times: readonly number[],
	{ health, starts, totals }: PrometheusAnswers,
	instances: readonly Instance[],
): { readonly reading: CounterReading; readonly place: string }[] {
	const [up, start, own] = [bySource(health), bySource(starts), bySource(totals)];
	return times.flatMap((at) =>
		instances.flatMap((instance) => {
			const samples = own.get(instance.source)?.get(at) ?? [];
			const scraped = up.get(instance.source)?.get(at)?.[0]?.value;
			// Pushed metrics have no `up`.
			instance.isUp = scraped === undefined ? samples.length > 0 || undefined : scraped === 1;
			if (!instance.isUp) return [];
			const { source, place } = instance;
			const started = processStart(start.get(source)?.get(at) ?? [], at);
			return [{ reading: { source, at, started, isComplete: true, totals: runningTotals(samples) }, place }];
		}),
	);
}

function bySource(all: readonly Series[]): Map<string, Map<number, Sample[]>> {
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

/** Escapes a text for a PromQL regular expression. https://github.com/google/re2/wiki/Syntax */
function escaped(text: string): string {
	return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
