import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { actions, endpointScript, write } from "../harness/endpoint.ts";
import { type Account, type Homes, homes, scriptProgram } from "../harness/homes.ts";
import { needs, root } from "../harness/parts.ts";
import { cliStates } from "../harness/states.ts";
import { waitFor } from "../harness/wait.ts";

/** What an account gets of root while root works in its home, and what it can do to the others' turn. */

const alice: Account = { name: "alice", uid: 2001 };
const bob: Account = { name: "bob", uid: 2002 };
const everyone = "scope=user users=all";
const states = (state: string) => `cli=${cliStates({ "claude-code": state, codex: state, gemini: state })}`;

/** A machine on which each small program starts with these commands, as the account it runs for; they leave its arguments alone. */
function watchedHomes(
	accounts: readonly Account[],
	commands: string,
): Homes & { readonly env: Record<string, string> } {
	const m = homes(accounts, endpointScript("generic", { hooks: true, actions }));
	write(m.path(""), "shell", `#!/bin/sh\n${commands}\nexec /bin/sh "$@"\n`, 0o755);
	return { ...m, env: { CROSSFADE_TEST_SH: "/home/shell", CROSSFADE_TEST_LIMIT: "2" } };
}

describe("root lends nothing to the account whose files it touches", needs(namespaces, root), () => {
	const look = [
		"{",
		'  echo "start $(id -u)"',
		"  cat /proc/$$/stat",
		"  env | sed s/^/env=/",
		"} >>/home/seen",
		// Neither in a substitution, whose pipe would be one more descriptor, nor with a redirection of this shell's own.
		"(ls -l /proc/$$/fd >>/home/seen)",
	].join("\n");

	/** Each start of a small program that the shell above saw. */
	const starts = (m: Homes) =>
		readFileSync(m.path("seen"), "utf8")
			.split(/^start /m)
			.slice(1)
			.map((text) => {
				const [, session, terminal] = / \S \d+ \d+ (\d+) (-?\d+) /.exec(text) ?? [];
				const open = [...text.matchAll(/ (\d+) -> (.*)$/gm)].map(([, number, what]) => `${number} ${what}`);
				// The shell has its own program open.
				return {
					account: Number.parseInt(text, 10),
					session,
					terminal,
					open: open.filter((each) => !each.endsWith("/home/shell")),
					environment: [...text.matchAll(/^env=([A-Za-z_]+)=/gm)].map(([, name]) => name ?? ""),
				};
			});

	test("no terminal, no session, no descriptor, no variable, in a real terminal", needs(scriptProgram), async () => {
		const m = watchedHomes([alice], look);
		writeFileSync(m.path("seen"), "", { mode: 0o666 });
		execFileSync("chmod", ["666", m.path("seen")]);
		const token = canary();
		const env = { ...m.env, TOKEN: token.token, SECRET_OF_ROOT: "x" };
		for (const action of ["install", "report", "uninstall"]) {
			expect(await m.run(`${action} ${everyone}`, { inTerminal: true, env, canaries: [token] })).toMatchObject({
				code: 0,
			});
		}
		const [ofRoot, ofAlice] = [0, alice.uid].map((uid) => starts(m).filter(({ account }) => account === uid));
		expect(
			ofRoot?.some(({ terminal }) => terminal !== "0"),
			"the script has a terminal",
		).toBe(true);
		expect(ofAlice?.length).toBeGreaterThan(20);
		const sessions = new Set(ofRoot?.filter(({ terminal }) => terminal !== "0").map(({ session }) => session));
		for (const { session, terminal, open, environment } of ofAlice ?? []) {
			expect(terminal).toBe("0");
			expect(sessions).not.toContain(session);
			expect(environment).not.toContain("SECRET_OF_ROOT");
			for (const each of open) expect(each).toMatch(/^[012] (pipe:\[\d+\]|\/dev\/null)$/);
		}
	});

	test("sudo that keeps HOME: what is in another's home is touched as its owner", async () => {
		const m = homes([alice]);
		const token = canary();
		const env = { HOME: "/home/alice" };
		expect(await m.run("scope=user users=self", { ...token, env, canaries: [token] })).toMatchObject({
			code: 0,
			stdout: `crossfade ok fp=${token.fingerprint} cfg=1 ${states("ok")} users=1\n`,
			stderr: "",
		});
		expect(m.strangers()).toEqual([]);
		expect(readFileSync(m.path("alice/.codex/config.toml"), "utf8")).toContain(token.token);
		expect(await m.run("scope=user", { as: alice, ...token })).toMatchObject({ code: 0, stderr: "" });
	});

	test("a home of an account without a name is refused", async () => {
		const m = homes([alice]);
		execFileSync("chown", ["-R", "2999:2999", m.path("alice")]);
		expect(await m.run("scope=user users=self", { ...canary(), env: { HOME: "/home/alice" } })).toMatchObject({
			code: 11,
			stderr: "error: HOME belongs to an account without a name (2999)\n",
		});
	});

	test.each([
		["belongs to an account", "chown alice /etc/codex"],
		["can be written by a group", "chgrp alice /etc/codex && chmod g+w /etc/codex"],
		["can be written by anybody", "chmod o+w /etc/codex"],
		[
			"is a link to a folder of an account",
			"rmdir /etc/codex && mkdir -m 777 /etc/x && ln -s x/codex /etc/codex && mkdir /etc/x/codex",
		],
	])("a folder of the machine that %s is refused, and the others are done", async (_what, change) => {
		const m = homes([alice]);
		const token = canary();
		// What is there afterwards is copied out of the namespace.
		const before = `mkdir -p /etc/codex && ${change} && trap 'find /etc/codex/ >/home/found' EXIT`;
		const { code, stdout, stderr } = await m.run("", { ...token, before });
		expect({ code, stderr }).toEqual({
			code: 11,
			stderr:
				"error: /etc/codex/requirements.toml: is below a folder that others than root can write; fix that with chown root and chmod go-w\n",
		});
		expect(stdout).toContain(`cli=${cliStates({ "claude-code": "ok", codex: "refused", gemini: "ok" })}`);
		expect(readFileSync(m.path("found"), "utf8")).toBe("/etc/codex/\n");
	});
});

