import { execFileSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	linkSync,
	lstatSync,
	mkdirSync,
	readFileSync,
	readlinkSync,
	statSync,
	symlinkSync,
} from "node:fs";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { namespaces } from "../harness/clis/machine.ts";
import { machine, write } from "../harness/endpoint.ts";
import { type Account, homes } from "../harness/homes.ts";
import { howMany } from "../harness/matrix.ts";
import { immutableFiles, needs, program, root, securityLabels } from "../harness/parts.ts";
import { cliStates } from "../harness/states.ts";
import { waitFor } from "../harness/wait.ts";

const SWAPS = howMany(1_000, 60_000);
const options = "scope=user users=all";
const alice: Account = { name: "alice", uid: 2001 };
const states = (text: string) => text.replace(/^.* cli=(\S+) .*$/s, "$1");

const [set, get] = [program("setfacl"), program("getfacl")];

describe("root over the homes of several people", needs(namespaces, root), () => {
	test("each gets their files, as theirs; service accounts are left out, missing homes are counted", async () => {
		const bob: Account = { name: "bob", uid: 2002, shell: "/usr/sbin/nologin" };
		const carol: Account = { name: "carol", uid: 2003, home: "/home/carol" };
		const dora: Account = { name: "dora", uid: 2004 };
		const daemon: Account = { name: "www", uid: 500 };
		const m = homes([alice, bob, carol, dora, daemon]);
		const file = m.write(alice, ".codex/config.toml", 'model = "a"\n', 0o640);
		const token = canary();
		const before = m.strangers();
		expect(before).toEqual([]);
		expect(await m.run(options, { ...token, canaries: [token] })).toEqual({
			code: 0,
			stdout: `crossfade ok fp=${token.fingerprint} cfg=1 cli=${cliStates({ "claude-code": "ok", codex: "ok", gemini: "ok" })} users=2 skipped=1\n`,
			stderr: "",
		});
		expect(m.strangers()).toEqual([]);
		expect(statSync(file).mode & 0o7777).toBe(0o600);
		for (const place of ["alice/.claude/settings.json", "dora/.codex/config.toml", "dora/.gemini/settings.json"]) {
			expect(readFileSync(m.path(place), "utf8")).toContain(token.token);
			expect(statSync(m.path(place)).mode & 0o7777).toBe(0o600);
		}
		for (const place of ["bob/.claude", "www/.claude", "carol"]) expect(existsSync(m.path(place))).toBe(false);
		expect(await m.run(`report ${options}`)).toMatchObject({ code: 0, stderr: "" });
		expect(await m.run(`uninstall ${options}`)).toMatchObject({ code: 0, stderr: "" });
		expect(readFileSync(file, "utf8")).toBe('model = "a"\n');
		expect(statSync(file).mode & 0o7777).toBe(0o640);
		expect(existsSync(m.path("dora/.codex"))).toBe(false);
	});

	test(
		"a file keeps its access list, which opens the token to nobody, and gets its mode back",
		needs(set, get),
		async () => {
			const m = homes([alice, { name: "staff", uid: 3000 }]);
			const file = m.write(alice, ".codex/config.toml", 'model = "a"\n', 0o664);
			execFileSync(set.path, ["-m", "u:3000:r", file]);
			expect(await m.run(`${options} clis=codex`, canary())).toMatchObject({ code: 0 });
			expect(lstatSync(file).uid).toBe(alice.uid);
			expect(lstatSync(file).mode & 0o777).toBe(0o600);
			const list = () => execFileSync(get.path, ["-cn", file], { encoding: "utf8" });
			expect(list()).toMatch(/user:3000:r--\s+#effective:---/);
			expect(await m.run(`uninstall ${options} clis=codex`)).toMatchObject({ code: 0, stderr: "" });
			expect(lstatSync(file).mode & 0o777).toBe(0o664);
			expect(list()).toMatch(/user:3000:r--\n/);
		},
	);

	test(
		"a file keeps its SELinux label (root's: without SELinux nobody else may set one)",
		needs(securityLabels),
		async () => {
			const label = "system_u:object_r:their_own_t:s0";
			const m = machine();
			const file = write(m.home, ".codex/config.toml", 'model = "a"\n', 0o640);
			execFileSync(securityLabels.path, [label, file]);
			for (const [action, token] of [["install", canary()], ["uninstall"]] as const) {
				expect(await m.run(`${action} scope=user users=self clis=codex`, token)).toMatchObject({ code: 0, stderr: "" });
				expect(execFileSync("stat", ["-c", "%C", file], { encoding: "utf8" }), action).toBe(`${label}\n`);
			}
		},
	);

	test("links to other people's folders and to the system's are not followed", async () => {
		const dave: Account = { name: "dave", uid: 2004 };
		const eve: Account = { name: "eve", uid: 2005 };
		const m = homes([alice, dave, eve]);
		const theirs = m.write(alice, ".claude/settings.json", '{"a": 1}\n', 0o666);
		chmodSync(m.path("alice/.claude"), 0o777);
		symlinkSync("/home/alice/.claude", m.path("dave/.claude"));
		symlinkSync("/etc", m.path("eve/.codex"));
		mkdirSync(m.path("eve/.claude"));
		symlinkSync("/etc/passwd", m.path("eve/.claude/settings.json"));
		for (const account of [dave, eve]) m.give(account, m.path(account.name));
		const token = canary();
		const outcome = await m.run(options, { ...token, canaries: [token] });
		expect(outcome.code).toBe(11);
		expect(outcome.stderr.split("\n").sort()).toEqual([
			"",
			"error: /home/dave/.claude/settings.json: is in a folder that is a symbolic link, which is not followed",
			"error: /home/eve/.claude/settings.json: is a symbolic link, which is not followed",
			"error: /home/eve/.codex/config.toml: is in a folder that is a symbolic link, which is not followed",
		]);
		expect(states(outcome.stdout)).toBe(cliStates({ "claude-code": "refused", codex: "refused", gemini: "ok" }));
		expect(m.strangers()).toEqual([]);
		expect(readlinkSync(m.path("dave/.claude"))).toBe("/home/alice/.claude");
		expect(JSON.parse(readFileSync(theirs, "utf8"))).toHaveProperty("env");
		expect(existsSync("/etc/config.toml")).toBe(false);
		expect(await m.run(`uninstall ${options}`)).toMatchObject({ code: 0, stderr: "" });
		expect(readFileSync(theirs, "utf8")).toBe('{"a": 1}\n');
	});

	test("a FIFO, a folder, a device in the file's place; a home that cannot be entered; nobody waits", async () => {
		const frank: Account = { name: "frank", uid: 2006 };
		const nora: Account = { name: "nora", uid: 2007 };
		const m = homes([frank, nora]);
		for (const folder of [".claude", ".codex", ".gemini"]) mkdirSync(m.path(`frank/${folder}`));
		execFileSync("mkfifo", [m.path("frank/.claude/settings.json")]);
		mkdirSync(m.path("frank/.codex/config.toml"));
		execFileSync("mknod", [m.path("frank/.gemini/settings.json"), "c", "1", "5"]);
		m.give(frank, m.path("frank"));
		chmodSync(m.path("nora"), 0);
		const outcome = await m.run(options, canary());
		expect(outcome.code).toBe(11);
		expect(outcome.stderr.match(/is not a regular file/g)).toHaveLength(3);
		expect(outcome.stdout).toContain(
			`${cliStates({ "claude-code": "refused", codex: "refused", gemini: "refused" })} users=1 skipped=1\n`,
		);
		expect(m.strangers()).toEqual([]);
	});

	test("a hard link: the file is replaced and the other name keeps its content", async () => {
		const m = homes([alice]);
		const other = m.write(alice, "dotfiles/config.toml", 'model = "a"\n');
		mkdirSync(m.path("alice/.codex"));
		linkSync(other, m.path("alice/.codex/config.toml"));
		m.give(alice, m.path("alice"));
		const token = canary();
		expect(await m.run(`${options} clis=codex`, token)).toMatchObject({ code: 0, stderr: "" });
		expect(readFileSync(other, "utf8")).toBe('model = "a"\n');
		expect(readFileSync(m.path("alice/.codex/config.toml"), "utf8")).toContain(token.token);
	});

	test("an immutable file is left as it is, and the others are done", needs(immutableFiles), async () => {
		const m = homes([alice]);
		const file = m.write(alice, ".codex/config.toml", 'model = "a"\n');
		execFileSync("chattr", ["+i", file]);
		onTestFinished(() => {
			execFileSync("chattr", ["-i", file]);
		});
		const outcome = await m.run(options, canary());
		expect(outcome).toMatchObject({ code: 12, stderr: expect.stringContaining("cannot be written; file unchanged") });
		expect(states(outcome.stdout)).toBe(cliStates({ "claude-code": "ok", codex: "error", gemini: "ok" }));
		expect(readFileSync(file, "utf8")).toBe('model = "a"\n');
		execFileSync("chattr", ["-i", file]);
		expect(await m.run(options, canary())).toMatchObject({ code: 0, stderr: "" });
		expect(await m.run(`uninstall ${options}`)).toMatchObject({ code: 0, stderr: "" });
		expect(readFileSync(file, "utf8")).toBe('model = "a"\n');
		execFileSync("chattr", ["+i", file]);
	});

	test(`a user who swaps the file for a link to a file of root's, ${SWAPS} times and more, gets nothing written through it`, {
		...needs(program("perl")),
		timeout: 30 * 60_000,
	}, async () => {
		const mallory: Account = { name: "mallory", uid: 2009 };
		const m = homes([mallory]);
		const secret = m.write({ name: "mallory", uid: 0 }, "root.json", '{"root": true}\n', 0o600);
		m.write(mallory, ".gemini/settings.json", '{"mine": 1}\n');
		// As fast as it can; a file gets as many bytes as there were swaps. Of hard links, because a rename of fresh data waits for the disk.
		const attack = [
			'open F, ">keep"; print F "{}"; close F;',
			"for ($n = 0; ; $n++) {",
			'symlink "../root.json", "b"; rename "b", "settings.json";',
			'link "keep", "a"; rename "a", "settings.json";',
			'if ($n % 50 == 0) { truncate "../swaps", 50 * ++$times; } }',
		].join("\n");
		m.write(mallory, "attack.pl", attack);
		let swaps = 0;
		for (let round = 0; round < 5 || swaps < SWAPS; round++) {
			m.write(mallory, "swaps", "");
			const command = "cd /home/mallory/.gemini && exec perl ../attack.pl";
			const meanwhile = { account: mallory, command };
			const { code } = await m.run(`${options} clis=gemini`, { ...canary(), meanwhile });
			expect([0, 11, 12]).toContain(code);
			expect(readFileSync(secret, "utf8")).toBe('{"root": true}\n');
			expect(m.strangers()).toEqual(["mallory/root.json belongs to 0:0"]);
			swaps += statSync(m.path("mallory/swaps")).size;
		}
		process.stdout.write(`${swaps} swaps, 0 escapes\n`);
	});

	// They have locks of their own: each file is compared right before it is replaced, and whoever comes second says that it changed.
	test("and a run of one of them by itself at the same time: every file is one of the two, whole, and nothing is left", async () => {
		const m = homes([alice]);
		const original = 'model = "a" # mine\n';
		const file = m.write(alice, ".codex/config.toml", original, 0o640);
		const files = [".codex/config.toml", ".gemini/settings.json", ".claude/settings.json"];
		const codes: string[] = [];
		for (let round = 0; round < howMany(4, 60); round++) {
			const [roots, own] = [canary(), canary()];
			m.write(alice, "own.token", own.token, 0o600);
			const command = "cd; sh /run/script.sh scope=user <own.token 2>said; echo $? >>codes; : >ended";
			const meanwhile = { account: alice, command: `HOME=/home/alice; ${command}` };
			const { code, stderr } = await m.run(options, { ...roots, meanwhile, canaries: [roots, own] });
			codes.push(`${code}`);
			expect([0, 11, 12], stderr).toContain(code);
			await waitFor(
				"the end of the other",
				() => !lstatSync(m.path("alice/.otel-crossfade.lock"), { throwIfNoEntry: false }),
			);
			for (const place of files) {
				const held = [roots, own].filter(({ token }) => readFileSync(m.path(`alice/${place}`), "utf8").includes(token));
				expect(held, place).toHaveLength(1);
			}
		}
		const last = canary();
		expect(await m.run(options, last)).toMatchObject({ code: 0, stderr: "" });
		const names = execFileSync("find", [m.path("alice")], { encoding: "utf8" });
		expect(names).not.toMatch(/crossfade-new|otel-crossfade/);
		expect(await m.run(`uninstall ${options}`)).toMatchObject({ code: 0, stderr: "" });
		expect(readFileSync(file, "utf8")).toBe(original);
		expect(statSync(file).mode & 0o7777).toBe(0o640);
		const own = existsSync(m.path("alice/codes")) ? readFileSync(m.path("alice/codes"), "utf8").split("\n") : [];
		process.stdout.write(`root's runs ended with ${codes.join(" ")}, the user's with ${own.join(" ")}\n`);
	});

	test("an account by itself does its own home and no other", async () => {
		const bob: Account = { name: "bob", uid: 2002 };
		const m = homes([alice, bob]);
		const token = canary();
		expect(await m.run("scope=user", { ...token, as: alice, canaries: [token] })).toMatchObject({
			code: 0,
			stdout: expect.stringMatching(/gemini:ok\S* users=1\n/),
			stderr: "",
		});
		expect(m.strangers()).toEqual([]);
		expect(existsSync(m.path("alice/.codex/config.toml"))).toBe(true);
		expect(existsSync(m.path("bob/.codex"))).toBe(false);
		expect(await m.run("scope=system", { ...token, as: alice })).toMatchObject({ code: 2 });
		// What root did afterwards is still the user's, and the user can take it out.
		expect(await m.run(options, canary())).toMatchObject({ code: 0, stderr: "" });
		expect(await m.run("uninstall scope=user", { as: alice })).toMatchObject({ code: 0, stderr: "" });
		expect(existsSync(m.path("alice/.codex"))).toBe(false);
		expect(existsSync(m.path("bob/.codex/config.toml"))).toBe(true);
	});
});
