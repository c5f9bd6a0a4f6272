import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { TOKEN_PLACEHOLDER } from "../../src/adapters/vehicles/vehicle.ts";
import { canary } from "../harness/canary.ts";
import { contents, dash, endpointScript, machine, text, write } from "../harness/endpoint.ts";
import { impossibleEndpoints, possibleEndpoints } from "../harness/endpoints.ts";
import { immutableFiles, needs, notRoot } from "../harness/parts.ts";
import { runScript } from "../harness/shells.ts";
import { cliStates } from "../harness/states.ts";

const self = "scope=user users=self";

describe("one error line, its exit code, no change", () => {
	const { token } = canary();
	const tokens: [what: string, token: string, message: string][] = [
		["empty", "", "no token: set TOKEN"],
		["the placeholder", TOKEN_PLACEHOLDER, "still a placeholder"],
		["somebody's placeholder", "<YOUR-TOKEN-GOES-HERE>", "still a placeholder"],
		["an unfilled variable", "$FLEET_SECRET_TOKEN_OF_OURS", "still a placeholder"],
		["the whole header", `Bearer ${token}`, "the word Bearer"],
		["a trailing CR", `${token}\r`, "control character"],
		["a space", `${token} x`, "white space"],
		["a tab", `${token}\tx`, "white space"],
		["a non-ASCII letter", `${token}é`, "non-ASCII"],
		["quotes", `"${token}"`, "would change"],
		["a single quote", `${token}'x`, "would change"],
		["a comma", `${token},x`, "would change"],
		["a percent sign", `${token}%2B`, "would change"],
		["an equals sign, a plus, a slash", `${token}=+/`, "would change"],
		["a shell command", `${token}$(id)\`id\``, "would change"],
		["too short", "k123456789012345678", "too short (19 characters)"],
		["too long", "k1".repeat(2049), "too long"],
	];
	test.each(tokens)("token: %s", async (_what, value, message) => {
		const m = machine();
		const before = contents(m.home);
		const outcome = await m.run(self, {
			token: value,
			canaries: value.length > 19 ? [{ ...canary(), token: value }] : [],
		});
		expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining(message) });
		expect(outcome.stderr.split("\n")).toHaveLength(2);
		expect(outcome.stdout).toBe(`crossfade error fp=none cfg=1 cli=${cliStates({})} users=0\n`);
		expect(contents(m.home)).toEqual(before);
	});

	const options: [args: string, code: number, message: string][] = [
		["--frobnicate", 2, "does not know"],
		[token, 2, "does not know"],
		["clis=", 2, "names nothing"],
		["clis=cursor", 2, "unknown CLI; known: claude-code codex gemini"],
		["clis=codex,*", 2, "has an unknown CLI"],
		["report expect=xyz", 2, "12 hex digits"],
		["report expect=abc", 2, "12 hex digits"],
		["endpoint=otlp.example.com", 2, "does not begin with https://"],
		["endpoint=ftp://otlp.example.com", 2, "does not begin with https://"],
		["endpoint=https://", 2, "names no host"],
		["endpoint=https:///v", 2, "names no host"],
		["endpoint=https://u:p@h.example", 2, "user name"],
		["endpoint=https://h.example?x=1", 2, "not allowed in a base URL"],
		["endpoint=https://h.example/#a", 2, "not allowed in a base URL"],
		['endpoint=https://h.example/"x', 2, "not allowed in a base URL"],
		["endpoint=https://h.example/v1/logs/", 2, "one signal"],
		["endpoint=http://h.example", 2, "clear text"],
		["endpoint=http://127.0.0.1.evil.example", 2, "clear text"],
		["endpoint=http://localhost.evil.example", 2, "clear text"],
	];
	test.each(options)("option: %s", async (args, code, message) => {
		const m = machine();
		const outcome = await m.run(`${self} ${args}`, { token, canaries: [] });
		expect(outcome).toMatchObject({ code, stderr: expect.stringContaining(message) });
		expect(outcome.stderr + outcome.stdout).not.toContain(token);
		expect(outcome.stdout).toMatch(/^crossfade error fp=none /);
	});

	/** The same in TypeScript: test/spec/endpoint.test.ts. */
	test.each(impossibleEndpoints.filter((url) => !/\s/.test(url)))("endpoint %j is refused", async (endpoint) => {
		const outcome = await machine().run(`${self} endpoint=${endpoint}`, { token, canaries: [] });
		expect(outcome).toMatchObject({
			code: 2,
			stderr: expect.stringMatching(/names no host|not allowed in a base URL|user name/),
		});
	});

	test.each([
		["https://otlp.example.com/", "https://otlp.example.com/v1/logs"],
		["https://otlp.example.com//", "https://otlp.example.com/v1/logs"],
		["https://otlp.example.com/a/b/", "https://otlp.example.com/a/b/v1/logs"],
		["https://[2001:db8::1]:4318", "https://[2001:db8::1]:4318/v1/logs"],
		["http://[::1]:4318", "http://[::1]:4318/v1/logs"],
		["http://127.0.0.1:4318/x", "http://127.0.0.1:4318/x/v1/logs"],
		...possibleEndpoints.map((url) => [url, `${url}/v1/logs`]),
	])("endpoint %s is taken", async (endpoint, url) => {
		const m = machine();
		expect(await m.run(`${self} endpoint=${endpoint}`, { token })).toMatchObject({ code: 0, stderr: "" });
		expect(text(m.files.codex)).toContain(`"${url}"`);
	});

	test("an embedded script refuses to run with its placeholder, and runs with a token", async () => {
		const unfilled = endpointScript("generic", { mode: "embedded" });
		expect(await machine({ content: unfilled }).run(self)).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("still a placeholder"),
		});
		const filled = machine({ content: unfilled.replace(TOKEN_PLACEHOLDER, token) });
		expect(await filled.run(self, { canaries: [{ ...canary(), token }], flags: ["-v"] })).toMatchObject({ code: 0 });
		expect(text(filled.files.codex)).toContain(token);
	});

	test("scope=system without root", needs(notRoot), async () => {
		expect(await machine().run("", { token })).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("needs root"),
		});
	});

	test("no CLI at all is no failure", async () => {
		const m = machine({ versions: { "claude-code": "", codex: "", gemini: "" } });
		expect(await m.run(self, { token })).toMatchObject({
			code: 0,
			stderr: "",
			stdout: expect.stringMatching(/^crossfade absent /),
		});
		expect(await m.run(`report ${self}`)).toMatchObject({ code: 9, stdout: expect.stringContaining("fp=none") });
		expect(readdirSync(m.home)).toEqual([]);
	});

	test("HOME unset, an odd locale, an odd IFS, variables of ours in the environment", async () => {
		const m = machine();
		const env = {
			LC_ALL: "tr_TR.UTF-8",
			LANG: "xx",
			IFS: "o",
			ROOT: "/x",
			EDIT: "x",
			SH: "/x",
			states: "x",
			CDPATH: "/tmp",
			GREP_OPTIONS: "-v",
		};
		expect(await m.run(self, { token, env })).toMatchObject({ code: 0, stderr: "" });
		expect(await m.run(self, { token, env: { HOME: "" } })).toMatchObject({
			stdout: expect.stringMatching(/^crossfade /),
		});
	});
});

