import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { parse } from "dotenv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readers } from "../../../src/adapters/stores/env-file/format.ts";
import { store } from "../../../src/adapters/stores/env-file/index.ts";
import type { StoreWritten } from "../../../src/adapters/stores/store.ts";
import { Secret } from "../../../src/token/secret.ts";
import { awkwardCanary, canary, leaks } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { memoryFiles, reachWith } from "../../harness/store.ts";

type Reader = keyof typeof readers;
const PATH = "/f";

function open(reader: Reader, content: string | Uint8Array, more: Readonly<Record<string, string>> = {}) {
	const { held, files } = memoryFiles({ [PATH]: content });
	const settings = { path: PATH, key: "TOKEN", reader, ...more };
	return {
		text: () => held.get(PATH)?.bytes.toString() ?? "",
		bytes: () => held.get(PATH)?.bytes,
		store: store.open(settings, reachWith({ files })),
	};
}

/** Puts a new token in the place of what the file has, and returns the answer with the file after it. */
async function put(reader: Reader, content: string | Uint8Array, to: string) {
	const file = open(reader, content);
	const holds = await file.store.read();
	const expected = holds.is === "token" ? holds.value.token.fingerprint : "nothing";
	const answer: StoreWritten = await file.store.promote({
		operation: randomUUID(),
		expected,
		value: { token: Secret.of(to) },
	});
	return { answer, text: file.text(), bytes: file.bytes(), holds };
}

const [old, fresh] = [canary().token, canary().token];

describe("one value changes and no other byte", () => {
	test.each<[Reader, string]>([
		["systemd", "TOKEN=@\n"],
		["systemd", "# a comment\n; another\n\n  TOKEN = @  \nNEXT='x y'\n"],
		["systemd", "TOKEN='@'\r\nNEXT=1\r\n"],
		["systemd", 'A=1\nTOKEN="@"\nTOKENS=x'],
		["systemd", "TOKEN=stale-token-of-twenty\nTOKEN=@\n"],
		["systemd", "LONG=a\\\nb\nTOKEN=@\nQUOTED='line\nTOKEN=not-this-one-at-all\n'\n"],
		["dotenv", "\ufeffTOKEN=@\nexport NEXT=1 # why\n"],
		["dotenv", "export TOKEN=@ # kept\r\nA=`b`\r\n"],
		["dotenv", 'A="x\nTOKEN=not-this-one-at-all"\nTOKEN: "@"#c\n'],
		["docker", '\ufeffTOKEN=@\nQUOTES="stay"\nNAME_ONLY\n'],
		["docker", "  TOKEN=@\r\n# TOKEN=x\r\n"],
		["sh", "#!/bin/sh\nset -a\nexport A=1\nexport TOKEN='@' # kept\nexport B\n"],
		["sh", "A=$HOME/x\nTOKEN=@; export TOKEN\n"],
	])("%s: %j", async (reader, form) => {
		const { answer, text, holds } = await put(reader, form.replace("@", old), fresh);
		expect(holds).toMatchObject({ is: "token", value: { token: { fingerprint: Secret.of(old).fingerprint } } });
		expect(answer).toEqual({ did: "written" });
		expect(text).toBe(form.replace("@", fresh));
	});

	test("bytes that are no UTF-8 stay", async () => {
		const before = Buffer.concat([Buffer.from("# caf\u00e9 in Latin-1: ", "latin1"), Buffer.from(`\nTOKEN=${old}\n`)]);
		const { answer, bytes } = await put("systemd", before, fresh);
		expect(answer).toEqual({ did: "written" });
		expect(bytes?.toString("latin1")).toBe(before.toString("latin1").replace(old, fresh));
	});

	test.each<[Reader, string, string]>([
		["systemd", "A=1", "A=1\nTOKEN=@\n"],
		["systemd", "A=1\r\n", "A=1\r\nTOKEN=@\r\n"],
		["systemd", "", "TOKEN=@\n"],
		["sh", "export A=1\n", "export A=1\nexport TOKEN=@\n"],
	])("%s: a variable that is not there is added at the end of %j", async (reader, before, after) => {
		expect((await put(reader, before, fresh)).text).toBe(after.replace("@", fresh));
	});

	test("a pair changes together, or not at all", async () => {
		const file = open("dotenv", `PUBLIC=pk-1\nTOKEN=${old}\n`, { "public-key": "PUBLIC" });
		const write = (publicId?: string) =>
			file.store.promote({
				operation: randomUUID(),
				expected: Secret.of(old).fingerprint,
				value: { token: Secret.of(fresh), ...(publicId && { publicId }) },
			});
		expect(await write()).toMatchObject({ did: "refused", nextStep: expect.stringContaining("public-key") });
		expect(await write("pk-2")).toEqual({ did: "written" });
		expect(file.text()).toBe(`PUBLIC=pk-2\nTOKEN=${fresh}\n`);
		expect(await file.store.read()).toMatchObject({ is: "token", value: { publicId: "pk-2" } });
		expect(await write("pk-2")).toEqual({ did: "already" });
	});
});

