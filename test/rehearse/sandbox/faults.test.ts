import {
	JsonLogsSerializer,
	JsonMetricsSerializer,
	JsonTraceSerializer,
	ProtobufLogsSerializer,
	ProtobufMetricsSerializer,
	ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { describe, expect, test } from "vitest";
import { sandbox as glean } from "../../../src/adapters/providers/glean/sandbox.ts";
import { sandbox as torii } from "../../../src/adapters/providers/torii/sandbox.ts";
import type { Problem } from "../../../src/base/errors.ts";
import { parseFault } from "../../../src/rehearse/sandbox/faults.ts";
import { canary } from "../../harness/canary.ts";
import { otlpRequest } from "../../harness/otlp.ts";
import { NOW, openSandbox } from "../../harness/sandbox.ts";
import { waitFor } from "../../harness/wait.ts";

const types = { protobuf: "application/x-protobuf", json: "application/json" } as const;
const readers = {
	logs: [ProtobufLogsSerializer, JsonLogsSerializer, "rejectedLogRecords"],
	traces: [ProtobufTraceSerializer, JsonTraceSerializer, "rejectedSpans"],
	metrics: [ProtobufMetricsSerializer, JsonMetricsSerializer, "rejectedDataPoints"],
} as const;

async function opened(...faults: string[]) {
	const box = await openSandbox(torii, { faults });
	const headers = (encoding: keyof typeof types) => ({ ...box.bearer(box.first), "content-type": types[encoding] });
	const send = async (signal: keyof typeof readers = "logs", count = 3, encoding: keyof typeof types = "protobuf") => {
		const body = Buffer.from(otlpRequest(signal, count, encoding));
		const response = await fetch(`${box.url}/v1/${signal}`, { method: "POST", headers: headers(encoding), body });
		const bytes = new Uint8Array(await response.arrayBuffer());
		return { status: response.status, headers: response.headers, bytes };
	};
	return { ...box, send };
}

describe("sandbox faults on the wire", () => {
	test.each(
		(["logs", "traces", "metrics"] as const).flatMap((signal) =>
			(["protobuf", "json"] as const).flatMap((encoding) =>
				[1, 2, 300].map((rejected) => [signal, encoding, rejected] as const),
			),
		),
	)(
		"partial success of %s in %s, %i rejected, as OpenTelemetry's own library reads it",
		async (signal, encoding, rejected) => {
			const { send, status } = await opened(`partial:rejected=${rejected}`);
			const { status: code, bytes } = await send(signal, 301, encoding);
			const [protobuf, json, field] = readers[signal];
			const { partialSuccess } = (encoding === "json" ? json : protobuf).deserializeResponse(bytes);
			const { errorMessage, [field]: told } = partialSuccess as unknown as Record<string, unknown>;
			expect([code, Number(told), errorMessage]).toEqual([200, rejected, "rejected by a fault"]);
			expect((await status()).traffic).toMatchObject([{ accepted: true, requests: 1, records: 301 - rejected }]);
		},
	);

	test("partial success rejects no more than there is", async () => {
		const { send, status } = await opened("partial:rejected=5");
		expect(ProtobufLogsSerializer.deserializeResponse((await send("logs", 2)).bytes)).toMatchObject({
			partialSuccess: { rejectedLogRecords: 2 },
		});
		expect((await status()).traffic).toMatchObject([{ records: 0 }]);
	});

	test("malformed protobuf is none to OpenTelemetry's own library", async () => {
		const { send } = await opened("malformed");
		const { bytes, status } = await send();
		expect(status).toBe(200);
		expect(() => ProtobufLogsSerializer.deserializeResponse(bytes)).toThrow();
	});

	test.each([
		["429", "30"],
		["429:after=90s", "90"],
		["429:after=1500ms", "2"],
		["429:after=90s,form=date", new Date(NOW + 90_000).toUTCString()],
		["503:after=5s", "5"],
		["429:after=none", null],
		["503", null],
		["413", null],
	])("%s has Retry-After %s", async (fault, retryAfter) => {
		const { send } = await opened(fault);
		const { headers, status } = await send();
		expect([status, headers.get("retry-after"), headers.get("content-type")]).toEqual([
			Number(fault.slice(0, 3)),
			retryAfter,
			"application/x-protobuf",
		]);
	});

	test.each([
		["skew", 300_000],
		["skew:by=-26h", -26 * 3_600_000],
		["skew:by=10s,on=ingest", 10_000],
	])("%s moves the Date header, and only that", async (fault, by) => {
		const { send } = await opened(fault);
		const { headers, status } = await send();
		expect([status, headers.get("date")]).toEqual([200, new Date(NOW + by).toUTCString()]);
	});

	test("slow: no answer before its time, while the request is counted already", async () => {
		const { url, first, bearer, status } = await opened("slow:delay=1h,times=1");
		const leave = new AbortController();
		const headers = { ...bearer(first), "content-type": "application/json" };
		const pending = fetch(`${url}/v1/logs`, { method: "POST", headers, body: "{}", signal: leave.signal });
		const settled = pending.then(
			() => "answered",
			() => "left",
		);
		await waitFor("the count", async () => (await status()).traffic[0]?.requests === 1);
		leave.abort();
		expect(await settled).toBe("left");
	});

	test("slow: the answer comes when the time is over", async () => {
		const { send } = await opened("slow:delay=200ms");
		const started = performance.now();
		expect((await send()).status).toBe(200);
		expect(performance.now() - started).toBeGreaterThanOrEqual(199);
	});

	test("several at once: all that change the answer, and one after the other those that are one", async () => {
		const { send, status } = await opened("503:times=1", "429:times=2", "skew:by=1m,times=3");
		const got = [];
		for (let request = 0; request < 4; request++) {
			const { status: code, headers } = await send();
			got.push([code, headers.get("date") === new Date(NOW + 60_000).toUTCString()]);
		}
		expect(got).toEqual([
			[503, true],
			[429, true],
			[429, true],
			[200, false],
		]);
		expect((await status()).faults).toEqual([]);
	});

	test("on=manage: the response to a rotation is lost, and ingest continues", async () => {
		const box = await openSandbox(glean, { faults: ["reset:times=1,on=manage"] });
		const post = (name: string, body?: unknown) =>
			box.ask("POST", `/api/index/v1/${name}`, box.bearer(box.first), body);
		expect((await post("indexdocument", { datasource: "wiki" })).status).toBe(200);
		await expect(post("rotatetoken")).rejects.toThrow();
		const { tokens } = await box.status();
		expect(tokens.map(({ role, state }) => [role, state])).toEqual([
			["new", "active"],
			["old", "active"],
		]);
		expect((await post("indexdocument", { datasource: "wiki" })).status).toBe(200);
		box.at(600_000);
		expect((await post("indexdocument", { datasource: "wiki" })).status).toBe(401);
	});

	test("none hits the paths below /_sandbox", async () => {
		const { ask, status } = await opened("503", "reset", "malformed");
		expect((await ask("GET", "/_sandbox/health")).status).toBe(200);
		expect((await status()).faults).toHaveLength(3);
	});
});

describe("POST /_sandbox/fault", () => {
	test("turns one on, replaces its kind, lists what is left, and turns all off", async () => {
		const { control, send, status } = await opened();
		expect((await control("/fault", { fault: 503, times: 2, on: "ingest" })).json()).toEqual({
			faults: [{ fault: "503", on: ["ingest"], left: 2 }],
		});
		await send();
		expect((await status()).faults).toMatchObject([{ fault: "503", left: 1 }]);
		await control("/fault", { fault: "503" });
		expect((await status()).faults).toEqual([{ fault: "503", on: ["ingest", "manage"] }]);
		await control("/fault", { fault: "off" });
		expect([(await send()).status, (await status()).faults]).toEqual([200, []]);
	});

	test.each([
		[{}],
		[{ fault: "fire" }],
		[{ fault: "constructor" }],
		[{ fault: "503", times: 0 }],
		[{ fault: "503", times: -1 }],
		[{ fault: "503", on: "monday" }],
		[{ fault: "503", on: "toString" }],
		[{ fault: "slow", delay: "long" }],
		[{ fault: "slow", rejected: 1 }],
		[{ fault: "partial", rejected: 0 }],
		[{ fault: "skew", by: "--5m" }],
		[{ fault: "429", form: "roman" }],
		[{ fault: "429", after: "999999999999d" }],
		[[]],
	])("%j is 400 and changes nothing", async (body) => {
		const { control, status } = await opened();
		const { status: code, json } = await control("/fault", body);
		expect([code, json()]).toEqual([400, { message: expect.any(String) }]);
		expect((await status()).faults).toEqual([]);
	});

	test("a token in the wrong place is not repeated", async () => {
		const { control } = await opened();
		const { token } = canary();
		for (const body of [{ fault: token }, { fault: "503", times: token }, { fault: "503", [token]: 1 }]) {
			expect((await control("/fault", body)).text).not.toContain(token);
		}
	});
});

describe("--fault", () => {
	test.each([
		["503", "503", Number.POSITIVE_INFINITY, 2],
		["503:", "503", Number.POSITIVE_INFINITY, 2],
		["reset:times=3,on=manage", "reset", 3, 1],
	])("%s", (text, kind, times, targets) => {
		const fault = parseFault(text, "--fault", ({ what }) => expect.unreachable(what));
		expect([fault?.kind, fault?.times, fault?.on.length]).toEqual([kind, times, targets]);
	});

	test.each([
		["", "unknown fault"],
		["504s", "did you mean --fault 504"],
		["503:tims=2", "did you mean --fault times"],
		["503:times", "times"],
		["503:times=two", "whole number"],
		["slow:delay=-2s", "a duration such as"],
	])("%j is wrong", (text, said) => {
		const problems: Problem[] = [];
		expect(parseFault(text, "--fault", (problem) => problems.push(problem))).toBeUndefined();
		expect(JSON.stringify(problems)).toContain(said);
	});
});
