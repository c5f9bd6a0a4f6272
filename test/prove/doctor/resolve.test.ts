import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { LayerPlace } from "../../../src/adapters/clis/layering.ts";
import { layerings } from "../../../src/adapters/clis/layers.generated.ts";
import { clis } from "../../../src/adapters/clis/registry.ts";
import { parseVersion, requireVersion } from "../../../src/base/versions.ts";
import { type LayerSight, resolve } from "../../../src/prove/doctor/resolve.ts";

type Layers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What holds when layers say something: pointer -> value, and what goes where. */
function outcome(id: string, release: string | undefined, layers: Layers, programToken?: string) {
	const facts = layerings.find((each) => each.id === id);
	if (!facts) throw new Error(`no layers of ${id}`);
	const sights = facts.layers.map((place: LayerPlace): LayerSight => {
		const document = layers[place.id];
		return { place, path: place.paths && `/${place.id}`, state: document ? "read" : "absent", document };
	});
	for (const name of Object.keys(layers)) expect(facts.layers.map((place) => place.id)).toContain(name);
	return resolve(facts, sights, release === undefined ? undefined : requireVersion(release), programToken);
}

/** `signal URL token` of what is sent. */
const sent = (...args: Parameters<typeof outcome>) =>
	outcome(...args).routes.flatMap(({ off, signal, url, token }) =>
		off === undefined ? [`${signal} ${url} ${token}`] : [],
	);

test("every CLI has its layers, and each layer a place on every system or none", () => {
	expect(layerings.map(({ id }) => id)).toEqual(clis.map(({ id }) => id));
	for (const cli of readdirSync(new URL("../../../src/adapters/clis", import.meta.url), { withFileTypes: true })) {
		if (cli.isDirectory()) expect(layerings.map(({ id }) => id)).toContain(cli.name);
	}
	for (const { layers, evidence, seen } of layerings) {
		expect(new Set(layers.map(({ id }) => id)).size).toBe(layers.length);
		for (const { paths, format } of layers) expect(paths === undefined).toBe(format === undefined);
		for (const url of evidence) expect(url).toMatch(/^https:\/\//);
		for (const release of seen) expect(parseVersion(release)).toBeDefined();
	}
});

describe("Claude Code", () => {
	const env = (host: string, token: string, more: Record<string, string> = {}) => ({
		env: {
			CLAUDE_CODE_ENABLE_TELEMETRY: "1",
			OTEL_LOGS_EXPORTER: "otlp",
			OTEL_METRICS_EXPORTER: "otlp",
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
			{ user: otel("u", "U"), enforced: { otel: { exporter: { "otlp-http": { endpoint: "https://e/logs" } } } } },
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
});

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
			["logs", "metrics", "traces"].map((signal) => `${signal} https://x:U@u/base/v1/${signal} U`),
		],
		["no endpoint, nothing sent", "0.61.0", { user: { telemetry: { enabled: true } } }, []],
	])("%s (%s)", (_what, release, layers, expected) => {
		expect(sent("gemini", release, layers)).toEqual(expected);
	});
});
