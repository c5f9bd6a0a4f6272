import { describe, expect, test } from "vitest";
import { doctorJson, doctorText } from "../../../src/prove/doctor/report.ts";
import { verdictOf } from "../../../src/prove/doctor/verdict.ts";
import { canary, leaks } from "../../harness/canary.ts";
import { claudeSettings, codexConfig, geminiSettings } from "../../harness/clis/configs.ts";
import { consult, WINDOWS_HOME as HOME, notesOn, type SimulatedMachine } from "./world.ts";

/** What a doctor says on a Windows that is made up: its paths, its registry by what reg.exe prints, no modes. */

const { token, fingerprint } = canary();
const to = { url: "https://otlp.example.com", token };
const npm = (name: string, version: string) => ({
	[`${HOME}\\AppData\\Roaming\\npm\\node_modules\\${name.replace("/", "\\")}\\package.json`]: JSON.stringify({
		name,
		version,
	}),
});
const codex = npm("@openai/codex", "0.169.0");
const claude = npm("@anthropic-ai/claude-code", "2.1.330");
const config = `${HOME}\\.codex\\config.toml`;
const isPrivate = { [config]: "private", [`${HOME}\\.claude\\settings.json`]: "private" } as const;
const settled = { files: { ...codex, [config]: codexConfig(to) }, open: isPrivate };
const ENVIRONMENT = "HKEY_CURRENT_USER\\Environment";
const MACHINE = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment";
const POLICY = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\ClaudeCode";

async function judged(id: string, world: SimulatedMachine) {
	const diagnosis = await consult(id, { os: "windows", ...world });
	return {
		exit: verdictOf([diagnosis]),
		said: diagnosis.findings
			.map(({ severity, what }) => `${severity} ${what}`)
			.filter((what) => !what.startsWith("note privacy")),
		sent: [...new Set(diagnosis.signals.map(({ sent }) => sent))],
		fingerprints: [...new Set(diagnosis.signals.map(({ secret }) => secret?.fingerprint))],
		paths: diagnosis.sight.layers.filter(({ state }) => state === "read").map(({ path }) => path),
		installs: diagnosis.sight.installs.map(({ path, isOnPath }) => `${path}${isOnPath ? " on PATH" : ""}`),
		unseen: diagnosis.unseen,
		told: doctorText(
			{ diagnoses: [diagnosis], probed: [], exit: "ok", notes: [], isVerbose: true },
			{ color: false, width: 400 },
		)
			.split("\n")
			.filter((line) => /HK(LM|CU)|\.ps1/.test(line)),
	};
}

