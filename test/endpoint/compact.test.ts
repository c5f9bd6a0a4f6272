import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import plainJson from "../../templates/awk/plain-json.awk";
import plainToml from "../../templates/awk/plain-toml.awk";
import whole from "../../templates/awk/whole.awk";
import wholeRecord from "../../templates/awk/whole-record.awk";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { codexValues } from "../harness/clis/codex-values.ts";
import { type actions, contents, endpointScript, text, write } from "../harness/endpoint.ts";
import { type SimulatedMacos, simulatedMacos } from "../harness/simulated-macos.ts";
import { cliStates } from "../harness/states.ts";
import { awks } from "./editor.ts";

/** Scripts without an editor: they write whole files of the machine, and no byte of anybody else's. */

type Action = (typeof actions)[number];
const script = (action: Action, compact = true) => endpointScript("generic", { action, compact });

const files = {
	"claude-code": "etc/claude-code/managed-settings.d/50-crossfade.json",
	codex: "etc/codex/requirements.toml",
	gemini: "etc/gemini-cli/settings.json",
};
const states = (state: string) => `cli=${cliStates({ "claude-code": state, codex: state, gemini: state })}`;
const read = (mac: SimulatedMacos, cli: keyof typeof files) => text(join(mac.root, files[cli])) ?? "";

/** Runs a script; the token on its standard input, and in no output. */
const run = (
	mac: SimulatedMacos,
	action: Action,
	token?: { token: string; fingerprint: string },
	args: string[] = [],
	compact = true,
) => mac.run(script(action, compact), args, token ? { stdin: `${token.token}\n`, canaries: [token] } : {});

describe("install, report, rotate, uninstall", () => {
	test.each([
		["Linux", true],
		["macOS", false],
	])("%s", async (_name, linux) => {
		const mac = simulatedMacos({ linux });
		const before = contents(mac.root);
		const [old, next] = [canary(), canary()];
		for (const token of [old, next]) {
			const line = `crossfade ok fp=${token.fingerprint} cfg=1 ${states("ok")} users=1\n`;
			expect(await run(mac, "install", token)).toMatchObject({ code: 0, stdout: line, stderr: "" });
			const installed = contents(mac.root);
			expect(await run(mac, "install", token)).toMatchObject({ code: 0, stdout: line, stderr: "" });
			expect(await run(mac, "report")).toMatchObject({ code: 0, stdout: line, stderr: "" });
			expect(contents(mac.root)).toEqual(installed);
		}
		expect(JSON.stringify(contents(mac.root))).not.toContain(old.token);
		expect(await run(mac, "report", undefined, [`expect=${old.fingerprint}`])).toMatchObject({
			code: 10,
			stdout: expect.stringContaining(states("drift")),
		});
		expect(await run(mac, "report", undefined, ["endpoint=https://other.example"])).toMatchObject({ code: 10 });
		expect(await run(mac, "uninstall")).toMatchObject({ code: 0, stderr: "" });
		expect(contents(mac.root)).toEqual(before);
		expect(await run(mac, "report")).toMatchObject({ code: 10, stdout: expect.stringContaining(states("drift")) });
	});

	test.each([[[]], [["prompts", "responses", "tools", "no-host"]]])(
		"the files say the same as those of the scripts with an editor: %j",
		async (options) => {
			const [compact, full] = [simulatedMacos({ linux: true }), simulatedMacos({ linux: true })];
			const token = canary();
			await run(compact, "install", token, options);
			await run(full, "install", token, options, false);
			expect(JSON.parse(read(compact, "claude-code"))).toEqual(JSON.parse(read(full, "claude-code")));
			expect(JSON.parse(read(compact, "gemini"))).toEqual(JSON.parse(read(full, "gemini")));
			expect(parseToml(read(compact, "codex"))).toEqual(parseToml(read(full, "codex")));
			expect(read(compact, "codex")).toContain(token.token);
		},
	);

	test("the uninstall with an editor removes what this one wrote", async () => {
		const mac = simulatedMacos({ linux: true });
		const before = contents(mac.root);
		await run(mac, "install", canary());
		expect(await run(mac, "report", undefined, [], false)).toMatchObject({ code: 0, stderr: "" });
		expect(await run(mac, "uninstall", undefined, [], false)).toMatchObject({ code: 0, stderr: "" });
		expect(contents(mac.root)).toEqual(before);
	});

	test("a dry run changes nothing", async () => {
		const mac = simulatedMacos({ linux: true });
		const before = contents(mac.root);
		expect(await run(mac, "install", canary(), ["dry-run"])).toMatchObject({ code: 0, stderr: "" });
		expect(contents(mac.root)).toEqual(before);
		await run(mac, "install", canary());
		const installed = contents(mac.root);
		expect(await run(mac, "uninstall", undefined, ["dry-run"])).toMatchObject({ code: 0, stderr: "" });
		expect(contents(mac.root)).toEqual(installed);
	});

	test("a run that was killed between record and file: the next one knows the old file for its own", async () => {
		const mac = simulatedMacos({ linux: true });
		const [first, second, third] = [canary(), canary(), canary()];
		await run(mac, "install", first);
		const old = read(mac, "codex");
		await run(mac, "install", second);
		writeFileSync(join(mac.root, files.codex), old);
		expect(await run(mac, "install", third)).toMatchObject({ code: 0, stderr: "" });
		expect(read(mac, "codex")).toContain(third.token);
	});
});

