import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFolder } from "../../src/effects/files/folder.ts";
import { crossfadeProcess, scratch } from "../harness/cli.ts";

/** A folder with what has no end, or never comes. */
function traps(): string {
	const folder = scratch();
	execFileSync("mkfifo", [join(folder, "fifo")]);
	symlinkSync("/dev/zero", join(folder, "zero"));
	symlinkSync("/dev/full", join(folder, "full"));
	return folder;
}

describe("endless or missing input", () => {
	test.each(["fifo", "zero", "full"])("%s is no token", async (name) => {
		const args = ["probe", "--provider", "torii", "--token", `old=file:${join(traps(), name)}`];
		const outcome = await crossfadeProcess(args);
		expect(outcome).toMatchObject({ code: 11, stdout: "" });
	});

	test.each(["fifo", "zero"])("%s is no file of a folder that is ours", async (name) => {
		const folder = await openFolder(traps());
		await expect(folder.read(name)).rejects.toThrow();
	});

	test.each(["fifo", "zero"])("%s is no fleet file", async (name) => {
		const cwd = scratch();
		symlinkSync(join(traps(), name), join(cwd, "crossfade.yaml"));
		expect((await crossfadeProcess(["report"], { cwd })).code).toBe(12);
	});
});
