import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { vehicle as installer } from "../../src/adapters/vehicles/installer-windows/index.ts";
import { ps } from "../../src/base/quote.ts";
import { triggerWords } from "../../src/base/trigger-words.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { actions, releases, text, write } from "../harness/endpoint.ts";
import { isWhole } from "../harness/matrix.ts";
import { needs, pwsh, pwshWine, wine } from "../harness/parts.ts";
import { powerShellScript, runPowerShell, SID } from "../harness/powershell.ts";
import { closePrefix, winePrefix } from "../harness/wine.ts";

/** The script in PowerShell under the build of PowerShell 7 for Windows, in Wine: drives, registry, locks. It is Wine and not Windows. */

const root = new URL("../..", import.meta.url).pathname;

/** A Windows of its own, with a person whom the registry names, and npm's CLIs. */
function windows() {
	const { prefix, drive } = winePrefix();
	const env = { WINEPREFIX: prefix, HOME: scratch() };
	onTestFinished(() => closePrefix(prefix));
	const script = write(scratch(), "script.ps1", powerShellScript());
	const key = `HKLM:\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\${SID}`;
	const command = [
		`[void](New-Item -Path '${key}' -Force)`,
		`Set-ItemProperty -Path '${key}' -Name ProfileImagePath -Value '%SystemDrive%\\Users\\ann' -Type ExpandString`,
		"[void](New-Item -Path 'HKLM:\\SOFTWARE\\Microsoft\\Cryptography' -Force)",
		"Set-ItemProperty -Path 'HKLM:\\SOFTWARE\\Microsoft\\Cryptography' -Name MachineGuid -Value '0f0f-guid'",
	].join("; ");
	execFileSync(pwshWine.path, ["-NoProfile", "-NonInteractive", "-Command", command], {
		env: { PATH: process.env["PATH"], ...env },
		stdio: "ignore",
	});
	const home = join(drive, "Users/ann");
	for (const [id, version] of Object.entries(releases)) {
		const npm = clis.find((cli) => cli.id === id)?.npm ?? id;
		write(home, `AppData/Roaming/npm/node_modules/${npm}/package.json`, JSON.stringify({ version }));
	}
	for (const folder of ["cf/ProgramFiles", "cf/ProgramData"]) mkdirSync(join(drive, folder), { recursive: true });
	return {
		drive,
		home,
		run: (args: string, token = "", more: Readonly<Record<string, string>> = {}) =>
			runPowerShell(
				pwshWine.path,
				script,
				args.split(" ").filter((word) => word !== ""),
				{
					stdin: `${token}\r\n`,
					canaries: token === "" ? [] : [{ ...canary(), token }],
					env: {
						...env,
						CROSSFADE_TEST_ROOT: "C:\\cf",
						CROSSFADE_TEST_ID: "0f0f",
						CROSSFADE_TEST_HOMES: `${SID}\tC:\\Users\\ann`,
						CROSSFADE_TEST_WAIT: "500",
						...more,
					},
				},
			),
		env,
	};
}

/** Wine says one line of its own. */
const said = (stderr: string) => stderr.replace(/^wine: .*\n/gm, "").replaceAll("\r\n", "\n");

