import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { contents, text, write } from "../harness/endpoint.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { among, SID, windowsMachine } from "../harness/powershell.ts";

/** An account that puts links, lists and other things in the way of a script that runs as SYSTEM; and lists with which ok would be wrong. */

const self = "scope=user users=self no-host";
const codex = { "claude-code": "", gemini: "" };
const OTHER = "S-1-5-21-1111111111-2222222222-3333333333-1002";
const OWN = `O:${SID}G:${SID}D:`;
const MINE = `(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;${SID})`;

describe("the access list of a file", { ...needs(pwsh), timeout: 300_000 }, () => {
	const lists: [what: string, sddl: string, message: string][] = [
		["an account that may change its list", `${OWN}P${MINE}(A;;WD;;;${OTHER})`, "can be read by other accounts"],
		[
			"an account that may make itself its owner",
			`${OWN}P${MINE}(A;;0x80000;;;${OTHER})`,
			"can be read by other accounts",
		],
		["administrators only", "O:BAG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)", "cannot be read by the CLI, only by administrators"],
		[
			"administrators only, and an owner without a right",
			`${OWN}P(A;;FA;;;SY)(A;;FA;;;BA)(D;;FR;;;${SID})`,
			"cannot be read by the CLI",
		],
	];
	test.each(lists)("for %s: neither set nor reported as ok", async (_what, sddl, message) => {
		const m = windowsMachine({ versions: codex });
		expect(await m.run(self, { token: canary().token })).toMatchObject({ code: 0, stderr: "" });
		const before = text(m.files.codex);
		writeFileSync(m.lists, `${m.files.codex}\t${sddl}\n`);
		for (const action of ["install", "report"]) {
			const run = await m.run(`${action} ${self}`, { token: canary().token });
			expect(run, action).toMatchObject({ code: 11, stdout: expect.stringContaining("codex:refused") });
			expect(run.stderr, action).toContain(message);
		}
		expect(text(m.files.codex)).toBe(before);
	});

	test("of the machine, that only administrators can read: neither set nor reported as ok; by a group it is", async () => {
		const m = windowsMachine({ versions: codex });
		expect(await m.run("no-host", { token: canary().token })).toMatchObject({ code: 0, stderr: "" });
		for (const [more, code] of [
			["", 11],
			[`(A;;FR;;;${OTHER})`, 0],
		] as const) {
			writeFileSync(m.lists, `${m.machineFiles.codex}\tO:BAG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)${more}\n`);
			expect(await m.run("report no-host"), more).toMatchObject({ code });
		}
	});

	test("that loses its protection in a replacement, by which its folder hands on to it what it shall not have: an error, not ok", async () => {
		const m = windowsMachine({ versions: codex });
		write(m.home, ".codex/config.toml", "a = 1\n");
		writeFileSync(m.lists, `${m.files.codex}\t${OWN}P${MINE}\n`);
		expect(await m.run(self, { token: canary().token, env: { CROSSFADE_TEST_LOSES: m.files.codex } })).toMatchObject({
			code: 12,
			stdout: expect.stringContaining("codex:error"),
			stderr: `error: ${m.files.codex}: cannot keep or get the owner and access list that it shall have; look at it with icacls\n`,
		});
		expect(await m.run(self, { token: canary().token, env: { CROSSFADE_TEST_LOSES: "" } })).toMatchObject({ code: 0 });
	});
});

describe("two accounts whose profile is one folder", { ...needs(pwsh), timeout: 300_000 }, () => {
	const cases: [what: string, named: readonly string[], owner: string | undefined][] = [
		["its list names the first", [SID], SID],
		["its list names the second, as after a change of domain", [OTHER], OTHER],
		["its list names both", [SID, OTHER], undefined],
	];
	test.each(cases)("%s", async (_what, named, owner) => {
		const m = windowsMachine({ versions: codex });
		const entries = named.map((sid) => `(A;OICI;FA;;;${sid})`).join("");
		writeFileSync(m.lists, `${m.home}\tO:SYG:SYD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)${entries}\n`);
		const profiles = [SID, OTHER].map((sid) => `${sid}\t${m.home}\t0`).join("\n");
		const run = await m.run("scope=user no-host", {
			token: canary().token,
			profiles,
			homes: `${owner ?? SID}\t${m.home}`,
		});
		if (owner === undefined) {
			expect(run).toMatchObject({ code: 11, stderr: expect.stringContaining("can be read by other accounts") });
			return;
		}
		expect(run).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/codex:ok.* users=1\n$/) });
		expect(text(m.lists)).toContain(
			`${m.files.codex}\tO:${owner}G:${owner}D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;${owner})`,
		);
	});
});

