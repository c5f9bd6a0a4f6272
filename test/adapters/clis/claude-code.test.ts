import { describe, expect, test } from "vitest";
import { type Layers, outcome, sent } from "../../harness/layers.ts";

describe("Claude Code", () => {
	const env = (host: string, token: string, more: Record<string, string> = {}) => ({
		env: {
			CLAUDE_CODE_ENABLE_TELEMETRY: "1",
			OTEL_LOGS_EXPORTER: "otlp",
			OTEL_METRICS_EXPORTER: "otlp",
			OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
			OTEL_EXPORTER_OTLP_ENDPOINT: `https://${host}`,
			OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token}`,
			...more,
		},
	});
	const to = (host: string, token: string) => [
		`logs https://${host}/v1/logs ${token}`,
		`metrics https://${host}/v1/metrics ${token}`,
	];

	test.each<[what: string, release: string, layers: Layers, sent: readonly string[]]>([
		[
			"the user's file goes before the shell",
			"2.1.330",
			{ environment: env("s", "S"), user: env("u", "U") },
			to("u", "U"),
		],
		[
			"a project's goes before the user's in 2.1.81",
			"2.1.81",
			{ user: env("u", "U"), project: env("p", "P") },
			to("p", "P"),
		],
		[
			"and its local file before both",
			"2.1.81",
			{ user: env("u", "U"), project: env("p", "P"), local: env("l", "L") },
			to("l", "L"),
		],
		[
			"2.1.330 takes none from a project",
			"2.1.330",
			{ user: env("u", "U"), project: env("p", "P"), local: env("l", "L") },
			to("u", "U"),
		],
		[
			"a managed file goes before all of them",
			"2.1.81",
			{ user: env("u", "U"), local: env("l", "L"), managed: env("m", "M") },
			to("m", "M"),
		],
		[
			"a drop-in goes before the managed file, from 2.1.83 on",
			"2.1.83",
			{ managed: env("m", "M"), "drop-ins": env("d", "D") },
			to("d", "D"),
		],
		["and is not read before", "2.1.82", { managed: env("m", "M"), "drop-ins": env("d", "D") }, to("m", "M")],
		[
			"a profile takes everything before 2.1.223, what it does not say included",
			"2.1.222",
			{ managed: env("m", "M"), profile: { env: { CLAUDE_CODE_ENABLE_TELEMETRY: "1", OTEL_LOG_USER_PROMPTS: "0" } } },
			[],
		],
		[
			"from 2.1.223 on, of the telemetry unit alone",
			"2.1.223",
			{ managed: env("m", "M"), profile: { env: { OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer P" } } },
			// The exporter of metrics is not in the unit, that of logs is.
			["metrics undefined P"],
		],
		[
			"and a profile without any of it leaves the file's",
			"2.1.223",
			{ managed: env("m", "M"), profile: { env: { X: "1" } } },
			to("m", "M"),
		],
		[
			"a managed destination clears the user's and the shell's, from 2.1.217 on",
			"2.1.217",
			{
				environment: { env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://s/x" } },
				user: { env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "https://u/x" } },
				managed: env("m", "M"),
			},
			to("m", "M"),
		],
		[
			"before, they divert it with the managed header",
			"2.1.216",
			{
				environment: { env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://s/x" } },
				user: { env: { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "https://u/x" } },
				managed: env("m", "M"),
			},
			["logs https://s/x M", "metrics https://u/x M"],
		],
		[
			"managed headers for one signal clear its endpoint in weaker layers, and no other",
			"2.1.330",
			{
				user: env("u", "", {
					OTEL_EXPORTER_OTLP_HEADERS: "x=y",
					OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://l/x",
					OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "https://m/x",
				}),
				managed: { env: { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "Authorization=Bearer M" } },
			},
			["logs https://u/v1/logs M", "metrics https://m/x undefined"],
		],
		[
			"what a drop-in sets to nothing is not taken from the managed file either, but from weaker layers",
			"2.1.330",
			{
				user: env("u", "U"),
				managed: env("m", "M"),
				"drop-ins": { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "", OTEL_EXPORTER_OTLP_HEADERS: "" } },
			},
			to("u", "U"),
		],
		[
			"a release that reads no drop-ins takes the managed file's",
			"2.1.82",
			{ managed: env("m", "M"), "drop-ins": { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "" } } },
			to("m", "M"),
		],
		[
			"the header for all signals goes before that for one",
			"2.1.330",
			{ user: env("u", "U", { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "Authorization=Bearer L" }) },
			to("u", "U"),
		],
		[
			"which counts where there is no other",
			"2.1.330",
			{
				user: env("u", "", {
					OTEL_EXPORTER_OTLP_HEADERS: "x=y",
					OTEL_EXPORTER_OTLP_LOGS_HEADERS: "authorization=Bearer L",
				}),
			},
			["logs https://u/v1/logs L", "metrics https://u/v1/metrics undefined"],
		],
		["a base path is kept, its slash not doubled", "2.1.330", { user: env("u/in/tok/", "U") }, to("u/in/tok", "U")],
		["off unless it is enabled", "2.1.330", { user: env("u", "U", { CLAUDE_CODE_ENABLE_TELEMETRY: "0" }) }, []],
		[
			"a signal is off without its exporter",
			"2.1.330",
			{ user: env("u", "U", { OTEL_LOGS_EXPORTER: "console" }) },
			[to("u", "U")[1] ?? ""],
		],
		[
			"spans need the beta as well",
			"2.1.330",
			{ user: env("u", "U", { OTEL_TRACES_EXPORTER: "otlp", CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1" }) },
			[...to("u", "U"), "traces https://u/v1/traces U"],
		],
		[
			"a header with a colon is none",
			"2.1.330",
			{ user: env("u", "U", { OTEL_EXPORTER_OTLP_HEADERS: "Authorization: Bearer U" }) },
			to("u", "undefined"),
		],
	])("%s (%s)", (_what, release, layers, expected) => {
		expect(sent("claude-code", release, layers)).toEqual(expected);
	});

	test("headers of one signal that cannot be decoded stop that signal, and before 2.1.330 leave the others open", () => {
		const layers = { user: env("u", "U", { OTEL_EXPORTER_OTLP_METRICS_HEADERS: "x=%zz" }) };
		const states = (release: string) => outcome("claude-code", release, layers).emissions.map((each) => each.sent);
		expect(states("2.1.81")).toEqual(["unknown", "no"]);
		expect(states("2.1.330")).toEqual(["yes", "yes"]);
	});

	test.each<[what: string, release: string, layers: Layers, expected: readonly string[]]>([
		[
			"the protocol of a managed file goes before those for one signal",
			"2.1.330",
			{ user: env("u", "U", { OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "banana" }), managed: env("m", "M") },
			["yes", "yes"],
		],
		[
			"without protocol and endpoint of one signal nothing is sent",
			"2.1.330",
			{
				user: env("u", "U", {
					OTEL_EXPORTER_OTLP_PROTOCOL: "",
					OTEL_EXPORTER_OTLP_ENDPOINT: "",
					OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "https://u/v1/logs",
				}),
			},
			["no", "no"],
		],
		[
			"an endpoint of another scheme",
			"2.1.330",
			{ user: env("u", "U", { OTEL_EXPORTER_OTLP_ENDPOINT: "ftp://u" }) },
			["no", "no"],
		],
		[
			"an interval of nothing",
			"2.1.81",
			{ user: env("u", "U", { OTEL_METRIC_EXPORT_INTERVAL: "0" }) },
			["unknown", "unknown"],
		],
		...["0", " 0", "0x10", "1e3", "5s", "-5", " "].map((text): [string, string, Layers, readonly string[]] => [
			`an interval of ${JSON.stringify(text)}`,
			"2.1.330",
			{ user: env("u", "U", { OTEL_METRIC_EXPORT_INTERVAL: text }) },
			["unknown", "unknown"],
		]),
		...["OTEL_BLRP_EXPORT_TIMEOUT", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE"].map(
			(name): [string, string, Layers, readonly string[]] => [
				`${name} of 0 and a space, with which metrics did not arrive`,
				"2.1.330",
				{ user: env("u", "U", { [name]: "0 " }) },
				["unknown", "unknown"],
			],
		),
		[
			"an interval in digits",
			"2.1.330",
			{ user: env("u", "U", { OTEL_METRIC_EXPORT_INTERVAL: "5000" }) },
			["yes", "yes"],
		],
		["a queue of nothing", "2.1.330", { user: env("u", "U", { OTEL_BLRP_MAX_QUEUE_SIZE: "0" }) }, ["unknown", "yes"]],
		[
			"a queue of nothing, set by a project",
			"2.1.330",
			{ user: env("u", "U"), local: { env: { OTEL_BLRP_MAX_QUEUE_SIZE: "0" } } },
			["unknown", "yes"],
		],
		[
			"a clock that stands still, set by a project",
			"2.1.330",
			{ user: env("u", "U"), project: { env: { OTEL_METRIC_EXPORT_INTERVAL: "0" } } },
			["unknown", "unknown"],
		],
		[
			"an exporter that a project switches off",
			"2.1.330",
			{ user: env("u", "U"), project: { env: { OTEL_LOGS_EXPORTER: " none " } } },
			["no", "yes"],
		],
		[
			"an exporter that a project sets to something else",
			"2.1.330",
			{
				user: env("u", "U"),
				project: { env: { OTEL_LOGS_EXPORTER: "none,console", OTEL_METRICS_EXPORTER: "banana" } },
			},
			["yes", "yes"],
		],
		["a character that runtimes write in two ways", "2.1.330", { user: env("u/a^", "U") }, ["unknown", "unknown"]],
	])("%s (%s)", (_what, release, layers, expected) => {
		expect(outcome("claude-code", release, layers).emissions.map((each) => each.sent)).toEqual(expected);
	});

	test("a program goes before every header, be it a project's or under a managed file", () => {
		const program = { otelHeadersHelper: "/bin/sh /home/u/.claude/crossfade-header" };
		expect(sent("claude-code", "2.1.330", { user: { ...env("u", "U"), ...program } }, "P")).toEqual(to("u", "P"));
		expect(sent("claude-code", "2.1.330", { user: env("u", "U"), project: program })).toEqual(to("u", "undefined"));
		expect(sent("claude-code", "2.1.330", { managed: env("m", "M"), user: program }, "P")).toEqual(to("m", "P"));
	});

	test("an unknown release counts as the newest", () => {
		expect(sent("claude-code", undefined, { user: env("u", "U"), project: env("p", "P") })).toEqual(to("u", "U"));
	});

	test("lists overridden settings, with the reason", () => {
		const { lost, settings } = outcome("claude-code", "2.1.330", {
			user: env("u", "U"),
			project: env("p", "P"),
			managed: env("m", "M"),
		});
		expect(settings.get("/env/OTEL_EXPORTER_OTLP_ENDPOINT")).toMatchObject({
			value: "https://m",
			layer: { path: "/managed" },
		});
		const reasons = new Set(lost.map(({ layer, why }) => `${layer.place.id}: ${why}`));
		expect([...reasons].sort()).toEqual([
			"project: this release does not read it from the project's file",
			"user: the managed file disables those of weaker layers",
			"user: the managed file overrides it",
		]);
	});
});
