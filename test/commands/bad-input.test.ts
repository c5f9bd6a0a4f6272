import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import { registry } from "../../src/commands/registry.ts";
import { CLI, scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";

const names = registry.map(({ name }) => name);
const known = new Set<number>(Object.values(exitCodes).map(([code]) => code));
/** What each says with a folder in the place of its file. */
const fileFlags = [
	["check", "-d", "contrib", "folder"],
	["collector", "-d", "contrib", "--into", "folder"],
	["probe", "--provider", "torii", "--token", "new=file:folder"],
	["probe", "--config", "folder"],
	["report", "--config", "folder"],
	["report", "--inventory", "folder", "--token", "old=fp:0123456789ab"],
	["report", "--hosts", "folder", "--token", "old=fp:0123456789ab"],
	["mdm", "verify", "folder/nothing"],
	["sandbox", "--token", "file:folder"],
	["tap", "--to", "http://127.0.0.1:9", "--ca", "folder"],
].map((args) => ({ line: args.join(" "), args }));

describe("bad input", () => {
	test.each(names)("%s with an unknown option: one error that names it, and nothing else", async (name) => {
		const { code, stdout, stderr } = await crossfade([name, "--no-such-option"]);
		expect({ code, stdout }).toEqual({ code: exitCodes.usage[0], stdout: "" });
		expect(stderr).toMatch(/^error: unknown option '--no-such-option'\n {2}fix +/);
	});

	test.each(names)("%s with a surplus argument", async (name) => {
		const { code, stderr } = await crossfade([name, "surplus", "surplus", "surplus"]);
		expect(code).toBe(exitCodes.usage[0]);
		expect(stderr).toMatch(/^error: .+\n(.+\n)* {2}fix +/);
	});

	test.each(fileFlags)("a folder in the place of a file: $line", async ({ args }) => {
		const cwd = scratch();
		mkdirSync(join(cwd, "folder"));
		const { code, stdout, stderr } = await crossfade(args, { cwd });
		expect(known.has(code ?? -1), `${code}`).toBe(true);
		expect(code, stderr).toBeGreaterThan(exitCodes.internal[0]);
		expect(stdout).toBe("");
		expect(stderr).toMatch(/^error: .+\n(.+\n)* {2}fix +/);
	});

	test.each(["collector -d contrib", "mdm --list", "exit-codes", "completion bash", "init --schema"])(
		"a reader that closes the pipe early ends it quietly: %s",
		(line) => {
			const { stderr, status } = spawnSync(
				"sh",
				["-c", '"$@" | head -c 1 >/dev/null', "sh", process.execPath, CLI, ...line.split(" ")],
				{
					encoding: "utf8",
					cwd: scratch(),
				},
			);
			expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
		},
	);

	test.each(names)("%s --help has no escape sequence, whatever NO_COLOR and FORCE_COLOR say", async (name) => {
		for (const env of [{ NO_COLOR: "1" }, { FORCE_COLOR: "1" }, {}]) {
			const { stdout } = await crossfade([name, "--help"], { env });
			expect(stdout).not.toContain("\u001b");
		}
	});
});
