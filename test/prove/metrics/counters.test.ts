import { describe, expect, test } from "vitest";
import { gatewayCounters } from "../../../src/prove/metrics/counters.ts";
import { parseExposition } from "../../../src/prove/metrics/exposition.ts";

/** As otelcol 0.155.0 prints it. */
const PAGE = `# HELP otelcol_exporter_queue_capacity Fixed capacity of the retry queue (in batches). [Alpha]
# TYPE otelcol_exporter_queue_capacity gauge
otelcol_exporter_queue_capacity{data_type="logs",exporter="otlp_http/torii"} 1000
otelcol_exporter_queue_capacity{data_type="traces",exporter="otlp_http/torii"} 1000
otelcol_exporter_queue_size{data_type="logs",exporter="otlp_http/torii"} 1
otelcol_exporter_queue_size{data_type="traces",exporter="otlp_http/torii"} 0
otelcol_exporter_sent_log_records{exporter="otlp_http/torii",server_address="127.0.0.1",url_path="/v1/logs"} 1.2e+06
otelcol_exporter_sent_log_records{exporter="otlp_http/agent"} 7
otelcol_exporter_send_failed_log_records{error_permanent="true",error_type="Unauthenticated",exporter="otlp_http/torii"} 20
otelcol_exporter_send_failed_log_records{error_permanent="false",error_type="Unavailable",exporter="otlp_http/torii"} 3
otelcol_process_uptime 3.011420988
otelcol_receiver_accepted_log_records{receiver="otlp",transport="http"} 30
otelcol_receiver_accepted_log_records{receiver="otlp",transport="grpc"} 12
otelcol_receiver_accepted_spans{receiver="otlp",transport="http"} 10
otelcol_receiver_failed_log_records{receiver="otlp",transport="http"} 1
otelcol_receiver_refused_log_records{receiver="otlp",transport="http"} 4
`;

describe("a collector's own metrics", () => {
	test("by signal, and by exporter", () => {
		const { signals, isCollector, badLines } = gatewayCounters(PAGE);
		expect({ isCollector, badLines }).toEqual({ isCollector: true, badLines: 0 });
		expect(signals.logs).toMatchObject({ accepted: 42, refused: 5, sent: 1_200_007, sendFailed: 23, queueSize: 1 });
		expect(signals.logs.queueCapacity).toBe(1000);
		expect(signals.logs.exporters.get("otlp_http/torii")).toEqual({
			sent: 1_200_000,
			sendFailed: 23,
			enqueueFailed: 0,
			queueSize: 1,
			queueCapacity: 1000,
			reasons: new Map([
				["Unauthenticated", 20],
				["Unavailable", 3],
			]),
		});
		expect(signals.traces).toMatchObject({ accepted: 10, queueSize: 0, queueCapacity: 1000 });
		expect(signals.metrics).toMatchObject({ accepted: 0, sent: 0 });
	});

	test.each([
		["since 0.119, read by a custom reader", 'otelcol_exporter_sent_spans_total{exporter="e"} 5', "e"],
		[
			"Alloy",
			'otelcol_exporter_sent_spans_total{component_id="otelcol.exporter.otlphttp.torii",exporter="otlphttp"} 5',
			"otelcol.exporter.otlphttp.torii",
		],
		["old Alloy", 'exporter_sent_spans_ratio_total{component_id="c",exporter="otlphttp/c"} 5', "c"],
	])("names of other releases: %s", (_, line, exporter) => {
		expect(gatewayCounters(line).signals.traces.exporters.get(exporter)).toMatchObject({ sent: 5 });
	});

	test("a queue without a signal stands for all", () => {
		const { signals } = gatewayCounters('otelcol_exporter_queue_size{exporter="e"} 5');
		expect([signals.logs.queueSize, signals.metrics.queueSize, signals.traces.queueSize]).toEqual([5, 5, 5]);
	});

	test("profiles, which have no counters here, disturb nothing", () => {
		const { signals } = gatewayCounters('otelcol_exporter_queue_size{data_type="profiles",exporter="e"} 5');
		expect(signals.logs.queueSize).toBe(0);
	});

	test("a login page is no collector", () => {
		const page = "<!DOCTYPE html>\n<html><body onload=x>\nPlease log in\n</body></html>";
		expect(gatewayCounters(page)).toMatchObject({ isCollector: false, badLines: 4 });
	});
});

describe("Prometheus' text format", () => {
	test.each([
		["a 1", { name: "a", labels: {}, value: 1 }],
		["a{} -1.5e-3 1395066363000", { name: "a", labels: {}, value: -0.0015 }],
		[
			'a{b="x\\"y\\\\z\\n",c="}, d="} +Inf',
			{ name: "a", labels: { b: 'x"y\\z\n', c: "}, d=" }, value: Number.POSITIVE_INFINITY },
		],
		['a { b = "c" , } NaN', { name: "a", labels: { b: "c" }, value: Number.NaN }],
		['a_total{b="c"} 3 # {trace_id="1"} 0.5', { name: "a_total", labels: { b: "c" }, value: 3 }],
		["a 5\r", { name: "a", labels: {}, value: 5 }],
	])("%s", (line, sample) => {
		expect(parseExposition(line)).toEqual({ samples: [sample], badLines: 0 });
	});

	test.each([
		"a",
		"a{",
		'a{b="c"',
		'a{b="c} 1',
		"a{b=c} 1",
		"a 1 2 3",
		"a one",
		"a 1.2.3",
		"{} 1",
		"1 1",
		"a\u0000 1",
		`a{b="${"x".repeat(70_000)}"} 1`,
	])("a bad line is counted, %#", (line) => {
		expect(parseExposition(`${line}\nb 1`)).toEqual({ samples: [{ name: "b", labels: {}, value: 1 }], badLines: 1 });
	});

	test("labels named like parts of objects are only labels", () => {
		const { samples } = parseExposition('a{__proto__="x",constructor="y"} 1');
		expect(Object.entries(samples[0]?.labels ?? {})).toEqual([
			["__proto__", "x"],
			["constructor", "y"],
		]);
		expect(gatewayCounters('otelcol_exporter_sent_spans{exporter="__proto__"} 1').signals.traces.sent).toBe(1);
	});

	test("random text is read in linear time and never throws", () => {
		const noise = Array.from({ length: 60_000 }, (_, index) => '{}"\\=, \na1'[(index * 7919 + (index >> 3)) % 10]).join(
			"",
		);
		for (const text of [
			noise,
			'\\"'.repeat(30_000),
			`a{${'b="c",'.repeat(9_000)}`,
			"{".repeat(60_000),
			`a ${"1".repeat(60_000)}x`,
		]) {
			expect(() => gatewayCounters(text)).not.toThrow();
		}
	});
});
