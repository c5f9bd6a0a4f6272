import { ALWAYS_ZERO, TOKEN_PLACEHOLDER, type Vehicle } from "../vehicle.ts";
import { kit } from "./kit.ts";

/** Microsoft Intune on macOS: a file without arguments, as root or as every signed-in user at once. */
export const intune: Vehicle = {
	id: "intune",
	title: "Microsoft Intune for macOS",
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
	kit,
	sources: [
		"https://learn.microsoft.com/intune/device-management/tools/run-shell-scripts-macos",
		"https://learn.microsoft.com/graph/api/resources/intune-devices-deviceshellscript",
		"https://learn.microsoft.com/graph/api/resources/intune-devices-devicecustomattributeshellscript",
	],
};
