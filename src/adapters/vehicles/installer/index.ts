import type { Vehicle } from "../vehicle.ts";

/** Run by a developer in a terminal: sh install.sh, or curl … | sh */
export const vehicle: Vehicle = {
	id: "installer",
	title: "a developer's own machine",
	order: 60,
	options: [
		"ENDPOINT=${CROSSFADE_ENDPOINT:-$ENDPOINT}",
		'OPTIONS="${CROSSFADE_OPTIONS-} $*"',
		"TOKEN_FILE=${CROSSFADE_TOKEN_FILE-}",
		"unset CROSSFADE_ENDPOINT CROSSFADE_OPTIONS CROSSFADE_TOKEN_FILE",
	],
	token: {
		param: [
			'if [ -n "$TOKEN_FILE" ]; then read_line_of "$TOKEN_FILE"',
			"# Piped into a shell, standard input is this script and not the token.",
			"elif is_file && [ ! -t 0 ]; then read_line",
			"else ask",
			"fi",
		],
	},
	users: "self",
	scope: "user",
	says: true,
	line: { before: "", after: "" },
	codes: {},
	notes: [
		"Usage: sh install.sh [options]      or, where you host it,      curl -fsSL ADDRESS | sh -s -- [options]",
		"It asks for the token without showing it, or reads it from the file named by CROSSFADE_TOKEN_FILE or from standard input.",
		"It configures the account it runs as, lists the files before it asks for the token, and downloads nothing.",
		"Afterwards, crossfade doctor or this script with --report shows what each CLI uses.",
	],
	sources: [],
};
