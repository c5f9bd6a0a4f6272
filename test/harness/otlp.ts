import {
	JsonLogsSerializer,
	JsonMetricsSerializer,
	JsonTraceSerializer,
	ProtobufLogsSerializer,
	ProtobufMetricsSerializer,
	ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import type { Signal } from "../../src/adapters/providers/provider.ts";

const LOAD = { "service.name": "load", "host.name": "tester" };
const instrumentationScope = { name: "otel-crossfade.test", version: "1" };
const time: [number, number] = [1_795_000_000, 0];

/** An OTLP export request of one resource with `count` records, spans or data points, encoded by the OpenTelemetry library. */
export function otlpRequest(
	signal: Signal,
	count: number,
	encoding: "protobuf" | "json" = "protobuf",
	attributes: Readonly<Record<string, string>> = LOAD,
): Uint8Array {
	const isJson = encoding === "json";
	const resource = { attributes, asyncAttributesPending: false };
	const encoded = {
		logs: () => (isJson ? JsonLogsSerializer : ProtobufLogsSerializer).serializeRequest(logs(count, resource)),
		traces: () => (isJson ? JsonTraceSerializer : ProtobufTraceSerializer).serializeRequest(spans(count, resource)),
		metrics: () =>
			(isJson ? JsonMetricsSerializer : ProtobufMetricsSerializer).serializeRequest(metric(count, resource)),
	}[signal]();
	if (!encoded) throw new Error("the library encoded nothing");
	return encoded;
}

/** The library's interfaces want whole SDK objects; it only reads these fields. The cast is in one place. */
function as<T>(value: unknown): T {
	return value as T;
}

function logs(count: number, resource: object) {
	const records = Array.from({ length: count }, (_, index) => ({
		hrTime: time,
		hrTimeObserved: time,
		body: `record ${index}`,
		attributes: { "event.name": "test", index },
		severityNumber: 9,
		resource,
		instrumentationScope,
		droppedAttributesCount: 0,
	}));
	return as<Parameters<typeof ProtobufLogsSerializer.serializeRequest>[0]>(records);
}

function spans(count: number, resource: object) {
	const all = Array.from({ length: count }, (_, index) => ({
		name: `span ${index}`,
		kind: 0,
		spanContext: () => ({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 }),
		startTime: time,
		endTime: time,
		duration: [0, 0],
		ended: true,
		status: { code: 0 },
		attributes: {},
		links: [],
		events: [],
		resource,
		instrumentationScope,
		droppedAttributesCount: 0,
		droppedEventsCount: 0,
		droppedLinksCount: 0,
	}));
	return as<Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0]>(all);
}

function metric(count: number, resource: object) {
	const dataPoints = Array.from({ length: count }, (_, index) => ({
		startTime: time,
		endTime: time,
		attributes: { index },
		value: index,
	}));
	const descriptor = { name: "test.count", description: "", unit: "1", valueType: 1, type: "COUNTER", advice: {} };
	const metrics = [{ descriptor, aggregationTemporality: 0, dataPointType: 3, isMonotonic: true, dataPoints }];
	return as<Parameters<typeof ProtobufMetricsSerializer.serializeRequest>[0]>({
		resource,
		scopeMetrics: [{ scope: instrumentationScope, metrics }],
	});
}
