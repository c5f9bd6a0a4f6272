import { beforeAll, describe, expect, test } from "vitest";
import { type Lint51Finding, type Lint51Script, type LintRule, lint51, lintRules } from "./lint51.ts";
import { needs, pwsh } from "./parts.ts";

/** Scripts that break one rule, in one line unless there are more. */
const wrong: readonly (readonly [rule: LintRule, text: string, more?: Partial<Lint51Script>])[] = [
	["bom", "\ufeff$a = 1"],
	["ascii", "$a = 'gr\u00fcn'"],
	["control", "$a = '\u001b[0m'"],
	["crlf", "$a = 1\n", { isRendered: true }],
	["crlf", "$a = 1", { isRendered: true }],
	["size", "$a = 'xxxxx'", { limit: 11 }],
	["trigger", "# its properties"],
	["trigger", "'remitted'"],
	["trigger", "$a = 'kernel32'"],
	["trigger", "$a = 'advapi32'"],
	["trigger", "$a = 'msvcrt'"],
	["trigger", "[System.Convert]::ToBase64String($a)"],
	["trigger", "[System.Convert]::FromBase64String($a)"],
	["parse", "if ($a) { 1"],
	["syntax", "$a ? 1 : 2"],
	["syntax", "$a ?? 1"],
	["syntax", "$a ??= 1"],
	["syntax", "${a}?.Length"],
	["syntax", "${a}?[0]"],
	["syntax", "& $a && & $b"],
	["syntax", "& $a || & $b"],
	["syntax", "& $a &"],
	["syntax", "function F { process { } clean { } }"],
	["syntax", '"`u{48}"'],
	["syntax", '"`e[0m"'],
	["syntax", "$a = 0b101"],
	["syntax", "$a = 5u"],
	["syntax", "$a = 5uy"],
	["syntax", "$a = 10n"],
	["syntax", "'a'..'z'"],
	["syntax", "$a -replace 'x', { 'y' }"],
	["syntax", "$a\n| Out-Null"],
	["syntax", "#Requires -Version 7.0"],
	["command", "Get-Uptime"],
	["command", "Remove-Service -Name x"],
	["command", "icacls.exe C:\\x"],
	["alias", "% { $_ }"],
	["alias", "gci"],
	["parameter", "1 | ForEach-Object -Parallel { $_ }"],
	["parameter", "Test-Path -LiteralPath x -OlderThan 1 -Foo 2"],
	["parameter", "Get-Content -Encoding ascii -LiteralPath x -AsByteStream"],
	["parameter", "Join-Path -Path a -ChildPath b -AdditionalChildPath c"],
	["parameter", "Get-Item -Lit x"],
	["type", "[System.Text.Json.JsonDocument]::Parse($a)"],
	["type", "[System.Half]$a"],
	["type", "New-Object System.Text.Rune"],
	["type", "function F { param([semver]$a) }"],
	["type", "function F { param([ValidateNotNullOrWhiteSpace()]$a) }"],
	["type", "try { } catch [System.Text.Json.JsonException] { }"],
	["type", "[System.Collections.Generic.List[System.Half]]::new()"],
	["member", "[System.IO.File]::Move('a', 'b', $true)"],
	["member", "[System.IO.Path]::GetRelativePath('a', 'b')"],
	["member", "[System.Convert]::ToHexString($a)"],
	["member", "[System.Environment]::ProcessId"],
	["member", "[System.IO.Path]::Join('a', 'b')"],
	["member", "[System.Text.StringBuilder]::new().AppendJoin(',', $a)"],
	["member", "$b = [System.Text.StringBuilder]::new(); [void]$b.AppendJoin(',', $a)"],
	["member", "'abc'.Contains('b', [System.StringComparison]::Ordinal)"],
	["member", "$a.AppendJoin(',', $b)"],
	["member", "$a.ReplaceLineEndings()"],
	["encoding", "Set-Content -LiteralPath x -Value y"],
	["encoding", "Add-Content -LiteralPath x -Value y"],
	["encoding", "Get-Content -LiteralPath x"],
	["encoding", "Out-File -LiteralPath x -InputObject y"],
	["encoding", "Out-File -LiteralPath x -InputObject y -Encoding utf8"],
	["encoding", "Out-File -LiteralPath x -InputObject y -Encoding utf8NoBOM"],
	["encoding", "Set-Content -LiteralPath x -Value y -Encoding Default"],
	["encoding", "Set-Content -LiteralPath x -Value y -Encoding Byte"],
	["encoding", "Set-Content -LiteralPath x -Value y -Encoding $a"],
	["encoding", "Import-Csv -LiteralPath x"],
	["encoding", "'a' | Tee-Object -FilePath x"],
	["encoding", "[System.Text.Encoding]::Default"],
	["redirect", "'a' > x"],
	["redirect", "'a' >> $a"],
	["json", "ConvertFrom-Json -InputObject $a"],
	["json", "$a | ConvertTo-Json -Compress"],
	["variable", "$IsWindows"],
	["variable", "$PSStyle"],
	["variable", "$global:IsLinux"],
	["variable", "$PSNativeCommandUseErrorActionPreference = $false"],
	["console", "[System.Console]::OutputEncoding"],
	["web", "Invoke-WebRequest -Uri $a"],
	["web", "Invoke-RestMethod -Uri $a"],
	["native", "& $a 2>&1"],
	["native", "& $a 2>$null"],
	["native", "& $a 'say \"hi\"'"],
	["native", "& 'C:\\x\\y.exe' ''"],
	["count", "(Get-Item -LiteralPath x).Count"],
	["count", "function F { $a = Get-Item -LiteralPath x; $a.Count }"],
	["culture", "$a | Sort-Object"],
	["culture", "[System.Array]::Sort($a)"],
	["culture", "$a -lt 'b'"],
	["culture", "$a.StartsWith('b')"],
	["culture", "$a.EndsWith('b')"],
	["culture", "'abc'.IndexOf('b')"],
	["culture", "$a.LastIndexOf('bc')"],
	["culture", "$a.ToLower()"],
	["culture", "[System.String]::Compare('a', 'b')"],
	["split", "$a.Split('--')"],
	["split", "$a.Split($b)"],
	["split", "'a b'.Split('a ')"],
];