test("every awk writes the same file and record, and none a value that would need quoting", () => {
	const awk = (under: (typeof awks)[number], format: string, plan: string) => {
		const cwd = scratch();
		const variables = [`format=${format}`, "status=status"].flatMap((each) => ["-v", each]);
		const [file, record] = [whole, wholeRecord].map((program) => {
			const run = spawnSync(under.part.path, [...under.args, ...variables, program], {
				cwd,
				input: plan,
				encoding: "latin1",
			});
			const { status, stdout, stderr } = run;
			return { status, stdout, stderr, count: text(join(cwd, "status")) };
		});
		const lines = (record?.stdout ?? "").split("\n").length - 1;
		expect(record?.count).toBe(lines === 0 ? "\n" : `${lines}\n`);
		return { ...file, record: record?.stdout };
	};
	const here = awks.filter(({ part }) => {
		try {
			return part.path !== "";
		} catch {
			return false;
		}
	});
	const plan = "set\t/a/b\tstring\tx y\nset\t/a/c/d\tbool\ttrue\nset\t/a/e\tint\t5\nset\t/f\tstring\t\n";
	const json = '{\n  "a": {\n    "b": "x y",\n    "c": {\n      "d": true\n    },\n    "e": 5\n  },\n  "f": ""\n}\n';
	const toml = 'a.b = "x y"\na.c.d = true\na.e = 5\nf = ""\n';
	const records = here.map((each) => {
		expect(awk(each, "json", plan)).toMatchObject({ status: 0, stdout: json, count: `${json.length}\n` });
		expect(awk(each, "toml", 'set\t/a\tstring\t"\n').status).toBe(2);
		expect(awk(each, "json", "set\t/a\tstring\t\\\n").status).toBe(2);
		const run = awk(each, "toml", plan);
		expect(run).toMatchObject({ status: 0, stdout: toml, stderr: "" });
		return run.record;
	});
	expect(records.length).toBeGreaterThan(0);
	expect(new Set(records).size).toBe(1);
});

describe("a file of somebody else's", () => {
	const foreign: [what: string, content: (ours: string) => string][] = [
		["was there before", () => 'model = "m"\n'],
		["is empty", () => ""],
		["got a line since", (ours) => `${ours}model = "m"\n`],
		["lost a byte since", (ours) => ours.slice(0, -1)],
	];
	test.each(foreign)("%s: refused by every action, and every byte stays; the others are set", async (what, content) => {
		const mac = simulatedMacos({ linux: true });
		const token = canary();
		if (/since/.test(what)) await run(mac, "install", token);
		const file = write(mac.root, files.codex, content(read(mac, "codex")), 0o644);
		const before = readFileSync(file);
		const next = canary();
		const installed = await run(mac, "install", next);
		expect(installed).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("cli=claude-code:ok,codex:refused,gemini:ok"),
			stderr: expect.stringContaining("was not written by this script, or was changed since; file unchanged"),
		});
		expect(readFileSync(file).equals(before)).toBe(true);
		const report = await run(mac, "report");
		expect(report).toMatchObject({ code: 11, stdout: expect.stringContaining("codex:refused") });
		const gone = await run(mac, "uninstall");
		expect(gone.code).toBe(/since/.test(what) ? 11 : 0);
		expect(readFileSync(file).equals(before)).toBe(true);
	});

	test("what the scripts with an editor set is not known to be ours alone, and is refused", async () => {
		const mac = simulatedMacos({ linux: true });
		await run(mac, "install", canary(), [], false);
		const before = contents(mac.root);
		expect(await run(mac, "install", canary())).toMatchObject({
			code: 11,
			stdout: expect.stringContaining(states("refused")),
		});
		expect(await run(mac, "uninstall")).toMatchObject({ code: 11 });
		expect(contents(mac.root)).toEqual(before);
	});
});

