import { parse as parseToml } from "smol-toml";
import { describe, expect, test } from "vitest";
import { needs } from "../harness/parts.ts";
import { awks, type EditorCase, type EditorRun, runCases } from "./editor.ts";

const one = async (awk: (typeof awks)[number], what: EditorCase): Promise<EditorRun> => {
	const [outcome] = await runCases(awk, [what]);
	if (!outcome) throw new Error("no outcome");
	return outcome;
};

for (const awk of awks)
	describe(awk.name, needs(awk.part), () => {
		test.each([
			['{"a":1 // x\r\n}', 0],
			['{"a":1, // x\r\r\n "b":2}', 0],
			['{"a":1 // x\r // y\n}', 0],
			['{\r"a":1 // b\n}', 0],
			['{"a":1} // x\r', 0],
			['{"a":1 // x\r}', 3],
			['{"a":1 // x\ry\n}', 3],
		])("a lone carriage return in %j is read over where every reader agrees", async (text, code) => {
			const set = await one(awk, { format: "jsonc", mode: "set", text, plan: ["set\t/env/X\tstring\tv"] });
			expect(set.code).toBe(code);
			if (code !== 0) return;
			const undone = await one(awk, { format: "jsonc", mode: "undo", text: set.text, plan: set.record });
			expect(undone.text).toBe(text);
		});

		test.each(['{"a":1,}', '{"a":[1,]}', '{"a":1, // x\n}', '{"env":{"B":"1",},"a":1}'])(
			"the trailing comma in %j keeps Gemini CLI from starting: such a file is left alone",
			async (text) => {
				const plan = ["set\t/env/X\tstring\tv"];
				expect(await one(awk, { format: "jsonc", mode: "set", text, plan })).toMatchObject({ code: 3, text: "" });
			},
		);

		test.each([
			["put by us", '{"env": {"MINE": "1"}}'],
			["the user's before us", '{"env": {"MINE": "1", "HEADERS": "theirs"}}'],
		])("a value %s that a later plan drops is in no record, and undo gives the first file", async (_what, text) => {
			const first = await one(awk, {
				format: "json",
				mode: "set",
				text,
				plan: ["set\t/env/HEADERS\tstring\tBearer old"],
			});
			const plan = ["drop\t/env/HEADERS", "set\t/helper\tstring\tx"];
			const next = await one(awk, { format: "json", mode: "set", text: first.text, plan, before: first.record });
			expect(next.code).toBe(0);
			expect(JSON.parse(next.text)).toEqual({ env: { MINE: "1" }, helper: "x" });
			expect(next.record.join("\n")).not.toContain("old");
			const undone = await one(awk, { format: "json", mode: "undo", text: next.text, plan: next.record });
			expect(undone.text).toBe(text);
		});

		test("a run killed between record and file: the next one takes the old value for ours", async () => {
			const text = '{"a": 1}';
			const set = (value: string, of: string, before: readonly string[]) =>
				one(awk, { format: "json", mode: "set", text: of, plan: [`set\t/env/T\tstring\t${value}`], before });
			const first = await set("one", text, []);
			const lost = await set("two", first.text, first.record);
			const third = await set("three", first.text, lost.record);
			expect(third.record.join("\n")).not.toContain("one");
			expect((await one(awk, { format: "json", mode: "undo", text: third.text, plan: third.record })).text).toBe(text);
			expect((await one(awk, { format: "json", mode: "undo", text: first.text, plan: lost.record })).text).toBe(text);
		});

		test.each([
			["[t.x]\na = 1\n", 0],
			["t = { x = { a = 1 } }\n", 0],
			["t.x.a = 1\n", 0],
			["t.x = [1]\n", 3],
		])("a table that is to be kept stays in %j, and other values are set", async (text, code) => {
			const plan = ["keep\t/t/x", "set\t/t/x\tstring\tnone", "set\t/t/y\tstring\tv"];
			const set = await one(awk, { format: "toml", mode: "set", text, plan });
			expect(set.code).toBe(code);
			if (code !== 0) return;
			expect(parseToml(set.text)).toEqual({ t: { x: { a: 1 }, y: "v" } });
			expect((await one(awk, { format: "toml", mode: "same", text: set.text, plan })).code).toBe(1);
			expect((await one(awk, { format: "toml", mode: "undo", text: set.text, plan: set.record })).text).toBe(text);
		});

		test.each(["", 't = { x = "theirs" }\n', '[t]\nx = "theirs"\n'])(
			"without a table in %j there is nothing to keep",
			async (text) => {
				const plan = ["keep\t/t/x", "set\t/t/x\tstring\tnone"];
				const set = await one(awk, { format: "toml", mode: "set", text, plan });
				expect(parseToml(set.text)).toEqual({ t: { x: "none" } });
				expect((await one(awk, { format: "toml", mode: "undo", text: set.text, plan: set.record })).text).toBe(text);
			},
		);

		test.each([
			'm = {\n  A = "1",\n  B = "2",\n}\n',
			'm = { A = "1", }\n',
			"m = {\r\n\tA = [ { B = 1,\r\n }, ], # why\r\n\t# nothing\r\n}\r\n",
			"m = {\n}\n",
		])("an inline table of TOML 1.1 that is not edited is read over: %j", async (table) => {
			const text = `${table}[other]\nc = 1\n`;
			const set = await one(awk, { format: "toml", mode: "set", text, plan: ["set\t/t/x\tstring\tv"] });
			expect(set).toMatchObject({ code: 0, text: expect.stringContaining(table) });
			expect((await one(awk, { format: "toml", mode: "undo", text: set.text, plan: set.record })).text).toBe(text);
		});

		test.each(["t = {\n y = 1\n}\n", "t = { y = 1, }\n", "m = { A\n= 1 }\n", "m = { A = 1 B = 2 }\n", "m = { , }\n"])(
			"%j is left alone",
			async (text) => {
				const set = await one(awk, { format: "toml", mode: "set", text, plan: ["set\t/t/x\tstring\tv"] });
				expect(set).toMatchObject({ code: 3, text: "" });
			},
		);

		test("a value that is to be joined goes behind the owner's, again and again, and undo gives the owner's back", async () => {
			const text = '{"env": {"A": "team=x,cost=\\"1\\""}}\n';
			const plan = (ours: string) => ["join\t/env/A", `set\t/env/A\tstring\t${ours}`];
			const set = (of: string, ours: string, before: readonly string[]) =>
				one(awk, { format: "json", mode: "set", text: of, plan: plan(ours), before });
			const first = await set(text, "host=a", []);
			expect(JSON.parse(first.text)).toEqual({ env: { A: 'team=x,cost="1",host=a' } });
			expect((await set(first.text, "host=a", first.record)).code).toBe(1);
			expect((await one(awk, { format: "json", mode: "same", text: first.text, plan: plan("host=a") })).code).toBe(1);
			expect((await one(awk, { format: "json", mode: "same", text, plan: plan("host=a") })).code).toBe(0);
			const next = await set(first.text, "host=b", first.record);
			expect(JSON.parse(next.text)).toEqual({ env: { A: 'team=x,cost="1",host=b' } });
			for (const { text: of, record } of [first, next]) {
				expect((await one(awk, { format: "json", mode: "undo", text: of, plan: record })).text).toBe(text);
			}
		});

		test.each([
			["behind ours", "x=2,host=a,y=3", "x=2,y=3"],
			["behind ours alone", "host=a,y=3", "y=3"],
			["twice", "host=a,x=2,host=a,host=a,y=3", "x=2,y=3"],
			["with a part that only begins like ours", "host=ab,xhost=a,y=3", "host=ab,xhost=a,y=3"],
		])(
			"what the owner wrote %s keeps ours once, at the end, and undo gives it back without ours",
			async (_where, edited, owners) => {
				const plan = ["join\t/env/A", "set\t/env/A\tstring\thost=a"];
				const run = (mode: EditorCase["mode"], text: string, rows: readonly string[], before: readonly string[] = []) =>
					one(awk, { format: "json", mode, text, plan: rows, before });
				const first = await run("set", '{"env": {"A": "x=1"}}', plan);
				const next = await run("set", first.text.replace("x=1,host=a", edited), plan, first.record);
				expect(next.text).toBe(`{"env": {"A": "${owners},host=a"}}`);
				expect((await run("set", next.text, plan, next.record)).code).toBe(1);
				expect((await run("same", next.text, plan)).code).toBe(1);
				expect((await run("undo", next.text, next.record)).text).toBe(`{"env": {"A": "${owners}"}}`);
			},
		);

		test.each(["{}", '{"env": {"A": ""}}', '{"env": {"A": 1}}'])("in %j there is nothing to join", async (text) => {
			const plan = ["join\t/env/A", "set\t/env/A\tstring\thost=a"];
			const set = await one(awk, { format: "json", mode: "set", text, plan });
			expect(JSON.parse(set.text)).toEqual({ env: { A: "host=a" } });
			const next = await one(awk, {
				format: "json",
				mode: "set",
				text: set.text,
				plan: [plan[0] ?? "", "set\t/env/A\tstring\thost=b"],
				before: set.record,
			});
			expect(JSON.parse(next.text)).toEqual({ env: { A: "host=b" } });
			expect((await one(awk, { format: "json", mode: "undo", text: next.text, plan: next.record })).text).toBe(text);
		});
	});