describe("one account does not stop the others", needs(namespaces, root), () => {
	/** Bob's files are set, whatever became of alice's. */
	const bobIsDone = (m: Homes, token: string) => {
		for (const file of [".claude/settings.json", ".codex/config.toml", ".gemini/settings.json"]) {
			expect(readFileSync(m.path(`bob/${file}`), "utf8")).toContain(token);
		}
	};

	const late = (token: { fingerprint: string }, users: number) =>
		new RegExp(`^crossfade error fp=${token.fingerprint} cfg=1 cli=\\S+ users=${users}( skipped=\\d)? late=alice\\n$`);

	test.each([
		["stops its processes", "kill -s STOP $$", 1],
		["keeps the pipes open", "setsid sleep 15 &", 1],
		["stops what reads its files", 'case "$2" in *"# read FILE"*) kill -s STOP $$ ;; esac', 2],
	])("that %s", async (_what, command, users) => {
		const m = watchedHomes([alice, bob], `if [ "$(id -u)" = 2001 ]; then ${command}\nfi`);
		const token = canary();
		const outcome = await m.run(everyone, { ...token, canaries: [token], env: m.env });
		expect(outcome).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("error: alice: took longer than 2 seconds and is skipped\n"),
		});
		expect(outcome.stderr.match(/alice: took/g)).toHaveLength(1);
		expect(outcome.stdout).toMatch(late(token, users));
		bobIsDone(m, token.token);
	});

	test("that stops its processes, and whoever started the script kills that: nothing stays", async () => {
		const m = watchedHomes([alice], '[ "$(id -u)" != 2001 ] || { echo $$ >/home/stuck; kill -s STOP $$; }');
		writeFileSync(m.path("stuck"), "");
		execFileSync("chmod", ["666", m.path("stuck")]);
		// The lock names the script's process.
		const kill = 'kill -9 "$(readlink /var/run/otel-crossfade.lock | cut -d " " -f 1)"';
		const before = `{ (until [ -s /home/stuck ]; do sleep 0.1; done; ${kill}) & }`;
		const env = { ...m.env, CROSSFADE_TEST_LIMIT: "600" };
		expect((await m.run(everyone, { ...canary(), env, before })).code).toBe(137);
		const pid = readFileSync(m.path("stuck"), "utf8").trim();
		await waitFor("the end of what stood still", () => !existsSync(`/proc/${pid}`));
		expect(Number(pid)).toBeGreaterThan(0);
	});

	test("that does not end when it is told to: none of its processes stays", async () => {
		const stay = 'trap "" TERM; echo $$ >>/home/stuck; while :; do sleep 1; done';
		const m = watchedHomes([alice, bob], `if [ "$(id -u)" = 2001 ]; then ${stay}\nfi`);
		writeFileSync(m.path("stuck"), "");
		execFileSync("chmod", ["666", m.path("stuck")]);
		// Unlike runuser, which kills what it started when it is told to end, sudo leaves that to others. So does this.
		const become = 'exec setpriv --reuid="$id" --regid="$id" --clear-groups -- "$@"';
		write(m.path(""), "tools/runuser", `#!/bin/sh\nid=$(id -u "$2")\nshift 3\n${become}\n`, 0o755);
		const env = { ...m.env, CROSSFADE_TEST_PATH: "/home/tools:/usr/bin:/bin:/usr/sbin:/sbin" };
		const token = canary();
		expect(await m.run(everyone, { ...token, canaries: [token], env })).toMatchObject({ code: 11 });
		const pids = readFileSync(m.path("stuck"), "utf8").trim().split("\n").map(Number);
		onTestFinished(() => {
			for (const pid of pids) if (existsSync(`/proc/${pid}`)) process.kill(pid, "SIGKILL");
		});
		expect(pids.length).toBeGreaterThan(0);
		for (const pid of pids) await waitFor("the end of what would not end", () => !existsSync(`/proc/${pid}`));
		bobIsDone(m, token.token);
	});

	test("that answers with what has no end", async () => {
		const m = watchedHomes([alice, bob], 'if [ "$(id -u)" = 2001 ]; then cat /dev/zero\nfi');
		const token = canary();
		expect(
			await m.run(everyone, { ...token, canaries: [token], env: { ...m.env, CROSSFADE_TEST_LIMIT: "30" } }),
		).toMatchObject({ code: 0, stdout: expect.stringMatching(/users=1 skipped=1\n$/) });
		bobIsDone(m, token.token);
	});

	test("with a package.json of 1 TB, an undo record of 20 GB and a settings file of 1 TB", async () => {
		const m = homes([alice, bob]);
		const packageJson = ".npm-global/lib/node_modules/@openai/codex/package.json";
		truncateSync(m.path(`alice/${packageJson}`), 2 ** 40);
		m.write(alice, ".gemini/settings.json.crossfade-undo", "");
		truncateSync(m.path("alice/.gemini/settings.json.crossfade-undo"), 20 * 2 ** 30);
		m.write(alice, ".claude/settings.json", "");
		truncateSync(m.path("alice/.claude/settings.json"), 2 ** 40);
		const token = canary();
		const outcome = await m.run(everyone, { ...token, canaries: [token] });
		expect(outcome.code).toBe(11);
		expect(outcome.stderr.split("\n").sort()).toEqual([
			"",
			"error: /home/alice/.claude/settings.json: is larger than 10485760 bytes",
			"error: /home/alice/.gemini/settings.json: has an undo record that cannot be read",
		]);
		bobIsDone(m, token.token);
	});

	test("with an undo record that grew too large: it is not read, and the file stays as it is", async () => {
		const m = homes([alice]);
		const file = m.write(alice, ".gemini/settings.json", '{"mine": 1}\n');
		expect(await m.run(`${everyone} clis=gemini`, canary())).toMatchObject({ code: 0 });
		const before = readFileSync(file, "utf8");
		appendFileSync(`${file}.crossfade-undo`, "\n".repeat(10_485_760));
		expect(await m.run(`uninstall ${everyone} clis=gemini`)).toMatchObject({
			code: 11,
			stderr: "error: /home/alice/.gemini/settings.json: has an undo record that cannot be read\n",
		});
		expect(readFileSync(file, "utf8")).toBe(before);
	});

	test("with a key of 40,000 parts", async () => {
		const m = homes([alice, bob]);
		m.write(alice, ".codex/config.toml", `${Array(40_000).fill("a").join(".")} = 1\n`);
		const token = canary();
		expect(await m.run(everyone, token)).toMatchObject({
			code: 11,
			stderr:
				"error: /home/alice/.codex/config.toml: parse error at line 1, column 401: nested too deeply; file unchanged\n",
		});
		bobIsDone(m, token.token);
	});

	test("with a file that takes the editor long", async () => {
		const m = watchedHomes([alice, bob], "");
		m.write(alice, ".codex/config.toml", Array.from({ length: 400_000 }, (_, n) => `k${n} = 1\n`).join(""));
		const token = canary();
		const outcome = await m.run(everyone, { ...token, env: { ...m.env, CROSSFADE_TEST_LIMIT: "1" } });
		expect(outcome).toMatchObject({ code: 11, stderr: "error: alice: took longer than 1 seconds and is skipped\n" });
		expect(outcome.stdout).toMatch(late(token, 2));
		bobIsDone(m, token.token);
	});
});

