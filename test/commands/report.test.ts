import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ProbeEvidence, TrafficCounter } from "../../src/prove/evidence/evidence.ts";
import { canary } from "../harness/canary.ts";
import { scratch, startCrossfade } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { probed, sent, writeEvidence } from "../harness/evidence.ts";

const [OLD, NEW] = [canary(), canary()];
const migrated = [
	sent(OLD.fingerprint, 190),
	...[160, 120, 80, 40, 2].map((minutes) => sent(NEW.fingerprint, minutes)),
];

/** A folder with a fleet file, both tokens, and evidence. */
function fleet({
	traffic,
	probes,
	more = "",
}: {
	traffic?: TrafficCounter[];
	probes?: ProbeEvidence[];
	more?: string;
} = {}) {
	const cwd = scratch({
		"crossfade.yaml": `version: 1\ntokens: { old: "file:old.token", new: "file:new.token" }\nhosts: { expected: [mac-1] }\nclis: { codex: { every: 1h } }\n${more}`,
	});
	writeFileSync(join(cwd, "old.token"), OLD.token, { mode: 0o600 });
	writeFileSync(join(cwd, "new.token"), NEW.token, { mode: 0o600 });
	writeEvidence(join(cwd, "crossfade-evidence"), { ...(traffic ? { traffic } : {}), ...(probes ? { probes } : {}) });
	return { cwd, canaries: [OLD, NEW], holders: ["old.token", "new.token"] };
}

describe("how old the newest sign of life may be", () => {
	test.each([
		["within its minute", 1, undefined, 0],
		["longer ago than it ever was silent", 3, undefined, 9],
		["no longer ago than it was silent before", 3, 4 * 60_000, 0],
		["four hours ago", 240, undefined, 9],
	])("%s", async (_, minutesAgo, interval, code) => {
		const run = fleet();
		writeEvidence(join(run.cwd, "crossfade-evidence"), {
			traffic: migrated,
			until: Date.now() - minutesAgo * 60_000,
			...(interval && { interval }),
		});
		const outcome = await crossfade(["report", "--require-migrated", "--explain"], run);
		expect(outcome.code).toBe(code);
		const said = outcome.stdout.replaceAll(/\s+/g, " ");
		expect(said).toMatch(code === 0 ? /no more than \d.* apart/ : /last watched .* ago; its longest interval is \d/);
	});
});

test("evidence in which not every sender has a row is no yes, and names the limit", async () => {
	const run = fleet();
	const limits = ["too many senders to count each one"];
	writeEvidence(join(run.cwd, "crossfade-evidence"), { traffic: migrated, limits });
	const { code, stdout } = await crossfade(["report", "--require-migrated", "--explain"], run);
	expect({ code, stdout }).toMatchObject({ code: 9, stdout: expect.stringContaining("gw: too many senders to count") });
});

