import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Signal, signals } from "../../../src/adapters/providers/provider.ts";
import { MalformedOtlp, newScanner, scanJson, scanProtobuf, scanWholeJson } from "../../../src/prove/otlp/scan.ts";
import type { Scan } from "../../../src/prove/otlp/senders.ts";
import { howMany } from "../../harness/matrix.ts";
import { otlpRequest } from "../../harness/otlp.ts";
import { attribute, field, logsRequest, varint } from "../../harness/proto.ts";
import { jsonOracle, NotProtobuf, protobufOracle } from "./oracle.ts";

const LOAD = { host: "tester", service: "load", version: "", scope: "otel-crossfade.test" };

/** What a scanner says of a body in one piece and cut at some places; both must say the same. */
function scanned(
	encoding: "protobuf" | "json",
	body: Uint8Array,
	signal: Signal,
	cuts: readonly number[],
): Scan | "malformed" {
	const run = (pieces: readonly Uint8Array[]) => {
		try {
			const scanner = newScanner(encoding, signal);
			for (const piece of pieces) scanner.push(piece);
			return scanner.end();
		} catch (error) {
			expect(error).toBeInstanceOf(MalformedOtlp);
			return "malformed";
		}
	};
	const places = [0, ...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
	const pieces = places.slice(1).map((end, index) => body.slice(places[index], end));
	const whole = run([body]);
	expect(run(pieces)).toEqual(whole);
	return whole;
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });

/** Fields as a request has them, and some that it has not, nested at random: most of it is a request, some is damaged. */
const { message } = fc.letrec<{ message: Buffer; node: Buffer }>((tie) => ({
	message: fc.array(tie("node"), { maxLength: 5 }).map((parts) => Buffer.concat(parts)),
	node: fc.oneof(
		{ maxDepth: 7 },
		fc.constantFrom(
			attribute("host.name", "h1"),
			attribute("host.name", "hö".repeat(200)),
			attribute("service.name", "s"),
			attribute("service.name", ""),
			attribute("other", "x"),
			field(1, field(2, field(1, "value without key"))),
			field(1, field(1, "host.name"), field(2, field(1, "first"), varint(16), varint(5), field(1, "last"))),
			field(1, field(2, field(1, "before")), field(1, "host.name")),
			Buffer.from([0x18, 0x05]),
			Buffer.from([0x09, 1, 2, 3, 4, 5, 6, 7, 8]),
			Buffer.from([0x0d, 1, 2, 3, 4]),
			Buffer.from([0x0b]),
			Buffer.from([0x00]),
			Buffer.from([0x0a, 0x80]),
			Buffer.from([0x8a, 0x00, 0x00]),
			Buffer.from("08ffffffffffffffffff01", "hex"),
			Buffer.from("08ffffffffffffffffffff01", "hex"),
			Buffer.from("ffffffffffffffffff01", "hex"),
			Buffer.from("ffffffffffffffffffff01", "hex"),
		),
		fc
			.tuple(fc.constantFrom(1, 1, 1, 2, 2, 2, 3, 5, 7, 9, 10, 11, 15, 16), tie("message"))
			.map(([n, body]) => field(n, body)),
		fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
	),
}));

