import { MINUTE_MS } from "../../base/duration.ts";
import { CrossfadeError } from "../../base/errors.ts";
import { largest } from "../../base/largest.ts";
import type { Fleet } from "../../spec/fleet.ts";
import { type Mark, NOT_RECORDED } from "../evidence/readings.ts";
import type { EvidenceStore, ReadingWriter } from "../evidence/store.ts";
import { exportersOf, losingOf } from "../judge/exporters.ts";
import { acceptedSelector, exporterSelector } from "../metrics/counters.ts";
import {
	aboutSelector,
	collectorStarts,
	KEPT_IN,
	selectors,
	selectorsOf,
	startSelector,
} from "../metrics/running-totals.ts";
import type { LookedSeries } from "../overlap/observed.ts";
import type { GatewayView } from "../overlap/view.ts";
import { unattributedOf } from "./completeness.ts";
import { type PrometheusApi, PrometheusTrouble, prometheusApi, type Series } from "./prometheus-api.ts";
import { type Instance, labelsOf, newInstance, readings, sourceOf } from "./prometheus-instances.ts";
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
 * time with samples is watched time. Skips instances whose pages can be read directly (`readable`, as host:port), and taps
 * that store their counters in the same evidence folder.
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
				return failed(`its counters cannot be saved: ${error.problems[0]?.what ?? error.message}`);
			}
			if (!writer) return failed("another crossfade process already reads it into this evidence folder");
			const marks = [...writer.marks.values()];
			const last = marks.length === 0 ? undefined : largest(marks.map(({ at }) => at));
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
			for (const instance of instances.values()) {
				const { source, newest, exporters = [], limits = [], tallies } = instance;
				if (newest) writer.note(source, { exporters, limits, unattributed: unattributed(instance, before), tallies });
			}
			await writer.flush().catch((error: unknown) => {
				why ??= `its counters cannot be saved: ${(error as Error).message}`;
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
	const noCounters = "it has no counters by token, so it is no evidence";
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
		exporters: present.flatMap(({ place, source, exporters = [], tallies }) =>
			exportersOf(place, exporters, marks.get(source)?.at, losingOf(tallies)),
		),
		// A server reports truncated results in a warning.
		troubles: said.map((what) => ({
			where: `Prometheus at ${url}`,
			what: `it warns: ${what}`,
			fix: "raise that limit of the server, or give the gateways' own metrics URLs",
		})),
	};
}

interface ServerReading {
	/** Safe to show. */
	readonly url: string;
	readonly marks: ReadonlyMap<string, Mark>;
	/** The marks before this reading. */
	readonly before: ReadonlyMap<string, Mark>;
	readonly instances: ReadonlyMap<string, Instance>;
	readonly why: string | undefined;
	readonly said: readonly string[];
}

function lookedInstance(instance: Instance, before: ReadonlyMap<string, Mark>): LookedSeries {
	const { place, job, source, isUp, limits, tells, isSeveral } = instance;
	const trouble = isSeveral
		? "several targets have this job and instance: give each its own instance label"
		: isUp === false
			? "Prometheus cannot scrape it"
			: tells
				? undefined
				: "it does not count by token";
	return {
		place,
		source,
		group: job,
		trouble,
		unattributed: tells ? unattributed(instance, before) : undefined,
		limits,
	};
}

function unattributed(
	{ source, newest, previous, exporters = [] }: Instance,
	before: ReadonlyMap<string, Mark>,
): readonly string[] {
	const mark = before.get(source);
	// The same samples as last time.
	if (!newest) return mark?.shown?.unattributed ?? [NOT_RECORDED];
	const last = previous ?? mark;
	return unattributedOf([newest], last ? [last] : [], newest.started, exporters[0] === "passed on");
}

/** Start of the relevant history: the rotation, otherwise the overlap's length before the deadline, otherwise a day. */
function beginning({ started, deadline, provider }: Fleet, now: number): number {
	const from = started ?? (deadline ? deadline.at - (provider.overlapMs ?? DAY_MS) : now - DAY_MS);
	return Math.min(from, now - SHORT_MS);
}

