import {
	JsonLogsSerializer,
	ProtobufLogsSerializer,
	ProtobufMetricsSerializer,
	ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { grpcFrame, grpcMessage, grpcPath, grpcStatus } from "../../../src/prove/otlp/grpc.ts";
import { isHtml, readErrorMessage, readExportResult } from "../../../src/prove/otlp/response.ts";

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";

/** A varint of a 64-bit number. */
function varint(value: bigint): number[] {
	const bytes: number[] = [];
	let rest = BigInt.asUintN(64, value);
	do {
		bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
		rest >>= 7n;
	} while (rest > 0n);
	return bytes;
}

function partial(rejected: bigint, message: string): Uint8Array {
	const text = [...Buffer.from(message)];
	const inner = [0x08, ...varint(rejected), 0x12, ...varint(BigInt(text.length)), ...text];
	return Uint8Array.from([0x0a, ...varint(BigInt(inner.length)), ...inner]);
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

describe("an export response", () => {
	test("in protobuf, for every count and message, agrees with the OpenTelemetry library", () => {
		fc.assert(
			fc.property(fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), fc.string({ unit: "grapheme" }), (count, message) => {
				const body = partial(count, message);
				expect(readExportResult(body, PROTOBUF)).toEqual({ rejected: count, message, encoding: "protobuf" });
				expect(ProtobufLogsSerializer.deserializeResponse(body).partialSuccess).toMatchObject({
					rejectedLogRecords: Number(count),
				});
			}),
		);
	});

	test.each([
		["an empty body", new Uint8Array(), PROTOBUF, { rejected: 0n, message: "" }],
		["an empty partial success", Uint8Array.from([0x0a, 0]), PROTOBUF, { rejected: 0n, message: "" }],
		["a negative count", partial(-1n, "?"), PROTOBUF, { rejected: -1n, message: "?" }],
		["an empty JSON body", new Uint8Array(), JSON_TYPE, { rejected: 0n, message: "" }],
		["{}", json({}), JSON_TYPE, { rejected: 0n, message: "" }],
		[
			"a count as text",
			json({ partialSuccess: { rejectedLogRecords: "3", errorMessage: "no" } }),
			JSON_TYPE,
			{ rejected: 3n, message: "no" },
		],
		["a count as number", json({ partialSuccess: { rejectedSpans: 3 } }), JSON_TYPE, { rejected: 3n, message: "" }],
		[
			"snake case",
			json({ partial_success: { rejected_data_points: "2", error_message: "m" } }),
			JSON_TYPE,
			{ rejected: 2n, message: "m" },
		],
		["null", json({ partialSuccess: null }), JSON_TYPE, { rejected: 0n, message: "" }],
		[
			"a negative JSON count",
			json({ partialSuccess: { rejectedLogRecords: "-5" } }),
			JSON_TYPE,
			{ rejected: -5n, message: "" },
		],
		[
			"JSON called protobuf",
			json({ partialSuccess: { rejectedLogRecords: "1" } }),
			PROTOBUF,
			{ rejected: 1n, message: "" },
		],
		["protobuf called JSON", partial(7n, "x"), JSON_TYPE, { rejected: 7n, message: "x" }],
		[
			"protobuf that begins like JSON after a line break",
			partial(1n, "m".repeat(119)),
			PROTOBUF,
			{ rejected: 1n, message: "m".repeat(119) },
		],
	])("%s", (_what, body, type, result) => {
		expect(readExportResult(body, type)).toMatchObject(result);
	});

	test.each([
		["a page", "<!doctype html><title>Sign in</title>"],
		["a page after white space", "\n\n  <html>"],
		["text", "OK"],
		["a list", "[]"],
		["JSON of something else", '{"status":"ok"}'],
		["an error", '{"partialSuccess":{"error":"no"}}'],
		["JSON that is cut off", '{"partialSuccess":{"rejec'],
		["a partial success that is no object", '{"partialSuccess":7}'],
		["a count that is none", '{"partialSuccess":{"rejectedSpans":"many"}}'],
		["protobuf that is cut off", Buffer.from(partial(3n, "message").slice(0, 8)).toString("latin1")],
	])("%s is none", (_what, text) => {
		for (const type of [PROTOBUF, JSON_TYPE, "text/html", ""])
			expect(readExportResult(Buffer.from(text, "latin1"), type)).toBeUndefined();
	});

	test("never throws, whatever the bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(PROTOBUF, JSON_TYPE, ""), (body, type) => {
				const read = () => [readExportResult(body, type), readErrorMessage(body, type)];
				expect(read).not.toThrow();
			}),
			{ numRuns: 2000 },
		);
	});

	test("where the OpenTelemetry library is wrong: a bad JSON body looks like success to it, a negative count like a huge one", () => {
		expect(JsonLogsSerializer.deserializeResponse(Buffer.from("<html>"))).toEqual({});
		expect(
			Number(ProtobufLogsSerializer.deserializeResponse(partial(-1n, "")).partialSuccess?.rejectedLogRecords),
		).toBeGreaterThan(1e18);
		for (const { deserializeResponse } of [ProtobufMetricsSerializer, ProtobufTraceSerializer])
			expect(() => deserializeResponse(Buffer.from("<html>"))).toThrow();
	});
});

describe("an error message", () => {
	test.each([
		["a protobuf Status", Buffer.from([0x08, 16, 0x12, 2, 0x6e, 0x6f]), PROTOBUF, "no"],
		["a JSON Status", json({ code: 16, message: "no" }), JSON_TYPE, "no"],
		["another JSON", json({ error: "bad token" }), JSON_TYPE, "bad token"],
		["JSON called protobuf", json({ message: "no" }), PROTOBUF, "no"],
		["text", Buffer.from("go away\n"), "text/plain", "go away"],
		["a page", Buffer.from("<html><head><title> Sign in </title>"), PROTOBUF, "Sign in"],
		["a page without title", Buffer.from("<!DOCTYPE html><p>x"), JSON_TYPE, ""],
		["bytes", Buffer.from([0xff, 0xfe, 0, 1]), PROTOBUF, ""],
		["nothing", Buffer.alloc(0), PROTOBUF, ""],
	])("%s", (_what, body, type, message) => {
		expect(readErrorMessage(body, type)).toBe(message);
	});

	test("a page is one by what it holds", () => {
		expect([isHtml(Buffer.from("<!DOCTYPE HTML>")), isHtml(Buffer.from("{}")), isHtml(Buffer.from("<3"))]).toEqual([
			true,
			false,
			false,
		]);
	});
});

describe("gRPC", () => {
	test("frames", () => {
		expect(grpcMessage(grpcFrame(Buffer.from("abc")))).toEqual(Buffer.from("abc"));
		for (const bad of [[], [0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 2, 1]])
			expect(grpcMessage(Uint8Array.from(bad))).toBeUndefined();
	});

	test("status in trailers or headers, percent-decoded, and none", () => {
		expect(grpcStatus({}, { "grpc-status": "16", "grpc-message": "no%20token" })).toEqual({
			code: 16,
			message: "no token",
		});
		expect(grpcStatus({ "grpc-status": "0" })).toEqual({ code: 0, message: "" });
		expect(grpcStatus({ "grpc-status": "7", "grpc-message": "100%" })).toEqual({ code: 7, message: "100%" });
		expect(grpcStatus({}, {})).toBeUndefined();
		expect(grpcStatus({ "grpc-status": "ok" })).toBeUndefined();
	});

	test("methods", () => {
		expect(grpcPath("traces")).toBe("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
		expect(grpcPath("logs")).toBe("/opentelemetry.proto.collector.logs.v1.LogsService/Export");
	});
});
