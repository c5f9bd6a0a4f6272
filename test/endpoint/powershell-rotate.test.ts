import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { canary, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { howMany } from "../harness/matrix.ts";
import { needs, pwsh, smallDisks } from "../harness/parts.ts";
import { httpText, rawServer } from "../harness/raw-server.ts";
import { leftovers } from "../harness/rotation.ts";
import {
	amongRotation,
	CLOSED,
	CLOSED_FILE,
	restartsAtOnce,
	rotateScriptWindows,
	watchesAtOnce,
	windowsScene,
} from "../harness/rotation-windows.ts";
import { waitFor } from "../harness/wait.ts";

/**
 * The rotation script for a Windows service by PowerShell 7 on this system, with access lists in a file of the tests, and a page of metrics in
 * the place of a collector. test/real/rotate-windows.test.ts has a real collector, and Wine.
 */

/** What is beside the token; the lock is removed by the system on Windows only. */
const beside = (tokenFile: string) => leftovers(tokenFile).filter((name) => name !== ".crossfade-rotate.lock");
const long = (sddl: string) => sddl.replace("O:BA", "O:S-1-5-32-544").replace("G:SY", "G:S-1-5-18");

describe("the rotation of a Windows service", { ...needs(pwsh), timeout: 600_000 }, () => {
	test.each([
		["restarts", restartsAtOnce],
		["watches its file", watchesAtOnce],
	])("a collector that %s: proven, owner and access list kept, a second run changes nothing", async (_name, ways) => {
		const s = await windowsScene();
		const token = canary();
		const outcome = await s.run(token.token, ways(), { watched: true });
		expect(outcome).toMatchObject({ code: 0, stderr: "" });
		expect(outcome.stdout).toBe(
			`in place  fp=${token.fingerprint} instead of fp=${s.old.fingerprint}\nproven    exports succeed with fp=${token.fingerprint}\n`,
		);
		expect(s.content()).toBe(token.token);
		expect(s.listOf(s.tokenFile)).toBe(long(CLOSED_FILE));
		expect(beside(s.tokenFile)).toEqual([]);
		expect(await s.run(token.token, ways())).toMatchObject({
			code: 0,
			stdout: `unchanged fp=${token.fingerprint} is in place already\n`,
		});
	});

	test("exports that fail with the new token: the old one is back, and what nobody saw read again is said", async () => {
		const s = await windowsScene();
		s.collector.fail(true);
		const outcome = await s.run(canary().token, ["--pid", `${process.pid}`, "--logs", "'nothing'", "--apply", ""]);
		expect(outcome).toMatchObject({ code: 3, stdout: expect.stringContaining(`restored  fp=${s.old.fingerprint}`) });
		expect(outcome.stderr).toContain("exports fail with the new token");
		expect(outcome.stderr).toContain("nothing shows that the collector has read");
		expect(s.content()).toBe(s.old.token);
		expect(s.listOf(s.tokenFile)).toBe(long(CLOSED_FILE));
		expect(beside(s.tokenFile)).toEqual([]);
	});

	test("what --validate and --apply print, and why they fail, is shown without the tokens", async () => {
		const s = await windowsScene();
		const token = canary();
		const read = `[System.IO.File]::ReadAllText('${s.tokenFile}')`;
		const trial = `[System.IO.File]::ReadAllText('${s.tokenFile}.crossfade-trial')`;
		const says = (name: string) => `'${name} ' + ${read} + ' and ' + ${read} + '.'; ${trial}`;
		const ways = ["--validate", says("validate"), "--apply", `${says("apply")}; throw ('no ' + ${read})`];
		const outcome = await s.run(token.token, ["--pid", "0", ...ways], { watched: true });
		expect(outcome.code).toBe(11);
		expect(outcome.stderr).toContain("validate [token] and [token].\n[token]\n");
		expect(outcome.stderr).toContain("error: no [token]\n");
		expect(s.content()).toBe(s.old.token);
	});

	test("nothing tells with which token: replaced, not proven, the old one kept, and proven by a later run", async () => {
		const s = await windowsScene();
		const token = canary();
		const outcome = await s.run(token.token, ["--pid", "0", "--apply", "$restarted = $true"]);
		expect(outcome).toMatchObject({ code: 14, stderr: expect.stringContaining("replaced, not proven") });
		expect(outcome.stdout).not.toContain("proven");
		expect(readFileSync(s.kept, "utf8")).toBe(s.old.token);
		expect(s.listOf(s.kept)).toContain("D:P(A;;FA;;;SY)(A;;FA;;;BA)");
		expect(await s.run(token.token, restartsAtOnce())).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("proven"),
		});
		expect(s.content()).toBe(token.token);
		expect(beside(s.tokenFile)).toEqual([]);
	});

	test.each([
		["the new token alone", 0, (fresh: string, old: string) => [fresh, `${old} 7`]],
		["both, as somebody still sends the old one", 14, (fresh: string, old: string) => [fresh, old]],
	])("a page that counts by fingerprint and shows %s: exit code %i", async (_name, code, lines) => {
		const s = await windowsScene();
		const token = canary();
		let look = 0;
		const row = (id: string) => {
			const [print, count = look] = id.split(" ");
			return `crossfade_gateway_log_records_total{crossfade_fingerprint="${print}"} ${count} 99`;
		};
		const page = await rawServer((socket) => {
			look++;
			socket.end(httpText("200 OK", {}, `${lines(token.fingerprint, s.old.fingerprint).map(row).join("\n")}\n`));
		});
		const ways = ["--pid", "0", "--counters", page.url, "--wait", "9", "--apply", ""];
		expect(await s.run(token.token, ways)).toMatchObject({ code });
		expect(existsSync(s.kept)).toBe(code === 14);
	});

	test("the collector sees another file, or refuses the restart, or the access list is lost: the old token is back", async () => {
		const s = await windowsScene();
		const other = join(scratch({ view: canary().token }), "view");
		const seen = await s.run(canary().token, restartsAtOnce(), { env: { CROSSFADE_TEST_VIEW: other } });
		expect(seen).toMatchObject({ code: 11, stderr: expect.stringContaining("sees a different token") });
		const refused = await s.run(canary().token, ["--pid", "0", "--apply", "Restart-Service nothing-of-that-name"]);
		expect(refused).toMatchObject({ code: 11, stderr: expect.stringContaining("did not accept the restart") });
		const list = "O:BAG:SYD:P(A;;FA;;;SY)(A;;FA;;;BA)";
		s.setLists({ [s.folder]: CLOSED, [s.tokenFile]: list });
		const lost = await s.run(canary().token, restartsAtOnce(), { env: { CROSSFADE_TEST_LOSES: s.tokenFile } });
		expect(lost).toMatchObject({ code: 12, stderr: expect.stringContaining("did not keep the owner") });
		for (const each of [seen, refused, lost]) {
			expect(each.stdout).toContain(`restored  fp=${s.old.fingerprint}`);
		}
		expect(s.content()).toBe(s.old.token);
		expect(beside(s.tokenFile)).toEqual([]);
	});

	test("a full disk: the old token stays, whole, and nothing is left beside it", needs(smallDisks), async () => {
		const s = await windowsScene();
		const mount = scratch();
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=8k,mode=700", "tmpfs", mount]);
		onTestFinished(() => {
			execFileSync("umount", [mount]);
		});
		const full = join(mount, "torii.token");
		writeFileSync(full, s.old.token);
		writeFileSync(join(mount, "filler"), "x".repeat(4096));
		s.setLists({ [mount]: CLOSED, [full]: CLOSED_FILE });
		const outcome = await s.run(canary().token, [...restartsAtOnce(), "--token-file", full]);
		expect(outcome).toMatchObject({ code: 12, stderr: expect.stringContaining("nothing was changed") });
		expect(readFileSync(full, "utf8")).toBe(s.old.token);
		expect(beside(full).filter((name) => name !== "filler")).toEqual([]);
	});

	test("a token whose access list cannot be read: nothing is changed", async () => {
		const s = await windowsScene();
		s.setLists({ [s.folder]: CLOSED, [s.tokenFile]: "denied" });
		expect(await s.run(canary().token, restartsAtOnce())).toMatchObject({
			code: 12,
			stderr: expect.stringContaining("cannot be read"),
		});
		expect(s.content()).toBe(s.old.token);
		expect(beside(s.tokenFile)).toEqual([]);
	});

	test("a file that the service's account surely could not read is not put in place", async () => {
		const s = await windowsScene();
		const env = { CROSSFADE_TEST_ACCOUNT: "NT AUTHORITY\\LocalService" };
		const outcome = await s.run(canary().token, restartsAtOnce(), { env });
		expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining("could not read the new file") });
		expect(s.content()).toBe(s.old.token);
		const token = canary();
		const named = [...restartsAtOnce(), "--owner", "NT AUTHORITY\\LocalService"];
		expect(await s.run(token.token, named)).toMatchObject({ code: 0, stdout: expect.stringContaining("proven") });
		expect(s.listOf(s.tokenFile)).toContain("(A;;FR;;;S-1-5-19)");
	});

	test("the first token, and a dry run", async () => {
		const s = await windowsScene();
		const [first, next] = [canary(), canary()];
		const fresh = join(s.folder, "other.token");
		const put = await s.run(first.token, ["--token-file", fresh]);
		expect(put).toMatchObject({ code: 0, stdout: expect.stringContaining("start the collector") });
		expect(readFileSync(fresh, "utf8")).toBe(first.token);
		expect(s.listOf(fresh)).toContain("D:P(A;;FA;;;SY)(A;;FA;;;BA)");
		const dry = await s.run(next.token, ["--dry-run", ...restartsAtOnce()]);
		expect(dry).toMatchObject({ code: 0, stdout: expect.stringContaining("would replace") });
		expect(s.content()).toBe(s.old.token);
	});

	test("what may wait between two tries keeps the token as it is: a request in the queue, or an old release, which does not count them", async () => {
		const waiting = await windowsScene(() => 'otelcol_exporter_queue_size{exporter="otlp_http/torii"} 1\n');
		let sent = 0;
		const page = () =>
			`otelcol_exporter_queue_size{exporter="otlphttp/torii"} 0\notelcol_exporter_sent_log_records{exporter="otlphttp/torii"} ${++sent}\n`;
		const old = await windowsScene(page, { targetVersion: "0.119.0" });
		for (const [s, what] of [
			[waiting, "a queue of 1"],
			[old, "a queue of unknown size"],
		] as const) {
			const outcome = await s.run(canary().token, [...restartsAtOnce(), "--wait", "3"]);
			expect(outcome).toMatchObject({ code: 11, stderr: expect.stringContaining(`data still waits in ${what}`) });
			expect(s.content()).toBe(s.old.token);
			const token = canary();
			const despite = await s.run(token.token, [...restartsAtOnce(), "--despite-queue"]);
			expect(despite).toMatchObject({ code: 0, stderr: expect.stringContaining(`data waits in ${what}`) });
			expect(s.content()).toBe(token.token);
		}
	});

	test("a token that another program puts there meanwhile stays, in this run and after one that was killed; the old one is kept", async () => {
		const s = await windowsScene();
		const [other, tried, later] = [canary(), canary(), canary()];
		const puts = `[System.IO.File]::WriteAllText('${s.tokenFile}', '${other.token}')`;
		s.collector.fail(true);
		const ways = ["--pid", "0", "--wait", "9", "--apply", puts];
		const outcome = await s.run(canary().token, ways);
		expect(outcome).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("was changed by another program meanwhile"),
		});
		expect(outcome.stderr).toContain(`fp=${other.fingerprint} stays in place`);
		expect(s.content()).toBe(other.token);
		expect(readFileSync(s.kept, "utf8")).toBe(s.old.token);
		s.collector.fail(false);
		const run = s.start(tried.token, [...s.args, "--pid", `${process.pid}`, "--logs", "'nothing'", "--apply", ""]);
		await waitFor("the new token in place", () => run.output().includes("in place"));
		process.kill(run.pid, "SIGKILL");
		await run.ended;
		writeFileSync(s.tokenFile, later.token);
		const next = await s.run("", []);
		expect(next.stderr).toContain(
			`fp=${later.fingerprint} is in place, which came after a run that was interrupted, and stays`,
		);
		expect(s.content()).toBe(later.token);
		const said = { first: outcome.stdout + outcome.stderr, killed: run.output(), next: next.stdout + next.stderr };
		expect(leaks([s.old, other, tried, later], said)).toEqual([]);
		expect(beside(s.tokenFile)).toEqual(["torii.token.crossfade-kept"]);
	});

	test("a token that another program puts there between the last look and the replacement stays, and the old one is kept", async () => {
		const s = await windowsScene();
		/** The script with a stop there, at which another program puts a token in place; `nth` counts replacements of the token file. */
		const overtaken = (nth: number) => {
			const theirs = canary();
			const before = "  $kind = Get-Kind $path\n  if ($kind -ceq 'absent') {\n    if ($null -ne $expected";
			const text = readFileSync(s.script, "utf8").replaceAll("\r", "");
			expect(text.split(before)).toHaveLength(2);
			const count = join(scratch(), "count");
			const puts = `  if ($path -ceq $run.TokenFile) {
    [System.IO.File]::AppendAllText('${count}', 'x')
    if ([System.IO.File]::ReadAllText('${count}').Length -eq ${nth}) { [System.IO.File]::WriteAllText($path, '${theirs.token}') }
  }\n`;
			writeFileSync(
				s.script,
				text.replace(before, () => puts + before),
			);
			return { theirs, undo: () => writeFileSync(s.script, text) };
		};
		const first = overtaken(2);
		s.collector.fail(true);
		const outcome = await s.run(canary().token, ["--pid", "0", "--wait", "9", "--apply", ""]);
		expect(outcome.stderr).toContain(`fp=${first.theirs.fingerprint} stays in place`);
		expect([s.content(), readFileSync(s.kept, "utf8")]).toEqual([first.theirs.token, s.old.token]);
		first.undo();
		s.collector.fail(false);
		// The same for what a killed run left.
		const tried = canary();
		for (const [path, text] of [
			[s.trial, s.old.token],
			[s.tried, tried.fingerprint],
			[s.tokenFile, tried.token],
		] as const)
			writeFileSync(path, text);
		const second = overtaken(1);
		const next = await s.run("", []);
		expect(next.stderr).toContain(`fp=${second.theirs.fingerprint} is in place, which came after a run that was`);
		expect([s.content(), readFileSync(s.kept, "utf8")]).toEqual([second.theirs.token, s.old.token]);
	});

	test("what an interrupted run left is not whole: no token is lost by it", async () => {
		const s = await windowsScene();
		const theirs = canary();
		writeFileSync(s.trial, "");
		truncateSync(s.trial, 2 ** 28);
		const unread = await s.run("", []);
		expect(unread).toMatchObject({ code: 11, stderr: expect.stringContaining("no token can be read from") });
		expect([s.content(), existsSync(s.trial)]).toEqual([s.old.token, true]);
		writeFileSync(s.trial, s.old.token);
		writeFileSync(s.tried, "");
		writeFileSync(s.tokenFile, theirs.token);
		const next = await s.run("", []);
		expect(next.stderr).toContain(`fp=${theirs.fingerprint} is in place, and nothing shows whether`);
		expect(leaks([s.old, theirs], { unread: unread.stderr, next: next.stdout + next.stderr })).toEqual([]);
		expect([s.content(), readFileSync(s.kept, "utf8")]).toEqual([theirs.token, s.old.token]);
	});

	test("two at once: the second is refused, and the first goes on", async () => {
		const s = await windowsScene();
		const gate = join(scratch(), "gate");
		const wait = `while (-not [System.IO.File]::Exists('${gate}')) { Start-Sleep -Milliseconds 100 }`;
		const token = canary();
		const first = s.run(token.token, [...restartsAtOnce(), "--apply", wait]);
		await expect.poll(() => s.content(), { timeout: 120_000 }).toBe(token.token);
		const second = await s.run(canary().token, restartsAtOnce());
		expect(second).toMatchObject({ code: 11, stderr: expect.stringContaining("another run is at work") });
		writeFileSync(gate, "");
		expect(await first).toMatchObject({ code: 0 });
		expect(s.content()).toBe(token.token);
	});

	test.each([
		["SIGINT", 130],
		["SIGKILL", null],
	] as const)(
		"%s while it waits for the proof: the old token is back, at once or by the next run",
		async (signal, code) => {
			const s = await windowsScene();
			const token = canary();
			const run = s.start(token.token, [...s.args, "--pid", `${process.pid}`, "--logs", "'nothing'", "--apply", ""]);
			await waitFor("the new token in place", () => run.output().includes("in place"));
			expect(readFileSync(s.trial, "utf8")).toBe(s.old.token);
			process.kill(run.pid, signal);
			expect(await run.ended).toBe(code);
			if (signal === "SIGKILL") {
				expect(s.content()).toBe(token.token);
				const next = await s.run("", []);
				expect(next).toMatchObject({ code: 11, stdout: expect.stringContaining(`restored  fp=${s.old.fingerprint}`) });
			} else expect(run.output()).toContain(`restored  fp=${s.old.fingerprint}`);
			expect(s.content()).toBe(s.old.token);
			expect(beside(s.tokenFile)).toEqual([]);
		},
	);

	test("killed at any of its steps: the next run puts the old token back or finds the new one proven", async () => {
		// In every run the step at which the file is missing, in a whole one all of them.
		const most = howMany(11, Number.POSITIVE_INFINITY);
		let kills = 0;
		for (let at = howMany(11, 1); at <= most; at++) {
			const s = await windowsScene();
			const token = canary();
			const killed = await s.run(token.token, restartsAtOnce(), { env: { CROSSFADE_TEST_KILL: String(at) } });
			if (killed.code === 0) break;
			kills++;
			// Its last steps remove what it kept, after the proof.
			const isProven = existsSync(s.tokenFile) && s.content() === token.token && !existsSync(s.trial);
			const next = await s.run("", []);
			expect({ at, code: next.code, stderr: next.stderr }).toMatchObject({
				code: 11,
				stderr: expect.stringContaining("the new token is empty"),
			});
			expect({ at, content: s.content() }).toEqual({ at, content: isProven ? token.token : s.old.token });
			expect({ at, left: beside(s.tokenFile) }).toEqual({ at, left: [] });
		}
		process.stdout.write(`rotation for Windows: killed at ${kills} steps, no token lost\n`);
		expect(kills).toBeGreaterThanOrEqual(howMany(1, 10));
	});

	test("what is no token, an option or a safe folder is refused, by its code and words", async () => {
		const good = canary().token;
		const place = scratch({
			"two.txt": `${good}\r\n${good}\r\n`,
			"slot.txt": "@CROSSFADE_TOKEN_GOES_HERE@",
			"bearer.txt": `Bearer ${good}`,
			"blank.txt": `${good} x`,
			"empty.txt": "",
			"mark.txt": `\ufeff${good}\r\n`,
			"t.token": good,
		});
		mkdirSync(join(place, "open"));
		mkdirSync(join(place, "mine"));
		symlinkSync(place, join(place, "link"));
		symlinkSync("t.token", join(place, "link.token"));
		const sid = "S-1-5-21-1-2-3-1009";
		const cases: [lines: string, message: string][] = [
			...(["two", "slot", "bearer", "blank", "empty", "nowhere"] as const).map((name): [string, string] => [
				`$run.From = '${join(place, `${name}.txt`)}'; Read-Given`,
				{
					two: "11 the new token has more than one line",
					slot: "11 the new token is still a placeholder",
					bearer: "11 the new token starts with the word Bearer",
					blank: "11 the new token contains white space, a control character or a non-ASCII character",
					empty: "11 the new token is empty",
					nowhere: `11 ${join(place, "nowhere.txt")} cannot be read`,
				}[name],
			]),
			[`$run.From = '${join(place, "mark.txt")}'; Read-Given`, ""],
			[`$given = @('${good}'); Read-Arguments`, "2 an argument this script does not know"],
			["$given = @('--from'); Read-Arguments", "2 --from needs a value"],
			["$given = @('--FROM', 'x'); Read-Arguments", "2 an argument this script does not know"],
			["$given = @('--wait', 'long'); Read-Arguments", "2 --wait is not a number of seconds"],
			["$given = @('--pid', '-1'); Read-Arguments", "2 --pid is not the number of a process"],
			[
				"$given = @('--metrics', 'file:///etc/passwd'); Read-Arguments",
				"2 a page of counters does not begin with http://",
			],
			["$given = @('--wait', 7, '--logs', '', '--dry-run'); Read-Arguments", ""],
			["$run.TokenFile = '/nowhere/at/all'; Test-Way", "11 there is no folder /nowhere/at"],
			[
				`$run.TokenFile = '${place}/link/t.token'; Test-Way`,
				`11 the folder ${place}/link is a link, which is not followed`,
			],
			[
				`$run.TokenFile = '${place}/link.token'; Read-State`,
				`11 ${place}/link.token is a link, or not on this disk, and is not followed`,
			],
			[
				`$run.TokenFile = '${place}/open/t.token'; Test-Way`,
				`11 other accounts own or can write the folder ${place}/open, and could swap files in it during the change`,
			],
			[
				`$run.TokenFile = '${place}/mine/t.token'; Test-Way`,
				`11 other accounts own or can write the folder ${place}/mine, and could swap files in it during the change`,
			],
			[`$run.Self = '${sid}'; $run.TokenFile = '${place}/mine/t.token'; Test-Way`, ""],
			[
				`$run.Self = ''; $run.TokenFile = '${place}/t.token'; Read-State`,
				`11 other accounts own or can write ${place}/t.token`,
			],
		];
		const lists = {
			[join(place, "open")]: `O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;;DCLC;;;BU)`,
			[join(place, "mine")]: `O:${sid}G:SYD:PAI(A;OICI;FA;;;SY)`,
			[join(place, "t.token")]: `O:BAG:SYD:P(A;;FA;;;SY)(A;;0x1301bf;;;${sid})`,
		};
		const found = await amongRotation<string[]>(
			[
				"Save-Lists @{}; $lists = @{}; foreach ($row in $cases.lists) { $lists[$row[0]] = $row[1] }; Save-Lists $lists",
				"ConvertTo-Json @(foreach ($line in $cases.lines) { $run.Wait = '120'; $run.Process = ''; $run.Metrics = 'http://127.0.0.1'; try { . ([scriptblock]::Create($line)); '' } catch { $_.Exception.Message } })",
			],
			{ lists: Object.entries(lists), lines: cases.map(([line]) => line) },
		);
		expect(found.map((said, at) => [cases[at]?.[0], said])).toEqual(cases);
	});

	test("commands run in a session of their own, and fail by an error, a program's exit code or an exit; cut off, the script runs nothing", async () => {
		const commands: [command: string, isDone: boolean, lines: string[], why: string][] = [
			["1; 'two'", true, ["1", "two"], ""],
			["[string]($null -eq $run) + $SINCE", true, ["True7"], ""],
			["exit 0", false, [], "the command ended by itself"],
			["& /bin/sh -c 'echo seen; exit 3'", false, [], "a program ended with exit code 3"],
			["throw 'no'", false, [], "no"],
			["Get-Item /nowhere -ErrorAction SilentlyContinue; 'on'", true, ["on"], ""],
			["", true, [], ""],
		];
		const text = await rotateScriptWindows("C:\\ProgramData\\crossfade\\torii.token");
		const start = text.indexOf("& {");
		const step = Math.floor((text.length - start) / 40);
		const cuts = Array.from({ length: 40 }, (_, nth) => text.slice(0, start + 4 + nth * step));
		const found = await amongRotation<[{ Done: boolean; Lines: string[]; Why: string }[], number[]]>(
			[
				"$run.Since = 7",
				"$ends = @(foreach ($command in $cases.commands) { Invoke-Lines $command })",
				"$errors = $null",
				"$counts = @(foreach ($cut in $cases.cuts) { [void][System.Management.Automation.Language.Parser]::ParseInput($cut, [ref]$null, [ref]$errors); $errors.Count })",
				"ConvertTo-Json -Depth 4 @($ends, $counts)",
			],
			{ commands: commands.map(([command]) => command), cuts },
		);
		expect(found[0].map(({ Done, Lines, Why }, at) => [commands[at]?.[0], Done, Lines, Why])).toEqual(commands);
		expect(found[1].filter((errors) => errors === 0)).toEqual([]);
		expect(found[1]).toHaveLength(40);
	});

	test("who can read a file, by its access list: no is said only where it is sure", async () => {
		const other = "S-1-5-21-1-2-3-1009";
		const cases: [reader: string, access: string, can: boolean][] = [
			["S-1-5-18", "P(A;;FA;;;SY)", true],
			["S-1-5-18", "P(A;;FA;;;BA)", true],
			["S-1-5-18", "P(D;;FR;;;SY)(A;;FA;;;BA)", false],
			["S-1-5-18", `P(A;;FA;;;${other})`, false],
			["S-1-5-19", "P(A;;FA;;;SY)(A;;FA;;;BA)", false],
			["S-1-5-19", "P(A;;FA;;;SY)(A;;FR;;;LS)", true],
			["S-1-5-19", "P(A;;FA;;;SY)(A;;FR;;;NS)", false],
			["S-1-5-20", "AI(A;ID;FA;;;SY)(A;ID;0x1200a9;;;BU)", true],
			["S-1-5-20", "P(A;IO;FR;;;NS)(A;;SD;;;NS)", false],
			["S-1-5-20", "P(A;;FA;;;SY)(A;;FR;;;S-1-5-80-1-2-3-4-5)", true],
			[other, "P(A;;FA;;;SY)", false],
			[other, `P(A;;FA;;;SY)(A;;FR;;;${other})`, true],
			[other, `P(D;;FA;;;${other})(A;;FA;;;WD)`, false],
			[other, "P(A;;FA;;;SY)(A;;FA;;;BA)", true],
			[other, "NO_ACCESS_CONTROL", true],
			["", "P(A;;FA;;;SY)", true],
		];
		const found = await amongRotation<boolean[]>(
			["ConvertTo-Json @(foreach ($case in $cases) { $run.Reader = $case[0]; Test-Reader ('O:BAG:SYD:' + $case[1]) })"],
			cases,
		);
		expect(found.map((can, at) => [...(cases[at]?.slice(0, 2) ?? []), can])).toEqual(cases);
	});
});
