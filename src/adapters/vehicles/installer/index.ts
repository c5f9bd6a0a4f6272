/**
 * A developer's own terminal, without an MDM: `sh install.sh`, or `curl … | sh`. It asks for the token without showing it, takes it from
 * a file that a variable names, or from standard input; it configures the account it runs as and says each file before.
 *
 * Source: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/sh.html (how a shell reads a script from standard input, so that
 * the token cannot come from there too).
 */
import type { Vehicle } from "../vehicle.ts";

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
	tokenHint: { param: "set CROSSFADE_TOKEN_FILE" },
	users: "self",
	scope: "user",
	says: true,
	line: { before: "", after: "" },
	codes: {},
	notes: [
		"Usage: sh install.sh [options]      or      curl -fsSL ADDRESS | sh -s -- [options]",
		"It configures the account it runs as and downloads nothing.",
		"Afterwards crossfade doctor, or this script with --report, shows what each CLI uses.",
	],
	tokenNotes: [
		"The token is asked for and not shown, or comes from the file that CROSSFADE_TOKEN_FILE names, or on standard input.",
		"Before it asks, it says which files it sets, where the data goes and what is sent.",
	],
	sources: [],
};
