import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER, type Vehicle } from "../vehicle.ts";
import { EXPECTED_KEY, kit, PREFERENCE_DOMAIN } from "./kit.ts";

/** Kandji, since October 2025 Iru, on macOS: an audit script and a remediation script, both as root and without arguments. */
export const kandji: Vehicle = {
	id: "kandji",
	title: "Iru (Kandji)",
	os: ["macos"],
	options: [
		"# Which token it should be, which is no secret: a profile says it, or else this file.",
		`expected='${FINGERPRINT_PLACEHOLDER}'`,
		"case $expected in @*) expected='' ;; esac",
		`profile=$(defaults read "$ROOT/Library/Managed Preferences/${PREFERENCE_DOMAIN}" ${EXPECTED_KEY} 2>/dev/null) || profile=''`,
		"expected=${profile:-$expected}",
		'OPTIONS="${expected:+expect=$expected} $*"',
	],
	token: { embedded: [`token='${TOKEN_PLACEHOLDER}'`] },
	users: "all",
	scope: "system",
	says: false,
	line: { before: "", after: "" },
	// The audit: 0 is a pass, anything else starts the remediation. Where no CLI is there is nothing to remedy.
	codes: { report: { 9: 0 } },
	notes: [
		"The audit is the report: 0 passes, anything else starts the remediation, which is the install.",
		"The console keeps both files and everything they print.",
	],
	tokenNotes: ["The token is in the file, once, between quotes."],
	kit,
	sources: [
		"https://support.kandji.io/support/solutions/articles/72000558749",
		"https://docs.iru.com/en/endpoint/library/library-items-profiles/custom-scripts-overview",
		"https://github.com/kandji-inc/iructl",
	],
};
