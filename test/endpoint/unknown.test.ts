import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { machine, write } from "../harness/endpoint.ts";
import { aThird } from "../harness/matrix.ts";
import { needs, pwsh, root } from "../harness/parts.ts";
import { windowsMachine } from "../harness/powershell.ts";

/** Where a value of a person's file leaves open whether the CLI starts, our file is set, and the CLI is not called ok. */

type Id = "claude-code" | "codex";
const FILES: Readonly<Record<Id, string>> = { "claude-code": ".claude/settings.json", codex: ".codex/config.toml" };

/** `scope`, CLI, what a person has in the file, and the setting that is named. */
type Case = [scope: "user" | "system", id: Id, content: string, pointer: string];
const hook = (hooks: unknown) => JSON.stringify({ hooks: { PreToolUse: [{ hooks }] } });

const cases: readonly Case[] = [
	["user", "codex", 'default_permissions = "work"\n', "/default_permissions"],
	["system", "codex", 'default_permissions = "work"\n', "/default_permissions"],
	["system", "codex", 'model_instructions_file = "/gone"\n', "/model_instructions_file"],
	["user", "codex", 'model_catalog_json = "/gone"\n', "/model_catalog_json"],
	["user", "codex", 'model_provider = "x"\n[model_providers.y]\nname = "y"\n', "/model_provider"],
	["user", "codex", "[approval_policy.granular]\nrules = true\n", "/approval_policy"],
	["system", "codex", "[features.x]\nenabled = true\n", "/features/x"],
	["user", "codex", "[permissions.p]\n", "/permissions"],
	[
		"user",
		"codex",
		"[mcp_servers.m]\ncommand = 'a'\nstartup_timeout_sec = 1e300\n",
		"/mcp_servers/m/startup_timeout_sec",
	],
	["user", "claude-code", hook([{ type: "command" }]), "/hooks/PreToolUse/0/hooks/0"],
	["user", "claude-code", '{"skillListingBudgetFraction": 0}', "/skillListingBudgetFraction"],
];

const wordsFor = (scope: string, id: Id) => `scope=${scope} clis=${id} users=self no-host`;
const only = (id: Id) => ({ "claude-code": "", codex: "", gemini: "", [id]: id === "codex" ? "0.169.0" : "2.1.330" });

describe("what may keep a CLI from starting", needs(root), () => {
	test.each(cases)("%s %s: %s", async (scope, id, content, pointer) => {
		const m = machine({ versions: only(id) });
		const file = write(m.home, FILES[id], content, 0o600);
		const { token, fingerprint } = canary();
		const words = wordsFor(scope, id);
		const line = `crossfade refused fp=${fingerprint} cfg=1 cli=${id}:unknown users=1\n`;
		const said = new RegExp(
			`^unknown: ${file}: at line \\d+, column \\d+: must .*${pointer}, or it may not start; crossfade doctor there may know more$`,
			"m",
		);
		for (const action of ["install", "install"])
			expect(await m.run(`${action} ${words}`, { token })).toMatchObject({
				stdout: line,
				stderr: expect.stringMatching(said),
				code: 0,
			});
		expect(await m.run(`report ${words}`)).toMatchObject({
			stdout: line,
			stderr: expect.stringMatching(said),
			code: 11,
		});
		const other = await m.run(`report expect=0123456789ab ${words}`);
		expect(other).toMatchObject({ stdout: expect.stringContaining(`crossfade drift`), code: 10 });
		expect(await m.run(`uninstall ${words}`)).toMatchObject({ stderr: "", code: 0 });
		expect(readFileSync(file, "utf8")).toBe(content);
	});

	test.each(['{ ":read-only" = true }', "[]", "7"])(
		"requirements of the machine that allow profiles of permissions: %s",
		async (profiles) => {
			const m = machine({ versions: only("codex") });
			const file = write(m.root, "etc/codex/requirements.toml", `allowed_permission_profiles = ${profiles}\n`);
			const { token } = canary();
			const words = wordsFor("system", "codex");
			const said = expect.stringContaining(`unknown: ${file}: at line 1, column 31: must `);
			const state = expect.stringContaining("cli=codex:unknown ");
			expect(await m.run(`install ${words}`, { token })).toMatchObject({ stdout: state, stderr: said });
			expect(await m.run(`report ${words}`)).toMatchObject({ stdout: state, stderr: said, code: 11 });
		},
	);

	test("what a person wrote is not repeated", async () => {
		const m = machine({ versions: only("codex") });
		const { token: theirs } = canary();
		write(m.home, FILES.codex, `model_provider = "${theirs}"\n`, 0o600);
		const { token } = canary();
		const { stderr } = await m.run(wordsFor("user", "codex"), { token, canaries: [{ ...canary(), token: theirs }] });
		expect(stderr).toContain("unknown: ");
		expect(stderr).not.toContain(theirs);
	});

	test("another CLI that is ok does not make it so", async () => {
		const m = machine({ versions: { gemini: "" } });
		write(m.home, FILES.codex, 'default_permissions = "work"\n', 0o600);
		const { token } = canary();
		await m.run("scope=user users=self no-host", { token });
		const report = await m.run("report scope=user users=self no-host");
		expect(report.stdout).toMatch(/^crossfade refused fp=\S+ cfg=1 cli=claude-code:ok,codex:unknown,/);
		expect(report.code).toBe(11);
	});
});

test.each(["alt", "./alt", "~/alt", "."])(
	"CODEX_HOME=%s is no folder that the script can know: refused, and not looked for without end",
	async (value) => {
		const m = machine({ versions: only("codex") });
		const { token } = canary();
		for (const action of ["install", "report"]) {
			const found = await m.run(`${action} ${wordsFor("user", "codex")}`, { token, env: { CODEX_HOME: value } });
			expect(found).toMatchObject({ code: 11, stdout: expect.stringContaining("codex:refused") });
			expect(found.stderr).toContain(`error: ${value}/config.toml: `);
		}
	},
);

test("an empty CLAUDE_CONFIG_DIR is the working folder of whoever starts it: refused, and nothing is written", async () => {
	const m = machine({ versions: only("claude-code") });
	const { token } = canary();
	for (const action of ["install", "report"]) {
		const found = await m.run(`${action} ${wordsFor("user", "claude-code")}`, {
			token,
			env: { CLAUDE_CONFIG_DIR: "" },
		});
		expect(found).toMatchObject({ code: 11, stdout: expect.stringContaining("claude-code:refused") });
		expect(found.stderr).toContain("error: ./settings.json: ");
	}
	expect(existsSync(m.files["claude-code"])).toBe(false);
	expect(existsSync("/settings.json")).toBe(false);
});

describe("the same in PowerShell", { ...needs(pwsh, root), timeout: 300_000 }, () => {
	test.each(aThird(cases))("%s %s: %s", async (scope, id, content, pointer) => {
		const m = windowsMachine({ versions: only(id) });
		const file = write(m.home, FILES[id], content);
		const { token } = canary();
		const words = wordsFor(scope, id).replace(scope === "system" ? " users=self" : "", "");
		const said = `${pointer}, or it may not start`;
		const state = expect.stringMatching(`^crossfade refused .* cli=${id}:unknown `);
		const install = await m.run(`install ${words}`, { token });
		expect(install).toMatchObject({ stdout: state, stderr: expect.stringContaining(said), code: 0 });
		expect(install.stderr).toContain(`unknown: ${join(file)}: at line `);
		expect(await m.run(`report ${words}`)).toMatchObject({
			stdout: state,
			stderr: expect.stringContaining(said),
			code: 11,
		});
	});
});
