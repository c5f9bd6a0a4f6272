import type { JudgedConfig } from "./refused-configs.ts";

/** What is written below `service.telemetry`, the rules of the errors, and whether `validate` does not see them: then the start fails. */
const CASES: readonly (readonly [
	telemetry: string,
	errors: readonly string[],
	seen: "refused" | "at start" | "fine",
])[] = [
	["logs: {level: verbose}", ["wrong-type"], "refused"],
	["logs: {level: trace}", ["wrong-type"], "refused"],
	["logs: {level: WARN}", [], "fine"],
	["logs: {level: warning}", [], "fine"],
	["logs: {encoding: text}", ["wrong-type"], "at start"],
	["logs: {encoding: JSON}", ["wrong-type"], "at start"],
	["logs: {encoding: json, output_paths: stdout}", [], "fine"],
	["logs: {sampling: {enabled: yes}}", ["wrong-type"], "refused"],
	["logs: {sampling: {tick: soon}}", ["wrong-type"], "refused"],
	["logs: {levels: info}", ["unknown-field"], "refused"],
	["traces: {level: full}", ["wrong-type"], "refused"],
	["traces: {foo: 1}", ["unknown-field"], "refused"],
	["log: {level: info}", ["unknown-field"], "refused"],
	["metrics: {level: verbose}", ["wrong-type"], "refused"],
	["metrics: {level: DETAILED}", [], "fine"],
	["metrics: {views: []}", ["refused-value"], "refused"],
	["metrics: {level: detailed, views: []}", [], "fine"],
	["metrics: {readers: [{}]}", ["refused-value"], "at start"],
	["metrics: {readers: [{}], level: none}", [], "fine"],
	["metrics: {readers: [{periodic: {exporter: {console: }}}]}", ["refused-value"], "at start"],
	["metrics: {readers: [{periodic: {exporter: {console: {}}}}]}", [], "fine"],
	["metrics: {readers: [{pull: {exporter: {prometheus: {port: 8889}}}}]}", ["refused-value"], "at start"],
	["metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}", [], "fine"],
	["metrics: {readers: [{periodic: {exporter: {otlp: {endpoint: 'http://x'}}}}]}", ["refused-value"], "at start"],
	["metrics: {readers: [{periodic: {exporter: {otlp: {protocol: http/json}}}}]}", ["refused-value"], "at start"],
	[
		"metrics: {readers: [{periodic: {exporter: {otlp: {protocol: grpc, endpoint: 'http://x', compression: zstd}}}}]}",
		["refused-value"],
		"at start",
	],
	["resource: {service.version: 5}", ["refused-value"], "refused"],
	["resource: {service.version: '5', service.name: null}", [], "fine"],
];

/** Settings of what the collector reports about itself. The starts were tried by hand on otelcol 0.155.0: `failed to create logger`, `… meter provider`. */
export const judgedTelemetry = (whole: (parts: { service: string }) => string): readonly JudgedConfig[] =>
	CASES.map(([telemetry, errors, seen]) => ({
		name: `service.telemetry: ${telemetry}`,
		text: whole({ service: `telemetry: {${telemetry}}` }),
		errors,
		...(seen === "refused" ? {} : { passes: true as const }),
	}));
