/**
 * What an admin of Intune gets for Windows: the detection and the remediation, the uninstall as a platform script, their JSON for Microsoft
 * Graph, and the page of steps.
 *
 * Sources: https://learn.microsoft.com/intune/intune-service/fundamentals/remediations (menus, licences, schedule, output),
 * https://learn.microsoft.com/intune/intune-service/apps/powershell-scripts (platform scripts and their size),
 * https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript and
 * https://learn.microsoft.com/graph/api/resources/intune-shared-devicemanagementscript (fields).
 */
import type { Data, Guide, Kit, KitFacts, Limit, Payload } from "../kit.ts";
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER } from "../vehicle.ts";
import { seenInText, trapsOfWindows, unseenOnWindows } from "../windows.ts";

const NAME = "Crossfade: token";
const REMOVAL = "Crossfade: uninstall";
const GRAPH = "https://graph.microsoft.com/beta/deviceManagement";

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
	guide,
};

/** Sets every field, because the defaults of the portal and of Graph differ. */
function payloads({ provider }: KitFacts): Payload[] {
	const common: { readonly [key: string]: Data } = {
		runAsAccount: "system",
		enforceSignatureCheck: false,
		runAs32Bit: false,
		roleScopeTagIds: ["0"],
	};
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
			path: "uninstall-deviceManagementScript.json",
			format: "json",
			purpose: `POST ${GRAPH}/deviceManagementScripts`,
			data: {
				"@odata.type": "#microsoft.graph.deviceManagementScript",
				displayName: REMOVAL,
				description: "Removes what the remediation set.",
				scriptContent: { embed: "uninstall.ps1", as: "base64" },
				fileName: "uninstall.ps1",
				...common,
			},
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
		],
		test: [
			{
				text: "Devices, choose the test machine, *Run remediation (preview)*, choose the remediation. Or restart the service *Microsoft Intune Management Extension* on it.",
			},
			{
				text: "In the remediation's Device status, column *Post-remediation detection output*, its line begins with `crossfade ok`. On the machine, as administrator:",
				commands: ["powershell -NoProfile -ExecutionPolicy RemoteSigned -File .\\detect.ps1"],
			},
			{ text: "Then assign it to a pilot group, and after a day to everyone." },
		],
		report: [
			{
				text: "Devices, Manage devices, Scripts and remediations, the remediation, Device status: *Pre-remediation detection output* has the line, *Detection status* whether it found an issue. At most 2,048 characters are kept; the line has less than 400.",
			},
			{
				text: "A machine with `crossfade refused` shows *Recurred*: a file has to be changed by a person. The remediation runs there again and again, and changes nothing.",
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
			"Intune itself: nothing was uploaded to a tenant.",
			"The size that Intune takes for a remediation; 200 KB is documented for platform scripts.",
			"The Graph requests follow the published schemas and were never sent to a tenant.",
		],
	};
}

/** Sends a payload with curl, which reads the credential from a file; arguments show in the process list. */
function post(path: string, file: string): string {
	return `curl.exe -fsS -H @graph.header -H "Content-Type: application/json" --data-binary @${file} ${GRAPH}/${path}`;
}
