/**
 * Codex CLI (OpenAI). It is configured by the table `[otel]` in TOML: requirements.toml for the machine, which no user can override, or
 * the user's config.toml. Each signal has an exporter with an endpoint of its own, and the token in its header. A background process may
 * keep the old token until it is restarted.
 *
 * Sources: https://github.com/openai/codex/blob/main/docs/config.md (settings),
 * https://github.com/openai/codex/blob/main/codex-rs/otel/src/otlp.rs (exporters),
 * https://github.com/openai/codex/blob/main/codex-rs/config/src/loader/mod.rs (files and their order),
 * https://github.com/openai/codex/issues/17909 (metrics). Run with releases 0.165.0 and 0.169.0.
 */
import type { Cli, Condition, LayerRow, Rival } from "../cli.ts";
import type { PlainKind, SettingForm, SettingKind, SettingKinds, SettingWords } from "../setting-form.ts";

/** One exporter: Codex posts to the URL unchanged, so each signal needs its own. */
const exporter = (key: string, signal: "logs" | "metrics"): readonly LayerRow[] => {
	const when: Condition = signal;
	const at = `/otel/${key}/otlp-http`;
	return [
		// An exporter is one variant: a word such as "none", or one table; with a second variant Codex does not start.
		{ drop: `/otel/${key}`, when },
		{ pointer: `${at}/endpoint`, type: "string", value: `{endpoint}/v1/${signal}`, when },
		{ pointer: `${at}/protocol`, type: "string", value: "binary", when },
		{ pointer: `${at}/headers/Authorization`, type: "string", value: "Bearer {token}", when },
	];
};

const rows: readonly LayerRow[] = [
	{ pointer: "/otel/log_user_prompt", type: "bool", value: "true", when: "prompts" },
	{ pointer: "/otel/log_user_prompt", type: "bool", value: "false", when: "no-prompts" },
	// Without a setting of its own, traces go where logs go. Each exporter has headers of its own, so that of the owner gets no token.
	{ keep: "/otel/trace_exporter" },
	{ pointer: "/otel/trace_exporter", type: "string", value: "none" },
	// Supported since 0.158.0; accepted in requirements.toml of 0.166.0, where an unknown key would be fatal.
	{ pointer: "/otel/tool_result/max_bytes", type: "int", value: "0", when: "no-tools" },
	...exporter("exporter", "logs"),
	...exporter("metrics_exporter", "metrics"),
];

/** All that 0.169.0 knows in `[otel]` of requirements.toml, as its own error message lists them. */
const requirementKeys = [
	"exporter",
	"metrics_exporter",
	"trace_exporter",
	"environment",
	"log_agent_responses",
	"log_guardian_assessments",
	"log_sse_deltas",
	"log_user_prompt",
	"span_attributes",
	"tool_result",
	"tracestate",
];

/**
 * A value of another kind keeps Codex from starting, in whichever file it is: each tried with a number, a word, a switch, a list and a table,
 * in 0.165.0 and 0.169.0. The keys: https://github.com/openai/codex/blob/main/codex-rs/core/config.schema.json
 */
const topKeys: Readonly<Partial<Record<PlainKind, string>>> = {
	string: `apps_mcp_product_sku chatgpt_base_url compact_prompt default_permissions developer_instructions instructions log_dir
		mcp_oauth_callback_url model model_catalog_json model_instructions_file model_provider model_reasoning_effort openai_base_url oss_provider
		plan_mode_reasoning_effort review_model service_tier sqlite_home`,
	boolean: `allow_login_shell check_for_update_on_startup disable_paste_burst hide_agent_reasoning include_apps_instructions
		include_environment_context include_permissions_instructions show_raw_agent_reasoning suppress_unstable_features_warning`,
	int: "model_auto_compact_token_limit model_context_window",
	whole: "background_terminal_max_timeout mcp_oauth_callback_port project_doc_max_bytes tool_output_token_limit",
	texts: "notify project_doc_fallback_filenames project_root_markers",
	// Since 0.134.0; 0.133.0 does not start where there is no such profile: https://github.com/openai/codex/pull/24051
	nothing: "profile",
	object: `agents analytics apps audio auto_review features feedback history hooks marketplaces mcp_servers memories model_providers notice otel
		permissions plugins profiles projects realtime sandbox_workspace_write shell_environment_policy skills tool_suggest tools tui windows`,
};

