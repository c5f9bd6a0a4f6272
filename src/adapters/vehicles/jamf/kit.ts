/**
 * What an admin of Jamf Pro gets: the policy's script, an extension attribute with a smart group for machines that are not current, the
 * uninstall script, their XML for the API, and the page of steps.
 *
 * Sources: https://learn.jamf.com/bundle/jamf-pro-documentation-current/page/Scripts.html, https://github.com/grahampugh/jamf-upload
 * (shape of the XML); limits have theirs beside them.
 */
import type { Data, Guide, Kit, KitFacts, Limit, Payload } from "../kit.ts";
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER } from "../vehicle.ts";

const SCRIPT = "Crossfade: install";
const REMOVAL = "Crossfade: uninstall";
const ATTRIBUTE = "Crossfade token";
const GROUP = "Crossfade: token not current";
const ATTENTION = "Crossfade: needs a person";
/** Starts of the report lines of computers on which the policy has nothing to do: all that it can set has the current token. */
const SETTLED: readonly string[] = [
	`crossfade ok fp=${FINGERPRINT_PLACEHOLDER}`,
	"crossfade absent",
	...["refused", "error"].flatMap((state) =>
		[FINGERPRINT_PLACEHOLDER, "none"].map((fp) => `crossfade ${state} fp=${fp}`),
	),
];
/** Those of computers on which it never will. */
const STUCK: readonly string[] = ["crossfade refused", "crossfade error"];

/** Labels of the parameters. They belong to the script; the values belong to the policy. */
const LABELS = {
	parameter4: "TOKEN",
	parameter5: "ENDPOINT (may stay empty)",
	parameter6: "CLIS (may stay empty)",
	parameter7: "OPTIONS (may stay empty)",
};

/** Jamf publishes no limit for scripts and attributes. */
const limits: readonly Limit[] = [{ max: 500_000, unit: "bytes", source: "no published limit; our assumption" }];

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
		{ path: "uninstall.sh", action: "uninstall", body: "sh", purpose: "removes everything that was installed", limits },
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
			purpose: "POST /api/v1/scripts, with the parameter labels",
			data: script(SCRIPT, "install.sh", `Sends telemetry of AI CLIs to ${provider}.`, mode === "param" ? LABELS : {}),
		},
		{
			path: "uninstall-script.json",
			format: "json",
			purpose: "POST /api/v1/scripts",
			data: script(REMOVAL, "uninstall.sh", "Removes what the install script set."),
		},
		{
			path: "ea.json",
			format: "json",
			purpose: "POST /api/v1/computer-extension-attributes",
			data: {
				name: ATTRIBUTE,
				description: "Fingerprint of the token that the AI CLIs on this computer send with.",
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
			purpose: "POST /JSSResource/computergroups/id/0: the computers in the policy's scope",
			data: group(GROUP, SETTLED, "and", "not like"),
		},
		{
			path: "attention-group.xml",
			format: "xml",
			purpose: "POST /JSSResource/computergroups/id/0: the computers that the policy cannot set",
			data: group(ATTENTION, STUCK, "or", "like"),
		},
		policy("policy.xml", SCRIPT, "Ongoing", { computer_groups: { computer_group: { name: GROUP } } }, value),
		policy("uninstall-policy.xml", REMOVAL, "Once per computer", { all_computers: false }, {}),
	];
}

/** A smart group by the start of the report line. */
function group(name: string, values: readonly string[], join: "and" | "or", search: "like" | "not like"): Data {
	const criterion = values.map((value, priority) => ({
		name: ATTRIBUTE,
		priority,
		and_or: join,
		search_type: search,
		value,
	}));
	return { computer_group: { name, is_smart: true, criteria: { size: values.length, criterion } } };
}

