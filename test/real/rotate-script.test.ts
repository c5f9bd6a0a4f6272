import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { crossfadeProcess, scratch } from "../harness/cli.ts";
import { aThird } from "../harness/matrix.ts";
import { needs, otelcol, program, smallDisks } from "../harness/parts.ts";
import { leftovers, rotateScript, rotationScene, standIn, takesAtOnce } from "../harness/rotation.ts";
import { shellcheck, shellcheckFindings } from "../harness/shellcheck.ts";
import { runScript, shells, type TestShell } from "../harness/shells.ts";
import { waitFor } from "../harness/wait.ts";

const [dash] = shells as [TestShell];

describe("the generated rotation script, on a real collector under load", needs(otelcol, program("curl")), () => {
	for (const under of shells)
		test(`${under.name}: rotates, proves it, loses nothing`, { ...needs(under.part), timeout: 300_000 }, async () => {
			const s = await rotationScene();
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
		});

	for (const under of shells)
		test(`${under.name}: a traced shell shows no token`, needs(under.part), async () => {
			const s = await rotationScene({ load: false });
			const token = await s.provider.rotate();
			const outcome = await s.rotate(under, token, ["--dry-run"], { flags: ["-x"] });
			expect(outcome.code).toBe(0);
			expect(outcome.stdout).toContain("would replace");
			expect(readFileSync(s.tokenFile, "utf8")).toBe(s.provider.token);
		});

	test("a token the provider rejects is not even written", async () => {
		const s = await rotationScene();
		const wrong = canary();
		const outcome = await s.rotate(dash, wrong.token);
		expect(outcome).toMatchObject({ code: 3, stderr: expect.stringContaining("rejects the new token (HTTP 401)") });
		expect(readFileSync(s.tokenFile, "utf8")).toBe(s.provider.token);
	});

	test("when exports fail with the new token the old one comes back", async () => {
		const s = await rotationScene();
		const wrong = canary();
		const outcome = await s.rotate(dash, wrong.token, ["--no-precheck"]);
		expect(outcome.code).toBe(3);
		expect(outcome.stdout).toContain(`restored  fp=${fingerprint(s.provider.token)}`);
		expect(readFileSync(s.tokenFile, "utf8")).toBe(s.provider.token);
		const before = await s.received();
		await waitFor("events on the old token again", async () => (await s.received()) > before + 1_000);
	});

	test("without traffic nothing is proven, and it says so", async () => {
		const s = await rotationScene({ load: false });
		const token = await s.provider.rotate();
		const outcome = await s.rotate(dash, token, ["--wait", "2"]);
		expect(outcome).toMatchObject({ code: 9, stderr: expect.stringContaining("nothing was exported") });
		expect(readFileSync(s.tokenFile, "utf8")).toBe(token);
	});

	test("${file:} distributions: validated, reloaded, proven; a config that does not validate stops it and the old token comes back", async () => {
		const s = await rotationScene({ id: "adot" });
		const token = await s.provider.rotate();
		const validate = `${otelcol.path} validate --config=${s.collector.configPath}`;
		const reload = ["--validate", validate, "--apply", `kill -HUP ${s.collector.process.pid}`];
		expect(await s.rotate(dash, token, reload)).toMatchObject({ code: 0, stdout: expect.stringContaining("proven") });
		const next = await s.provider.rotate();
		writeFileSync(
			s.collector.configPath,
			readFileSync(s.collector.configPath, "utf8").replaceAll("memory_limiter", "no_such_limiter"),
		);
		const outcome = await s.rotate(dash, next, reload);
		expect(outcome).toMatchObject({ code: 11, stdout: expect.stringContaining("restored") });
		expect(readFileSync(s.tokenFile, "utf8")).toBe(token);
	});

	test("after a restart it looks at the process that the collector has then", async () => {
		const folder = scratch({ "torii.token": canary().token });
		const [tokenFile, pidFile] = [join(folder, "torii.token"), join(scratch(), "pid")];
		chmodSync(tokenFile, 0o400);
		const script = await rotateScript(tokenFile);
		writeFileSync(script, readFileSync(script, "utf8").replace(/^FIND_PID=.*$/m, `FIND_PID='cat ${pidFile}'`));
		const begin = `sleep 600 >/dev/null 2>&1 & echo $! >${pidFile}`;
		execFileSync("sh", ["-c", begin]);
		onTestFinished(() => void process.kill(Number(readFileSync(pidFile, "utf8"))));
		const restart = `kill $(cat ${pidFile}); while kill -0 $(cat ${pidFile}) 2>/dev/null; do sleep 0.1; done; ${begin}`;
		const { url } = await standIn();
		const next = canary();
		const places = ["--metrics", url, "--no-precheck", "--validate", "", "--apply", restart, ...takesAtOnce().slice(2)];
		const outcome = await runScript(dash, script, places, { stdin: next.token, canaries: [next] });
		expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining("proven") });
	});

	for (const under of aThird(shells))
		test(
			`${under.name}: what --validate and --apply print is shown without the tokens`,
			needs(under.part),
			async () => {
				const [old, next] = [canary(), canary()];
				const tokenFile = join(scratch({ "torii.token": old.token }), "torii.token");
				chmodSync(tokenFile, 0o400);
				const script = await rotateScript(tokenFile);
				const { url } = await standIn();
				const says = (name: string) =>
					`{ echo '${name} begins'; sed 's/.*/x &&, \\\\ %s [&]/' ${tokenFile}; echo; cat ${tokenFile}; } >&2; cat ${join(tokenFile, "..")}/.torii.token.crossfade-trial`;
				const ways = ["--metrics", url, "--no-precheck", "--validate", says("validate"), "--apply", says("apply")];
				const run = await runScript(under, script, [...ways, ...takesAtOnce()], {
					stdin: next.token,
					canaries: [old, next],
					watched: true,
				});
				expect(run).toMatchObject({ code: 0, stdout: expect.stringContaining("proven") });
				const line = "x [token][token], \\ %s [[token]]\n";
				const said = `${line}[token][token]\n`;
				expect(run.stderr).toBe(`validate begins\n${said}apply begins\n${said}`);
				expect(leftovers(tokenFile)).toEqual([]);
				const refused = canary();
				const failed = await runScript(
					under,
					script,
					[...ways.slice(0, 4), `${says("validate")}; exit 1`, ...ways.slice(5), ...takesAtOnce()],
					{
						stdin: refused.token,
						canaries: [old, next, refused],
					},
				);
				expect(failed).toMatchObject({ code: 11, stderr: expect.stringContaining("[token]") });
				expect(readFileSync(tokenFile, "utf8")).toBe(next.token);
			},
		);

	test("the first token needs no collector: it is put in place with the right mode", async () => {
		const s = await rotationScene({ load: false });
		const first = join(scratch(), "torii.token");
		const outcome = await s.rotate(dash, s.provider.token, ["--token-file", first, "--owner", "0:0"]);
		expect(outcome).toMatchObject({ code: 0, stdout: expect.stringContaining("start the collector") });
		expect(readFileSync(first, "utf8")).toBe(s.provider.token);
		expect(statSync(first).mode & 0o777).toBe(0o400);
	});

	test("bad input: one error, its exit code, nothing changed", async () => {
		const s = await rotationScene({ load: false });
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
			[`${good.token} x`, [], 11, "white space"],
			[`${good.token}\u0007`, [], 11, "control character"],
			[`${good.token}é`, [], 11, "non-ASCII"],
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
			const outcome = await runScript(dash, s.script, ["--metrics", s.collector.metricsUrl, ...args], run);
			expect({ args, ...outcome }).toMatchObject({ args, code, stderr: expect.stringContaining(message) });
			expect(outcome.stderr).not.toContain(good.token);
			expect(readFileSync(s.tokenFile, "utf8")).toBe(s.provider.token);
			expect(leftovers(s.tokenFile)).toEqual([]);
		}
	});

	test("two at a time: the second waits its turn, and a lock whose owner is gone is taken over", async () => {
		const s = await rotationScene();
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

	test("a full disk: the old token stays, whole", needs(smallDisks), async () => {
		const s = await rotationScene();
		const mount = scratch();
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", mount]);
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

test.each([
	["contrib", "systemd"],
	["adot", "systemd"],
	["adot", "docker"],
	["edot", "systemd"],
	["alloy", "systemd"],
])("shellcheck finds nothing in the script of %s on %s", needs(shellcheck), async (id, platform) => {
	const { stdout } = await crossfadeProcess(["collector", "-d", id, "--platform", platform, "--rotate-script"]);
	expect(stdout).toMatch(/^#!\/bin\/sh\n/);
	expect(shellcheckFindings(join(scratch({ "rotate.sh": stdout }), "rotate.sh"))).toEqual([]);
});
