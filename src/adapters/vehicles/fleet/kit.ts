import type { Guide, Kit, Limit, Payload } from "../kit.ts";
import { FINGERPRINT_PLACEHOLDER } from "../vehicle.ts";
import { STATUS_FOLDER, VARIABLE } from "./index.ts";

/** https://github.com/fleetdm/fleet/blob/main/server/fleet/scripts.go: saved scripts; those run without being saved take 10,000. */
const limits: readonly Limit[] = [
	{ max: 500_000, unit: "characters", source: "https://github.com/fleetdm/fleet/blob/main/server/fleet/scripts.go" },
];

/** Looks at file names in one folder: no content of any file leaves the machine. */
const files = `FROM file WHERE directory = '${STATUS_FOLDER}'`;
const POLICY = `SELECT 1 ${files} AND (filename LIKE 'crossfade ok fp=${FINGERPRINT_PLACEHOLDER} %' OR filename LIKE 'crossfade absent %') AND mtime > (SELECT unix_time FROM time) - 86400;`;
const REPORT = `SELECT filename AS report, mtime AS reported_at ${files} AND filename LIKE 'crossfade %';`;

export const kit: Kit = {
	scripts: [
		{ path: "install.sh", action: "install", body: "sh", purpose: "the script that the policy runs", limits },
		{ path: "report.sh", action: "report", body: "sh", purpose: "looks again and says what it finds", limits },
		{ path: "uninstall.sh", action: "uninstall", body: "sh", purpose: "takes everything of ours away again", limits },
	],
	payloads: () => [gitops],
	guide,
};

const gitops: Payload = {
	path: "gitops.yml",
	format: "yaml",
	purpose: "entries for the YAML file of a fleet: scripts, policy, report",
	data: {
		controls: {
			scripts: [{ path: "./install.sh" }, { path: "./report.sh" }, { path: "./uninstall.sh" }],
		},
		policies: [
			{
				name: "Crossfade: token is current",
				description: "The AI CLIs of this host send their telemetry with the current token, checked within a day.",
				resolution: "Fleet runs install.sh by itself.",
				platform: "darwin,linux",
				critical: false,
				query: POLICY,
				run_script: { path: "./install.sh" },
			},
		],
		reports: [
			{
				name: "Crossfade: token",
				description: "The report line of every host.",
				query: REPORT,
				platform: "darwin,linux",
				interval: 3600,
				observer_can_run: true,
				automations_enabled: false,
			},
		],
	},
};

function guide(): Guide {
	return {
		before: [
			"You need Fleet with scripts turned on for the hosts (`fleetd` with `--enable-scripts`), and a role that may edit variables, scripts and policies.",
			"Fleet is the one MDM here with a real place for a secret: a custom variable is hidden in the console and in the API, and is put into the script when that is sent to a host.",
			"Releases before the renaming of 2026 say team for fleet, and query for report; in YAML files the key `reports` is then `queries`.",
		],
		install: [
			{
				text: "Controls, Variables, Add custom variable:",
				fields: [
					["Name", `\`CROSSFADE_TOKEN\`, so that scripts can call it \`${VARIABLE}\``],
					["Value", "the token itself: letters, digits, `.`, `_`, `~` and `-` only"],
				],
			},
			{
				text: "Controls, Scripts: choose the fleet, and upload `install.sh`, `report.sh` and `uninstall.sh` as they are. The variable is referred to in `install.sh` alone, in one place.",
			},
			{
				text: `Policies: choose the fleet, Add policy, with the query from \`gitops.yml\`. Put the fingerprint of your token where \`${FINGERPRINT_PLACEHOLDER}\` stands.`,
				fields: [
					["Name", "Crossfade: token is current"],
					["Targets", "macOS, Linux"],
				],
				commands: [POLICY],
			},
			{
				text: "Policies, Manage automations, Run script: tick the policy and choose `install.sh`.",
			},
			{
				text: "Reports, Add report, with the second query from `gitops.yml`, every hour:",
				commands: [REPORT],
			},
			{
				text: `With GitOps instead of the console: copy the scripts beside your YAML file, merge \`gitops.yml\` into it, and give \`${VARIABLE}\` to the workflow as a secret of the repository.`,
			},
		],
		test: [
			{ text: "Open one host, Actions, Run script, `install.sh`." },
			{ text: "Its output under Activity ends with the report line, which begins with `crossfade ok`." },
			{ text: "Refetch the host: the policy passes." },
		],
		report: [
			{
				text: `The report *Crossfade: token* has the line of every host in its column report: the script leaves an empty file in \`${STATUS_FOLDER}\` whose name is the line. Export it as CSV and give it to \`crossfade report --inventory\`.`,
			},
			{
				text: "The line is that of the last run of a script. The policy fails when it is older than a day, so each host is looked at, and repaired, once a day.",
			},
		],
		rotate: [
			{ text: `Controls, Variables: change the value of \`${VARIABLE}\`. No script changes.` },
			{
				text: "Change the fingerprint in the policy's query. Every host that passed now fails, and Fleet runs the script on it.",
			},
		],
		delay: [
			["policy cadence", "1 hour, unless set otherwise"],
			[
				"what starts the script",
				"the first failure of a host, or a pass that becomes a failure; then up to 3 attempts",
			],
			["to hurry one host", "run `install.sh` on it"],
		],
		worstHours: 1,
		uninstall: [
			{ text: "Take the automation off the policy, or delete the policy. Else it puts everything back." },
			{
				text: "Run `uninstall.sh` on the hosts. It removes only what the install script set, and exits 0 where nothing is.",
			},
			{ text: "Delete the variable." },
		],
		exposure: [
			["the variable in the console and in the API", "nobody: it is masked"],
			["the script on the host, while it runs", "root only"],
			["output of the script", "nobody: the fingerprint alone is printed. Fleet itself masks nothing there"],
			["secrets of the GitOps repository", "whoever may run its workflows"],
			["osquery", "nobody: the queries read file names, not contents. Never select the content of the CLIs' settings"],
		],
		traps: [
			"Variables are global: fleets with different tokens need variables of different names, and files in which the name was replaced.",
			"If the variable is missing, the script sees its name in place of a token, says so and exits 11.",
			"Save the script. Fleet runs at most 10,000 characters of one that is not saved, and these are longer.",
			"The time limit of scripts is 300 seconds unless set otherwise; ours take seconds.",
			"If the automation was spent (3 attempts), deselect the policy in Manage automations, save, and select it again.",
		],
		unverified: [
			"Whether the console wants the prefix `FLEET_SECRET_` typed in front of the name.",
			"The queries were never run by a real osquery on macOS, where `/etc` is a link to `/private/etc`.",
			"`gitops.yml` was never applied to a Fleet server.",
			"The default time limit of scripts.",
		],
	};
}
