import { createHash } from "node:crypto";
import { senderOf } from "../../adapters/clis/senders.ts";
import { signals } from "../../adapters/providers/provider.ts";
import { largest } from "../../base/largest.ts";
import { maskedSender } from "../../base/mask.ts";
import { fingerprint as fingerprintOf } from "../../token/fingerprint.ts";
import { redact } from "../../token/guard.ts";
import { MAX_TEXT } from "../otlp/senders.ts";
import type { CountedSignal } from "./counted-signal.ts";
import type { Labels, Sample } from "./exposition.ts";

/** Who sent with which token, as far as a series shows. */
export interface CountedSender {
	readonly fingerprint: string;
	readonly host: string;
	readonly cli: string;
	readonly version: string;
	readonly signal: CountedSignal;
}

/** A process's count for one sender since its start. Only differences matter. */
export interface RunningTotal extends CountedSender {
	/** Identifies the series across readings. */
	readonly id: string;
	/** `answers` are requests by how they were answered. */
	readonly unit: "requests" | "records" | "bytes" | "answers";
	/** A whole number. */
	readonly value: number;
	/** Its place sees answers, and counts them as a unit of their own. */
	readonly seesAnswers?: boolean | undefined;
	/** Of answers: the HTTP status, 0 if there was none, and whether every record was accepted. */
	readonly status?: number | undefined;
	readonly isTaken?: boolean | undefined;
}

/** A family of counters by token. */
interface MetricFamily {
	/** Matches the whole name, in syntax common to JavaScript and Prometheus. */
	readonly names: string;
	/** Alternative conditions on labels, in PromQL. */
	readonly where: readonly string[];
	/** Families of one group count the same traffic; only the first one on a page is used. */
	readonly group: string;
	/** `parts` are the groups of `names`; undefined if the series is not ours. */
	read(labels: Labels, parts: readonly string[]): Omit<RunningTotal, "id" | "value"> | undefined;
}

const SIGNALS: ReadonlyMap<string | undefined, CountedSignal> = new Map<string, CountedSignal>([
	["log_records", "logs"],
	["metric_points", "metrics"],
	["spans", "traces"],
	...[...signals, "other" as const].map((signal) => [signal, signal] as const),
]);

/** A collector component that handles only one token's data: `otlp/crossfade-fp-0123456789ab`. */
const COMPONENT = /crossfade[-_]fp[-_]([0-9a-f]{12}|other|none)$/;
const COMPONENT_MATCH = '=~".*crossfade[-_]fp[-_]([0-9a-f]{12}|other|none)"';

/** Prefix and suffixes vary by collector release and reader; see `metrics.ts`. */
const families: readonly MetricFamily[] = [
	{
		names: "crossfade_tap_(requests|records|bytes|answers)_total",
		where: [""],
		group: "tap",
		read: ({ fingerprint, signal, host, cli, status, accepted }, [unit]) => {
			const sender = senderFrom({ fingerprint, signal, host, cli, unit: unit as RunningTotal["unit"] });
			const answer = unit === "answers" && { status: Number(status) || 0, isTaken: accepted === "true" };
			return sender && { ...sender, seesAnswers: true, ...answer };
		},
	},
	{
		names: "crossfade_gateway_(log_records|metric_points|spans)(_total)?",
		where: [""],
		group: "gateway",
		read: (labels, [unit]) => senderFrom({ ...gatewaySender(labels), signal: SIGNALS.get(unit), unit: "records" }),
	},
	{
		names: "(?:otelcol_)?processor_incoming_items(?:_ratio)?(?:_total)?",
		where: [`processor${COMPONENT_MATCH}`, `component_id${COMPONENT_MATCH}`],
		group: "component",
		read: (labels) => componentSender(labels, labels["processor"], labels["otel_signal"]),
	},
	{
		names: "(?:otelcol_)?receiver_accepted_(log_records|metric_points|spans)(?:_ratio)?(?:_total)?",
		where: [`receiver${COMPONENT_MATCH}`, `component_id${COMPONENT_MATCH}`],
		group: "component",
		read: (labels, [unit]) => componentSender(labels, labels["receiver"], unit),
	},
];

