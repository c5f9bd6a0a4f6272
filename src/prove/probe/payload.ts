import { createHash } from "node:crypto";
import {
	JsonLogsSerializer,
	JsonMetricsSerializer,
	JsonTraceSerializer,
	ProtobufLogsSerializer,
	ProtobufMetricsSerializer,
	ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import type { TelemetryForm } from "../../adapters/clis/form.ts";
import type { Signal } from "../../adapters/providers/provider.ts";
import { version } from "../../base/version.ts";
import { PROBE_SENDER } from "../judge/own-probes.ts";
import { MARKER, MARKER_TOKEN } from "./marker.ts";

export interface TestRecord {
	readonly signal: Signal;
	/** Constant for a run: each new value would add a metric series. */
	readonly marker: string;
	readonly token: string;
	/** Milliseconds since the epoch. */
	readonly at: number;
	/** The host that sends it, of a record that imitates no CLI. */
	readonly host?: string | undefined;
}

type Looks = Omit<TelemetryForm, "sender">;

/** The default form, which imitates no CLI. */
const OWN: Looks = {
	id: "crossfade",
	resource: { "service.name": PROBE_SENDER, "service.version": version },
	path: "bearer",
	usesProxy: true,
	log: { scope: "otel-crossfade.probe", body: "crossfade probe", severity: 9, timed: true, attributes: {} },
	metric: {
		scope: "otel-crossfade.probe",
		name: "crossfade.probe",
		unit: "1",
		number: "int",
		temporality: "delta",
		attributes: {},
	},
	span: { scope: "otel-crossfade.probe", name: "crossfade probe", attributes: {} },
	sources: [],
};

/** The library's numbers for these. https://github.com/open-telemetry/opentelemetry-js/tree/main/packages/sdk-metrics */
const TEMPORALITY = { delta: 0, cumulative: 1 } as const;
const VALUE_TYPE = { int: 0, double: 1 } as const;
const SUM = 3;

const SERIALIZERS = {
	protobuf: { logs: ProtobufLogsSerializer, metrics: ProtobufMetricsSerializer, traces: ProtobufTraceSerializer },
	json: { logs: JsonLogsSerializer, metrics: JsonMetricsSerializer, traces: JsonTraceSerializer },
} as const;

/** An export request with one record: a log record, a data point of value 0, or a span, as a CLI would send it. */
export function encodeTestRecord(record: TestRecord, encoding: "protobuf" | "json", form: Looks = OWN): Uint8Array {
	const marks = { [MARKER]: record.marker, [MARKER_TOKEN]: record.token };
	const host = form === OWN && record.host !== undefined ? { "host.name": record.host } : {};
	const resource = { attributes: { ...form.resource, ...host, ...marks }, asyncAttributesPending: false };
	const model = MODELS[record.signal](record, form, marks, resource);
	// The library's interfaces require complete SDK objects; it only reads the fields given here.
	const { serializeRequest } = SERIALIZERS[encoding][record.signal] as {
		serializeRequest(model: unknown): Uint8Array | undefined;
	};
	const encoded = serializeRequest(model);
	if (!encoded) throw new TypeError(`the library encoded no ${record.signal}`);
	return encoded;
}

type Model = (record: TestRecord, form: Looks, marks: Readonly<Record<string, string>>, resource: object) => unknown;

const MODELS: Readonly<Record<Signal, Model>> = {
	logs: ({ at }, { log }, marks, resource) => [
		{
			hrTime: log.timed ? hrTime(at) : [0, 0],
			hrTimeObserved: hrTime(at),
			...(log.body === undefined ? {} : { body: log.body }),
			...(log.severity > 0 && { severityNumber: log.severity }),
			attributes: { ...log.attributes, ...marks },
			resource,
			instrumentationScope: { name: log.scope },
			droppedAttributesCount: 0,
		},
	],
	metrics: ({ at }, { metric }, _marks, resource) => {
		const { name, unit, number, temporality, attributes } = metric;
		const point = { startTime: hrTime(at), endTime: hrTime(at), attributes, value: 0 };
		const sum = {
			descriptor: { name, unit, description: "", valueType: VALUE_TYPE[number] },
			aggregationTemporality: TEMPORALITY[temporality],
			dataPointType: SUM,
			isMonotonic: true,
			dataPoints: [point],
		};
		return { resource, scopeMetrics: [{ scope: { name: metric.scope }, metrics: [sum] }] };
	},
	traces: (record, { span }, marks, resource) => [
		{
			name: span.name,
			kind: 0,
			spanContext: () => spanIds(record),
			startTime: hrTime(record.at),
			endTime: hrTime(record.at),
			status: { code: 0 },
			attributes: { ...span.attributes, ...marks },
			links: [],
			events: [],
			resource,
			instrumentationScope: { name: span.scope },
			droppedAttributesCount: 0,
			droppedEventsCount: 0,
			droppedLinksCount: 0,
		},
	],
};

function spanIds({ marker, token, at }: TestRecord) {
	const digest = createHash("sha256").update(`${marker} ${token} ${at}`).digest("hex");
	return { traceId: digest.slice(0, 32), spanId: digest.slice(32, 48), traceFlags: 1 };
}

function hrTime(ms: number): [seconds: number, nanoseconds: number] {
	return [Math.floor(ms / 1000), Math.floor(ms % 1000) * 1_000_000];
}
