import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { distributionIds } from "../../src/adapters/collectors/registry.ts";
import { registry } from "../../src/commands/registry.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { needs, program, pwsh } from "../harness/parts.ts";

async function script(shell: string): Promise<string> {
	const { code, stdout } = await crossfade(["completion", shell]);
	expect(code).toBe(0);
	const path = join(scratch(), `completion.${shell}`);
	writeFileSync(path, stdout);
	return path;
}

test("bash completes commands, options and choices", needs(program("bash")), async () => {
	const bash = program("bash");
	const path = await script("bash");
	const complete = (...words: string[]) => {
		const run = `. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _crossfade; printf '%s\\n' "\${COMPREPLY[@]}"`;
		return execFileSync(bash.path, ["--norc", "-c", run, "bash", path, ...words], { encoding: "utf8" })
			.trim()
			.split("\n");
	};
	expect(complete("crossfade", "")).toEqual(expect.arrayContaining(registry.map(({ name }) => name)));
	expect(complete("crossfade", "coll")).toEqual(["collector"]);
	expect(complete("crossfade", "collector", "--plat")).toEqual(["--platform"]);
	expect(complete("crossfade", "collector", "--distribution", "")).toEqual([...distributionIds]);
	expect(complete("crossfade", "check", "--explain", "token-l")).toEqual(["token-literal"]);
});

test("zsh reads its script and registers it", needs(program("zsh")), async () => {
	const zsh = program("zsh");
	const run = 'autoload -Uz compinit; compinit -u -d "$2"; . "$1"; print -r -- "$_comps[crossfade]"';
	const output = execFileSync(zsh.path, ["-f", "-c", run, "zsh", await script("zsh"), join(scratch(), "dump")], {
		encoding: "utf8",
	});
	expect(output.trim()).toBe("_crossfade");
});

test("fish reads its script and completes choices", needs(program("fish")), async () => {
	const fish = program("fish");
	const run = `source ${await script("fish")}; complete -C'crossfade collector --platform '`;
	const output = execFileSync(fish.path, ["-c", run], { encoding: "utf8" });
	expect(output).toContain("kubernetes");
});

test("PowerShell completes commands, options and choices", needs(pwsh), async () => {
	const lines = {
		"crossfade ": expect.arrayContaining(registry.map(({ name }) => name)),
		"crossfade coll": ["collector"],
		"crossfade collector --plat": ["--platform"],
		"crossfade collector --distribution ": [...distributionIds],
		"crossfade check --explain token-l": ["token-literal"],
	};
	const asked = join(scratch(), "ask.ps1");
	writeFileSync(
		asked,
		`param($path)
Get-Content -Raw -LiteralPath $path | Invoke-Expression
foreach ($line in ${Object.keys(lines)
			.map((line) => `'${line}'`)
			.join(", ")}) { (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText -join ' ' }
`,
	);
	const args = ["-NoProfile", "-NonInteractive", "-File", asked, await script("powershell")];
	const env = { PATH: process.env["PATH"], HOME: scratch() };
	const printed = execFileSync(pwsh.path, args, { encoding: "utf8", env }).trim().split(/\r?\n/);
	expect(printed.map((line) => line.split(" "))).toEqual(Object.values(lines));
});

test("an unknown shell is a usage error that lists the known ones", async () => {
	expect(await crossfade(["completion", "tcsh"])).toMatchObject({
		code: 2,
		stderr: expect.stringContaining("bash, zsh, fish, powershell"),
	});
});
