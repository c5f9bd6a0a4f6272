/**
 * Anything that can run a PowerShell script on Windows: an RMM, an MDM without a folder of its own, Group Policy, or a person. The token
 * comes in the variable TOKEN, which is removed at once, in a file that `token-file=` or CROSSFADE_TOKEN_FILE names, or on standard input.
 * Never as an argument: with process auditing the command line is in the event log, and these products keep it in their own logs.
 *
 * Sources: https://learn.microsoft.com/windows-server/identity/ad-ds/manage/component-updates/command-line-process-auditing (arguments in
 * event 4688), https://www.ninjaone.com/docs/endpoint-management/scripting-and-automation/automation-script-variable-types (variables),
 * https://docs.vmware.com/en/VMware-Workspace-ONE-UEM/services/Windows_Desktop_Device_Management/GUID-uemWindeskScripts.html,
 * https://jumpcloud.com/support/manage-variables, https://help.pdq.com/hc/en-us/articles/220509287-How-It-Works-PDQ-Deploy,
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-gpscr.
 */
import { TOKEN_PLACEHOLDER, type Vehicle } from "../vehicle.ts";

/** Makes an empty variable none: from .NET 9 on the empty text is a value. */
const gone = (name: string) => `[Environment]::SetEnvironmentVariable('${name}', [NullString]::Value)`;
const value = (name: string) => `[string][Environment]::GetEnvironmentVariable('${name}')`;

export const vehicle: Vehicle = {
	id: "generic-windows",
	title: "any MDM, RMM or policy for Windows",
	order: 55,
	family: "generic",
	language: "ps1",
	os: ["windows"],
	options: [
		"# First, so that no program started below inherits it.",
		`$run.Token = ${value("TOKEN")}`,
		gone("TOKEN"),
		`$endpoint = ${value("CROSSFADE_ENDPOINT")}`,
		"if ($endpoint -cne '') { $run.Endpoint = $endpoint }",
		`$words = @((${value("CROSSFADE_OPTIONS")}).Split(' ')) + $given`,
		gone("CROSSFADE_OPTIONS"),
		"$run.Options = @(foreach ($word in $words) {",
		"  if ([string]$word -cmatch '\\A(--)?token-file=') { $env:CROSSFADE_TOKEN_FILE = ([string]$word -creplace '\\A(--)?token-file=', '') }",
		"  elseif ([string]$word -cne '') { $word }",
		"})",
	],
	token: {
		param: ["if ($run.Token.Length -eq 0) { Read-TokenFile }", "if ($run.Token.Length -eq 0) { Read-TokenInput }"],
		embedded: [`$run.Token = '${TOKEN_PLACEHOLDER}'`],
	},
	tokenHint: { param: "set TOKEN, name its file with token-file=PATH, or write it to standard input" },
	users: "all",
	scope: "system",
	says: false,
	line: { before: "", after: "" },
	codes: {},
	notes: [
		"Run it as SYSTEM or as an administrator. Options come in CROSSFADE_OPTIONS or as arguments, the endpoint in CROSSFADE_ENDPOINT.",
	],
	tokenNotes: [
		"The token comes in the environment variable TOKEN, in the file named by token-file=PATH, or as the first line of standard input.",
		"Administrators can see a token in TOKEN while the script runs. Do not pass it as an argument: arguments are logged.",
	],
	sources: [
		"https://learn.microsoft.com/windows-server/identity/ad-ds/manage/component-updates/command-line-process-auditing",
		"https://www.ninjaone.com/docs/endpoint-management/scripting-and-automation/automation-script-variable-types",
		"https://docs.vmware.com/en/VMware-Workspace-ONE-UEM/services/Windows_Desktop_Device_Management/GUID-uemWindeskScripts.html",
		"https://jumpcloud.com/support/manage-variables",
		"https://help.pdq.com/hc/en-us/articles/220509287-How-It-Works-PDQ-Deploy",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-gpscr",
	],
};