/** Words at the top level: with another it does not start, either. A table as approval_policy is not looked into. */
export const topWords = {
	approval_policy: ["on-request", "on-failure", "never", "{object}"],
	approvals_reviewer: ["user", "auto_review", "guardian_subagent"],
	cli_auth_credentials_store: ["file", "keyring", "auto", "ephemeral"],
	forced_login_method: ["chatgpt", "api"],
	mcp_oauth_credentials_store: ["auto", "file", "keyring"],
	file_opener: ["vscode", "vscode-insiders", "windsurf", "cursor", "none"],
	model_reasoning_summary: ["auto", "concise", "detailed", "none"],
	model_verbosity: ["low", "medium", "high"],
	personality: ["none", "friendly", "pragmatic"],
	sandbox_mode: ["read-only", "workspace-write", "danger-full-access"],
	web_search: ["disabled", "cached", "indexed", "live"],
} as const;

/** Inside tables with fixed keys. */
const innerKinds: SettingKinds = {
	"/agents/default_subagent_model": "string",
	"/agents/interrupt_message": "boolean",
	"/agents/job_max_runtime_seconds": "whole",
	"/agents/max_depth": "int",
	"/agents/max_threads": "count",
	"/feedback/enabled": "boolean",
	"/history/persistence": ["save-all", "none"],
	"/history/max_bytes": "whole",
	"/sandbox_workspace_write/network_access": "boolean",
	"/sandbox_workspace_write/exclude_tmpdir_env_var": "boolean",
	"/sandbox_workspace_write/writable_roots": "texts",
	"/shell_environment_policy/inherit": ["core", "all", "none"],
	"/shell_environment_policy/set": "strings",
	"/shell_environment_policy/exclude": "texts",
	"/shell_environment_policy/include_only": "texts",
	"/shell_environment_policy/ignore_default_excludes": "boolean",
	"/shell_environment_policy/experimental_use_profile": "boolean",
	"/skills/bundled": "object",
	"/skills/config": "list",
	"/tools/web_search": ["{boolean}", "{object}"],
	"/tui/notifications": ["{boolean}", "{list}"],
	"/tui/notifications/*": "string",
	"/tui/animations": "boolean",
	"/tui/theme": "string",
	"/tui/alternate_screen": ["auto", "always", "never"],
	"/tui/status_line": "texts",
	"/tui/notification_method": ["auto", "osc9", "osc777", "bel"],
	"/windows/sandbox": ["elevated", "unelevated", "mxc"],
};

const below = (table: string, keys: Readonly<Record<string, SettingKind | SettingWords>>): SettingKinds =>
	Object.fromEntries(Object.entries(keys).map(([key, kind]) => [`${table}/${key}`, kind]));

/** Inside tables that people name, such as servers, profiles and projects. */
const namedKinds: SettingKinds = {
	"/agents/*": "object",
	"/agents/*/description": "string",
	"/apps/*": "object",
	"/features/*": ["{boolean}", "{object}"],
	"/marketplaces/*": "object",
	"/mcp_servers/*": "^command^url",
	...below("/mcp_servers/*", {
		command: "string",
		args: "texts",
		env: "strings",
		url: "string",
		http_headers: "strings",
		bearer_token: "nothing",
		enabled: "boolean",
		enabled_tools: "texts",
		startup_timeout_sec: "number",
	}),
	"/model_providers/openai": "nothing",
	"/model_providers/*": "^name",
	...below("/model_providers/*", {
		name: "string",
		base_url: "string",
		env_key: "string",
		http_headers: "strings",
		request_max_retries: "whole",
		wire_api: ["responses"],
	}),
	"/plugins/*": "object",
	"/profiles/*": "object",
	...below("/profiles/*", {
		model: "string",
		model_provider: "string",
		...Object.fromEntries(
			(
				[
					"approvals_reviewer",
					"model_reasoning_summary",
					"model_verbosity",
					"personality",
					"sandbox_mode",
					"web_search",
				] as const
			).map((name) => [name, topWords[name]]),
		),
		approval_policy: ["untrusted", ...topWords.approval_policy],
	}),
	"/projects/*": "object",
	"/projects/*/trust_level": ["trusted", "untrusted"],
	"/otel/tracestate/*": "strings",
};

/** Seen: with the name of a file that is not there it does not start. */
export const withOthers = ["model_instructions_file", "model_catalog_json"] as const;

/** Providers that need no table in model_providers. */
export const builtIn = ["openai", "ollama", "lmstudio", "amazon-bedrock"] as const;

/** Profiles of permissions that need no table in permissions. */
export const builtInPermissions = [":read-only", ":workspace", ":danger-full-access"] as const;

/**
 * What of these tables and files it takes is not in this file: see `openValue`. Above the greatest number of each it does not start. The last one
 * stands in requirements.toml: seen in 0.165.0 and 0.169.0, where it is no table it does not start, nor where it leaves out `:workspace` or
 * `:read-only` and there is no default_permissions.
 */
