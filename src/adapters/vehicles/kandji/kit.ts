import type { Guide, Kit, KitFacts, Limit, Payload } from "../kit.ts";
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER } from "../vehicle.ts";
import { EXPECTED_KEY, PREFERENCE_DOMAIN } from "./index.ts";

const NAME = "Crossfade";
/** Of our own making, the same for everybody: a profile and a script with these ids are ours. */
const SCRIPT_ID = "6c1d2f0a-5a6e-4c1f-9d57-3b0e8a4f7c21";
const PROFILE_ID = "B7E2C9D4-1F38-4A65-8C0B-92D6E5A1F470";
const PAYLOAD_ID = "0F9A6B13-7D54-4E82-A3C6-5E1B8D20F9C7";

/** Iru publishes no limit; this is what other vendors take, and ours are far below it. */
const limits: readonly Limit[] = [{ max: 500_000, unit: "bytes", source: "no published limit; an assumption of ours" }];

export const kit: Kit = {
	scripts: [
		{ path: "audit.sh", action: "report", body: "sh", purpose: "the audit script", limits, trimmed: true },
		{
			path: "remediation.sh",
			action: "install",
			body: "sh",
			purpose: "the remediation script",
			limits,
			trimmed: true,
		},
		{
			path: "uninstall.sh",
			action: "uninstall",
			body: "sh",
			purpose: "takes everything of ours away again",
			limits,
			trimmed: true,
		},
	],
	payloads,
	guide,
};

function payloads(_facts: KitFacts): Payload[] {
	const settings = {
		name: NAME,
		active: true,
		execution_frequency: "every_15_min",
		restart: false,
		show_in_self_service: false,
	};
	return [
		{
			path: "custom-script.json",
			format: "json",
			purpose: "POST /api/v1/library/custom-scripts",
			data: {
				...settings,
				script: { embed: "audit.sh", as: "text" },
				remediation_script: { embed: "remediation.sh", as: "text" },
			},
		},
		{
			path: "info.json",
			format: "json",
			purpose: "with `audit.sh` and `remediation.sh` beside it, a script folder of iructl",
			data: { id: SCRIPT_ID, ...settings },
		},
		{
			path: "expected-token.mobileconfig",
			format: "plist",
			purpose: "optional custom profile: which token the Macs of a Blueprint should have; no secret",
			data: {
				PayloadDisplayName: "Crossfade: expected token",
				PayloadIdentifier: PREFERENCE_DOMAIN,
				PayloadType: "Configuration",
				PayloadUUID: PROFILE_ID,
				PayloadVersion: 1,
				PayloadScope: "System",
				PayloadContent: [
					{
						PayloadDisplayName: "Crossfade: expected token",
						PayloadIdentifier: `${PREFERENCE_DOMAIN}.${PAYLOAD_ID}`,
						PayloadType: PREFERENCE_DOMAIN,
						PayloadUUID: PAYLOAD_ID,
						PayloadVersion: 1,
						[EXPECTED_KEY]: FINGERPRINT_PLACEHOLDER,
					},
				],
			},
		},
	];
}

function guide(): Guide {
	return {
		before: [
			"You need an Iru (Kandji) account that may edit Library Items.",
			"A macOS Custom Script has no field for a parameter. The token has to be in the remediation script, so this folder has the mode *embedded* only.",
			"Iru takes white space off both ends of a script, whatever you send. The manifest therefore also holds hashes over the trimmed text.",
		],
		install: [
			{
				text: `Make the copy with the token: \`crossfade mdm -v kandji --token file:new.token --out kandji\` does it, and puts the fingerprint into the other files. Or copy \`remediation.sh\` to \`remediation.secret.sh\`, with an editor put the token in place of \`${TOKEN_PLACEHOLDER}\`, and put its fingerprint in place of \`${FINGERPRINT_PLACEHOLDER}\` in \`audit.sh\`.`,
				commands: ["cp remediation.sh remediation.secret.sh && chmod 600 remediation.secret.sh"],
			},
			{
				text: "Library, Add new, Custom Script:",
				fields: [
					["Name", NAME],
					["Blueprint", "one for tests first"],
					["Execution Frequency", "Run every 15 minutes"],
					["Audit Script", "all of `audit.sh`"],
					["Remediation Script", "all of `remediation.secret.sh`"],
					["Restart", "off"],
				],
			},
			{
				text: "Choose *Run every 15 minutes*: *Run daily* may be too slow for a rotation, and an audit changes nothing. With *Run once per device* the audit never runs again after its first pass, and neither rotation nor drift is seen.",
			},
			{
				text: `If Blueprints have different tokens, or if you would rather not touch the audit at a rotation: Library, Add new, Custom Profile, with \`expected-token.mobileconfig\`, one per Blueprint. What the profile says is used before what the audit says. The fingerprint is no secret; the token must never be in a profile, which every local account can read.`,
			},
		],
		test: [
			{ text: "Assign the item to a Blueprint with one test Mac, and wait for its check-in, about 15 minutes." },
			{
				text: "The first result is *Remediated*: the audit failed, the remediation ran, all is well. The next one is *Pass*.",
			},
			{ text: "In the item's Status, the output of the audit begins with `crossfade ok`." },
		],
		report: [
			{
				text: `Library, *${NAME}*, Status: *Pass*, *Remediated* or *Error*, and what the scripts printed. The last line is the report line.`,
			},
			{
				text: "The vendor's status scripts export the output as CSV over the API; give that to `crossfade report --inventory`.",
			},
		],
		rotate: [
			{
				text: "Make a new `remediation.secret.sh` with the new token and paste it over the remediation script.",
			},
			{
				text: "In the same edit, put the new fingerprint into the audit script; with a profile, replace the profile right afterwards. Without this the audit is content with the old token, and nothing is rotated.",
			},
			{
				text: "The token first, the fingerprint second: the other way round Macs are remediated with the old token at every run until both agree.",
			},
		],
		delay: [
			["check-in of a Mac", "about 15 minutes"],
			["then the frequency of the item", "15 minutes"],
			["to hurry one Mac", "run the agent on it (the command is not verified here)"],
		],
		worstHours: 0.5,
		uninstall: [
			{ text: `Take the item *${NAME}* off the Blueprint. That alone undoes nothing on the Macs.` },
			{
				text: "Add a second Custom Script with `uninstall.sh` as the *audit* script, no remediation, *Run once per device*, and assign it to the Macs to be cleaned. It exits 0 where nothing is.",
			},
		],
		exposure: [
			[
				"the item in the console and in its API",
				"all console administrators, and holders of API tokens: script bodies are readable",
			],
			["output of every run, kept with the item", "nobody: the fingerprint alone is printed"],
			["a Git repository of iructl", "whoever reads it: keep the remediation with the token out of it"],
			["process list of the Mac", "nobody: nothing is passed as an argument"],
			["the optional profile", "every local account, but it holds the fingerprint only"],
		],
		traps: [
			"A failed remediation raises an *Error* alert. Exit 11 means a file of a user that is not understood; it was left as it was.",
			"The audit passes where none of the CLIs is installed, and looks again the next time.",
			"A Mac whose Codex daemon still has the old token is remediated again at every run until the daemon ends.",
			"iructl takes every file that begins with `remediation` for the script: copy `info.json`, `audit.sh` and the one remediation you mean into a folder of their own.",
			"Global Variables are no place for the token: they are readable by every local account.",
		],
		unverified: [
			"Time limit and output limit of scripts, and what the agent writes into its own log.",
			"Mode bits of managed preferences on macOS 26 and later.",
			"The requests for the API were made from the source of iructl and were never sent to a tenant.",
		],
	};
}
