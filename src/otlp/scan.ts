import type { Signal } from "../adapters/providers/provider.ts";

/** A body that is not the OTLP request it claims to be. Says where, never what. */
export class MalformedOtlp extends Error {
	override readonly name = "MalformedOtlp";
}

/**
 * Counts what an OTLP export request carries without decoding it: log records, spans, or metric data points. Walks only the four fields
 * that lead there, checks every length, and throws `MalformedOtlp` on anything that is not protobuf.
 * https://github.com/open-telemetry/opentelemetry-proto/tree/v1.11.0/opentelemetry/proto
 */
export function countProtobuf(body: Uint8Array, signal: Signal): number {
	const reader = { body, at: 0 };
	let count = 0;
	// resource_logs = 1 > scope_logs = 2 > log_records = 2, and the same numbers for spans and metrics.
	eachField(reader, body.length, 1, (resourceEnd) => {
		eachField(reader, resourceEnd, 2, (scopeEnd) => {
			eachField(reader, scopeEnd, 2, (recordEnd) => {
				if (signal === "metrics") count += countPoints(reader, recordEnd);
				else count++;
				reader.at = recordEnd;
			});
		});
	});
	return count;
}

/** The fields of `Metric` that hold data points, each in its field 1: gauge, sum, histogram, exponential histogram, summary. */
const METRIC_DATA = new Set([5, 7, 9, 10, 11]);

interface Reader {
	readonly body: Uint8Array;
	at: number;
}

function countPoints(reader: Reader, end: number): number {
	let count = 0;
	while (reader.at < end) {
		const tag = varint(reader, end);
		if (METRIC_DATA.has(tag >>> 3) && (tag & 7) === 2) {
			eachField(reader, lengthEnd(reader, end), 1, (pointEnd) => {
				count++;
				reader.at = pointEnd;
			});
		} else skip(reader, tag, end);
	}
	return count;
}

/** Calls back with the end of every length-delimited field of one number, and skips the others. */
function eachField(reader: Reader, end: number, field: number, found: (end: number) => void): void {
	const wanted = (field << 3) | 2;
	while (reader.at < end) {
		const tag = varint(reader, end);
		if (tag === wanted) found(lengthEnd(reader, end));
		else skip(reader, tag, end);
	}
}

function lengthEnd(reader: Reader, end: number): number {
	const length = varint(reader, end);
	const stop = reader.at + length;
	if (stop > end) throw new MalformedOtlp(`a length at byte ${reader.at} runs over its end`);
	return stop;
}

function skip(reader: Reader, tag: number, end: number): void {
	const kind = tag & 7;
	if (tag >>> 3 === 0) throw new MalformedOtlp(`field number 0 at byte ${reader.at}`);
	if (kind === 0) varint(reader, end);
	else if (kind === 1) reader.at += 8;
	else if (kind === 2) reader.at = lengthEnd(reader, end);
	else if (kind === 5) reader.at += 4;
	else throw new MalformedOtlp(`wire type ${kind} at byte ${reader.at}`);
	if (reader.at > end) throw new MalformedOtlp(`a field at byte ${reader.at} runs over its end`);
}

/** A varint as a number; ten bytes at most, exact up to 53 bits, which is all that lengths and tags need. */
function varint(reader: Reader, end: number): number {
	let value = 0;
	let factor = 1;
	for (let bytes = 0; bytes < 10; bytes++) {
		if (reader.at >= end) break;
		const byte = reader.body[reader.at++] ?? 0;
		value += (byte & 0x7f) * factor;
		if (byte < 0x80) return value;
		factor *= 128;
	}
	throw new MalformedOtlp(`a number at byte ${reader.at} does not end`);
}

/** The same count for an OTLP/JSON body. */
export function countJson(body: Uint8Array, signal: Signal): number {
	const [resources, scopes, records] = jsonNames[signal];
	let parsed: unknown;
	try {
		parsed = JSON.parse(Buffer.from(body).toString("utf8"));
	} catch {
		throw new MalformedOtlp("the body is not JSON");
	}
	const all = list(parsed, resources)
		.flatMap((resource) => list(resource, scopes))
		.flatMap((scope) => list(scope, records));
	if (signal !== "metrics") return all.length;
	return all.reduce<number>((sum, metric) => sum + pointCount(metric), 0);
}

const jsonNames = {
	logs: ["resourceLogs", "scopeLogs", "logRecords"],
	traces: ["resourceSpans", "scopeSpans", "spans"],
	metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
} as const;

function pointCount(metric: unknown): number {
	const kinds = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"];
	return kinds.reduce(
		(sum, kind) => sum + list((metric as Record<string, unknown>)[kind] ?? {}, "dataPoints").length,
		0,
	);
}

function list(parent: unknown, key: string): unknown[] {
	if (typeof parent !== "object" || parent === null || Array.isArray(parent))
		throw new MalformedOtlp(`no object around ${key}`);
	const value = (parent as Record<string, unknown>)[key] ?? [];
	if (!Array.isArray(value)) throw new MalformedOtlp(`${key} is not a list`);
	return value;
}