const open: SettingKinds = {
	...Object.fromEntries(withOthers.map((name) => [`/${name}`, "nothing"] as const)),
	"/default_permissions": builtInPermissions,
	"/permissions": "nothing",
	"/model_provider": [...builtIn, "{/model_providers}"],
	"/approval_policy": "string",
	"/tools/web_search": "boolean",
	"/features/*": "boolean",
	"/agents/max_depth": "small",
	"/mcp_oauth_callback_port": "small",
	"/mcp_servers/*/startup_timeout_sec": "small",
	"/allowed_permission_profiles": "nothing",
};

const byPointer = (keys: typeof topKeys): SettingKinds =>
	Object.fromEntries(
		Object.entries(keys).flatMap(([kind, names]) =>
			names.split(/\s+/).map((name) => [`/${name}`, kind as PlainKind] as const),
		),
	);

const kindsOfOtel: SettingKinds = {
	"/otel/log_user_prompt": "boolean",
	"/otel/log_agent_responses": "boolean",
	"/otel/log_guardian_assessments": "boolean",
	"/otel/environment": "string",
	"/otel/span_attributes": "strings",
	"/otel/tracestate": "object",
	"/otel/tool_result": "object",
	"/otel/tool_result/max_bytes": "whole",
};

/** Seen in 0.169.0; 0.165.0 does not know this key. */
export const laterKinds: SettingKinds = {
	"/otel/log_sse_deltas": "boolean",
};

/** The variants of an exporter, each with a table of its own. */
export const exporterVariants = ["otlp-http", "otlp-grpc"] as const;

const kindsOfExporter = (key: string): SettingKinds =>
	below(`/otel/${key}/*`, { endpoint: "string", headers: "strings", tls: "strings" });

/** The first word switches it off; the second is its own telemetry. */
const formOfExporter = (key: string): SettingForm => ({
	pointer: `/otel/${key}`,
	words: ["none", "statsig"],
	variants: { "otlp-http": { endpoint: [], protocol: ["binary", "json"] }, "otlp-grpc": { endpoint: [] } },
});

const kept = {
	kinds: { ...kindsOfOtel, ...laterKinds, ...kindsOfExporter("trace_exporter") },
	forms: [formOfExporter("trace_exporter")],
};

const demands = {
	kinds: {
		"/analytics/enabled": "boolean",
		...byPointer(topKeys),
		...innerKinds,
		...namedKinds,
		...Object.fromEntries(Object.entries(topWords).map(([name, words]) => [`/${name}`, words])),
		...kept.kinds,
	},
	forms: kept.forms,
} as const;

const NAME = "[A-Za-z0-9_-]+";
const oneOf = (words: readonly string[]) => `"(${words.filter((word) => !word.startsWith("{")).join("|")})"`;

/** What it writes itself, and most people have: each line tried in 0.165.0 and 0.169.0. */
const plain: Cli["user"]["plain"] = [
	[
		"",
		"",
		[
			"(model|review_model|service_tier|(plan_mode|model)_reasoning_effort)=@",
			...(["approval_policy", "sandbox_mode", "personality"] as const).map((key) => `${key}=${oneOf(topWords[key])}`),
		].join("|"),
	],
	["projects[.]@", "", 'trust_level="trusted"|trust_level="untrusted"'],
	["features", "", `${NAME}=?`],
	["notice", "", `hide_${NAME}=?`],
	["notice[.]model_migrations", "", '"[a-z0-9.-]+"=@'],
	[`mcp_servers[.]${NAME}`, "command=@", "args=[[]@(, *@)*[]]|enabled=?"],
	[`mcp_servers[.]${NAME}`, "url=@", "enabled=?"],
];

/** In our own files rows of ours replace these. */
const replaced = ["exporter", "metrics_exporter"];

/**
 * A file of the machine. The managed one is in the home on every system that is no Unix:
 * https://github.com/openai/codex/blob/main/codex-rs/config/src/loader/layer_io.rs; the newest releases no longer load it.
 */
function ofMachine(name: string): Rival["path"] {
	const path = `/etc/codex/${name}`;
	const places = { macos: path, linux: path };
	return name === "managed_config.toml" ? { ...places, windows: `{folder}/${name}` } : places;
}

