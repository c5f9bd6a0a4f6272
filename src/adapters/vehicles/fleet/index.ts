/**
 * Fleet (fleetdm.com) on macOS and Linux: runs a script as root without arguments; the server has inserted the values of its variables
 * into the text. The report is the name of an empty file that osquery can see.
 *
 * Sources: https://fleetdm.com/guides/secrets-in-scripts-and-configuration-profiles (variables),
 * https://fleetdm.com/guides/policy-automation-run-script, https://fleetdm.com/docs/configuration/yaml-files,
 * https://github.com/fleetdm/fleet/blob/main/server/fleet/scripts.go (limits), https://osquery.io/schema/current/#file.
 */
import type { Vehicle } from "../vehicle.ts";

/** The variable whose value the server puts into the script. https://fleetdm.com/guides/secrets-in-scripts-and-configuration-profiles */
export const VARIABLE = "FLEET_SECRET_CROSSFADE_TOKEN";
/** Where the script leaves its line as the name of a file. */
export const STATUS_FOLDER = "/etc/otel-crossfade";

export const vehicle: Vehicle = {
	id: "fleet",
	title: "Fleet",
	order: 40,
	os: ["macos", "linux"],
	options: ['OPTIONS="$*"'],
	token: { param: ["# The server inserts the value here.", `token='$${VARIABLE}'`] },
	users: "all",
	scope: "system",
	says: false,
	line: { before: "", after: "" },
	trace: [
		"# An empty file whose name is the report line, for osquery to see.",
		'if [ "${self-}" != 0 ] || [ -n "$DRY_RUN" ] || [ "$ACTION" = self-test ]; then return 0; fi',
		`traces=$ROOT${STATUS_FOLDER}`,
		'rm -f "$traces/crossfade "*',
		'if [ "$ACTION" != uninstall ] || [ "$1" = error ]; then',
		'  (umask 022 && mkdir -p "$traces" && : >"$traces/$line") 2>/dev/null || :',
		"else",
		'  rmdir "$traces" 2>/dev/null || :',
		"fi",
	],
	codes: {},
	notes: ["What the file prints is shown in Fleet as it is."],
	tokenNotes: [
		"The server replaces its variable in the text of this file before it is sent; it is in one place, between single quotes.",
	],
	columns: { host: ["hostname"], time: ["Reported at", "Last seen"] },
	sources: [
		"https://fleetdm.com/guides/secrets-in-scripts-and-configuration-profiles",
		"https://fleetdm.com/guides/policy-automation-run-script",
		"https://fleetdm.com/docs/configuration/yaml-files",
		"https://github.com/fleetdm/fleet/blob/main/server/fleet/scripts.go",
		"https://osquery.io/schema/current/#file",
	],
};
