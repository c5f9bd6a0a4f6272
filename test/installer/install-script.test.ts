import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { inWords } from "../../src/base/words.ts";
import { canary } from "../harness/canary.ts";
import { CLI, scratch } from "../harness/cli.ts";
import { cuts, runPiped } from "../harness/cut.ts";
import { contents, dash, endpointScript, machine, releases, text, write } from "../harness/endpoint.ts";
import { cliStates } from "../harness/states.ts";

const SCRIPT = new URL("../../scripts/install.sh", import.meta.url).pathname;
const committed = readFileSync(SCRIPT, "utf8");

describe("scripts/install.sh as it is committed", () => {
	test("is what the command renders: else run `npm run render`", () => {
		expect(execFileSync(process.execPath, [CLI, "install", "--print"], { encoding: "utf8" })).toBe(committed);
		expect(statSync(SCRIPT).mode & 0o111).toBe(0o111);
	});

	test("has the checksum next to it, in the format of sha256sum -c", () => {
		expect(execFileSync("sha256sum", ["-c", "install.sh.sha256"], { cwd: join(SCRIPT, ".."), encoding: "utf8" })).toBe(
			"install.sh: OK\n",
		);
	});

	test("cut off anywhere it does nothing: neither in the middle nor in its last line", async () => {
		const cwd = scratch({ "home/.codex/config.toml": 'model = "a"\n', token: canary().token });
		const before = contents(cwd);
		const devices = spawnSync("ls", ["/", "/dev"], { encoding: "utf8" }).stdout;
		for (const cut of cuts(committed, 150)) {
			const { code, stdout } = await runPiped(dash, committed.slice(0, cut), cwd);
			expect({ cut, isOk: code === 0 && stdout !== "", stdout }).toEqual({ cut, isOk: false, stdout: "" });
		}
		expect(contents(cwd)).toEqual(before);
		expect(spawnSync("ls", ["/", "/dev"], { encoding: "utf8" }).stdout).toBe(devices);
		expect((await runPiped(dash, committed, cwd)).stdout).toMatch(/crossfade ok fp=[0-9a-f]{12}/);
		expect(contents(cwd)).not.toEqual(before);
	});
});

