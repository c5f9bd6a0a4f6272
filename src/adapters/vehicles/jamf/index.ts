/**
 * Jamf Pro on macOS: runs `sh script <mount point> <computer> <user> <parameter 4> …` as root, by a policy. Parameter 4 is the token,
 * and is seen by every local account while the script runs; the report is an extension attribute, whose value stands between `<result>`
 * and `</result>` and is kept only when the script exits 0.
 *
 * Sources: https://learn.jamf.com/bundle/jamf-pro-documentation-current/page/Scripts.html (parameters),
 * https://github.com/WithSecureLabs/Jamf-Attack-Toolkit (who sees them), https://github.com/grahampugh/jamf-upload (the API),
 * https://github.com/Installomator/Installomator/wiki/MDM:-Jamf-Pro (practice).
 */
import { ALWAYS_ZERO, TOKEN_PLACEHOLDER, type Vehicle } from "../vehicle.ts";

export const vehicle: Vehicle = {
	id: "jamf",
	title: "Jamf Pro",
	order: 10,
	os: ["macos"],
	options: [
		"case ${1-} in",
		"  /*)",
		"    # Started by Jamf: mount point, computer, user, then parameters 4 to 7 of the policy. By position, so that one may stay empty.",
		"    token=${4-} ENDPOINT=${5:-$ENDPOINT}",
		'    OPTIONS="${6:+clis=$(put "$6" | tr -d "[:blank:]")} ${7-}"',
		"    exec </dev/null",
		"    ;;",
		'  *) OPTIONS="$*" ;;',
		"esac",
	],
	token: {
		param: [
			"case $token in",
			'  [Tt][Oo][Kk][Ee][Nn]) fail 11 "parameter 4 is its label, not a token: set the label on the script and the value on the policy" ;;',
			"esac",
			'if [ -z "$token" ] && [ ! -t 0 ]; then read_line; fi',
		],
		embedded: [`token='${TOKEN_PLACEHOLDER}'`],
	},
	tokenHint: { param: "fill in parameter 4 of the policy" },
	users: "all",
	scope: "system",
	says: false,
	line: { before: "<result>", after: "</result>" },
	codes: { report: ALWAYS_ZERO },
	// Values of 255 characters may be what is left of longer ones: https://github.com/dataJAR/jamJAR/wiki/Script
	longestToken: 254,
	notes: [
		"Parameters 5 to 7 of the policy may hold another endpoint, names of CLIs, options. Without a mount point as its first argument",
		"it is a plain script: options as arguments.",
	],
	tokenNotes: [
		"Parameter 4 of the policy is the token; for a plain script it is on standard input.",
		"While it runs, every local account can see parameter 4 in the process list; Jamf, not this script, puts it there.",
	],
	columns: { host: ["Computer Name"], time: ["Last Inventory Update", "reportDate"] },
	sources: [
		"https://learn.jamf.com/bundle/jamf-pro-documentation-current/page/Scripts.html",
		"https://github.com/WithSecureLabs/Jamf-Attack-Toolkit",
		"https://github.com/grahampugh/jamf-upload",
		"https://github.com/Installomator/Installomator/wiki/MDM:-Jamf-Pro",
	],
};
