import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CrossfadeError } from "../../../src/base/errors.ts";
import { Secret } from "../../../src/token/secret.ts";
import { canary, filesBelow, leaks } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { quietEffects } from "../../harness/effects.ts";

const { files } = quietEffects();
const ignore = { path: ".gitignore", content: "*.secret.*\n" };

function outputFolder() {
	const mine = canary();
	const secret = Secret.of(mine.token);
	return { mine, secret, folder: scratch(), fill: (token: string) => `token='${token}'\n` };
}

describe("files with a token in them", () => {
	test("are private, and the only ones that hold it", async () => {
		const { mine, secret, folder, fill } = outputFolder();
		const plain = [ignore, { path: "a.sh", content: "x\n" }];
		const paths = await files.writeFilled(
			folder,
			plain,
			{ files: [{ path: "a.secret.sh", fill }], secret },
			{ force: false },
		);
		expect(paths).toEqual([".gitignore", "a.sh", "a.secret.sh"].map((name) => join(folder, name)));
		expect(readFileSync(join(folder, "a.secret.sh"), "utf8")).toBe(`token='${mine.token}'\n`);
		expect(statSync(join(folder, "a.secret.sh")).mode & 0o777).toBe(0o600);
		expect(leaks([mine], filesBelow(folder, ["a.secret.sh"]))).toEqual([]);
	});

	test.each([
		["a name that does not say so", "a.sh", [ignore]],
		["a name in another folder", "b/a.secret.sh", [ignore]],
		["a name out of the folder", "../a.secret.sh", [ignore]],
		["no .gitignore", "a.secret.sh", []],
	])("%s: a bug, and nothing is written", async (_what, path, plain) => {
		const { secret, folder, fill } = outputFolder();
		await expect(
			files.writeFilled(folder, plain, { files: [{ path, fill }], secret }, { force: true }),
		).rejects.toThrow(/token/);
		expect(filesBelow(folder)).toEqual({});
	});

	test("the token in one of the others: a bug, and nothing is written", async () => {
		const { mine, secret, folder, fill } = outputFolder();
		const forms = [mine.token, Buffer.from(`x${mine.token}`).toString("base64"), encodeURIComponent(mine.token)];
		for (const content of forms) {
			const plain = [ignore, { path: "a.sh", content }];
			const filled = { files: [{ path: "a.secret.sh", fill }], secret };
			await expect(files.writeFilled(folder, plain, filled, { force: true })).rejects.toThrow(
				"a token was about to be written",
			);
			await expect(files.writeAll(folder, plain, { force: true })).rejects.toThrow("a token was about to be written");
		}
		expect(filesBelow(folder)).toEqual({});
	});

	test("a different file stops all of it before the first write", async () => {
		const { secret, folder, fill } = outputFolder();
		writeFileSync(join(folder, "a.secret.sh"), "another");
		const filled = { files: [{ path: "a.secret.sh", fill }], secret };
		await expect(files.writeFilled(folder, [ignore], filled, { force: false })).rejects.toThrow(CrossfadeError);
		expect(filesBelow(folder)).toEqual({ [join(folder, "a.secret.sh")]: "another" });
		await files.writeFilled(folder, [ignore], filled, { force: true });
		expect(statSync(join(folder, "a.secret.sh")).mode & 0o777).toBe(0o600);
	});

	test("a symbolic link is replaced and not followed", async () => {
		const { mine, secret, folder, fill } = outputFolder();
		const elsewhere = scratch({ target: "x" });
		symlinkSync(join(elsewhere, "target"), join(folder, "a.secret.sh"));
		await files.writeFilled(folder, [ignore], { files: [{ path: "a.secret.sh", fill }], secret }, { force: true });
		expect(leaks([mine], filesBelow(elsewhere))).toEqual([]);
		expect(readFileSync(join(folder, "a.secret.sh"), "utf8")).toContain(mine.token);
	});
});

describe("everything below a folder", () => {
	test("in order, with kind, mode and size; links are not followed", async () => {
		const folder = scratch({ b: "12", "a/c": "1" });
		symlinkSync("/etc", join(folder, "link"));
		mkdirSync(join(folder, "empty"));
		const found = await files.walk(folder);
		expect(found.map(({ path, kind, size }) => [path, kind, size])).toEqual([
			["a/c", "file", 1],
			["b", "file", 2],
			["link", "link", 4],
		]);
		expect(found.every(({ mode }) => ((mode ?? 0) & 0o400) !== 0)).toBe(true);
	});

	test("a folder that is not there, and one that was not meant", async () => {
		await expect(files.walk("/nowhere")).rejects.toThrow(CrossfadeError);
		await expect(files.walk("/usr")).rejects.toThrow("too many files in the folder");
	});
});
