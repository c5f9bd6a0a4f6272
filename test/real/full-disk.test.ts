import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import { CLI, scratch } from "../harness/cli.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { needs } from "../harness/parts.ts";

/** Runs a command in a folder on a disk with so many KiB left, and says how it ended and the checksums of the files that are there. */
function onSmallDisk(left: number, args: readonly string[]) {
	// A file of one byte takes one page of 4 KiB.
	const script = `mount -t tmpfs -o size=${left + 4}k tmpfs "$0" || exit 99; cd "$0"; printf x >taken; "$@" >/dev/null 2>&1; echo $?; rm taken; find . -type f -size +0 -exec cksum {} \\;`;
	const command = ["--mount", "sh", "-c", script, scratch(), process.execPath, CLI, ...args];
	const said = execFileSync("unshare", command, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
	const [code = "", ...files] = said.trim().split("\n");
	return { code: Number(code), files };
}

describe("a full disk", needs(namespaces), () => {
	test.each([
		[48, ["mdm", "-v", "jamf", "--out", "out"]],
		[8, ["collector", "-d", "contrib", "--platform", "kubernetes", "--out", "out"]],
		[0, ["init"]],
	])("with %s KiB left: %j ends with the code for files, and leaves no part of a file", (left, args) => {
		const { code, files } = onSmallDisk(left, args);
		expect(code).toBe(exitCodes.io[0]);
		const whole = onSmallDisk(4096, args);
		expect(whole.code).toBe(0);
		for (const file of files) expect(whole.files).toContain(file);
	});
});