test.each(["scope=user", "helper"])("%s is refused: this file has no parts for it", async (option) => {
	const mac = simulatedMacos({ linux: true });
	const before = contents(mac.root);
	expect(await run(mac, "install", canary(), [option])).toMatchObject({
		code: 2,
		stderr: `error: this file has no parts for ${option}; make one without --compact\n`,
	});
	expect(contents(mac.root)).toEqual(before);
});

test("a release that is unknown could be too old: refused, not said to be ok", async () => {
	const mac = simulatedMacos({ linux: true, clis: false });
	write(mac.root, "usr/bin/claude", "");
	for (const action of ["install", "report"] as const) {
		expect(await run(mac, action, canary())).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("claude-code:refused,codex:absent"),
			stderr: expect.stringContaining("a release of the CLI is unknown"),
		});
	}
	expect(read(mac, "claude-code")).toBe("");
});

test("a release that does not obey the file of the machine is old, and gets none", async () => {
	const mac = simulatedMacos({ linux: true, clis: false });
	write(mac.root, "usr/lib/node_modules/@openai/codex/package.json", '{ "version": "0.165.0" }\n');
	expect(await run(mac, "install", canary())).toMatchObject({
		code: 0,
		stdout: expect.stringContaining("crossfade absent "),
	});
	expect(await run(mac, "report")).toMatchObject({
		code: 9,
		stdout: expect.stringContaining("cli=claude-code:absent,codex:old,gemini:absent"),
	});
	expect(read(mac, "codex")).toBe("");
});

const plainOf = (id: string) =>
	clis
		.find((cli) => cli.id === id)
		?.user.plain?.flat()
		.join("\t") ?? "";

/** Which of these files a program says are plain; the awks agree. */
function plain(program: string, known: string, texts: readonly string[]): boolean[] {
	const runs = awks
		.filter(({ part }) => part.missing === undefined)
		.map(({ part, args }) =>
			texts.map((input) => {
				const run = spawnSync(part.path, [...args, "-v", `known=${known}`, program], { input, encoding: "utf8" });
				expect(run.stderr).toBe("");
				return run.status === 0;
			}),
		);
	const [first = []] = runs;
	expect(runs.map(String)).toEqual(runs.map(() => String(first)));
	return first;
}