describe("a file that is not safe to change is unchanged, the others are configured", () => {
	const big = `{"a": "${"x".repeat(11_000_000)}"}`;
	const cases: [what: string, make: (file: string) => void, code: number, message: string][] = [
		["malformed", (file) => writeFileSync(file, '{"a": '), 11, "parse error at line 1"],
		["no object", (file) => writeFileSync(file, "[1]"), 11, "parse error at line 1"],
		["a byte order mark", (file) => writeFileSync(file, '\ufeff{"a": 1}'), 11, "parse error at line 1"],
		["UTF-16", (file) => writeFileSync(file, Buffer.from('\ufeff{"a": 1}', "utf16le")), 11, "parse error at line 1"],
		["a NUL byte", (file) => writeFileSync(file, '{"a": "\0"}'), 11, "parse error at line 1"],
		["another type on the way", (file) => writeFileSync(file, '{"telemetry": []}'), 11, "parse error at line 1"],
		["a folder", (file) => mkdirSync(file), 11, "is not a regular file"],
		["a FIFO", (file) => execFileSync("mkfifo", [file]), 11, "is not a regular file"],
		["a symbolic link", (file) => symlinkSync("/etc/hostname", file), 11, "symbolic link"],
		["a dangling link", (file) => symlinkSync("/nowhere", file), 11, "symbolic link"],
		["11 MB", (file) => writeFileSync(file, big), 11, "larger than"],
	];
	test.each(cases)("%s", async (_what, make, code, message) => {
		const m = machine();
		const { token } = canary();
		mkdirSync(dirname(m.files.gemini));
		make(m.files.gemini);
		const outcome = await m.run(self, { token });
		expect(outcome).toMatchObject({ code, stderr: expect.stringContaining(message) });
		expect(outcome.stderr).toMatch(new RegExp(`^error: ${m.files.gemini}: [^\\n]*\\n$`));
		expect(outcome.stdout).toMatch(
			new RegExp(
				`^crossfade refused fp=\\w{12} cfg=1 cli=${cliStates({ "claude-code": "ok", codex: "ok", gemini: "refused" })} users=1\n$`,
			),
		);
		expect(readdirSync(dirname(m.files.gemini))).toEqual(["settings.json"]);
		const again = machine();
		mkdirSync(dirname(again.files.gemini));
		make(again.files.gemini);
		expect(await again.run(`report ${self} clis=gemini`)).toMatchObject({
			code,
			stdout: "crossfade refused fp=none cfg=1 cli=gemini:refused users=1\n",
		});
	});

	test.each([
		["empty", ""],
		["blank", " \n"],
		["10 MB", `{"a": "${"x".repeat(10_000_000)}"}`],
	])("%s is fine, and given back", async (_what, content) => {
		const m = machine();
		write(m.home, ".gemini/settings.json", content);
		expect(await m.run(`${self} clis=gemini`, canary())).toMatchObject({ code: 0, stderr: "" });
		expect(JSON.parse(text(m.files.gemini) ?? "").telemetry.enabled).toBe(true);
		expect(await m.run(`uninstall ${self} clis=gemini`)).toMatchObject({ code: 0, stderr: "" });
		expect(text(m.files.gemini) === content).toBe(true);
	});

	test("a CLI folder that is a file or a dangling link", async () => {
		const m = machine();
		writeFileSync(join(m.home, ".codex"), "");
		symlinkSync("/nowhere", join(m.home, ".gemini"));
		const outcome = await m.run(self, canary());
		expect(outcome).toMatchObject({
			code: 11,
			stdout: expect.stringContaining(cliStates({ "claude-code": "ok", codex: "refused", gemini: "refused" })),
		});
		expect(readlinkSync(join(m.home, ".gemini"))).toBe("/nowhere");
	});

	test("terminal escapes in a name are not printed", async () => {
		const m = machine();
		const home = join(m.home, "\u001b[2J");
		write(home, ".gemini/settings.json", "{");
		const outcome = await m.run(`${self} clis=gemini`, { ...canary(), env: { GEMINI_CLI_HOME: home } });
		expect(outcome.code).toBe(11);
		expect(outcome.stderr).not.toContain("\u001b");
	});
});

