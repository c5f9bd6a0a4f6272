import { describe, expect, test } from "vitest";
import { parseReportLine, readHosts, readInventory } from "../../../src/prove/evidence/inventory.ts";

const fp = "0123456789ab";
const line = (state = "ok", id = fp) =>
	`crossfade ${state} fp=${id} cfg=1 cli=claude-code:ok,codex:drift,gemini:absent users=2`;

async function* pieces(text: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe("the report line", () => {
	test("is read as every MDM shows it", () => {
		expect(parseReportLine(`<result>${line()}</result>`)).toEqual({
			state: "ok",
			fingerprint: fp,
			clis: { "claude-code": "ok", codex: "drift", gemini: "absent" },
			users: 2,
		});
		expect(parseReportLine("crossfade absent fp=none cfg=0 cli= users=0")).toMatchObject({
			state: "absent",
			fingerprint: undefined,
			clis: {},
		});
	});

	test.each([
		["drift", "drift"],
		["ok", "drift"],
		["error", "error"],
	])("with several tokens, %s, is %s and of no one token", (said, state) => {
		const clis = "claude-code:stale,codex:old,gemini:error";
		expect(parseReportLine(`crossfade ${said} fp=mixed cfg=1 cli=${clis} users=3 skipped=1`)).toEqual({
			state,
			fingerprint: undefined,
			clis: { "claude-code": "stale", codex: "old", gemini: "error" },
			users: 3,
		});
	});

	test.each([
		"",
		"crossfade",
		"crossfade fine fp=0123456789ab cfg=1 cli= users=1",
		"crossfade ok fp=0123 cfg=1 cli= users=1",
	])("%j is none", (text) => {
		expect(parseReportLine(text)).toBeUndefined();
	});
});

describe("readInventory", () => {
	const shapes: Readonly<Record<string, string>> = {
		"Jamf: computer search with an extension attribute": `"Computer Name","Serial Number","crossfade","Last Inventory Update"\r\n"mac-1","C02","${line()}","2026-01-31 12:00:00"\r\n`,
		"Intune: remediation device status": `DeviceId,DeviceName,UserName,PreRemediationDetectionScriptOutput,ModifiedTime\n1,mac-1,"Doe, Jo","${line()}",2026-01-31T12:00:00Z\n`,
		"Intune: with a byte order mark": `\ufeffDevice name,Status,Output\nmac-1,ok,${line().replaceAll(",", ";")}\n`
			.replaceAll(/cli=(\S+)/g, '"cli=$1"')
			.replace(
				/,crossfade(.*)\n/,
				(_, rest: string) => `,"crossfade${rest.replaceAll('"', "").replaceAll(";", ",")}"\n`,
			),
		"Kandji (Iru): a log of several lines in one cell": `computer_name,serial_number,last_audit_log\nmac-1,C02,"Audit began\nScript results: ${line()}\nexit 0"\n`,
		"semicolons, as Excel writes them in Europe": `Hostname;Wert\nmac-1;${line()}\n`,
		"JSON lines, as an API gives them": `{"managedDeviceName":"mac-1","result":${JSON.stringify(line())},"lastStateUpdateDateTime":"2026-01-31T12:00:00Z"}\n`,
		"plain lines": `mac-1 ${line()}\n`,
		"plain lines of ssh": `mac-1: ${line()}`,
	};

	test.each(Object.entries(shapes))("%s", async (_, text) => {
		const { rows, bad, lines } = await readInventory(pieces(text));
		expect(rows).toEqual([expect.objectContaining({ host: "mac-1", state: "ok", fingerprint: fp, users: 2 })]);
		expect({ bad, lines }).toEqual({ bad: 0, lines: 1 });
	});

	test("UTF-16 with a byte order mark, as Windows writes it", async () => {
		const { rows } = await readInventory(
			pieces(Buffer.from(`\ufeffDevice name\tOutput\r\nmac-1\t${line()}\r\n`, "utf16le"), 5),
		);
		expect(rows.map(({ host }) => host)).toEqual(["mac-1"]);
	});

	test("of one host the newest line counts, whatever the order", async () => {
		const text = `host,time,x\na,2026-01-02,"${line("drift")}"\na,2026-01-03,"${line("ok")}"\na,2026-01-01,"${line("error")}"\n`;
		expect((await readInventory(pieces(text))).rows).toMatchObject([{ host: "a", state: "ok" }]);
	});

	test("bad lines are counted with their place and reason, and never fatal", async () => {
		const text = `host,x\n,"${line()}"\na,nothing\n${"h".repeat(300)},"${line()}"\nb,"${line()}"\n`;
		const { rows, bad, samples, lines } = await readInventory(pieces(text));
		expect({ rows: rows.length, bad, lines }).toEqual({ rows: 1, bad: 3, lines: 4 });
		expect(samples).toEqual([
			{ line: 2, why: "no host name beside the report line" },
			{ line: 3, why: "no report line in it" },
			{ line: 4, why: "a host name that is too long" },
		]);
	});

	test.each([
		["nothing", ""],
		["a quote that never closes", `host,x\n"${"a".repeat(5000)}`],
		["random bytes", Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919) % 256))],
		["JSON that is not an object", "{\n[1]\nnull\n"],
	])("%s is no crash and no row", async (_, text) => {
		expect((await readInventory(pieces(text, 64))).rows).toEqual([]);
	});

	test("a column can be named", async () => {
		const text = `who,host,x\na,b,"${line()}"\n`;
		expect((await readInventory(pieces(text), { column: "Who" })).rows).toMatchObject([{ host: "a" }]);
	});

	test("200,000 hosts come out whole", async () => {
		async function* fleet() {
			yield Buffer.from("Computer Name,crossfade\n");
			for (let block = 0; block < 200; block++) {
				yield Buffer.from(Array.from({ length: 1000 }, (_, index) => `mac-${block}-${index},"${line()}"\n`).join(""));
			}
		}
		const { rows, lines, bad } = await readInventory(fleet());
		expect({ rows: rows.length, lines, bad }).toEqual({ rows: 200_000, lines: 200_000, bad: 0 });
	});
});

test("expected hosts come from the column an MDM uses, or the one that is named", async () => {
	const csv = "Serial Number,Computer Name,Owner\nC1,mac-1,jo\nC2,mac-2,\nC3,mac-2,x\n";
	expect(await readHosts(pieces(csv), undefined)).toEqual(["mac-1", "mac-2"]);
	expect(await readHosts(pieces(csv), "owner")).toEqual(["jo", "x"]);
	expect(await readHosts(pieces(csv), "nope")).toBeUndefined();
	expect(await readHosts(pieces(""), undefined)).toBeUndefined();
});
