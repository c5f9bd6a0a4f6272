/**
 * What an admin of Iru (Kandji) gets: audit and remediation of one custom script, a profile with the expected fingerprint, the uninstall
 * script, files for the command line of the vendor, and the page of steps.
 *
 * Sources: https://docs.iru.com/en/endpoint/library/library-items-profiles/custom-scripts-overview,
 * https://support.kandji.io/support/solutions/articles/72000558749 (names of the frequencies),
 * https://support.kandji.io/support/solutions/articles/72000559825-macos-check-in (check-ins), https://github.com/kandji-inc/iructl
 * (shape of the files).
 */
import type { Guide, Kit, KitFacts, Limit, Payload } from "../kit.ts";
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER } from "../vehicle.ts";
import { EXPECTED_KEY, PREFERENCE_DOMAIN } from "./index.ts";

const NAME = "Crossfade";
/** Our own ids, the same for every user: they identify our profile and script. */
const SCRIPT_ID = "6c1d2f0a-5a6e-4c1f-9d57-3b0e8a4f7c21";
const PROFILE_ID = "B7E2C9D4-1F38-4A65-8C0B-92D6E5A1F470";
const PAYLOAD_ID = "0F9A6B13-7D54-4E82-A3C6-5E1B8D20F9C7";

/** Iru publishes no limit; other vendors accept this size, and our scripts are far smaller. */
const limits: readonly Limit[] = [{ max: 500_000, unit: "bytes", source: "no published limit; our assumption" }];

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
			purpose: "removes everything that was installed",
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
			purpose: "with `audit.sh` and `remediation.sh`, an iructl script folder",
			data: { id: SCRIPT_ID, ...settings },
		},
		{
			path: "expected-token.mobileconfig",
			format: "plist",
			purpose: "optional custom profile: the expected fingerprint of a Blueprint's Macs; not secret",
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
			"You need an Iru (Kandji) account that can edit Library Items.",
			"A macOS Custom Script has no parameter field, so the token has to be in the remediation script, and *embedded* is the only mode.",
			"Iru trims white space from both ends of a script, so the manifest also has hashes of the trimmed text.",
		],
		install: [
			{
				text: `Create the copy with the token: \`crossfade mdm -v kandji --token file:new.token --out kandji\`, which also puts the fingerprint into the other files. Or copy \`remediation.sh\` to \`remediation.secret.sh\`, replace \`${TOKEN_PLACEHOLDER}\` with the token in an editor, and replace \`${FINGERPRINT_PLACEHOLDER}\` in \`audit.sh\` with its fingerprint.`,
				commands: ["cp remediation.sh remediation.secret.sh && chmod 600 remediation.secret.sh"],
			},
			{
				text: "Library, Add new, Custom Script:",
				fields: [
					["Name", NAME],
					["Blueprint", "a test Blueprint first"],
					["Execution Frequency", "Run every 15 min"],
					["Audit Script", "all of `audit.sh`"],
					["Remediation Script", "all of `remediation.secret.sh`"],
					["Restart", "off"],
				],
			},
			{
				text: "Choose *Run every 15 min*: an audit changes nothing, and *Run daily* may be too slow for a rotation. With *Install once per device* the audit never runs again after its first pass and misses rotations and drift.",
			},
			{
				text: `If Blueprints have different tokens, or to leave the audit unchanged at a rotation: Library, Add new, Custom Profile, with \`expected-token.mobileconfig\`, one per Blueprint. The profile overrides the audit. The fingerprint is not secret; never put the token into a profile: it has no field for a secret, and every administrator of the console sees its values.`,
			},
			{
				text: "Or create the item through the API. Put the line `Authorization: Bearer YOUR_API_TOKEN` into the file `iru.header`, and generate this folder with `--token`, which writes `custom-script.secret.json`:",
				commands: [
					"curl -fsS -H @iru.header -H 'Content-Type: application/json' --data-binary @custom-script.secret.json https://YOURS.api.kandji.io/api/v1/library/custom-scripts",
				],
			},
		],
		test: [
			{ text: "Assign the item to a Blueprint with one test Mac and wait for its check-in, about 15 minutes." },
			{
				text: "The first result is *Remediated*, as expected: the audit failed and the remediation ran. The next one is *Pass*.",
			},
			{ text: "In the item's Status, the output of the audit begins with `crossfade ok`." },
		],
		report: [
			{
				text: `Library, *${NAME}*, Status: *Pass*, *Remediated* or *Error*, and the scripts' output. Its last line is the report line.`,
			},
			{
				text: "The vendor's status scripts export the output as CSV through the API; pass that to `crossfade report --inventory`.",
			},
		],
		rotate: [
			{
				text: "Create a new `remediation.secret.sh` with the new token and paste it over the remediation script.",
			},
			{
				text: "In the same edit, put the new fingerprint into the audit script; with a profile, replace the profile right afterwards. Otherwise the audit accepts the old token, and nothing is rotated.",
			},
			{
				text: "Change the token first, then the fingerprint; in the other order, Macs are remediated with the old token at every run until both match.",
			},
		],
		delay: [
			["check-in of a Mac", "about 15 minutes"],
			["then the item's frequency", "15 minutes"],
			["to speed up one Mac", "`sudo kandji run`, or Self Service, Device Info, Sync (not verified here)"],
		],
		worstHours: 0.5,
		uninstall: [
			{ text: `Remove the item *${NAME}* from the Blueprint. This alone does not change the Macs.` },
			{
				text: "Add a second Custom Script with `uninstall.sh` as the *audit* script, no remediation, *Install once per device*, and assign it to the Macs to clean. It exits 0 where there is nothing to remove.",
			},
		],
		exposure: [
			[
				"the item in the console and in its API",
				"all console administrators, and holders of API tokens: script bodies are readable",
			],
			["output of every run, stored with the item", "nobody: only the fingerprint is printed"],
			["a Git repository of iructl", "anyone who can read it: keep the remediation with the token out of it"],
			["process list of the Mac", "nobody: nothing is passed as an argument"],
			["the optional profile", "every local account, but it has only the fingerprint"],
		],
		traps: [
			"A failed remediation raises an *Error* alert. Where the output of the audit begins with `crossfade refused`, a person has to look at a file there; the output names it and the reason. Until then each audit starts the remediation, which changes nothing there and raises the alert again.",
			"The audit passes where none of the CLIs is installed, and checks again next time.",
			"A Mac whose Codex daemon still has the old token is remediated at every run until the daemon exits.",
			"iructl treats every file whose name begins with `remediation` as the script: copy `info.json`, `audit.sh` and the one remediation to use into a separate folder.",
			"Do not put the token into Global Variables: they have no type for secrets.",
		],
		unverified: [
			"Time and output limits of scripts, and what the agent writes to its own log.",
			"Mode bits of managed preferences on macOS 26 and later.",
			"The API requests follow the source of iructl and were never sent to a tenant.",
		],
	};
}
