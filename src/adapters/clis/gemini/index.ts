/**
 * Gemini CLI (Google). It is configured by the block `telemetry` in JSON with comments: a system file for the machine, or the user's
 * settings.json. There is no setting for headers, so the token stands in the URL; one endpoint is for all signals. Telemetry does not
 * use a proxy.
 *
 * Sources: https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/telemetry.md (settings),
 * https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/telemetry/sdk.ts (how URLs are made),
 * https://github.com/google-gemini/gemini-cli/pull/16836 (traces). Run with releases 0.33.2 and 0.61.0.
 */
import type { Cli, LayerRow, Rival } from "../cli.ts";
import type { SettingKinds } from "../setting-form.ts";

/** All nine keys of `telemetry`: files are merged by key, and a leftover foreign key could stop or redirect everything. */
const rows: readonly LayerRow[] = [
	{ pointer: "/telemetry/enabled", type: "bool", value: "true" },
	{ pointer: "/telemetry/target", type: "string", value: "local" },
	{ pointer: "/telemetry/otlpEndpoint", type: "string", value: "{endpoint}/{token}" },
	{ pointer: "/telemetry/otlpProtocol", type: "string", value: "http" },
	{ pointer: "/telemetry/logPrompts", type: "bool", value: "true", when: "prompts" },
	{ pointer: "/telemetry/logPrompts", type: "bool", value: "false", when: "no-prompts" },
	{ pointer: "/telemetry/traces", type: "bool", value: "false" },
	{ pointer: "/telemetry/outfile", type: "string", value: "" },
	{ pointer: "/telemetry/useCollector", type: "bool", value: "false" },
	{ pointer: "/telemetry/useCliAuth", type: "bool", value: "false" },
];

/**
 * Before 0.40.1 prompts and answers are sent whatever `logPrompts` says (measured on 0.33.2), so such releases are configured only if they are
 * requested. Before 0.40.0 the key `traces` is unknown; before 0.34.0 all signals go to one URL.
 */
const gates = { since: "0.40.1", sinceWith: { prompts: "0.40.0" } } as const;

const system = (name: string) => ({
	macos: `/Library/Application Support/GeminiCli/${name}`,
	linux: `/etc/gemini-cli/${name}`,
});

/** With a file that cannot be parsed it does not start. Variables go before all files; of .env files the nearest counts. */
const rivals: readonly Rival[] = [
	{ of: "user", path: system("settings.json"), format: "jsonc", settings: ["/telemetry"], hasKinds: true },
	{ of: "system", path: "{folder}/settings.json", format: "jsonc", settings: [], hasKinds: true },
	...(["user", "system"] as const).flatMap((of): Rival[] => [
		{ of, path: system("system-defaults.json"), format: "jsonc", settings: [], hasKinds: true },
		...["{folder}/.env", "~/.env"].map((path): Rival => {
			const settings = ["GEMINI_(SANDBOX|TELEMETRY_[A-Z_]+)", "OTEL_(B|E|SDK)[A-Z_]+"];
			return { of, path, format: "dotenv", settings };
		}),
	]),
];

/** Ways to approve what it does. */
export const approvals = ["default", "auto_edit", "plan", "yolo"] as const;

/** Each item of them is read when it starts. */
const lists = [
	"mcp/excluded",
	"mcp/allowed",
	...["exclude", "allowed", "confirmationRequired", "core"].map((key) => `tools/${key}`),
];

/** With another value it ends before it sends anything: seen in 0.61.0, which only warns of most others. */
const kinds: SettingKinds = {
	"/security": "object",
	...Object.fromEntries(["advanced", "experimental", "hooksConfig", "tools"].map((key) => [`/${key}`, "object"])),
	"/policyPaths": ["{string}", "{list}"],
	"/adminPolicyPaths": ["{string}", "{list}"],
	"/model/maxSessionTurns": "number",
	"/context/includeDirectories": "texts",
	"/experimental/extensionRegistryURI": "string",
	"/general/defaultApprovalMode": approvals,
	...Object.fromEntries(lists.map((key) => [`/${key}`, "texts"])),
};

/**
 * Seen in 0.61.0: where the program of a sandbox is not there, or the way to sign in is another, it ends before it sends anything. What is in a
 * container does not see the files of the machine.
 */
const open: SettingKinds = { "/tools/sandbox": "nothing", "/security/auth/enforcedType": "nothing" };

export const cli: Cli = {
	id: "gemini",
	title: "Gemini CLI",
	order: 30,
	system: {
		file: {
			macos: "/Library/Application Support/GeminiCli/settings.json",
			linux: "/etc/gemini-cli/settings.json",
			windows: "%ProgramData%/gemini-cli/settings.json",
		},
		format: "jsonc",
		...gates,
		closedSince: "0.60.0",
		hasUsersKinds: true,
		rows,
	},
	user: {
		folder: ".gemini",
		file: "settings.json",
		variable: "GEMINI_CLI_HOME",
		below: "/.gemini",
		format: "jsonc",
		...gates,
		kinds,
		rows,
	},
	rivals,
	open,
	program: "gemini",
	npm: "@google/gemini-cli",
	signs: [
		{ kind: "folder", path: "/opt/homebrew/Cellar/gemini-cli/*" },
		{ kind: "folder", path: "/usr/local/Cellar/gemini-cli/*" },
		{ kind: "trace", path: ".gemini/installation_id" },
	],
	windowsSigns: [
		{ kind: "folder", path: "scoop/apps/gemini-cli/*" },
		{ kind: "trace", path: ".gemini/installation_id" },
	],
	sends: [
		"when signed in with Google: account e-mail; always: host name, session and installation ids",
		"models, token counts, durations, tool names, number of file operations",
		"the command line of the process; with gemini -p it contains the prompt",
		"the system prompt, including the text of GEMINI.md",
		"logs, metrics and traces; it has no switch for a single signal",
	],
	applies: "when Gemini CLI starts",
	traps: [
		"Before 0.40.1 it sends prompts and answers even if they are off (measured on 0.33.2); such releases are skipped and reported as old.",
		"Since 0.60.0 it ignores a system file that group or others can write (measured on 0.61.0); this script reports that as an error.",
		"On Windows it then also ignores one below a folder in which others than administrators can make files, as in ProgramData by default (read in 0.61.0): where that is so, each user's file is set.",
		"With a byte order mark or a trailing comma in the file, Gemini CLI does not start.",
		"OTEL_EXPORTER_OTLP_ENDPOINT and GEMINI_TELEMETRY_* in the environment or a .env file override the file.",
		"It does not send telemetry through a proxy, and if it cannot reach the ingest, its exit is delayed by 10 s.",
	],
	sources: [
		"https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/telemetry.md",
		"https://github.com/google-gemini/gemini-cli/blob/main/packages/core/src/telemetry/sdk.ts",
		"https://github.com/google-gemini/gemini-cli/pull/16836",
	],
};
