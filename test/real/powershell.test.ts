import { spawnSync } from "node:child_process";
import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { powerShellSyntax } from "../../src/commands/mdm-syntax.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { freshProgram } from "../harness/fresh.ts";
import { needs, pwsh, pwshWine, wine } from "../harness/parts.ts";
import { closePrefix, winePrefix } from "../harness/wine.ts";

const asked = 'param($word)\n"$($PSVersionTable.PSVersion.Major) $IsWindows $word"\nexit 7\n';

function answer(program: string, env: Readonly<Record<string, string>>) {
	const script = join(scratch(), "ask.ps1");
	writeFileSync(script, asked);
	const { status, stdout } = spawnSync(program, ["-NoProfile", "-NonInteractive", "-File", script, "a word"], {
		encoding: "utf8",
		env: { PATH: process.env["PATH"], HOME: scratch(), ...env },
	});
	return { status, stdout: stdout.trim() };
}

test("the PowerShell of the tests runs a script, passes its argument and its exit code", needs(pwsh), () => {
	expect(answer(pwsh.path, {})).toEqual({ status: 7, stdout: "7 False a word" });
});

test("under Wine so does the build for Windows, in a prefix of its own", needs(wine, pwshWine), () => {
	const { prefix } = winePrefix();
	onTestFinished(() => closePrefix(prefix));
	expect(answer(pwshWine.path, { WINEPREFIX: prefix })).toEqual({ status: 7, stdout: "7 True a word" });
});

/** A folder for PATH with the real PowerShell, and what its launcher needs. */
function onPath(): Record<string, string> {
	const tools = scratch();
	symlinkSync(pwsh.path, join(tools, "pwsh"));
	return { PATH: `${tools}:/usr/bin:/bin`, HOME: scratch() };
}

test("mdm verify: it parses the scripts of a kit, those with the token too", needs(pwsh), async () => {
	const secret = canary();
	const cwd = scratch();
	const env = { ...onPath(), TOKEN: secret.token };
	const options = {
		cwd,
		env,
		canaries: [secret],
		holders: ["remediate.secret.ps1", "deviceHealthScript.secret.json", "deviceManagementScript.secret.json"].map(
			(name) => `kit/${name}`,
		),
	};
	await crossfade(["mdm", "-v", "intune-windows", "--token", "env:TOKEN", "--out", "kit", "-q"], options);
	const { stdout, code } = await crossfade(["mdm", "verify", "kit", "--json"], options);
	expect(code).toBe(0);
	expect(JSON.parse(stdout)).toMatchObject({
		shells: expect.arrayContaining([expect.stringMatching(/^PowerShell 7\./)]),
		notParsed: [],
		findings: [],
	});
});

test(
	"mdm verify: what it cannot parse is told by line and kind, whatever the file is called; nothing of it is run",
	needs(pwsh),
	async () => {
		const secret = canary();
		const folder = scratch();
		const names = ["broken.ps1", "'; $(New-Item ran) # \u00fc.ps1", "fine.ps1", "newer.ps1"];
		const ran = join(folder, "ran");
		writeFileSync(join(folder, names[0] ?? ""), `"$(${secret.token}"\r\nif (1) {\r\n`);
		writeFileSync(join(folder, names[1] ?? ""), `New-Item '${ran}'\r\n)\r\n`);
		writeFileSync(join(folder, names[2] ?? ""), `New-Item '${ran}'\r\n`);
		const newer = [
			"$a ?? 1",
			"$a ? 1 : 2",
			"& $a && & $b",
			"function Get-Mine { }",
			"Get-Mine -X",
			"Get-Uptime",
			"Get-Item -Lit x",
		];
		writeFileSync(join(folder, names[3] ?? ""), newer.map((line) => `${line}\r\n`).join(""));
		for (const [name, value] of Object.entries(onPath())) vi.stubEnv(name, value);
		onTestFinished(() => void vi.unstubAllEnvs());
		const { nodeEffects } = freshProgram();
		const syntax = await powerShellSyntax(nodeEffects({} as never), folder, names);
		expect(syntax.notParsed).toEqual([]);
		const found = syntax.findings.map(({ file, what }) => [file, what.replace(/^PowerShell [\d.]+ /, "")]);
		expect(found).toContainEqual([names[1], "cannot parse it: UnexpectedToken in line 2"]);
		expect(found.filter(([file]) => file === names[0]).length).toBeGreaterThan(0);
		expect(found.filter(([file]) => file === names[2])).toEqual([]);
		expect(
			found
				.filter(([file]) => file === names[3])
				.map(([, what]) => what)
				.sort(),
		).toEqual([
			"line 1: 5.1 does not have the operator ??",
			"line 2: 5.1 does not have the operator ? :",
			"line 3: 5.1 does not have && or || between commands",
			"line 6: a command that is not among those of 5.1",
			"line 7: Get-Item has a parameter that it does not have in 5.1",
		]);
		expect(JSON.stringify(syntax)).not.toContain(secret.token);
		expect(existsSync(ran)).toBe(false);
	},
);