describe("the installer", () => {
	test("says which files before it changes any, what it did, when it counts, and how to check", async () => {
		const m = machine({ vehicle: "installer", versions: { gemini: "0.33.2" } });
		const { token, fingerprint } = canary();
		const { code, stdout, stderr } = await m.run("", { token });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		const lines = stdout.split("\n");
		expect(lines[0]).toBe("Telemetry to https://ai-events.toriihq.com will be set for:");
		expect(lines).toContain(`  Claude Code 2.1.330: ${m.files["claude-code"]}`);
		expect(lines).toContain("  Gemini CLI 0.33.2: too old, skipped");
		const [said, did] = [
			lines.indexOf(`  Codex CLI 0.169.0: ${m.files.codex}`),
			lines.indexOf(`changed       ${m.files.codex}`),
		];
		expect(said).toBeGreaterThan(0);
		expect(did).toBeGreaterThan(said);
		expect(stdout).toContain("Codex CLI uses the token when Codex starts;");
		expect(stdout).toContain("crossfade doctor");
		expect(lines.at(-2)).toBe(
			`crossfade ok fp=${fingerprint} cfg=1 cli=${cliStates({ "claude-code": "ok", codex: "ok", gemini: "old" })} users=1`,
		);
	});

	test("run again it changes nothing and says so; uninstall gives back what was there", async () => {
		const m = machine({ vehicle: "installer" });
		write(m.home, ".codex/config.toml", 'model = "a" # mine\n');
		const before = contents(m.home);
		const { token } = canary();
		await m.run("", { token });
		const installed = contents(m.home);
		const again = await m.run("", { token });
		expect(again.stdout).toContain("Already up to date.");
		expect(contents(m.home)).toEqual(installed);
		const gone = await m.run("--uninstall");
		expect(gone.stdout).toContain(`restored      ${m.files.codex}`);
		expect(contents(m.home)).toEqual(before);
		expect((await m.run("--uninstall")).stdout).toContain("Already up to date.");
	});

	test("a dry run says what would change, and changes nothing", async () => {
		const m = machine({ vehicle: "installer" });
		const before = contents(m.home);
		const { code, stdout } = await m.run("--dry-run", canary());
		expect(code).toBe(0);
		expect(stdout).toMatch(/^Dry run: nothing is changed\./);
		expect(stdout).toContain(`would change  ${m.files.gemini}`);
		expect(stdout).not.toContain("uses the token");
		expect(contents(m.home)).toEqual(before);
	});

	test("a dry run needs no token: nothing on standard input, piped or from a file", async () => {
		const m = machine({ vehicle: "installer" });
		const before = contents(m.home);
		const fresh = await m.run("--dry-run");
		expect(fresh).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("crossfade drift fp=none ") });
		expect(fresh.stdout).toContain(`would change  ${m.files.codex}`);
		expect(contents(m.home)).toEqual(before);
		const token = canary();
		await m.run("--helper", token);
		const installed = contents(m.home);
		// The token in use is the one that is compared with, and another option is what would change.
		const set = await m.run("--dry-run --helper", { canaries: [token] });
		expect(set.stdout).not.toContain("would change");
		expect(set.stdout).toContain(`crossfade ok fp=${token.fingerprint} `);
		const other = await m.run("--dry-run --helper --prompts", { canaries: [token] });
		expect(other.stdout).toContain(`would change  ${m.files.codex}`);
		expect(contents(m.home)).toEqual(installed);
		const cwd = scratch({ "home/.codex/config.toml": 'model = "a"\n' });
		const piped = await runPiped(dash, committed, cwd, { token: false, args: ["--dry-run"] });
		expect(piped).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("would change") });
	});

	test("a CLI that is only on PATH is found: by the package that a link leads to, or as a release that is not known", async () => {
		const m = machine({ vehicle: "installer", versions: { "claude-code": "", codex: "", gemini: "" } });
		const folder = join(m.home, "my tools");
		const bin = join(folder, "node_modules/.bin");
		write(folder, "node_modules/@openai/codex/package.json", '{"name": "@openai/codex", "version": "0.169.0"}');
		write(folder, "node_modules/@openai/codex/bin/codex.js", "", 0o755);
		mkdirSync(bin);
		symlinkSync("../@openai/codex/bin/codex.js", join(bin, "codex"));
		write(bin, "gemini", "", 0o755);
		const env = { PATH: `${bin}:${process.env["PATH"]}` };
		const { code, stdout, stderr } = await m.run("--dry-run", { env });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toContain(`  Codex CLI 0.169.0: ${m.files.codex}\n`);
		expect(stdout).toContain(`  Gemini CLI ?: ${m.files.gemini}\n`);
		expect(stdout).toContain("cli=claude-code:absent,codex:drift,gemini:drift,");
		expect((await m.run("--dry-run")).stdout).toContain("codex:absent,gemini:absent");
	});

	test("before it asks for the token it says where the data goes and what is sent besides prompts", async () => {
		const m = machine({ vehicle: "installer", versions: { gemini: "" } });
		const { stdout } = await m.run("--dry-run --tools endpoint=https://otlp.example.com");
		expect(stdout).toContain("Telemetry to https://otlp.example.com would be set for:");
		const isHere = ({ id }: (typeof clis)[number]) => id in releases && id !== "gemini";
		const sent = new Set(clis.filter(isHere).flatMap(({ sends }) => sends));
		for (const fact of clis.flatMap(({ sends }) => sends)) {
			expect(stdout.includes(`    sends ${fact}\n`), fact).toBe(sent.has(fact));
		}
		expect(stdout).toContain("Also sent, because you ask for it: tools.");
		expect(stdout).toMatch(/the name and id of this machine: host\.name=\S+\. To leave it out: --no-host\./);
		const without = await m.run("--dry-run --no-host");
		expect(without.stdout).not.toContain("host.name");
		expect(without.stdout).toContain("Not sent, but for what is listed above: prompts, responses, tool inputs.");
	});

	test("CROSSFADE_TOKEN_FILE may be relative; standard input is then not read", async () => {
		const m = machine({ vehicle: "installer" });
		const { token, fingerprint } = canary();
		const cwd = scratch({ "the token": `${token}\n` });
		const env = { CROSSFADE_TOKEN_FILE: "the token" };
		const { stdout } = await m.run("", { env, cwd, stdin: "something else\n", canaries: [{ token, fingerprint }] });
		expect(stdout).toContain(`fp=${fingerprint}`);
		const bad = await m.run("", { env: { CROSSFADE_TOKEN_FILE: "not here" }, cwd });
		expect(bad).toMatchObject({ code: 11, stderr: "error: the token file cannot be read\n" });
	});

	test("piped into a shell, standard input is the script: no terminal and no file is an error, and nothing is left", async () => {
		const cwd = scratch({ "home/.codex/config.toml": 'model = "a"\n' });
		const before = contents(cwd);
		const { code, stderr } = await runPiped(dash, committed, cwd, { token: false });
		expect({ code, stderr }).toEqual({
			code: 11,
			stderr:
				"error: no token, and no terminal to ask for one: set CROSSFADE_TOKEN_FILE, or see the top of this script\n",
		});
		expect(contents(cwd)).toEqual(before);
		expect(existsSync(join(cwd, "home/.otel-crossfade"))).toBe(false);
	});

	test("--help explains it, from a file and from a pipe alike", async () => {
		const m = machine({ vehicle: "installer" });
		const fromFile = await m.run("--help");
		const cwd = scratch({ "home/x": "" });
		const fromPipe = await runPiped(dash, endpointScript("installer", { hooks: false }), cwd, { args: ["--help"] });
		expect(fromFile.stdout).toMatch(new RegExp(`^Makes ${inWords(clis.map(({ title }) => title))} on this machine`));
		expect(fromFile.stdout).toContain("Exit codes: 0 success;");
		expect(fromPipe.stdout).toBe(fromFile.stdout);
	});

	test("a token among the arguments is refused and not repeated", async () => {
		const m = machine({ vehicle: "installer" });
		const { token } = canary();
		const { code, stdout, stderr } = await m.run(token);
		expect(code).toBe(2);
		expect(stdout + stderr).not.toContain(token);
	});

	test("traced from outside (sh -xv) no token shows, and no file but the CLIs' own holds it", async () => {
		const m = machine({ vehicle: "installer" });
		const { token } = canary();
		const { code } = await m.run("--helper", {
			token,
			watched: true,
			flags: ["-xv"],
			env: { HISTFILE: join(m.home, "history") },
		});
		expect(code).toBe(0);
		const holders = Object.entries(contents(m.home)).flatMap(([path, content]) =>
			content.includes(token) ? [path] : [],
		);
		expect(holders.sort()).toEqual([".claude/crossfade-token", ".codex/config.toml", ".gemini/settings.json"]);
		expect(text(join(m.home, ".claude/crossfade-token"))).toBe(`${token}\n`);
	});
});
