/**
 * What an admin of Intune gets for Windows: the detection and the remediation, the uninstall as a platform script, their JSON for Microsoft
 * Graph, the package of a Win32 app, and the pages of steps.
 *
 * Sources: https://learn.microsoft.com/intune/intune-service/fundamentals/remediations (menus, licences, schedule, output),
 * https://learn.microsoft.com/intune/intune-service/apps/powershell-scripts (platform scripts and their size),
 * https://learn.microsoft.com/intune/app-management/deployment/add-win32 (Win32 apps: fields, detection, 32-bit commands, 24 hours, 50 KB for
 * a script as installer), https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript and
 * https://learn.microsoft.com/graph/api/resources/intune-shared-devicemanagementscript (fields),
 * https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscriptassignment (assignment and schedule).
 */
import type { Data, Guide, Kit, KitFacts, Limit, Page, Payload } from "../kit.ts";
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER } from "../vehicle.ts";
import { run, seenInText, trapsOfWindows, unseenOnWindows } from "../windows.ts";
import { command, intuneWin, requiredFor, win32LobApp } from "./package.ts";

const NAME = "Crossfade: token";
const REMOVAL = "Crossfade: uninstall";
const GRAPH = "https://graph.microsoft.com/beta/deviceManagement";
const APPS = "https://graph.microsoft.com/v1.0/deviceAppManagement/mobileApps";

/** https://learn.microsoft.com/intune/intune-service/apps/powershell-scripts: less than 200 KB; none is given for remediations. */
const limits: readonly Limit[] = [
	{ max: 200_000, unit: "bytes", source: "https://learn.microsoft.com/intune/intune-service/apps/powershell-scripts" },
];

export const kit: Kit = {
	scripts: [
		{ path: "detect.ps1", action: "report", body: "ps1", purpose: "the detection script, which reports", limits },
		{ path: "remediate.ps1", action: "install", body: "ps1", purpose: "the remediation script", limits },
		{
			path: "uninstall.ps1",
			action: "uninstall",
			body: "ps1",
			purpose: "removes everything that was installed",
			limits,
		},
	],
	payloads,
	packages: [
		{
			path: "crossfade.intunewin",
			purpose: "the package of a Win32 app, with `remediate.ps1`, the token in it, and `uninstall.ps1`",
			scripts: ["remediate.ps1", "uninstall.ps1"],
			caution: "crossfade.secret.intunewin is encrypted, but its keys are in it: who has the file has the token",
			pack: intuneWin,
		},
	],
	guide,
	pages: () => ({ "steps/win32-app.md": win32App, "steps/platform-script.md": platformScript }),
};

const PLATFORM = "Crossfade: install once";
/** Sets every field, because the defaults of the portal and of Graph differ. */
function payloads({ provider }: KitFacts): Payload[] {
	const common: { readonly [key: string]: Data } = {
		runAsAccount: "system",
		enforceSignatureCheck: false,
		runAs32Bit: false,
		roleScopeTagIds: ["0"],
	};
	const platform = (displayName: string, embed: string, description: string): Data => ({
		"@odata.type": "#microsoft.graph.deviceManagementScript",
		displayName,
		description,
		scriptContent: { embed, as: "base64" },
		fileName: embed,
		...common,
	});
	return [
		{
			path: "deviceHealthScript.json",
			format: "json",
			purpose: `POST ${GRAPH}/deviceHealthScripts`,
			data: {
				"@odata.type": "#microsoft.graph.deviceHealthScript",
				displayName: NAME,
				description: `Sends telemetry of AI CLIs to ${provider}.`,
				publisher: "otel-crossfade",
				detectionScriptContent: { embed: "detect.ps1", as: "base64" },
				remediationScriptContent: { embed: "remediate.ps1", as: "base64" },
				...common,
			},
		},
		{
			path: "deviceHealthScriptAssignments.json",
			format: "json",
			purpose: `POST ${GRAPH}/deviceHealthScripts/ID/assign, with your group and filter`,
			data: {
				deviceHealthScriptAssignments: [
					{
						"@odata.type": "#microsoft.graph.deviceHealthScriptAssignment",
						target: {
							"@odata.type": "#microsoft.graph.groupAssignmentTarget",
							deviceAndAppManagementAssignmentFilterId: "FILTER_ID",
							deviceAndAppManagementAssignmentFilterType: "include",
							groupId: "GROUP_ID",
						},
						runRemediationScript: true,
						runSchedule: { "@odata.type": "#microsoft.graph.deviceHealthScriptHourlySchedule", interval: 1 },
					},
				],
			},
		},
		{
			path: "deviceManagementScript.json",
			format: "json",
			purpose: `POST ${GRAPH}/deviceManagementScripts, in place of the remediation`,
			data: platform(PLATFORM, "remediate.ps1", `Sends telemetry of AI CLIs to ${provider}.`),
		},
		{
			path: "uninstall-deviceManagementScript.json",
			format: "json",
			purpose: `POST ${GRAPH}/deviceManagementScripts`,
			data: platform(REMOVAL, "uninstall.ps1", "Removes what the remediation set."),
		},
		{
			path: "win32LobApp.json",
			format: "json",
			purpose: `POST ${APPS}: the Win32 app without its package`,
			data: win32LobApp(NAME, `Sends telemetry of AI CLIs to ${provider}.`),
		},
		{
			path: "win32LobAppAssignments.json",
			format: "json",
			purpose: `POST ${APPS}/ID/assign, with your group`,
			data: requiredFor("GROUP_ID"),
		},
	];
}