describe("a token in the file of one account is for that account alone", needs(namespaces, root), () => {
	test("an open file is closed, in a rotation too, and gets its mode back with the uninstall", async () => {
		const m = homes([alice]);
		const file = m.write(alice, ".codex/config.toml", 'model = "a"\n', 0o644);
		const mode = () => statSync(file).mode & 0o7777;
		expect(await m.run(`${everyone} dry-run`)).toMatchObject({ code: 0, stderr: "" });
		expect(mode()).toBe(0o644);
		for (const open of [0o644, 0o664]) {
			expect(await m.run(everyone, canary())).toMatchObject({ code: 0, stderr: "" });
			expect(mode()).toBe(0o600);
			expect(await m.run(`report ${everyone}`)).toMatchObject({ code: 0 });
			execFileSync("chmod", [open.toString(8), file]);
			expect(await m.run(`report ${everyone}`)).toMatchObject({
				code: 10,
				stdout: expect.stringContaining(cliStates({ "claude-code": "ok", codex: "drift", gemini: "ok" })),
			});
		}
		const token = canary();
		// The same token twice: nothing but the mode is to be changed.
		for (let run = 0; run < 2; run++) {
			expect(await m.run(everyone, token)).toMatchObject({ code: 0, stderr: "" });
			expect(mode()).toBe(0o600);
			execFileSync("chmod", ["644", file]);
		}
		expect(await m.run(`uninstall ${everyone}`)).toMatchObject({ code: 0, stderr: "" });
		expect({ mode: mode(), text: readFileSync(file, "utf8") }).toEqual({ mode: 0o644, text: 'model = "a"\n' });
		expect(existsSync(m.path("alice/.claude"))).toBe(false);
	});

	test("a file that names the header program holds no token and stays as open as it was", async () => {
		const m = homes([alice]);
		const file = m.write(alice, ".claude/settings.json", "{}\n", 0o644);
		mkdirSync(m.path("alice/.x"));
		m.give(alice, m.path("alice/.x"));
		expect(await m.run(`${everyone} clis=claude-code helper`, canary())).toMatchObject({ code: 0, stderr: "" });
		expect(statSync(file).mode & 0o7777).toBe(0o644);
		expect(statSync(m.path("alice/.claude/crossfade-token")).mode & 0o7777).toBe(0o600);
	});
});
