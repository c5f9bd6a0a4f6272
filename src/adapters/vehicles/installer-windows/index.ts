/**
 * A developer's own Windows machine, without an MDM: `irm ADDRESS | iex`, `& ([scriptblock]::Create((irm ADDRESS))) -DryRun`, or the file.
 * It asks for the token without showing it, takes it from a file that a variable names, or, where it is a file, from standard input; it
 * configures the account it runs as and says each file before.
 *
 * Sources: https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/invoke-expression (text runs in the session, which an
 * exit ends), https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_execution_policies (what a file needs and
 * text does not), https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_language_modes (what text needs).
 */
import type { Vehicle } from "../vehicle.ts";

export const vehicle: Vehicle = {
	id: "installer-windows",
	title: "a developer's own machine",
	order: 65,
	language: "ps1",
	os: ["windows"],
	options: [
		"if ($env:CROSSFADE_ENDPOINT) { $run.Endpoint = [string]$env:CROSSFADE_ENDPOINT }",
		"$run.Options = @(([string]$env:CROSSFADE_OPTIONS).Split(' ')) + @(Get-Words $given)",
	],
	token: {
		param: [
			"if ($env:CROSSFADE_TOKEN_FILE) { Read-TokenFile }",
			"# What is run as text may stand in a program that has other things on standard input.",
			"elseif ([Console]::IsInputRedirected) { if ($SCRIPT_PATH) { Read-TokenInput } }",
			"else { Read-TokenPrompt }",
		],
	},
	tokenHint: { param: "set the variable CROSSFADE_TOKEN_FILE to the name of a file that holds it" },
	users: "self",
	scope: "user",
	says: true,
	line: { before: "", after: "" },
	codes: {},
	notes: [
		"Usage, in PowerShell 5.1 or newer; no administrator is needed:",
		"  irm ADDRESS | iex                                       asks for the token",
		"  & ([scriptblock]::Create((irm ADDRESS))) -DryRun        with options; so run, the exit code is in $LASTEXITCODE",
		"  powershell.exe -NoProfile -File install.ps1 -DryRun     a copy of the file",
		"Where the execution policy runs no files, the first two still work. Where AppLocker or App Control restricts the language, it ends with 13.",
		"Options as PowerShell has them work too: -DryRun, -Report, -Uninstall, -NoHost, -Endpoint URL, -Clis codex,gemini; also in the variables",
		"CROSSFADE_OPTIONS (words with blanks between) and CROSSFADE_ENDPOINT.",
		"It configures the account it runs as and downloads nothing. CLIs inside WSL are not looked at.",
		"Afterwards crossfade doctor, or this script with -Report, shows what each CLI uses.",
	],
	tokenNotes: [
		"The token is asked for and not shown, or comes from the file that CROSSFADE_TOKEN_FILE names; to a file also on standard input.",
		"Before it asks, it says which files it sets, where the data goes and what is sent. Tracing (Set-PSDebug) is off afterwards.",
	],
	sources: [
		"https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/invoke-expression",
		"https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_execution_policies",
		"https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_language_modes",
	],
};