describe.each(signals)("scanning %s", (signal) => {
	test.each([0, 1, 7, 500])("%i of them, as the library encodes them", (count) => {
		const found = { records: count, resources: count > 0 || signal === "metrics" ? [{ ...LOAD, records: count }] : [] };
		expect(scanProtobuf(otlpRequest(signal, count), signal)).toEqual(found);
		expect(scanJson(otlpRequest(signal, count, "json"), signal)).toEqual(found);
		expect(scanProtobuf(otlpRequest(signal, count), signal).records).toBe(count);
		expect(scanWholeJson(otlpRequest(signal, count, "json"), signal).records).toBe(count);
	});

	test("two requests one after the other are one request", () => {
		const body = otlpRequest(signal, 3);
		expect(scanProtobuf(Buffer.concat([body, body]), signal).records).toBe(6);
	});

	test("every cut of a body into two says the same, and half of a body is never taken for a whole one by JSON", () => {
		for (const encoding of ["protobuf", "json"] as const) {
			const body = otlpRequest(signal, 3, encoding);
			for (let cut = 0; cut <= body.length; cut++) scanned(encoding, body, signal, [cut]);
			if (encoding === "json") {
				for (let end = 0; end < body.length; end++)
					expect(scanned(encoding, body.subarray(0, end), signal, [])).toBe("malformed");
			}
		}
	});

	test("protobuf, damaged or not, in any pieces: as the oracle decodes it, or both refuse it", () => {
		let accepted = 0;
		fc.assert(
			fc.property(fc.oneof(message, fc.uint8Array({ maxLength: 40 })), cuts, (body, places) => {
				const found = scanned("protobuf", body, signal, places);
				let expected: unknown = "malformed";
				try {
					expected = protobufOracle(body, signal);
					accepted++;
				} catch (error) {
					expect(error).toBeInstanceOf(NotProtobuf);
				}
				expect(found).toEqual(expected);
			}),
			{ numRuns: howMany(1_000, 3_000) },
		);
		expect(accepted).toBeGreaterThan(100);
	});

	test("a library's body with a few bytes changed, inserted or missing: as the oracle decodes it, or both refuse it", () => {
		const body = Buffer.from(otlpRequest(signal, 4));
		fc.assert(
			fc.property(fc.nat(body.length), fc.nat(3), fc.uint8Array({ maxLength: 3 }), cuts, (at, gone, noise, places) => {
				const damaged = Buffer.concat([body.subarray(0, at), noise, body.subarray(at + gone)]);
				const found = scanned("protobuf", damaged, signal, places);
				let expected: unknown = "malformed";
				try {
					expected = protobufOracle(damaged, signal);
				} catch (error) {
					expect(error).toBeInstanceOf(NotProtobuf);
				}
				expect(found).toEqual(expected);
			}),
			{ numRuns: howMany(700, 2_000) },
		);
	});

	test("JSON of the right shape with anything else in it, in any layout and any pieces: as the oracle reads it", () => {
		fc.assert(
			fc.property(
				jsonRequest(signal),
				fc.constantFrom(undefined, 1, "\t", " \r\n"),
				cuts,
				(request, indent, places) => {
					const body = Buffer.from(JSON.stringify(request, undefined, indent));
					expect(scanned("json", body, signal, places)).toEqual(jsonOracle(request, signal));
				},
			),
			{ numRuns: howMany(350, 1_000) },
		);
	});

	test("bytes that are no JSON are refused by both counts; what JSON.parse takes on the way to records, so does the scanner", () => {
		const body = Buffer.from(otlpRequest(signal, 2, "json"));
		fc.assert(
			fc.property(fc.nat(body.length), fc.nat(2), fc.string({ maxLength: 2 }), cuts, (at, gone, noise, places) => {
				const damaged = Buffer.concat([body.subarray(0, at), Buffer.from(noise), body.subarray(at + gone)]);
				const found = scanned("json", damaged, signal, places);
				if (isJson(damaged)) return;
				expect(() => scanWholeJson(damaged, signal)).toThrow(MalformedOtlp);
				// The insides of records are passed over, not checked; everything else is.
				if (found !== "malformed") expect(found.records).toBeLessThanOrEqual(2);
			}),
			{ numRuns: howMany(700, 2_000) },
		);
	});

	const [, plural = ""] =
		/^(.*)$/.exec({ logs: "resourceLogs", traces: "resourceSpans", metrics: "resourceMetrics" }[signal]) ?? [];
	test.each([
		"",
		"[]",
		"null",
		"nonsense",
		`{"${plural}": 1}`,
		`{"${plural}": [1]}`,
		`{"${plural}": [null]}`,
		`{"${plural}": {}}`,
		`{"${plural}": []} x`,
		`{"${plural}": [],}`,
		`{"${plural}": [,]}`,
		`{"${plural}" []}`,
		`{"${plural}": [}`,
		`{"${plural}": [{]}}`,
		`{"a": 01}`,
		`{"a": 1.}`,
		`{"a": -}`,
		`{"a": 1e}`,
		`{"a": .5}`,
		`{"a": +1}`,
		`{"a": tru}`,
		`{"a": nulll}`,
		`{"a": "\\x"}`,
		`{"a": "\\u12g4"}`,
		`{"a": "\n"}`,
		`{'a': 1}`,
		"{1: 2}",
	])("JSON that is no request: %s", (text) => {
		expect(() => scanWholeJson(Buffer.from(text), signal)).toThrow(MalformedOtlp);
		expect(() => scanJson(Buffer.from(text), signal)).toThrow(MalformedOtlp);
	});

	test.each([
		"{}",
		` \t\r\n{ "${plural}" : [ ] } \n`,
		`{"${plural}": null}`,
		'{"a": [-0, 0.5, 1e9, 1E-2, 12.5e+3, true, false, null, "\\ud83d\\ude00\\/\\b"]}',
		'{"a": {"b": "[{\\"}]", "c": ["\\\\", "\\\\\\""]}}',
	])("JSON that is an empty request: %s", (text) => {
		expect(scanned("json", Buffer.from(text), signal, [3, 5, 9])).toEqual({ records: 0, resources: [] });
	});
});

