/**
 * What values must be for Codex to start, beyond the kinds that stand in index.ts: for doctor; the scripts know less of bounds and other files. Other
 * keys than these are ignored. Each row was tried in 0.165.0 and 0.169.0 with `codex features list`, which reads all of them.
 *
 * Source: https://github.com/openai/codex/blob/main/codex-rs/core/config.schema.json
 */
import type { Effective } from "../layering.ts";
import { settingKind } from "../setting-form.ts";
import {
	all,
	either,
	first,
	flag,
	has,
	list,
	number,
	object,
	table,
	text,
	texts,
	type ValueCheck,
	type ValueChecks,
	whole,
	word,
} from "../value-check.ts";
import { builtIn, builtInPermissions, topWords, withOthers } from "./index.ts";

const modes: ValueChecks = {
	model: text,
	model_provider: text,
	sandbox_mode: word(...topWords.sandbox_mode),
	model_reasoning_summary: word(...topWords.model_reasoning_summary),
	model_verbosity: word(...topWords.model_verbosity),
	personality: word(...topWords.personality),
	web_search: word(...topWords.web_search),
	approvals_reviewer: word(...topWords.approvals_reviewer),
};

const server = all(
	table({
		command: text,
		args: list(text),
		env: texts,
		url: text,
		http_headers: texts,
		enabled: flag,
		startup_timeout_sec: number(0, 2 ** 63),
		enabled_tools: list(text),
	}),
	has("must have a command or a url", (keys) => keys.includes("command") !== keys.includes("url")),
	has("must not have bearer_token", (keys) => !keys.includes("bearer_token")),
);

const provider = all(
	table({
		name: text,
		base_url: text,
		wire_api: word("responses"),
		env_key: text,
		http_headers: texts,
		request_max_retries: whole(0),
	}),
	has("must have a name", (keys) => keys.includes("name")),
);

const settings: ValueChecks = {
	model_context_window: whole(),
	model_auto_compact_token_limit: whole(),
	project_doc_max_bytes: whole(0),
	tool_output_token_limit: whole(0),
	background_terminal_max_timeout: whole(0),
	mcp_oauth_callback_port: whole(0, 65_535),
	notify: list(text),
	project_doc_fallback_filenames: list(text),
	project_root_markers: list(text),
	features: table({}, either(flag, object)),
	mcp_servers: table({}, server),
	profiles: table(
		{},
		table({ ...modes, approval_policy: either(word("untrusted", "on-request", "on-failure", "never"), object) }),
	),
	model_providers: all(
		table({}, provider),
		has("must not have openai, which is built in", (keys) => !keys.includes("openai")),
	),
	projects: table({}, table({ trust_level: word("trusted", "untrusted") })),
	sandbox_workspace_write: table({ writable_roots: list(text), exclude_tmpdir_env_var: flag }),
	shell_environment_policy: table({ exclude: list(text), include_only: list(text) }),
	tui: table({ notifications: either(flag, list(text)), status_line: list(text) }),
	history: table({ max_bytes: whole(0) }),
	agents: table(
		{
			max_threads: whole(1),
			max_depth: whole(-(2 ** 31), 2 ** 31 - 1),
			job_max_runtime_seconds: whole(0),
			default_subagent_model: text,
			interrupt_message: flag,
		},
		table({ description: text }),
	),
	apps: table({}, object),
	plugins: table({}, object),
	marketplaces: table({}, object),
	otel: table({ tracestate: table({}, texts) }),
};

/** Of the built-in profiles of permissions, those that another may extend. Source of what follows: https://developers.openai.com/codex/permissions */
const extensible: readonly string[] = builtInPermissions.slice(0, 2);

const unknown: ValueCheck = (_, name) => `${name} is not known here`;

/** Keys for which the first pattern that fits decides. */
const byName =
	(...rows: readonly (readonly [RegExp, ValueCheck])[]): ValueCheck =>
	(value, name) =>
		table({})(value, name) ??
		Object.entries(value as object)
			.map(([key, one]) => (rows.find(([pattern]) => pattern.test(key))?.[1] ?? unknown)(one, name))
			.find((why) => why !== undefined);

const access = word("read", "write", "deny", "none");
const denied = word("deny", "none");

