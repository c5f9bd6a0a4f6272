import { describe, expect, test } from "vitest";
import { readHosts, readInventory } from "../../../src/prove/evidence/inventory.ts";

const line = "crossfade ok fp=0123456789ab cfg=1 cli=claude-code:ok,codex:drift,gemini:absent users=2";
const table = (delimiter: string) =>
	[
		["No", "Computer Name", "crossfade", "Last Check-in"],
		["1", "mac-1", `"${line}"`, "2026-01-31T12:00:00Z"],
		["2", "mac-2", "", ""],
	]
		.map((cells) => cells.join(delimiter))
		.join("\n");

async function* pieces(text: string, size = 7): AsyncGenerator<Uint8Array> {
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A table as programs write it: with lines above its header. */
const FILES: Readonly<Record<string, string>> = {
	"no title": table(","),
	"a title": `Device inventory\n${table(",")}`,
	"a title and a blank line, with a mark": `\ufeffDevice inventory\r\n\r\n${table(",").replaceAll("\n", "\r\n")}`,
	"blank lines, then a mark and the header": `\n \n\ufeff${table(",")}`,
	"a title with commas above a table with semicolons": `Devices, exported Nov 30, 2026, 07:00\n${table(";")}`,
	"a title that is padded to the width of the table": `Device inventory,,,\n,,,\n${table(",")}`,
	"a title that is the name of a column": `Device\n${table(",")}`,
	"a title and a line of settings": `"Report: ""all Macs"""\nGroup:,All\nExported by:,jo\n\n${table(",")}`,
	"a title above a table with tabs": `Inventory, all\n${table("\t")}`,
};

describe("a table whose header is not the first line", () => {
	test.each(Object.entries(FILES))("%s", async (_name, text) => {
		for (const size of [1, 7, 1 << 16]) {
			const read = await readInventory(pieces(text, size));
			expect(read.rows.map(({ host, state }) => [host, state])).toEqual([
				["mac-1", "ok"],
				["mac-2", "unreported"],
			]);
			expect(read).toMatchObject({ lines: 2, bad: 0, samples: [] });
			expect(await readHosts(pieces(text, size), undefined)).toMatchObject({ hosts: ["mac-1", "mac-2"], bad: 0 });
		}
	});

	test("the column that the user names is looked for below a title, too", async () => {
		const text = "Geräte, Stand heute\nNr;Rechner\n1;mac-1\n";
		expect(await readHosts(pieces(text), "Rechner")).toMatchObject({ hosts: ["mac-1"] });
		expect(await readHosts(pieces(text), undefined)).toEqual({ unknownHeader: ["Geräte", " Stand heute"] });
	});

	test.each([
		["with a title", `Geräte\nNr,Rechner,Bericht\n1,mac-1,"${line}"\n2,mac-2,\n`],
		["with a title, and semicolons", `Geräte\nNr;Rechner;Bericht\n1;mac-1;${line}\n2;mac-2;\n`],
	])("a header that nobody knows makes no machines out of its rows: %s", async (_name, text) => {
		const { rows, samples } = await readInventory(pieces(text));
		expect(rows).toEqual([]);
		expect(samples).toContainEqual({ line: 3, why: "a row of a table whose header was not found" });
	});

	test("a record is no header because a cell of it has the name of a column", async () => {
		const text = `Rechner,Art\nmac-1,device\nmac-2,device\n`;
		expect(await readHosts(pieces(text), undefined)).toEqual({ unknownHeader: ["Rechner", "Art"] });
		expect(await readInventory(pieces(text))).toMatchObject({ unknownHeader: ["Rechner", "Art"], rows: [] });
	});

	test.each(["Total,2,", "Grand Total,,", "Total: 2,,", "2 devices,,", "Gesamt,2,", "Total devices (2),,"])(
		"the line %s below a table is told, and is no machine",
		async (last) => {
			const text = `Computer Name,Users,crossfade\nmac-1,2,"${line}"\nTotal-Recall,1,\n${last}\n`;
			const why = "a total, not a machine";
			const inventory = await readInventory(pieces(text));
			expect(inventory.rows.map(({ host }) => host)).toEqual(["mac-1", "Total-Recall"]);
			expect(inventory).toMatchObject({ bad: 1, samples: [{ line: 4, why }] });
			const hosts = await readHosts(pieces(text), undefined);
			expect(hosts).toMatchObject({ hosts: ["mac-1", "Total-Recall"], bad: 1, samples: [{ line: 4, why }] });
		},
	);

	test("a machine that is named Total has its report", async () => {
		const text = `Computer Name,crossfade\nTotal,"${line}"\n`;
		expect((await readInventory(pieces(text))).rows.map(({ host }) => host)).toEqual(["Total"]);
	});
});
