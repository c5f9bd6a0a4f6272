import { describe, expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import type { SettingKinds } from "../../src/adapters/clis/setting-form.ts";
import { byKind, formWords } from "../../src/generate/render/endpoint-rivals.ts";
import { claudeValues } from "../harness/clis/claude-values.ts";
import { codexValues } from "../harness/clis/codex-values.ts";
import { awks, runCases, type SettingsFormat, toBytes } from "./editor.ts";

/** The scripts know what values keep a CLI from reading a file, as doctor does; of a few they say that it is not known. */

const REFUSED = 3;

const rowsOf = (kinds: SettingKinds) =>
	byKind(kinds).flatMap(([kind, pointers]) => pointers.map((pointer) => `kind\t${pointer}\t${kind}`));

/** What a script demands of a person's file of this CLI. */
function demandsOf(id: string): string[] {
	const { kinds = {}, forms = [], strict } = clis.find((cli) => cli.id === id)?.user ?? {};
	const only = strict ? [`only\t${strict.table}\t${strict.keys.join(" ")}`] : [];
	return [...rowsOf(kinds), ...forms.map((form) => ["form", form.pointer, ...formWords(form)].join("\t")), ...only];
}

/** With what else it says that it is not known. */
const opensOf = (id: string) => rowsOf(clis.find((cli) => cli.id === id)?.open ?? {});

/** Which of these files are not of the kinds of a plan. */
async function odd(kinds: readonly string[], format: SettingsFormat, texts: readonly string[]): Promise<boolean[]> {
	const awk = awks.find(({ part }) => part.missing === undefined);
	if (!awk) throw new Error("no awk is on this machine");
	const plan = [...kinds, "set\t/made/up\tstring\tvalue"];
	const runs = await runCases(
		awk,
		texts.map((text) => ({ format, mode: "same", text: toBytes(text), plan })),
	);
	return runs.map(({ code }) => code === REFUSED);
}

/** Which of these files the scripts of a CLI refuse. */
const refused = (id: string, format: SettingsFormat, texts: readonly string[]) => odd(demandsOf(id), format, texts);
const open = (id: string, format: SettingsFormat, texts: readonly string[]) => odd(opensOf(id), format, texts);

const files = (values: Readonly<Record<string, readonly unknown[]>>) =>
	Object.entries(values).flatMap(([key, each]) => each.map((value) => JSON.stringify({ [key]: value })));

/** The first key or table that stands in each of these texts, once. */
const keysOf = (texts: readonly string[]) =>
	[...new Set(texts.map((text) => /[\w$]+/.exec(text)?.[0] ?? text))].sort().join(" ");

/** What has values of which the scripts say that it is not known whether the CLI takes them. */
const UNKNOWN = {
	"claude-code": "feedbackSurveyRate hooks skillListingBudgetFraction",
	codex: "agents mcp_oauth_callback_port mcp_servers",
} as const;

/** 2.1.330 takes these; other releases leave the whole file out, and the scripts do not tell releases apart here. */
const OTHER_FORMS = [
	'{"attribution":false}',
	'{"disabledMcpjsonServers":"x"}',
	'{"enabledMcpjsonServers":"x"}',
	'{"forceLoginOrgUUID":["x"]}',
];

describe("Claude Code", () => {
	test("a file that all of it leaves out is refused, or unknown for what more than a kind decides", async () => {
		const texts = files(claudeValues.refused);
		const known = await refused("claude-code", "json", texts);
		const missed = texts.filter((_, i) => !known[i]);
		const unknown = await open("claude-code", "json", missed);
		expect(missed.filter((_, i) => !unknown[i])).toEqual([]);
		expect(keysOf(missed)).toBe(UNKNOWN["claude-code"]);
	});

	test("a file that it takes is not refused, but for forms by which 2.1.81 leaves all of it out", async () => {
		const texts = files(claudeValues.taken);
		const known = await refused("claude-code", "json", texts);
		expect(texts.filter((text, i) => known[i] && !/^\{"\w+":null\}$/.test(text))).toEqual(OTHER_FORMS);
	});

	test("a file that it takes is not unknown, but for numbers whose bounds no kind has", async () => {
		const texts = files(claudeValues.taken);
		const unknown = await open("claude-code", "json", texts);
		expect(keysOf(texts.filter((_, i) => unknown[i]))).toBe("feedbackSurveyRate skillListingBudgetFraction");
	});
});

describe("Codex", () => {
	test("a file with which it does not start is refused, also for values below names that people give, or unknown for what other files decide", async () => {
		const texts = codexValues["does not start"];
		const known = await refused("codex", "toml", texts);
		const missed = texts.filter((_, i) => !known[i]);
		const unknown = await open("codex", "toml", missed);
		expect(missed.filter((_, i) => !unknown[i])).toEqual([]);
		expect(keysOf(missed)).toBe(UNKNOWN.codex);
	});

	test("a file with which it starts is not refused", async () => {
		const texts = [
			...codexValues.starts,
			...codexValues["starts, and no script knows that it starts"],
			...codexValues["open, and starts"],
		];
		const known = await refused("codex", "toml", texts);
		expect(texts.filter((_, i) => known[i])).toEqual([]);
	});

	test("what doctor leaves open is unknown, and what it knows to start is not, but for numbers that are rarely set so", async () => {
		const texts = Object.entries(codexValues).flatMap(([what, each]) => (/, and/.test(what) ? each : []));
		expect(await open("codex", "toml", texts)).toEqual(texts.map(() => true));
		const unknown = await open("codex", "toml", codexValues.starts);
		expect(
			codexValues.starts.filter((_, i) => unknown[i]).map((text) => /max_depth = -?\d{2,}|-1$/.exec(text)?.[0]),
		).toEqual(["max_depth = -2147483648", "max_depth = 2147483647", "-1"]);
	});

	test("a provider is known if it is built in, or its table is there", async () => {
		const tables = '[model_providers."a.b"]\nname = "x"\n[model_providers."c/d~"]\nname = "y"\n';
		const texts = ["openai", "a.b", "c/d~", "a", "model_providers"].map(
			(name) => `model_provider = "${name}"\n${tables}`,
		);
		expect(await open("codex", "toml", texts)).toEqual([false, false, false, true, true]);
	});
});

describe("Qwen Code", () => {
	test("a file is refused for a table with a key with which it ends, and not for one with keys that it knows", async () => {
		const texts = ['{"omni":{"banana":1}}', '{"omni":[]}', '{"omni":{"enabled":true,"memory":{}}}', "{}"];
		expect(await refused("qwen-code", "json", texts)).toEqual([true, true, false, false]);
	});
});
