import { chmodSync, cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";

const mdm = new URL("../../mdm", import.meta.url).pathname;
const all = ["detect.ps1", "remediate.ps1", "uninstall.ps1"];

/** A folder with a program of that name, which keeps its arguments and prints these lines. */
function withPowerShell(lines: readonly string[], name = "pwsh", code = 0) {
	const tools = scratch();
	const folder = scratch();
	symlinkSync("/bin/cat", join(tools, "cat"));
	const output = join(tools, "output");
	writeFileSync(output, lines.map((line) => `${line}\r\n`).join(""));
	const script = `#!/bin/sh\nprintf '%s\\n' "$@" > ${tools}/arguments\nprintf %s "$CROSSFADE_SCRIPTS" > ${tools}/scripts\ncat ${output}\nexit ${code}\n`;
	writeFileSync(join(tools, name), script);
	chmodSync(join(tools, name), 0o755);
	cpSync(join(mdm, "intune-windows"), join(folder, "kit"), { recursive: true });
	const read = (file: string) => readFileSync(join(tools, file), "utf8");
	return { folder, env: { PATH: tools }, read };
}

const parsed = (version: string) => [`version ${version}`, "parsed 0", "parsed 1", "parsed 2"];

async function verified({ folder, env }: ReturnType<typeof withPowerShell>, ...flags: string[]) {
	return crossfade(["mdm", "verify", "kit", ...flags], { cwd: folder, env });
}

describe("PowerShell is asked to parse a kit's scripts", () => {
	test.each([
		["pwsh", "7.6.9", "PowerShell 7.6.9"],
		["powershell", "5.1.22621.4391", "Windows PowerShell 5.1.22621.4391"],
	])("%s: its release is named, and each script that it parsed", async (program, version, name) => {
		const world = withPowerShell(parsed(version), program);
		const { stdout, code } = await verified(world, "--json");
		expect(code).toBe(0);
		expect(JSON.parse(stdout)).toMatchObject({ shells: [name], notParsed: [], findings: [] });
		expect((await verified(world)).stdout).toContain(`files, syntax under ${name}: no errors, no warnings\n`);
	});

	test("it gets the names of the scripts in a variable, and never a script or a name in an argument", async () => {
		const world = withPowerShell(parsed("7.6.9"));
		await verified(world);
		const names = JSON.parse(world.read("scripts"));
		expect(names.sort()).toEqual(all.map((file) => join(world.folder, "kit", file)));
		expect(world.read("arguments")).toMatch(/^-NoProfile\n-NonInteractive\n-Command\n/);
		expect(world.read("arguments")).not.toMatch(/\.ps1|"/);
	});

	test("an error is told by its kind and line, not by what it quotes", async () => {
		const world = withPowerShell([...parsed("7.6.9"), "wrong 1 12 MissingEndCurlyBrace"]);
		const { stdout, code } = await verified(world, "--json");
		expect(code).toBe(10);
		expect(JSON.parse(stdout).findings).toEqual([
			expect.objectContaining({
				rule: "syntax",
				severity: "error",
				what: "PowerShell 7.6.9 cannot parse it: MissingEndCurlyBrace in line 12",
			}),
		]);
	});

	test("what 5.1 lacks is an error by line and name; functions of the script are its own, and no other text is shown", async () => {
		const lines = [
			"newer 0 3 QuestionQuestion",
			"newer 0 4 constructor",
			"function 1 Get-Mine",
			"command 1 5 Get-Mine Any",
			"command 1 6 get-item LiteralPath ErrorAction",
			"command 1 7 Get-Item Lit",
			"command 2 8 Get-Uptime Since",
			"command 2 9 gr\u00fcn",
		];
		const { stdout, code } = await verified(withPowerShell([...parsed("7.6.9"), ...lines]), "--json");
		expect(code).toBe(10);
		expect(
			JSON.parse(stdout).findings.map(({ rule, file, what }: Record<string, string>) => [rule, file, what]),
		).toEqual([
			["lint", "detect.ps1", "line 3: 5.1 does not have the operator ??"],
			["lint", "remediate.ps1", "line 7: Get-Item has a parameter that it does not have in 5.1"],
			["lint", "uninstall.ps1", "line 8: a command that is not among those of 5.1"],
			["lint", "uninstall.ps1", "line 9: a command that is not among those of 5.1"],
		]);
	});

	test.each([
		["it fails", [], 1, all],
		["it is restricted by a policy", ["version 7.6.9", "failed 0", "failed 1", "failed 2"], 0, all],
		["it ends early", ["version 7.6.9", "parsed 0"], 0, 2],
		["it says something else", ["parsed 99", "wrong 99 1 X", "wrong x", "parsed constructor"], 0, all],
	])("of a script that it did not parse nothing is said to be fine: %s", async (_what, lines, code, left) => {
		const world = withPowerShell(lines, "pwsh", code);
		const run = await verified(world, "--json");
		expect(run.code).toBe(0);
		const { notParsed, findings } = JSON.parse(run.stdout);
		expect(findings).toEqual([]);
		expect(notParsed).toHaveLength(typeof left === "number" ? left : left.length);
		for (const { reason } of notParsed) expect(reason).toBe("PowerShell here did not parse it");
		expect((await verified(world)).stdout).toContain(": not parsed: PowerShell here did not parse it (syntax)\n");
	});

	test("a script that is not as generated is not given to it: it loads what a script names while it parses", async () => {
		const world = withPowerShell(["version 7.6.9", "parsed 0", "parsed 1"]);
		const file = join(world.folder, "kit/remediate.ps1");
		writeFileSync(file, `using module C:\\evil.psm1\r\n${readFileSync(file, "utf8")}`);
		const run = await verified(world, "--json");
		expect(run.code).toBe(10);
		expect(JSON.parse(run.stdout).notParsed).toEqual([{ file: "remediate.ps1", reason: "it has errors" }]);
		expect(world.read("scripts")).not.toContain("remediate");
	});

	test("nor is one of another release, which is compared with nothing", async () => {
		const world = withPowerShell(parsed("7.6.9"));
		const file = join(world.folder, "kit/manifest.json");
		writeFileSync(file, readFileSync(file, "utf8").replace(/"version": "[^"]+"/, '"version": "0.0.1"'));
		const run = await verified(world, "--json");
		const { notParsed, shells } = JSON.parse(run.stdout);
		expect(shells).toEqual([]);
		expect(notParsed).toHaveLength(3);
		expect(notParsed[0].reason).toBe("another release made it");
		expect(() => world.read("scripts")).toThrow();
	});
});
