import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";

const [OLD, NEW] = ["0123456789ab", "ba9876543210"];
const line = (id: string, more = "") =>
	`crossfade ok fp=${id} cfg=1 cli=claude-code:ok,codex:ok,gemini:ok users=1${more}`;
const [old, fresh] = [line(OLD), line(NEW)];
const args = ["report", "--inventory", "in.csv", "--token", `old=fp:${OLD}`, "--token", `new=fp:${NEW}`];

interface Point {
	readonly id: string;
	readonly state: string;
	readonly witness: string;
}

async function report(text: string | Uint8Array, ...more: readonly string[]) {
	const cwd = scratch();
	writeFileSync(join(cwd, "in.csv"), text);
	const { code, stdout, stderr } = await crossfade([...args, "--require-migrated", "--json", ...more], { cwd });
	if (!stdout.startsWith("{")) return { code, answer: stderr, hosts: [], open: "" };
	const { judgement } = JSON.parse(stdout);
	const hosts: string[] = judgement.senders.map(({ host }: { host: string }) => host);
	const points: readonly Point[] = judgement.obligations;
	return {
		code,
		answer: judgement.fleet.safeToRetire as string,
		hosts: [...new Set(hosts)].sort(),
		open: points
			.filter(({ id, state }) => state !== "proven" && ["inventory", "lists", "identity"].includes(id))
			.map(({ witness }) => witness)
			.join("; "),
	};
}

const csv = (cell: string, host = "mac-1") => `Computer Name,Crossfade\n${host},"${cell}"\n`;

/** What MDMs, consoles and spreadsheets make of a report line that is whole. */
const WHOLE: Readonly<Record<string, readonly [text: string | Uint8Array, hosts: string]>> = {
	"Workspace ONE: its friendly name comes before its serial number": [
		`Friendly Name,Serial Number,crossfade\nmac-1,C1,"${fresh}"\n`,
		"mac-1",
	],
	"Workspace ONE: sensor values": [
		`device_friendly_name,device_serial_number,sensor_value\nmac-1,C1,"${fresh}"\n`,
		"mac-1",
	],
	NinjaOne: [`Organization,System Name,crossfadeToken\nOrg,WIN-1,"${fresh}"\n`, "WIN-1"],
	"Iru: an answer with the machine in an object": [
		JSON.stringify([{ computer: { name: "mac-1", serial_number: "C1" }, user: { name: "jo" }, log: fresh }]),
		"mac-1",
	],
	"Graph: managedDevice expanded": [
		JSON.stringify({ value: [{ id: "x", output: fresh, managedDevice: { deviceName: "WIN-1" } }] }),
		"WIN-1",
	],
	"Jamf: computers-inventory": [
		JSON.stringify({
			totalCount: 1,
			results: [{ general: { name: "mac-1", extensionAttributes: [{ name: "Crossfade", values: [fresh] }] } }],
		}),
		"mac-1",
	],
	"vertical bars between cells": [`Computer Name|Serial Number|Crossfade\nmac-1|C1|${fresh}\n`, "mac-1"],
	"wrapped at a blank": [csv(fresh.replace(" cli=", "\ncli=")), "mac-1"],
	"blanks that do not break": [csv(fresh.replaceAll(" ", "\u00a0")), "mac-1"],
	"blanks as HTML entities": [csv(fresh.replaceAll(" ", "&nbsp;")), "mac-1"],
	"signs as numbered HTML entities": [csv(fresh.replaceAll("=", "&#61;").replaceAll(":", "&#x3a;")), "mac-1"],
	"a name that a spreadsheet keeps as text": [csv(fresh, '"=""mac-1"""'), "mac-1"],
	"a plain line with a name in quotes": [`"mac 1" ${fresh}\n`, "mac 1"],
	"one column twice, of which one is empty": [
		`Computer Name,Serial Number,Serial Number,Crossfade\nmac-1,C1,,"${fresh}"\n`,
		"mac-1",
	],
	"names with blanks, apostrophes, domains, in other alphabets": [
		`Computer Name,Crossfade\nAnn’s Mac,"${fresh}"\nO'Brien,"${fresh}"\nb.local,"${fresh}"\nブルー,"${fresh}"\n`,
		"Ann’s Mac,O'Brien,b.local,ブルー",
	],
};

describe("a machine's whole report is a yes", () => {
	test.each(Object.entries(WHOLE))("%s", async (_name, [text, hosts]) => {
		const found = await report(text);
		expect(found).toEqual({ code: 0, answer: "yes", hosts: hosts.split(","), open: "" });
	});
});

