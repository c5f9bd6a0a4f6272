import type { TrafficCounter } from "../evidence/evidence.ts";
import { type Sighting, wasTaken } from "../evidence/traffic.ts";
import { KEPT_IN } from "../metrics/running-totals.ts";

/** The tap's own counters since its start. */
export interface TapMetrics {
	/** Returns whether this is a new sender. */
	add(seen: Sighting): boolean;
	/** Counts an error, or unattributed traffic. */
	count(family: TapFamily, label: string): void;
	/** Makes the page name the evidence folder with the same data, so that it is not counted twice there. */
	keptIn(folder: string): void;
	/** In Prometheus's text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */
	text(): string;
}

export type TapFamily = keyof typeof families;

/** By name: description and label. */
const families = {
	unknown: [
		"crossfade_tap_unknown_requests_total",
		"requests whose sender or records are not known, by reason",
		"reason",
	],
	upstream: [
		"crossfade_tap_upstream_failures_total",
		"requests answered with 502, by the error of the connection",
		"code",
	],
	fault: [
		"crossfade_tap_faults_total",
		"requests that were forwarded but not attributed, because of a bug in crossfade",
		"kind",
	],
	limit: ["crossfade_tap_limits_total", "tables that were full, so that not every sender was kept apart", "table"],
} as const;

type TapSeriesKey = Pick<TrafficCounter, "fingerprint" | "signal" | "host" | "cli">;
type TapSeries = TapSeriesKey &
	Pick<TrafficCounter, "requests" | "records" | "bytes"> & {
		/** By status, and whether every record was accepted. */
		readonly answers: Map<string, { readonly status: number; readonly isTaken: boolean; value: number }>;
	};

/** Further senders are counted without host and CLI. */
const MAX_SERIES = 20_000;
/** Codes and reasons are ours or Node's. */
const MAX_LABELS = 100;

const SUMS = [
	["requests", "crossfade_tap_requests_total", "OTLP requests forwarded"],
	["records", "crossfade_tap_records_total", "log records, spans and data points in them"],
	["bytes", "crossfade_tap_bytes_total", "bytes of their bodies as they were sent"],
] as const;

/** `started` is this process's start time in milliseconds since the epoch, which shows readers that the counters restarted. */
export function newTapMetrics(started: number): TapMetrics {
	const rows = new Map<string, TapSeries>();
	const counts = new Map<string, { readonly family: TapFamily; readonly label: string; value: number }>();
	const rowOf = ({ fingerprint, signal, host, cli }: TapSeriesKey): [row: TapSeries, isNew: boolean] => {
		const key = `${fingerprint}\n${signal}\n${host}\n${cli}`;
		const known = rows.get(key);
		if (known) return [known, false];
		if (rows.size >= MAX_SERIES && (host !== "" || cli !== "")) {
			if (!counts.has("limit senders")) counts.set("limit senders", { family: "limit", label: "senders", value: 1 });
			return rowOf({ fingerprint, signal, host: "", cli: "" });
		}
		const fresh: TapSeries = { fingerprint, signal, host, cli, requests: 0, records: 0, bytes: 0, answers: new Map() };
		rows.set(key, fresh);
		return [fresh, true];
	};
	let kept: string[] = [];
	return {
		add(seen) {
			const [row, isNew] = rowOf(seen);
			row.requests += seen.requests;
			row.records += seen.records;
			row.bytes += seen.bytes;
			noteAnswer(row, seen);
			return isNew;
		},
		count(family, given) {
			const label = counts.size < MAX_LABELS || counts.has(`${family} ${given}`) ? given : "other";
			const known = counts.get(`${family} ${label}`);
			if (known) known.value++;
			else counts.set(`${family} ${label}`, { family, label, value: 1 });
		},
		keptIn(folder) {
			kept = [
				`# HELP ${KEPT_IN} the evidence folder in which the same is kept, by its id`,
				`# TYPE ${KEPT_IN} gauge`,
				`${KEPT_IN}{folder="${escaped(folder)}"} 1`,
			];
		},
		text() {
			const sums = SUMS.flatMap(([field, name, help]) => [
				...header(name, help),
				...[...rows.values()].map((row) => `${name}{${labelsOf(row)}} ${row[field]}`),
			]);
			const answers = [
				...header(ANSWERS, "requests by how they were answered, one for each sender in them"),
				...[...rows.values()].flatMap((row) =>
					[...row.answers.values()].map(
						({ status, isTaken, value }) =>
							`${ANSWERS}{${labelsOf(row)},status="${status}",accepted="${isTaken}"} ${value}`,
					),
				),
			];
			const others = Object.entries(families).flatMap(([family, [name, help, label]]) => [
				...header(name, help),
				...[...counts.values()]
					.filter((count) => count.family === family)
					.map((count) => `${name}{${label}="${escaped(count.label)}"} ${count.value}`),
			]);
			const begin = [
				"# HELP process_start_time_seconds when this process was started, in seconds since the epoch",
				"# TYPE process_start_time_seconds gauge",
				`process_start_time_seconds ${started / 1000}`,
			];
			return `${[...sums, ...answers, ...others, ...kept, ...begin].join("\n")}\n`;
		},
	};
}

const ANSWERS = "crossfade_tap_answers_total";

function noteAnswer({ answers }: TapSeries, { lastStatus: status, isTaken = wasTaken(status) }: Sighting): void {
	const key = `${status} ${isTaken}`;
	const known = answers.get(key);
	if (known) known.value++;
	else if (answers.size < MAX_LABELS) answers.set(key, { status, isTaken, value: 1 });
}

function labelsOf({ fingerprint, signal, host, cli }: TapSeriesKey): string {
	return `fingerprint="${escaped(fingerprint)}",signal="${signal}",host="${escaped(host)}",cli="${escaped(cli)}"`;
}

function header(name: string, help: string): string[] {
	return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`];
}

function escaped(label: string): string {
	return label.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
