import { describe, expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { byKind, formWords } from "../../src/generate/render/endpoint-rivals.ts";
import { claudeValues } from "../harness/clis/claude-values.ts";
import { codexValues } from "../harness/clis/codex-values.ts";
import { awks, runCases, type SettingsFormat, toBytes } from "./editor.ts";

/** The scripts know what values keep a CLI from reading a file, as doctor does, but for those deep inside tables and lists. */

const REFUSED = 3;

/** What a script demands of a person's file of this CLI. */
function demandsOf(id: string): string[] {
	const { kinds = {}, forms = [] } = clis.find((cli) => cli.id === id)?.user ?? {};
	return [
		...byKind(kinds).flatMap(([kind, pointers]) => pointers.map((pointer) => `kind\t${pointer}\t${kind}`)),
		...forms.map((form) => ["form", form.pointer, ...formWords(form)].join("\t")),
	];
}

/** Which of these files the scripts of a CLI refuse. */
async function refused(id: string, format: SettingsFormat, texts: readonly string[]): Promise<boolean[]> {
	const awk = awks.find(({ part }) => part.missing === undefined);
	if (!awk) throw new Error("no awk is on this machine");
	const plan = [...demandsOf(id), "set\t/made/up\tstring\tvalue"];
	const runs = await runCases(
		awk,
		texts.map((text) => ({ format, mode: "same", text: toBytes(text), plan })),
	);
	return runs.map(({ code }) => code === REFUSED);
}

const files = (values: Readonly<Record<string, readonly unknown[]>>) =>
	Object.entries(values).flatMap(([key, each]) => each.map((value) => JSON.stringify({ [key]: value })));

/** The first key or table that stands in each of these texts, once. */
const keysOf = (texts: readonly string[]) =>
	[...new Set(texts.map((text) => /[\w$]+/.exec(text)?.[0] ?? text))].sort().join(" ");

/** What has values that the scripts do not look at: of Claude Code items of lists, values under names that people give and keys that are missing, of both bounds of numbers. */
const LEFT = {
	"claude-code":
		"allowedChannelPlugins allowedHttpHookUrls availableModels blockedMarketplaces claudeMdExcludes companyAnnouncements enabledMcpjsonServers enabledPlugins extraKnownMarketplaces fallbackModel feedbackSurveyRate fileSuggestion hooks httpHookAllowedEnvVars modelOverrides permissions pluginConfigs sandbox skillListingBudgetFraction skillOverrides spinnerVerbs sshConfigs statusLine strictKnownMarketplaces worktree",
	codex: "agents background_terminal_max_timeout made_up mcp_oauth_callback_port mcp_servers model_context_window tui",
} as const;

/** 2.1.330 takes these; other releases leave the whole file out, and the scripts do not tell releases apart here. */
const OTHER_FORMS = [
	'{"attribution":false}',
	'{"disabledMcpjsonServers":"x"}',
	'{"enabledMcpjsonServers":"x"}',
	'{"forceLoginOrgUUID":["x"]}',
];

describe("Claude Code", () => {
	test("a file that all of it leaves out is refused, but for items of lists, names people give, and bounds of numbers", async () => {
		const texts = files(claudeValues.refused);
		const known = await refused("claude-code", "json", texts);
		const missed = texts.filter((_, i) => !known[i]);
		expect(keysOf(missed)).toBe(LEFT["claude-code"]);
	});

	test("a file that it takes is not refused, but for forms by which 2.1.81 leaves all of it out", async () => {
		const texts = files(claudeValues.taken);
		const known = await refused("claude-code", "json", texts);
		expect(texts.filter((text, i) => known[i] && !/^\{"\w+":null\}$/.test(text))).toEqual(OTHER_FORMS);
	});
});

describe("Codex", () => {
	test("a file with which it does not start is refused, also for values below names that people give, but for bounds of numbers and items of tui.notifications", async () => {
		const texts = codexValues["does not start"];
		const known = await refused("codex", "toml", texts);
		expect(keysOf(texts.filter((_, i) => !known[i]))).toBe(LEFT.codex);
	});

	test("a file with which it starts is not refused", async () => {
		const texts = [...codexValues.starts, ...codexValues["open, and starts"]];
		const known = await refused("codex", "toml", texts);
		expect(texts.filter((_, i) => known[i])).toEqual([]);
	});
});
