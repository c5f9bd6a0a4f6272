import type { Data, Guide, Kit, KitFacts, Limit, Payload } from "../kit.ts";
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER } from "../vehicle.ts";

const SCRIPT = "Crossfade: install";
const REMOVAL = "Crossfade: uninstall";
const ATTRIBUTE = "Crossfade token";
const GROUP = "Crossfade: token not current";
/** What the report line of a machine that is as it should be begins with. */
const CURRENT = `crossfade ok fp=${FINGERPRINT_PLACEHOLDER}`;

/** Labels of the parameters. They belong to the script; the values belong to the policy. */
const LABELS = {
	parameter4: "TOKEN",
	parameter5: "ENDPOINT (may stay empty)",
	parameter6: "CLIS (may stay empty)",
	parameter7: "OPTIONS (may stay empty)",
};

/** Jamf publishes no limit for scripts and attributes; this is what the databases behind it are known to hold without trouble. */
const limits: readonly Limit[] = [{ max: 500_000, unit: "bytes", source: "no published limit; an assumption of ours" }];

export const kit: Kit = {
	scripts: [
		{
			path: "install.sh",
			action: "install",
			body: "sh",
			purpose: "the script that the policy runs",
			limits,
		},
		{ path: "ea.sh", action: "report", body: "sh", purpose: "the extension attribute", limits },
		{ path: "uninstall.sh", action: "uninstall", body: "sh", purpose: "takes everything of ours away again", limits },
	],
	payloads,
	guide,
};

function payloads({ mode, provider }: KitFacts): Payload[] {
	const script = (name: string, embed: string, info: string, labels: Data = {}): Payload["data"] => ({
		name,
		info,
		notes: "Made by otel-crossfade.",
		priority: "AFTER",
		...(labels as object),
		osRequirements: "",
		scriptContents: { embed, as: "text" },
	});
	const value = mode === "param" ? { parameter4: TOKEN_PLACEHOLDER } : {};
	return [
		{
			path: "script.json",
			format: "json",
			purpose: "POST /api/v1/scripts, with the labels of the parameters",
			data: script(SCRIPT, "install.sh", `Sends telemetry of AI CLIs to ${provider}.`, mode === "param" ? LABELS : {}),
		},
		{
			path: "uninstall-script.json",
			format: "json",
			purpose: "POST /api/v1/scripts",
			data: script(REMOVAL, "uninstall.sh", "Takes away what the install script set."),
		},
		{
			path: "ea.json",
			format: "json",
			purpose: "POST /api/v1/computer-extension-attributes",
			data: {
				name: ATTRIBUTE,
				description: "Which token the AI CLIs of this computer send with, as a fingerprint.",
				dataType: "STRING",
				inventoryDisplayType: "EXTENSION_ATTRIBUTES",
				inputType: "SCRIPT",
				enabled: true,
				scriptContents: { embed: "ea.sh", as: "text" },
			},
		},
		{
			path: "smart-group.xml",
			format: "xml",
			purpose: "POST /JSSResource/computergroups/id/0: the computers that the policy is for",
			data: {
				computer_group: {
					name: GROUP,
					is_smart: true,
					criteria: {
						size: 2,
						criterion: [criterion(0, CURRENT), criterion(1, "crossfade absent")],
					},
				},
			},
		},
		policy("policy.xml", SCRIPT, "Ongoing", { computer_groups: { computer_group: { name: GROUP } } }, value),
		policy("uninstall-policy.xml", REMOVAL, "Once per computer", { all_computers: false }, {}),
	];
}

function criterion(priority: number, value: string): Data {
	return { name: ATTRIBUTE, priority, and_or: "and", search_type: "not like", value };
}

/** Off until somebody turns it on: an upload alone changes no computer. */
function policy(path: string, name: string, frequency: string, scope: Data, values: object): Payload {
	return {
		path,
		format: "xml",
		purpose: "POST /JSSResource/policies/id/0: turned off until you turn it on",
		data: {
			policy: {
				general: { name, enabled: false, trigger_checkin: true, frequency },
				scope,
				scripts: { size: 1, script: [{ name, priority: "After", ...values }] },
				maintenance: { recon: true },
			},
		},
	};
}

