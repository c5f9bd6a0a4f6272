import { appendFileSync, cpSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Canary, canary, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { awks, contents, type EndpointMachine, machine, text, write } from "../harness/endpoint.ts";
import { kills } from "../harness/kills.ts";
import { KILL_STRIDE } from "../harness/matrix.ts";
import { needs, program, smallDisks } from "../harness/parts.ts";
import type { TestShell } from "../harness/shells.ts";

const self = "scope=user users=self";

/** Files of a user and of ours that something reads; the others only serve the undo. */
const read = (home: string) =>
	Object.entries(contents(home)).filter(([path]) => !/crossfade-(undo|backup|new)/.test(path));

const leftovers = (m: EndpointMachine) => [
	...Object.keys(contents(m.home)).filter((path) => path.includes(".crossfade-new.")),
	...readdirSync(join(m.root, "var/run")),
	...readdirSync(m.home).filter((name) => name.includes("otel-crossfade")),
];

function furnish(home: string, files: boolean): void {
	if (!files) return;
	write(home, ".claude/settings.json", '{"env": {"MINE": "1"}}\n', 0o640);
	write(home, ".codex/config.toml", '# mine\r\nmodel = "m" # theirs\r\n[otel]\r\nexporter = "none"', 0o600);
}

interface Scenario {
	readonly what: string;
	/** Whether there are files of the user's; there are if not given. */
	readonly files?: boolean;
	/** Runs that come before the one that is killed. */
	before(m: EndpointMachine, token: Canary): Promise<unknown>;
	readonly args: string;
	readonly takesToken: boolean;
}

const scenarios: readonly Scenario[] = [
	{
		what: "the first install",
		before: async () => undefined,
		args: `${self} clis=codex`,
		takesToken: true,
	},
	{
		what: "the first install of a file that is ours alone",
		files: false,
		before: async () => undefined,
		args: `${self} clis=codex`,
		takesToken: true,
	},
	{
		what: "a rotation",
		before: (m, token) => m.run(`${self} clis=codex`, token),
		args: `${self} clis=codex`,
		takesToken: true,
	},
	{
		what: "a rotation to the header program",
		before: (m, token) => m.run(`${self} clis=claude-code`, token),
		args: `${self} clis=claude-code helper`,
		takesToken: true,
	},
	{
		what: "uninstall",
		before: (m, token) => m.run(`${self} clis=claude-code,codex helper`, token),
		args: `uninstall ${self} clis=claude-code,codex`,
		takesToken: false,
	},
];

describe(`killed with SIGKILL before ${KILL_STRIDE === 1 ? "each" : `every ${KILL_STRIDE}rd`} of its steps`, {
	timeout: 900_000,
}, () => {
	test.each(scenarios)(
		"$what: every file is the old or the new one, whole; the next run ends as if nothing had been",
		async ({ files = true, before, args, takesToken }) => {
			const trap = kills();
			const m = machine({ path: trap.path });
			const [old, fresh] = [canary(), canary()];
			furnish(m.home, files);
			const original = contents(m.home);
			trap.arm(0);
			await before(m, old);
			const kept = scratch();
			const restore = (to: string, from: string) => {
				rmSync(to, { recursive: true, force: true });
				cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
			};
			restore(kept, m.home);
			const was = Object.fromEntries(read(m.home));
			const run = () => m.run(args, takesToken ? fresh : {});
			trap.arm(0);
			expect(await run()).toMatchObject({ code: 0, stderr: "" });
			const wanted = Object.fromEntries(read(m.home));
			expect(wanted).not.toEqual(was);
			let killed = 0;
			for (let at = 1; ; at += KILL_STRIDE) {
				restore(m.home, kept);
				trap.arm(at);
				const { code } = await run();
				if (code === 0) break;
				expect(code, "killed, not failed").toBeNull();
				killed++;
				const found = Object.fromEntries(read(m.home));
				for (const path of new Set([...Object.keys(was), ...Object.keys(wanted), ...Object.keys(found)])) {
					expect([was[path], wanted[path]], `${path} before step ${at}`).toContain(found[path]);
				}
				trap.arm(0);
				expect(await run(), `after step ${at}`).toMatchObject({ code: 0, stderr: "" });
				expect(Object.fromEntries(read(m.home)), `after step ${at}`).toEqual(wanted);
				expect(leftovers(m), `after step ${at}`).toEqual([]);
				const records = Object.entries(contents(m.home)).filter(([path]) => /crossfade-(undo|backup)/.test(path));
				expect(leaks([old, fresh], Object.fromEntries(records)), `after step ${at}`).toEqual([]);
				// The whole way back takes as long as all before; the steps beside each other hardly differ in it.
				if (killed % 5 !== 0) continue;
				expect(await m.run(`uninstall ${self}`), `after step ${at}`).toMatchObject({ code: 0, stderr: "" });
				expect(contents(m.home), `after step ${at}`).toEqual(original);
			}
			expect(killed).toBeGreaterThan(20 / KILL_STRIDE);
			process.stdout.write(`endpoint: killed before ${killed} steps\n`);
		},
	);
});

/** A shell under which a script runs after a command that makes its world worse; `$0` is what the command needs. */
const madeWorse = (what: string, command: string, zero: string): TestShell => ({
	name: what,
	part: program(command.startsWith("mount") ? "unshare" : "sh"),
	args: [...(command.startsWith("mount") ? ["--mount", "sh"] : []), "-c", `${command} && exec sh "$@"`, zero],
});

describe("a disk that takes no more", () => {
	const original = `# mine\n${"# a line of theirs\n".repeat(400)}model = "m"\n`;

	for (const awk of awks)
		test(
			`${awk.name}: a full working folder is told, and no file is changed or cut`,
			needs(smallDisks, program("unshare"), awk),
			async () => {
				const m = machine({ awk: awk.name });
				write(m.home, ".codex/config.toml", original);
				// What fits in the folder gets less and less, so that one step after the other is the first to fail.
				for (const pages of [0, 1, 2, 3, 4, 5, 6, 8]) {
					const fill = `mount -t tmpfs -o size=64k tmpfs "$0" && { head -c ${(16 - pages) * 4096} /dev/zero >"$0/fill" || :; }`;
					const before = contents(m.home);
					const outcome = await m.run(`${self} clis=codex`, {
						...canary(),
						shell: madeWorse("a full /var/run", fill, join(m.root, "var/run")),
					});
					if (outcome.code === 0) {
						expect(text(m.files.codex)).toContain("# mine");
						await m.run(`uninstall ${self}`);
					} else {
						expect(outcome.code, JSON.stringify(outcome)).toBe(12);
						expect(outcome.stdout).toMatch(/^crossfade error .*\n$/);
						expect(outcome.stderr).not.toBe("");
						expect(contents(m.home)).toEqual(before);
					}
					expect(text(m.files.codex)).toBe(original);
				}
			},
		);

	test("a full home, a limit on the size of files: the file is as it was", needs(smallDisks), async () => {
		const m = machine();
		write(m.home, ".codex/config.toml", original);
		const out = scratch();
		const full =
			'mount -t tmpfs -o size=24k tmpfs "$0/.codex" && cp "$0/../config.toml" "$0/.codex/" && { cat /dev/zero >"$0/.codex/fill" 2>/dev/null || :; }';
		cpSync(m.files.codex, join(dirname(m.home), "config.toml"));
		const shell = madeWorse("a full disk", full, m.home);
		const copying: TestShell = {
			...shell,
			args: shell.args.map((arg) =>
				arg.replace(
					'exec sh "$@"',
					`{ sh "$@"; code=$?; rm "$0/.codex/fill"; cp -R "$0/.codex/." ${out}; exit "$code"; }`,
				),
			),
		};
		const outcome = await m.run(`${self} clis=codex`, { ...canary(), shell: copying });
		expect(outcome).toMatchObject({ code: 12, stderr: expect.stringContaining("cannot be written; file unchanged") });
		expect(contents(out)).toEqual({ "config.toml": expect.stringContaining(original) });

		const limited = await m.run(`${self} clis=codex`, { ...canary(), shell: madeWorse("a quota", "ulimit -f 8", "") });
		expect(limited.code, JSON.stringify(limited)).toBe(12);
		expect(limited.stdout).toMatch(/^crossfade error /m);
		expect(text(m.files.codex)).toBe(original);
	});
});

test("ten runs at once: each waits, all end well, and one token is everywhere", { timeout: 600_000 }, async () => {
	const m = machine();
	furnish(m.home, true);
	const outcomes = await Promise.all(Array.from({ length: 10 }, () => m.run(self, canary())));
	for (const { code, stderr } of outcomes) {
		// Who waits a minute in vain says so and has changed nothing.
		if (code !== 0) expect(stderr).toMatch(/^error: another run is at work/);
	}
	expect(outcomes.filter(({ code }) => code === 0).length).toBeGreaterThan(0);
	expect(await m.run(`report ${self}`)).toMatchObject({ code: 0, stdout: expect.not.stringContaining("mixed") });
	expect(leftovers(m)).toEqual([]);
});

test("a user who writes the file in the meantime loses nothing", async () => {
	const m = machine();
	write(m.home, ".codex/config.toml", "");
	let lines = 0;
	const writer = setInterval(() => appendFileSync(m.files.codex, `# ${++lines}\n`), 5);
	onTestFinished(() => clearInterval(writer));
	const outcomes = [];
	for (let round = 0; round < 5; round++) outcomes.push(await m.run(`${self} clis=codex`, canary()));
	clearInterval(writer);
	for (const { code, stderr } of outcomes) {
		expect([0, 11]).toContain(code);
		if (code === 11) expect(stderr).toContain("was changed by another program");
	}
	await m.run(`uninstall ${self} clis=codex`);
	expect(text(m.files.codex)).toMatch(/^(# \d+\n)*$/);
	process.stdout.write(
		`endpoint: ${(text(m.files.codex) ?? "").split("\n").length - 1} of ${lines} lines of a busy user kept\n`,
	);
});

test("a clock that jumps back and forth", needs(program("faketime")), async () => {
	const m = machine();
	furnish(m.home, true);
	const original = contents(m.home);
	for (const time of ["2038-01-20", "1999-12-31", "2026-06-01"]) {
		const shell: TestShell = { name: time, part: program("faketime"), args: [time, "sh"] };
		const token = canary();
		expect(await m.run(self, { ...token, shell })).toMatchObject({ code: 0, stderr: "" });
		expect(await m.run(`report ${self} expect=${token.fingerprint}`, { shell })).toMatchObject({ code: 0 });
	}
	expect(await m.run(`uninstall ${self}`)).toMatchObject({ code: 0, stderr: "" });
	expect(contents(m.home)).toEqual(original);
});