/** Disabled until an admin enables it: an upload alone changes no computer. */
function policy(path: string, name: string, frequency: string, scope: Data, values: object): Payload {
	return {
		path,
		format: "xml",
		purpose: "POST /JSSResource/policies/id/0: disabled until you enable it",
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
	const tokenFile = param ? "policy.secret.xml" : "script.secret.json";
	return {
		before: [
			"You need a Jamf Pro account that can create scripts, policies, smart computer groups and extension attributes.",
			param
				? "Jamf silently truncates parameter values at 255 characters. The script refuses tokens of 255 characters or more; use fewer than 200."
				: "In this mode the token is in the script, not in a parameter: no local account sees it in the process list, and the limit of 255 characters does not apply. Anyone with read access to scripts in Jamf Pro can read it.",
			"In the console you paste `install.sh`, `ea.sh` and `uninstall.sh`; the `.json` and `.xml` files are for the API. AutoPkg users: the scripts contain no word between per cent signs, so nothing in them is substituted.",
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
				text: `Computers, Smart Computer Groups, New, with these criteria joined by *and*. Replace \`${FINGERPRINT_PLACEHOLDER}\` with the fingerprint of your token:`,
				fields: [
					["Display Name", GROUP],
					...SETTLED.map((value) => [`${ATTRIBUTE}, not like`, `\`${value}\``] as const),
				],
			},
			{
				text: "A second one, with criteria joined by *or*, for the computers that need a person: what the policy can set there is set.",
				fields: [["Display Name", ATTENTION], ...STUCK.map((value) => [`${ATTRIBUTE}, like`, `\`${value}\``] as const)],
			},
			{
				text: "Computers, Policies, New:",
				fields: [
					["Display Name", SCRIPT],
					["Enabled", "off until the test below succeeds"],
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
				text: "Choose *Ongoing*, not *Once per computer*, which would not run again after you change the token until its log is flushed. *Ongoing* runs at every check-in for the computers in the group, and *Update Inventory* removes them from the group.",
			},
			{
				text: `Or use the API for all of these. Put the line \`Authorization: Bearer YOUR_API_TOKEN\` into the file \`jamf.header\`, generate this folder with \`--token\`, which fills in the fingerprint${param ? ", and put the token into a copy of `policy.xml` in an editor" : ` and writes \`${tokenFile}\``}:`,
				commands: [
					...(param ? [`cp policy.xml ${tokenFile} && chmod 600 ${tokenFile}`] : []),
					post("/api/v1/scripts", param ? "script.json" : tokenFile),
					post("/api/v1/computer-extension-attributes", "ea.json"),
					post("/JSSResource/computergroups/id/0", "smart-group.xml"),
					post("/JSSResource/computergroups/id/0", "attention-group.xml"),
					post("/JSSResource/policies/id/0", param ? tokenFile : "policy.xml"),
				],
			},
		],
		test: [
			{
				text: "On one Mac, as an administrator, update the inventory. The computer joins the smart group.",
				commands: ["sudo jamf recon"],
			},
			{
				text: "Restrict the policy's scope to that Mac, enable the policy, and run it:",
				commands: ["sudo jamf policy"],
			},
			{
				text: "Check the Mac's policy log: its last line is the report line, and begins with `crossfade ok`.",
			},
			{
				text: "Compare the fingerprint after `fp=` with the one in the smart group. Then widen the scope.",
			},
		],
		report: [
			{
				text: `In a computer's inventory, under Extension Attributes: *${ATTRIBUTE}*. Add it, *Last Inventory Update* and *Serial Number* as columns to a search, export that as CSV, and pass it to \`crossfade report --inventory\`.`,
			},
			{
				text: "The value is as old as the last inventory update. The attribute receives no parameters: it compares with the settings these files were generated for.",
			},
		],
		rotate: [
			{
				text: param
					? `In the policy *${SCRIPT}*, Scripts, change the value of the parameter TOKEN. The script does not change.`
					: "Put the new token into a new copy of `install.sh` and replace the script's contents.",
			},
			{
				text: `In the smart group *${GROUP}*, change the fingerprint in all its criteria to that of the new token. Otherwise no computer joins the group.`,
			},
		],
		delay: [
			["Jamf, Ongoing and smart group", "one check-in: 5, 15, 30 or 60 minutes, as set in your tenant"],
			[
				"a Mac whose CLI was installed, or whose file was changed, since its last inventory update",
				"that update first: until then its attribute says `crossfade absent` or still *ok*, and it is not in the group. How often it comes is set in your tenant, often once a day",
			],
			["to speed up one computer", "`sudo jamf recon`, then `sudo jamf policy` (not verified here)"],
		],
		worstHours: 1,
		uninstall: [
			{
				text: `Disable or delete the policy *${SCRIPT}*, or exclude the computers from its scope; otherwise it installs everything again.`,
			},
			{
				text: `Create a script and a policy for \`uninstall.sh\` in the same way, with Execution Frequency *Once per computer*, for the computers to clean.`,
			},
			{ text: "It removes only what the install script set, and exits 0 where there is nothing to remove." },
		],
		exposure: [
			...(param
				? ([
						[
							"process list of the Mac, while the script runs (seconds)",
							"every local account: Jamf passes parameter values as arguments, and `ps` shows them. The script cannot prevent it",
						],
						["the policy in Jamf Pro and in its API", "anyone with read access to policies, in clear text"],
						[
							"Terraform state and verbose upload tools",
							"anyone who can read them: parameter values are not marked as secret there",
						],
					] as const)
				: ([
						["the script in Jamf Pro and in its API", "anyone with read access to scripts, in clear text"],
						["the temporary copy on the Mac, while it runs", "root only"],
						["backups and exports of scripts", "anyone who can read them: keep the copy with the token out of Git"],
					] as const)),
			["the policy log", "nobody: the script prints only the fingerprint"],
		],
		traps: [
			"Labels belong to the script, values to the policy. A token typed into a label is published as a label, and the script receives nothing.",
			"If parameter 4 is the word TOKEN, the script reports it and exits 11.",
			"Parameters 5 to 7 are for trials: the extension attribute does not receive them and reports drift. To change settings permanently, run `crossfade mdm` again with `--endpoint`, `--cli` or `--helper` and replace all scripts.",
			"A computer whose Codex daemon still has the old token reports drift and stays in the group. Put restart into OPTIONS, or wait until the daemon exits.",
			"Every computer without this fingerprint joins the group, including those that never reported. Computers without any of the CLIs stay out, and those where all that the policy could still do was refused or failed: they are in *Crossfade: needs a person*.",
			"A computer with an error comes back into the group once its attribute reports something else, at the next inventory update.",
		],
		unverified: [
			"Whether *not like* also matches computers whose attribute is still empty. If the test Mac does not join the group before its first inventory, run `sudo jamf recon` on it.",
			"Size limits of scripts and extension attributes: none are published.",
			"Whether verbose logging of the jamf program prints parameters.",
			"The API requests follow the published schemas and were never sent to a Jamf Pro server.",
		],
	};
}

const filled = {
	text: "Create the copy with the token: `crossfade mdm -v jamf --mode embedded --token file:new.token --out jamf`. Or copy `install.sh` to `install.secret.sh`, replace `@TOKEN@` with the token in an editor, and do not share that copy.",
	commands: ["cp install.sh install.secret.sh && chmod 600 install.secret.sh"],
};

/** Sends a payload with curl, which reads the credential from a file; arguments show in the process list. */
function post(path: string, file: string): string {
	const type = file.endsWith(".xml") ? "application/xml" : "application/json";
	return `curl -fsS -H @jamf.header -H 'Content-Type: ${type}' --data-binary @${file} https://YOURS.jamfcloud.com${path}`;
}

function labelField([parameter, label]: [string, string]): readonly [string, string] {
	return [`Options, Parameter ${parameter.slice("parameter".length)}`, label];
}