describe("under Wine, which is not Windows", { ...needs(wine, pwshWine), timeout: 900_000 }, () => {
	test("people from the registry, machine files and homes on drives: install, again, rotate, report, uninstall", async () => {
		const w = windows();
		const mine = "# mine\r\n[features]\r\na = true\r\n";
		const codex = write(w.drive, "cf/ProgramData/OpenAI/Codex/requirements.toml", mine);
		const [old, next] = [canary(), canary()];
		for (const secret of [old, next, next]) {
			const run = await w.run("", secret.token);
			expect({ ...run, stderr: said(run.stderr) }).toMatchObject({
				code: 0,
				stderr: "",
				stdout: expect.stringContaining(
					`crossfade ok fp=${secret.fingerprint} cfg=1 cli=claude-code:ok,codex:ok,gemini:ok,`,
				),
			});
			expect(text(codex)).toContain(`Bearer ${secret.token}`);
			expect(text(codex)?.startsWith(mine)).toBe(true);
		}
		expect(await w.run(`report expect=${next.fingerprint}`)).toMatchObject({ code: 0 });
		expect(await w.run(`report expect=${old.fingerprint}`)).toMatchObject({ code: 10 });
		expect(await w.run("uninstall")).toMatchObject({ code: 0 });
		expect(readFileSync(codex, "latin1")).toBe(mine);
		const user = await w.run("scope=user", next.token);
		expect(user).toMatchObject({ code: 0, stdout: expect.stringContaining("codex:ok") });
		expect(text(join(w.home, ".codex/config.toml"))).toContain(`Bearer ${next.token}`);
		expect(await w.run("uninstall scope=user")).toMatchObject({ code: 0 });
		expect(text(join(w.home, ".codex/config.toml"))).toBeUndefined();
	});

	test("the installer, run as text in a session: install, uninstall, exit codes in $LASTEXITCODE, nothing left", async () => {
		const w = windows();
		const secret = canary();
		const mine = "# mine\r\n";
		const codex = write(w.home, ".codex/config.toml", mine);
		write(w.drive, "one.ps1", powerShellScript({ vehicle: installer, scope: "user" }));
		write(w.drive, "the.token", `${secret.token}\r\n`);
		const lines = [
			"$names = @(Get-Variable | ForEach-Object { $_.Name }) + @(Get-ChildItem function: | ForEach-Object { $_.Name })",
			"[System.IO.File]::ReadAllText('C:\\one.ps1') | Invoke-Expression",
			"'=' + $LASTEXITCODE",
			"[System.IO.File]::ReadAllText('C:\\Users\\ann\\.codex\\config.toml').Length",
			"& ([scriptblock]::Create([System.IO.File]::ReadAllText('C:\\one.ps1'))) -Uninstall",
			"'=' + $LASTEXITCODE",
			"$left = @(Get-Variable | ForEach-Object { $_.Name }) + @(Get-ChildItem function: | ForEach-Object { $_.Name })",
			"'left ' + (@($left | Where-Object { $names -notcontains $_ }) -join ' ') + ', errors ' + $Error.Count",
		];
		const run = await runPowerShell(pwshWine.path, "", [], {
			stdin: "",
			canaries: [secret],
			env: {
				...w.env,
				CROSSFADE_TEST_ROOT: "C:\\cf",
				CROSSFADE_TEST_SID: SID,
				CROSSFADE_TEST_ADMIN: "no",
				CROSSFADE_TEST_HOMES: `${SID}\tC:\\Users\\ann`,
				CROSSFADE_TOKEN_FILE: "C:\\the.token",
				USERPROFILE: "C:\\Users\\ann",
			},
			command: ["$env:USERPROFILE = 'C:\\Users\\ann'", ...lines].join("; "),
		});
		expect(said(run.stderr)).toBe("");
		const out = run.stdout.replaceAll("\r\n", "\n");
		expect(out.match(/^=\d+$/gm)).toEqual(["=0", "=0"]);
		expect(out).toContain("changed       C:\\Users\\ann\\.codex\\config.toml\n");
		expect(out).toContain(`crossfade ok fp=${secret.fingerprint}`);
		expect(out).toContain("restored      C:\\Users\\ann\\.codex\\config.toml\n");
		// The lines have one of their own, and the build for tests another.
		expect(out).toMatch(/\nleft LASTEXITCODE names steps, errors 0\n$/);
		expect(readFileSync(codex, "latin1")).toBe(mine);
	});

	test("a file that another program has open for itself is left as it is, and said; the others are set", async () => {
		const w = windows();
		const file = write(w.home, ".codex/config.toml", "a = 1\n");
		const ready = join(w.drive, "ready");
		const lines = [
			"$f = [System.IO.File]::Open('C:\\Users\\ann\\.codex\\config.toml', 'Open', 'ReadWrite', 'None')",
			"[System.IO.File]::WriteAllText('C:\\ready', 'x')",
			"while (-not [System.IO.File]::Exists('C:\\enough')) { Start-Sleep -Milliseconds 200 }",
			"$f.Dispose()",
		];
		const holder = runPowerShell(pwshWine.path, "", [], {
			stdin: "",
			canaries: [],
			env: w.env,
			command: lines.join("; "),
		});
		await expect.poll(() => text(ready), { timeout: 120_000 }).toBe("x");
		const run = await w.run("scope=user clis=codex,gemini", canary().token);
		expect(run).toMatchObject({ code: 12, stdout: expect.stringContaining("codex:error,gemini:ok") });
		expect(said(run.stderr)).toBe(
			"error: C:\\Users\\ann\\.codex\\config.toml: is in use by another program; file unchanged\n",
		);
		writeFileSync(join(w.drive, "enough"), "");
		await holder;
		expect(text(file)).toBe("a = 1\n");
		expect(await w.run("scope=user clis=codex,gemini", canary().token)).toMatchObject({ code: 0 });
	});

	test("variables of one's own that name a stream, a folder that depends on where one is, a share: refused, and nothing is made", async () => {
		const w = windows();
		const moved = { CLAUDE_CONFIG_DIR: "C:claude", CODEX_HOME: "C:\\codex:x", GEMINI_CLI_HOME: "\\\\server\\share" };
		const secret = canary();
		write(w.drive, "the.token", `${secret.token}\r\n`);
		write(w.drive, "script.ps1", powerShellScript());
		const run = await runPowerShell(pwshWine.path, "", [], {
			stdin: "",
			canaries: [secret],
			env: {
				...w.env,
				...moved,
				CROSSFADE_TEST_ROOT: "C:\\cf",
				CROSSFADE_TEST_SID: SID,
				CROSSFADE_TEST_ADMIN: "no",
				CROSSFADE_TOKEN_FILE: "C:\\the.token",
			},
			// Wine has a home of its own for whoever runs it.
			command:
				"$env:USERPROFILE = 'C:\\Users\\ann'; & 'C:\\script.ps1' scope=user users=self 'clis=claude-code,codex,gemini'; exit $LASTEXITCODE",
		});
		expect(run).toMatchObject({
			code: 11,
			stdout: expect.stringContaining("claude-code:refused,codex:refused,gemini:refused"),
		});
		for (const [name, folder] of Object.entries(moved))
			expect(
				said(run.stderr)
					.split("\n")
					.filter((line) => line.startsWith(`error: ${folder}`) && line.endsWith(`set the variable ${name} to one`)),
			).toHaveLength(1);
		expect(readdirSync(w.drive).filter((name) => name.startsWith("codex"))).toEqual([]);
	});

	test("killed between the two steps of a replacement: the next run puts the file back and goes on", async () => {
		const w = windows();
		const mine = "# mine\r\na = 1\r\n";
		const file = write(w.home, ".codex/config.toml", mine);
		const secret = canary();
		const found: boolean[] = [];
		for (let at = 1; ; at++) {
			const run = await w.run("scope=user clis=codex", secret.token, { CROSSFADE_TEST_KILL: String(at) });
			if (run.code === 0) break;
			found.push(text(file) === undefined);
			// The other steps, in a short run, by PowerShell on this system: test/endpoint/powershell-interrupted.test.ts.
			if (!isWhole && found.includes(true)) break;
		}
		if (!isWhole) expect(await w.run("scope=user clis=codex", secret.token)).toMatchObject({ code: 0 });
		expect(found).toContain(true);
		expect(text(file)).toContain(`Bearer ${secret.token}`);
		expect(await w.run("uninstall scope=user clis=codex")).toMatchObject({ code: 0 });
		expect(readFileSync(file, "latin1")).toBe(mine);
	});
});