/** What is not plain about a list: never a yes, and the reason is said. */
const OPEN: Readonly<Record<string, readonly [text: string | Uint8Array, why: RegExp]>> = {
	"the end wrapped onto the next line": [csv(`${fresh}\nskipped=3 wsl=1`), /left out 3 of its accounts/],
	"the end behind two blanks": [csv(`${fresh}  skipped=1`), /left out 1 of its accounts/],
	"the end behind a tab": [csv(`${fresh}\tskipped=1`), /left out 1/],
	"the end behind a blank that does not break": [csv(`${fresh}\u00a0skipped=1`), /left out 1/],
	"the end behind an HTML entity": [csv(`${fresh}&#32;skipped=1`), /left out 1/],
	"the end behind an HTML line break": [csv(`${fresh}<br>skipped=1`), /left out 1/],
	"cut off, with three dots": [csv(`${fresh} ski...`), /may be cut off at its end/],
	"cut off, with an ellipsis": [csv(`${fresh}…`), /may be cut off at its end/],
	"cut off at 255 characters": [csv(`${"Script result: ".padEnd(255 - fresh.length, ".")}${fresh}`), /may be cut off/],
	"cut off before its end": [csv(fresh.slice(0, 60)), /line 2: a report line that is cut off or changed/],
	"wrapped within a word": [
		csv(fresh.replace("gemini", "gem\nini").replace(" users", "\nuse\nrs")),
		/cut off or changed/,
	],
	"cells of commas without quotes": [`Computer Name,Crossfade\nmac-1,${fresh}\n`, /cut off or changed/],
	"a serial number twice, without a time": [
		`Computer Name,Serial Number,Crossfade\nmac-1,C1,"${old}"\nmac-1,C1,"${fresh}"\n`,
		/2 reports of this name differ/,
	],
	"a serial number twice, once without a time": [
		`Computer Name,Serial Number,Last Inventory Update,Crossfade\nmac-1,C1,2026-01-02T00:00:00Z,"${fresh}"\nmac-1,C1,,"${old}"\n`,
		/2 reports of this name differ/,
	],
	"a serial number twice, on days that can be months": [
		`Computer Name,Serial Number,Last Inventory Update,Crossfade\nmac-1,C1,11/12/2026,"${old}"\nmac-1,C1,10/12/2026,"${fresh}"\n`,
		/2 reports of this name differ/,
	],
	"firmware's word for no serial number is none": [
		`Computer Name,Serial Number,Last Inventory Update,Crossfade\nW,System Serial Number,2026-01-01T00:00:00Z,"${old}"\nW,System Serial Number,2026-01-02T00:00:00Z,"${fresh}"\n`,
		/2 reports of this name differ/,
	],
	"one name in two spellings, the older report on the old token": [
		`Computer Name,Last Inventory Update,Crossfade\nMAC-1,2026-01-01T00:00:00Z,"${old}"\nmac-1.local,2026-01-02T00:00:00Z,"${fresh}"\n`,
		/2 reports of this name differ/,
	],
	"one name, one serial number": [
		`Computer Name,Serial Number,Last Inventory Update,Crossfade\nmac-1,,2026-01-01T00:00:00Z,"${old}"\nmac-1,C1,2026-01-02T00:00:00Z,"${fresh}"\n`,
		/2 reports of this name differ/,
	],
	"two columns of one name that differ": [
		`Computer Name,Crossfade,Computer Name\nmac-1,"${fresh}",mac-9\n`,
		/line 2: columns of one name with different host names/,
	],
	"several lines in a cell with times that are not read": [
		csv(`11/30/2026 10:00 AM ${old}\n11/29/2026 10:00 AM ${fresh}`),
		/one of several that differ, and which is newest is not known/,
	],
	"several accounts on one line of a cell": [csv(`user b: ${old}; user a: ${fresh}`), /which is newest is not known/],
	"a plain line with a name in two words": [`Ann's Mac ${fresh}\n`, /line 1: more than a host name/],
	"lines of a system log": [`Nov 30 10:00:00 mac-1 jamf[77]: ${fresh}\n`, /line 1: more than a host name/],
	"words for no name": [`Computer Name,Crossfade\nN/A,"${fresh}"\n`, /line 2: no host name/],
	"letters of an older encoding": [
		Buffer.from(csv(fresh, "M\u00fcller-mac"), "latin1"),
		/line 2: a host name that is not in UTF-8 or UTF-16/,
	],
	"the header alone": ["Computer Name,Serial Number,Crossfade\n", /no records/],
	nothing: ["", /no records/],
};

