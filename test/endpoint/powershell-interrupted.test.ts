import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, statfsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { contents, text, write } from "../harness/endpoint.ts";
import { KILL_STRIDE } from "../harness/matrix.ts";
import { needs, pwsh, smallDisks } from "../harness/parts.ts";
import { powerShellScript, type WindowsMachine, windowsMachine } from "../harness/powershell.ts";

/** The script in PowerShell, when it does not get to its end, or does not run alone: cut off, killed, two at once, a full disk. */

const self = "scope=user users=self no-host";
/** Enough where it is not about the CLIs. */
const codex = { "claude-code": "", gemini: "" };
const files = (m: WindowsMachine) => contents(join(m.home, ".."));

describe("the script in PowerShell, interrupted", { ...needs(pwsh), timeout: 300_000 }, () => {
	test("trap: cut off anywhere, it does nothing", async () => {
		const content = powerShellScript();
		const start = content.indexOf("Set-PSDebug");
		const places = [0.02, 0.3, 0.7].map((part) => start + Math.floor((content.length - start) * part));
		const end = content.trimEnd().length;
		for (const cut of [...places, end - " $args\r\n)".length, end - 1]) {
			const m = windowsMachine({ versions: codex, content: content.slice(0, cut) });
			const before = files(m);
			expect((await m.run(self, { token: canary().token })).stdout).not.toContain("crossfade ");
			expect(files(m)).toEqual(before);
		}
	});

	test("trap: two runs at once wait for each other, and one token is everywhere", async () => {
		const m = windowsMachine();
		const secrets = [canary(), canary(), canary()];
		const runs = await Promise.all(secrets.map(({ token }) => m.run("no-host", { token })));
		for (const run of runs) expect(run).toMatchObject({ code: 0, stderr: "" });
		const report = await m.run("report no-host");
		expect(report).toMatchObject({ code: 0, stdout: expect.stringMatching(/^crossfade ok fp=[0-9a-f]{12} /) });
	});

	test("trap: each kind of file that a killed run left is put back or removed by the next, and nothing with another name", async () => {
		const m = windowsMachine();
		const { "claude-code": claude, codex: codexFile, gemini } = m.machineFiles;
		write(codexFile, "", "# mine\r\n[features]\r\na = true\r\n");
		write(gemini, "", '{ "mine": 1 }\r\n');
		const secret = canary();
		const all = () => Object.fromEntries(Object.entries(contents(m.root)).filter(([path]) => !/\.lock$/.test(path)));
		const others = [".crossfade-new.seven77", ".crossfade-news.abc123", ".crossfade-older", "x.crossfade-new.abc123"];
		for (const ending of others) write(`${codexFile}${ending}`, "", "somebody else's");
		write(dirname(codexFile), `my-${basename(codexFile)}.crossfade-new.abc123`, "somebody else's");
		const before = all();
		const leave = () => {
			// Between the two steps of a replacement: the file, or its record, has the other name.
			renameSync(codexFile, `${codexFile}.crossfade-old`);
			renameSync(`${codexFile}.crossfade-undo`, `${codexFile}.crossfade-undo.crossfade-old`);
			// After them.
			write(`${gemini}.crossfade-old`, "", `{ "old": "${secret.token}" }`);
			write(`${gemini}.crossfade-undo.crossfade-old`, "", "an old record");
			// Before them.
			for (const name of ["abc123", "zzzzzz"]) write(`${claude}.crossfade-new.${name}`, "", secret.token);
			return all();
		};
		expect(await m.run("no-host", { token: secret.token })).toMatchObject({ code: 0, stderr: "" });
		const installed = all();
		const left = leave();
		expect(Object.keys(left)).toHaveLength(Object.keys(installed).length + 4);
		expect(await m.run("report no-host")).toMatchObject({ code: 10 });
		expect(all()).toEqual(left);
		expect(await m.run("no-host", { token: secret.token })).toMatchObject({ code: 0, stderr: "" });
		expect(all()).toEqual(installed);
		leave();
		expect(await m.run("uninstall no-host")).toMatchObject({ code: 0, stderr: "" });
		expect(all()).toEqual(before);
	});

	test(`killed at ${KILL_STRIDE === 1 ? "each" : `every ${KILL_STRIDE}rd`} of its steps, also between the two of a replacement: the next run makes it whole, uninstall gives it back`, {
		timeout: 3_600_000,
	}, async () => {
		const content = "# mine\r\n[features]\r\na = true\r\n";
		const [old, next] = [canary(), canary()];
		let killed = 0;
		for (let at = 1; ; at += KILL_STRIDE) {
			const m = windowsMachine({ versions: codex });
			write(m.home, ".codex/config.toml", content);
			const before = files(m);
			// The first kill is in an install, all others in a rotation.
			if (at > 1) expect(await m.run(self, { token: old.token })).toMatchObject({ code: 0 });
			const run = await m.run(self, { token: next.token, env: { CROSSFADE_TEST_KILL: String(at) } });
			if (run.code === 0) break;
			killed++;
			expect(run.stdout, `step ${at}`).toBe("");
			expect(await m.run(self, { token: next.token }), `step ${at}`).toMatchObject({
				code: 0,
				stderr: "",
				stdout: expect.stringContaining(`crossfade ok fp=${next.fingerprint} `),
			});
			const left = Object.entries(files(m)).filter(
				([path]) => /crossfade-(?!undo|backup)/.test(path) && !path.endsWith(".lock"),
			);
			expect(left, `step ${at}`).toEqual([]);
			expect(await m.run(`uninstall ${self}`)).toMatchObject({ code: 0, stderr: "" });
			const lock = (found: Record<string, string>) => Object.entries(found).filter(([path]) => !path.endsWith(".lock"));
			expect(lock(files(m)), `step ${at}`).toEqual(lock(before));
		}
		expect(killed).toBeGreaterThan(2);
	});

	test(
		"a full disk: whatever is the first that has no room, the file is as it was, nothing is cut, and the next run makes it whole",
		needs(smallDisks),
		async () => {
			const original = `# mine\r\n${"# a line of theirs\r\n".repeat(400)}`;
			const PAGE = 4096;
			const codes = new Set<number | null>();
			// The disk has room for less and less, so that one step after the other is the first to fail: record, new file, and of a first run the backup.
			for (const isFirst of [true, false]) {
				const m = windowsMachine({ versions: codex });
				const folder = join(m.home, ".codex");
				mkdirSync(folder);
				execFileSync("mount", ["-t", "tmpfs", "-o", `size=${24 * PAGE},mode=700`, "tmpfs", folder]);
				onTestFinished(() => void execFileSync("umount", [folder]));
				const [old, next] = [canary(), canary()];
				write(m.files.codex, "", original);
				if (!isFirst) expect(await m.run(self, { token: old.token })).toMatchObject({ code: 0 });
				const before = contents(folder);
				const was = text(m.files.codex);
				let left = 0;
				for (let code: number | null = 12; code !== 0; left++) {
					const { bavail } = statfsSync(folder);
					const filler = write(folder, "filler", "x".repeat((bavail - left) * PAGE));
					const run = await m.run(self, { token: next.token, canaries: [old, next] });
					rmSync(filler);
					code = run.code;
					codes.add(code);
					if (code === 0) break;
					expect(run, `${left} pages`).toMatchObject({
						code: 12,
						stdout: expect.stringMatching(/^crossfade error fp=\S+ cfg=1 cli=\S*codex:error\S* users=1\n$/),
						stderr: `error: ${m.files.codex}: cannot be written; file unchanged\n`,
					});
					expect(text(m.files.codex), `${left} pages`).toBe(was);
					for (const [path, content] of Object.entries(contents(folder))) {
						const whole = before[path] ?? (path.includes("backup") ? before["config.toml"] : undefined);
						if (path === "config.toml.crossfade-undo")
							expect(content, `${left} pages`).toMatch(/^\d+ crossfade-undo-1 no 0 ?\n[\s\S]*\n$/);
						else expect(content, `${path}, ${left} pages`).toBe(whole);
					}
				}
				expect(left).toBeGreaterThan(isFirst ? 3 : 1);
				expect(text(m.files.codex)).toContain(`Bearer ${next.token}`);
				expect(await m.run(`report ${self}`)).toMatchObject({
					code: 0,
					stdout: expect.stringContaining(`crossfade ok fp=${next.fingerprint} `),
				});
				expect(await m.run(`uninstall ${self}`)).toMatchObject({ code: 0, stderr: "" });
				expect(contents(folder)).toEqual({ "config.toml": expect.stringMatching(/^\d+ # mine/) });
				expect(text(m.files.codex)).toBe(original);
			}
			expect([...codes].sort()).toEqual([0, 12]);
		},
	);
});
