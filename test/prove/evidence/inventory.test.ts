import { describe, expect, test } from "vitest";
import { readHosts, readInventory } from "../../../src/prove/evidence/inventory.ts";

const fp = "0123456789ab";
const line = (state = "ok", id = fp) =>
	`crossfade ${state} fp=${id} cfg=1 cli=claude-code:ok,codex:drift,gemini:absent users=2`;

async function* pieces(text: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("a line without an end is one that cannot be used, and costs no more than its length; the next are read", async () => {
	const long = "\0".repeat(8 * 1024 * 1024);
	const text = `mac-1 ${line()}\n${long}\nmac-2 ${line()}\n${long}`;
	const { rows, lines, bad } = await readInventory(pieces(text, 1 << 16));
	expect({ hosts: rows.map(({ host }) => host), lines, bad }).toEqual({ hosts: ["mac-1", "mac-2"], lines: 4, bad: 2 });
});

/** One text as the files that programs write of it. */
const FILES: Readonly<Record<string, (text: string) => Uint8Array>> = {
	LF: (text) => Buffer.from(text),
	CRLF: (text) => Buffer.from(text.replaceAll("\n", "\r\n")),
	"CR alone": (text) => Buffer.from(text.replaceAll("\n", "\r")),
	"each line ended another way": (text) => {
		let count = 0;
		return Buffer.from(text.replaceAll("\n", () => ["\r\n", "\r", "\n"][count++ % 3] ?? ""));
	},
	"UTF-8 with a mark": (text) => Buffer.from(`\ufeff${text}`),
	"UTF-16LE with a mark, CRLF": (text) => Buffer.from(`\ufeff${text.replaceAll("\n", "\r\n")}`, "utf16le"),
	"UTF-16BE with a mark": (text) => Buffer.from(`\ufeff${text}`, "utf16le").swap16(),
	"UTF-16LE without a mark": (text) => Buffer.from(text, "utf16le"),
	"UTF-16BE without a mark": (text) => Buffer.from(text, "utf16le").swap16(),
};

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
		"a JSON list": `[\n  {\n    "hostname": "mac-1",\n    "report": ${JSON.stringify(line())}\n  }\n]\n`,
		"a JSON list on one line": JSON.stringify([{ deviceName: "mac-1", output: line() }]),
		"the answer of an API": JSON.stringify({ value: [{ deviceName: "mac-1", output: line() }] }, undefined, 2),
		"a file that names its delimiter": `sep=;\r\nComputer Name;Owner, of it;crossfade\r\nmac-1;Doe, Jo;${line()}\r\n`,
		"tabs, with commas in the header": `Last seen, UTC\tComputer Name, short, as shown\tHostname\tcrossfade\n\tx\tmac-1\t${line()}\n`,
		"a quoted header with other delimiters in it": `"Computer Name";"a,b,c";"d,e"\n"mac-1";"${line()}";""\n`,
		"cells that are empty before the header": `,,\n , ,\nhost,x,y\nmac-1,"${line()}",\n`,
		"plain lines": `mac-1 ${line()}\n`,
		"plain lines of ssh": `mac-1: ${line()}`,
	};

	test.each(Object.entries(shapes))("%s", async (_, text) => {
		const { rows, bad, lines } = await readInventory(pieces(text));
		expect(rows).toEqual([expect.objectContaining({ host: "mac-1", state: "ok", fingerprint: fp, users: 2 })]);
		expect({ bad, lines }).toEqual({ bad: 0, lines: 1 });
	});

	describe("a line that is not what the newest run says", () => {
		const rowOf = async (header: string, ...cells: readonly string[]) => {
			const csv = `Device name,${header}\nmac-1,${cells.map((cell) => `"${cell}"`).join(",")}\n`;
			const { rows } = await readInventory(pieces(csv));
			return rows[0];
		};
		const open = { state: "ok", leavesOpen: expect.stringContaining("is that of an earlier run") };

		test.each([
			["Result,Previous result", ["script failed", line()]],
			["Previous result,Result", [line(), ""]],
			["Prior output", [line()]],
			["Pre-remediation output,Post-remediation output", [line(), "exit code 1"]],
		])("%s: it is open", async (header, cells) => {
			expect(await rowOf(header, ...cells)).toMatchObject(open);
		});

		test.each([
			["Result,Previous result", [line(), line("drift")]],
			["Previous result,Result", [line("drift"), line()]],
			["Pre-remediation output,Post-remediation output", [line(), ""]],
			["Last result", [line()]],
		])("%s: it is the newest", async (header, cells) => {
			const row = await rowOf(header, ...cells);
			expect(row).toMatchObject({ state: "ok", fingerprint: fp });
			expect(row?.leavesOpen).toBeUndefined();
		});

		test("a line that somebody expects is no report", async () => {
			expect(await rowOf("Result,Expected", "script failed", line())).toMatchObject({ state: "unreported" });
			expect(await rowOf("Expected,Result", line(), line("drift"))).toMatchObject({ state: "drift" });
		});
	});

	describe.each([1, 5, 1 << 16])("in pieces of %i bytes", (size) => {
		test.each(Object.entries(FILES))("%s", async (_, write) => {
			const csv = write(`Device name\tOutput\nmac-1\t${line()}\nmäc-2\t"${line()}"\n`);
			const { rows, lines, bad } = await readInventory(pieces(csv, size));
			expect({ hosts: rows.map(({ host }) => host), lines, bad }).toEqual({
				hosts: ["mac-1", "mäc-2"],
				lines: 2,
				bad: 0,
			});
			const plain = await readInventory(pieces(write(`mac-1 ${line()}\nmac-2 ${line()}\n`), size));
			expect(plain.rows.map(({ host }) => host)).toEqual(["mac-1", "mac-2"]);
		});
	});

	test("a header alone, and blank lines and cells, are no machine", async () => {
		expect(await readInventory(pieces("host,x\n"))).toEqual({
			rows: [],
			lines: 0,
			bad: 0,
			mended: 0,
			samples: [],
			isRowPerMachine: true,
		});
		expect(await readInventory(pieces(`host,x\n\n  \n,\n,"${line()}"\n`))).toMatchObject({
			rows: [],
			lines: 2,
			bad: 2,
			samples: [{ line: 4 }, { line: 5 }],
		});
	});

	test("a quote in the middle of a cell is a character", async () => {
		const csv = `screen,host,x\n13",a,"${line()}"\n14" x,b,"${line("drift")}"\n"15""",c,"${line()}"\n`;
		expect(await readInventory(pieces(csv))).toMatchObject({
			rows: [{ host: "a" }, { host: "b", state: "drift" }, { host: "c" }],
			lines: 3,
			bad: 0,
			mended: 0,
		});
	});

	test.each([
		["before a host", `host,x\na,"${line()}"\n"b,"${line()}"\nc,"${line()}"\n`],
		["before the report line, at the end of the file", `host,x\na,"${line()}"\nb,"${line()}`],
		["before the report line", `host,x\na,"${line()}"\nb,"${line()}\nc,"${line()}"\n`],
		["before a host, and no other quote follows", `host;x\na;${line()}\n"b;${line()}\nc;${line()}\n`],
		["behind a closed one", `host,y,x\na,,"${line()}"\nb,"y"y,"${line()}"\nc,,"${line()}"\n`],
	])("a quote that is not closed costs no machine, and is told with its line: %s", async (_, csv) => {
		const { rows, bad, mended, samples } = await readInventory(pieces(csv, 64));
		const all = csv.trim().split("\n").slice(1).length;
		expect(rows).toEqual(
			["a", "b", "c"].slice(0, all).map((host) => expect.objectContaining({ host, state: "ok", fingerprint: fp })),
		);
		expect({ bad, mended, samples }).toEqual({
			bad: 0,
			mended: 1,
			samples: [{ line: 3, why: "an unclosed quote" }],
		});
	});

	test("lines are counted through cells of several lines", async () => {
		const csv = `host,log,x\na,"1\n2\r\n3","${line()}"\nb,"1\n2","nothing"\n"c,"1\n2","${line()}"\nd,,"${line()}"\n`;
		const { rows, samples } = await readInventory(pieces(csv, 16));
		expect(rows.map(({ host, state }) => `${host} ${state}`)).toEqual(["a ok", "b unreported", "c unreported", "d ok"]);
		expect(samples).toEqual([
			{ line: 7, why: "an unclosed quote" },
			{ line: 8, why: "a host name with a quote" },
		]);
	});

	test("an unclosed quote at the start of a large file loses no machine after it", async () => {
		async function* file() {
			yield Buffer.from(`host;x\n"first;${line()}\n`);
			for (let block = 0; block < 40; block++)
				yield Buffer.from(Array.from({ length: 1000 }, (_, index) => `m-${block}-${index};${line()}\n`).join(""));
		}
		const { rows, bad, mended, samples } = await readInventory(file());
		expect({ rows: rows.length, first: rows[0]?.host, bad, mended }).toEqual({
			rows: 40_001,
			first: "first",
			bad: 0,
			mended: 1,
		});
		expect(samples).toEqual([{ line: 2, why: "an unclosed quote" }]);
	});

	test("a file full of quotes that do not pair is read to its end, and fast", async () => {
		async function* file() {
			yield Buffer.from("host;y;x\n");
			for (let block = 0; block < 100; block++)
				yield Buffer.from(Array.from({ length: 1000 }, (_, index) => `m-${block}-${index};"a"b;${line()}\n`).join(""));
		}
		const { rows, bad, mended } = await readInventory(file());
		expect({ rows: rows.length, bad, mended }).toEqual({ rows: 100_000, bad: 0, mended: 100_000 });
	});

	test.each([
		["02/03/2026 10:00", undefined],
		["2/3/2026", undefined],
		["3.2.2026", undefined],
		["03/03/2026 10:00 UTC", Date.UTC(2026, 2, 3, 10)],
		["01/31/2026 10:00 UTC", Date.UTC(2026, 0, 31, 10)],
		["31/01/2026", undefined],
	])("a date whose day and month can be swapped is no time: %s", async (time, at) => {
		const { rows } = await readInventory(pieces(`host,time,x\na,${time},"${line()}"\n`));
		expect(rows).toMatchObject([{ host: "a", at }]);
	});

	test("a JSON list has a record for each machine: two of one name that disagree are two", async () => {
		const records = [
			{ host: "a", x: line("drift"), time: "2026-01-01T00:00:00Z" },
			{ host: "a", x: line("ok"), time: "2026-01-02T00:00:00Z" },
		];
		expect((await readInventory(pieces(JSON.stringify(records)))).rows).toMatchObject([{ host: "a", rows: 2 }]);
	});

	test("a page of a longer JSON list is told, and so are records that name nobody", async () => {
		const list = { value: [{ host: "a", x: line() }, { x: line() }, 7], "@odata.nextLink": "https://example.com/2" };
		const { rows, bad, samples } = await readInventory(pieces(JSON.stringify(list)));
		expect(rows).toMatchObject([{ host: "a" }]);
		expect({ bad, why: samples.map((sample) => sample.why) }).toEqual({
			bad: 3,
			why: ["no host name", "no report line", "one page of a longer list"],
		});
	});

	test("a JSON document that is cut off is no list: none of its lines is a machine", async () => {
		const text = JSON.stringify([{ host: "a", x: line() }], undefined, 1).slice(0, -3);
		expect(await readInventory(pieces(text))).toMatchObject({ rows: [], bad: 4 });
	});

	test("a time without a zone is the earliest that it can be", async () => {
		const { rows } = await readInventory(pieces(`host,time,x\na,2026-01-31 12:00:00,"${line()}"\n`));
		const hour = 3_600_000;
		expect(rows).toMatchObject([{ at: Date.UTC(2026, 0, 31, 12) - 14 * hour, unsureMs: 26 * hour }]);
	});

	test("of one host the newest line counts, whatever the order", async () => {
		const text = `host,time,x\na,2026-01-02,"${line("drift")}"\na,2026-01-03,"${line("ok")}"\na,2026-01-01,"${line("error")}"\n`;
		expect((await readInventory(pieces(text))).rows).toMatchObject([{ host: "a", state: "ok" }]);
	});

	test("bad lines are counted with their place and reason, and never fatal", async () => {
		const text = `host,x\n,"${line()}"\na,nothing\n${"h".repeat(300)},"${line()}"\nb,"${line()}"\n`;
		const { rows, bad, samples, lines } = await readInventory(pieces(text));
		expect({ rows: rows.length, bad, lines }).toEqual({ rows: 2, bad: 2, lines: 4 });
		expect(samples).toEqual([
			{ line: 2, why: "no host name" },
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

	test.each([
		["one cell with a log of two runs", `host,x\na,"${line("drift")}\n${line("ok")}"\n`, "ok", []],
		[
			"the output before and after a change",
			`host,PostOutput,PreOutput\na,"${line("ok")}","${line("drift")}"\n`,
			"ok",
			[],
		],
		["the output before a change alone", `host,PreOutput,PostOutput\na,"${line("drift")}",\n`, "drift", []],
		["two columns that agree", `host,x,y\na,"${line()}","${line()}"\n`, "ok", []],
		[
			"two columns that do not",
			`host,x,y\na,"${line()}","${line("drift")}"\n`,
			"ok",
			["several columns with different report lines"],
		],
		[
			"two fields that do not",
			`{"host":"a","x":"${line()}","y":"${line("error")}"}\n`,
			"ok",
			["several columns with different report lines"],
		],
	])("%s", async (_, text, state, why) => {
		const { rows, samples } = await readInventory(pieces(text));
		expect(rows).toMatchObject([{ host: "a", state }]);
		expect(samples.map((sample) => sample.why)).toEqual(why);
	});

	test("two report lines in one plain line are of nobody: the second may be another machine's", async () => {
		const { rows, samples } = await readInventory(pieces(`a ${line()} b ${line("drift")}\n`));
		expect({ rows, samples }).toEqual({ rows: [], samples: [{ line: 1, why: "several report lines" }] });
	});

	test("a header without a known column is told as it is, and none that is named differently is", async () => {
		const text = `asset,owner,x\na,jo,"${line()}"\n`;
		expect(await readInventory(pieces(text))).toMatchObject({ rows: [], unknownHeader: ["asset", "owner", "x"] });
		expect(await readInventory(pieces(text), { column: ["who", "Asset"] })).not.toHaveProperty("unknownHeader");
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

describe("readHosts", () => {
	const hosts = async (text: string | Uint8Array, column?: string) => {
		const read = await readHosts(pieces(text), column);
		return "hosts" in read ? read.hosts : undefined;
	};

	test("come from the column an MDM uses, or the one that is named", async () => {
		const csv = "Serial Number,Computer Name,Owner\nC1,mac-1,jo\nC2,mac-2,\nC3,mac-2,x\n";
		expect(await hosts(csv)).toEqual(["mac-1", "mac-2"]);
		expect(await hosts(csv, "owner")).toEqual(["jo", "x"]);
		expect(await hosts(csv, "nope")).toBeUndefined();
		expect(await hosts("")).toBeUndefined();
	});

	test("two machines of one name and different serial numbers are two; of one machine the newest line counts", async () => {
		const report = (fp: string) => `crossfade ok fp=${fp} cfg=1 cli=claude-code:ok users=1`;
		const csv = [
			'"Computer Name","Serial Number","Last Inventory Update","Crossfade token"',
			`"MacBook Pro","C02AAA","2026-07-01 09:00:00","${report("aaaaaaaaaaaa")}"`,
			`"MacBook Pro","C02BBB","2026-06-01 09:00:00","${report("bbbbbbbbbbbb")}"`,
			`"MacBook Pro","C02AAA","2026-05-01 09:00:00","${report("cccccccccccc")}"`,
		].join("\n");
		const { rows } = await readInventory(pieces(csv));
		expect(rows.map(({ serial, fingerprint }) => [serial, fingerprint])).toEqual([
			["C02AAA", "aaaaaaaaaaaa"],
			["C02BBB", "bbbbbbbbbbbb"],
		]);
	});

	test.each([
		["rows of an export that disagree", "host,x\na,%old\na,%new\n", 2],
		["rows of an export that disagree, whatever their times", "host,time,x\na,2026-01-01,%old\na,2026-01-02,%new\n", 2],
		["rows that agree", "host,x\na,%new\na,%new\n", undefined],
		["lines without a time that disagree", "a %old\na %new\n", 2],
		[
			"JSON lines whose times put them in order",
			'{"host":"a","time":"2026-01-01","x":"%old"}\n{"host":"a","time":"2026-01-02","x":"%new"}\n',
			undefined,
		],
	])("without serial numbers, %s may be several machines or are one", async (_what, text, count) => {
		const report = (fp: string) => `crossfade ok fp=${fp} cfg=1 cli=codex:ok users=1`;
		const filled = text.replaceAll("%old", report("aaaaaaaaaaaa")).replaceAll("%new", report("bbbbbbbbbbbb"));
		const { rows } = await readInventory(pieces(filled));
		expect(rows.map((row) => [row.fingerprint, row.rows])).toEqual([["bbbbbbbbbbbb", count]]);
	});

	test("a name that a list has twice is told with both lines", async () => {
		const read = await readHosts(pieces("host\nmac-1\nmac-2\nmac-1\n"), undefined);
		expect(read).toMatchObject({
			hosts: ["mac-1", "mac-2"],
			bad: 1,
			samples: [{ line: 4, why: "the same name as in line 2" }],
		});
	});

	test("a header alone names no host, blank cells are told with their line", async () => {
		expect(await hosts("host,owner")).toEqual([]);
		expect(await hosts("host,owner\r\n")).toEqual([]);
		expect(await readHosts(pieces("\nhost,owner\n,jo\n\n  ,jo\n,,\na,jo\n"), undefined)).toEqual({
			hosts: ["a"],
			lines: 4,
			bad: 3,
			mended: 0,
			samples: [3, 5, 6].map((line) => ({ line, why: "no host name" })),
		});
	});

	test.each(Object.entries(FILES))("%s", async (_, write) => {
		expect(await hosts(write('Serial;Computer Name\nC1;mac-1\nC2;"mac-2"\nC3;mäc-3'))).toEqual([
			"mac-1",
			"mac-2",
			"mäc-3",
		]);
	});

	test("a quote in the middle of a cell is a character", async () => {
		const read = await readHosts(pieces('size,host\n13" new,a\n14",b\nx"y"z,c\n"15"" old",d\n'), undefined);
		expect(read).toEqual({ hosts: ["a", "b", "c", "d"], lines: 4, bad: 0, mended: 0, samples: [] });
	});

	test.each([
		["at the start of a host, with quotes later on", 'host,os\na,x\n"b,x\nc,"x, y"\nd,x\n'],
		["at the start of the last column", 'host,os\na,x\nb,"x\nc,x\nd,x\n'],
		["with characters behind a closing quote", 'host,os\na,x\n"b"b"\nc,x\nd,x\n'],
		["in a line that ends like a quoted one", 'host,os\na,x\n"b,"x"\nc,x\nd,x'],
	])("a quote that is not closed costs no machine, and is told with its line: %s", async (_, text) => {
		const read = await readHosts(pieces(text), undefined);
		expect(read).toMatchObject({
			hosts: ["a", "b", "c", "d"].map((host) => expect.stringMatching(`^${host}`)),
			lines: 4,
			bad: 0,
			mended: 1,
			samples: [{ line: 3, why: "an unclosed quote" }],
		});
	});

	test("a quote that is not closed is told also when it is the last thing of the file", async () => {
		const read = await readHosts(pieces('host,os\na,x\nb,"'), undefined);
		expect(read).toMatchObject({ hosts: ["a", "b"], mended: 1, samples: [{ line: 3 }] });
	});

	test("two stray quotes that look like one cell of several lines: told, not believed", async () => {
		const read = await readHosts(pieces('host\na\n"b\nc\nd"\ne\n'), undefined);
		expect(read).toMatchObject({
			hosts: ["a", "e"],
			bad: 1,
			samples: [{ line: 3, why: "a host name with a line break" }],
		});
	});

	test("reports a name that is too long", async () => {
		expect(await readHosts(pieces(`host\n${"h".repeat(300)}\na\n`), undefined)).toMatchObject({
			hosts: ["a"],
			bad: 1,
			samples: [{ line: 2, why: "a host name that is too long" }],
		});
	});
});
