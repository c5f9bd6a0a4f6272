import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratch } from "../harness/cli.ts";
import { needs, pwsh, pwshWine } from "../harness/parts.ts";

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

test("under Wine so does the build for Windows, in a prefix of its own", needs(pwshWine), () => {
	const env = { WINEPREFIX: join(scratch(), "prefix") };
	onTestFinished(() => void spawnSync("/usr/lib/wine/wineserver64", ["-k"], { env, stdio: "ignore" }));
	expect(answer(pwshWine.path, env)).toEqual({ status: 7, stdout: "7 True a word" });
});