describe("an export that is not plain is no yes, and says why", () => {
	test.each(Object.entries(OPEN))("%s", async (_name, [text, why]) => {
		const { code, answer, open } = await report(text);
		expect({ code, answer }).toEqual({ code: 9, answer: "not known" });
		expect(open).toMatch(why);
	});
});

test.each([
	["an Excel workbook", Buffer.from("PK\x03\x04\x14\0\x06\0", "latin1"), /got +an Excel workbook/],
	["an old Excel workbook", Buffer.from("d0cf11e0a1b11ae1", "hex"), /got +an Excel workbook/],
	["what gzip made", Buffer.from("1f8b0800", "hex"), /got +compressed with gzip/],
	["a login page", "<!DOCTYPE html><title>Sign in</title>", /got +an HTML page, such as a login page/],
])("%s is refused as what it is", async (_name, text, got) => {
	const { code, answer } = await report(text);
	expect({ code, answer }).toEqual({ code: 11, answer: expect.stringMatching(/in\.csv: it is no list/) });
	expect(answer).toMatch(got);
	expect(answer).toMatch(/fix +export the list as CSV/);
});

test.each([
	["Gerätename;Ergebnis", "Gerätename"],
	["デバイス名;出力", "デバイス名"],
	["Nom de l'appareil;Résultat".normalize("NFD"), "nom de l'appareil"],
])("a header in another language is told, and read once it is named: %s", async (header, column) => {
	const text = `${header}\nmac-1;${fresh}\n`;
	const { code, answer } = await report(text);
	expect({ code, answer }).toEqual({ code: 2, answer: expect.stringContaining(header.replace(";", ", ")) });
	expect(answer).toContain("--host-column NAME");
	expect(await report(text, "--host-column", column)).toMatchObject({ code: 0, answer: "yes", hosts: ["mac-1"] });
});

describe("a list of hosts", () => {
	const two = `Computer Name,Crossfade\nmac-1,"${fresh}"\nmac-2,"${fresh}"\n`;
	const lists = (hosts: string) => {
		const cwd = scratch({ "hosts.csv": hosts, "in.csv": two });
		return crossfade([...args, "--hosts", "hosts.csv", "--require-migrated", "--json"], { cwd });
	};

	test.each([
		["with comments", "# our Macs, and others;\nhost\nmac-1\n# retired:\n#mac-9\nmac-2\n"],
		["with comments and several columns", "# our Macs\nhost;owner\n# mac-9;jo\nmac-1;jo\nmac-2;\n"],
		["whose header begins with #", "#,host\n1,mac-1\n2,mac-2\n"],
		["with names in longer form", "host\nmac-1.corp.example.com\nMAC-2.local\n"],
	])("%s", async (_name, hosts) => {
		expect(await lists(hosts)).toMatchObject({ code: 0, stdout: expect.stringContaining('"safeToRetire": "yes"') });
	});

	test.each([
		["without a header", "mac-1\nmac-2\n", "mac-1"],
		["that is JSON", '[{"name":"mac-1"}]', '[{"name":"mac-1"}]'],
		["that is empty", "", "an empty file"],
		["of comments alone", "# our Macs\n", "an empty file"],
	])("%s is told with what it has, and what to add", async (_name, hosts, got) => {
		const { code, stderr } = await lists(hosts);
		expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("no column with host names found") });
		expect(stderr.replaceAll(/\s+/g, " ")).toContain(`got ${got}`);
		expect(stderr.replaceAll(/\s+/g, " ")).toContain("add the line host at its top");
	});
});

describe("every format says the same of one list, with the same exit code", () => {
	const SAYS: Readonly<Record<string, (answer: string) => RegExp>> = {
		text: (answer) => new RegExp(`retire the old token: ${answer}`, "i"),
		csv: () => /mac-1/,
		junit: (answer) => (answer === "yes" ? /failures="0"/ : /failures="[1-9]/),
		html: (answer) => new RegExp(`"safeToRetire":"${answer}"|${answer}`, "i"),
	};
	test.each([
		["yes", 0, csv(fresh)],
		["not yet", 5, csv(old)],
		["not known", 9, csv(`${fresh}…`)],
	])("%s", async (answer, code, text) => {
		const cwd = scratch();
		writeFileSync(join(cwd, "in.csv"), text);
		for (const [format, says] of Object.entries(SAYS)) {
			const file = `out.${format}`;
			const run = await crossfade([...args, "--require-migrated", "--format", format, "--out", file], { cwd });
			expect({ format, code: run.code, stderr: run.stderr }).toEqual({ format, code, stderr: "" });
			expect(readFileSync(join(cwd, file), "utf8").replaceAll(/\s+/g, " ")).toMatch(says(answer));
		}
	});
});