describe("locks", () => {
	test("a lock whose owner is gone, or whose process id is somebody else's now, is taken over", async () => {
		for (const owner of ["999999999 1", `${process.pid} 1`]) {
			const m = machine();
			const work = process.getuid?.() === 0 ? join(m.root, "var/run/otel-crossfade") : join(m.home, ".otel-crossfade");
			symlinkSync(owner, `${work}.lock`);
			write(work, "old", "left over");
			expect(await m.run(self, canary())).toMatchObject({ code: 0, stderr: "" });
			expect(readdirSync(dirname(work)).filter((name) => name.includes("otel-crossfade"))).toEqual([]);
		}
	});

	test("concurrent runs wait for each other, and the last token wins", async () => {
		const m = machine();
		const tokens = [canary(), canary(), canary(), canary()];
		const outcomes = await Promise.all(tokens.map((each) => m.run(self, each)));
		for (const outcome of outcomes) expect(outcome).toMatchObject({ code: 0, stderr: "" });
		const report = await m.run(`report ${self}`);
		expect(report).toMatchObject({ code: 0, stdout: expect.not.stringContaining("mixed") });
	});
});

describe("the one-liner", () => {
	const installer = () => endpointScript("installer");
	test("the token comes from a file, and it says what it does", async () => {
		const m = machine({ vehicle: "installer" });
		const { token, fingerprint } = canary();
		const file = write(m.home, "token.txt", `${token}\n`, 0o600);
		const outcome = await m.run("", { env: { CROSSFADE_TOKEN_FILE: file }, canaries: [{ token, fingerprint }] });
		expect(outcome).toMatchObject({ code: 0, stderr: "" });
		for (const path of Object.values(m.files)) expect(outcome.stdout).toContain(`changed       ${path}\n`);
		expect(await m.run("uninstall")).toMatchObject({
			code: 0,
			stdout: expect.stringContaining(`restored      ${m.files.codex}\n`),
		});
	});

	test("piped into a shell, standard input is not taken for a token; without a terminal it says what to do", async () => {
		const m = machine({ vehicle: "installer" });
		const env = { HOME: m.home, CROSSFADE_TEST_ROOT: m.root };
		const piped = { ...dash, args: ["-s", "--"] };
		const outcome = await runScript(piped, "install", [], { stdin: installer(), canaries: [], env });
		expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining("no terminal to ask") });
		const { token } = canary();
		const file = write(m.home, "token.txt", token, 0o600);
		const filled = await runScript(piped, "install", [], {
			stdin: installer(),
			canaries: [],
			env: { ...env, CROSSFADE_TOKEN_FILE: file },
		});
		expect(filled).toMatchObject({ code: 0, stderr: "" });
		expect(text(m.files.codex)).toContain(token);
	});

	test("cut off anywhere, it does nothing", async () => {
		const script = installer();
		const { token } = canary();
		for (const share of [0.1, 0.5, 0.9, 0.999]) {
			const m = machine({ vehicle: "installer" });
			const file = write(m.home, "token.txt", token, 0o600);
			const before = contents(m.home);
			const cut = script.slice(0, Math.floor((script.length - 10) * share));
			await runScript({ ...dash, args: ["-s", "--"] }, "install", [], {
				stdin: cut,
				canaries: [],
				env: { HOME: m.home, CROSSFADE_TEST_ROOT: m.root, CROSSFADE_TOKEN_FILE: file },
			});
			expect(contents(m.home)).toEqual(before);
		}
	});

	test("help shows the top of the file", async () => {
		const m = machine({ vehicle: "installer" });
		const { stdout, code } = await m.run("--help");
		expect(code).toBe(0);
		expect(stdout).toContain("Exit codes: 0 success");
		expect(stdout).not.toContain("set +xv");
	});
});

/** Modes stop everybody but root. */
const unwritable = notRoot.missing ? immutableFiles : notRoot;

test("a folder that cannot be written: said, and the file is as it was", needs(unwritable), async () => {
	const m = machine();
	const file = write(m.home, ".codex/config.toml", 'model = "m"\n');
	if (process.getuid?.() === 0) {
		execFileSync("chattr", ["+i", file]);
		onTestFinished(() => {
			execFileSync("chattr", ["-i", file]);
			rmSync(dirname(file), { recursive: true });
		});
	} else {
		chmodSync(dirname(file), 0o500);
		onTestFinished(() => chmodSync(dirname(file), 0o700));
	}
	const outcome = await m.run(`${self} clis=codex`, canary());
	expect(outcome).toMatchObject({ code: 12, stderr: expect.stringContaining("cannot be written; file unchanged") });
	expect(text(file)).toBe('model = "m"\n');
	expect(readdirSync(dirname(file)).filter((name) => name.includes("-new."))).toEqual([]);
});
