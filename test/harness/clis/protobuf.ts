export type Json = Record<string, unknown>;

/**
 * Message, then its fields: number, name, kind; a star repeats. Written from the .proto files and independent of src/.
 * https://github.com/open-telemetry/opentelemetry-proto/tree/v1.11.0/opentelemetry/proto
 */
const MESSAGES = `
Logs: 1 resourceLogs ResourceLogs*
ResourceLogs: 1 resource Resource, 2 scopeLogs ScopeLogs*, 3 schemaUrl string
ScopeLogs: 1 scope Scope, 2 logRecords LogRecord*, 3 schemaUrl string
Metrics: 1 resourceMetrics ResourceMetrics*
ResourceMetrics: 1 resource Resource, 2 scopeMetrics ScopeMetrics*, 3 schemaUrl string
ScopeMetrics: 1 scope Scope, 2 metrics Metric*, 3 schemaUrl string
Spans: 1 resourceSpans ResourceSpans*
ResourceSpans: 1 resource Resource, 2 scopeSpans ScopeSpans*, 3 schemaUrl string
ScopeSpans: 1 scope Scope, 2 spans Span*, 3 schemaUrl string
Resource: 1 attributes KeyValue*, 2 droppedAttributesCount varint, 3 entityRefs bytes*
Scope: 1 name string, 2 version string, 3 attributes KeyValue*, 4 droppedAttributesCount varint
KeyValue: 1 key string, 2 value AnyValue
AnyValue: 1 stringValue string, 2 boolValue bool, 3 intValue varint, 4 doubleValue double, 5 arrayValue List, 6 kvlistValue Map, 7 bytesValue bytes
List: 1 values AnyValue*
Map: 1 values KeyValue*
LogRecord: 1 timeUnixNano fixed64, 2 severityNumber varint, 3 severityText string, 5 body AnyValue, 6 attributes KeyValue*, 7 droppedAttributesCount varint, 8 flags fixed32, 9 traceId bytes, 10 spanId bytes, 11 observedTimeUnixNano fixed64, 12 eventName string
Metric: 1 name string, 2 description string, 3 unit string, 5 gauge Gauge, 7 sum Sum, 9 histogram Histogram, 10 exponentialHistogram ExponentialHistogram, 11 summary Summary, 12 metadata KeyValue*
Gauge: 1 dataPoints NumberPoint*
Sum: 1 dataPoints NumberPoint*, 2 aggregationTemporality varint, 3 isMonotonic bool
Histogram: 1 dataPoints HistogramPoint*, 2 aggregationTemporality varint
ExponentialHistogram: 1 dataPoints ExponentialPoint*, 2 aggregationTemporality varint
Summary: 1 dataPoints SummaryPoint*
NumberPoint: 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 asDouble double, 5 exemplars bytes*, 6 asInt sfixed64, 7 attributes KeyValue*, 8 flags varint
HistogramPoint: 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 5 sum double, 6 bucketCounts bytes, 7 explicitBounds bytes, 8 exemplars bytes*, 9 attributes KeyValue*, 10 flags varint, 11 min double, 12 max double
ExponentialPoint: 1 attributes KeyValue*, 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 5 sum double, 6 scale varint, 7 zeroCount fixed64, 8 positive bytes, 9 negative bytes, 10 flags varint, 11 exemplars bytes*, 12 min double, 13 max double, 14 zeroThreshold double
SummaryPoint: 2 startTimeUnixNano fixed64, 3 timeUnixNano fixed64, 4 count fixed64, 5 sum double, 6 quantileValues bytes*, 7 attributes KeyValue*, 8 flags varint
Span: 1 traceId bytes, 2 spanId bytes, 3 traceState string, 4 parentSpanId bytes, 5 name string, 6 kind varint, 7 startTimeUnixNano fixed64, 8 endTimeUnixNano fixed64, 9 attributes KeyValue*, 10 droppedAttributesCount varint, 11 events Event*, 12 droppedEventsCount varint, 13 links bytes*, 14 droppedLinksCount varint, 15 status bytes, 16 flags fixed32
Event: 1 timeUnixNano fixed64, 2 name string, 3 attributes KeyValue*, 4 droppedAttributesCount varint
`;

interface SchemaField {
	readonly name: string;
	readonly kind: string;
	readonly repeated: boolean;
}

const schema: ReadonlyMap<string, ReadonlyMap<number, SchemaField>> = new Map(
	MESSAGES.trim()
		.split("\n")
		.map((line) => {
			const [message = "", fields = ""] = line.split(": ");
			return [message, new Map(fields.split(", ").map(field))];
		}),
);

function field(text: string): [number, SchemaField] {
	const [number, name = "", kind = ""] = text.split(" ");
	return [Number(number), { name, kind: kind.replace("*", ""), repeated: kind.endsWith("*") }];
}

// https://protobuf.dev/programming-guides/encoding/#structure
const VARINT = 0;
const I64 = 1;
const LENGTH = 2;
const I32 = 5;

const wireTypes: Readonly<Record<string, number>> = {
	varint: VARINT,
	bool: VARINT,
	fixed64: I64,
	sfixed64: I64,
	double: I64,
	fixed32: I32,
};

/**
 * A protobuf message in the shape that OTLP/JSON has: 64-bit integers are strings; bytes are hex.
 * Throws at an unknown field, a wrong wire type or a message that is cut off.
 */
export function decodeMessage(type: string, bytes: Uint8Array): Json {
	const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const message: Json = {};
	let at = 0;
	const varint = (): bigint => {
		let value = 0n;
		for (let shift = 0n; ; shift += 7n) {
			const byte = buffer.readUInt8(at++);
			value |= BigInt(byte & 0x7f) << shift;
			if (byte < 0x80) return BigInt.asIntN(64, value);
		}
	};
	const taken = (length: number): Buffer => {
		if (at + length > buffer.length) throw new Error(`${type} is cut off`);
		at += length;
		return buffer.subarray(at - length, at);
	};
	const scalars: Readonly<Record<string, () => unknown>> = {
		varint: () => String(varint()),
		bool: () => varint() !== 0n,
		fixed64: () => String(taken(8).readBigUInt64LE()),
		sfixed64: () => String(taken(8).readBigInt64LE()),
		double: () => taken(8).readDoubleLE(),
		fixed32: () => taken(4).readUInt32LE(),
		string: () => new TextDecoder("utf-8", { fatal: true }).decode(taken(Number(varint()))),
		bytes: () => taken(Number(varint())).toString("hex"),
	};
	while (at < buffer.length) {
		const tag = Number(varint());
		const known = schema.get(type)?.get(tag >>> 3);
		if (!known) throw new Error(`${type} has no field ${tag >>> 3}`);
		const { name, kind, repeated } = known;
		if ((tag & 7) !== (wireTypes[kind] ?? LENGTH)) throw new Error(`${type}.${name} has wire type ${tag & 7}`);
		const value = scalars[kind]?.() ?? decodeMessage(kind, taken(Number(varint())));
		if (!repeated) message[name] = value;
		else if (name in message) (message[name] as unknown[]).push(value);
		else message[name] = [value];
	}
	return message;
}
