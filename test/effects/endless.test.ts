import { execFileSync } from "node:child_process";
import { symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import { registry } from "../../src/commands/registry.ts";
import { openFolder } from "../../src/effects/files/folder.ts";
import { crossfadeProcess, scratch } from "../harness/cli.ts";

/** A folder with what has no end, or never comes. */
function traps(): string {
	const folder = scratch();
	execFileSync("mkfifo", [join(folder, "fifo")]);
	symlinkSync("/dev/zero", join(folder, "zero"));
	symlinkSync("/dev/full", join(folder, "full"));
	// It takes no space, and hours to read.
	writeFileSync(join(folder, "vast"), "");
	truncateSync(join(folder, "vast"), 2 ** 40);
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

const OLD = ["--token", "old=fp:0123456789ab"];
const TAP = ["tap", "--to", "http://127.0.0.1:1", "--listen", "127.0.0.1:0"];
const PROBE = ["probe", "--endpoint", "http://127.0.0.1:1", "--retry", "0"];

/** How each option or argument that names something to read is used, with FILE in its place. */
const READS: Readonly<Record<string, readonly string[]>> = {
	"attest --evidence": ["attest", "host", "mac-1", "gone", "--because", "sold in May", ...OLD, "--evidence", "FILE"],
	"attest --fleet": ["attest", "host", "mac-1", "gone", "--because", "sold in May", "--fleet", "FILE"],
	"attest --hosts": ["attest", "host", "mac-1", "gone", "--because", "sold in May", ...OLD, "--hosts", "FILE"],
	"attest --inventory": ["attest", "host", "mac-1", "gone", "--because", "sold in May", ...OLD, "--inventory", "FILE"],
	"check [file]": ["check", "-d", "contrib", "FILE"],
	"check --bin": ["check", "-d", "contrib", "config.yaml", "--bin", "FILE"],
	"collector --into": ["collector", "-d", "contrib", "--into", "FILE"],
	"demo --collector": ["demo", "--fast", "--collector", "FILE"],
	"doctor --fleet": ["doctor", "--fleet", "FILE"],
	"install --token": ["install", "--token", "file:FILE"],
	"mdm --token": ["mdm", "-v", "kandji", "--out", "kit", "--token", "file:FILE"],
	"mdm verify": ["mdm", "verify", "FILE"],
	"probe --ca": [...PROBE, "--token", "new=env:TOKEN", "--ca", "FILE"],
	"probe --cert": [...PROBE, "--token", "new=env:TOKEN", "--cert", "FILE", "--key", "config.yaml"],
	"probe --key": [...PROBE, "--token", "new=env:TOKEN", "--cert", "config.yaml", "--key", "FILE"],
	"probe --evidence": [...PROBE, "--token", "new=env:TOKEN", "--evidence", "FILE"],
	"probe --fleet": ["probe", "--fleet", "FILE"],
	"probe --token": [...PROBE, "--token", "new=file:FILE"],
	"report --evidence": ["report", ...OLD, "--evidence", "FILE"],
	"report --fleet": ["report", "--fleet", "FILE"],
	"report --hosts": ["report", ...OLD, "--hosts", "FILE"],
	"report --inventory": ["report", ...OLD, "--inventory", "FILE"],
	"sandbox --token": ["sandbox", "--token", "file:FILE"],
	"tap --ca": [...TAP, "--ca", "FILE"],
	"tap --evidence": [...TAP, "--evidence", "FILE"],
	"tap --fleet": [...TAP, "--fleet", "FILE"],
	"watch --evidence": ["watch", "--once", ...OLD, "--evidence", "FILE"],
	"watch --fleet": ["watch", "--once", "--fleet", "FILE"],
	"watch --hosts": ["watch", "--once", ...OLD, "--hosts", "FILE"],
	"watch --inventory": ["watch", "--once", ...OLD, "--inventory", "FILE"],
};

/** Options for files that are only written. */
const WRITES = ["--out", "--token-out", "--admin-out"];

describe("what names something to read", async () => {
	const commands = await Promise.all(registry.map(({ load }) => load()));

	test("is in the table below", () => {
		const options = commands.flatMap(({ name, options: all }) =>
			all.filter(({ files }) => files).map(({ flags }) => `${name} ${/--[a-z-]+/.exec(flags)?.[0]}`),
		);
		const readers = options.filter((each) => !WRITES.some((flag) => each.endsWith(flag)));
		expect(readers.filter((each) => !(each in READS))).toEqual([]);
	});

	test.each(Object.keys(READS))("crossfade %s: what has no end is an error, and no bug", async (name) => {
		const folder = traps();
		for (const trap of ["fifo", "zero", "vast"]) {
			const args = (READS[name] ?? []).map((word) => word.replace("FILE", join(folder, trap)));
			const cwd = scratch({ "config.yaml": "receivers: {}\n" });
			const { code, stderr } = await crossfadeProcess(args, { cwd, env: { TOKEN: "k0123456789abcdefghijklm" } });
			const notMeant: number[] = [exitCodes.ok[0], exitCodes.internal[0]];
			// An error in how it is called would prove nothing.
			if (!stderr.includes(trap)) notMeant.push(exitCodes.usage[0]);
			expect({ trap, isError: !notMeant.includes(code ?? 0), stderr }).toEqual({ trap, isError: true, stderr });
		}
	});
});
