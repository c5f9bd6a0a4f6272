/**
 * Kandji (Iru since October 2025) on macOS: a custom script has an audit and a remediation, both run as root without arguments. The
 * audit is our report, whose exit code starts the remediation, which is our install and holds the token. A profile may say which
 * fingerprint is expected.
 *
 * Sources: https://support.kandji.io/support/solutions/articles/72000558749,
 * https://docs.iru.com/en/endpoint/library/library-items-profiles/custom-scripts-overview, https://github.com/kandji-inc/iructl.
 */
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER, type Vehicle } from "../vehicle.ts";

/** The preference domain and key in which a profile can set the expected fingerprint of a Blueprint's Macs. */
export const PREFERENCE_DOMAIN = "io.otel-crossfade";
export const EXPECTED_KEY = "ExpectedFingerprint";

export const vehicle: Vehicle = {
	id: "kandji",
	title: "Iru (Kandji)",
	order: 30,
	os: ["macos"],
	options: [
		"# Fingerprint of the expected token (not secret): from a profile, otherwise from this file.",
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
	// The audit: 0 passes, anything else starts the remediation. Without a CLI there is nothing to remediate.
	codes: { report: { 9: 0 } },
	notes: [
		"The audit is the report: 0 passes, anything else starts the remediation, which is the install.",
		"The console keeps both files and everything they print.",
	],
	tokenNotes: ["The token is in the file, once, between quotes."],
	columns: { host: ["computer_name", "device_name"], time: ["last_audit", "last_audit_run"] },
	sources: [
		"https://support.kandji.io/support/solutions/articles/72000558749",
		"https://docs.iru.com/en/endpoint/library/library-items-profiles/custom-scripts-overview",
		"https://github.com/kandji-inc/iructl",
	],
};
