import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { scratch, startCrossfade } from "../harness/cli.ts";
import { needs, otelcol, program, root, securityLabels } from "../harness/parts.ts";
import { asNobody, leftovers, NOBODY, rotationScene, withOwnCopy, withSingleFile } from "../harness/rotation.ts";
import { shells, type TestShell } from "../harness/shells.ts";
import { waitFor } from "../harness/wait.ts";

const [dash] = shells as [TestShell];

/** The token file as a packager may have left it: root's, for the group of the collector to read. */
function forGroup(tokenFile: string): void {
	chownSync(dirname(tokenFile), 0, NOBODY);
	chmodSync(dirname(tokenFile), 0o750);
	chownSync(tokenFile, 0, NOBODY);
	chmodSync(tokenFile, 0o440);
}

/** Mode, owner and group. */
function rights(path: string): string {
	const { mode, uid, gid } = statSync(path);
	return `${(mode & 0o7777).toString(8)} ${uid}:${gid}`;
}

/** A page that counts by token: a tap between the collector and the provider. */
async function countingHop(provider: string): Promise<{ readonly url: string; readonly metrics: string }> {
	const tap = startCrossfade(["tap", "--to", provider, "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]);
	const metrics = await tap.find(/metrics\s+(http:\S+)/);
	const url = await tap.find(/tap\s+(http:\S+)/);
	return { url, metrics };
}

const needed = needs(otelcol, program("curl"), program("setpriv"), root);

describe(
	"a rotation is proven only by what the new token alone brings about, on a real collector under load",
	needed,
	() => {
		test("a file for the collector's group stays readable for it, and the new token is used", async () => {
			const s = await rotationScene({ prepare: forGroup, command: asNobody });
			const old = s.provider.token;
			const token = await s.provider.rotate();
			expect(await s.rotate(dash, token)).toMatchObject({
				code: 0,
				stderr: "",
				stdout: expect.stringContaining("proven"),
			});
			expect(rights(s.tokenFile)).toBe(`440 0:${NOBODY}`);
			const before = await s.received(old);
			await waitFor("records with the new token", async () => (await s.received(token)) > 1_000);
			expect(await s.received(old)).toBe(before);
			expect(leftovers(s.tokenFile)).toEqual([]);
			process.stdout.write(
				`rotation: 0440 root:group: ${JSON.stringify({ new: await s.received(token), oldAfterProof: 0 })}\n`,
			);
		});

		test("an access list stays, and with it the collector's right to read", needs(program("setfacl")), async () => {
			const withList = (tokenFile: string) => {
				chmodSync(dirname(tokenFile), 0o711);
				chmodSync(tokenFile, 0o400);
				execFileSync(program("setfacl").path, ["-m", `u:${NOBODY}:r`, tokenFile]);
			};
			const s = await rotationScene({ prepare: withList, command: asNobody });
			const list = () => execFileSync(program("getfacl").path, ["-cpn", s.tokenFile], { encoding: "utf8" });
			const before = list();
			const token = await s.provider.rotate();
			expect(await s.rotate(dash, token)).toMatchObject({ code: 0, stderr: "" });
			expect(list()).toBe(before);
			await waitFor("records with the new token", async () => (await s.received(token)) > 1_000);
		});

		test("a SELinux label stays", needs(securityLabels), async () => {
			const label = "system_u:object_r:otelcol_etc_t:s0";
			const prepare = (tokenFile: string) => {
				forGroup(tokenFile);
				execFileSync(securityLabels.path, [label, tokenFile]);
			};
			const s = await rotationScene({ prepare, command: asNobody });
			expect(await s.rotate(dash, await s.provider.rotate())).toMatchObject({ code: 0, stderr: "" });
			expect(execFileSync("stat", ["-c", "%C", s.tokenFile], { encoding: "utf8" })).toBe(`${label}\n`);
		});

		test("a file that the collector's account could not read is not put in place", async () => {
			const s = await rotationScene({ prepare: forGroup, command: asNobody });
			const old = s.provider.token;
			const outcome = await s.rotate(dash, await s.provider.rotate(), ["--owner", "0:0"]);
			expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining("could not read the new file") });
			expect(readFileSync(s.tokenFile, "utf8")).toBe(old);
			expect(leftovers(s.tokenFile)).toEqual([]);
		});

		test("a token file that is mounted by itself is refused before anything changes", async () => {
			const s = await rotationScene({ command: withSingleFile });
			const old = s.provider.token;
			const outcome = await s.rotate(dash, await s.provider.rotate());
			expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining("mounted as a single file") });
			expect(readFileSync(s.tokenFile, "utf8")).toBe(old);
			expect(leftovers(s.tokenFile)).toEqual([]);
		});

		test("a collector that sees another file is found out, and the old token comes back", async () => {
			const s = await rotationScene({ command: withOwnCopy });
			const old = s.provider.token;
			const token = await s.provider.rotate();
			const outcome = await s.rotate(dash, token);
			expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining("sees a different token") });
			expect(outcome.stdout).toContain(`restored  fp=${fingerprint(old)}`);
			expect(readFileSync(s.tokenFile, "utf8")).toBe(old);
			expect(await s.received(token)).toBe(0);
		});

		test("where nothing tells with which token it exports: replaced, not proven, the old one kept, and proven by a later run", async () => {
			const s = await rotationScene();
			const old = s.provider.token;
			const token = await s.provider.rotate();
			const outcome = await s.rotate(dash, token, ["--pid", "0"]);
			expect(outcome).toMatchObject({ code: 14, stderr: expect.stringContaining("replaced, not proven") });
			expect(outcome.stdout).not.toContain("proven");
			const kept = join(dirname(s.tokenFile), ".torii.token.crossfade-old");
			expect(readFileSync(kept, "utf8")).toBe(old);
			expect(rights(kept)).toBe("400 0:0");
			expect(readFileSync(s.tokenFile, "utf8")).toBe(token);
			expect(await s.rotate(dash, token)).toMatchObject({ code: 0, stdout: expect.stringContaining("proven") });
			expect(existsSync(kept)).toBe(false);
			expect(leftovers(s.tokenFile)).toEqual([]);
		});

		test("a log that says nothing of the file proves nothing either", async () => {
			const s = await rotationScene();
			const outcome = await s.rotate(dash, await s.provider.rotate(), [
				"--logs",
				"echo Everything is ready",
				"--wait",
				"6",
			]);
			expect(outcome).toMatchObject({ code: 14, stderr: expect.stringContaining("replaced, not proven") });
		});

		test("a process whose config names another token file proves nothing; one whose config names it does", async () => {
			const s = await rotationScene();
			const folder = scratch({ "other.yaml": "file: other.token\n", "ours.yaml": "file: torii.token\n" });
			const processWith = async (words: readonly string[]) => {
				const child = spawn("sh", ["-c", "sleep 600; :", "collector", ...words], { stdio: "ignore", detached: true });
				onTestFinished(() => void process.kill(-(child.pid ?? 0), "SIGKILL"));
				await once(child, "spawn");
				return String(child.pid);
			};
			const token = await s.provider.rotate();
			const others = await processWith(["--config", "file:/nowhere.yaml", `--config=${join(folder, "other.yaml")}`]);
			const other = await processWith([`--config=${join(folder, "other.yaml")}`]);
			const ours = await processWith([`--config=${join(folder, "other.yaml")}`, "--config", join(folder, "ours.yaml")]);
			expect(await s.rotate(dash, token, ["--pid", other])).toMatchObject({
				code: 14,
				stderr: expect.stringContaining("warning: the collector's config does not name torii.token"),
			});
			expect(await s.rotate(dash, token, ["--pid", ours])).toMatchObject({ code: 0, stderr: "" });
			// One that cannot be read could name it.
			const dry = await s.rotate(dash, await s.provider.rotate(), ["--pid", others, "--dry-run"]);
			expect(dry).toMatchObject({ code: 0, stderr: "" });
		});

		test("a counting hop proves it by the fingerprint, without a look at the process", async () => {
			let metrics = "";
			const via = async (provider: { readonly url: string }) => {
				const hop = await countingHop(provider.url);
				metrics = hop.metrics;
				return hop.url;
			};
			const s = await rotationScene({ via });
			const token = await s.provider.rotate();
			const args = ["--pid", "0", "--counters", metrics];
			expect(await s.rotate(dash, token, args)).toMatchObject({ code: 0, stdout: expect.stringContaining("proven") });
			expect(await s.received(token)).toBeGreaterThan(0);
		});

		test("a counting hop that only sees the old token ends in replaced, not proven", async () => {
			let metrics = "";
			const via = async (provider: { readonly url: string }) => {
				const hop = await countingHop(provider.url);
				metrics = hop.metrics;
				return hop.url;
			};
			const s = await rotationScene({ via, command: withOwnCopy });
			const token = await s.provider.rotate();
			const outcome = await s.rotate(dash, token, ["--pid", "0", "--counters", metrics, "--wait", "8"]);
			expect(outcome).toMatchObject({ code: 14, stderr: expect.stringContaining("replaced, not proven") });
			expect(await s.received(token)).toBe(0);
		});
	},
);
