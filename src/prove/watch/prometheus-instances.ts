import { largest } from "../../base/largest.ts";
import type { CounterReading, ExporterTally } from "../evidence/readings.ts";
import { acceptedOnPage, countersOn } from "../metrics/counters.ts";
import type { Labels, Sample } from "../metrics/exposition.ts";
import { exporterTokens, limitsOnPage, processStart, runningTotals } from "../metrics/running-totals.ts";
import { healthOf, talliesOf } from "./health.ts";
import type { Series } from "./prometheus-api.ts";

/** A target that a server scrapes, or that is pushed to it. */
export interface Instance {
	readonly source: string;
	readonly job: string;
	readonly place: string;
	/** At the newest moment read; undefined if the server no longer has it. */
	isUp: boolean | undefined;
	/** Whether it counts by token; other instances of its job may not. */
	tells: boolean;
	/** Several targets have the same job and instance, so that one of them can hide another. */
	isSeveral?: boolean;
	/** The newest reading, and the one before it. */
	newest?: CounterReading;
	previous?: CounterReading | undefined;
	/** See `exporterTokens` and `limitsOnPage`. */
	exporters?: readonly string[];
	limits?: readonly string[];
	/** See `talliesOf`. */
	tallies?: readonly ExporterTally[] | undefined;
}

export function newInstance(source: string, { job = "", instance = "" }: Labels, tells: boolean): Instance {
	return { source, job, place: instance || job || "prometheus", isUp: undefined, tells };
}

/** What a server answers about a span of time. */
export interface PrometheusAnswers {
	readonly health: readonly Series[];
	/** When the values of each instance came, in seconds since the epoch. */
	readonly sampled: readonly Series[];
	readonly starts: readonly Series[];
	/** See `collectorStarts`. */
	readonly collectors: readonly Series[];
	readonly totals: readonly Series[];
	readonly accepted: readonly Series[];
	readonly about: readonly Series[];
	/** What exporters sent and dropped. */
	readonly sent: readonly Series[];
}

/** Each instance's values at each scrape. Without a scrape there is no reading, and no silence. */
export function readings(
	times: readonly number[],
	{ health, sampled, starts, collectors, totals, accepted, about, sent }: PrometheusAnswers,
	instances: readonly Instance[],
): { readonly reading: CounterReading; readonly instance: Instance }[] {
	const [up, cameAt, start, own] = [bySource(health), bySource(sampled), bySource(starts), bySource(totals)];
	const [taken, says] = [bySource(accepted), bySource(about)];
	// A collector's own counters and those by token can be two pages of one host.
	const exported = bySource(sent, onHost);
	const started = bySource(collectors, onHost);
	return times.flatMap((at) =>
		instances.flatMap((instance) => {
			const samples = own.get(instance.source)?.get(at) ?? [];
			const targets = up.get(instance.source)?.get(at) ?? [];
			if (targets.length > 1) instance.isSeveral = true;
			// Pushed metrics have no `up`.
			instance.isUp =
				targets.length === 0 ? samples.length > 0 || undefined : targets.every(({ value }) => value === 1);
			const came = cameAt.get(instance.source)?.get(at) ?? [];
			if (!instance.isUp || came.length === 0) return [];
			const { source } = instance;
			const host = hostOf(labelsOf(source)["instance"] ?? "");
			const [collector, ...others] = started.get(host)?.get(at) ?? [];
			const sampledAt = Math.min(at, Math.round(largest(came.map(({ value }) => value)) * 1000));
			const reading: CounterReading = {
				source,
				at: sampledAt,
				started: processStart(start.get(source)?.get(at) ?? [], sampledAt),
				...(collector && others.length === 0 && { hostStarted: Math.ceil(collector.value * 1000) }),
				isComplete: true,
				totals: runningTotals(samples),
				accepted: acceptedOnPage(taken.get(source)?.get(at) ?? []),
			};
			const said = [...samples, ...(says.get(source)?.get(at) ?? [])];
			instance.exporters = exporterTokens(said);
			instance.limits = limitsOnPage(said);
			const counters = exported.get(host)?.get(at);
			if (counters) {
				const health = healthOf(countersOn({ samples: counters, badLines: 0 }));
				instance.tallies = talliesOf(health, instance.tallies ?? []);
			}
			return [{ reading, instance }];
		}),
	);
}

/** By source and moment. */
type SamplesAt = Map<string, Map<number, Sample[]>>;

function bySource(all: readonly Series[], keyOf = sourceOf): SamplesAt {
	const found = new Map<string, Map<number, Sample[]>>();
	for (const { labels, values } of all) {
		const { __name__: name = "", ...rest } = labels;
		const source = keyOf(labels);
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

export function sourceOf({ instance = "", job = "" }: Labels): string {
	return JSON.stringify([job, instance]);
}

function onHost({ instance = "" }: Labels): string {
	return hostOf(instance);
}

/** `gw-1` of `gw-1:8888`. */
function hostOf(instance: string): string {
	return instance.replace(/:\d+$/, "");
}

export function labelsOf(source: string): Labels {
	const [job = "", instance = ""] = JSON.parse(source) as string[];
	return { job, instance };
}
