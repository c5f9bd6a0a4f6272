import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { zip } from "../../src/base/zip.ts";
import { filesOfArchive } from "../harness/archive.ts";
import { scratch } from "../harness/cli.ts";
import { needs, program } from "../harness/parts.ts";

const noise = (length: number) => Buffer.from(Array.from({ length }, (_, at) => (at * 7919 + (at >> 8)) & 0xff));
const files = [0, 1, 0xffff, 0x10000, 200_001].map((length) => ({ name: `folder/of ${length}`, bytes: noise(length) }));
const unzip = program("unzip");

describe.each(["stored", "deflate"] as const)("an archive, %s", (method) => {
	test("has every file as it was, in its order", () => {
		const found = filesOfArchive(zip(files, method));
		expect(found.map(({ name, bytes }) => [name, bytes.equals(noise(bytes.length)), bytes.length])).toEqual(
			files.map(({ name, bytes }) => [name, true, bytes.length]),
		);
		for (const each of found) expect(each.method).toBe(method === "stored" ? 0 : 8);
	});

	test("is the same each time", () => {
		expect(zip(files, method).equals(zip(files, method))).toBe(true);
	});

	test("without a file is an archive", () => {
		expect(filesOfArchive(zip([], method))).toEqual([]);
	});

	test("is unpacked by unzip, which checks the sums", needs(unzip), () => {
		const archive = join(scratch(), "a.zip");
		writeFileSync(archive, zip(files, method));
		expect(execFileSync(unzip.path, ["-t", archive], { encoding: "utf8" })).toContain("No errors detected");
		for (const { name, bytes } of files) {
			expect(execFileSync(unzip.path, ["-p", archive, name], { maxBuffer: 1 << 22 }).equals(bytes), name).toBe(true);
		}
	});
});

test("a name that is not ASCII is refused", () => {
	expect(() => zip([{ name: "\u00fc", bytes: noise(1) }], "stored")).toThrow(TypeError);
});
