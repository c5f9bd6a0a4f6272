import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Canary, canary, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { contents, type Machine, machine, write } from "../harness/endpoint.ts";
import { kills } from "../harness/kills.ts";

const self = "scope=user users=self";

/** Files of a user and of ours that something reads; the others only serve the undo. */
const read = (home: string) =>
	Object.entries(contents(home)).filter(([path]) => !/crossfade-(undo|backup|new)/.test(path));

const leftovers = (m: Machine) => [
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
	before(m: Machine, token: Canary): Promise<unknown>;
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

describe("killed with SIGKILL before each of its steps", { timeout: 900_000 }, () => {
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
			for (let at = 1; ; at++) {
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
				if (at % 5 !== 0) continue;
				expect(await m.run(`uninstall ${self}`), `after step ${at}`).toMatchObject({ code: 0, stderr: "" });
				expect(contents(m.home), `after step ${at}`).toEqual(original);
			}
			expect(killed).toBeGreaterThan(20);
			process.stdout.write(`endpoint: killed before ${killed} steps\n`);
		},
	);
});