describe("what is said to be plain, the CLI reads", () => {
	test("of the lines that Codex was given, none with which it does not start, or may not", () => {
		const texts = Object.entries(codexValues).flatMap(([what, each]) => (what === "starts" ? [] : each));
		const found = plain(plainToml, plainOf("codex"), texts);
		expect(texts.filter((_, i) => found[i])).toEqual([]);
	});

	test.each([
		["model = 7\n", false],
		['model = "a"\nmodel="b"\n', false],
		['[projects."/a"]\n[projects."/a"]\n', false],
		["[mcp_servers.a]\n", false],
		['[mcp_servers.a]\ncommand = "a"\nurl = "b"\n', false],
		['[mcp_servers.a]\nurl = "a"\nargs = ["b"]\n', false],
		['[features]\nmodel = "a"\n', false],
		["# \u0001\n", false],
		['\ufeffmodel = "a"\n', false],
		['model = "a\\q"\n', false],
		["[[projects]]\n", false],
		["", true],
		['# mine\n\nmodel = "gpt-5" # x\r\nsandbox_mode="read-only"\n[features]\na = true\n', true],
		['[projects."/a b"]\ntrust_level = "trusted"\n[projects."/c"]\ntrust_level = "untrusted"\n', true],
		['[mcp_servers.a]\n# x\ncommand = "npx"\nargs = ["-y", "b"]\n[mcp_servers.b]\nurl = "https://x"\n', true],
		['[notice]\nhide_full_access_warning = true\n[notice.model_migrations]\n"gpt-5" = "gpt-5.1"\n', true],
	])("TOML %j: %s", (toml, isPlain) => {
		expect(plain(plainToml, plainOf("codex"), [toml])).toEqual([isPlain]);
	});

	test("JSON: what a parser reads as an object, and nothing else", () => {
		const parts = [
			'"a"',
			'"b\\"c"',
			"1",
			"-0.5e+3",
			"01",
			"1.",
			"+1",
			"true",
			"nul",
			"[",
			"]",
			"{",
			"}",
			":",
			",",
			" ",
			"\n",
			"// c\n",
		];
		const seeds = [
			"{}",
			"[]",
			"7",
			"",
			'{"a":1,}',
			'{"a":[,1]}',
			'\ufeff{"a":1}',
			'{"a":"\u0001"}',
			'{"a":\u00011}',
			'{"a":"\n"}',
		];
		const whole = ['{"a":{"b":[1,"x",{"c":null}]},"d":[]}', '{\n\t"a" : [ ] , "b":"{[,:]}"\r\n}\n', '{"a":"b\\\\"}'];
		let state = 1;
		const pick = (most: number) => {
			state = (state * 48_271) % 2_147_483_647;
			return state % most;
		};
		const changed = Array.from({ length: 300 }, () => {
			const text = whole[pick(whole.length)] ?? "";
			const at = pick(text.length);
			return text.slice(0, at) + parts[pick(parts.length)] + text.slice(at + pick(3));
		});
		const texts = [...seeds, ...whole, ...changed];
		const isRead = (json: string) => {
			try {
				return /^\s*\{/.test(json) && typeof JSON.parse(json) === "object";
			} catch {
				return false;
			}
		};
		const found = plain(plainJson, "", texts);
		expect(texts.filter((json, i) => found[i] !== isRead(json))).toEqual([]);
		expect(found.filter((each) => each).length).toBeGreaterThan(10);
	});
});

describe("a file of a person with which the CLI may not start is unknown, never ok", () => {
	test.each<[cli: string, path: string, content: string]>([
		["codex", ".codex/config.toml", "model = 7\n"],
		["codex", ".codex/config.toml", 'default_permissions = "work"\n'],
		["gemini", ".gemini/settings.json", '{"ui":{},}'],
		["gemini", ".gemini/settings.json", '{"security":7}'],
		["gemini", ".gemini/settings.json", '{"tools":{"sandbox":7}}'],
		["gemini", ".gemini/settings.json", '\ufeff{"ui":{}}'],
		["gemini", ".gemini/settings.json", "1".repeat(70_000)],
	])("%s %s: %j", async (cli, path, content) => {
		const mac = simulatedMacos({ linux: true });
		const token = canary();
		const file = write(mac.home, path, content);
		expect(await run(mac, "install", token)).toMatchObject({ code: 0 });
		expect(await run(mac, "report")).toMatchObject({
			code: 11,
			stdout: `crossfade refused fp=${token.fingerprint} cfg=1 ${states("ok").replace(`${cli}:ok`, `${cli}:unknown`)} users=1\n`,
			stderr: `unknown: ${file}: with this it may not start; the scripts with the editor know more\n`,
		});
	});
});

describe("other files that a CLI reads are not parsed: one that names a setting of telemetry leaves open what is sent", () => {
	test.each<[what: string, cli: string, path: string, content: string]>([
		["a .env file", "gemini", ".env", "OTEL_SDK_DISABLED=true\r\n"],
		["a .env file of the CLI", "gemini", ".gemini/.env", 'export OTEL_EXPORTER_OTLP_ENDPOINT="https://x"\n'],
		[
			"a protocol of one signal",
			"claude-code",
			".claude/settings.json",
			'{"env":{"OTEL_EXPORTER_OTLP_LOGS_PROTOCOL":"grpc"}}',
		],
		[
			"a setting with an escape",
			"claude-code",
			".claude.json",
			'{"env":{"OTEL_EXPORTER_OTLP_LOGS_PR\\u004fTOCOL":"grpc"}}',
		],
		["an exporter of one's own", "codex", ".codex/config.toml", "[otel]\nexporter = 7\n"],
	])("%s", async (_what, cli, path, content) => {
		const mac = simulatedMacos({ linux: true });
		write(mac.home, path, content);
		// The ok of an install is about the file that it writes; the other files are the report's.
		expect(await run(mac, "install", canary())).toMatchObject({ code: 0 });
		expect(await run(mac, "report")).toMatchObject({
			code: 11,
			stdout: expect.stringContaining(`${cli}:refused`),
			stderr: expect.stringContaining("may change what our file sets, and is not read here"),
		});
		expect(await run(mac, "uninstall")).toMatchObject({ code: 0, stderr: "" });
	});

	test("files without such settings are none of its business", async () => {
		const mac = simulatedMacos({ linux: true });
		write(mac.home, ".env", "A=OTEL_SDK_DISABLED\n# OTEL_SDK_DISABLED=true\n");
		write(mac.home, ".claude/settings.json", '{"model":"m"}');
		write(mac.home, ".codex/config.toml", 'model = "m"\n[projects."/x"]\ntrust_level = "trusted"\n');
		write(mac.home, ".gemini/settings.json", '{ "security": { "auth": { "selectedType": "gemini-api-key" } } }\n');
		expect(await run(mac, "install", canary())).toMatchObject({ code: 0 });
		expect(await run(mac, "report")).toMatchObject({ code: 0, stdout: expect.stringContaining(states("ok")) });
	});
});
