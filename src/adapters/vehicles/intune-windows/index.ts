/**
 * Microsoft Intune on Windows: a remediation is a pair of scripts that run as SYSTEM on a schedule, the second where the first exits other
 * than 0. The portal has no field for a parameter, so the token is in a copy of the second; the last line of the first is the report.
 *
 * Sources: https://learn.microsoft.com/intune/intune-service/fundamentals/remediations,
 * https://learn.microsoft.com/intune/intune-service/apps/powershell-scripts,
 * https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript.
 */
import { FINGERPRINT_PLACEHOLDER, TOKEN_PLACEHOLDER, type Vehicle } from "../vehicle.ts";

export const vehicle: Vehicle = {
	id: "intune-windows",
	title: "Microsoft Intune for Windows",
	order: 25,
	family: "intune",
	language: "ps1",
	os: ["windows"],
	options: [
		"# Fingerprint of the expected token, which is not secret.",
		`$expected = '${FINGERPRINT_PLACEHOLDER}'`,
		"if ($expected -cmatch '\\A[0-9a-f]{12}\\z') { $run.Options = @('expect=' + $expected) }",
		"$run.Options = @($run.Options) + $given",
	],
	token: { embedded: [`$run.Token = '${TOKEN_PLACEHOLDER}'`] },
	users: "all",
	scope: "system",
	says: false,
	line: { before: "", after: "" },
	// The detection: 0 is without issues, anything else starts the remediation. Without a CLI there is nothing to remediate.
	codes: { report: { 9: 0, 2: 1, 10: 1, 11: 1, 12: 1, 13: 1 } },
	notes: [
		"Run it as SYSTEM in 64-bit PowerShell. detect.ps1 is the detection: it exits 0 or 1, and 1 starts remediate.ps1, the installation.",
	],
	tokenNotes: [
		"Intune passes no parameters: the token is in the file, once, between quotes.",
		"The file can be read in the admin center by whoever may read scripts there, and on the machine by administrators.",
	],
	columns: {
		host: ["DeviceName", "Device name", "managedDeviceName"],
		time: ["ModifiedTime", "Status update time", "lastStateUpdateDateTime", "Last check-in"],
	},
	sources: [
		"https://learn.microsoft.com/intune/intune-service/fundamentals/remediations",
		"https://learn.microsoft.com/intune/intune-service/apps/powershell-scripts",
		"https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscript",
		"https://learn.microsoft.com/graph/api/resources/intune-shared-devicemanagementscript",
	],
};
