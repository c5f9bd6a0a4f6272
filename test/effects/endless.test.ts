import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { openSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import { registry } from "../../src/commands/registry.ts";
import { fromDescriptor } from "../../src/effects/files/descriptor.ts";
import { openFolder } from "../../src/effects/files/folder.ts";
import { CLI, crossfadeProcess, scratch } from "../harness/cli.ts";
import { pairs } from "../harness/matrix.ts";
import { selfSigned } from "../harness/self-signed.ts";

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

	test.each(["fifo", "zero", "vast"])("%s is no file of a folder that is ours", async (name) => {
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
	"attest --pods": ["attest", "host", "mac-1", "gone", "--because", "sold in May", ...OLD, "--pods", "FILE"],
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
	"report --pods": ["report", ...OLD, "--pods", "FILE"],
	"rotate --fleet": ["rotate", "status", "--fleet", "FILE"],
	"sandbox --token": ["sandbox", "--token", "file:FILE"],
	"tap --ca": [...TAP, "--ca", "FILE"],
	"tap --evidence": [...TAP, "--evidence", "FILE"],
	"tap --fleet": [...TAP, "--fleet", "FILE"],
	"watch --evidence": ["watch", "--once", ...OLD, "--evidence", "FILE"],
	"watch --fleet": ["watch", "--once", "--fleet", "FILE"],
	"watch --hosts": ["watch", "--once", ...OLD, "--hosts", "FILE"],
	"watch --inventory": ["watch", "--once", ...OLD, "--inventory", "FILE"],
	"watch --pods": ["watch", "--once", ...OLD, "--pods", "FILE"],
};

/** Options for files that are only written. */
const WRITES = ["--out", "--token-out", "--admin-out", "rotate --prometheus"];

describe("what a command reads without an option", () => {
	test.each(["fifo", "zero", "vast"])(
		"%s as the system's certificates: a probe over TLS has its answer",
		async (name) => {
			const { cert, key } = selfSigned();
			const server = createServer({ cert, key }).listen(0, "127.0.0.1");
			onTestFinished(() => void server.close());
			await once(server, "listening");
			const { port } = server.address() as { port: number };
			const args = ["probe", "--endpoint", `https://127.0.0.1:${port}`, "--retry", "0", "--token", "new=env:TOKEN"];
			const env = { TOKEN: "k0123456789abcdefghijklm", SSL_CERT_FILE: join(traps(), name) };
			const { code, stdout } = await crossfadeProcess(args, { env });
			expect({ code, stdout }).toEqual({ code: 6, stdout: expect.stringContaining("self-signed") });
		},
	);

	test("vast as a script of a kit: it is not parsed, and is an error", async () => {
		const cwd = scratch();
		const made = await crossfadeProcess(["mdm", "-v", "generic", "--mode", "param", "--out", "kit"], { cwd });
		expect(made.code).toBe(0);
		truncateSync(join(cwd, "kit/report.sh"), 2 ** 40);
		const { code, stdout } = await crossfadeProcess(["mdm", "verify", join(cwd, "kit")], { cwd: scratch() });
		expect({ code, stdout }).toEqual({ code: 10, stdout: expect.stringContaining("report.sh: it is far too large") });
		// A shell would read it until it is killed.
		expect(stdout).not.toContain("cannot parse");
	});
});

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

/** The commands that read standard input, and where their help says so. */
const INPUTS: Readonly<Record<string, readonly string[]>> = {
	"attest --fleet": ["attest", "host", "mac-1", "gone", "--because", "sold in May", "--fleet", "-"],
	"attest --hosts": ["attest", "host", "mac-1", "gone", "--because", "sold in May", ...OLD, "--hosts", "-"],
	"attest --inventory": ["attest", "host", "mac-1", "gone", "--because", "sold in May", ...OLD, "--inventory", "-"],
	"check [file]": ["check", "-d", "contrib", "-"],
	"collector --into": ["collector", "-d", "contrib", "--into", "-"],
	"doctor --token": ["doctor", "--token", "new=-"],
	"install --token": ["install", "--token", "-"],
	"mdm --token": ["mdm", "-v", "kandji", "--out", "kit", "--token", "-"],
	"probe --fleet": ["probe", "--fleet", "-"],
	"probe --token": [...PROBE, "--token", "new=-"],
	"report --fleet": ["report", "--fleet", "-"],
	"report --hosts": ["report", ...OLD, "--hosts", "-"],
	"report --inventory": ["report", ...OLD, "--inventory", "-"],
	"report --token": ["report", "--token", "old=fd:0"],
	"sandbox --token": ["sandbox", "--token", "-"],
	"watch --hosts": ["watch", "--once", ...OLD, "--hosts", "-"],
	"watch --inventory": ["watch", "--once", ...OLD, "--inventory", "-"],
};
const ENDLESS: Readonly<Record<string, string>> = { zeros: "cat /dev/zero", lines: "yes ''", cells: "yes a,b" };

describe("standard input that has no end", async () => {
	const commands = await Promise.all(registry.map(({ load }) => load()));
	const each = pairs(Object.keys(INPUTS), Object.keys(ENDLESS));
	test.each(each)("crossfade %s, given endless %s: one clear error", async (name, what) => {
		const { code, stderr } = await piped(ENDLESS[what] ?? "", INPUTS[name] ?? []);
		expect({ code, stderr }).toEqual({
			code: exitCodes.refused[0],
			stderr: expect.stringMatching(/^error: .*(too (large|long)|more than one line|white space|not text)/),
		});
		expect(stderr.match(/^error: /gm)).toHaveLength(1);
	});

	test("is tried with every option that reads it", () => {
		const readers = commands.flatMap(({ name, options }) =>
			options
				.filter(({ description }) => /standard input/.test(description))
				.map(({ flags }) => `${name} ${/--[a-z-]+/.exec(flags)?.[0]}`),
		);
		expect(readers.length).toBeGreaterThan(5);
		expect(readers.filter((reader) => !(reader in INPUTS))).toEqual([]);
	});
});

/** How a command ends that gets the output of another. */
function piped(source: string, args: readonly string[]) {
	const cwd = scratch();
	const pipe = `${source} | '${process.execPath}' '${CLI}' "$@"; exit "$?"`;
	const child = spawn("sh", ["-c", pipe, "sh", ...args], { cwd, stdio: ["ignore", "ignore", "pipe"] });
	let stderr = "";
	child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
		stderr += chunk;
	});
	return new Promise<{ code: number | null; stderr: string }>((done) => {
		child.on("close", (code) => done({ code, stderr }));
	});
}