function guide({ mode }: KitFacts): Guide {
	const param = mode === "param";
	return {
		before: [
			"You need a Jamf Pro account that may create scripts, policies, smart computer groups and extension attributes.",
			param
				? "Jamf cuts parameter values at 255 characters without a word. The script refuses a token of 255 characters or more; shorter than 200 is safe."
				: "In this mode the token is in the script and not in a parameter: no local account sees it in the process list, and there is no limit of 255 characters. Whoever may read scripts in Jamf Pro can read it.",
			"By hand you paste `install.sh`, `ea.sh` and `uninstall.sh`; the `.json` and `.xml` files are the same for the API. AutoPkg users: none of the scripts holds a word between two per cent signs, so nothing in them is replaced.",
		],
		install: [
			...(param ? [] : [filled]),
			{
				text: "Settings, Computer management, Scripts, New:",
				fields: [
					["Display Name", SCRIPT],
					["Script contents", `all of \`${param ? "install.sh" : "install.secret.sh"}\``],
					["Priority", "After"],
					...(param ? Object.entries(LABELS).map(labelField) : []),
				],
			},
			{
				text: "Settings, Computer management, Extension attributes, New:",
				fields: [
					["Display Name", ATTRIBUTE],
					["Data Type", "String"],
					["Inventory Display", "Extension Attributes"],
					["Input Type", "Script"],
					["Script", "all of `ea.sh`"],
				],
			},
			{
				text: `Computers, Smart Computer Groups, New, with two criteria joined by *and*. Put the fingerprint of your token where \`${FINGERPRINT_PLACEHOLDER}\` stands:`,
				fields: [
					["Display Name", GROUP],
					[`${ATTRIBUTE}, not like`, `\`${CURRENT}\``],
					[`${ATTRIBUTE}, not like`, "`crossfade absent`"],
				],
			},
			{
				text: "Computers, Policies, New:",
				fields: [
					["Display Name", SCRIPT],
					["Enabled", "off until the test below went well"],
					["Trigger", "Recurring Check-in"],
					["Execution Frequency", "Ongoing"],
					["Scripts", `${SCRIPT}, Priority After`],
					...(param
						? ([["Parameter Values, TOKEN", `the token itself, in place of \`${TOKEN_PLACEHOLDER}\``]] as const)
						: []),
					["Maintenance", "Update Inventory"],
					["Scope", `the smart group *${GROUP}*`],
				],
			},
			{
				text: "Choose *Ongoing* and not *Once per computer*: a policy that runs once does not run again after you changed the token, until its log is flushed. *Ongoing* runs at every check-in for the computers in the group, and *Update Inventory* takes them out of the group.",
			},
		],
		test: [
			{
				text: "On one Mac, as an administrator, update the inventory: the computer gets into the smart group.",
				commands: ["sudo jamf recon"],
			},
			{
				text: "Restrict the scope of the policy to that Mac, turn the policy on, and let it run:",
				commands: ["sudo jamf policy"],
			},
			{
				text: "Look at the policy log of the Mac: the last line is the report line, and it begins with `crossfade ok`.",
			},
			{
				text: "Copy the fingerprint after `fp=` from it and compare it with the one in the smart group. Then widen the scope.",
			},
		],
		report: [
			{
				text: `In the inventory of a computer, under Extension Attributes: *${ATTRIBUTE}*. Add it as a column to a search, export that as CSV, and give it to \`crossfade report --inventory\`.`,
			},
			{
				text: "The value is as old as the last inventory update. The attribute gets no parameters: it compares with what the files here were made for.",
			},
		],
		rotate: [
			{
				text: param
					? `In the policy *${SCRIPT}*, Scripts, change the value of the parameter TOKEN. The script stays as it is.`
					: "Put the new token into a new copy of `install.sh` and replace the contents of the script.",
			},
			{
				text: `In the smart group *${GROUP}*, change the fingerprint to that of the new token. Without this no computer gets into the group.`,
			},
		],
		delay: [
			["Jamf, Ongoing and smart group", "one check-in: 5, 15, 30 or 60 minutes, as set in your tenant"],
			["a Mac with a changed file, whose attribute is stale", "plus one inventory update"],
			["to hurry one computer", "`sudo jamf recon`, then `sudo jamf policy` (not verified here)"],
		],
		worstHours: 1,
		uninstall: [
			{
				text: `Turn off or delete the policy *${SCRIPT}*, or exclude the computers from its scope. Else it puts everything back.`,
			},
			{
				text: `Make a script and a policy of \`uninstall.sh\` in the same way, with Execution Frequency *Once per computer*, for the computers to be cleaned.`,
			},
			{ text: "It removes only what the install script set, and exits 0 where nothing is." },
		],
		exposure: [
			...(param
				? ([
						[
							"process list of the Mac, while the script runs (seconds)",
							"every local account: Jamf passes parameter values as arguments, and `ps` shows them. The script cannot prevent it",
						],
						["the policy in Jamf Pro and in its API", "everybody with the right to read policies, in clear text"],
						[
							"Terraform state and verbose upload tools",
							"whoever reads them: parameter values are not marked as secret there",
						],
					] as const)
				: ([
						["the script in Jamf Pro and in its API", "everybody with the right to read scripts, in clear text"],
						["the temporary copy on the Mac, while it runs", "root only"],
						["backups and exports of scripts", "whoever reads them: keep the copy with the token out of Git"],
					] as const)),
			["the policy log", "nobody: the script prints the fingerprint alone"],
		],
		traps: [
			"A value typed into the label of a parameter is published as a label, and the script gets nothing. Labels are on the script, values on the policy.",
			"If parameter 4 is the word TOKEN, the script says so and exits 11.",
			"Parameters 5 to 7 are for trials: the extension attribute does not get them and would report drift. For a lasting choice run `crossfade mdm` again with `--endpoint`, `--cli` or `--helper` and replace all scripts.",
			"A computer whose Codex daemon still has the old token reports drift and stays in the group. Put the word restart into OPTIONS, or wait until the daemon ends.",
			"Anything that is not *ok* with this fingerprint gets into the group, a computer that never reported included. Only computers without any of the CLIs are left out.",
		],
		unverified: [
			"Whether *not like* also finds computers whose attribute is still empty. If the test Mac does not get into the group before its first inventory, run `sudo jamf recon` on it.",
			"Limits of the size of scripts and of the length of extension attributes: none are published.",
			"Whether verbose logging of the jamf program prints parameters.",
			"The requests for the API were made from the published schemas and were never sent to a Jamf Pro server.",
		],
	};
}

const filled = {
	text: "Make the copy with the token: `crossfade mdm -v jamf --mode embedded --token file:new.token --out jamf` does it. Or copy `install.sh` to `install.secret.sh`, with an editor put the token in place of `@TOKEN@`, and keep that copy to yourself.",
	commands: ["cp install.sh install.secret.sh && chmod 600 install.secret.sh"],
};

function labelField([parameter, label]: [string, string]): readonly [string, string] {
	return [`Options, Parameter ${parameter.slice("parameter".length)}`, label];
}