describe("files", () => {
	test("a user's file, with paths as Windows writes them; all is well", async () => {
		const found = await judged("codex", settled);
		expect(found).toMatchObject({ exit: "ok", said: [], sent: ["yes"], fingerprints: [fingerprint] });
		expect(found.paths).toContain(config);
		expect(found.installs).toEqual([`${HOME}\\AppData\\Roaming\\npm\\node_modules\\@openai\\codex\\package.json`]);
		expect(found.unseen).toEqual(expect.arrayContaining(["CLIs in WSL", "background processes"]));
	});

	const layers: [id: string, path: string, text: string, env: Record<string, string>][] = [
		["codex", "C:\\ProgramData\\OpenAI\\Codex\\config.toml", codexConfig(to), {}],
		["codex", "D:\\data\\OpenAI\\Codex\\requirements.toml", codexConfig(to), { ProgramData: "D:\\data" }],
		["codex", `${HOME}\\.codex\\managed_config.toml`, codexConfig(to), {}],
		["codex", "E:\\codex\\config.toml", codexConfig(to), { CODEX_HOME: "E:\\codex" }],
		["claude-code", "C:\\Program Files\\ClaudeCode\\managed-settings.json", claudeSettings(to), {}],
		[
			"claude-code",
			"P:\\ClaudeCode\\managed-settings.d\\a.json",
			claudeSettings(to),
			{ ProgramW6432: "P:", ProgramFiles: "X:" },
		],
		["claude-code", `${HOME}\\.claude\\settings.json`, claudeSettings(to), {}],
		["qwen-code", "C:\\ProgramData\\qwen-code\\settings.json", "{}", {}],
		["gemini", `${HOME}\\project\\.gemini\\settings.json`, geminiSettings(to), {}],
	];
	test.each(layers)("%s reads %s", async (id, path, text, env) => {
		const files = { ...codex, ...claude, ...npm("@google/gemini-cli", "0.61.0"), [path]: text };
		const found = await judged(id, { files, env });
		expect(found.paths).toContain(path);
	});

	test("a .env file is looked for in the folders above, to the root of the drive", async () => {
		const files = { "C:\\.env": "GEMINI_TELEMETRY_ENABLED=true\n" };
		expect((await judged("gemini", { files })).paths).toContain("C:\\.env");
	});

	test("a managed file where new releases do not look is told", async () => {
		const files = { ...claude, "C:\\ProgramData\\ClaudeCode\\managed-settings.json": claudeSettings(to) };
		expect((await judged("claude-code", { files })).said).toContainEqual(
			expect.stringMatching(/^note the telemetry settings in the managed file of releases before 2\.1\.75 are ignored/),
		);
	});

	test("a file with the token that others can read, and one of which that cannot be seen", async () => {
		const open = await judged("codex", { ...settled, open: { [config]: "open" } });
		expect(open).toMatchObject({ exit: "findings", said: ["warning other accounts can read the token in this file"] });
		const unknown = await judged("codex", { ...settled, open: {} });
		expect(unknown.said).toEqual(["note whether other accounts can read the token in this file could not be seen"]);
	});

	test("a file that a CLI ignores where others can write it leaves open what is sent: that is not looked at", async () => {
		const files = {
			...npm("@google/gemini-cli", "0.61.0"),
			"C:\\ProgramData\\gemini-cli\\settings.json": geminiSettings(to),
		};
		expect(await judged("gemini", { files })).toMatchObject({ sent: ["unknown"], exit: "noEvidence" });
	});

	test("a variable in other letters is the same on Windows, so what is sent is not known", async () => {
		const text = claudeSettings(to, { otel_exporter_otlp_endpoint: "https://elsewhere.example" });
		const files = { ...claude, [`${HOME}\\.claude\\settings.json`]: text };
		expect(await judged("claude-code", { files, open: isPrivate })).toMatchObject({ sent: ["unknown"] });
	});

	test("npm's command on PATH is the one that is started; its package is beside it", async () => {
		const files = {
			...settled.files,
			"D:\\tools\\codex.cmd": "@echo off",
			"D:\\tools\\node_modules\\@openai\\codex\\package.json": JSON.stringify({
				name: "@openai/codex",
				version: "0.165.0",
			}),
		};
		const { installs } = await judged("codex", { files, env: { Path: 'relative;"D:\\tools\\";C:\\x' } });
		expect(installs[0]).toBe("D:\\tools\\codex.cmd on PATH");
	});
});

