/**
 * Claude Code (Anthropic). It is configured by environment variables in the `env` of its settings: our script writes a managed drop-in
 * for the machine, or the user's settings.json. The token goes into OTEL_EXPORTER_OTLP_HEADERS, or into a file that a program reads for
 * it (`otelHeadersHelper`), which running sessions follow. OTLP over HTTP as protobuf, through the proxy of the environment.
 *
 * Sources: https://code.claude.com/docs/en/settings (files and their order), https://code.claude.com/docs/en/monitoring-usage
 * (variables), https://code.claude.com/docs/en/server-managed-settings (what wins over a file), https://code.claude.com/docs/en/setup
 * (where it is installed), https://github.com/anthropics/claude-code/blob/main/CHANGELOG.md (releases). What is marked as measured or
 * seen was run with releases 2.1.81 and 2.1.330.
 */
import type { Cli, FileSetting, LayerRow, Rival } from "../cli.ts";
import type { SettingKind, SettingKinds, SettingWords } from "../setting-form.ts";
import headerProgram from "./header.sh";

/** https://code.claude.com/docs/en/monitoring-usage; every value of `env` is a string. */
const env = (name: string, value: string, when?: FileSetting["when"]): FileSetting => ({
	pointer: `/env/${name}`,
	type: "string",
	value,
	...(when && { when }),
});

const settings: readonly LayerRow[] = [
	env("CLAUDE_CODE_ENABLE_TELEMETRY", "1"),
	env("OTEL_LOGS_EXPORTER", "otlp", "logs"),
	env("OTEL_METRICS_EXPORTER", "otlp", "metrics"),
	// What is sent elsewhere would carry our header there; without its own endpoint it would come to us.
	env("OTEL_LOGS_EXPORTER", "none", "no-logs"),
	env("OTEL_METRICS_EXPORTER", "none", "no-metrics"),
	env("OTEL_TRACES_EXPORTER", "none"),
	env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
	env("OTEL_EXPORTER_OTLP_ENDPOINT", "{endpoint}"),
	env("OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer {token}", "no-helper"),
	env("OTEL_LOG_USER_PROMPTS", "1", "prompts"),
	env("OTEL_LOG_USER_PROMPTS", "0", "no-prompts"),
	// If unset, it follows the prompts setting: https://code.claude.com/docs/en/monitoring-usage
	env("OTEL_LOG_ASSISTANT_RESPONSES", "1", "responses"),
	env("OTEL_LOG_ASSISTANT_RESPONSES", "0", "no-responses"),
	env("OTEL_LOG_TOOL_DETAILS", "1", "tools"),
	env("OTEL_LOG_TOOL_DETAILS", "0", "no-tools"),
	env("OTEL_LOG_TOOL_CONTENT", "0"),
	env("OTEL_LOG_RAW_API_BODIES", "0"),
	{ join: "/env/OTEL_RESOURCE_ATTRIBUTES" },
	env("OTEL_RESOURCE_ATTRIBUTES", "{host}", "host"),
	{ pointer: "/otelHeadersHelper", type: "string", value: "/bin/sh {helper}", when: "helper" },
];

/**
 * Per-signal variables override the general ones, and would send our Authorization header to their own endpoint; with a short time requests are
 * ended before they are answered.
 */
const diversions: readonly LayerRow[] = [
	...["LOGS", "METRICS", "TRACES"].flatMap((signal) =>
		["ENDPOINT", "HEADERS", "PROTOCOL"].map((what) => `${signal}_${what}`),
	),
	...["", "LOGS_", "METRICS_"].map((signal) => `${signal}TIMEOUT`),
].map((name) => ({ drop: `/env/OTEL_EXPORTER_OTLP_${name}` }));

/** A value of another kind switches the whole file off: seen in 2.1.81 and 2.1.330, but for `hooks`, which 2.1.330 leaves out. */
const keys: Readonly<Partial<Record<SettingKind, string>>> = {
	object:
		"env permissions hooks statusLine enabledPlugins attribution sandbox fileSuggestion modelOverrides worktree pluginConfigs remote spinnerVerbs",
	string: `model otelHeadersHelper apiKeyHelper outputStyle awsAuthRefresh awsCredentialExport language plansDirectory agent minimumVersion
		autoUpdatesChannel`,
	number: "cleanupPeriodDays feedbackSurveyRate",
	boolean: `includeCoAuthoredBy includeGitInstructions enableAllProjectMcpServers disableAllHooks respectGitignore skipWebFetchPreflight
		spinnerTipsEnabled alwaysThinkingEnabled fastMode prefersReducedMotion autoMemoryEnabled channelsEnabled allowManagedHooksOnly`,
	list: `permissions/allow permissions/deny permissions/ask permissions/additionalDirectories companyAnnouncements disabledMcpjsonServers
		availableModels httpHookAllowedEnvVars allowedHttpHookUrls strictKnownMarketplaces`,
};
const of = (kind: SettingKind | SettingWords, names: string): SettingKinds =>
	Object.fromEntries(names.split(/\s+/).map((name) => [`/${name}`, kind]));