describe("what nobody can say is refused, and nothing is changed", () => {
	test.each<[Reader, string, RegExp]>([
		["systemd", "export TOKEN=@\n", /takes no line that begins with export/],
		["docker", "export TOKEN=@\n", /takes no line that begins with export/],
		["systemd", "\ufeffTOKEN=@\n", /byte order mark/],
		["systemd", "# odd \\\nTOKEN=@\n", /line 1: a comment that ends with a backslash/],
		["docker", "TOKEN=@\nA=1\nTOKEN=other\n", /lines 1, 3/],
		["docker", "TOKEN\n", /line 1: .*does not take the value/],
		["sh", "TOKEN=$(cat /t)\n", /more than a list of variables/],
		["sh", "TOKEN=$OTHER\n", /line 1: a shell does not take the value/],
		["sh", "A=1\nif true; then\nTOKEN=@\nfi\n", /line 2: this is more than a list/],
		["sh", "TOKEN=@\r\n", /carriage returns/],
		["dotenv", "T\0O\0", /NUL/],
	])("%s: %j", async (reader, form, why) => {
		const before = form.replace("@", old);
		const { answer, text, holds } = await put(reader, before, fresh);
		expect(holds).toMatchObject({ is: "unusable", why: expect.stringMatching(why), nextStep: expect.any(String) });
		expect(answer).toMatchObject({ did: "refused", why: expect.stringMatching(why) });
		expect(text).toBe(before);
		expect(await open(reader, before).store.check()).toMatchObject({ can: "no" });
		expect(
			leaks([{ token: old, fingerprint: "" }], { holds: JSON.stringify(holds), answer: JSON.stringify(answer) }),
		).toEqual([]);
	});

	test("a value that the reader cannot be given", async () => {
		const all = `${canary().token}'"\`#`;
		expect((await put("dotenv", `TOKEN=${old}\n`, all)).answer).toMatchObject({
			did: "refused",
			why: expect.stringContaining("dotenv"),
		});
		expect((await put("systemd", `TOKEN=${old}\n`, all)).answer).toEqual({ did: "written" });
	});

	test("names that are no variables", () => {
		expect(store.conflict?.({ key: "A-B" })).toMatch(/letters, digits/);
		expect(store.conflict?.({ key: "A", "public-key": "A" })).toMatch(/same/);
		expect(store.conflict?.({ key: "A", "public-key": "B" })).toBeUndefined();
	});
});

const words = fc.stringMatching(/^[ -~]{0,12}$/);
const line = fc.oneof(
	fc.constantFrom(
		"",
		"# c",
		"; c",
		"A",
		"export B=2",
		"C='x y'",
		'D="a\\"b"',
		"E=`x`",
		"F=a # b",
		"G: h",
		"H=\\",
		"  I  =  j ",
	),
	fc.tuple(fc.constantFrom("A", "B_2", "TOKEN"), words).map(([key, value]) => `${key}=${value}`),
);
const file = fc
	.tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom("\n", "\r\n"))
	.map(([lines, end]) => lines.join(end) + end);
const runs = { numRuns: process.env["CROSSFADE_MATRIX"] === "full" ? 5_000 : 300 };

describe("readers are understood as they are", () => {
	test("the npm package dotenv: the same variables with the same values in any file, before and after", async () => {
		await fc.assert(
			fc.asyncProperty(file, async (text) => {
				const scan = readers.dotenv.scan(text);
				const seen = "assignments" in scan ? scan.assignments.map(({ key, value }) => [key, value] as const) : [];
				expect(Object.fromEntries(seen)).toEqual(parse(text));
				const awkward = awkwardCanary().token;
				const { answer, text: after } = await put("dotenv", text, awkward.replace("`", ""));
				if (answer.did === "written") expect(parse(after)).toEqual({ ...parse(text), TOKEN: awkward.replace("`", "") });
			}),
			runs,
		);
	});

	test("sh: what it has after reading the file is the token, and every other variable as before", async () => {
		const folder = scratch();
		const source = (text: string) => {
			execFileSync("sh", ["-c", 'cat >"$1/f"', "-", folder], { input: text });
			const output = execFileSync("sh", ["-c", 'set -a; . "$1/f"; env -0', "-", folder], {
				env: { PATH: process.env["PATH"] },
			});
			const pairs = output
				.toString()
				.split("\0")
				.filter((pair) => /^(A|B|B_2|C|D|TOKEN)=/.test(pair));
			return Object.fromEntries(pairs.map((pair) => [pair.split("=")[0], pair.slice(pair.indexOf("=") + 1)]));
		};
		for (let run = 0; run < 12; run++) {
			const token = awkwardCanary().token;
			const text = `A='x y'\nexport TOKEN=${["", "'", '"'][run % 3]}${old}${["", "'", '"'][run % 3]} # c\nB=\\$a"b\\"c"\n`;
			const { answer, text: after } = await put("sh", text, token);
			expect(answer).toEqual({ did: "written" });
			expect(source(after)).toEqual({ ...source(text), TOKEN: token });
		}
	});
});