interface Task {
	/** The start of history, and how far it was read. */
	readonly begin: number;
	readonly last: number | undefined;
	readonly to: number;
	/** `host:port` of pages that are read directly. */
	readonly direct: ReadonlySet<string>;
	/** The evidence folder's id; programs that store their counters there themselves are skipped. */
	readonly own: string | undefined;
	readonly instances: Map<string, Instance>;
	readonly writer: ReadingWriter;
}

/** Reads a time span, oldest first, so that an interrupted reading keeps its progress. */
async function follow(api: PrometheusApi, task: Task): Promise<void> {
	const { begin, last = begin, to, direct, own, instances, writer } = task;
	const keepers = own === undefined ? [] : await api.series([`${KEPT_IN}{folder="${own}"}`], last, to);
	const kept = keepers.filter(({ __name__: name, folder }) => name === KEPT_IN && folder === own).map(sourceOf);
	const known = [...(await api.series(selectors, last, to)), ...[...writer.marks.keys()].map(labelsOf)];
	for (const { instance = "", job = "" } of known) {
		const source = sourceOf({ instance, job });
		if (direct.has(instance) || kept.includes(source) || instances.has(source)) continue;
		instances.set(source, newInstance(source, { job, instance }, true));
	}
	const names = [...new Set(known.flatMap((labels) => labels["__name__"] ?? []))];
	const all = [...instances.values()];
	const isKnown = ({ source }: Instance) => writer.marks.has(source);
	const others = await readSpan(api, writer, all.filter(isKnown), names, questions(last, to));
	// A new series has its own history.
	const more = await readSpan(
		api,
		writer,
		all.filter((each) => !isKnown(each)),
		names,
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
	names: readonly string[],
	spans: readonly (readonly number[])[],
): Promise<Series[]> {
	if (instances.length === 0) return [];
	for (const each of instances) each.tallies ??= writer.marks.get(each.source)?.shown?.tallies;
	let newest: Series[] = [];
	const jobs = [...new Set(instances.map(({ job }) => job))];
	const up = `up{job=~${JSON.stringify(jobs.map(escaped).join("|"))}}`;
	for (const times of spans) {
		const [first = 0, second = first + 1] = times;
		const ask = (query: string) => api.range(query, first, times.at(-1) ?? first, second - first);
		const health = await ask(up);
		// A server repeats a value for minutes after it came: only its own time shows that it is read.
		const scraped = await ask(`timestamp(${up})`);
		const sampled = [...scraped];
		// One name at a time: without their names two series can be the same, which is an error. And of anything but a name the function gives the
		// time of the question.
		for (const selector of names.flatMap(selectorsOf)) {
			const pushed = await ask(`max by (instance, job) (timestamp(${selector}) unless on (instance, job) ${up})`);
			for (const each of pushed) sampled.push(each);
		}
		const starts = await ask(`${startSelector} and on (instance, job) ${up}`);
		const totals: Series[] = [];
		for (const selector of selectors) for (const each of await ask(selector)) totals.push(each);
		const accepted = await ask(acceptedSelector);
		const about = await ask(aboutSelector);
		const sent = await ask(exporterSelector);
		const collectors = await ask(collectorStarts);
		const answers = { health, sampled, starts, collectors, totals, accepted, about, sent };
		for (const { reading, instance } of readings(times, answers, instances)) {
			// The same samples again.
			if (reading.at <= (writer.marks.get(instance.source)?.at ?? 0)) continue;
			instance.previous = instance.newest;
			instance.newest = reading;
			writer.take(reading, instance.place, instance.job);
		}
		newest = health;
	}
	return newest;
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

/** Escapes a text for a PromQL regular expression. https://github.com/google/re2/wiki/Syntax */
function escaped(text: string): string {
	return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
