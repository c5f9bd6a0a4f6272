import { type Signal, signals } from "../../adapters/providers/provider.ts";
import { ownEntry } from "../../base/lookup.ts";
import { type Exposition, parseExposition, type Sample } from "./exposition.ts";
import { processStart, runningTotals } from "./running-totals.ts";

/** A collector's exporter counters since its start, for one signal. */
export interface ExporterCounters {
	/** Records the backend accepted. */
	sent: number;
	/** Records dropped permanently, after retries. */
	sendFailed: number;
	/** Records dropped because the queue was full. */
	enqueueFailed: number;
	/** Waiting requests. */
	queueSize: number;
	queueCapacity: number;
	/** `sendFailed` by reason, e.g. `Unauthenticated`; only from collectors at level `detailed`. */
	readonly reasons: Map<string, number>;
}

/** A collector's counters since its start, for one signal: all receivers and exporters together, and each exporter by id. */
export interface SignalCounters extends Omit<ExporterCounters, "reasons"> {
	/** Records its receivers accepted. */
	accepted: number;
	/** Records its receivers refused; the client was told. */
	refused: number;
	/** By component id: `otlp_http/NAME`, or Alloy's `otelcol.exporter.otlphttp.NAME`. */
	readonly exporters: Map<string, ExporterCounters>;
}

/** A collector's own metrics. Totals start at zero with the process: only differences matter. */
export interface GatewayCounters {
	readonly signals: Readonly<Record<Signal, SignalCounters>>;
	/** Whether the page has any collector metric; false for other pages. */
	readonly isCollector: boolean;
	/** Lines not in Prometheus' text format. */
	readonly badLines: number;
}

/** Counters with what tells whose they are. */
export interface AttributedCounters extends GatewayCounters {
	/** Records by `<fingerprint> <signal>`. */
	readonly tokens: ReadonlyMap<string, number>;
	/** The processes that wrote the page: their instance ids, and when the youngest started, in milliseconds since the epoch. */
	readonly writers: { readonly instances: readonly string[]; readonly started: number | undefined };
}

const UNITS: Readonly<Record<string, Signal>> = { log_records: "logs", metric_points: "metrics", spans: "traces" };

/**
 * Names of the counters we read. The prefix is absent in old Alloy, whose names also end in `_ratio_total`; `_total` comes and goes with
 * the release and the reader's settings; newer releases count `receiver_failed` apart from `receiver_refused`.
 * https://github.com/open-telemetry/opentelemetry-collector/blob/v0.159.0/exporter/exporterhelper/documentation.md
 */
const COUNTER =
	/^(?:otelcol_)?(receiver_(?:accepted|refused|failed)|exporter_(?:sent|send_failed|enqueue_failed))_(log_records|metric_points|spans)(?:_ratio)?(?:_total)?$/;
const QUEUE = /^(?:otelcol_)?exporter_(queue_size|queue_capacity)(?:_ratio)?$/;

const FIELDS = {
	receiver_accepted: "accepted",
	receiver_refused: "refused",
	receiver_failed: "refused",
	exporter_sent: "sent",
	exporter_send_failed: "sendFailed",
	exporter_enqueue_failed: "enqueueFailed",
	queue_size: "queueSize",
	queue_capacity: "queueCapacity",
} as const;

/**
 * Reads a collector's own metrics (its page on port 8888, or Alloy's on 12345), of any release. Never throws: missing values are zero, and
 * other pages have `isCollector` false.
 */
export function gatewayCounters(text: string): GatewayCounters {
	return countersOn(parseExposition(text));
}

/** The same from parsed samples. */
export function countersOn({ samples, badLines }: Exposition): GatewayCounters {
	const counters = Object.fromEntries(signals.map((signal) => [signal, noCounters()])) as Record<
		Signal,
		SignalCounters
	>;
	for (const sample of samples) {
		if (!Number.isFinite(sample.value)) continue;
		const [, counter = "", unit = ""] = COUNTER.exec(sample.name) ?? QUEUE.exec(sample.name) ?? [];
		const field = FIELDS[counter as keyof typeof FIELDS];
		if (field) for (const signal of signalsOf(sample, unit)) count(counters[signal], field, sample);
	}
	return { signals: counters, isCollector: samples.some(({ name }) => /^otelcol_|^alloy_/.test(name)), badLines };
}