const settings = [
	["Run this script using the logged-on credentials", "No"],
	["Enforce script signature check", "No"],
	["Run script in 64-bit PowerShell", "Yes"],
] as const;

function guide(): Guide {
	return {
		before: [
			"You need an Intune role that may change *Remediations*, and Windows devices that are joined to Microsoft Entra (also hybrid) with a licence for remediations: Windows Enterprise E3 or E5, Education A3 or A5, or VDA.",
			"Without such a licence, or to configure a machine before its first sign-in, use the Win32 app of `steps/win32-app.md`; `steps/platform-script.md` is for a single run. The rest of this page is about the remediation.",
			"Intune has no field for a secret parameter, so the token has to be in the file, and *embedded* is the only mode.",
			"A policy that makes PowerShell log every script block (*Turn on PowerShell Script Block Logging*) writes the whole script to the event log of each machine, and the token with it. Without such a policy nothing of it is logged: no word in these files makes PowerShell log them by itself.",
		],
		install: [
			{
				text: `Create the copy with the token: \`crossfade mdm -v intune-windows --token file:new.token --out intune-windows\`. Do not edit \`remediate.ps1\` by hand: \`${TOKEN_PLACEHOLDER}\` may stand only where that command puts the token, and it breaks up a token in which a word stands that PowerShell logs. The command also replaces \`${FINGERPRINT_PLACEHOLDER}\` in \`detect.ps1\`, by which the detection tells the new token from the old one.`,
			},
			{
				text: "Intune admin center, Devices, Manage devices, Scripts and remediations, Remediations, Create:",
				fields: [
					["Name", NAME],
					["Detection script file", "`detect.ps1`"],
					["Remediation script file", "`remediate.secret.ps1`"],
					...settings,
				],
			},
			{
				text: "Assign it to a device group with one test machine first, schedule *Hourly*, every 1 hour. A device filter keeps servers and shared machines out. Remediations do not run while Autopilot shows its enrollment page.",
			},
			{
				text: "Or create it through Graph. Put the line `Authorization: Bearer YOUR_ACCESS_TOKEN` into the file `graph.header`, and generate this folder with `--token`, which writes `deviceHealthScript.secret.json`:",
				commands: [post("deviceHealthScripts", "deviceHealthScript.secret.json")],
			},
			{
				text: "Assign what you created through Graph: copy `deviceHealthScriptAssignments.json` to a file named assignments. Put the object ID of a device group with one test machine in the place of GROUP_ID, that of a device filter in the place of FILTER_ID (or remove both lines of the filter), and into the address the id that the first request returned. An assignment through Graph replaces all existing ones: for the pilot group, and then for everyone, send it again with the other group.",
				commands: [post("deviceHealthScripts/ID/assign", "assignments")],
			},
		],
		test: [
			{
				text: "Devices, choose the test machine, *Run remediation (preview)*, choose the remediation. Or restart the service *Microsoft Intune Management Extension* on it.",
			},
			{
				text: "In the remediation's Device status, column *Post-remediation detection output*, its line begins with `crossfade ok`. On the machine, as administrator:",
				commands: [run(".\\detect.ps1")],
			},
			{ text: "Then assign it to a pilot group, and after a day to everyone." },
		],
		report: [
			{
				text: "Devices, Manage devices, Scripts and remediations, the remediation, Device status: *Pre-remediation detection output* has the line, *Detection status* whether it found an issue. At most 2,048 characters are kept; the line has less than 400.",
			},
			{
				text: "A machine with `crossfade refused` shows *Recurred*: a person has to look at a file. The remediation runs there again and again, and changes nothing.",
			},
			{ text: "Export the list as CSV and pass it to `crossfade report --inventory`." },
		],
		rotate: [
			{
				text: "Generate the folder anew with the new token, open the remediation, Properties, Settings, and upload both `detect.ps1` and `remediate.secret.ps1`. The detection has the new fingerprint and finds an issue wherever the old token is.",
			},
			{
				text: "Machines that are asleep come later, and Intune refreshes unchanged results once a week only: where the provider lets you choose, keep the old token for 7 days or more.",
			},
		],
		delay: [
			["the agent fetches changed remediations", "up to 8 hours, and when it starts"],
			["then the schedule of the remediation", "up to 1 hour"],
			["to speed up one machine", "Run remediation; or restart the service Microsoft Intune Management Extension"],
		],
		worstHours: 9,
		uninstall: [
			{ text: `Unassign the remediation *${NAME}*. This alone does not change the machines.` },
			{
				text: `Devices, Manage devices, Scripts and remediations, Platform scripts, Add, Windows 10 and later: *${REMOVAL}* with \`uninstall.ps1\` and the same three settings, or send \`uninstall-deviceManagementScript.json\` to Graph. Assign it to the machines to clean, never while the remediation is assigned to them. It runs once, and up to three times if it fails.`,
			},
			{ text: "Unassign it when its Device status shows *Success* everywhere." },
		],
		exposure: [
			[
				"the script in the admin center and in Graph",
				"anyone whose role can read scripts: contents stay viewable after the upload",
			],
			[
				"files and logs of the agent on the machine (C:\\Windows\\IMECache, C:\\ProgramData\\Microsoft\\IntuneManagementExtension)",
				"administrators; older agents wrote the text of remediations into a log that users could read",
			],
			[
				"the package of the Win32 app, where it is used",
				"whoever has the file: its keys are in it. On the machine the agent unpacks it into a folder of its own while it installs",
			],
			...seenInText,
			[
				"backups and exports of the tenant",
				"anyone who can read them: tools that document Intune export script bodies",
			],
			[
				"process list, output, detection results",
				"nobody: nothing is passed as an argument, and only the fingerprint is printed",
			],
		],
		traps: [
			"With *Run this script using the logged-on credentials: Yes* the script cannot write files for the machine and exits 2. If you need this, generate the files with `--scope user`.",
			...trapsOfWindows,
			"Microsoft advises against secrets in scripts. An ingest token can only send and can be replaced within a day; still, use one for this purpose only.",
		],
		unverified: [
			...unseenOnWindows,
			"Intune itself: nothing was uploaded to a tenant, no package, script or Graph request.",
			"The form of the package is that of published ones; Microsoft documents only its tool, and the portal may warn that the package was made with an older version of it.",
			"The size that Intune takes for a detection script of an app.",
			"The size that Intune takes for a remediation; 200 KB is documented for platform scripts.",
			"The Graph requests follow the published schemas: none was sent. A Windows on ARM64 has no word of its own among the architectures of `win32LobApp.json`. Whether the admin center takes the package of a Win32 app that was made through Graph.",
		],
	};
}