describe("links that are put there while the script runs", { ...needs(pwsh), timeout: 300_000 }, () => {
	/** A home, and a folder of somebody else's with files of the names that the script looks for. */
	function places() {
		const folder = scratch();
		const home = join(folder, "home");
		mkdirSync(home);
		const elsewhere = join(folder, "elsewhere");
		const names = [
			"config.toml",
			...["undo", "old", "new.abc123", "backup-20260101-000000"].map((end) => `config.toml.crossfade-${end}`),
		];
		for (const name of names) write(elsewhere, name, name);
		return { home, elsewhere, path: join(home, ".codex/config.toml") };
	}

	test("what is removed or put back is not what a folder leads to that is a link", async () => {
		const { home, elsewhere, path } = places();
		symlinkSync(elsewhere, join(home, ".codex"));
		const before = contents(elsewhere);
		const found = await among<unknown[]>(
			[
				"$target = @{ Path = $cases.path; Top = $cases.home; State = 'ok'; Text = 'config.toml'; Made = 0; Ours = $true }",
				"Repair-Target $cases.path $cases.home",
				"$codes = @((Remove-Companions $cases.path $cases.home), (Remove-Target $target), (Save-File $cases.path 'x' $null $cases.home $cases.sid ''))",
				"[System.IO.File]::Delete($cases.elsewhere + '/config.toml')",
				"Repair-Target $cases.path $cases.home",
				"ConvertTo-Json $codes",
			],
			{ path, home, elsewhere, sid: SID },
		);
		expect(found).toEqual([4, 4, 4]);
		const { "config.toml": _mine, ...others } = before;
		expect(contents(elsewhere)).toEqual(others);
	});

	test("an owner and a list are given to what nobody can exchange meanwhile: a folder with an open file in it, an open file", async () => {
		const { home, path } = places();
		const found = await among<{ seen: string[]; code: number; left: string[] }>(
			[
				"$seen = New-Object System.Collections.ArrayList",
				"function Add-Seen($what, $path) {",
				"  if ([System.IO.Directory]::Exists($path)) { $held = @([System.IO.Directory]::GetFiles($path)).Count -eq 1 }",
				"  else { try { (New-Object System.IO.FileStream($path, 'Open', 'Read', 'ReadWrite, Delete')).Dispose(); $held = $false } catch { $held = $true } }",
				"  [void]$seen.Add($what + ' ' + [System.IO.Path]::GetFileName($path).Substring(0, 6) + ' ' + $held)",
				"}",
				"function Set-Owner($path, $sid) { Add-Seen 'owner' $path }",
				"function Set-Access($path, $list) { Add-Seen 'list' $path }",
				"$code = Save-File $cases.path 'x' $ABSENT $cases.home $cases.sid ''",
				"$left = @([System.IO.Directory]::GetFiles($cases.home, '*', 'AllDirectories'))",
				"ConvertTo-Json @{ seen = @($seen); code = $code; left = $left }",
			],
			{ path, home, sid: SID },
			{ CROSSFADE_TEST_HOMES: `${SID}\t${home}` },
		);
		expect(found).toEqual({
			seen: ["owner .codex True", "list config True", "owner config True"],
			code: 0,
			left: [path],
		});
	});

	test("of what was read through a link that is gone, no copy is left for the account", async () => {
		const { home, path } = places();
		write(path, "", "mine = 1\n");
		const found = await among<boolean>(
			[
				"$run.Token = 'k1k1k1k1k1k1k1k1k1k1k1k1'",
				"$target = @{ Path = $cases.path; Top = $cases.home; State = 'ok'; Text = ('theirs = 1' + [char]10); Before = @(); HasRecord = $false; Ours = $false; Made = 0 }",
				"ConvertTo-Json (Edit-Target 'codex' 'User' $target $cases.sid)",
			],
			{ path, home, sid: SID },
			{ CROSSFADE_TEST_HOMES: `${SID}\t${home}` },
		);
		expect(found).toBe(true);
		expect(contents(join(home, ".codex"))).toEqual({ "config.toml": expect.stringContaining("mine = 1") });
		expect(existsSync(`${path}.crossfade-undo`)).toBe(false);
	});

	test("the machine's Administrator, whom Windows names by letters, is the owner of what is made for that account", async () => {
		const { home, path } = places();
		const code = await among<number>(
			[
				"function Resolve-Sid($letters) { if ($letters -ceq 'LA') { $cases.sid } }",
				"function Get-Security($path) { 'O:LAG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;LA)' }",
				"function Set-Security($path, $sddl) { }",
				"function Start-Program { throw 'nothing is to be set' }",
				"ConvertTo-Json @((Save-File $cases.path 'x' $ABSENT $cases.home $cases.sid ''), (Save-File $cases.path 'y' 'x' $cases.home $cases.sid ''))",
			],
			{ path, home, sid: "S-1-5-21-1111111111-2222222222-3333333333-500" },
		);
		expect(code).toEqual([0, 0]);
	});
});