const byKind = (rows: Readonly<Partial<Record<SettingKind, string>>>): SettingKinds =>
	Object.assign({}, ...Object.entries(rows).map(([kind, names = ""]) => of(kind as SettingKind, names)));
/** For all releases. */
export const kinds: SettingKinds = byKind(keys);

/** Keys that 2.1.330 knows, by what their values must be: with another one it leaves the whole file out. */
export const flags = `respectGitignore wslInheritsWindowsSettings includeCoAuthoredBy includeGitInstructions disableAllHooks disableReplyCheck
	workflowKeywordTriggerEnabled bashEditDiffEnabled respondToBashCommands allowAllClaudeAiMcps allowClaudeInChromeWithManagedMcp
	allowNestedModelAccessUnderForceLogin forceRemoteSettingsRefresh spinnerTipsEnabled clawdFileProgressEnabled syntaxHighlightingDisabled
	terminalTitleFromRename alwaysThinkingEnabled fastMode promptSuggestionEnabled emojiCompletionEnabled awaySummaryEnabled
	showClearContextOnPlanAccept prefersReducedMotion doneMeansMerged totalTokensReminderAfterUserTurn autoMemoryEnabled autoDreamEnabled
	showThinkingSummaries verbose autoCompactEnabled precomputeCompactionEnabled idleCompaction switchModelsOnFlag autoScrollEnabled
	wheelScrollAccelerationEnabled fileCheckpointingEnabled showTurnDuration showMessageTimestamps terminalProgressBarEnabled todoFeatureEnabled
	inputNeededNotifEnabled agentPushNotifEnabled voiceEnabled axScreenReader skipAutoPermissionPrompt`;
/** These may be null, too. */
export const flagsOrNull = `syncClaudeAiSkills syncClaudeAiPlugins enforceAvailableModels enableAllProjectMcpServers disableClaudeAiConnectors
	disableBundledSkills disableDirectMcpSkills disableAgentView disableRemoteControl disableWorkflows disableArtifact enableArtifact
	enableWorkflows disableSkillShellExecution disableWindowsBashCommandSplit allowManagedHooksOnly allowManagedPermissionRulesOnly
	allowManagedMcpServersOnly disableCommandPluginSources disableSideloadFlags skipWebFetchPreflight fastModePerSessionOptIn
	responseComparisonEnabled channelsEnabled skipDangerousModePermissionPrompt skipWorkflowUsageWarning autoContinueAtUsageLimit
	remoteControlAtStartup isolatePeerMachines autoUploadSessions`;
export const words = `$schema apiKeyHelper proxyAuthHelper awsCredentialExport awsAuthRefresh gcpAuthRefresh processWrapper attributionProject model
	prUrlTemplate otelHeadersHelper outputStyle language advisorModel agent minimumVersion requiredMinimumVersion requiredMaximumVersion
	plansDirectory timeFormat timeZone autoMemoryDirectory claudeMd pluginTrustMessage`;
export const lists = `fallbackModel availableModels allowedHttpHookUrls httpHookAllowedEnvVars pluginSuggestionMarketplaces companyAnnouncements
	claudeMdExcludes`;

