import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { contents, text, write } from "../harness/endpoint.ts";
import { readable, unreadable } from "../harness/left-files.ts";
import { aThird, pairs } from "../harness/matrix.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { powerShellScript, SID, type WindowsMachine, windowsMachine } from "../harness/powershell.ts";

/** What is known to go wrong, for the script in PowerShell: the traps of the one in sh that there are on Windows too, and those of Windows. */

const self = "scope=user users=self no-host";
/** Enough where it is not about the CLIs. */
const codex = { "claude-code": "", gemini: "" };
const files = (m: WindowsMachine) => contents(join(m.home, ".."));

describe("the script in PowerShell", { ...needs(pwsh), timeout: 300_000 }, () => {
	describe("trap: a value is refused, not adjusted", () => {
		const { token } = canary();
		const values: [what: string, value: string, message: RegExp][] = [
			["+", `${token}+x`, /a character that a CLI would change/],
			["a quote", `${token}'`, /a character that a CLI would change/],
			["a blank before it", ` ${token}`, /white space/],
			["the placeholder", "@TOKEN@", /still a placeholder/],
			["a placeholder of somebody else's", "$env:TOKEN", /still a placeholder/],
			["the word Bearer", `Bearer ${token}`, /Bearer/],
			["a short one", "k1k1k1k1", /too short \(8 characters\)/],
		];
		test.each(values)("%s", async (_what, value, message) => {
			const m = windowsMachine({ versions: codex });
			const before = files(m);
			const run = await m.run(self, { stdin: `${value}\r\n` });
			expect(run).toMatchObject({ code: 11, stdout: expect.stringMatching(/^crossfade error fp=none [^\n]*\n$/) });
			expect(run.stderr).toMatch(/^error: the token [^\n]*\n$/);
			expect(run.stderr).toMatch(message);
			if (value.includes(token)) expect(run.stdout + run.stderr).not.toContain(token);
			expect(files(m)).toEqual(before);
		});

		test("from a file, and embedded; without any it says what to do", async () => {
			const secret = canary();
			const line = `crossfade ok fp=${secret.fingerprint} cfg=1 cli=`;
			const m = windowsMachine({ versions: codex });
			const file = write(m.root, "token.txt", `${secret.token}\r\n`);
			const env = { CROSSFADE_TOKEN_FILE: file };
			const byFile = await m.run(self, { env, canaries: [secret] });
			expect(byFile).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining(line) });
			const content = powerShellScript({ mode: "embedded" });
			const filled = windowsMachine({ versions: codex, content: content.replace("@TOKEN@", secret.token) });
			expect(await filled.run(self, { canaries: [secret] })).toEqual(byFile);
			expect(await windowsMachine({ content }).run(self)).toMatchObject({
				code: 11,
				stderr: "error: the token is still a placeholder; put the real one there\n",
			});
			const none = windowsMachine({ versions: codex });
			expect(await none.run(self)).toMatchObject({
				code: 11,
				stderr: expect.stringMatching(/^error: no token: write it/),
			});
			expect(await none.run(self, { env: { CROSSFADE_TOKEN_FILE: join(m.root, "none") } })).toMatchObject({
				code: 11,
				stderr: "error: the token file cannot be read\n",
			});
			expect(await none.run(self, { env: { CROSSFADE_TEST_PROMPT: "yes" } })).toMatchObject({
				code: 11,
				stderr: expect.stringMatching(/^error: no token, and nobody to ask for one: /),
			});
		});
	});

	test("trap: an option is refused and not quoted, as it could be a token", async () => {
		const m = windowsMachine({ versions: codex });
		const secret = canary();
		const cases: [string, RegExp][] = [
			[secret.token, /an option this script does not know/],
			["clis=nothing", /clis= has an unknown CLI; known: /],
			["clis=,", /clis= names nothing/],
			["expect=123", /not a fingerprint/],
			["endpoint=ftp://h", /does not begin with https/],
			["helper", /helper is not on Windows/],
		];
		for (const [option, message] of cases) {
			const run = await m.run(option, { canaries: [secret] });
			expect(run).toMatchObject({ code: 2, stdout: expect.stringMatching(/^crossfade error fp=none /) });
			expect(run.stderr).toMatch(message);
		}
		expect(await m.run("", { env: { CROSSFADE_TEST_ADMIN: "no" }, token: secret.token })).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("needs an administrator"),
		});
	});

	test("trap: a dry run changes nothing and says drift; on success nothing is on standard error", async () => {
		const m = windowsMachine();
		const before = files(m);
		for (const token of [undefined, canary().token]) {
			const run = await m.run(`dry-run ${self}`, token === undefined ? {} : { token });
			expect(run).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("crossfade drift ") });
		}
		expect(files(m)).toEqual(before);
	});

	describe("trap: a file as left by an editor", () => {
		test.each(aThird(unreadable, undefined, 1))("%s: unchanged, and said", async (_what, cli, path, content) => {
			const m = windowsMachine();
			const file = write(m.home, path, content);
			const before = files(m);
			const run = await m.run(`${self} clis=${cli}`, { token: canary().token });
			expect(run).toMatchObject({ code: 11, stdout: expect.stringContaining(`${cli}:refused`) });
			expect(run.stderr).toMatch(/^error: \S+: parse error at line \d+, column \d+: [^\n]*; file unchanged\n$/);
			expect(files(m)).toEqual(before);
			expect(readFileSync(file).equals(Buffer.from(content))).toBe(true);
		});

		test.each(aThird(readable))(
			"%s: nothing of it is lost, and all of it comes back",
			async (_what, cli, path, content) => {
				const m = windowsMachine();
				const secret = canary();
				write(m.home, path, content);
				expect(await m.run(`${self} clis=${cli}`, { token: secret.token })).toMatchObject({ code: 0, stderr: "" });
				const after = text(m.files[cli]) ?? "";
				expect(after).toContain(secret.token);
				if (content.includes("\r\n")) expect(after.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
				for (const word of content.split(/[\s,]+/)) expect(after).toContain(word);
				expect(await m.run(`uninstall ${self}`)).toMatchObject({ code: 0, stderr: "" });
				expect(text(m.files[cli])).toBe(content);
			},
		);
	});

	describe("trap: what is in the file's place", () => {
		const places: [what: string, message: string, make: (m: WindowsMachine, elsewhere: string) => void][] = [
			[
				"a link",
				"is a symbolic link",
				(m, elsewhere) => {
					mkdirSync(join(m.home, ".codex"));
					symlinkSync(join(elsewhere, "config.toml"), m.files.codex);
				},
			],
			[
				"a folder that is a link",
				"in a folder that is a symbolic link",
				(m, elsewhere) => symlinkSync(elsewhere, join(m.home, ".codex")),
			],
			["a folder", "is not a regular file", (m) => void mkdirSync(m.files.codex, { recursive: true })],
			[
				"a file in the place of its folder",
				"below something that is not a folder",
				(m) => void write(m.home, ".codex", ""),
			],
			[
				"a profile with an exporter beside it",
				"overrides our file",
				(m) => void write(m.home, ".codex/x.config.toml", "[otel.exporter.otlp-http]\n"),
			],
			[
				"an undo record that is not ours",
				"has an undo record that cannot be read",
				(m) => void write(m.home, ".codex/config.toml.crossfade-undo", "nonsense\n"),
			],
		];
		const rows = pairs(places, ["install", "report"]).map(([place, action]) => [...place, action] as const);
		test.each(rows)("%s: refused, and nothing is written through it", async (_what, message, make, action) => {
			const m = windowsMachine({ versions: codex });
			const elsewhere = join(m.root, "elsewhere");
			write(elsewhere, "config.toml", "");
			make(m, elsewhere);
			const before = files(m);
			const run = await m.run(`${action} ${self}`, { token: canary().token });
			expect(run).toMatchObject({ code: 11, stderr: expect.stringContaining(message) });
			expect(run.stdout).toContain("codex:refused");
			expect(contents(elsewhere)).toEqual({ "config.toml": "100644 " });
			expect(files(m)).toEqual(before);
		});

		test("a file that others can read would hold the token: refused", async () => {
			const m = windowsMachine({ versions: codex });
			write(m.home, ".codex/config.toml", "");
			writeFileSync(m.lists, `${m.files.codex}\tO:${SID}G:${SID}D:(A;;FA;;;${SID})(A;;FR;;;WD)\n`);
			expect(await m.run(self, { token: canary().token })).toMatchObject({
				code: 11,
				stderr: expect.stringContaining("can be read by other accounts"),
			});
			expect(text(m.files.codex)).toBe("");
		});

		test("a file of more than 10 MB is refused", async () => {
			const m = windowsMachine({ versions: codex });
			const file = write(m.home, ".codex/config.toml", `a = "${"x".repeat(10_485_760)}"\n`);
			expect(await m.run(self, { token: canary().token })).toMatchObject({
				code: 11,
				stderr: `error: ${file}: is larger than 10485760 bytes\n`,
			});
		});
	});

	describe("people", () => {
		const bob = "S-1-12-1-1-2-3-4";
		test("each gets a file that is theirs alone; a variable that moves it is said and not followed", async () => {
			const m = windowsMachine({ versions: codex });
			const home = join(m.home, "../bob");
			write(home, "AppData/Roaming/npm/node_modules/@openai/codex/package.json", '{"version": "0.169.0"}');
			const profiles = `${SID}\t${m.home}\t0\n${bob}\t${home}\t0\nS-1-5-18\t${m.root}\t0\n${SID.replace("1001", "1009")}\t${home}-gone\t0`;
			const homes = `${SID}\t${m.home}\n${bob}\t${home}`;
			const run = await m.run("scope=user", { token: canary().token, profiles, homes });
			expect(run).toMatchObject({
				code: 0,
				stderr: "",
				stdout: expect.stringMatching(/codex:ok,.* users=2 gone=1\n$/),
			});
			for (const path of [m.home, home]) expect(text(join(path, ".codex/config.toml"))).toContain("Bearer ");
			const lists = readFileSync(m.lists, "utf8");
			for (const name of ["config.toml", "config.toml.crossfade-undo"])
				expect(lists).toContain(`${home}/.codex/${name}\tO:${bob}G:${bob}D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;${bob})`);
			const env = { CROSSFADE_TEST_MOVED: `${bob} CODEX_HOME`, CROSSFADE_TEST_WSL: bob };
			expect(await m.run("report scope=user", { profiles, homes, env })).toMatchObject({
				code: 11,
				stdout: expect.stringMatching(/codex:refused,.* users=2 gone=1 wsl=1\n$/),
				stderr: expect.stringContaining("its variable CODEX_HOME names another folder"),
			});
			expect(await m.run("uninstall", { profiles, homes, env })).toMatchObject({ code: 0, stderr: "" });
			expect(Object.keys(contents(join(m.home, ".."))).filter((path) => path.includes(".codex"))).toEqual([]);
		});

		test("a file of one's that not even SYSTEM may look at is said, and the others are set", async () => {
			const m = windowsMachine({ versions: codex });
			const home = join(m.home, "../bob");
			write(home, "AppData/Roaming/npm/node_modules/@openai/codex/package.json", '{"version": "0.169.0"}');
			const file = write(m.home, ".codex/config.toml", "a = 1\n");
			writeFileSync(m.lists, `${file}\tdenied\n`);
			const profiles = `${SID}\t${m.home}\t0\n${bob}\t${home}\t0`;
			const secret = canary();
			const run = await m.run("scope=user", { token: secret.token, profiles, homes: profiles.replaceAll("\t0", "") });
			expect(run).toMatchObject({ code: 12, stdout: expect.stringMatching(/codex:error,.* users=2\n$/) });
			expect(run.stderr).toMatch(/^error: \S+config\.toml: cannot be looked at or written \(line \d+, [\w.]+\)\n$/);
			expect(text(file)).toBe("a = 1\n");
			expect(text(join(home, ".codex/config.toml"))).toContain(secret.token);
		});

		test("of one's own account the variable is followed", async () => {
			const m = windowsMachine({ versions: codex });
			const elsewhere = join(m.home, "elsewhere");
			mkdirSync(elsewhere);
			const env = { CODEX_HOME: elsewhere };
			expect(await m.run(self, { token: canary().token, env })).toMatchObject({ code: 0, stderr: "" });
			expect(text(join(elsewhere, "config.toml"))).toContain("Bearer ");
			expect(text(m.files.codex)).toBeUndefined();
		});
	});

	describe("secrets", () => {
		const how: [what: string, command: (script: string, words: readonly string[]) => string][] = [
			["traced line by line", (script, words) => `Set-PSDebug -Trace 2; & '${script}' ${words.join(" ")}`],
			[
				"with a transcript",
				(script, words) =>
					`Start-Transcript -Path ($env:HOME + '/transcript.txt') | Out-Null; & '${script}' ${words.join(" ")}; Stop-Transcript | Out-Null`,
			],
			[
				"verbose, and every error kept",
				(script, words) =>
					`$VerbosePreference = 'Continue'; $DebugPreference = 'Continue'; & '${script}' ${words.join(" ")}; $Error | Format-List * -Force`,
			],
		];
		test.each(how)("%s: no token in output, arguments, environments or what is left", async (_what, command) => {
			for (const prepare of [() => undefined, (m: WindowsMachine) => write(m.home, ".codex/config.toml", "nonsense")]) {
				const secret = canary();
				const content = powerShellScript({ mode: "embedded" }).replace("@TOKEN@", secret.token);
				const m = windowsMachine({ versions: codex, content });
				prepare(m);
				const run = await m.run(self, { canaries: [secret], watched: true, wrapper: command });
				expect(run.stdout).toMatch(/^crossfade (ok|refused) /m);
				const left = Object.entries(contents(join(m.root, ".."))).filter(
					([path]) => !/script\.ps1|config\.toml$/.test(path),
				);
				for (const [path, content] of left) expect(content, path).not.toContain(secret.token);
			}
		});

		test("a 32-bit PowerShell hands the token on by standard input, and the options as words", async () => {
			const m = windowsMachine({ versions: codex });
			const secret = canary();
			const native = write(m.root, "native", `#!/bin/sh\nexec ${pwsh.path} "$@"\n`, 0o755);
			const env = { CROSSFADE_TEST_NATIVE: native };
			const run = await m.run(self, { token: secret.token, canaries: [secret], watched: true, env });
			expect(run).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining(`fp=${secret.fingerprint}`) });
			expect(await m.run(`${self} endpoint=ftp://h`, { token: secret.token, env })).toMatchObject({ code: 2 });
			expect(await m.run(self, { token: secret.token, env: { CROSSFADE_TEST_NATIVE: "/nowhere" } })).toMatchObject({
				code: 13,
			});
		});
	});

	test("trap: a PowerShell that is restricted by a policy says so, and ends with its code", async () => {
		const m = windowsMachine({ versions: codex });
		const before = files(m);
		const wrapper = (script: string) =>
			`$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; & '${script}'; exit $LASTEXITCODE`;
		const run = await m.run(self, { wrapper, token: canary().token });
		expect(run.code).toBe(13);
		expect(run.stdout).toMatch(
			/^error: PowerShell is restricted here[^\n]*\ncrossfade error fp=none cfg=1 cli= users=0\n$/,
		);
		expect(files(m)).toEqual(before);
	});

	test("the self-test needs no token, and tries every format", async () => {
		const m = windowsMachine();
		const before = files(m);
		expect(await m.run("self-test")).toMatchObject({
			code: 0,
			stderr: "",
			stdout: expect.stringMatching(/^crossfade ok fp=none .*codex:ok.* users=0\n$/),
		});
		expect(files(m)).toEqual(before);
	});
});
