import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { scratch } from "../harness/cli.ts";
import { impossibleEndpoints, possibleEndpoints } from "../harness/endpoints.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { among } from "../harness/powershell.ts";
import { tokenCases } from "../harness/token-cases.ts";

/** The rules of the script in PowerShell that are functions of texts: many cases in one process, by the tables of the script in sh. */

const json = (expression: string) => `Write-Line (ConvertTo-Json -Compress -Depth 4 @(${expression}))`;

describe("by PowerShell 7 on this system", { ...needs(pwsh), timeout: 120_000 }, () => {
	test("tokens: the same are refused, with the same words, as in sh and TypeScript", async () => {
		// A file is read byte by byte.
		const bytes = tokenCases.map(([, token]) => Buffer.from(token, "utf8").toString("latin1"));
		const found = await among<{ problem: string | null; safe: boolean }[]>(
			[
				json(
					"foreach ($case in $cases) { @{ problem = [string](Get-TokenProblem $case); safe = [regex]::IsMatch($case, '\\A[A-Za-z0-9._~-]+\\z') } }",
				),
			],
			bytes,
		);
		for (const [at, [what, , problem, isSafe]] of tokenCases.entries()) {
			const { problem: said, safe } = found[at] ?? {};
			if (problem) expect(`${said} no token`, what).toMatch(problem);
			else expect(said ?? "", what).toBe("");
			expect(safe, what).toBe(isSafe);
		}
	});

	test("fingerprints are those of TypeScript, up to the longest token", async () => {
		const tokens = [20, 63, 64, 65, 1000, 4095, 4096].map((length) => "k1-~".repeat(1024).slice(0, length));
		const found = await among<string[]>([json("foreach ($case in $cases) { Get-Fingerprint $case }")], tokens);
		expect(found).toEqual(tokens.map((token) => fingerprint(token)));
	});

	test("endpoints: the same are refused as in sh, and those that are taken lose their slash at the end", async () => {
		const given = [
			...impossibleEndpoints,
			...possibleEndpoints,
			"https://h.example//",
			"http://127.0.0.1:4318",
			"http://h",
		];
		const found = await among<string[]>(
			[
				json(
					"foreach ($case in $cases) { $run.Endpoint = $case; try { Test-Endpoint; $run.Endpoint } catch { $_.Exception.Message } }",
				),
			],
			given,
		);
		const by = Object.fromEntries(given.map((url, at) => [url, found[at]]));
		for (const url of impossibleEndpoints) expect(by[url], url).toMatch(/^2 /);
		for (const url of possibleEndpoints) expect(by[url], url).toBe(url);
		expect(by["https://h.example//"]).toBe("https://h.example");
		expect(by["http://127.0.0.1:4318"]).toBe("http://127.0.0.1:4318");
		expect(by["http://h"]).toContain("in clear text");
	});

	test("releases: the oldest that is known decides, and numbers are compared as numbers", async () => {
		const cases: [string[], string][] = [
			[[], ""],
			[["ours"], ""],
			[["?"], "?"],
			[["?", "2.1.9"], "2.1.9"],
			[["2.1.10", "2.1.9", "ours"], "2.1.9"],
			[["2.1.330", "10.0.0"], "2.1.330"],
			[["0.40", "0.40.1"], "0.40"],
		];
		const found = await among<string[]>(
			[json("foreach ($case in $cases) { [string](Get-Release @($case)) }")],
			cases.map(([words]) => words),
		);
		expect(found).toEqual(cases.map(([, release]) => release));
	});

	const sid = "S-1-5-21-1111111111-2222222222-3333333333-1001";
	const foreign = "S-1-5-21-1111111111-2222222222-3333333333-1002";
	/** What others may do; the first as Windows has it. */
	const lists: [what: string, sddl: string, writes: boolean, replaces: boolean, reads: boolean][] = [
		["Program Files", "O:BAG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;0x1200a9;;;BU)", false, false, true],
		["by letters", "O:SYG:SYD:P(A;;FA;;;SY)(A;;FRFX;;;BU)", false, false, true],
		[
			"ProgramData",
			"O:SYG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;BU)(A;CI;DCLCRPCR;;;BU)",
			true,
			false,
			true,
		],
		["handed on only", "O:BAG:SYD:P(A;OICI;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICIIO;FA;;;WD)", false, false, false],
		["a denial", "O:BAG:SYD:P(D;;FA;;;WD)(A;;FA;;;BA)", false, false, false],
		["everybody", "O:BAG:SYD:(A;;FA;;;WD)", true, true, true],
		["one account may modify", `O:BAG:SYD:P(A;;FA;;;BA)(A;;0x1301bf;;;${sid})`, true, true, true],
		["delete alone", `O:BAG:SYD:P(A;;FA;;;BA)(A;;SD;;;${sid})`, true, true, false],
		["delete below it alone", `O:BAG:SYD:P(A;;FA;;;BA)(A;;DT;;;${sid})`, false, true, false],
		["may change the list", `O:BAG:SYD:P(A;;FA;;;BA)(A;;WD;;;${sid})`, true, true, true],
		["may become its owner", `O:BAG:SYD:P(A;;FA;;;BA)(A;;WO;;;${sid})`, true, true, true],
		["generic rights", "O:BAG:SYD:P(A;;FA;;;BA)(A;;GWGR;;;AU)", true, true, true],
		["generic reading as a number", "O:BAG:SYD:P(A;;0x80000000;;;AU)", false, false, true],
		["a condition", 'O:BAG:SYD:P(XA;;FA;;;WD;(@User.x == "(a)"))', true, true, true],
		["somebody's own", `O:${sid}G:SYD:P(A;;FA;;;BA)`, true, true, true],
		["no list", "O:BAG:SYD:NO_ACCESS_CONTROL", true, true, true],
		["no owner", "G:SYD:P(A;;FA;;;BA)", true, true, true],
		["letters that nobody knows", "O:BAG:SYD:P(A;;ZZ;;;BU)", true, true, true],
		["no SDDL", "nonsense", true, true, true],
		[
			"the installer of Windows",
			"O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464G:SYD:P(A;;FA;;;BA)",
			false,
			false,
			false,
		],
	];
	test("access lists: who else can write a file, replace it, read it", async () => {
		const found = await among<boolean[][]>(
			[
				json(
					"foreach ($case in $cases) { ,@((Test-Granted $case $MAY_WRITE $ADMINS), (Test-Granted $case $MAY_REPLACE $ADMINS), (Test-Granted $case $MAY_READ $ADMINS)) }",
				),
			],
			lists.map(([, sddl]) => sddl),
		);
		for (const [at, [what, , ...expected]] of lists.entries()) expect(found[at], what).toEqual(expected);
	});

	test("access lists: in a home its owner counts as nobody else does", async () => {
		const own = `O:${sid}G:${sid}D:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FA;;;${sid})`;
		const found = await among<boolean[]>(
			[json(`foreach ($case in $cases) { Test-Granted $case $MAY_READ ($ADMINS + '${sid}') }`)],
			[own, `${own}(A;;FR;;;BU)`, own.replaceAll(sid, foreign), `${own}(D;;FA;;;${foreign})`],
		);
		expect(found).toEqual([false, true, true, false]);
	});

	test("owner and list are the same although an entry is inherited no more; another order, owner or entry, or a lost protection, is not", async () => {
		const one = "O:BAG:SYD:AI(A;ID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)";
		const others = [
			one,
			"O:BAG:BAD:P(A;;FA;;;SY)(A;OICI;0x1200a9;;;BU)",
			"O:SYG:SYD:AI(A;ID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)",
			"O:BAG:SYD:AI(A;OICIID;0x1200a9;;;BU)(A;ID;FA;;;SY)",
			"O:BAG:SYD:AI(A;ID;FA;;;SY)(A;OICIID;0x1301bf;;;BU)",
			"O:BAG:SYD:AI(A;ID;FA;;;SY)",
		];
		const found = await among<boolean[]>(
			[json(`foreach ($case in $cases) { Test-SameSecurity $case '${one}' }; Test-SameSecurity '${one}' $cases[1]`)],
			others,
		);
		expect(found).toEqual([true, true, false, false, false, false, false]);
	});

	test("people: signed out too, no services, remains, temporary or backup profiles; each home once; homes that are gone or out of reach are counted", async () => {
		const folder = scratch();
		for (const name of ["ann", "bob", "tmp", "bak"]) mkdirSync(join(folder, name));
		const at = (name: string) => join(folder, name);
		const user = (n: number) => `S-1-5-21-1111111111-2222222222-3333333333-${n}`;
		const rows = [
			{ Sid: user(1001), Path: at("ann"), State: 0 },
			{ Sid: "S-1-12-1-1-2-3-4", Path: at("bob"), State: 0x204 },
			{ Sid: `${user(1003)}.bak`, Path: at("bak"), State: 0 },
			{ Sid: user(1004), Path: at("tmp"), State: 0x800 },
			{ Sid: user(1005), Path: at("bak"), State: 0x8000 },
			{ Sid: user(1006), Path: at("gone"), State: 0 },
			{ Sid: user(1008), Path: join(folder, "no/drive"), State: 0 },
			{ Sid: user(1007), Path: at("ann"), State: 0 },
			{ Sid: "S-1-5-18", Path: at("bob"), State: 0 },
			{ Sid: "S-1-5-80-1-2-3-4-5", Path: at("bob"), State: 0 },
		];
		const found = await among<[{ people: { Sid: string }[]; skipped: number; gone: number }]>(
			[
				"$rows = @(foreach ($case in $cases) { @{ Sid = $case.Sid; Path = $case.Path; State = [int]$case.State } })",
				json("@{ people = @(Select-People $rows); skipped = $run.Skipped; gone = $run.Gone }"),
			],
			rows,
		);
		expect(found[0].people.map(({ Sid }) => Sid)).toEqual([user(1001), "S-1-12-1-1-2-3-4"]);
		expect(found[0]).toMatchObject({ skipped: 1, gone: 1 });
	});

	test("a profile's path is expanded by the two variables that mean the same for everybody, and must be a drive's", async () => {
		const cases: [string, string][] = [
			["C:\\Users\\ann", "C:\\Users\\ann"],
			["%SystemDrive%\\Users\\ann\\", "D:\\Users\\ann"],
			["%systemroot%\\ServiceProfiles\\x", "D:\\Windows\\ServiceProfiles\\x"],
			["%USERPROFILE%", ""],
			["\\\\server\\share\\ann", ""],
			["C:\\", ""],
			["", ""],
			[" C:\\Users\\ann. ", "C:\\Users\\ann"],
			["C:relative", ""],
			["C:\\Users\\a:b", ""],
		];
		const lines = [
			"$env:SystemDrive = 'D:'; $env:SystemRoot = 'D:\\Windows'",
			json("foreach ($case in $cases) { [string](Expand-Profile $case) }"),
		];
		// Without the stand-in for systems that have no drives.
		const found = await among<string[]>(
			lines,
			cases.map(([path]) => path),
			{ CROSSFADE_TEST_ROOT: "" },
		);
		expect(found).toEqual(cases.map(([, path]) => path));
	});

	test("names of devices, and names that Windows would change, are no files", async () => {
		const names = ["nul", "NUL.json", "con", "com1", "lpt9.toml", "a.", "a ", "settings.json", "console", "aux.d"];
		const found = await among<boolean[]>([json("foreach ($case in $cases) { Test-Reserved $case }")], names);
		expect(found).toEqual([true, true, true, true, true, true, true, false, false, true]);
	});
});
