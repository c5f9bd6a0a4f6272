/**
 * What an admin of Fleet gets: the scripts, GitOps YAML with a policy that runs the install where the report is missing or old, a query
 * that shows the report lines, and the page of steps.
 *
 * Sources: https://fleetdm.com/guides/policy-automation-run-script, https://fleetdm.com/docs/configuration/yaml-files; limits have
 * theirs beside them.
 */
import type { Guide, Kit, Limit, Payload } from "../kit.ts";
import { FINGERPRINT_PLACEHOLDER } from "../vehicle.ts";
import { STATUS_FOLDER, VARIABLE } from "./index.ts";

/** https://github.com/fleetdm/fleet/blob/main/server/fleet/scripts.go: saved scripts; unsaved ones are limited to 10,000. */
const limits: readonly Limit[] = [
	{ max: 500_000, unit: "characters", source: "https://github.com/fleetdm/fleet/blob/main/server/fleet/scripts.go" },
];

/** Reads only file names in one folder: no file content leaves the machine. */
const files = `FROM file WHERE directory = '${STATUS_FOLDER}'`;
/** Hosts on which the script has nothing to do: all that it can set has the current token. */
const SETTLED: readonly string[] = [
	`crossfade ok fp=${FINGERPRINT_PLACEHOLDER} %`,
	"crossfade absent %",
	`crossfade refused fp=${FINGERPRINT_PLACEHOLDER} %`,
	"crossfade refused fp=none %",
];
const POLICY = `SELECT 1 ${files} AND (${SETTLED.map((line) => `filename LIKE '${line}'`).join(" OR ")}) AND mtime > (SELECT unix_time FROM time) - 86400;`;
/** Passes where no file needs a person. */
const ATTENTION = `SELECT 1 WHERE NOT EXISTS (SELECT 1 ${files} AND (filename LIKE 'crossfade refused %' OR filename LIKE 'crossfade error %'));`;
const REPORT = `SELECT filename AS report, mtime AS reported_at ${files} AND filename LIKE 'crossfade %';`;

export const kit: Kit = {
	scripts: [
		{ path: "install.sh", action: "install", body: "sh", purpose: "the script that the policy runs", limits },
		{ path: "report.sh", action: "report", body: "sh", purpose: "checks again and prints the report line", limits },
		{ path: "uninstall.sh", action: "uninstall", body: "sh", purpose: "removes everything that was installed", limits },
	],
	payloads: () => [gitops],
	guide,
};

const gitops: Payload = {
	path: "gitops.yml",
	format: "yaml",
	purpose: "entries for a fleet's YAML file: scripts, policy, report",
	data: {
		controls: {
			scripts: [{ path: "./install.sh" }, { path: "./report.sh" }, { path: "./uninstall.sh" }],
		},
		policies: [
			{
				name: "Crossfade: token is current",
				description: "All that install.sh can set on this host has the current token, checked within a day.",
				resolution: "Fleet runs install.sh automatically.",
				platform: "darwin,linux",
				critical: false,
				query: POLICY,
				run_script: { path: "./install.sh" },
			},
			{
				name: "Crossfade: needs no person",
				description: "No file on this host keeps install.sh from setting a CLI.",
				resolution:
					"Run report.sh on the host: its output names the file and the reason. Change the file, then run install.sh.",
				platform: "darwin,linux",
				critical: false,
				query: ATTENTION,
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
			"You need Fleet with scripts enabled on the hosts (`fleetd` with `--enable-scripts`), and a role that may edit variables, scripts and policies.",
			"Fleet is the only MDM here that stores secrets: a custom variable is hidden in the console and in the API, and is inserted into the script when Fleet sends it to a host.",
			"Before the renaming of 2026, Fleet said team for fleet and query for report; in YAML files the key `reports` was `queries`.",
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
				text: "Controls, Scripts: choose the fleet, and upload `install.sh`, `report.sh` and `uninstall.sh` unchanged. Only `install.sh` uses the variable, in one place.",
			},
			{
				text: `Policies: choose the fleet, Add policy, with the first query from \`gitops.yml\`. Replace \`${FINGERPRINT_PLACEHOLDER}\` with the fingerprint of your token.`,
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
				text: "Policies, Add policy, with the second query and without automation: hosts on which a file was refused, or the script failed. On these the first policy can pass: the rest has the token.",
				fields: [
					["Name", "Crossfade: needs no person"],
					["Targets", "macOS, Linux"],
				],
				commands: [ATTENTION],
			},
			{
				text: "Reports, Add report, with the last query from `gitops.yml`, every hour:",
				commands: [REPORT],
			},
			{
				text: `With GitOps instead of the console: copy the scripts next to your YAML file, merge \`gitops.yml\` into it, set \`${VARIABLE}\` as a repository secret of the workflow, and apply with \`fleetctl gitops\`.`,
			},
		],
		test: [
			{ text: "Open one host, Actions, Run script, `install.sh`." },
			{ text: "Its output under Activity ends with the report line, which begins with `crossfade ok`." },
			{ text: "Refetch the host: the policy passes." },
		],
		report: [
			{
				text: `The report *Crossfade: token* shows each host's line in its report column: the script leaves an empty file in \`${STATUS_FOLDER}\` whose name is the line. Export it as CSV and pass it to \`crossfade report --inventory\`.`,
			},
			{
				text: "The line is from the script's last run. The policy fails when it is older than a day, so each host is checked and repaired once a day.",
			},
		],
		rotate: [
			{ text: `Controls, Variables: change the value of \`${VARIABLE}\`. No script changes.` },
			{
				text: "Change the fingerprint in the policy's query. Every host that passed now fails, so Fleet runs the script on it.",
			},
		],
		delay: [
			["policy interval", "1 hour by default"],
			["what starts the script", "a host's first failure, or a change from pass to fail; then up to 3 attempts"],
			["to speed up one host", "run `install.sh` on it"],
		],
		worstHours: 1,
		uninstall: [
			{ text: "Remove the automation from the policy, or delete the policy; otherwise it installs everything again." },
			{
				text: "Run `uninstall.sh` on the hosts. It removes only what the install script set, and exits 0 where there is nothing to remove.",
			},
			{ text: "Delete the variable." },
		],
		exposure: [
			["the variable in the console and in the API", "nobody: it is masked"],
			["the script on the host, while it runs", "root only"],
			["output of the script", "nobody: only the fingerprint is printed. Fleet masks nothing there"],
			["secrets of the GitOps repository", "anyone who may run its workflows"],
			["osquery", "nobody: the queries read file names, not contents. Never select the content of the CLIs' settings"],
		],
		traps: [
			"Variables are global: fleets with different tokens need variables with different names, and copies of the files with that name.",
			"If the variable is missing, the script finds its name instead of a token, reports that and exits 11.",
			"Save the script: Fleet limits unsaved scripts to 10,000 characters, and these are longer.",
			"Scripts time out after 300 seconds by default; these take seconds.",
			"After 3 failed attempts the automation stops: deselect the policy in Manage automations, save, and select it again.",
		],
		unverified: [
			"Whether the name in the console includes the prefix `FLEET_SECRET_`.",
			"The queries were never run by a real osquery on macOS, where `/etc` links to `/private/etc`.",
			"`gitops.yml` was never applied to a Fleet server.",
			"The default timeout of scripts.",
		],
	};
}