describe("crossfade report", () => {
	test.each<[string, number, RegExp, Parameters<typeof fleet>[0]]>([
		["all moved", 0, /retire the old token: yes/, { traffic: migrated }],
		["one on the old token", 5, /not yet/, { traffic: [sent(OLD.fingerprint, 2)] }],
		["moved too recently", 9, /not known/, { traffic: [sent(OLD.fingerprint, 30), sent(NEW.fingerprint, 2)] }],
		["nobody watched", 9, /not known/, {}],
		["silent", 9, /not known/, { traffic: migrated }],
		["new rejected", 3, /not yet/, { traffic: migrated, probes: [probed(NEW.fingerprint, { outcome: "rejected" })] }],
		[
			"old already dead",
			4,
			/OLD ALREADY DEAD/i,
			{
				traffic: migrated,
				probes: [probed(OLD.fingerprint, { outcome: "rejected", token: "old" })],
				more: "overlap: { deadline: 2100-01-31T12:00:00Z }",
			},
		],
	])("as a gate: %s", async (name, code, text, setup) => {
		const run = fleet(setup);
		if (name === "silent") writeFileSync(join(run.cwd, "hosts.csv"), "Computer Name\nmac-2\n");
		const args = name === "silent" ? ["--hosts", "hosts.csv"] : [];
		const outcome = await crossfade(["report", "--require-migrated", ...args], run);
		expect(outcome).toMatchObject({ code, stderr: "", stdout: expect.stringMatching(text) });
	});

	test("without the gate only alarms have an exit code", async () => {
		expect((await crossfade(["report"], fleet({ traffic: [sent(OLD.fingerprint, 2)] }))).code).toBe(0);
	});

	test("the same facts as JSON, CSV and JUnit, to a file by its ending", async () => {
		const run = fleet({ traffic: migrated });
		const { stdout } = await crossfade(["report", "--json"], run);
		expect(JSON.parse(stdout)).toMatchObject({ schema: 2, judgement: { fleet: { safeToRetire: "yes" } } });
		expect((await crossfade(["report", "--format", "csv"], run)).stdout).toContain("mac-1");
		expect((await crossfade(["report", "--format", "html"], run)).stdout).toContain("<!doctype html>");
		expect((await crossfade(["report", "--out", "overlap.xml"], run)).code).toBe(0);
		expect(readFileSync(join(run.cwd, "overlap.xml"), "utf8")).toContain("<testsuite");
		writeFileSync(join(run.cwd, "overlap.xml"), "something else");
		expect((await crossfade(["report", "--out", "overlap.xml"], run)).code).toBe(11);
		expect((await crossfade(["report", "--out", "overlap.xml", "--force"], run)).code).toBe(0);
	});

	test("an inventory from standard input joins in, and its bad lines are said", async () => {
		const stdin = `mac-1 crossfade ok fp=${NEW.fingerprint} cfg=1 cli=codex:ok users=1\nnonsense\n`;
		const { stdout } = await crossfade(["report", "--inventory", "-"], { ...fleet({ traffic: migrated }), stdin });
		expect(stdout).toContain("1 machine reported");
		expect(stdout).toMatch(/standard input: 1 of 2 lines could\s+not be used/);
	});

	test("a quote that is not closed in the hosts or the inventory is told with its file and line, and costs no machine", async () => {
		const run = fleet({ traffic: migrated });
		writeFileSync(join(run.cwd, "hosts.csv"), 'host,os\nmac-1,x\n"mac-2,x\nmac-3,"x, y"\nmac-4,x\n');
		const line = `crossfade ok fp=${NEW.fingerprint} cfg=1 cli=codex:ok,gemini:ok users=1`;
		writeFileSync(join(run.cwd, "jamf.csv"), `host,x\nmac-1,"${line}"\nmac-2,"${line}\nmac-3,"${line}"\n`);
		const args = ["report", "--hosts", "hosts.csv", "--inventory", "jamf.csv", "--format", "json"];
		const { stdout, code } = await crossfade(args, run);
		expect(code).toBe(0);
		const { judgement, inventory } = JSON.parse(stdout);
		expect(new Set(judgement.senders.map(({ host }: { host: string }) => host))).toEqual(
			new Set(["mac-1", "mac-2", "mac-3", "mac-4"]),
		);
		expect(inventory).toMatchObject({ hosts: 3, onNew: 3, badLines: 0 });
		expect(judgement.obligations.filter(({ id }: { id: string }) => id === "lists")).toMatchObject([
			{ about: "hosts.csv", witness: "1 of 4 lines are uncertain (line 3: an unclosed quote)" },
			{ about: "jamf.csv", witness: "1 of 3 lines are uncertain (line 3: an unclosed quote)" },
		]);
	});

	test("first seen is the time of the first request, not the start of its minute", async () => {
		const first = sent(NEW.fingerprint, 9);
		const minute = Math.floor(first.lastSeen / 60_000);
		const traffic = [{ ...first, minute, firstSeen: minute * 60_000 + 41_000, lastSeen: minute * 60_000 + 59_000 }];
		const { stdout } = await crossfade(["report", "--json"], fleet({ traffic }));
		const rows: { role: string; firstSeen?: number }[] = JSON.parse(stdout).judgement.tokens;
		expect(rows.find(({ role }) => role === "new")?.firstSeen).toBe(minute * 60_000 + 41_000);
	});

	describe("two machines of one name, one of them on the old token (endpoint/07)", () => {
		const names = ["Computer Name", "Serial Number", "Last Inventory Update", "Crossfade token"];
		const row = (host: string, serial: string, at: string, fp: string) =>
			`"${host}","${serial}","${at}","crossfade ok fp=${fp} cfg=1 cli=claude-code:ok users=1"\n`;
		const jamf = [
			`${names.map((name) => `"${name}"`).join()}\n`,
			row("MacBook Pro", "C02AAA", "2026-07-01 09:00:00", NEW.fingerprint),
			row("MacBook Pro", "C02BBB", "2026-06-01 09:00:00", OLD.fingerprint),
			row("mac-2", "C02CCC", "2026-07-01 09:00:00", NEW.fingerprint),
			row("mac-3", "C02DDD", "2026-07-01 09:00:00", OLD.fingerprint),
		].join("");
		const args = [
			"--inventory",
			"jamf.csv",
			"--token",
			`old=fp:${OLD.fingerprint}`,
			"--token",
			`new=fp:${NEW.fingerprint}`,
		];

		test.each<[string, string[]]>([
			["the report", ["report"]],
			["watch", ["watch", "--once"]],
			["the page", ["report", "--format", "html"]],
		])(
			"are said to be two by %s, which lists the machines that hold up a yes without a list of hosts",
			async (_, verb) => {
				const { stdout } = await crossfade([...verb, ...args], { cwd: scratch({ "jamf.csv": jamf }) });
				const text = stdout.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ");
				expect(text).toMatch(/not yet/);
				expect(text).toMatch(/MacBook Pro\W+2 machines have this name: C02AAA, C02BBB/);
				expect(text).toMatch(/mac-3\W+it reports the old token/);
				expect(text).toMatch(/2 on the new token, 2 on the old/);
				expect(text).toContain("2 senders of 3 remaining");
				expect(text).not.toContain("Every sender has moved");
			},
		);
	});

	test.each(["--inventory", "--hosts"])(
		"%s without a known column says which were looked for, and the flag that names it",
		async (flag) => {
			const run = fleet({ traffic: migrated });
			const line = `crossfade ok fp=${NEW.fingerprint} cfg=1 cli=codex:ok users=1`;
			writeFileSync(join(run.cwd, "cmdb.csv"), `Asset;Owner;x\nmac-1;jo;${line}\n`);
			const wrong = await crossfade(["report", flag, "cmdb.csv"], run);
			expect(wrong).toMatchObject({
				code: 2,
				stderr: expect.stringMatching(/Computer Name, .*hostname[\s\S]*--host-column/),
			});
			const typo = await crossfade(["report", flag, "cmdb.csv", "--host-column", "Aset"], run);
			expect(typo).toMatchObject({ code: 2, stderr: expect.stringContaining("Aset") });
			const right = await crossfade(["report", flag, "cmdb.csv", "--host-column", "asset", "--json"], run);
			expect(right.code).toBe(0);
			expect(JSON.parse(right.stdout).judgement.senders).toMatchObject([{ host: "mac-1" }]);
		},
	);

	test("a token whose name is meant as a role is one clear error", async () => {
		const tokens = ["--token", "old=fp:0123456789ab", "--token", "newer=fp:0123456789ac"];
		const { code, stdout, stderr } = await crossfade(["report", ...tokens]);
		expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
		expect(stderr).toContain("--token: newer is neither old nor new");
		expect(stderr).toContain("did you mean new?");
	});

	test("a token in the place of such a name is not shown", async () => {
		const wrong = canary();
		const named = ["--token", "old=fp:0123456789ab", "--token", `new-${wrong.token.slice(0, 50)}=fp:0123456789ac`];
		const { code, stderr } = await crossfade(["report", ...named]);
		expect(code).toBe(2);
		expect(stderr).toContain("is neither old nor new");
		expect(stderr).not.toContain(wrong.token.slice(4, 50));
	});

	test("from flags alone, with fingerprints instead of tokens", async () => {
		const cwd = scratch();
		writeEvidence(join(cwd, "seen"), { traffic: [sent(OLD.fingerprint, 2)] });
		const tokens = ["--token", `old=fp:${OLD.fingerprint}`, "--token", `new=fp:${NEW.fingerprint}`];
		const { stdout, code } = await crossfade(["report", ...tokens, "--evidence", "seen", "--deadline", "2h"], { cwd });
		expect({ stdout, code }).toMatchObject({ code: 0, stdout: expect.stringContaining("OLD ONLY") });
	});

	test.each<[string, string[], RegExp]>([
		["a token as a flag's value", ["--token", OLD.token], /not a token by name/],
		["a token behind its name", ["--token", `old=${OLD.token}`], /not a token reference/],
		[
			"one token under two names",
			["--token", "old=file:old.token", "--token", "new=file:old.token"],
			/old and new are the same token/,
		],
		[
			"one name for two tokens",
			["--token", "old=file:old.token", "--token", "old=file:new.token"],
			/two tokens are named old/,
		],
		["a deadline that is none", ["--deadline", "tomorrow"], /not a time/],
		["a deadline without zone", ["--deadline", "2026-01-31T12:00:00"], /not a time/],
		["a gateway that is no URL", ["--gateway", "eu=localhost"], /URL of a metrics page/],
		["a gateway with a password", ["--gateway", "eu=http://u:p@localhost"], /URL of a metrics page/],
		["an unknown format", ["--format", "pdf"], /unknown format/],
		["hosts without a column", ["--hosts", "old.token"], /no column with host names/],
	])("%s is one clear error", async (_, args, text) => {
		const run = fleet();
		const { code, stdout, stderr } = await crossfade(["report", ...args], { ...run, seenInArguments: true });
		expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(text) });
	});

	test.each<[string, string[], number, RegExp, (string | Uint8Array)?]>([
		["a missing fleet file", ["--fleet", "nope.yaml"], 12, /no such file/],
		["a missing token", [], 12, /gone/, 'version: 1\ntokens: {old: "file:gone"}'],
		["an evidence folder that is a file", ["--evidence", "old.token"], 12, /old\.token/],
		["a missing inventory", ["--inventory", "nope.csv"], 12, /nope\.csv/],
		["a fleet file that is not text", [], 11, /not text/, Buffer.from([0xff, 0xfe, 0x00])],
	])("%s is one clear error", async (_, args, code, text, file) => {
		const run = fleet({ traffic: migrated });
		if (file !== undefined) writeFileSync(join(run.cwd, "crossfade.yaml"), file);
		const outcome = await crossfade(["report", ...args], run);
		expect(outcome).toMatchObject({ code, stdout: "", stderr: expect.stringMatching(text) });
	});
});