/** What may be one of some words only, by name; `{null}` stands for no value. */
export const oneOf = {
	parentSettingsBehavior: ["first-wins", "merge"],
	managedSourcesBehavior: ["first-wins", "merge"],
	disableAutoMode: ["disable", "{null}"],
	disableDeepLinkRegistration: ["disable"],
	feedbackDrafts: ["notify", "quiet", "off", "{null}"],
	workflowSizeGuideline: ["unrestricted", "small", "medium", "large"],
	defaultShell: ["bash", "powershell"],
	defaultView: ["chat", "transcript"],
	autoUpdatesChannel: ["latest", "stable", "rc"],
	tui: ["default", "fullscreen"],
	totalTokensReminder: ["off", "infinite", "fixed", "countdown", "padded-countdown"],
	daemonColdStart: ["transient", "ask"],
	"permissions/disableAutoMode": ["disable"],
	"permissions/disableBypassPermissionsMode": ["disable"],
	"permissions/defaultMode": ["acceptEdits", "auto", "bypassPermissions", "default", "dontAsk", "plan"],
	"statusLine/type": ["command"],
	"fileSuggestion/type": ["command"],
	"spinnerVerbs/mode": ["append", "replace"],
	"voice/mode": ["hold", "tap"],
	"worktree/baseRef": ["fresh", "head"],
} as const;

/** Hooks that may forbid something: where one of them cannot be loaded, the whole file is left out. */
export const forbidding = ["PreToolUse", "PermissionRequest"] as const;
const inHooks = (below: string) => forbidding.map((event) => `hooks/${event}${below}`).join(" ");

export const hookTypes = ["command", "prompt", "agent", "http", "mcp_tool"] as const;

export const marketplaceSources =
	`pluginDirectory url github git npm file directory skills-dir hostPattern pathPattern settings`.split(" ");

const later: Readonly<Partial<Record<SettingKind, string>>> = {
	boolean: `${flags} ${flagsOrNull} attribution/sessionUrl breakReminder/enabled quietHours/enabled voice/enabled voice/autoSubmit sandbox/enabled
		sandbox/failIfUnavailable sandbox/autoAllowBashIfSandboxed sandbox/allowUnsandboxedCommands sandbox/enableWeakerNestedSandbox
		sandbox/network/allowLocalBinding`,
	string: `${words} forceLoginOrgUUID attribution/commit attribution/pr statusLine/command fileSuggestion/command remote/defaultEnvironmentId
		quietHours/start sandbox/ripgrep/command ${inHooks("/*/matcher")} ${inHooks("/*/hooks/*/command")}`,
	whole: "desktopSessionCleanupPeriodDays",
	count: "cleanupPeriodDays skillListingMaxDescChars totalTokensReminderBudget",
	number: "skillListingBudgetFraction statusLine/padding sandbox/network/httpProxyPort",
	object: `autoMode voice breakReminder quietHours remoteTools skillOverrides sandbox/network sandbox/filesystem sandbox/ignoreViolations
		allowedChannelPlugins/* pluginConfigs/* pluginConfigs/*/mcpServers pluginConfigs/*/options`,
	list: `allowedChannelPlugins sshConfigs ${inHooks("")} ${inHooks("/*/hooks")}`,
	texts: `${lists} enabledMcpjsonServers permissions/additionalDirectories autoMode/allow sandbox/excludedCommands sandbox/network/allowedDomains
		sandbox/filesystem/allowWrite sandbox/filesystem/denyWrite sandbox/filesystem/denyRead sandbox/filesystem/allowRead
		sandbox/ignoreViolations/* spinnerVerbs/verbs worktree/sparsePaths worktree/symlinkDirectories`,
	strings: "modelOverrides",
	positive: `env/OTEL_METRIC_EXPORT_INTERVAL env/OTEL_METRIC_EXPORT_TIMEOUT env/OTEL_LOGS_EXPORT_INTERVAL env/OTEL_BLRP_EXPORT_TIMEOUT
		env/OTEL_BLRP_MAX_QUEUE_SIZE env/OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`,
	"&type&command": "statusLine fileSuggestion",
	"&mode&verbs": "spinnerVerbs",
	"&id&name&sshHost": "sshConfigs/*",
	"&command": "sandbox/ripgrep",
	"&source": "strictKnownMarketplaces/* blockedMarketplaces/*",
	"&hooks": inHooks("/*"),
	"&type": inHooks("/*/hooks/*"),
};

/** What 2.1.330 demands besides, for the scripts, and 2.1.81 where it knows the key. */
const laterKinds: SettingKinds = {
	...byKind(later),
	...of(["{list}", "{null}"], "blockedMarketplaces"),
	...of(["{boolean}", "{list}"], "enabledPlugins/*"),
	...of(["on", "name-only", "user-invocable-only", "off"], "skillOverrides/*"),
	...of(
		marketplaceSources,
		"strictKnownMarketplaces/*/source blockedMarketplaces/*/source extraKnownMarketplaces/*/source/source",
	),
	...of(hookTypes, inHooks("/*/hooks/*/type")),
	...Object.fromEntries(Object.entries(oneOf).map(([name, each]) => [`/${name}`, each])),
};