describe("by PowerShell's own reader", { ...needs(pwsh), timeout: 300_000 }, () => {
	/** Runs lines of PowerShell with values that come as JSON. */
	function ask<T>(lines: string, values: unknown): T {
		const folder = scratch();
		const file = write(folder, "values.json", JSON.stringify(values));
		const command = `$values = ConvertFrom-Json ([System.IO.File]::ReadAllText('${file}')); ${lines}`;
		const out = execFileSync(pwsh.path, ["-NoProfile", "-NonInteractive", "-Command", command], {
			env: { PATH: process.env["PATH"], HOME: folder },
			encoding: "utf8",
			maxBuffer: 1 << 26,
		});
		return JSON.parse(out);
	}
	const parsed =
		"$tokens = $null; $errors = $null; $tree = [System.Management.Automation.Language.Parser]::ParseInput($text, [ref]$tokens, [ref]$errors)";

	test("every rendered script parses, and none has a word for which PowerShell would log it", () => {
		const scripts = [
			...["detect", "remediate", "uninstall"].map((name) =>
				readFileSync(join(root, `mdm/intune-windows/${name}.ps1`), "utf8"),
			),
			...actions.map((action) => powerShellScript({ action, actions: [action], hooks: false })),
		];
		const found = ask<{ errors: number; word: string | null }[]>(
			`$check = [psobject].Assembly.GetType('System.Management.Automation.ScriptBlock+SuspiciousContentChecker').GetMethod('Match', [Reflection.BindingFlags]'Static,NonPublic,Public'); ConvertTo-Json @(foreach ($text in $values) { ${parsed}; @{ errors = $errors.Count; word = $check.Invoke($null, [object[]]@($text.ToString())) } })`,
			[...scripts, "$x = 1 # remitted"],
		);
		expect(found.slice(0, -1)).toEqual(scripts.map(() => ({ errors: 0, word: null })));
		// The check itself sees what it looks for.
		expect(found.at(-1)?.word).toMatch(/emit/i);
	});

	test("any text is one literal with that value, in which nothing runs; its words are broken up", () => {
		let seed = 20_261_129;
		const next = (below: number) => {
			seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
			return Math.floor((seed / 2_147_483_648) * below);
		};
		const pieces = [
			"'",
			"''",
			'"',
			"\u2018",
			"\u2019",
			"\u201a",
			"\u201b",
			"\u201c",
			"\u201d",
			"\u201e",
			"`",
			"$",
			"$(exit 9)",
			"\n",
			"\r",
			"\0",
		];
		const more = [
			";",
			"#",
			"<#",
			"#>",
			"@'",
			"'@",
			"{",
			"}",
			"(",
			")",
			"a",
			"Emit",
			"memorystream",
			"MarshalEmit",
			"\u00e9",
			"\ud83d\ude00",
			" ",
			"-",
			"--%",
		];
		const all = [...pieces, ...more];
		const texts = [
			"",
			...all,
			...Array.from({ length: 1500 }, () => Array.from({ length: next(8) + 1 }, () => all[next(all.length)]).join("")),
		];
		const literals = texts.map(ps);
		expect(literals.flatMap(triggerWords)).toEqual([]);
		for (const literal of literals) expect(literal).toMatch(/^[ -~]*$/);
		const lines = `ConvertTo-Json @(foreach ($literal in $values) { $text = 'f ' + $literal; ${parsed}; $value = & ([scriptblock]::Create($literal)); ,@($errors.Count, $tree.EndBlock.Statements.Count, $tree.EndBlock.Statements[0].PipelineElements[0].CommandElements.Count, ((@([char[]]$value | ForEach-Object { [int]$_ })) -join ' ')) })`;
		const found = ask<[number, number, number, string][]>(lines, literals);
		const codes = (value: string) => [...Array(value.length).keys()].map((at) => value.charCodeAt(at)).join(" ");
		expect(found).toEqual(texts.map((value) => [0, 1, 2, codes(value)]));
	});
});
