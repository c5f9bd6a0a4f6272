import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { vehicle } from "../../src/adapters/vehicles/installer-windows/index.ts";
import { powerShellTextProblems } from "../../src/generate/kit/verify/powershell.ts";
import { type Canary, canary, filesBelow, leaks } from "../harness/canary.ts";
import { CLI, scratch } from "../harness/cli.ts";
import { listen } from "../harness/clis/loopback.ts";
import { contents, releases, text, write } from "../harness/endpoint.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { powerShellScript, runPowerShell, type WindowsMachine, windowsMachine } from "../harness/powershell.ts";
import { cliStates } from "../harness/states.ts";
import { terminal, tmux } from "../harness/terminal.ts";
import { waitFor } from "../harness/wait.ts";

/** scripts/install.ps1: as a file and as text in a session, by PowerShell 7 with folders that stand for those of Windows. */

const SCRIPT = new URL("../../scripts/install.ps1", import.meta.url).pathname;
const committed = readFileSync(SCRIPT, "utf8");
const slow = { ...needs(pwsh), timeout: 300_000 };
const states = { "claude-code": "ok", codex: "ok", gemini: "ok" };

/** A machine whose script is the installer, with one file of somebody's own. */
function machine(): WindowsMachine {
	const m = windowsMachine({ content: powerShellScript({ vehicle, scope: "user" }) });
	write(m.home, ".codex/config.toml", '# mine\r\nmodel = "a"\r\n');
	return m;
}

const withoutLock = (files: Record<string, string>) =>
	Object.fromEntries(Object.entries(files).filter(([path]) => !path.endsWith(".lock")));
const isPerson = { CROSSFADE_TEST_ADMIN: "no" };

