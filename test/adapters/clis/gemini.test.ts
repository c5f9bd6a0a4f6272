import { describe, expect, test } from "vitest";
import { type Layers, outcome, sent } from "../../harness/layers.ts";

describe("Gemini CLI", () => {
	const telemetry = (host: string, token: string, more: Record<string, unknown> = {}) => ({
		telemetry: {
			enabled: true,
			target: "local",
			otlpEndpoint: `https://${host}/${token}`,
			otlpProtocol: "http",
			outfile: "",
			useCollector: false,
			...more,
		},
	});
	const to = (host: string, token: string, carried = token) =>
		["logs", "metrics", "traces"].map((signal) => `${signal} https://${host}/${token}/v1/${signal} ${carried}`);
	const variable = (name: string, value: string) => ({ env: { [name]: value } });

	test.each<[what: string, release: string, layers: Layers, sent: readonly string[]]>([
		// Seen in 0.61.0.
		...["GEMINI_TELEMETRY_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "GEMINI_TELEMETRY_OTLP_PROTOCOL"].map(
			(name): [string, string, Layers, readonly string[]] => [
				`${name} stops everything if it is empty`,
				"0.61.0",
				{ system: telemetry("s", "S"), environment: variable(name, "") },
				[],
			],
		),
		[
			"a protocol that does not exist stops it even where no other variable counts",
			"0.33.2",
			{ system: telemetry("s", "S"), environment: variable("GEMINI_TELEMETRY_OTLP_PROTOCOL", "HTTP") },
			[],
		],
		[
			"the user's file goes before the defaults",
			"0.61.0",
			{ defaults: telemetry("d", "D"), user: telemetry("u", "U") },
			to("u", "U"),
		],
		[
			"a project's before the user's",
			"0.61.0",
			{ user: telemetry("u", "U"), project: telemetry("p", "P") },
			to("p", "P"),
		],
		[
			"the system's before all files",
			"0.61.0",
			{ user: telemetry("u", "U"), project: telemetry("p", "P"), system: telemetry("s", "S") },
			to("s", "S"),
		],
		[
			"files are merged key by key: an outfile of the user's stops it",
			"0.61.0",
			{ user: { telemetry: { outfile: "/x" } }, system: telemetry("s", "S", { outfile: undefined }) },
			[],
		],
		[
			"unless the system's file empties it",
			"0.61.0",
			{ user: { telemetry: { outfile: "/x" } }, system: telemetry("s", "S") },
			to("s", "S"),
		],
		[
			"OTEL_EXPORTER_OTLP_ENDPOINT goes before every file",
			"0.61.0",
			{ system: telemetry("s", "S"), environment: variable("OTEL_EXPORTER_OTLP_ENDPOINT", "https://e/E") },
			to("e", "E"),
		],
		[
			"GEMINI_TELEMETRY_OTLP_ENDPOINT before that",
			"0.61.0",
			{
				system: telemetry("s", "S"),
				environment: {
					env: { GEMINI_TELEMETRY_OTLP_ENDPOINT: "https://g/G", OTEL_EXPORTER_OTLP_ENDPOINT: "https://e/E" },
				},
			},
			to("g", "G"),
		],
		[
			"a .env file as the environment, where that says nothing",
			"0.61.0",
			{ user: telemetry("u", "U"), dotenv: variable("OTEL_EXPORTER_OTLP_ENDPOINT", "https://f/F") },
			to("f", "F"),
		],
		[
			"else it does not count",
			"0.61.0",
			{
				dotenv: variable("OTEL_EXPORTER_OTLP_ENDPOINT", "https://f/F"),
				user: telemetry("u", "U"),
				environment: variable("OTEL_EXPORTER_OTLP_ENDPOINT", "https://e/E"),
			},
			to("e", "E"),
		],
		[
			"GEMINI_TELEMETRY_ENABLED=false stops nothing",
			"0.61.0",
			{ user: telemetry("u", "U"), environment: variable("GEMINI_TELEMETRY_ENABLED", "false") },
			to("u", "U"),
		],
		[
			"true starts it",
			"0.61.0",
			{ user: telemetry("u", "U", { enabled: false }), environment: variable("GEMINI_TELEMETRY_ENABLED", "true") },
			to("u", "U"),
		],
		[
			"GEMINI_TELEMETRY_OUTFILE stops it",
			"0.61.0",
			{ system: telemetry("s", "S"), environment: variable("GEMINI_TELEMETRY_OUTFILE", "/x") },
			[],
		],
		[
			"headers of the environment are sent, and go before the path for us",
			"0.61.0",
			{ user: telemetry("u", "U"), environment: variable("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20E") },
			to("u", "U", "E"),
		],
		[
			"variables in a file of settings are none (seen on 0.61.0)",
			"0.61.0",
			{ user: { ...telemetry("u", "U"), ...variable("OTEL_EXPORTER_OTLP_ENDPOINT", "https://e/E") } },
			to("u", "U"),
		],
		["target gcp ignores the endpoint", "0.61.0", { user: telemetry("u", "U", { target: "gcp" }) }, []],
		[
			"before 0.34.0 every signal is posted to the bare URL",
			"0.33.2",
			{ user: telemetry("u", "U") },
			["logs", "metrics", "traces"].map((signal) => `${signal} https://u/U U`),
		],
		[
			"and the file's endpoint goes before the environment's",
			"0.33.2",
			{ user: telemetry("u", "U"), environment: variable("OTEL_EXPORTER_OTLP_ENDPOINT", "https://e/E") },
			["logs", "metrics", "traces"].map((signal) => `${signal} https://u/U U`),
		],
		[
			"a password in the URL is the token",
			"0.61.0",
			{ user: telemetry("x:U@u", "base") },
			["logs", "metrics", "traces"].map((signal) => `${signal} https://u/base/v1/${signal} U`),
		],
		["no endpoint, nothing sent", "0.61.0", { user: { telemetry: { enabled: true } } }, []],
	])("%s (%s)", (_what, release, layers, expected) => {
		expect(sent("gemini", release, layers)).toEqual(expected);
	});

	test.each(["OTEL_BSP_EXPORT_TIMEOUT", "OTEL_BLRP_MAX_QUEUE_SIZE"])(
		"what comes of %s is not known, but for digits",
		(name) => {
			const outcomes = (text: string) =>
				outcome("gemini", "0.61.0", { user: telemetry("u", "U"), dotenv: variable(name, text) }).emissions.map(
					({ sent: isSent }) => isSent,
				);
			for (const text of ["-5", "0", " 0", "0x10", "5s", ""])
				expect(outcomes(text)).toEqual(["unknown", "unknown", "unknown"]);
			expect(outcomes("512")).toEqual(["yes", "yes", "yes"]);
		},
	);
});