describe("standard input that gives nothing", () => {
	test.each([
		["check", ["check", "-d", "contrib", "-"]],
		["report --inventory", ["report", ...OLD, "--inventory", "-"]],
	])("crossfade %s waits for it until Ctrl-C", async (_name, args) => {
		const child = spawn(process.execPath, [CLI, ...args], { cwd: scratch(), stdio: ["pipe", "ignore", "ignore"] });
		onTestFinished(() => {
			child.kill("SIGKILL");
		});
		const ended = new Promise((done) => child.on("close", done));
		// More than the system keeps for it: once it is gone, somebody reads.
		await new Promise((done) => child.stdin.write(" ".repeat(2 ** 22), done));
		child.kill("SIGINT");
		expect(await ended).toBe(exitCodes.interrupted[0]);
	});

	test("is waited for without holding up anything else, and can be read once", async () => {
		const fifo = join(traps(), "fifo");
		const fd = openSync(fifo, "r+");
		const pieces = fromDescriptor(fd);
		const next = pieces.next();
		expect(await Promise.race([next, new Promise((done) => setTimeout(done, 50, "nothing yet"))])).toBe("nothing yet");
		writeFileSync(fifo, "token");
		expect(Buffer.from((await next).value ?? "").toString()).toBe("token");
		await pieces.return(undefined);
		await expect(fromDescriptor(fd).next()).rejects.toMatchObject({ exit: "refused" });
	});

	test("that two options name is a clear error", async () => {
		const args = ["report", ...OLD, "--hosts", "-", "--inventory", "-"];
		expect(await crossfadeProcess(args, { stdin: "host\nmac-1\n" })).toMatchObject({
			code: exitCodes.refused[0],
			stderr: expect.stringContaining("standard input is named twice"),
		});
	});
});
