import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { text, write } from "../harness/endpoint.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { among, powerShellScript, SID, windowsMachine } from "../harness/powershell.ts";
import { amongRotation } from "../harness/rotation-windows.ts";

/**
 * What Windows can hand a script, by name. What only Windows has (attributes of a cloud drive, junctions, streams, drives) is made up where a
 * function asks for it; test/real/endpoint-windows.test.ts has Wine.
 */

const slow = { ...needs(pwsh), timeout: 300_000 };
/** A culture with a comma before decimals and a minus of its own, as a profile or a policy of the user may set it. */
const COMMA = [
	"$other = [System.Globalization.CultureInfo]::InvariantCulture.Clone()",
	"$other.NumberFormat.NumberDecimalSeparator = ','",
	"$other.NumberFormat.NumberGroupSeparator = '.'",
	"$other.NumberFormat.NegativeSign = [string][char]0x2212",
	"[System.Threading.Thread]::CurrentThread.CurrentCulture = $other",
];

const flags: readonly (readonly [what: string, flags: number, kind: string])[] = [
	["a file", 0x80, "file"],
	["a read-only, hidden file of the system", 0x27, "file"],
	["a file that a cloud drive keeps here", 0x80020, "file"],
	["a placeholder of OneDrive", 0x400020, "link"],
	["a placeholder that is fetched when it is opened", 0x40020, "link"],
	["a file that is offline", 0x1020, "link"],
	["a symbolic link", 0x420, "link"],
	["a junction", 0x410, "link"],
	["a folder", 0x10, "folder"],
	["a device", 0x40, "device"],
];

const paths: readonly (readonly [what: string, path: string, isPlace: boolean])[] = [
	["a path", "C:\\Users\\ann\\.codex\\config.toml", true],
	["a path with slashes", "d:/codex/config.toml", true],
	["a path with other letters, and marks from right to left", "C:\\\u05e0\u202e\u200f\\config.toml", true],
	["one of more than 260 characters", `C:\\${"long\\".repeat(80)}config.toml`, true],
	["a drive's own folder", "C:codex\\config.toml", false],
	["a relative one", "codex\\config.toml", false],
	["one of the current drive", "\\codex\\config.toml", false],
	["a share", "\\\\server\\share\\config.toml", false],
	["a device path", "\\\\.\\C:\\codex\\config.toml", false],
	["one with a prefix", "\\\\?\\C:\\codex\\config.toml", false],
	["a stream of a file", "C:\\codex:x\\config.toml", false],
	["a device's name", "C:\\codex\\nul\\config.toml", false],
	["a device's name with an ending", "C:\\aux.d\\config.toml", false],
	["a name that ends with a dot", "C:\\codex.\\config.toml", false],
	["one through the folder above", "C:\\codex\\..\\config.toml", false],
	["a wildcard", "C:\\co*\\config.toml", false],
	["an empty one", "", false],
];

describe("bad input", slow, () => {
	test("cloud placeholders, junctions, links and devices are told from files by their attributes; only full paths on a drive are places", async () => {
		const found = await among<{ kinds: string[]; places: boolean[] }>(
			[
				"function Get-Flags($path) { [int]$path }",
				"$kinds = @(foreach ($each in $cases.flags) { Get-Kind $each })",
				"$places = @(foreach ($each in $cases.paths) { Test-Place $each })",
				"ConvertTo-Json @{ kinds = $kinds; places = $places }",
			],
			{ flags: flags.map(([, value]) => value), paths: paths.map(([, path]) => path) },
		);
		expect(flags.map(([what], at) => [what, found.kinds[at]])).toEqual(flags.map(([what, , kind]) => [what, kind]));
		expect(paths.map(([what], at) => [what, found.places[at]])).toEqual(paths.map(([what, , is]) => [what, is]));
	});

	test("a profile that prints and changes the session, no TEMP, decimals with a comma, a home with marks from right to left, a read-only file: set all the same", async () => {
		const m = windowsMachine({ versions: { "claude-code": "", codex: "", gemini: "" } });
		const home = join(m.home, "../b\u00f6b \u202e\u05d0\u200f");
		write(home, "AppData/Roaming/npm/node_modules/@openai/codex/package.json", '{"version": "0.169.0"}');
		const config = write(home, ".codex/config.toml", "# mine\r\na = 1.5\r\n");
		chmodSync(config, 0o444);
		const token = canary();
		const profile = [
			...COMMA,
			"Write-Output 'Welcome, ann.'",
			"Write-Warning 'no updates'",
			"$ErrorActionPreference = 'SilentlyContinue'",
			"$OFS = ';'",
			"$PSDefaultParameterValues['*:ErrorAction'] = 'Ignore'",
			"function Get-Kind { 'file' }",
			"Set-Alias Write-Line Write-Host",
			"foreach ($name in 'TEMP', 'TMP', 'TMPDIR') { [Environment]::SetEnvironmentVariable($name, $null) }",
		].join("; ");
		const run = await m.run("scope=user clis=codex", {
			token: token.token,
			canaries: [token],
			profiles: `${SID}\t${home}\t0`,
			homes: `${SID}\t${home}`,
			wrapper: (script, words) => `${profile}; $input | & '${script}' ${words.join(" ")}; exit $LASTEXITCODE`,
		});
		expect(run.code).toBe(0);
		expect(run.stdout.trimEnd().split("\n").at(-1)).toBe(
			`crossfade ok fp=${token.fingerprint} cfg=1 cli=codex:ok users=1`,
		);
		expect(text(config)).toMatch(new RegExp(`^# mine\r\na = 1\\.5\r\n[^]*Bearer ${token.token}`));
		expect(statSync(config).mode & 0o777).toBe(0o444);
	});

	test("a folder whose name is longer than the system takes: refused by its name, and nothing is made", async () => {
		const m = windowsMachine({ versions: { "claude-code": "", gemini: "" } });
		const folder = join(m.home, "n".repeat(300));
		const run = await m.run("scope=user users=self", { token: canary().token, env: { CODEX_HOME: folder } });
		expect(run).toMatchObject({ code: 11, stdout: expect.stringContaining("codex:refused") });
		expect(run.stderr).toMatch(new RegExp(`^error: ${folder}/\\w*config\\.toml: cannot be read$`, "m"));
		expect(existsSync(join(m.home, ".codex"))).toBe(false);
	});

	test("the rotation reads numbers of metrics as they are written, whatever the decimals of the account are", async () => {
		const page = 'otelcol_exporter_sent_log_records{exporter="otlp_http/torii"} 1234.5\n';
		const count = await amongRotation<number>(
			[...COMMA, "$run.Page = $cases.page", "ConvertTo-Json (Get-Count 'sent')"],
			{ page },
		);
		expect(count).toBe(1234.5);
	});

	test("no script asks for a folder for temporary files", () => {
		expect(powerShellScript({ hooks: false })).not.toMatch(/GetTemp|env:T[E]?MP/i);
	});
});
