/**
 * What an admin of Intune gets: the shell script to put the token into, the custom attribute that reports, the uninstall script, their
 * JSON for Microsoft Graph, and the page of steps.
 *
 * Sources: https://learn.microsoft.com/intune/device-management/tools/run-shell-scripts-macos (menus, limits, frequency, groups, proxies),
 * https://learn.microsoft.com/intune/app-management/deployment/management-agent-macos (the agent's check-in, and how to hurry it),
 * https://learn.microsoft.com/graph/api/resources/intune-devices-deviceshellscript (fields).
 */
import type { Data, Guide, Kit, KitFacts, Limit, Payload } from "../kit.ts";
import { TOKEN_PLACEHOLDER } from "../vehicle.ts";

const NAME = "Crossfade: install";
const REMOVAL = "Crossfade: uninstall";
const ATTRIBUTE = "Crossfade token";
const GRAPH = "https://graph.microsoft.com/beta/deviceManagement";

/** https://learn.microsoft.com/intune/device-management/tools/run-shell-scripts-macos: less than 1 MB. */
const limits: readonly Limit[] = [
	{
		max: 1_000_000,
		unit: "bytes",
		source: "https://learn.microsoft.com/intune/device-management/tools/run-shell-scripts-macos",
	},
];

export const kit: Kit = {
	scripts: [
		{ path: "install.sh", action: "install", body: "sh", purpose: "the shell script", limits },
		{ path: "custom-attribute.sh", action: "report", body: "sh", purpose: "the custom attribute", limits },
		{ path: "uninstall.sh", action: "uninstall", body: "sh", purpose: "removes everything that was installed", limits },
	],
	payloads,
	guide,
};

/** Sets every field, because the defaults of the portal and of Graph differ. */
function payloads({ provider }: KitFacts): Payload[] {
	const script = (displayName: string, embed: string, description: string): Payload["data"] => ({
		"@odata.type": "#microsoft.graph.deviceShellScript",
		displayName,
		description,
		scriptContent: { embed, as: "base64" },
		fileName: embed,
		runAsAccount: "system",
		executionFrequency: "PT1H",
		retryCount: 3,
		blockExecutionNotifications: true,
		roleScopeTagIds: ["0"],
	});
	const attribute: { readonly [key: string]: Data } = {
		"@odata.type": "#microsoft.graph.deviceCustomAttributeShellScript",
		customAttributeName: ATTRIBUTE,
		customAttributeType: "string",
		displayName: ATTRIBUTE,
		description: "Fingerprint of the token that the AI CLIs on this Mac send with.",
		scriptContent: { embed: "custom-attribute.sh", as: "base64" },
		fileName: "custom-attribute.sh",
		runAsAccount: "system",
		roleScopeTagIds: ["0"],
	};
	return [
		{
			path: "deviceShellScript.json",
			format: "json",
			purpose: `POST ${GRAPH}/deviceShellScripts`,
			data: script(NAME, "install.sh", `Sends telemetry of AI CLIs to ${provider}.`),
		},
		{
			path: "deviceCustomAttributeShellScript.json",
			format: "json",
			purpose: `POST ${GRAPH}/deviceCustomAttributeShellScripts`,
			data: attribute,
		},
		{
			path: "uninstall-deviceShellScript.json",
			format: "json",
			purpose: `POST ${GRAPH}/deviceShellScripts`,
			data: script(REMOVAL, "uninstall.sh", "Removes what the install script set."),
		},
	];
}

const settings = [
	["Run script as signed-in user", "No"],
	["Hide script notifications on devices", "Yes"],
	["Script frequency", "Every 1 hour"],
	["Max number of times to retry if script fails", "3 times"],
] as const;