/** Sends a payload with curl, which reads the credential from a file; arguments show in the process list. */
function curl(address: string, file: string): string {
	return `curl.exe -fsS -H @graph.header -H "Content-Type: application/json" --data-binary @${file} ${address}`;
}

const post = (path: string, file: string) => curl(`${GRAPH}/${path}`, file);

const win32App: Page = {
	title: "Microsoft Intune: Win32 app",
	steps: [
		{
			text: "Create the package with the token: `crossfade mdm -v intune-windows --token file:new.token --out intune-windows` writes `crossfade.secret.intunewin`. In it are `remediate.ps1` with the token, and `uninstall.ps1`. No package is made without a token.",
		},
		{
			text: "Intune admin center, Apps, All Apps, Create, Windows app (Win32):",
			fields: [
				["App package file", "`crossfade.secret.intunewin`"],
				["Name", NAME],
				["Publisher", "otel-crossfade"],
				["Installer type", "Command line"],
				["Install command", `\`${command("remediate.ps1")}\``],
				["Uninstall command", `\`${command("uninstall.ps1")}\``],
				["Installation time required", "60, the default"],
				["Allow available uninstall", "No"],
				["Install behavior", "System"],
				["Device restart behavior", "No specific action"],
				["Return codes", "add 12 as *Retry*; 0 is success, and what the table in STEPS.md has besides is a failure"],
			],
		},
		{
			text: "Requirements: the architectures and the oldest Windows that you manage. Detection rules, *Use a custom detection script*:",
			fields: [
				["Script file", "`detect.ps1` of the same folder, which has the fingerprint of the token"],
				["Run script as 32-bit process on 64-bit clients", "No"],
				["Enforce script signature check", "No"],
			],
		},
		{
			text: "Or create the app through Graph with these settings, and with `graph.header` as in STEPS.md. An id comes back. Open that app in the admin center, Properties, App information, and select the package there: Graph takes its content in several requests and an upload to a storage account, which are not written out here. Then assign it: copy `win32LobAppAssignments.json` to a file named assignments, with the object ID of a device group in the place of GROUP_ID, and put the id into the address.",
			commands: [curl(APPS, "win32LobApp.json"), curl(`${APPS}/ID/assign`, "assignments")],
		},
		{
			text: "Assignments, Required: a device group with one test machine first, then a pilot group, and after a day everyone. A device filter keeps servers and shared machines out.",
		},
		{
			text: "On the test machine, restart the service *Microsoft Intune Management Extension*. In the app's Device install status the machine shows *Installed*, and there, as administrator:",
			commands: [run(".\\detect.ps1")],
		},
		{
			text: "To have it before the first sign-in: Devices, Enrollment, Enrollment Status Page, *Block device use until required apps are installed*, and choose this app.",
		},
		{
			text: "To rotate, create the package anew with the new token. Open the app, Properties: select the new package under App information, and the new `detect.ps1` under Detection rules. Both: the old detection finds the old token and is content with it.",
		},
		{
			text: "To uninstall, assign the app with *Uninstall* to the machines to clean, and never *Required* to the same ones.",
		},
	],
	notes: [
		"Intune looks at a required app again within about 24 hours. That is as long as some providers accept an old token: rotate with the remediation of STEPS.md, or keep the old token for 7 days or more where the provider lets you choose.",
		"Never put the token into the install command: the agent writes it into its log, and it is in the process list. *PowerShell script* as the installer type takes at most 50 KB, and `remediate.ps1` has more.",
		"The command starts a 32-bit PowerShell, as Intune does it; the script goes on in the 64-bit one by itself. Environment variables do not work in the uninstall command.",
		"The detection is content where none of the CLIs is installed, so that such a machine is not a failed one; the same machine shows a failed uninstall, after which nothing is left to remove.",
		"The package is encrypted as Intune wants it, and its keys are in it: who has the file has the token. Delete it after the upload.",
		"Two ways at once, this app and the remediation, do no harm as long as both have the same token.",
	],
};

const platformScript: Page = {
	title: "Microsoft Intune: platform script",
	steps: [
		{
			text: "Create the copy with the token: `crossfade mdm -v intune-windows --token file:new.token --out intune-windows`.",
		},
		{
			text: "Devices, Manage devices, Scripts and remediations, Platform scripts, Add, Windows 10 and later:",
			fields: [["Name", PLATFORM], ["Script location", "`remediate.secret.ps1`"], ...settings],
		},
		{ text: "Assign it to a device group with one test machine first, then to the others." },
		{
			text: "Or create it through Graph, with `graph.header` as in STEPS.md:",
			commands: [post("deviceManagementScripts", "deviceManagementScript.secret.json")],
		},
		{
			text: "To rotate, replace the file by one with the new token: a script whose content changed runs again.",
		},
	],
	notes: [
		"It runs once, at most three times if it fails, and at most 30 minutes; then it does not repair what changes, and does not configure a CLI that is installed later. Prefer the remediation, or the Win32 app.",
		"The agent looks for scripts every 8 hours and when it starts. The portal shows only whether the script failed; the report line is in no column.",
		"A script that is assigned to devices runs once more for each new user who signs in, by what others measured. That is harmless: a second run changes nothing.",
	],
};
