/**
 * Qwen Code, a relative of Gemini CLI with a folder, files and variables of its own. It sends OTLP over HTTP as JSON, and has a setting for
 * the endpoint of each signal but none for headers, so that the token stands in the URL. Before each start it writes `$version` into a
 * file of settings that has none, if it may; ours is then still found by its values.
 *
 * Sources: the bundle of npm @qwen-code/qwen-code 0.24.4, read and run; https://github.com/QwenLM/qwen-code (its source),
 * https://qwenlm.github.io/qwen-code-docs/en/users/configuration/settings/
 */
import type { Cli, LayerRow, Rival } from "../cli.ts";
import { batchNumbers } from "../otel-js.ts";
import type { SettingKinds } from "../setting-form.ts";
import { keysOfOmni } from "./values.ts";

/** Files are merged key by key: what is left over from somebody else stops or diverts everything. */
const common: readonly LayerRow[] = [
	{ pointer: "/telemetry/enabled", type: "bool", value: "true" },
	{ pointer: "/telemetry/target", type: "string", value: "local" },
	{ pointer: "/telemetry/otlpEndpoint", type: "string", value: "{endpoint}/{token}" },
	// Without it gRPC is spoken, which loses the path.
	{ pointer: "/telemetry/otlpProtocol", type: "string", value: "http" },
	// An empty one of its own is what switches traces off.
	{ pointer: "/telemetry/otlpTracesEndpoint", type: "string", value: "" },
	{ pointer: "/telemetry/logPrompts", type: "bool", value: "true", when: "prompts" },
	{ pointer: "/telemetry/logPrompts", type: "bool", value: "false", when: "no-prompts" },
	{ pointer: "/telemetry/includeSensitiveSpanAttributes", type: "bool", value: "false" },
	{ pointer: "/telemetry/outfile", type: "string", value: "" },
	{ join: "/env/OTEL_RESOURCE_ATTRIBUTES" },
	{ pointer: "/env/OTEL_RESOURCE_ATTRIBUTES", type: "string", value: "{host}", when: "host" },
];

/** The `env` of every file of settings goes before what stands beside it. */
const variables = [
	...["ENABLED", "OUTFILE", "TARGET"].map((name) => `QWEN_TELEMETRY_${name}`),
	...["", "LOGS_", "METRICS_", "TRACES_"].map((signal) => `QWEN_TELEMETRY_OTLP_${signal}ENDPOINT`),
	...["", "LOGS_", "METRICS_", "TRACES_"].map((signal) => `OTEL_EXPORTER_OTLP_${signal}ENDPOINT`),
	// Meant for another place, and one that cannot be sent stops everything.
	...["", "LOGS_", "METRICS_"].map((signal) => `OTEL_EXPORTER_OTLP_${signal}HEADERS`),
	"QWEN_TELEMETRY_OTLP_PROTOCOL",
];
const inEnv = variables.map((name) => `/env/${name}`);

const system = (name: string) => ({
	macos: `/Library/Application Support/QwenCode/${name}`,
	linux: `/etc/qwen-code/${name}`,
});
const ofSignals = ["/telemetry/otlpLogsEndpoint", "/telemetry/otlpMetricsEndpoint"];

/** Endpoints of one signal, and variables, win over the endpoint for all; with the last of these nothing is sent, or in too short a time (seen in 0.24.4). */
const stopping = ["SDK_DISABLED", ...["", "LOGS_", "METRICS_"].map((signal) => `EXPORTER_OTLP_${signal}TIMEOUT`)];
const diversions: readonly LayerRow[] = [...ofSignals, ...inEnv, ...stopping.map((name) => `/env/OTEL_${name}`)].map(
	(drop) => ({ drop }),
);

/**
 * OTEL_SDK_DISABLED, and queues and times of logs and spans and of exporters, with some values of which nothing is sent; in a file of settings
 * that is not ours, any.
 */
const text = "OTEL_[BS]|OTLP[A-Z_]*TIMEOUT";

