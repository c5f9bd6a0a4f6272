import { describe, expect, test } from "vitest";
import { type Layers, outcome, sent } from "../../harness/layers.ts";

describe("Codex", () => {
	const exporter = (host: string, token: string) => ({
		"otlp-http": { endpoint: `https://${host}`, protocol: "binary", headers: { Authorization: `Bearer ${token}` } },
	});
	const otel = (host: string, token: string) => ({
		otel: {
			exporter: exporter(`${host}/v1/logs`, token),
			metrics_exporter: exporter(`${host}/v1/metrics`, token),
			trace_exporter: "none",
		},
	});
	const to = (host: string, token: string) => [
		`logs https://${host}/v1/logs ${token}`,
		`metrics https://${host}/v1/metrics ${token}`,
	];
	const variable = (name: string, value: string) => ({ env: { [name]: value } });

	test.each<[what: string, release: string, layers: Layers, sent: readonly string[]]>([
		[
			"the user's file goes before the system's",
			"0.169.0",
			{ defaults: otel("d", "D"), user: otel("u", "U") },
			to("u", "U"),
		],
		[
			"tables are merged key by key",
			"0.169.0",
			{
				defaults: otel("d", "D"),
				user: { otel: { exporter: { "otlp-http": { headers: { Authorization: "Bearer U" } } } } },
			},
			["logs https://d/v1/logs U", "metrics https://d/v1/metrics D"],
		],
		[
			"a word in the place of a table replaces it",
			"0.169.0",
			{ defaults: otel("d", "D"), user: { otel: { exporter: "none" } } },
			["metrics https://d/v1/metrics D"],
		],
		[
			"and a table in the place of a word",
			"0.169.0",
			{ defaults: { otel: { exporter: "none" } }, user: otel("u", "U") },
			to("u", "U"),
		],
		["a project's file never counts", "0.169.0", { user: otel("u", "U"), project: otel("p", "P") }, to("u", "U")],
		[
			"the legacy managed file goes before the user's",
			"0.169.0",
			{ user: otel("u", "U"), managed: otel("m", "M") },
			to("m", "M"),
		],
		[
			"requirements go before all, from 0.166.0 on",
			"0.166.0",
			{ user: otel("u", "U"), managed: otel("m", "M"), enforced: otel("e", "E") },
			to("e", "E"),
		],
		["and are not read before", "0.165.0", { user: otel("u", "U"), enforced: otel("e", "E") }, to("u", "U")],
		[
			"each exporter of theirs whole, others left",
			"0.169.0",
			{
				user: otel("u", "U"),
				enforced: { otel: { exporter: { "otlp-http": { endpoint: "https://e/logs", protocol: "binary" } } } },
			},
			["logs https://e/logs undefined", "metrics https://u/v1/metrics U"],
		],
		[
			"OTEL_EXPORTER_OTLP_HEADERS replaces the header, enforced or not",
			"0.169.0",
			{ enforced: otel("e", "E"), environment: variable("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer S") },
			to("e", "S"),
		],
		[
			"that of one signal its own",
			"0.169.0",
			{ user: otel("u", "U"), environment: variable("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "Authorization=Bearer S") },
			["logs https://u/v1/logs S", "metrics https://u/v1/metrics U"],
		],
		[
			"others of the shell leave it",
			"0.169.0",
			{ user: otel("u", "U"), environment: variable("OTEL_EXPORTER_OTLP_HEADERS", "x-team=a") },
			to("u", "U"),
		],
		[
			"OTEL_EXPORTER_OTLP_ENDPOINT does not count",
			"0.169.0",
			{ user: otel("u", "U"), environment: variable("OTEL_EXPORTER_OTLP_ENDPOINT", "https://s") },
			to("u", "U"),
		],
		[
			"any OTEL_EXPORTER_OTLP_COMPRESSION ends it",
			"0.169.0",
			{ user: otel("u", "U"), environment: variable("OTEL_EXPORTER_OTLP_COMPRESSION", "none") },
			[],
		],
		["header values are decoded", "0.169.0", { user: otel("u", "a%2Db%zz") }, to("u", "a%2Db%zz")],
		["where they can be", "0.169.0", { user: otel("u", "a%2Db") }, to("u", "a-b")],
	])("%s (%s)", (_what, release, layers, expected) => {
		expect(sent("codex", release, layers)).toEqual(expected);
	});

	test.each<[what: string, layers: Layers, expected: readonly string[]]>([
		[
			"a time limit of nothing",
			{ user: otel("u", "U"), environment: variable("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "0") },
			["unknown", "yes"],
		],
		[
			"a queue of nothing",
			{ user: otel("u", "U"), environment: variable("OTEL_BLRP_MAX_QUEUE_SIZE", "0") },
			["unknown", "yes"],
		],
		["a character that no URI has", { user: otel("u/<a>", "U") }, ["unknown", "unknown"]],
		[
			"a scheme in capitals",
			{ user: { otel: { exporter: { "otlp-http": { endpoint: "HTTPS://u/v1/logs", protocol: "json" } } } } },
			["yes", "no"],
		],
		[
			"compression of metrics that have no exporter of ours: it makes one for itself",
			{
				user: { otel: { exporter: exporter("u", "U") } },
				environment: variable("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip"),
			},
			["no", "no"],
		],
		[
			"and of metrics that are switched off",
			{
				user: { otel: { exporter: exporter("u", "U"), metrics_exporter: "none" } },
				environment: variable("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "gzip"),
			},
			["yes", "no"],
		],
		["a table where a word belongs", { defaults: { tui: 7 }, user: otel("u", "U") }, ["no", "no"]],
		[
			"one that a stronger file puts right",
			{ defaults: { tui: 7 }, user: { ...otel("u", "U"), tui: {} } },
			["yes", "yes"],
		],
		[
			"two variants of an exporter, in two files",
			{ defaults: { otel: { exporter: { "otlp-grpc": { endpoint: "https://d" } } } }, user: otel("u", "U") },
			["no", "no"],
		],
	])("%s", (_what, layers, expected) => {
		expect(outcome("codex", "0.169.0", layers).emissions.map((each) => each.sent)).toEqual(expected);
	});

	test("an empty variable for one signal replaces the headers of the general one", () => {
		const both = { env: { OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer E", OTEL_EXPORTER_OTLP_LOGS_HEADERS: "" } };
		expect(sent("codex", "0.169.0", { user: otel("u", "U"), environment: both })).toEqual([
			"logs https://u/v1/logs U",
			"metrics https://u/v1/metrics E",
		]);
	});
});
