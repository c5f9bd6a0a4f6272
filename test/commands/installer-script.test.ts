import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import { runAction } from "../../src/commands/install.ts";
import { installerFor, runInstaller } from "../../src/commands/installer-script.ts";
import type { Effects } from "../../src/effects/effects.ts";
import type { RunOptions, RunResult } from "../../src/effects/process/programs.ts";
import { Secret } from "../../src/token/secret.ts";
import { canary } from "../harness/canary.ts";
import { quietEffects } from "../harness/effects.ts";

/** `crossfade install` and `uninstall` on a Windows that is made up: which program is started with what, and what is made of its answer. */

const POWERSHELL = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const done = (stdout: string, more: Partial<RunResult> = {}): RunResult => ({
	code: 0,
	stdout,
	stderr: "",
	timedOut: false,
	...more,
});
const report = "report\t\t\tcrossfade ok fp=0123456789ab cfg=1 cli=codex:ok users=1\r\n";

interface Started {
	readonly path: string;
	readonly args: readonly string[];
	readonly options: RunOptions;
	readonly script: string;
}

function windows(answers: readonly RunResult[], { has = POWERSHELL, SystemRoot = "C:\\Windows" } = {}) {
	const started: Started[] = [];
	const printed: string[] = [];
	const real = quietEffects();
	const fx: Effects = {
		...real,
		environment: { SystemRoot },
		machine: async () => ({ ...(await real.machine()), os: "windows" }),
		terminal: { ...real.terminal, print: (text) => void printed.push(text), progress: (_what, work) => work },
		programs: {
			...real.programs,
			find: (name) => (name === has ? name : undefined),
			run: async (path, args, options) => {
				started.push({ path, args, options, script: readFileSync(args[args.indexOf("-File") + 1] ?? "", "utf8") });
				return answers[started.length - 1] ?? done("");
			},
		},
	};
	return { fx, started, printed };
}

const problemOf = (work: Promise<unknown>) =>
	work.then(
		() => "nothing",
		(error: unknown) => {
			const { exit, problems } = error as { exit: keyof typeof exitCodes; problems: { what: string }[] };
			return `${exitCodes[exit][0]} ${problems.map(({ what }) => what).join("; ")}`;
		},
	);

describe("crossfade install on Windows", () => {
	test("Windows PowerShell by its full path, the script from a file, the token on standard input alone", async () => {
		const secret = canary();
		const changed =
			"changed\tcodex\tC:\\Users\\ann\\.codex\\config.toml\tchanged       C:\\Users\\ann\\.codex\\config.toml\r\n";
		const { fx, started, printed } = windows([
			done(`plan\tcodex\tC:\\x\t  Codex\r\n${report}`),
			done(`${changed}${report}`),
		]);
		const given: Effects = { ...fx, readToken: async () => Secret.of(secret.token) };
		expect(await runAction(given, "install", { token: "file:new.token" })).toBe("ok");
		expect(printed.join("")).toBe("Will configure:\n  Codex\nchanged       C:\\Users\\ann\\.codex\\config.toml\n");
		const policy = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned", "-File"];
		expect(started.map(({ path, args }) => [path, ...args.map((each) => basename(each))])).toEqual([
			[POWERSHELL, ...policy, "install.ps1", "dry-run", "records"],
			[POWERSHELL, ...policy, "install.ps1", "records"],
		]);
		expect(started.map(({ options }) => options.input?.reveal())).toEqual([undefined, secret.token]);
		for (const { args, options, script } of started) {
			expect(args.join(" ")).not.toContain(secret.token);
			expect(options.variables).toBeUndefined();
			expect(script).toMatch(/^# Makes [^\n]*\r\n/);
			expect(script).not.toContain(secret.token);
		}
	});

	test("--json has paths of Windows, without the line ends of its output; uninstall needs no token", async () => {
		const { fx, started, printed } = windows([
			done(`restored\tcodex\tC:\\a b\\config.toml\trestored\r\n${report}`, { stderr: "error: one\r\nerror: two\r\n" }),
		]);
		expect(await problemOf(runAction(fx, "uninstall", { json: true }))).toBe("0 one; two");
		expect(JSON.parse(printed.join(""))).toMatchObject({
			restored: ["C:\\a b\\config.toml"],
			errors: ["one", "two"],
			clis: { codex: "ok" },
		});
		expect(started[0]?.options.input).toBeUndefined();
		expect(started[0]?.script).toContain("Action = 'uninstall'");
	});

	const answers: [what: string, answer: RunResult, expected: RegExp][] = [
		["nothing, with exit code 0, as a stub in its place would", done(""), /^1 the script ended with 0 before it said/],
		[
			"that a policy forbids scripts",
			done("", {
				code: 1,
				stderr: "... see about_Execution_Policies at https://...\r\n+ CategoryInfo : SecurityError",
			}),
			/^13 a policy of this machine lets PowerShell run no script files/,
		],
		[
			"that the language is restricted",
			done("error: PowerShell is restricted here\r\ncrossfade error fp=none cfg=1 cli= users=0\r\n", { code: 13 }),
			/^13 PowerShell is restricted here$/,
		],
		["in time nothing", done("", { timedOut: true }), /^124 /],
	];
	test.each(answers)("PowerShell says %s", async (_what, answer, expected) => {
		const { fx } = windows([answer]);
		expect(await problemOf(runInstaller(fx, "windows", "x", [], undefined))).toMatch(expected);
	});

	test("without PowerShell it is 13; a SystemRoot that is no folder of a drive is not believed", async () => {
		const { fx } = windows([], { has: "" });
		expect(await problemOf(runAction(fx, "uninstall", {}))).toBe(`13 ${POWERSHELL} not found`);
		const moved = windows([done(report)], { SystemRoot: "\\\\server\\share" });
		expect(await runAction(moved.fx, "uninstall", {})).toBe("ok");
	});

	test.each([
		[{ helper: true }, /--helper is not there on Windows/],
		[{ restart: true }, /--restart is not there on Windows/],
		[{ os: "linux" }, /--os is for --print/],
	])("%o is refused before anything is started", async (options, expected) => {
		const { fx, started } = windows([]);
		expect(await problemOf(runAction(fx, "install", options))).toMatch(expected);
		expect(started).toEqual([]);
	});

	test("--print is the script of this system, or of the one that --os names", async () => {
		const { fx, printed } = windows([]);
		await runAction(fx, "install", { print: true });
		await runAction(fx, "install", { print: true, os: "macos" });
		expect(printed.map((text) => text.slice(0, 9))).toEqual(["# Makes C", "#!/bin/sh"]);
		expect(installerFor("other")).toBe(installerFor("linux"));
	});
});