const patterns = families.map((family) => ({ family, pattern: new RegExp(`^${family.names}$`) }));

/** PromQL selectors that together find every series we can read. */
export const selectors: readonly string[] = families.flatMap(({ names, where }) =>
	where.map((condition) => `{__name__=~"${names}"${condition === "" ? "" : `,${condition}`}}`),
);

/** The same for the series of one name, with that name and not a pattern for it. */
export function selectorsOf(name: string): readonly string[] {
	const found = patterns.filter(({ pattern }) => pattern.test(name));
	return found.flatMap(({ family }) => family.where.map((condition) => `${name}{${condition}}`));
}

/** The running totals on a page, without foreign series and non-counts; labels are treated as external text. */
export function runningTotals(samples: readonly Sample[]): RunningTotal[] {
	const found = samples.flatMap((sample) => {
		const total = totalOf(sample);
		return total ? [total] : [];
	});
	const chosen = new Map<string, MetricFamily>();
	for (const { family } of patterns) {
		if (!chosen.has(family.group) && found.some((each) => each.family === family)) chosen.set(family.group, family);
	}
	return found.filter(({ family }) => chosen.get(family.group) === family).map(({ total }) => total);
}

type Known = { readonly family: MetricFamily; readonly series: Omit<RunningTotal, "value"> } | undefined;

/** A series' identity from its labels; a Prometheus server sends them once for many values. */
const knownSeries = new WeakMap<Labels, { readonly name: string; readonly known: Known }>();

function totalOf({ name, labels, value }: Sample): { family: MetricFamily; total: RunningTotal } | undefined {
	if (!isCount(value)) return undefined;
	let cached = knownSeries.get(labels);
	if (cached?.name !== name) {
		cached = { name, known: seriesOf(name, labels) };
		knownSeries.set(labels, cached);
	}
	const { known } = cached;
	return known && { family: known.family, total: { ...known.series, value: Math.floor(value) } };
}

function seriesOf(name: string, labels: Labels): Known {
	for (const { family, pattern } of patterns) {
		const [whole, ...parts] = pattern.exec(name) ?? [];
		const sender = whole === undefined ? undefined : family.read(labels, parts);
		if (sender) return { family, series: { ...sender, id: seriesId(name, labels) } };
	}
	return undefined;
}

/** Larger counts are faulty, and would lose precision. */
const MAX_VALUE = 1e15;

function isCount(value: number): boolean {
	return value >= 0 && value <= MAX_VALUE;
}

function seriesId(name: string, labels: Labels): string {
	const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
	return createHash("sha256")
		.update(JSON.stringify([name, sorted]))
		.digest("hex")
		.slice(0, 16);
}

interface Said {
	readonly fingerprint: string | undefined;
	readonly signal: string | undefined;
	readonly host?: string | undefined;
	readonly cli?: string | undefined;
	readonly version?: string | undefined;
	readonly unit: RunningTotal["unit"];
}

function senderFrom({ fingerprint, signal, host = "", cli = "", version = "", unit }: Said) {
	const known = SIGNALS.get(signal);
	if (!known || fingerprint === undefined) return undefined;
	const id = /^([0-9a-f]{12}|[a-z-]{1,20})$/.test(fingerprint) ? fingerprint : "others";
	// Not a name that is the token itself, or a known one, or as random as one; and not a part of the page, which would stay with it.
	const safe = (name: string) =>
		fingerprintOf(name) === id ? "[token]" : Buffer.from(maskedSender(redact(name), MAX_TEXT)).toString();
	return { fingerprint: id, signal: known, host: safe(host), cli: safe(cli), version: safe(version), unit };
}

function gatewaySender({ crossfade_fingerprint, service_name = "", service_version, host_name }: Labels) {
	const known = senderOf(service_name, "");
	return {
		fingerprint: crossfade_fingerprint,
		host: host_name,
		cli: known?.id ?? service_name,
		version: known && !known.tellsVersion ? "" : service_version,
	};
}

function componentSender(labels: Labels, component: string | undefined, signal: string | undefined) {
	const [, id] = COMPONENT.exec(component ?? "") ?? COMPONENT.exec(labels["component_id"] ?? "") ?? [];
	return senderFrom({ fingerprint: id === "other" ? "others" : id, signal, unit: "records" });
}

