/**
 * What values must be for Claude Code to use a settings file at all: with another one 2.1.330 leaves the whole file out, whoever else set it.
 * For doctor; the scripts have them as kinds, in index.ts. Other keys than these are ignored, or left out by themselves. Each row was tried in
 * 2.1.330 with `claude doctor`, which names the values that it refuses. What is deep inside rare settings is not looked at.
 *
 * Sources: https://code.claude.com/docs/en/settings, https://www.schemastore.org/claude-code-settings.json
 */
import type { LayerPlace } from "../layering.ts";
import { settingKind } from "../setting-form.ts";
import {
	all,
	either,
	flag,
	has,
	kind,
	list,
	number,
	object,
	refusedBy,
	round,
	table,
	text,
	texts,
	type ValueCheck,
	type ValueChecks,
	word,
} from "../value-check.ts";
import { flags, flagsOrNull, forbidding, hookTypes, lists, marketplaceSources, oneOf, words } from "./index.ts";

const orNull =
	(check: ValueCheck): ValueCheck =>
	(value, name) =>
		value === null ? undefined : check(value, name);

const isTable = (value: unknown) => settingKind(value) === "object";

const filled: ValueCheck = (value, name) => (value === "" ? `${name} must not be empty` : text(value, name));

const each = (names: string, check: ValueCheck): ValueChecks =>
	Object.fromEntries(names.split(/\s+/).map((name) => [name, check]));

const command = all(
	table({ type: word("command"), command: text, padding: number(Number.NEGATIVE_INFINITY) }),
	has("must have a type", (keys) => keys.includes("type")),
	has("must have a command", (keys) => keys.includes("command")),
);

const kindsOfHook: ValueCheck = (value, name) => {
	const type = (value as { readonly type?: unknown }).type;
	if (type === "command") return command(value, name);
	return word(...hookTypes)(type, `the type of ${name}`);
};

const matcher = all(
	table({ matcher: text, hooks: list(all(object, kindsOfHook)) }),
	has("must have hooks", (keys) => keys.includes("hooks")),
);

const source = word(...marketplaceSources);
const marketplace = all(
	table({ source }),
	has("must have a source", (keys) => keys.includes("source")),
);
/** Of these, one that is no table is left out by itself. */
const known: ValueCheck = (value, name) => {
	const { source: from } = isTable(value) ? (value as { readonly source?: unknown }) : {};
	return isTable(from) ? marketplace(from, `${name}.source`) : undefined;
};

const sandbox = table({
	...each(
		"enabled failIfUnavailable autoAllowBashIfSandboxed allowUnsandboxedCommands enableWeakerNestedSandbox",
		flag,
	),
	excludedCommands: list(text),
	network: table({
		allowedDomains: list(text),
		allowLocalBinding: flag,
		httpProxyPort: number(Number.NEGATIVE_INFINITY),
	}),
	filesystem: table(each("allowWrite denyWrite denyRead allowRead", list(text))),
	ignoreViolations: table({}, list(text)),
	ripgrep: all(
		table({ command: text }),
		has("must have a command", (keys) => keys.includes("command")),
	),
});

const values: ValueChecks = {
	...each(flags, flag),
	...each(flagsOrNull, orNull(flag)),
	...each(words, text),
	...each(lists, list(text)),
	...Object.fromEntries(
		Object.entries(oneOf).flatMap(([name, each]) => (name.includes("/") ? [] : [[name, kind(each)] as const])),
	),
	...each("enabledMcpjsonServers disabledMcpjsonServers", either(list(text), filled)),
	...each("strictKnownMarketplaces blockedMarketplaces", orNull(list(marketplace))),
	allowedChannelPlugins: list(object),
	sshConfigs: list(
		all(
			table(each("id name sshHost", text)),
			has("must have an id, a name and a host", (keys) => ["id", "name", "sshHost"].every((key) => keys.includes(key))),
		),
	),
	extraKnownMarketplaces: (value, name) => (isTable(value) ? table({}, known)(value, name) : undefined),
	...each("breakReminder quietHours", table({ enabled: flag, start: text })),
	...each("statusLine fileSuggestion", command),
	...each("cleanupPeriodDays skillListingMaxDescChars totalTokensReminderBudget", round(1)),
	desktopSessionCleanupPeriodDays: round(0),
	feedbackSurveyRate: number(0, 1),
	skillListingBudgetFraction: all(number(0, 1), (value, name) => (value === 0 ? `${name} must be above 0` : undefined)),
	forceLoginOrgUUID: either(text, list(text)),
	env: object,
	attribution: either(flag, table({ commit: text, pr: text, sessionUrl: flag })),
	autoMode: table({ allow: list(text) }),
	enabledPlugins: table({}, either(flag, list(text))),
	modelOverrides: texts,
	skillOverrides: table({}, word("on", "name-only", "user-invocable-only", "off")),
	pluginConfigs: table({}, table({ mcpServers: object, options: object })),
	remote: table({ defaultEnvironmentId: text }),
	remoteTools: object,
	voice: table({ enabled: flag, autoSubmit: flag, mode: kind(oneOf["voice/mode"]) }),
	worktree: table({
		symlinkDirectories: list(text),
		sparsePaths: list(text),
		baseRef: kind(oneOf["worktree/baseRef"]),
	}),
	spinnerVerbs: all(
		table({ mode: kind(oneOf["spinnerVerbs/mode"]), verbs: list(text) }),
		has("must have mode and verbs", (keys) => keys.includes("mode") && keys.includes("verbs")),
	),
	sandbox,
	permissions: table({
		...each("allow deny ask", (value, name) => (Array.isArray(value) ? undefined : list(text)(value, name))),
		additionalDirectories: list(text),
		...each("disableBypassPermissionsMode disableAutoMode", kind(oneOf["permissions/disableAutoMode"])),
		defaultMode: kind(oneOf["permissions/defaultMode"]),
	}),
	hooks: (value, name) => (isTable(value) ? table(each(forbidding.join(" "), list(matcher)))(value, name) : undefined),
};

/** The first value by which 2.1.330 leaves a whole file out, in words; undefined if none is known. */
export const refusedNow = refusedBy(values);

const before: ValueChecks = {
	attribution: object,
	allowedMcpServers: list(object),
	deniedMcpServers: list(object),
	extraKnownMarketplaces: table({}, table({ source: object })),
	spinnerTipsOverride: table({ tips: list(text), excludeDefault: flag }),
	forceLoginMethod: word("claudeai", "console"),
	forceLoginOrgUUID: text,
	enabledMcpjsonServers: list(text),
	disabledMcpjsonServers: list(text),
	permissions: table(each("allow deny ask", list(text))),
	hooks: table({}, list(matcher)),
	...each(flagsOrNull, flag),
};

/** Settings of which 2.1.330 leaves out what is wrong, and 2.1.81 the whole file; the first that is wrong, in words. */
export const refusedBefore = refusedBy(before);

/** What these values do to the file that has them, by release. */
export const doubts: NonNullable<LayerPlace["doubts"]> = [
	{
		range: ">=2.1.330",
		of: refusedNow,
		why: "has a value with which all of it is left out",
		isBroken: true,
	},
	{
		range: "<2.1.330",
		of: refusedNow,
		why: "has a value with which 2.1.330 leaves all of it out, and what this release does is not known",
	},
	{
		range: "<2.1.330",
		of: refusedBefore,
		why: "has a value with which 2.1.81 leaves all of it out, and what this release does is not known",
	},
];
