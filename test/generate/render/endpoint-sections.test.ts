import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** The sections of a script, by the headings that also are its contents. */
const sectionsOf = (path: string) =>
	[...readFileSync(`mdm/${path}`, "utf8").matchAll(/^# ---- (.+) ----\r?$/gm)].map(([, title = ""]) => title);

/** What one language has no use for: SYSTEM works as nobody else, and PowerShell holds in memory what sh needs a folder for. */
const inPowerShell = new Map([
	["Editor of JSON and TOML files, an awk program", "Editor of JSON and TOML files"],
	["Lock and working folder", "Lock"],
	["Small programs that run as the owner of the files they touch; content comes on standard input", undefined],
]);

test.each(["install", "report", "uninstall"])(
	"%s takes the same steps in sh and in PowerShell, in the same order",
	(action) => {
		const sh = sectionsOf(`generic/${action}.sh`);
		expect(sh.length).toBeGreaterThan(8);
		const expected = sh.flatMap((title) => (inPowerShell.has(title) ? (inPowerShell.get(title) ?? []) : title));
		expect(sectionsOf(`generic-windows/${action}.ps1`)).toEqual(expected);
	},
);
