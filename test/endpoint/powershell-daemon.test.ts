import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { write } from "../harness/endpoint.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { among, powerShellScript, SID, windowsMachine } from "../harness/powershell.ts";

/** Processes that outlive sessions, as the script in PowerShell sees them. CIM is made up: it is Windows' own. */

const slow = { ...needs(pwsh), timeout: 180_000 };
const DAEMON = '"C:\\x\\codex.exe" app-server --listen unix:// --managed-daemon';

const TICKS_UNTIL_1970 = 621_355_968_000_000_000n;

interface Case {
	readonly what: string;
	/** Seconds from the last change of the file to the start of the process. */
	readonly after?: number | null;
	readonly line?: string | null;
	readonly owner?: string | null;
	readonly isAdmin?: boolean;
	readonly list?: "none" | "fails";
	/** It ended before its owner could be asked for. */
	readonly isGone?: boolean;
	/** A stored variable of the account. */
	readonly variable?: string;
	readonly state: "ok" | "stale" | "error";
}

const cases: readonly Case[] = [
	{ what: "it started a day before the change", after: -86_400, state: "stale" },
	{ what: "it started a second before the change", after: -1, state: "stale" },
	{ what: "it started within two seconds after it: which came first is not sure", after: 1.9, state: "stale" },
	{ what: "it started two seconds after it", after: 2, state: "ok" },
	{ what: "when it started is not known", after: null, state: "stale" },
	{ what: "it is an app's own server, which ends with the app", line: "codex.exe app-server", after: -9, state: "ok" },
	{ what: "it is another account's", owner: "S-1-5-21-1-2-3-9", after: -9, state: "ok" },
	{ what: "nobody says whose it is", owner: null, after: -9, state: "stale" },
	{ what: "an ordinary account is not told whose it is", owner: null, after: -9, isAdmin: false, state: "ok" },
	{ what: "it ended while the script looked", owner: null, isGone: true, after: -9, state: "ok" },
	{ what: "its command line is not shown", line: null, after: 9, state: "error" },
	{
		what: "another account's command line is not shown",
		line: null,
		owner: "S-1-5-21-1-2-3-9",
		after: -9,
		state: "ok",
	},
	{ what: "a stored variable goes before the file", after: 9, variable: "OTEL_EXPORTER_OTLP_HEADERS", state: "stale" },
	{ what: "a stored variable of another name", after: 9, variable: "MY_OTEL_EXPORTER_OTLP_HEADERS", state: "ok" },
	{ what: "there is none, so that the list is not asked for", list: "none", state: "ok" },
	{ what: "the list cannot be had", list: "fails", state: "error" },
];

describe("a background process of Codex on Windows", slow, () => {
	test("is stale unless it surely started later; what cannot be told is an error", async () => {
		const file = write(scratch(), "config.toml", "a = 1\n");
		const given = cases.map(({ after = 0, line = DAEMON, owner = SID, isAdmin = true, ...rest }) => ({
			...rest,
			after: after === null ? "?" : String(after),
			line: line ?? "?",
			owner: owner ?? "?",
			isAdmin,
		}));
		const seen = await among<Record<string, string>>(
			[
				"function Get-Process($Name, $Id, $ErrorAction) {",
				"  if ($Name) { if ($Name -ceq 'codex*' -and $case.list -cne 'none') { 'codex' } } elseif (-not $case.isGone) { 'codex' }",
				"}",
				"function Get-CimInstance($ClassName, $Filter, $OperationTimeoutSec) {",
				"  if ($case.list) { throw 'no list' }",
				`  if ($ClassName -cne 'Win32_Process' -or $Filter -cne "Name LIKE 'codex%'") { throw 'another question' }`,
				"  $row = @{ ProcessId = 7; CommandLine = $null; CreationDate = $null }",
				"  if ($case.line -cne '?') { $row.CommandLine = $case.line }",
				"  if ($case.after -cne '?') { $row.CreationDate = $changed.AddSeconds([double]$case.after).ToLocalTime() }",
				"  New-Object psobject -Property $row",
				"}",
				"function Invoke-CimMethod($InputObject, $MethodName, $OperationTimeoutSec) {",
				"  if ($MethodName -cne 'GetOwnerSid' -or $case.owner -ceq '?') { throw 'no answer' }",
				"  New-Object psobject -Property @{ Sid = $case.owner }",
				"}",
				"function Write-Problem($text) { }",
				`$path = '${file}'`,
				"$changed = [System.IO.File]::GetLastWriteTimeUtc($path)",
				"$seen = @{}",
				"foreach ($each in $cases) {",
				"  $case = @{ list = ''; isGone = $false; variable = '' }",
				"  foreach ($fact in $each.PSObject.Members) { if ($fact.MemberType -eq 'NoteProperty') { $case[$fact.Name] = $fact.Value } }",
				`  $env:CROSSFADE_TEST_VARIABLE = '${SID} ' + $case.variable`,
				"  $run.IsAdmin = $case.isAdmin",
				"  $run.States = @{ codex = 'ok' }",
				`  Test-Lasting 'codex' @(@{ Sid = '${SID}'; Path = $path }, @{ Sid = '${SID}'; Path = $path + '.none' })`,
				"  $seen[$case.what] = $run.States.codex",
				"}",
				"ConvertTo-Json $seen",
			],
			given,
			{ CROSSFADE_TEST_PROCESSES: "real" },
		);
		expect(seen).toEqual(Object.fromEntries(cases.map(({ what, state }) => [what, state])));
	});

	test("the whole script: an install succeeds all the same, and the report is drift until it started again", async () => {
		const m = windowsMachine({ versions: { "claude-code": "", gemini: "" } });
		const env = (year: number) => {
			const ticks = BigInt(Date.UTC(year, 0)) * 10_000n + TICKS_UNTIL_1970;
			return { CROSSFADE_TEST_PROCESSES: `${SID}\t${ticks}\t${DAEMON}` };
		};
		const stdout = expect.stringMatching(/^crossfade (ok|drift) .*cli=claude-code:absent,codex:stale,gemini:absent/);
		expect(await m.run("", { token: canary().token, env: env(2000) })).toEqual({ code: 0, stderr: "", stdout });
		expect(await m.run("report", { env: env(2000) })).toEqual({ code: 10, stderr: "", stdout });
		expect(await m.run("report", { env: env(2100) })).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("codex:ok"),
		});
	});

	test("what is not on Windows is refused with what to do", async () => {
		const said = await among<Record<string, string>>(
			[
				"$said = @{}",
				"foreach ($word in $cases) { $run.Options = @($word); $run.Complaint = ''; Read-Options; $said[$word] = $run.Complaint }",
				"ConvertTo-Json $said",
			],
			["--restart", "helper", "no-helper"],
		);
		expect(said).toEqual({
			"--restart": expect.stringContaining("sign that account out and in"),
			helper: expect.stringContaining("sessions take up a new one when they start"),
			"no-helper": "",
		});
	});

	test("its options do not list what it refuses, its states do list stale", () => {
		const top = powerShellScript({ hooks: false }).split("Set-PSDebug")[0] ?? "";
		expect(top).toContain("stale (set, but a background process");
		expect(top).not.toMatch(/^# {3}(restart|helper)/m);
	});
});