function guide(): Guide {
	return {
		before: [
			"You need an Intune role with the permission *Device configurations*, and Macs with macOS 12 or later. Intune installs its management agent on a Mac with the first script that is assigned to it.",
			"The agent needs a direct connection to the internet: Microsoft does not support scripts on Macs behind a proxy.",
			"Intune has no parameter field for macOS scripts, so the token has to be in the file, and *embedded* is the only mode. Do not put it into a configuration profile: Microsoft advises against secrets there, a profile cannot tell one Mac from another in what it sends, and a CLI that takes its managed settings from one source only would ignore the ones you have elsewhere.",
			"Do not put this script into an unmanaged PKG: its pre-install and post-install scripts must be shorter than 15,360 characters, and these files are longer.",
		],
		install: [
			{
				text: `Create the copy with the token: \`crossfade mdm -v intune --token file:new.token --out intune\`. Or copy \`install.sh\` to \`install.secret.sh\`, replace \`${TOKEN_PLACEHOLDER}\` with the token in an editor, and do not share that copy. The script refuses to run while it contains the placeholder.`,
				commands: ["cp install.sh install.secret.sh && chmod 600 install.secret.sh"],
			},
			{
				text: "Intune admin center, Devices, By platform, macOS, Manage devices, Scripts, Add:",
				fields: [["Name", NAME], ["Upload script", "`install.secret.sh`"], ...settings],
			},
			{
				text: "Choose a short frequency: it adds to the time a new token takes to arrive. A run that finds nothing to do changes nothing. With *Not configured* the script runs only once, whatever happens to the files on the Mac.",
			},
			{
				text: "Assign it to a device group with one test Mac first. A script that is assigned to a user group runs for any user who signs in to the Mac.",
			},
			{
				text: "Devices, By platform, macOS, Organize devices, Custom attributes for macOS, Add:",
				fields: [
					["Name", ATTRIBUTE],
					["Data type of attribute", "String"],
					["Script", "`custom-attribute.sh`"],
				],
			},
			{ text: "Assign the custom attribute to the same group." },
			{
				text: "Or create both through Graph. Put the line `Authorization: Bearer YOUR_ACCESS_TOKEN` into the file `graph.header`, and generate this folder with `--token`, which writes `deviceShellScript.secret.json`:",
				commands: [
					post("deviceShellScripts", "deviceShellScript.secret.json"),
					post("deviceCustomAttributeShellScripts", "deviceCustomAttributeShellScript.json"),
				],
			},
		],
		test: [
			{
				text: "On the test Mac open Company Portal, choose the device, then *Check status*. *Sync* in the admin center does not make the agent check in.",
			},
			{
				text: "Or end the agent, which starts again at once and checks in (Microsoft's documented way, not verified here):",
				commands: ["sudo killall IntuneMdmAgent"],
			},
			{
				text: "In the script's Device status the Mac shows *Success*. In the custom attribute its line begins with `crossfade ok`.",
			},
			{ text: "Then assign both to everyone. An assignment through Graph replaces all existing assignments." },
		],
		report: [
			{
				text: `Devices, By platform, macOS, Organize devices, Custom attributes for macOS, *${ATTRIBUTE}*, Device status: the column *Result* has the line. It is updated every 8 hours and shows at most 20 KB.`,
			},
			{
				text: "Filter the column for `crossfade refused`: on these Macs a person has to look at a file. Intune runs the script on them again and again, and it changes nothing there.",
			},
			{ text: "Export the list as CSV and pass it to `crossfade report --inventory`." },
			{
				text: "A custom attribute cannot start the script; the script's own frequency repairs a drifted Mac.",
			},
		],
		rotate: [
			{
				text: "Create a new `install.secret.sh` with the new token, open the script, Properties, and upload it in place of the old one. The custom attribute does not change.",
			},
			{
				text: "Macs that are asleep come later, and Intune refreshes unchanged results once a week only: where the provider lets you choose, keep the old token for 7 days or more.",
			},
		],
		delay: [
			["agent check-in, separate from MDM sync", "up to 8 hours"],
			["then the frequency of the script", "up to 1 hour"],
			["to speed up one Mac", "Company Portal, Check status; or `sudo killall IntuneMdmAgent`"],
		],
		worstHours: 9,
		uninstall: [
			{ text: `Unassign the script *${NAME}*. This alone does not change the Macs.` },
			{
				text: `Add \`uninstall.sh\` as a second script *${REMOVAL}* with the same settings, and assign it to the Macs to clean, never to all devices while the other script is assigned.`,
			},
			{ text: "Unassign it when the custom attribute shows `crossfade absent`." },
		],
		exposure: [
			[
				"the script in the admin center and in Graph",
				"anyone whose role can read scripts: contents stay viewable after the upload",
			],
			[
				"logs and database of the agent on the Mac",
				"administrators of the Mac; *Collect logs* uploads the log folders, which are kept for 30 days",
			],
			[
				"backups and exports of the tenant",
				"anyone who can read them: tools that document Intune export script bodies",
			],
			["process list of the Mac", "nobody: nothing is passed as an argument"],
			["output, custom attribute", "nobody: only the fingerprint is printed"],
		],
		traps: [
			"With *Run script as signed-in user: Yes* the script runs for every signed-in user in parallel, without root: it cannot write files for the machine and exits 2. If you need this, generate the files with `--scope user`.",
			"The script also runs after a restart and when the agent loses its cache. That is harmless: a second run changes nothing.",
			"Whether an edited script with frequency *Not configured* runs again is not documented.",
			"Microsoft advises against secrets in scripts. An ingest token can only send and can be replaced within a day; still, use one for this purpose only.",
		],
		unverified: [
			"How much of a script's text the agent writes to its own logs.",
			"Whether custom attributes can feed dynamic groups.",
			"The Graph requests follow the published schemas and were never sent to a tenant.",
		],
	};
}

/** Sends a payload with curl, which reads the credential from a file; arguments show in the process list. */
function post(path: string, file: string): string {
	return `curl -fsS -H @graph.header -H 'Content-Type: application/json' --data-binary @${file} ${GRAPH}/${path}`;
}
