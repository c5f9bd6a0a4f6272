import { describe, expect, test } from "vitest";
import { outcome, sent } from "../../harness/layers.ts";

const telemetry = (token: string, more: Readonly<Record<string, unknown>> = {}) => ({
	telemetry: {
		enabled: true,
		otlpEndpoint: `https://in/${token}`,
		otlpProtocol: "http",
		otlpTracesEndpoint: "",
		...more,
	},
});
const both = (token: string) => [
	`logs https://in/${token}/v1/logs ${token}`,
	`metrics https://in/${token}/v1/metrics ${token}`,
];

describe("Qwen Code", () => {
	test("files are merged key by key: system over project over user over defaults", () => {
		const layers = {
			defaults: telemetry("defaults"),
			user: telemetry("user"),
			project: telemetry("project"),
			system: telemetry("system"),
		};
		expect(sent("qwen-code", "0.24.4", layers)).toEqual(both("system"));
		const { system: _system, ...rest } = layers;
		expect(sent("qwen-code", "0.24.4", rest)).toEqual(both("project"));
		expect(sent("qwen-code", "0.24.4", { defaults: telemetry("defaults"), user: {} })).toEqual(both("defaults"));
	});

	test("an empty endpoint of its own is what switches traces off; without one they go along", () => {
		const { telemetry: whole } = telemetry("t");
		const { otlpTracesEndpoint: _none, ...rest } = whole;
		expect(sent("qwen-code", "0.24.4", { user: { telemetry: rest } })).toEqual([
			...both("t"),
			"traces https://in/t/v1/traces t",
		]);
	});

	test("the endpoint of one signal goes before the one for all, and QWEN_ before OTEL_", () => {
		const env = {
			OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://otel/x/v1/logs",
			QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT: "https://qwen/y/v1/logs",
		};
		expect(sent("qwen-code", "0.24.4", { user: telemetry("t"), environment: { env } })).toEqual([
			"logs https://qwen/y/v1/logs y",
			"metrics https://in/t/v1/metrics t",
		]);
	});

	test.each([
		["the shell switches it off", { environment: { env: { QWEN_TELEMETRY_ENABLED: "false" } } }],
		["an outfile takes it", { system: { telemetry: { outfile: "/tmp/x" } } }],
	])("nothing is sent when %s", (_what, layers) => {
		expect(sent("qwen-code", "0.24.4", { user: telemetry("t"), ...layers })).toEqual([]);
	});

	test("with gRPC it is not known what is sent", () => {
		const layers = { user: telemetry("t"), system: { telemetry: { otlpProtocol: "grpc" } } };
		const { emissions } = outcome("qwen-code", "0.24.4", layers);
		expect(emissions.map(({ signal, sent: isSent, protocol }) => `${signal} ${isSent} ${protocol}`)).toEqual([
			"logs unknown grpc",
			"metrics unknown grpc",
		]);
	});

	test("a header in the variables of a settings file goes before the token in the URL", () => {
		const env = { OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer%20other" };
		expect(sent("qwen-code", "0.24.4", { user: { ...telemetry("t"), env } })).toEqual([
			"logs https://in/t/v1/logs other",
			"metrics https://in/t/v1/metrics other",
		]);
	});

	test("a .env file of the home counts besides the nearest one, and over what the shell has set to nothing", () => {
		const headers = (value: string) => ({ env: { OTEL_EXPORTER_OTLP_HEADERS: value } });
		const first = (layers: Parameters<typeof outcome>[2]) =>
			outcome("qwen-code", "0.24.4", { user: telemetry("t"), ...layers }).emissions[0]?.headers.map(({ name }) => name);
		const home = { "dotenv-home": headers("X-Home=1") };
		expect(first({ ...home, dotenv: { env: { OTHER: "1" } } })).toEqual(["X-Home"]);
		expect(first({ ...home, dotenv: headers("X-Near=1") })).toEqual(["X-Near"]);
		expect(first({ ...home, dotenv: headers(""), environment: headers("") })).toEqual(["X-Home"]);
		expect(first({ ...home, environment: headers("X-Shell=1") })).toEqual(["X-Shell"]);
	});

	test("a number of its batches that is not digits leaves open what is sent", () => {
		const { emissions } = outcome("qwen-code", "0.24.4", {
			user: { ...telemetry("t"), env: { OTEL_BSP_EXPORT_TIMEOUT: "-5" } },
		});
		expect(emissions.map((each) => each.sent)).toEqual(["unknown", "unknown"]);
	});
});
