import { execFileSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	unlinkSync,
	writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { fingerprint } from "../../src/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { crossfade, scratch } from "../harness/cli.ts";
import { startCollector } from "../harness/collector.ts";
import { startLoad } from "../harness/load.ts";
import { otelcol, program } from "../harness/parts.ts";
import { type RunningProvider, startProvider } from "../harness/provider.ts";
import { runScript, type Shell, shells } from "../harness/shells.ts";
import { waitFor } from "../harness/wait.ts";

const named = (token: string) => ({ token, fingerprint: fingerprint(token) });
const [dash] = shells as [Shell];

interface Scene {
	readonly provider: RunningProvider;
	readonly script: string;
	readonly tokenFile: string;
	readonly metricsUrl: string;
	readonly configPath: string;
	readonly pid: number;
	readonly received: () => Promise<number>;
	readonly sent: () => number;
	readonly stopLoad: () => Promise<void>;
	/** Runs the script under a shell with the scene's own places. */
	readonly rotate: (
		under: Shell,
		token: string,
		args?: readonly string[],
		flags?: readonly string[],
	) => ReturnType<typeof runScript>;
}

/** A provider, a real collector with a generated config under load, and the script generated for the same flags. */
async function scene(id = "contrib", { load: wanted = true } = {}): Promise<Scene> {
	const provider = await startProvider();
	const folder = scratch({ "torii.token": provider.token });
	const tokenFile = join(folder, "torii.token");
	chmodSync(tokenFile, 0o400);
	const flags = ["collector", "-d", id, "--platform", "systemd", "--endpoint", provider.url, "--token-file", tokenFile];
	const config = (await crossfade(flags)).stdout;
	const script = join(scratch(), "rotate-torii.sh");
	writeFileSync(script, (await crossfade([...flags, "--rotate-script"])).stdout);
	const collector = await startCollector(scratch(), config);
	const load = startLoad(collector.url, wanted ? { pauseMs: 10 } : { connections: 0 });
	if (wanted) await waitFor("some events", async () => (await provider.records()) > 1_000);
	const rotate: Scene["rotate"] = (under, token, args = [], shellFlags = []) =>
		runScript(under, script, ["--metrics", collector.metricsUrl, "--validate", "", ...args], {
			stdin: `${token}\n`,
			canaries: [named(token), named(provider.token)],
			flags: shellFlags,
		});
	return {
		provider,
		script,
		tokenFile,
		metricsUrl: collector.metricsUrl,
		configPath: collector.configPath,
		pid: collector.process.pid ?? 0,
		received: () => provider.records(),
		sent: () => load.sent,
		stopLoad: () => load.stop(),
		rotate,
	};
}

/** What is in the folder of the token file besides it: nothing may be left behind. */
function leftovers(tokenFile: string): string[] {
	return readdirSync(join(tokenFile, "..")).filter((name) => name !== "torii.token");
}

describe("the generated rotation script, on a real collector under load", () => {
	beforeEach((context) => {
		otelcol.need(context);
		program("curl").need(context);
	});

	test.each(shells.map((under) => [under.name, under] as const))(
		"%s: rotates, proves it, loses nothing",
		async (_name, under) => {
			const s = await scene();
			const token = await s.provider.rotate();
			const outcome = await s.rotate(under, token);
			expect(outcome).toMatchObject({ code: 0, stderr: "" });
			expect(outcome.stdout).toContain(`accepted  Torii accepts fp=${fingerprint(token)}`);
			expect(outcome.stdout).toContain(`proven    exports succeed with fp=${fingerprint(token)}`);
			expect(readFileSync(s.tokenFile, "utf8")).toBe(token);
			expect(statSync(s.tokenFile).mode & 0o777).toBe(0o400);
			expect(leftovers(s.tokenFile)).toEqual([]);
			const again = await s.rotate(under, token);
			expect(again).toMatchObject({ code: 0, stdout: `unchanged fp=${fingerprint(token)} is in place already\n` });
			await s.stopLoad();
			await waitFor("everything to arrive", async () => (await s.received()) >= s.sent());
			expect(await s.received()).toBe(s.sent());
		},
		300_000,
	);

	test.each(shells.map((under) => [under.name, under] as const))(
		"%s: a traced shell shows no token",
		async (_name, under) => {
			const s = await scene("contrib", { load: false });
			const token = await s.provider.rotate();
			const outcome = await s.rotate(under, token, ["--dry-run"], ["-x"]);
			expect(outcome.code).toBe(0);
			expect(outcome.stdout).toContain("would replace");
			expect(readFileSync(s.tokenFile, "utf8")).toBe(s.provider.token);
		},
	);

	test("a token the provider rejects is not even written", async () => {
		const s = await scene();
		const wrong = canary();
		const outcome = await s.rotate(dash, wrong.token);
		expect(outcome).toMatchObject({ code: 3, stderr: expect.stringContaining("rejects the new token (HTTP 401)") });
		expect(readFileSync(s.tokenFile, "utf8")).toBe(s.provider.token);
	});

	test("when exports fail with the new token the old one comes back", async () => {
		const s = await scene();
		const wrong = canary();
		const outcome = await s.rotate(dash, wrong.token, ["--no-precheck"]);
		expect(outcome.code).toBe(3);
		expect(outcome.stdout).toContain(`restored  fp=${fingerprint(s.provider.token)}`);
		expect(readFileSync(s.tokenFile, "utf8")).toBe(s.provider.token);
		const before = await s.received();
		await waitFor("events on the old token again", async () => (await s.received()) > before + 1_000);
	});

	test("without traffic nothing is proven, and it says so", async () => {
		const s = await scene("contrib", { load: false });
		const token = await s.provider.rotate();
		const outcome = await s.rotate(dash, token, ["--wait", "2"]);
		expect(outcome).toMatchObject({ code: 9, stderr: expect.stringContaining("nothing was exported") });
		expect(readFileSync(s.tokenFile, "utf8")).toBe(token);
	});

	test("${file:} distributions: validated, reloaded, proven; a config that does not validate stops it and the old token comes back", async () => {
		const s = await scene("adot");
		const token = await s.provider.rotate();
		const validate = `${otelcol.path} validate --config=${s.configPath}`;
		const reload = ["--validate", validate, "--apply", `kill -HUP ${s.pid}`];
		expect(await s.rotate(dash, token, reload)).toMatchObject({ code: 0, stdout: expect.stringContaining("proven") });
		const next = await s.provider.rotate();
		writeFileSync(s.configPath, readFileSync(s.configPath, "utf8").replaceAll("memory_limiter", "no_such_limiter"));
		const outcome = await s.rotate(dash, next, reload);
		expect(outcome).toMatchObject({ code: 11, stdout: expect.stringContaining("restored") });
		expect(readFileSync(s.tokenFile, "utf8")).toBe(token);
	});

	test("the first token needs no collector: it is put in place with the right mode", async () => {
		const s = await scene("contrib", { load: false });
		const first = join(scratch(), "torii.token");
		const outcome = await s.rotate(dash, s.provider.token, ["--token-file", first, "--owner", "0:0"]);
		expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining("start the collector") });
		expect(readFileSync(first, "utf8")).toBe(s.provider.token);
		expect(statSync(first).mode & 0o777).toBe(0o400);
	});

	test("bad input: one error, its exit code, nothing changed", async () => {
		const s = await scene("contrib", { load: false });
		const good = canary();
		const folder = scratch({
			"two.txt": `${good.token}\n${good.token}\n`,
			"crlf.txt": `${good.token}\r\n`,
			"bearer.txt": `Bearer ${good.token}`,
		});
		const link = join(folder, "link.token");
		symlinkSync(s.tokenFile, link);
		const cases: [token: string, args: string[], code: number, message: string][] = [
			["", [], 11, "empty"],
			["short", [], 11, "too short"],
			["x".repeat(5000), [], 11, "too long"],
			[`${good.token} x`, [], 11, "blank"],
			[`${good.token}\u0007`, [], 11, "control character"],
			[`${good.token}é`, [], 11, "outside ASCII"],
			[good.token, ["--from", join(folder, "two.txt")], 11, "more than one line"],
			[good.token, ["--from", join(folder, "crlf.txt")], 11, "control character"],
			[good.token, ["--from", join(folder, "bearer.txt")], 11, "Bearer"],
			[good.token, ["--from", join(folder, "nowhere")], 11, "cannot be read"],
			[good.token, ["--token-file", link], 11, "symbolic link"],
			[good.token, ["--token-file", "/nowhere/at/all"], 11, "no folder"],
			[good.token, ["--metrics", "http://127.0.0.1:1/metrics", "--no-precheck"], 6, "do not answer"],
			[good.token, ["--wait", "long"], 2, "--wait"],
			[good.token, ["--frm", "x"], 2, "does not know"],
			[good.token, [good.token], 2, "does not know"],
			[good.token, ["--from"], 2, "needs a value"],
		];
		for (const [token, args, code, message] of cases) {
			const argument = args.includes(good.token);
			const run = { stdin: token, canaries: argument ? [] : [good] };
			const outcome = await runScript(dash, s.script, ["--metrics", s.metricsUrl, ...args], run);
			expect({ args, ...outcome }).toMatchObject({ args, code, stderr: expect.stringContaining(message) });
			expect(outcome.stderr).not.toContain(good.token);
			expect(readFileSync(s.tokenFile, "utf8")).toBe(s.provider.token);
			expect(leftovers(s.tokenFile)).toEqual([]);
		}
	});

	test("two at a time: the second waits its turn, and a lock whose owner is gone is taken over", async () => {
		const s = await scene();
		const token = await s.provider.rotate();
		const lock = join(s.tokenFile, "..", ".crossfade-rotate.lock");
		// The time at which a process started is the 22nd field, and its name in brackets the second.
		const fields = readFileSync(`/proc/${process.pid}/stat`, "utf8")
			.replace(/^.*\) /, "")
			.split(" ");
		symlinkSync(`${process.pid} ${fields[19]}`, lock);
		expect(await s.rotate(dash, token)).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("another rotation is running"),
		});
		unlinkSync(lock);
		// The process id is somebody else's now.
		symlinkSync(`${process.pid} 1`, lock);
		expect(await s.rotate(dash, token)).toMatchObject({ code: 0 });
		expect(existsSync(lock)).toBe(false);
	});

	test("a full disk: the old token stays, whole", async (context) => {
		if (process.getuid?.() !== 0) context.skip("only root can mount a small file system");
		const s = await scene();
		const mount = scratch();
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=8k", "tmpfs", mount]);
		onTestFinished(() => {
			execFileSync("umount", [mount]);
		});
		const full = join(mount, "torii.token");
		writeFileSync(full, s.provider.token);
		writeFileSync(join(mount, "filler"), "x".repeat(4096));
		const outcome = await s.rotate(dash, await s.provider.rotate(), ["--token-file", full]);
		expect(outcome.code).toBe(12);
		expect(readFileSync(full, "utf8")).toBe(s.provider.token);
	});
});

test("shellcheck finds nothing in the script of any distribution", async (context) => {
	const shellcheck = program("shellcheck");
	shellcheck.need(context);
	for (const id of ["contrib", "adot", "edot", "alloy"]) {
		for (const platform of ["systemd", ...(id === "adot" ? ["docker"] : [])]) {
			const { stdout } = await crossfade(["collector", "-d", id, "--platform", platform, "--rotate-script"]);
			const path = join(scratch(), "rotate.sh");
			writeFileSync(path, stdout);
			execFileSync(shellcheck.path, ["-s", "sh", path], { stdio: "pipe" });
		}
	}
});