/** On any page of a gateway: a gauge with the `fingerprint` of its exporter's token. */
const EXPORTER_TOKEN = /^crossfade_exporter_token_info$/;
/** The same as a PromQL selector, with the metrics for `limitsOnPage`. */
export const aboutSelector =
	'{__name__=~"crossfade_exporter_token_info|crossfade_tap_(?:faults|limits)_total|(?:otelcol_)?deltatocumulative_datapoints(?:_ratio)?(?:_total)?"}';
/** Our own tap forwards each sender's token. */
const TAP = /^crossfade_tap_/;

/** The tokens with which the process behind a page forwards: fingerprints, or `passed on`; empty if the page does not show them. */
export function exporterTokens(samples: readonly Sample[]): string[] {
	const said = samples.filter(({ name, value }) => EXPORTER_TOKEN.test(name) && value > 0);
	const found = [...new Set(said.map(({ labels }) => labels["fingerprint"] ?? ""))];
	// One that cannot be read may be the old one.
	if (found.length > 0) return found.every((each) => /^[0-9a-f]{12}$/.test(each)) ? found : [];
	return samples.some(({ name }) => TAP.test(name)) ? ["passed on"] : [];
}

/** The collector's accumulator has a limit: counts of further senders are dropped. */
const LIMITED = /^(?:otelcol_)?deltatocumulative_datapoints(?:_ratio)?(?:_total)?$/;

/** Whether a counter by token has a value that is no count: what was sent is then unknown. */
export function hasNoCount(samples: readonly Sample[]): boolean {
	return samples.some(({ name, labels, value }) => !isCount(value) && seriesOf(name, labels) !== undefined);
}

/** Limits that the process behind a page reached, as sentences: beyond them, senders are unknown. */
export function limitsOnPage(samples: readonly Sample[]): string[] {
	const dropped = samples.some(
		({ name, labels, value }) => LIMITED.test(name) && labels["error"] === "limit" && value > 0,
	);
	const faults = samples.some(({ name, value }) => name === "crossfade_tap_faults_total" && value > 0);
	const full = samples.flatMap(({ name, labels, value }) =>
		name === "crossfade_tap_limits_total" && value > 0 ? [tableFull(labels["table"] ?? "names")] : [],
	);
	return [
		...full,
		...(dropped ? ["its accumulator was full: counts of more senders were dropped"] : []),
		...(faults ? [FAULTS] : []),
	];
}

/** Sentences for evidence of a tap with a bug, and of one with a full table. */
export const FAULTS = "some requests could not be attributed";
export function tableFull(what: string): string {
	return `too many ${what} to count each one`;
}

/** Shown by `crossfade tap` if it writes its counters as evidence itself; its label `folder` is the folder's id. */
export const KEPT_IN = "crossfade_tap_evidence_info";

/** From collectors, and everything using Prometheus' libraries. */
const STARTED = /^process_start_time_seconds$/;
const UPTIME = /^(?:otelcol_)?process_uptime(?:_seconds)?(?:_total)?$/;

/** The same as a PromQL selector. */
export const startSelector =
	'{__name__=~"process_start_time_seconds|(?:otelcol_)?process_uptime(?:_seconds)?(?:_total)?"}';

/** When each collector started, in seconds since the epoch, in PromQL: exact, whenever the server scraped it. */
export const collectorStarts = (() => {
	const uptime = '{__name__=~"otelcol_process_uptime(?:_seconds)?(?:_total)?"}';
	return `max by (instance, job) (timestamp(${uptime})) - min by (instance, job) (${uptime})`;
})();

/** Start time of the process behind a page, in whole milliseconds since the epoch, if known. */
export function processStart(samples: readonly Sample[], at: number): number | undefined {
	const started = samples.flatMap(({ name, value }) => {
		if (!Number.isFinite(value) || value < 0) return [];
		if (STARTED.test(name)) return [value * 1000];
		return UPTIME.test(name) ? [at - value * 1000] : [];
	});
	return started.length === 0 ? undefined : Math.ceil(largest(started));
}