describe("crossfade watch", () => {
	test("without a terminal prints a line whenever the answer changes, and ends with the gate's code", async () => {
		const run = fleet({ traffic: [sent(OLD.fingerprint, 2)] });
		const watch = startCrossfade(["watch", "--every", "100ms", "--require-migrated", "--verbose"], run);
		await watch.printed(/behind=1.*\n/);
		writeEvidence(join(run.cwd, "crossfade-evidence"), { traffic: migrated });
		await watch.printed(/safe=yes.*\n/);
		const { code, stdout } = await watch.stop();
		expect(code).toBe(0);
		expect(stdout.trim().split("\n")).toHaveLength(2);
	});

	test("--once looks once", async () => {
		expect(await crossfade(["watch", "--once"], fleet({ traffic: migrated }))).toMatchObject({
			code: 0,
			stdout: expect.stringContaining("yes"),
		});
	});

	test.each<[string, number, Parameters<typeof fleet>[0]]>([
		["is safe", 0, { traffic: migrated }],
		["has an alarm", 3, { probes: [probed(NEW.fingerprint, { outcome: "rejected" })] }],
		["is over", 124, { traffic: [sent(OLD.fingerprint, 2)], more: "overlap: { deadline: 2026-01-31T12:00:00Z }" }],
	])("--until-safe ends when it %s", async (_, code, setup) => {
		expect((await crossfade(["watch", "--until-safe", "--every", "100ms"], fleet(setup))).code).toBe(code);
	});

	test("--web serves the same in a browser on this machine, to anyone with the key", async () => {
		const run = fleet({ traffic: migrated });
		const watch = startCrossfade(["watch", "--web"], run);
		const url = await watch.find(/open +(http:\/\/127\.0\.0\.1:\d+\/\?key=\S+)/);
		const page = await fetch(url);
		expect(page.status).toBe(200);
		expect(await page.text()).toContain("mac-1");
		expect((await fetch(url)).status).toBe(403);
		expect((await watch.stop()).code).toBe(0);
	});

	test("an invalid interval is one clear error", async () => {
		expect(await crossfade(["watch", "--every", "0s"], fleet())).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("100ms or more"),
		});
	});
});