/** Scripts in which nothing is wrong: what the rules must let pass. */
const right: readonly (readonly [text: string, more?: Partial<Lint51Script>])[] = [
	[""],
	["$a = 1\r\n", { isRendered: true, limit: 8 }],
	["function F($x) { return $x }\nF 1 | Out-Null"],
	["if ($a) { '1' } else { '2' } # ? : && ||"],
	["'a ? b && c', \"`$x `n\" | ForEach-Object { $_ }"],
	["$a = 0x1f + 5kb + 1.5 + 10L + 0xabcd"],
	["Set-StrictMode -Version 3; Set-PSDebug -Off"],
	["Get-Item -LiteralPath x -ErrorAction SilentlyContinue"],
	["& $a 1 2; & 'C:\\Windows\\System32\\sc.exe' query x; & { 1 }; . $b"],
	["$a = @{ AppendJoin = 1 }; $a.AppendJoin; $a.Anything = 2; $b.Anything"],
	[
		"[System.IO.File]::Replace('a', 'b', 'c'); [System.IO.File]::WriteAllBytes('a', $b); [IO.Path]::Combine('a', 'b', 'c', 'd', 'e')",
	],
	["$a = New-Object 'System.Collections.Generic.List[string]'; $a.Add('x'); $a.Count; $a.ToArray().Length"],
	[
		"[System.Collections.Generic.List[string]]::new(); [int[]]::new(5); [ref]$a; [ordered]@{ b = 1 }; [pscustomobject]@{ c = 1 }",
	],
	["function F { [CmdletBinding()] param([Parameter(Mandatory = $true)][ValidateSet('a', 'b')][string]$x) $x }"],
	["Set-Content -LiteralPath x -Value y -Encoding ascii; Get-Content -LiteralPath x -Encoding Unicode"],
	["& $a > $null"],
	["Invoke-WebRequest -UseBasicParsing -Uri $a | Out-Null"],
	["@(Get-Item -LiteralPath x).Count; $a = @(Get-Item -LiteralPath x); $a.Count"],
	[
		"$a.StartsWith('b', [System.StringComparison]::Ordinal); $a.IndexOf([char]10, 3); $a -lt 5; [string]::CompareOrdinal($a, $b)",
	],
	["$a.Split([char]9); $a.Split(','); $a.Split([char[]]@(9, 10), 3); $a.TrimEnd('/'); $a.Trim(); $a.TrimEnd()"],
	["try { } catch [System.IO.IOException] { $_.Exception.HResult }"],
	["(Get-FileHash -LiteralPath x).Hash"],
];

describe("the lint for 5.1", needs(pwsh), () => {
	const all = [...wrong.map(([, ...script]) => script), ...right].map(
		([text, more], index): Lint51Script => ({ path: `${index}.ps1`, text, ...more }),
	);
	let findings: readonly Lint51Finding[] = [];
	const of = (index: number) => findings.filter(({ path }) => path === `${index}.ps1`);

	beforeAll(() => {
		findings = lint51(all);
	});

	test.each(wrong.map((row, index) => [index, ...row] as const))("%i finds %s: %j", (index, rule, text) => {
		expect(new Set(of(index).map((one) => one.rule))).toEqual(new Set([rule]));
		expect(of(index)[0]?.line).toBeLessThanOrEqual(text.split("\n").length);
	});

	test.each(right.map(([text], index) => [wrong.length + index, text] as const))("%i lets pass: %j", (index) => {
		expect(of(index)).toEqual([]);
	});

	test("every rule has a script that breaks it", () => {
		expect(new Set(wrong.map(([rule]) => rule))).toEqual(new Set(Object.keys(lintRules)));
	});

	test("a function is known in the scripts of its program only", () => {
		const calls = { path: "calls.ps1", text: "Get-Thing" };
		const has = { path: "has.ps1", text: "function Get-Thing { }" };
		expect(lint51([calls, has])).toMatchObject([{ path: "calls.ps1", rule: "command" }]);
		expect(lint51([calls, has].map((one) => ({ ...one, program: "both" })))).toEqual([]);
	});
});
