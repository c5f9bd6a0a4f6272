import type { Data, Guide, Kit, KitFacts, Limit, Payload } from "../kit.ts";
import { TOKEN_PLACEHOLDER } from "../vehicle.ts";

const NAME = "Crossfade: install";
const REMOVAL = "Crossfade: uninstall";
const ATTRIBUTE = "Crossfade token";

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
		{ path: "uninstall.sh", action: "uninstall", body: "sh", purpose: "takes everything of ours away again", limits },
	],
	payloads,
	guide,
};

/** Every field that has a default is written out: defaults of the portal and of Graph differ. */
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
		description: "Which token the AI CLIs of this Mac send with, as a fingerprint.",
		scriptContent: { embed: "custom-attribute.sh", as: "base64" },
		fileName: "custom-attribute.sh",
		runAsAccount: "system",
		roleScopeTagIds: ["0"],
	};
	const post = "POST https://graph.microsoft.com/beta/deviceManagement";
	return [
		{
			path: "deviceShellScript.json",
			format: "json",
			purpose: `${post}/deviceShellScripts`,
			data: script(NAME, "install.sh", `Sends telemetry of AI CLIs to ${provider}.`),
		},
		{
			path: "deviceCustomAttributeShellScript.json",
			format: "json",
			purpose: `${post}/deviceCustomAttributeShellScripts`,
			data: attribute,
		},
		{
			path: "uninstall-deviceShellScript.json",
			format: "json",
			purpose: `${post}/deviceShellScripts`,
			data: script(REMOVAL, "uninstall.sh", "Takes away what the install script set."),
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
			"You need an Intune role that may manage shell scripts and custom attributes, and Macs with the Intune management agent.",
			"Intune has no field for a parameter of a macOS script. The token has to be in the file, so this folder has the mode *embedded* only. A configuration profile is no place for it either: every local account can read managed preferences.",
			"Do not put this script into an unmanaged PKG: its pre-install and post-install scripts must be shorter than 15,360 characters, and these files are longer.",
		],
		install: [
			{
				text: `Make the copy with the token: \`crossfade mdm -v intune --token file:new.token --out intune\` does it. Or copy \`install.sh\` to \`install.secret.sh\`, with an editor put the token in place of \`${TOKEN_PLACEHOLDER}\`, and keep that copy to yourself. The script refuses to run while the placeholder is in it.`,
				commands: ["cp install.sh install.secret.sh && chmod 600 install.secret.sh"],
			},
			{
				text: "Intune admin center, Devices, macOS, Scripts, Add:",
				fields: [["Name", NAME], ["Upload script", "`install.secret.sh`"], ...settings],
			},
			{
				text: "Choose a frequency, and a short one: it is part of the time that a changed token takes. A run that finds nothing to do changes nothing. With *Not configured* the script runs once and never again, whatever happens to the files on the Mac.",
			},
			{ text: "Assign it to a group with one test Mac first." },
			{
				text: "Devices, macOS, Custom attributes, Add:",
				fields: [
					["Name", ATTRIBUTE],
					["Data type of attribute", "String"],
					["Script", "`custom-attribute.sh`"],
				],
			},
			{ text: "Assign the custom attribute to the same group." },
		],
		test: [
			{
				text: "On the test Mac open Company Portal, choose the device, and *Check status*. The *Sync* of the portal does not start the agent.",
			},
			{
				text: "Or restart the agent there (a community recipe, not verified here):",
				commands: ["sudo launchctl kickstart -k system/com.microsoft.intuneMDMAgent.daemon"],
			},
			{
				text: "In the script's Device status the Mac shows *Success*. In the custom attribute its line begins with `crossfade ok`.",
			},
			{ text: "Then assign both to everybody. An assignment through Graph replaces all assignments that were there." },
		],
		report: [
			{
				text: `Devices, macOS, Custom attributes, *${ATTRIBUTE}*, Device status: the column *Result* holds the line. It is taken every 8 hours, and shows at most 20 KB.`,
			},
			{ text: "Export the list as CSV and give it to `crossfade report --inventory`." },
			{
				text: "A custom attribute cannot start the script. The script's own frequency repairs a drifted Mac.",
			},
		],
		rotate: [
			{
				text: "Make a new `install.secret.sh` with the new token, open the script, Properties, and upload it in place of the old one. Nothing else changes; the custom attribute stays as it is.",
			},
			{
				text: "Macs that are asleep come later, and Intune refreshes unchanged results once a week only. Let the old token live for 7 days or more.",
			},
		],
		delay: [
			["agent check-in, separate from MDM sync", "up to 8 hours"],
			["then the frequency of the script", "up to 1 hour"],
			["to hurry one Mac", "Company Portal, Check status; or restart the agent"],
		],
		worstHours: 9,
		uninstall: [
			{ text: `Unassign the script *${NAME}*. That alone undoes nothing on the Macs.` },
			{
				text: `Add \`uninstall.sh\` as a second script *${REMOVAL}* with the same settings, and assign it to the Macs to be cleaned, never to all devices while the other script is assigned.`,
			},
			{ text: "Unassign it when the custom attribute says `crossfade absent`." },
		],
		exposure: [
			[
				"the script in the admin center and in Graph",
				"everybody with a role that may read scripts: contents stay viewable after the upload",
			],
			[
				"logs and database of the agent on the Mac",
				"administrators of the Mac; *Collect logs* uploads the log folders, which are kept for 30 days",
			],
			["backups and exports of the tenant", "whoever reads them: tools that document Intune export script bodies"],
			["process list of the Mac", "nobody: nothing is passed as an argument"],
			["output, custom attribute", "nobody: the fingerprint alone is printed"],
		],
		traps: [
			"With *Run script as signed-in user: Yes* the script runs for every signed-in user, at the same time, without root: files for the machine cannot be written then, and it exits 2. Make the files with `--scope user` if you must.",
			"The script also runs after a restart, and when the agent lost its cache. That is harmless: it changes nothing the second time.",
			"Whether an edited script with frequency *Not configured* runs again is not documented.",
			"Microsoft asks admins to keep secrets out of scripts. An ingest token that can only send, and can be replaced in a day, is the least secret of secrets; still, use one for this purpose alone.",
		],
		unverified: [
			"What the agent writes into its own logs of a script's text.",
			"Whether custom attributes can feed dynamic groups.",
			"The requests for Graph were made from the published schemas and were never sent to a tenant.",
		],
	};
}