/** Seen: of paths with a star, those below the roots must be denied, and none may lead out of them. */
const inRoots = byName([/(^\/|(^|\/)\.\.(\/|$)|\\)/, unknown], [/[*?[\]{}]/, denied], [/./, access]);

const profile = table(
	{
		description: text,
		extends: text,
		filesystem: byName(
			[/(^|\/)\.\.(\/|$)/, unknown],
			[/^:workspace_roots$/, either(access, inRoots)],
			[/^(:(root|minimal|tmpdir|slash_tmp)|~|~?\/[^*?[\]{}]*)$/, access],
			[/^~?\/[^*?[\]{}]*[*?[\]{}]/, denied],
			[/^glob_scan_max_depth$/, whole(1)],
		),
		network: table(
			{
				enabled: flag,
				// Seen: a domain with a star alone cannot be denied.
				domains: byName([/^[a-z0-9.-]+$/i, word("allow", "deny")], [/^\*\.[a-z0-9.-]+$|^\*$/i, word("allow")]),
			},
			unknown,
		),
		workspace_roots: byName([/^~?\//, flag]),
	},
	unknown,
);

/** Whether it starts with its profiles of permissions, and with the one in use; false where that is not known. */
function startsWithPermissions({ at }: Pick<Effective, "at">): boolean {
	const [chosen, profiles] = [at("/default_permissions"), at("/permissions")];
	if (chosen === undefined && profiles === undefined) return true;
	const named = new Map(settingKind(profiles) === "object" ? Object.entries(profiles as object) : []);
	const isPlain = [...named].every(([name, one]) => !name.startsWith(":") && profile(one, name) === undefined);
	if (!isPlain || (profiles !== undefined && settingKind(profiles) !== "object")) return false;
	// Seen: it does not start with profiles of which none is chosen, unless the older setting is there.
	if (chosen === undefined) return named.size === 0 || at("/sandbox_mode") !== undefined;
	return (builtInPermissions as readonly unknown[]).includes(chosen) || isWhole(String(chosen), named);
}

/** Whether each that a profile extends is there, up to one that extends none or what is built in. */
function isWhole(name: string, named: ReadonlyMap<string, unknown>, before: readonly string[] = []): boolean {
	const found = named.get(name);
	if (found === undefined || before.includes(name)) return false;
	const above: unknown = new Map(Object.entries(found as object)).get("extends");
	return above === undefined || extensible.includes(String(above)) || isWhole(String(above), named, [...before, name]);
}

/** Why Codex does not start with a setting of the top level; undefined if nothing is known against it. */
export function refusedValue(at: (pointer: string) => unknown): string | undefined {
	return first(
		Object.entries(settings).map(([name, check]) => {
			const value = at(`/${name}`);
			return value === undefined ? undefined : check(value, name);
		}),
	);
}

/** Settings with which it may not start, for reasons that are not in this file alone: the first, in words. */
export function openValue({ at, isRelease }: Pick<Effective, "at" | "isRelease">): string | undefined {
	const provider = at("/model_provider");
	const isKnown = provider === undefined || [...builtIn, ...keysOf(at("/model_providers"))].includes(String(provider));
	const features = valuesOf(at("/features"));
	const [open] = [
		...withOthers.filter((name) => at(`/${name}`) !== undefined),
		...(startsWithPermissions({ at })
			? []
			: [at("/permissions") === undefined ? "default_permissions" : "permissions"]),
		// Seen in 0.133.0: with a profile that is not there it does not start.
		...(at("/profile") !== undefined && isRelease("<0.134.0") ? ["profile"] : []),
		...(isKnown ? [] : ["model_provider"]),
		...["approval_policy", "tools/web_search"].filter((name) => isTable(at(`/${name}`))),
		...(features.some(isTable) ? ["features"] : []),
	];
	return open && `the key ${open.replace("/", ".")} is set, with which it may not start`;
}

function isTable(value: unknown): value is object {
	return settingKind(value) === "object";
}

function keysOf(value: unknown): readonly string[] {
	return isTable(value) ? Object.keys(value) : [];
}

function valuesOf(value: unknown): readonly unknown[] {
	return isTable(value) ? Object.values(value) : [];
}