describe("scripts/install.ps1 as it is committed", () => {
	test("is what the command renders: else run `npm run render`", () => {
		const args = [CLI, "install", "--print", "--os", "windows"];
		expect(execFileSync(process.execPath, args, { encoding: "utf8" })).toBe(committed);
	});

	test("has the checksum next to it, of the bytes that every copy of the repository has", () => {
		const cwd = join(SCRIPT, "..");
		const sum = execFileSync("sha256sum", ["-c", "install.ps1.sha256"], { cwd, encoding: "utf8" });
		expect(sum).toBe("install.ps1: OK\n");
		const attribute = execFileSync("git", ["check-attr", "text", "install.ps1"], { cwd, encoding: "utf8" });
		expect(attribute).toBe("install.ps1: text: unset\n");
	});

	test("ASCII, CRLF, no byte order mark, no word that makes PowerShell log it; one statement to its last character", () => {
		expect(powerShellTextProblems(Buffer.from(committed), { crlf: true })).toEqual([]);
		const code = committed.split("\r\n").filter((line) => line !== "" && !line.startsWith("#"));
		expect(code.slice(0, 2)).toEqual(["(& {", "Set-PSDebug -Off"]);
		expect(code.slice(-2)).toEqual(["} $input $args", ")"]);
	});

	test("what it sets in a session that runs it as text is the exit code alone, and it ends none", () => {
		const code = committed.replace(/^ *#.*$/gm, "");
		expect(code.match(/\$(?:global|script|env):\w+(?= *[-+]?=[^=])/gi)).toEqual([
			"$global:LASTEXITCODE",
			"$global:LASTEXITCODE",
		]);
		expect(code.match(/.*\bexit\b.*/g)).toEqual([
			"  if ($SCRIPT_PATH) { exit 13 }",
			"if ($SCRIPT_PATH) { exit $run.Code }",
		]);
	});

	test("cut off anywhere it is no statement: nothing of it runs", slow, async () => {
		const start = committed.indexOf("\n(& {") + 1;
		const end = committed.trimEnd().length;
		const cuts = [
			...Array.from({ length: 300 }, (_, at) => start + at),
			...Array.from({ length: 40 }, (_, at) => end - 40 + at),
			...Array.from({ length: 12 }, (_, at) => Math.floor((end * at) / 12)),
		];
		const folder = scratch({ "cuts.json": JSON.stringify(cuts) });
		const lines = [
			`$whole = [System.IO.File]::ReadAllText('${SCRIPT}')`,
			"$parser = [System.Management.Automation.Language.Parser]",
			"function Count($text) { $errors = $null; $tree = $parser::ParseInput($text, [ref]$null, [ref]$errors); if ($errors.Count -gt 0) { 0 } else { $tree.EndBlock.Statements.Count } }",
			`$cuts = ConvertFrom-Json ([System.IO.File]::ReadAllText('${folder}/cuts.json'))`,
			"'whole ' + (Count $whole)",
			"$odd = @($cuts | Where-Object { (Count $whole.Substring(0, $_)) -ne 0 })",
			"[string]$cuts.Count + ' cuts, run: ' + ($odd -join ',')",
		];
		const { stdout } = await runPowerShell(pwsh.path, "", [], {
			stdin: "",
			env: { HOME: folder },
			canaries: [],
			command: lines.join("\n"),
		});
		expect(stdout).toBe(`whole 1\n${cuts.length} cuts, run: \n`);
	});
});

/** What somebody's session is like: names and values, but for what changes by itself, what the lines of a test set, and the build for tests. */
const LOOK = `function Get-Session {
  $skip = 'Error', 'LASTEXITCODE', '^', '$', '?', 'StackTrace', 'args', 'input', 'MyInvocation', 'PSBoundParameters', 'PSCommandPath', 'PSScriptRoot', '_', 'switch', 'foreach', 'matches', 'token', 'skip', 'each', 'steps'
  @(
    Get-Variable -Scope Global | Where-Object { $skip -notcontains $_.Name } | ForEach-Object { 'variable ' + $_.Name + ' ' + [string]$_.Value }
    Get-ChildItem function: | ForEach-Object { 'function ' + $_.Name }
    Get-ChildItem alias: | ForEach-Object { 'alias ' + $_.Name }
    Get-ChildItem env: | Where-Object { $_.Name -ne 'CROSSFADE_TEST_NESTED' } | ForEach-Object { 'env ' + $_.Name + ' ' + $_.Value }
    'location ' + (Get-Location).Path
    'folder ' + [Environment]::CurrentDirectory
    'loose ' + ($null -eq $isNotThereAtAll)
    'errors ' + $global:Error.Count + ' ' + [string]$global:Error[0]
  ) -join "\`n"
}
`;

/** A server on loopback with the script, as several servers would send it. */
async function served(content: string): Promise<string> {
	const types: Record<string, string> = { "/octets": "application/octet-stream", "/text": "text/plain" };
	const server = createServer(({ url = "" }, response) => {
		response.writeHead(200, { "content-type": types[url] ?? "text/plain; charset=utf-8" }).end(content);
	});
	const { origin, close } = await listen(server);
	onTestFinished(close);
	return origin;
}

function session(m: WindowsMachine, lines: readonly string[], secret: Canary, env: Readonly<Record<string, string>>) {
	return m.run("", {
		canaries: [secret],
		watched: true,
		env: { ...isPerson, ...env },
		wrapper: () => lines.join("\n"),
	});
}

describe("as text in a session", slow, () => {
	test("irm | iex and [scriptblock]::Create: install, again, report, uninstall; the session is as it was and goes on", async () => {
		const m = machine();
		const secret = canary();
		const folder = scratch({ "the.token": `${secret.token}\r\n` });
		const before = withoutLock(contents(m.home));
		const url = await served(readFileSync(m.script, "utf8"));
		const lines = [
			LOOK,
			`Set-Location '${folder}'`,
			"try { Get-Item nowhere-at-all -ErrorAction Stop } catch { }",
			"$Error.Count",
			"$token = Get-Session",
			"Start-Transcript -Path transcript.txt | Out-Null",
			"function Use-It { irm $url/text | iex }",
			`$global:url = '${url}'`,
			"Use-It mine",
			"'=' + $LASTEXITCODE",
			"Set-StrictMode -Version Latest",
			"& ([scriptblock]::Create((irm $url/octets))) -NoHost:$true -Report",
			"'=' + $LASTEXITCODE",
			"Set-StrictMode -Off",
			"1..3 | & ([scriptblock]::Create((irm $url))) -dryrun --no-host -Clis codex,gemini -Endpoint:https://otlp.example.com",
			"'=' + $LASTEXITCODE",
			"Set-PSDebug -Trace 2",
			"irm $url | iex",
			"'=' + $LASTEXITCODE",
			"foreach ($each in 1) { & ([scriptblock]::Create((irm $url))) uninstall; '=' + $LASTEXITCODE }",
			"Stop-Transcript | Out-Null",
			"Remove-Variable url -Scope Global; Remove-Item function:Use-It",
			"$now = Get-Session; if ($now -ceq $token) { 'the same' } else { Compare-Object ($token -split '\\n') ($now -split '\\n') | Format-Table -AutoSize | Out-String }",
		];
		const { code, stdout } = await session(m, lines, secret, { CROSSFADE_TOKEN_FILE: "the.token" });
		expect(stdout).toContain("the same");
		expect(code).toBe(0);
		const codes = stdout.split("\n").filter((line) => /^=\d+$/.test(line));
		// -NoHost:$true is no option of this script.
		expect(codes).toEqual(["=0", "=2", "=0", "=0", "=0"]);
		expect(stdout).toContain(`crossfade ok fp=${secret.fingerprint} cfg=1 cli=${cliStates(states)} users=1`);
		expect(stdout).toContain("Dry run: nothing is changed. Telemetry to https://otlp.example.com would be set for:");
		expect(stdout).toContain(`would change  ${m.files.codex}`);
		expect(stdout).toContain("Already up to date.");
		expect(stdout).toContain(`restored      ${m.files.codex}`);
		expect(withoutLock(contents(m.home))).toEqual(before);
		expect(leaks([secret], filesBelow(folder, ["the.token"]))).toEqual([]);
	});

	test("what is committed says on another system that it is for Windows, and does not end the session", async () => {
		const folder = scratch();
		const command = `[System.IO.File]::ReadAllText('${SCRIPT}') | iex; '=' + $LASTEXITCODE + ' ' + $Error.Count`;
		const { stdout, stderr } = await runPowerShell(pwsh.path, "", [], {
			stdin: "",
			env: { HOME: folder },
			canaries: [],
			command,
		});
		expect(stderr).toBe("error: this script is for: windows\n");
		expect(stdout).toMatch(/^crossfade error fp=none .*\n=13 0\n$/);
		expect(contents(folder)).not.toHaveProperty("install.ps1");
	});

	test("at a console it asks for the token and does not show it", {
		...needs(pwsh, tmux),
		timeout: 300_000,
	}, async () => {
		const m = machine();
		const secret = canary();
		const url = await served(readFileSync(m.script, "utf8"));
		const folder = scratch();
		const env = { ...isPerson, HOME: folder, USERPROFILE: m.home, CROSSFADE_TEST_ROOT: m.root };
		const own = {
			...env,
			CROSSFADE_TEST_SID: "S-1-5-21-1-2-3-1001",
			CROSSFADE_TEST_HOMES: `S-1-5-21-1-2-3-1001\t${m.home}`,
		};
		const words = Object.entries(own).map(([name, value]) => `${name}='${value}'`);
		write(folder, "go.sh", `export ${words.join(" ")}\nexec '${pwsh.path}' -NoProfile -NoLogo -NoExit\n`);
		const screen = terminal(folder, `sh ${folder}/go.sh`);
		await waitFor("the session", () => screen.printed().includes("PS ") || undefined);
		screen.type(`irm ${url} | iex; 'ended with ' + $LASTEXITCODE`);
		screen.type("Enter");
		await waitFor("the question", () => screen.printed().includes("Token (not shown):") || undefined);
		expect(screen.printed()).toContain(`Codex CLI ${releases.codex}: ${m.files.codex}`);
		expect(text(m.files.codex)).not.toContain("otel");
		screen.type(secret.token);
		screen.type("Enter");
		await waitFor("the end", () => screen.printed().includes("ended with 0") || undefined);
		expect(text(m.files.codex)).toContain(`Bearer ${secret.token}`);
		const shown = { screen: screen.printed(), ...filesBelow(folder) };
		expect(leaks([secret], shown)).toEqual([]);
	});
});

describe("as a file", slow, () => {
	test("the token on standard input; records for a program; what is unknown or missing is said, and not repeated", async () => {
		const m = machine();
		const secret = canary();
		const missing = await m.run("-DryRun records", { env: isPerson });
		expect(missing).toMatchObject({ code: 0, stderr: "" });
		expect(missing.stdout).toContain(`would-change\tcodex\t${m.files.codex}\twould change  ${m.files.codex}\n`);
		expect(missing.stdout).toContain(
			`plan\tcodex\t${m.files.codex}\t  Codex CLI ${releases.codex}: ${m.files.codex}\n`,
		);
		const done = await m.run("-Records -Clis codex", { token: secret.token, env: isPerson, canaries: [secret] });
		expect(done).toMatchObject({ code: 0, stderr: "" });
		expect(done.stdout).toContain(`changed\tcodex\t${m.files.codex}\tchanged       ${m.files.codex}\n`);
		expect(done.stdout).toMatch(/\nreport\t\t\tcrossfade ok fp=[0-9a-f]{12} cfg=1 cli=codex:ok users=1\n$/);
		const odd = await m.run(`-Endpoint https://x.example ${secret.token}`, { canaries: [secret], env: isPerson });
		expect(odd).toMatchObject({ code: 2, stderr: expect.stringContaining("an option this script does not know") });
		const none = await m.run("", { env: isPerson });
		expect(none).toMatchObject({ code: 11, stderr: expect.stringContaining("set the variable CROSSFADE_TOKEN_FILE") });
		const help = await m.run("-Help", { env: isPerson });
		expect(help.stdout).toContain("irm ADDRESS | iex");
		expect(help.stdout).not.toContain("Set-PSDebug -Off\n");
	});

	test("a CLI that is only on PATH is found, by the package beside npm's command or as a release that is not known", async () => {
		const m = windowsMachine({
			content: powerShellScript({ vehicle, scope: "user" }),
			versions: { "claude-code": "", codex: "", gemini: "" },
		});
		const bin = scratch({
			"codex.cmd": "",
			"node_modules/@openai/codex/package.json": '{"version": "0.169.0"}',
			"gemini.exe": "",
		});
		const env = { ...isPerson, PATH: `relative:${bin}:${process.env["PATH"]}` };
		const { stdout } = await m.run("-DryRun -NoHost", { env });
		expect(stdout).toContain(`  Codex CLI 0.169.0: ${m.files.codex}\n`);
		expect(stdout).toContain(`  Gemini CLI ?: ${m.files.gemini}\n`);
		expect(stdout).toContain("  Claude Code: not found, skipped\n");
	});
});