/** Whether it takes these depends on more than a kind can say: a fraction, a type beside the key that it needs. */
const open: SettingKinds = byKind({
	nothing: "feedbackSurveyRate skillListingBudgetFraction",
	"&source": "extraKnownMarketplaces/*/source",
	"^command^prompt^url^server": inHooks("/*/hooks/*"),
});

const bySignal = (...names: readonly string[]) =>
	["LOGS", "METRICS", "TRACES"].flatMap((signal) => names.map((name) => `/env/OTEL_EXPORTER_OTLP_${signal}_${name}`));

/** A managed file goes before a user's. */
const PROGRAM = "/otelHeadersHelper";
const overriding = [
	PROGRAM,
	"/env/CLAUDE_CODE_ENABLE_TELEMETRY",
	...["LOGS", "METRICS", "TRACES"].map((signal) => `/env/OTEL_${signal}_EXPORTER`),
	...["ENDPOINT", "HEADERS", "PROTOCOL"].map((name) => `/env/OTEL_EXPORTER_OTLP_${name}`),
	...bySignal("ENDPOINT", "HEADERS", "PROTOCOL"),
];
/**
 * Seen in 2.1.330: with an interval of 0, 0x10 or below 0 nothing is sent, and with a timeout of the logs below 0 no metrics; what other such
 * values do is not known. Most people who set one set it to digits. With a short time of an exporter requests end before they are answered.
 */
const stopped =
	'OTLP[A-Z_]*TIMEOUT|OTEL_([A-Z]+_EXPORT_[IT]|BLRP_[EM])[A-Z_]+" *($|: *($|[^"1-9 ]|"([^1-9]|[0-9]*[^0-9"])))';

const MAC = "/Library/Application Support/ClaudeCode";
const managedFiles = ["managed-settings.json", "managed-settings.d/*.json"].map((name) => ({
	path: { macos: `${MAC}/${name}`, linux: `/etc/claude-code/${name}` },
	format: "json" as const,
	text: stopped,
}));
const managed: readonly Rival[] = [
	...managedFiles.map((each) => ({ of: "user" as const, ...each, settings: overriding })),
	// With one that is broken it does not start.
	...managedFiles.map((each) => ({ of: "system" as const, ...each, settings: [] })),
];

/** It holds much besides, so it is parsed only where it has one of these names, or a key written with escapes. */
const state = {
	path: "~/.claude.json",
	format: "json",
	hint: 'otelHeaders|OTLP_(LOGS|METRICS|TRACES)_|\\\\u00[4-7][0-9A-Fa-f][^"]*"[[:space:]]*:',
	text: stopped,
} as const;

const DOMAIN = "com.anthropic.claudecode";
const OVERRIDE = "OTEL_|TELEMETRY|otelHeaders|\\\\u00[4-7]";

const rivals: readonly Rival[] = [
	...managed,
	...[`${DOMAIN}.plist`, `*/${DOMAIN}.plist`].map((name): Rival => {
		const path = { macos: `/Library/Managed Preferences/${name}` };
		return { of: "user", path, format: "plist", settings: [OVERRIDE] };
	}),
	{
		of: "user",
		...state,
		settings: [PROGRAM, ...bySignal("HEADERS", "PROTOCOL"), "/env/OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"],
	},
	// The general header of a managed file switches the others off, and not this.
	{ of: "system", ...state, settings: [PROGRAM, ...bySignal("PROTOCOL")] },
	{ of: "system", path: "{folder}/settings.json", format: "json", settings: bySignal("PROTOCOL"), text: stopped },
];