/** Their tables are merged; requirements go before all. */
const rivals: readonly Rival[] = [
	...["config.toml", "managed_config.toml"].map(
		(name): Rival => ({ of: "user", path: ofMachine(name), format: "toml", settings: ["/otel"], hasKinds: true }),
	),
	{ of: "user", path: ofMachine("requirements.toml"), format: "toml", settings: ["/otel"] },
	...["config.toml", "managed_config.toml"].map(
		(name): Rival => ({ of: "system", path: ofMachine(name), format: "toml", settings: [], hasKinds: true }),
	),
	{ of: "system", path: "{folder}/config.toml", format: "toml", settings: [], hasKinds: true },
	// Seen in 0.165.0 and 0.169.0: its variables go before those of the shell, and their headers before those of a file.
	...(["user", "system"] as const).map(
		(of): Rival => ({ of, path: "{folder}/.env", format: "dotenv", settings: ["(OTEL_[BE]|SSL_CERT_)[A-Z_]+"] }),
	),
	// With the flag that names it; that it sends elsewhere is looked for in `beside`.
	...(["user", "system"] as const).map(
		(of): Rival => ({ of, path: "{folder}/*.config.toml", format: "toml", settings: [], hasKinds: true }),
	),
];

export const cli: Cli = {
	id: "codex",
	title: "Codex CLI",
	order: 20,
	system: {
		file: {
			macos: "/etc/codex/requirements.toml",
			linux: "/etc/codex/requirements.toml",
			windows: "%ProgramData%/OpenAI/Codex/requirements.toml",
		},
		format: "toml",
		since: "0.166.0",
		rows,
		...kept,
		strict: { table: "/otel", keys: requirementKeys },
	},
	user: {
		folder: ".codex",
		file: "config.toml",
		variable: "CODEX_HOME",
		below: "",
		format: "toml",
		since: "0.0.0",
		rows,
		...demands,
		// A profile's tables are merged into those of config.toml; a key may be written with escapes.
		beside: { ending: ".config.toml", divert: "otlp|\\\\u" },
		plain,
	},
	rivals,
	elsewhere: {
		kinds: Object.assign({}, ...replaced.map(kindsOfExporter)),
		forms: replaced.map(formOfExporter),
	},
	open,
	program: "codex",
	npm: "@openai/codex",
	signs: [
		{ kind: "link", path: ".codex/packages/standalone/current" },
		{ kind: "folder", path: "/opt/homebrew/Caskroom/codex/*" },
		{ kind: "folder", path: "/usr/local/Caskroom/codex/*" },
		{ kind: "folder", path: "/opt/homebrew/Cellar/codex/*" },
		{ kind: "folder", path: "/usr/local/Cellar/codex/*" },
		{ kind: "trace", path: ".codex/installation_id" },
		{ kind: "trace", path: ".codex/config.toml" },
	],
	// None of it was tried on Windows.
	windowsSigns: [
		{ kind: "folder", path: "scoop/apps/codex/*" },
		{ kind: "trace", path: "AppData/Local/Microsoft/WinGet/Packages/OpenAI.Codex_*" },
		{ kind: "trace", path: "%ProgramFiles%/WinGet/Packages/OpenAI.Codex_*" },
		{ kind: "trace", path: ".codex/packages/standalone/current" },
		{ kind: "trace", path: ".codex/installation_id" },
		{ kind: "trace", path: ".codex/config.toml" },
	],
	// Its updater, "codex app-server daemon pid-update-loop", survives a restart and sends nothing (measured on 0.169.0). On Windows it is
	// there since 0.154.0, if started without elevation (https://github.com/openai/codex/issues/44503, and
	// codex-rs/app-server-daemon/src/backend/windows.rs); these words stand in codex.exe of 0.171.0. It was not run there.
	daemon: {
		command: "--managed-daemon",
		restart: "codex app-server daemon restart",
		variables: "OTEL_EXPORTER_OTLP_[A-Z_]+",
	},
	sends: [
		"when signed in: account e-mail and id; always: host name, conversation id, terminal type",
		"models, token counts, durations, tool names",
		"the full arguments of every tool call, such as commands and file contents; with the option tools also the first 2 KiB of its output",
	],
	applies: "when Codex starts; its background daemon (0.158 and later) keeps the old token until it is restarted",
	traps: [
		"With a second [otel] table, or a second variant of an exporter, Codex does not start.",
		"If a profile (NAME.config.toml beside config.toml) has an exporter, the user's file is refused: with --profile NAME the token could be sent elsewhere.",
		"requirements.toml works since 0.166.0; older releases silently ignore it.",
		"OTEL_EXPORTER_OTLP_HEADERS in a developer's shell replaces the Authorization header.",
		"To exclude tool arguments, drop the attributes arguments and output at the ingest or in a collector.",
	],
	sources: [
		"https://github.com/openai/codex/blob/main/docs/config.md",
		"https://github.com/openai/codex/blob/main/codex-rs/otel/src/otlp.rs",
		"https://github.com/openai/codex/blob/main/codex-rs/config/src/loader/mod.rs",
		"https://github.com/openai/codex/issues/17909",
	],
};