describe("senders", () => {
	test("each resource has its own; a resource that comes after its records counts, too", () => {
		const late = field(1, field(2, field(2), field(2)), field(1, attribute("host.name", "late")));
		const body = Buffer.concat([
			logsRequest(
				{ attributes: { "host.name": "a", "service.name": "x", "service.version": "1" }, scope: "s", records: 3 },
				{ attributes: {}, records: 1 },
				{ attributes: { "host.name": "a", "service.name": "x", "service.version": "1" }, scope: "s", records: 4 },
			),
			late,
		]);
		expect(scanProtobuf(body, "logs")).toEqual({
			records: 10,
			resources: [
				{ host: "a", service: "x", version: "1", scope: "s", records: 7 },
				{ host: "", service: "", version: "", scope: "", records: 1 },
				{ host: "late", service: "", version: "", scope: "", records: 2 },
			],
		});
	});

	test("JSON names with escapes and other writing systems, snake case, and names that are not strings", () => {
		const text = `{"resource_logs": [
			{"resource": {"attributes": [{"value": {"string_value": "h\\u00f6st-日本"}, "key": "host\\u002ename"}, {"key": "service.name", "value": {"intValue": 5}}]},
			 "scope_logs": [{"scope": {"name": "a\\"b"}, "log_records": [{}, {"body": {"stringValue": "x"}}]}]}]}`;
		const expected = {
			records: 2,
			resources: [{ host: "höst-日本", service: "", version: "", scope: 'a"b', records: 2 }],
		};
		const body = Buffer.from(text);
		for (let cut = 0; cut < body.length; cut++) expect(scanned("json", body, "logs", [cut])).toEqual(expected);
	});

	test("what Claude Code, Codex and Gemini send: empty values, numbers as strings, null bodies", () => {
		const record =
			'{"timeUnixNano":"0","body":null,"attributes":[{"key":"a","value":{}},{"key":"n","value":{"intValue":"5"}}]}';
		const text = `{"resourceLogs":[{"resource":{"attributes":[{"key":"host.name","value":{}},{"key":"service.name","value":{"stringValue":"codex_exec"}}]},"scopeLogs":[{"scope":{"name":"codex_otel.log_only"},"logRecords":[${record},${record}]}]}]}`;
		expect(scanJson(Buffer.from(text), "logs").resources).toEqual([
			{ host: "", service: "codex_exec", version: "", scope: "codex_otel.log_only", records: 2 },
		]);
	});

	test("the value of an attribute may stand before its key; of several, the last counts", () => {
		const attributes = [
			field(1, field(2, field(1, "before")), field(1, "host.name")),
			field(1, field(1, "other"), field(1, "service.name"), field(2, field(1, "first")), field(2, field(1, "last"))),
		];
		expect(scanProtobuf(field(1, field(1, ...attributes)), "logs").resources).toMatchObject([
			{ host: "before", service: "last" },
		]);
	});

	test("a flood of resources does not fill the memory, and is counted in full", () => {
		const many = Array.from({ length: 3_000 }, (_, index) => ({
			attributes: { "host.name": `h${index}` },
			records: 2,
		}));
		const { records, resources } = scanProtobuf(logsRequest(...many), "logs");
		expect([records, resources.length]).toEqual([6_000, 1_001]);
		expect(resources.reduce((sum, each) => sum + each.records, 0)).toBe(6_000);
	});

	test("a resource larger than is looked into has no names, but its records count", () => {
		const body = logsRequest({ attributes: { "host.name": "h", padding: "x".repeat(70_000) }, records: 5 });
		const found = { records: 5, resources: [{ host: "", service: "", version: "", scope: "", records: 5 }] };
		expect(scanned("protobuf", body, "logs", [100, 50_000])).toEqual(found);
	});
});

function isJson(bytes: Buffer): boolean {
	try {
		JSON.parse(bytes.toString("utf8"));
		return true;
	} catch {
		return false;
	}
}

/** A request with the right names in the right places, records of any JSON, and keys nobody knows beside them. */
function jsonRequest(signal: Signal): fc.Arbitrary<unknown> {
	const [resources, scopes, records] = {
		logs: ["resourceLogs", "scopeLogs", "logRecords"],
		traces: ["resourceSpans", "scopeSpans", "spans"],
		metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
	}[signal] as [string, string, string];
	const anything = fc.jsonValue({ maxDepth: 3 });
	const name = fc.oneof(fc.constantFrom("host.name", "service.name", "service.version"), fc.string());
	const value = fc.oneof(
		fc.record({ stringValue: fc.string({ unit: "grapheme", maxLength: 300 }) }),
		fc.record({ intValue: fc.integer() }),
		fc.constant({}),
	);
	const attributes = fc.array(fc.record({ key: name, value }), { maxLength: 4 });
	const points = fc.record({ dataPoints: fc.array(anything, { maxLength: 4 }), isMonotonic: fc.boolean() });
	const metric = fc.oneof(
		fc.record({ name: fc.string(), sum: points }),
		fc.record({ gauge: points }),
		fc.record({ summary: points }),
	);
	const items = fc.array(signal === "metrics" ? metric : anything, { maxLength: 4 });
	const scope = fc.record({ scope: fc.record({ name: fc.string() }), [records]: items, other: anything });
	const resource = fc.record({
		other: anything,
		resource: fc.record({ attributes, droppedAttributesCount: fc.nat() }),
		[scopes]: fc.array(scope, { maxLength: 3 }),
	});
	return fc.record({ [resources]: fc.array(resource, { maxLength: 3 }), other: anything });
}
