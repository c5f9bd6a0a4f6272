import type { Vehicle } from "../vehicle.ts";
import { kit, STATUS_FOLDER, VARIABLE } from "./kit.ts";

/** Fleet on macOS and Linux: as root, without arguments, after the server put the values of its variables into the text. */
export const fleet: Vehicle = {
	id: "fleet",
	title: "Fleet",
	os: ["macos", "linux"],
	options: ['OPTIONS="$*"'],
	token: { param: ["# The server puts the value here.", `token='$${VARIABLE}'`] },
	users: "all",
	scope: "system",
	says: false,
	line: { before: "", after: "" },
	trace: [
		"# A file whose name is the report line: osquery can see it, and it holds nothing.",
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
	kit,
	sources: [
		"https://fleetdm.com/guides/secrets-in-scripts-and-configuration-profiles",
		"https://fleetdm.com/guides/policy-automation-run-script",
		"https://fleetdm.com/docs/configuration/yaml-files",
		"https://github.com/fleetdm/fleet/blob/main/server/fleet/scripts.go",
		"https://osquery.io/schema/current/#file",
	],
};
