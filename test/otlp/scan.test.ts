import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { signals } from "../../src/adapters/providers/provider.ts";
import { countJson, countProtobuf, MalformedOtlp } from "../../src/otlp/scan.ts";
import { otlpRequest } from "../harness/otlp.ts";

describe.each(signals)("counting %s", (signal) => {
	test.each([0, 1, 7, 500])("%i of them, as the library encodes them", (count) => {
		expect(countProtobuf(otlpRequest(signal, count), signal)).toBe(count);
		expect(countJson(otlpRequest(signal, count, "json"), signal)).toBe(count);
	});

	test("two requests one after the other are one request", () => {
		const body = otlpRequest(signal, 3);
		expect(countProtobuf(Buffer.concat([body, body]), signal)).toBe(6);
	});

	test("any bytes are counted or called malformed, and cut bodies never counted whole", () => {
		const body = otlpRequest(signal, 5);
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: body.length - 1 }), (noise, cut) => {
				for (const bytes of [noise, body.subarray(0, cut), Buffer.concat([body, noise])]) {
					try {
						expect(countProtobuf(bytes, signal)).toBeGreaterThanOrEqual(0);
					} catch (error) {
						expect(error).toBeInstanceOf(MalformedOtlp);
					}
				}
			}),
		);
	});

	test.each([
		"",
		"[]",
		"null",
		"nonsense",
		'{"resourceLogs": 1}'.replace("Logs", signal === "logs" ? "Logs" : signal === "traces" ? "Spans" : "Metrics"),
	])("JSON that is no request: %s", (text) => {
		expect(() => countJson(Buffer.from(text), signal)).toThrow(MalformedOtlp);
	});
});