/** Receivers whose senders use a token; what a collector scrapes or reads itself has none. */
const OTLP_RECEIVER = /(^|\.)otlp/;

/** What the OTLP receivers of a collector accepted since it started, by signal; undefined if the page does not show it. */
export function acceptedOnPage(samples: readonly Sample[]): Partial<Record<Signal, number>> | undefined {
	let accepted: Partial<Record<Signal, number>> | undefined;
	for (const { name, labels, value } of samples) {
		const [, counter, unit = ""] = COUNTER.exec(name) ?? [];
		const signal = ownEntry(UNITS, unit);
		if (counter !== "receiver_accepted" || !signal || !Number.isFinite(value)) continue;
		accepted ??= {};
		if (!OTLP_RECEIVER.test(labels["receiver"] ?? labels["component_id"] ?? "")) continue;
		accepted[signal] = (accepted[signal] ?? 0) + Math.floor(value);
	}
	return accepted;
}

/** What `acceptedOnPage` needs, as a PromQL selector. */
export const acceptedSelector =
	'{__name__=~"(?:otelcol_)?receiver_accepted_(log_records|metric_points|spans)(?:_ratio)?(?:_total)?"}';

/** What an exporter's counters need, as a PromQL selector. */
export const exporterSelector =
	'{__name__=~"(?:otelcol_)?exporter_(?:sent|send_failed|enqueue_failed)_(?:log_records|metric_points|spans)(?:_ratio)?(?:_total)?"}';

/**
 * The same of a page that came at this time, with records by `<fingerprint> <signal>` if it counts by token, and with the processes that
 * wrote it: `service.instance.id` is new with every start of one.
 * https://opentelemetry.io/docs/specs/semconv/resource/#service-experimental
 */
export function gatewayReading(text: string, at: number): AttributedCounters {
	const page = parseExposition(text);
	const tokens = new Map<string, number>();
	for (const { fingerprint, signal, unit, value } of runningTotals(page.samples)) {
		const key = `${fingerprint} ${signal}`;
		if (unit === "records") tokens.set(key, (tokens.get(key) ?? 0) + value);
	}
	return {
		...countersOn(page),
		tokens,
		writers: { instances: instancesOn(page.samples), started: processStart(page.samples, at) },
	};
}

function instancesOn(samples: readonly Sample[]): string[] {
	const found = samples
		.filter(({ name }) => name === "target_info" || /^otelcol_/.test(name))
		.flatMap(({ labels }) => labels["service_instance_id"] ?? []);
	return [...new Set(found)].sort();
}

/** A queue without a signal, as in old releases, applies to all. */
function signalsOf({ labels }: Sample, unit: string): readonly Signal[] {
	const signal = ownEntry(UNITS, unit) ?? labels["data_type"];
	return signal === undefined ? signals : signals.filter((each) => each === signal);
}

function count(into: SignalCounters, field: (typeof FIELDS)[keyof typeof FIELDS], { labels, value }: Sample): void {
	into[field] += value;
	if (field === "accepted" || field === "refused") return;
	const id = labels["component_id"] ?? labels["exporter"] ?? "";
	const exporter = into.exporters.get(id) ?? { ...noExporterCounters(), reasons: new Map<string, number>() };
	into.exporters.set(id, exporter);
	exporter[field] += value;
	const reason = labels["error_type"];
	if (field === "sendFailed" && reason) exporter.reasons.set(reason, (exporter.reasons.get(reason) ?? 0) + value);
}

function noExporterCounters() {
	return { sent: 0, sendFailed: 0, enqueueFailed: 0, queueSize: 0, queueCapacity: 0 };
}

function noCounters(): SignalCounters {
	return { ...noExporterCounters(), accepted: 0, refused: 0, exporters: new Map() };
}