/** With a file that cannot be parsed it does not start. */
const rivals: readonly Rival[] = [
	...(["user", "system"] as const).flatMap((of) =>
		["{folder}/.env", "~/.env"].map((path): Rival => {
			const settings = ["QWEN_(SANDBOX|TELEMETRY_[A-Z_]+)", "OTEL_(B|E|SDK)[A-Z_]+"];
			return { of, path, format: "dotenv", settings };
		}),
	),
	{
		of: "user",
		path: system("settings.json"),
		format: "jsonc",
		settings: ["/telemetry", ...inEnv],
		text,
		hasKinds: true,
	},
	{
		of: "system",
		path: "{folder}/settings.json",
		format: "jsonc",
		settings: [...ofSignals, ...inEnv],
		text,
		hasKinds: true,
	},
	...(["user", "system"] as const).map((of): Rival => {
		return {
			of,
			path: system("system-defaults.json"),
			format: "jsonc",
			settings: [...ofSignals, ...inEnv],
			text,
			hasKinds: true,
		};
	}),
];

/** With another value it ends before it sends anything: seen in 0.24.4. */
const kinds: SettingKinds = {
	"/plansDirectory": "string",
	"/proxy": "string",
	"/imageModel": "string",
	"/modelFallbacks": "string",
	"/omni": "object",
	"/model/maxWallTimeSeconds": "number",
	"/model/goalTokenBudget": "number",
	// Not known of all that such numbers can be: seen of Gemini CLI, from which it comes.
	...Object.fromEntries(batchNumbers.map((name) => [`/env/${name}`, "positive"] as const)),
};

export const cli: Cli = {
	id: "qwen-code",
	title: "Qwen Code",
	order: 40,
	system: {
		file: {
			macos: "/Library/Application Support/QwenCode/settings.json",
			linux: "/etc/qwen-code/settings.json",
			windows: "%ProgramData%/qwen-code/settings.json",
		},
		format: "jsonc",
		// The oldest release that these settings were held against.
		since: "0.24.4",
		hasUsersKinds: true,
		rows: [...diversions, ...common],
	},
	user: {
		folder: ".qwen",
		file: "settings.json",
		variable: "QWEN_HOME",
		below: "",
		format: "jsonc",
		since: "0.24.4",
		kinds,
		strict: { table: "/omni", keys: keysOfOmni },
		rows: [...diversions, ...common],
	},
	rivals,
	// Seen in 0.24.4: where the program of a sandbox is not there, it ends before it sends anything.
	open: { "/tools/sandbox": "nothing", "/security/auth/enforcedType": "nothing" },
	program: "qwen",
	npm: "@qwen-code/qwen-code",
	signs: [
		{ kind: "folder", path: "/opt/homebrew/Cellar/qwen-code/*" },
		{ kind: "folder", path: "/usr/local/Cellar/qwen-code/*" },
		{ kind: "trace", path: ".qwen/installation_id" },
	],
	windowsSigns: [{ kind: "trace", path: ".qwen/installation_id" }],
	sends: [
		"always: session id, kind of sign-in, name of the model and of the MCP servers and tools that are set",
		"token counts, durations, tool names, number of hooks and of files looked through, errors",
		"host name and machine id, unless switched off (no-host)",
	],
	applies: "when Qwen Code starts",
	traps: [
		"Releases before 0.24.4 were not tried: they are left alone and reported as old.",
		"OTEL_EXPORTER_OTLP_ENDPOINT and QWEN_TELEMETRY_* in the environment or a .env file win over the files.",
		"An endpoint for one signal wins over ours, also over that of the system file. The token does not go there: it is in our URL.",
		"It adds $version to a settings file that has none; uninstall leaves that line (tried on 0.24.4).",
		"A trailing comma in the file keeps Qwen Code from starting.",
		"It does not send telemetry through a proxy (tried on 0.24.4).",
		"Not verified: macOS, its standalone installer, and when a daemon or an IDE takes up a changed file.",
	],
	sources: [
		"https://github.com/QwenLM/qwen-code/blob/main/packages/core/src/telemetry/config.ts",
		"https://github.com/QwenLM/qwen-code/blob/main/packages/cli/src/config/settings.ts",
		"https://www.npmjs.com/package/@qwen-code/qwen-code/v/0.24.4",
	],
};
