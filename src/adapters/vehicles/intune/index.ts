/**
 * Microsoft Intune on macOS: runs a file without arguments, as root or as every signed-in user in parallel. There is no field for a
 * parameter, so the token is in a copy of the script; the report is a custom attribute.
 *
 * Sources: https://learn.microsoft.com/intune/device-management/tools/run-shell-scripts-macos,
 * https://learn.microsoft.com/graph/api/resources/intune-devices-deviceshellscript,
 * https://learn.microsoft.com/graph/api/resources/intune-devices-devicecustomattributeshellscript.
 */
import { ALWAYS_ZERO, TOKEN_PLACEHOLDER, type Vehicle } from "../vehicle.ts";

export const vehicle: Vehicle = {
	id: "intune",
	title: "Microsoft Intune for macOS",
	order: 20,
	family: "intune",
	os: ["macos"],
	options: ['OPTIONS="$*"'],
	token: { embedded: [`token='${TOKEN_PLACEHOLDER}'`] },
	users: "all",
	scope: "system",
	says: false,
	line: { before: "", after: "" },
	codes: { report: ALWAYS_ZERO },
	notes: ["Run it as root and not as the signed-in user."],
	tokenNotes: [
		"Intune passes no parameters: the token is in the file, once, between quotes.",
		"The file can be read in the admin center by whoever may read scripts there.",
	],
	columns: {
		host: ["Device name", "managedDeviceName"],
		time: [
			"ModifiedTime",
			"Status update time",
			"Last status update",
			"lastStateUpdateDateTime",
			"Last modified",
			"Last check-in",
		],
	},
	sources: [
		"https://learn.microsoft.com/intune/device-management/tools/run-shell-scripts-macos",
		"https://learn.microsoft.com/graph/api/resources/intune-devices-deviceshellscript",
		"https://learn.microsoft.com/graph/api/resources/intune-devices-devicecustomattributeshellscript",
	],
};