export const cli: Cli = {
	id: "claude-code",
	title: "Claude Code",
	order: 10,
	system: {
		file: {
			macos: "/Library/Application Support/ClaudeCode/managed-settings.d/50-crossfade.json",
			linux: "/etc/claude-code/managed-settings.d/50-crossfade.json",
			windows: "%ProgramFiles%/ClaudeCode/managed-settings.d/50-crossfade.json",
		},
		format: "json",
		since: "2.1.83",
		// A letter can be written as an escape, too.
		merged: {
			divert: "OTLP_(LOGS|METRICS|TRACES)_|\\\\u00[4-7]",
			override: OVERRIDE,
			domain: DOMAIN,
			policy: { key: "SOFTWARE\\Policies\\ClaudeCode", value: "Settings", mergedSince: "2.1.223" },
		},
		// An empty one puts the header back that a user's program would replace, also in what comes to us.
		rows: [...diversions, { pointer: "/otelHeadersHelper", type: "string", value: "", when: "no-helper" }, ...settings],
	},
	user: {
		folder: ".claude",
		file: "settings.json",
		variable: "CLAUDE_CONFIG_DIR",
		takesEmpty: true,
		below: "",
		format: "json",
		since: "0.0.0",
		kinds: { ...kinds, ...laterKinds },
		// A program's headers replace ours, and would be sent to our endpoint.
		rows: [
			...diversions,
			{ drop: "/env/OTEL_EXPORTER_OTLP_HEADERS", when: "helper" },
			{ drop: "/otelHeadersHelper", when: "no-helper" },
			// Otherwise a variable of the shell or of ~/.claude.json takes one signal elsewhere, with our header (seen on 2.1.330).
			env("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "{endpoint}/v1/logs", "logs"),
			env("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "{endpoint}/v1/metrics", "metrics"),
			...settings,
		],
	},
	rivals,
	open,
	program: "claude",
	npm: "@anthropic-ai/claude-code",
	// Without a space: before 2.1.149 the program failed in such a folder.
	header: { folder: "/etc/otel-crossfade", program: headerProgram },
	signs: [
		{ kind: "link", path: ".local/bin/claude" },
		{ kind: "folder", path: "/opt/homebrew/Caskroom/claude-code/*" },
		{ kind: "folder", path: "/usr/local/Caskroom/claude-code/*" },
		{ kind: "trace", path: "/usr/bin/claude" },
		{ kind: "trace", path: "/usr/local/bin/claude" },
		{ kind: "trace", path: ".claude/local/claude" },
		{ kind: "trace", path: ".claude.json" },
	],
	// https://code.claude.com/docs/en/setup; winget's package has no release in its name. None of it was tried on Windows.
	windowsSigns: [
		{ kind: "folder", path: "scoop/apps/claude-code/*" },
		{ kind: "trace", path: ".local/bin/claude.exe" },
		{ kind: "trace", path: "AppData/Local/Microsoft/WinGet/Packages/Anthropic.ClaudeCode_*" },
		{ kind: "trace", path: "%ProgramFiles%/WinGet/Packages/Anthropic.ClaudeCode_*" },
		{ kind: "trace", path: ".claude.json" },
	],
	sends: [
		"when signed in: account e-mail, organisation and account ids; always: a random install id, session id, terminal type",
		"models, token counts, cost, durations, tool names and whether each call was allowed, errors",
		"host name and machine id, unless switched off (no-host)",
	],
	applies: "when Claude Code starts; running sessions too, with --helper, within 29 minutes",
	traps: [
		"Traces (a beta of Claude Code) are switched off while this is installed, because they would carry our header wherever they are sent.",
		"If the admin console sets any OTLP variable, it overrides this file completely, and no script can see that.",
		"The managed file replaces the OTEL_RESOURCE_ATTRIBUTES of a user's or project's settings by the machine's name and id. To keep theirs, use no-host, or add the attributes to the managed file: what stands there is kept.",
		"The managed file, and so the token in it, must be readable by every local account.",
		"Before 2.1.85 the command line of every Bash call is sent even with tools off (measured on 2.1.81).",
		"A per cent sign that starts no escape in a token stops all telemetry of 2.1.81 (measured); such tokens are refused.",
		"If the header program fails, nothing is sent.",
		"A header program of the owner's (otelHeadersHelper) would replace our header: it has no effect while this is installed, and uninstall gives it back.",
		"In user scope the settings of a project can still redirect one signal, with our header; only the managed file prevents this (2.1.217 and later).",
		"If managed-settings.json or another file in managed-settings.d has an endpoint or header for one signal, or one of a later name or a managed profile has any telemetry setting, our file is refused: the token could be sent elsewhere, or nothing.",
	],
	sources: [
		"https://code.claude.com/docs/en/settings",
		"https://code.claude.com/docs/en/monitoring-usage",
		"https://code.claude.com/docs/en/server-managed-settings",
		"https://code.claude.com/docs/en/setup",
		"https://github.com/anthropics/claude-code/blob/main/CHANGELOG.md",
	],
};
