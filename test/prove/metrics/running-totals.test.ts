import { describe, expect, test } from "vitest";
import { parseExposition } from "../../../src/prove/metrics/exposition.ts";
import { processStart, runningTotals } from "../../../src/prove/metrics/running-totals.ts";
import { newTapMetrics } from "../../../src/prove/tap/metrics.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary } from "../../harness/canary.ts";
import { hostile } from "../../harness/overlap.ts";

const FP = "0123456789ab";
const read = (page: string) => runningTotals(parseExposition(page).samples);
const rows = (page: string) => read(page).map(({ id: _, ...row }) => row);

describe("a metrics page tells who sent with what:", () => {
	test("crossfade tap's own, with requests, records, bytes, and how they were answered", () => {
		const metrics = newTapMetrics(0);
		const sender = { fingerprint: FP, signal: "logs", host: hostile.quotes, cli: "codex" } as const;
		metrics.add({ ...sender, at: 0, place: "gw", version: "1", requests: 2, records: 30, bytes: 400, lastStatus: 200 });
		metrics.add({ ...sender, at: 0, place: "gw", version: "1", requests: 1, records: 5, bytes: 90, lastStatus: 401 });
		const row = { ...sender, version: "", seesAnswers: true };
		expect(rows(metrics.text())).toEqual([
			{ ...row, unit: "requests", value: 3 },
			{ ...row, unit: "records", value: 35 },
			{ ...row, unit: "bytes", value: 490 },
			{ ...row, unit: "answers", status: 200, isTaken: true, value: 1 },
			{ ...row, unit: "answers", status: 401, isTaken: false, value: 1 },
		]);
	});

	const sender = { fingerprint: FP, host: "mac-1", cli: "codex", version: "0.166.0", signal: "logs" };
	const labels = `crossfade_fingerprint="${FP}",service_name="codex_cli_rs",service_version="0.166.0",host_name="mac-1"`;
	test.each<[string, string, object[]]>([
		["of a known CLI", `crossfade_gateway_log_records_total{${labels}} 7`, [{ ...sender, unit: "records", value: 7 }]],
		[
			"without _total",
			`crossfade_gateway_log_records{${labels},job="x"} 7`,
			[{ ...sender, unit: "records", value: 7 }],
		],
		[
			"of what names neither host nor version",
			`crossfade_gateway_spans{crossfade_fingerprint="none",service_name="curl"} 1`,
			[{ fingerprint: "none", host: "", cli: "curl", version: "", signal: "traces", unit: "records", value: 1 }],
		],
		[
			"of Gemini, whose version is Node's",
			`crossfade_gateway_metric_points{crossfade_fingerprint="${FP}",service_name="gemini-cli",service_version="v24.1.0"} 1`,
			[{ fingerprint: FP, host: "", cli: "gemini", version: "", signal: "metrics", unit: "records", value: 1 }],
		],
		[
			"with a fingerprint that is none",
			'crossfade_gateway_spans{crossfade_fingerprint="<b>",service_name="x"} 1',
			[{ fingerprint: "others" }],
		],
	])("a collector's attribution, %s", (_, page, expected) => {
		expect(rows(page)).toMatchObject(expected);
	});

	test.each([
		[`otelcol_processor_incoming_items{processor="attributes/crossfade-fp-${FP}",otel_signal="logs"} 5`],
		[`otelcol_processor_incoming_items_total{processor="batch/crossfade-fp-${FP}",otel_signal="logs"} 5`],
		[`otelcol_receiver_accepted_log_records{receiver="otlp/crossfade-fp-${FP}",transport="http"} 5`],
		[`receiver_accepted_log_records_ratio_total{component_id="otelcol.receiver.otlp.crossfade_fp_${FP}"} 5`],
	])("a collector's own component counters: %s", (page) => {
		const row = { fingerprint: FP, host: "", cli: "", version: "", signal: "logs", unit: "records", value: 5 };
		expect(rows(page)).toEqual([row]);
	});

	test("the component for all other tokens, and the same traffic at a receiver and a processor counted once", () => {
		const page = `otelcol_receiver_accepted_spans{receiver="otlp/crossfade-fp-other"} 9
otelcol_processor_incoming_items{processor="batch/crossfade-fp-other",otel_signal="traces"} 8`;
		expect(rows(page)).toMatchObject([{ fingerprint: "others", signal: "traces", value: 8 }]);
	});

	test.each([
		'otelcol_receiver_accepted_log_records{receiver="otlp"} 3',
		`crossfade_tap_requests_total{signal="logs"} 3`,
		`crossfade_tap_requests_total{fingerprint="${FP}",signal="profiles"} 3`,
		`crossfade_tap_requests_total{fingerprint="${FP}",signal="__proto__"} 3`,
		`crossfade_tap_records_total{fingerprint="${FP}",signal="logs"} NaN`,
		`crossfade_tap_records_total{fingerprint="${FP}",signal="logs"} -1`,
		`crossfade_tap_records_total{fingerprint="${FP}",signal="logs"} 1e300`,
		"<html><body>please sign in</body></html>",
	])("nothing of ours: %s", (page) => {
		expect(read(page)).toEqual([]);
	});

	test("a name that is the token itself, or one we know, is not repeated", () => {
		const [own, known] = [canary(), canary()];
		Secret.of(known.token);
		const page = `crossfade_gateway_spans{crossfade_fingerprint="${own.fingerprint}",service_name="${own.token}",host_name="host-${known.token}"} 1`;
		const text = JSON.stringify(read(page));
		expect(text).not.toContain(own.token);
		expect(text).not.toContain(known.token);
	});

	test("a series keeps its id, whatever the order of its labels", () => {
		const ids = [
			'host_name="a",crossfade_fingerprint="0123456789ab"',
			'crossfade_fingerprint="0123456789ab",host_name="a"',
		];
		const [one, other] = ids.map((text, index) => read(`crossfade_gateway_spans{${text}} ${index}`)[0]?.id);
		expect(one).toMatch(/^[0-9a-f]{16}$/);
		expect(other).toBe(one);
	});
});

test("a name as random as a token is replaced by its length, whichever way the page counts; others stay", () => {
	const { token } = canary();
	for (const line of [
		`crossfade_tap_requests_total{fingerprint="0123456789ab",signal="logs",host="${token}",cli="x ${token}"} 1`,
		`crossfade_gateway_log_records_total{crossfade_fingerprint="0123456789ab",host_name="${token}",service_name="x ${token}",service_version="${token}"} 1`,
	]) {
		const [total] = read(line);
		expect(total).toMatchObject({ host: `[${token.length} characters]`, cli: `x [${token.length} characters]` });
		expect(JSON.stringify(total)).not.toContain(token);
	}
	const host = "8d3e7c2a-5b1f-4a6d-9e0c-123456789abc";
	const line = `crossfade_tap_requests_total{fingerprint="0123456789ab",signal="logs",host="${host}",cli="codex"} 1`;
	expect(read(line)).toMatchObject([{ host, cli: "codex" }]);
});

test.each([
	["process_start_time_seconds 1700000000.5", 1_700_000_000_500],
	["process_start_time_seconds 1700000000.5001", 1_700_000_000_501],
	["otelcol_process_uptime 10", 90_000],
	["otelcol_process_uptime_seconds_total 10", 90_000],
	["other 10", undefined],
])("when the process started: %s", (page, expected) => {
	expect(processStart(parseExposition(page).samples, 100_000)).toBe(expected);
});