describe("the environment", () => {
	const name = "OTEL_EXPORTER_OTLP_HEADERS";
	const rows: [what: string, world: SimulatedMachine, sent: string, said: RegExp | undefined][] = [
		[
			"the same for all consoles",
			{ registry: { [ENVIRONMENT]: { [name]: "REG_SZ    a=b" } }, env: { [name]: "a=b" } },
			"yes",
			undefined,
		],
		[
			"expanded, in any letters",
			{
				registry: { [ENVIRONMENT]: { [name.toLowerCase()]: "REG_EXPAND_SZ    a=%who%" } },
				env: { [name]: "a=me", WHO: "me" },
			},
			"yes",
			undefined,
		],
		[
			"stored for the account, and not in this console",
			{ registry: { [ENVIRONMENT]: { [name]: "REG_SZ    a=b" } } },
			"unknown",
			/user's environment has another OTEL_/,
		],
		[
			"stored for the machine, and another here",
			{ registry: { [MACHINE]: { [name]: "REG_SZ    a=b" } }, env: { [name]: "a=c" } },
			"unknown",
			/machine's environment has another/,
		],
		[
			"of the machine, where the account has its own",
			{
				registry: { [MACHINE]: { [name]: "REG_SZ    a=b" }, [ENVIRONMENT]: { [name]: "REG_SZ    a=c" } },
				env: { [name]: "a=c" },
			},
			"yes",
			undefined,
		],
		[
			"stored in letters that reg.exe may have changed",
			{ registry: { [ENVIRONMENT]: { [name]: "REG_SZ    a=\ufffd" } }, env: { [name]: "a=\ufffd" } },
			"unknown",
			/has another/,
		],
		["that cannot be read", { registry: { [ENVIRONMENT]: "denied" } }, "unknown", /user's environment cannot be read/],
	];
	test.each(rows)("%s", async (_what, world, sent, said) => {
		const found = await judged("codex", { ...settled, ...world });
		expect(found.sent).toEqual([sent]);
		if (said) expect(found.said.join("\n")).toMatch(said);
		expect(found.exit !== "noEvidence").toBe(sent === "yes");
		const empty = found.told.filter((line) => line.endsWith("no telemetry settings"));
		expect(empty).toHaveLength(2 - Object.keys(world.registry ?? {}).length);
	});

	test("without reg.exe nothing of it is known, and nothing is ok", async () => {
		expect(await judged("codex", { ...settled, env: { SystemRoot: "Z:\\nowhere" } })).toMatchObject({
			sent: ["unknown"],
			exit: "noEvidence",
		});
	});
});

describe("profiles of PowerShell are not run", () => {
	const profile = `${HOME}\\Documents\\WindowsPowerShell\\Microsoft.PowerShell_profile.ps1`;
	const rows: [what: string, path: string, text: string, sent: string][] = [
		["one without our variables", profile, "Set-Alias ll dir\n", "yes"],
		["one that sets one", profile, "$env:OTEL_EXPORTER_OTLP_HEADERS = 'x'\n", "unknown"],
		["one in other letters", profile, "$env:otel_exporter_otlp_headers = 'x'\n", "unknown"],
		[
			"that of PowerShell 7 for everybody",
			"C:\\Program Files\\PowerShell\\7\\profile.ps1",
			"setx OTEL_EXPORTER_OTLP_HEADERS x",
			"unknown",
		],
		[
			"that of the machine",
			"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\profile.ps1",
			"OTEL_EXPORTER_OTLP_HEADERS",
			"unknown",
		],
	];
	test.each(rows)("%s", async (_what, path, text, sent) => {
		const found = await judged("codex", { ...settled, files: { ...settled.files, [path]: text } });
		expect(found.sent).toEqual([sent]);
		expect(found.paths).toContain(path);
		if (sent === "unknown")
			expect(found.said.join("\n")).toContain("names OTEL_EXPORTER_OTLP_HEADERS, and is not run here");
	});

	test("UTF-16, as Windows PowerShell's own editor writes it; and one that cannot be read", async () => {
		const utf16 = Buffer.from("\ufeff$env:OTEL_EXPORTER_OTLP_HEADERS = 1", "utf16le");
		for (const file of [utf16, { text: "", isUnreadable: true }]) {
			const files = { ...settled.files, [profile]: typeof file === "object" && "text" in file ? file : { text: file } };
			expect((await judged("codex", { ...settled, files })).sent).toEqual(["unknown"]);
		}
	});

	test("in a Documents folder in OneDrive they are found, and that is told", async () => {
		const folders = "HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Explorer\\User Shell Folders";
		const registry = { [folders]: { Personal: "REG_EXPAND_SZ    %OneDrive%\\Documents" } };
		const moved = `${HOME}\\OneDrive - A B\\Documents\\PowerShell\\profile.ps1`;
		const env = { OneDrive: `${HOME}\\OneDrive - A B` };
		const world = { ...settled, registry, env, files: { ...settled.files, [moved]: "OTEL_EXPORTER_OTLP_HEADERS" } };
		expect((await judged("codex", world)).sent).toEqual(["unknown"]);
		expect(await notesOn(world)).toEqual([expect.stringMatching(/^Documents is in OneDrive/)]);
		const lost = await judged("codex", { ...settled, registry: { [folders]: "denied" } });
		expect(lost).toMatchObject({ sent: ["unknown"], exit: "noEvidence" });
	});
});

describe("Claude Code's policy in the registry is told by name, and not relied on", () => {
	const user = { files: { ...claude, [`${HOME}\\.claude\\settings.json`]: claudeSettings(to) }, open: isPrivate };
	const rows: [what: string, registry: SimulatedMachine["registry"], version: string, sent: string][] = [
		["none", {}, "2.1.330", "yes"],
		["one without telemetry", { [POLICY]: { Settings: 'REG_SZ    {"env":{"A":"b"}}' } }, "2.1.330", "yes"],
		["one before they were merged", { [POLICY]: { Settings: 'REG_SZ    {"env":{"A":"b"}}' } }, "2.1.222", "unknown"],
		[
			"one with telemetry",
			{ [POLICY]: { Settings: 'REG_SZ    {"env":{"OTEL_LOGS_EXPORTER":"otlp"}}' } },
			"2.1.330",
			"unknown",
		],
		[
			"of several lines",
			{ [POLICY]: { Settings: 'REG_MULTI_SZ    {"env":\r\n{"OTEL_X":"1"}}' } },
			"2.1.330",
			"unknown",
		],
		[
			"that of the account",
			{ "HKEY_CURRENT_USER\\SOFTWARE\\Policies\\ClaudeCode": { settings: "REG_SZ    OTEL_" } },
			"2.1.330",
			"unknown",
		],
		["that may not be read", { [POLICY]: "denied" }, "2.1.330", "unknown"],
		["another value", { [POLICY]: { Other: "REG_SZ    OTEL_" } }, "2.1.330", "yes"],
	];
	test.each(rows)("%s", async (_what, registry, version, sent) => {
		const files = { ...user.files, ...npm("@anthropic-ai/claude-code", version) };
		const found = await judged("claude-code", { ...user, files, ...(registry && { registry }) });
		expect(found.sent).toEqual([sent]);
		expect(found.exit).toBe(sent === "yes" ? "ok" : "noEvidence");
	});
});

test("a token in a stored environment, a profile or a policy is in no output", async () => {
	const secrets = [canary(), canary(), canary(), canary()];
	const [user, machine, profile, policy] = secrets.map((secret) => `Authorization=Bearer ${secret.token}`);
	const name = "OTEL_EXPORTER_OTLP_HEADERS";
	const diagnosis = await consult("claude-code", {
		os: "windows",
		files: {
			...claude,
			[`${HOME}\\.claude\\settings.json`]: claudeSettings(to),
			[`${HOME}\\Documents\\PowerShell\\profile.ps1`]: `$env:${name} = '${profile}'`,
		},
		open: isPrivate,
		registry: {
			[ENVIRONMENT]: { [name]: `REG_SZ    ${user}` },
			[MACHINE]: { OTEL_EXPORTER_OTLP_LOGS_HEADERS: `REG_SZ    ${machine}` },
			[POLICY]: { Settings: `REG_SZ    {"env":{"${name}":"${policy}"}}` },
		},
	});
	expect(diagnosis.findings.filter(({ what }) => / has | names /.test(what)).length).toBeGreaterThan(0);
	for (const isVerbose of [false, true]) {
		const report = { diagnoses: [diagnosis], probed: [], exit: "noEvidence", notes: [], isVerbose } as const;
		const text = doctorText(report, { color: false, width: 400 });
		const json = doctorJson(report);
		expect(leaks([...secrets, { token, fingerprint }], { text, json })).toEqual([]);
		for (const place of ["user's environment", "machine's environment", "PowerShell profile", "policy in the registry"])
			expect(json).toContain(place);
	}
});

test("a Linux in WSL is named as not seen", async () => {
	const linux = "HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Lxss";
	expect(await notesOn({})).toEqual([]);
	expect(await notesOn({ registry: { [`${linux}\\{01}`]: { DistributionName: "REG_SZ    Debian" } } })).toEqual([
		expect.stringMatching(/^1 Linux in WSL; CLIs in it .* run crossfade doctor there$/),
	]);
	expect(await notesOn({ registry: { [linux]: "denied" } })).toEqual([expect.stringMatching(/is not known/)]);
});
