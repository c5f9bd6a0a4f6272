import { execFileSync } from "node:child_process";
import {
	mkdirSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	symlinkSync,
	unlinkSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exitCodes } from "../../../src/base/errors.ts";
import type { OverlapView } from "../../../src/prove/overlap/view.ts";
import { canary } from "../../harness/canary.ts";
import { crossfadeProcess, type RunOutcome, scratch, startCrossfade } from "../../harness/cli.ts";
import { aThird } from "../../harness/matrix.ts";
import { attributed, metricsPage } from "../../harness/pages.ts";
import { needs, program } from "../../harness/parts.ts";
import { waitFor } from "../../harness/wait.ts";

const HOUR_S = 3_600;
const old = canary();

/** Writes a lock whose last sign of life was so many seconds ago, or is to come. */
const lock =
	(owner: string, seconds: number, name = ".lock") =>
	(file: string) => {
		writeFileSync(file + name, owner);
		const at = Date.now() / 1_000 + seconds;
		utimesSync(file + name, at, at);
	};
const HERE = hostname();
/** No process has this number: it is above every limit. */
const dead = lock(`4194304 ${HERE}\n`, 0);
const also =
	(...makes: readonly ((file: string) => void)[]) =>
	(file: string) => {
		for (const make of makes) make(file);
	};
const pipe = (name: string) => (file: string) => void execFileSync("mkfifo", [file + name]);
const link = (to: string, name: string) => (file: string) => symlinkSync(to, file + name);

/** What is found in the place of a lock or of a file of evidence, and whether counting goes on in spite of it. */
const FOUND: readonly (readonly [string, (file: string) => void, "counts" | "says"])[] = [
	["an empty lock that is old", lock("", -120), "counts"],
	["a lock of another machine that is old", lock("1 another-host\n", -120), "counts"],
	["a lock of another machine from the future", lock("1 another-host\n", HOUR_S), "counts"],
	["a lock whose owner's number another program has now", lock(`1 ${HERE}\n`, -120), "counts"],
	["the same, and the clock was set back", lock(`1 ${HERE}\n`, HOUR_S), "counts"],
	["a lock of a dead process", dead, "counts"],
	["a take-over that never ended", also(dead, lock("", -120, ".lock.next")), "counts"],
	["a take-over of another machine from the future", also(dead, lock("1 x\n", HOUR_S, ".lock.next")), "counts"],
	["a named pipe as the lock", pipe(".lock"), "says"],
	["a link to nothing as the lock", link("/nonexistent/x", ".lock"), "says"],
	["an endless device as the lock", link("/dev/zero", ".lock"), "says"],
	["a folder as the lock", (file) => mkdirSync(`${file}.lock`), "says"],
	["a named pipe as the second lock", also(dead, pipe(".lock.next")), "says"],
	["a named pipe as the evidence", pipe(""), "says"],
	["an endless device as the evidence", link("/dev/zero", ""), "says"],
	["a folder as the evidence", (file) => mkdirSync(file), "says"],
	["a link to nothing as the evidence, which is replaced", link("/nonexistent/x", ""), "counts"],
];

/** A folder for evidence in which something waits in the place of a file of this name. */
function found(make: (file: string) => void, name: string): string {
	const cwd = scratch();
	mkdirSync(join(cwd, "evidence"));
	make(join(cwd, "evidence", name));
	return cwd;
}

/** What a report makes of the folder: how often the old token was seen, and what is open about the evidence. */
async function reported(cwd: string) {
	const args = ["report", "--json", "--token", `old=fp:${old.fingerprint}`, "--evidence", "evidence"];
	const { code, stdout, stderr } = await crossfadeProcess(args, { cwd, canaries: [old] });
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	const { judgement } = JSON.parse(stdout) as OverlapView;
	const open = judgement.obligations.filter(({ state }) => state !== "proven");
	const seen = judgement.tokens.find(({ role }) => role === "old");
	return {
		answer: judgement.fleet.safeToRetire,
		requests: seen?.requests ?? 0,
		records: seen?.records ?? 0,
		probes: judgement.probes.length,
		whole: open.filter(({ id }) => id === "whole").map(({ about, witness }) => `${about}: ${witness}`),
	};
}

async function startTap(cwd: string) {
	const { url } = await metricsPage();
	const args = ["tap", "--to", new URL(url).origin, "--listen", "127.0.0.1:0", "--evidence", "evidence"];
	const tap = startCrossfade(args, { cwd, canaries: [old] });
	const to = await tap.find(/tap {7}(http:\S+) ->/);
	return {
		...tap,
		async send() {
			const headers = { authorization: `Bearer ${old.token}`, "content-type": "application/json" };
			const answer = await fetch(`${to}/v1/logs`, { method: "POST", headers, body: '{"resourceLogs":[]}' });
			await answer.arrayBuffer();
			expect(answer.status).toBe(200);
		},
	};
}

function expectIoError({ code, stderr }: Pick<RunOutcome, "code" | "stderr">): void {
	expect({ code, stderr }).toEqual({ code: exitCodes.io[0], stderr: expect.stringMatching(/^error: evidence[/:]/) });
}

describe("evidence that cannot be kept is never kept in silence", needs(program("mkfifo")), () => {
	test.each(aThird(FOUND, undefined, 0))("tap finds %s", async (_name, make, then) => {
		const cwd = found(make, "traffic-tap.ndjson");
		if (then === "says") {
			const { url } = await metricsPage();
			const args = ["tap", "--to", new URL(url).origin, "--listen", "127.0.0.1:0", "--evidence", "evidence"];
			expectIoError(await crossfadeProcess(args, { cwd }));
			return;
		}
		const tap = await startTap(cwd);
		await tap.send();
		expect(await tap.stop()).toMatchObject({ code: 0 });
		expect(await reported(cwd)).toMatchObject({ requests: 1, whole: [] });
	});

	test.each(aThird(FOUND, undefined, 1))("watch finds %s", async (_name, make, then) => {
		const cwd = found(make, "traffic-gateway-gw.ndjson");
		const page = await metricsPage(attributed(old.fingerprint, 5));
		const tokens = ["--token", `old=fp:${old.fingerprint}`, "--evidence", "evidence", "--gateway", `gw=${page.url}`];
		const watch = startCrossfade(["watch", "--every", "200ms", ...tokens], { cwd });
		await watch.printed(/safe=/);
		if (then === "says") {
			await watch.stop();
			const text = await crossfadeProcess(["watch", "--once", ...tokens], { cwd });
			expect(text.stdout).toMatch(/^ *gw +down/m);
			expect(text.stdout.replace(/\s+/g, " ")).toContain("the counters of gw cannot be saved: cannot");
			const strict = await crossfadeProcess(["watch", "--once", "--require-migrated", ...tokens], { cwd });
			expect(strict.code).toBe(exitCodes.noEvidence[0]);
			const json = await crossfadeProcess(["report", "--json", ...tokens], { cwd });
			const { gateways, judgement } = JSON.parse(json.stdout) as OverlapView;
			expect(gateways).toMatchObject([{ state: "down" }]);
			expect(judgement.fleet.safeToRetire).toBe("not known");
			const whole = judgement.obligations.filter(({ id }) => id === "whole").map(({ witness }) => witness);
			expect(whole.join()).toContain("the counters of gw cannot be saved");
			return;
		}
		page.text = attributed(old.fingerprint, 9);
		await watch.printed(/old_share=1/);
		await watch.stop();
		expect(await reported(cwd)).toMatchObject({ records: 4, whole: [] });
	});

	test.each(aThird(FOUND, undefined, 2))("probe finds %s", async (_name, make, then) => {
		const cwd = found(make, "probe-probe.ndjson");
		const { url } = await metricsPage();
		const args = ["--endpoint", new URL(url).origin, "--token", "old=env:OLD", "--signals", "logs"];
		const outcome = await crossfadeProcess(["probe", ...args, "--evidence", "evidence"], {
			cwd,
			canaries: [old],
			env: { OLD: old.token },
		});
		if (then === "says")
			expect(outcome).toMatchObject({ code: exitCodes.io[0], stderr: expect.stringContaining("evidence/probe-probe") });
		else expect(await reported(cwd)).toMatchObject({ probes: 1, whole: [] });
	});

	const evidence = (cwd: string, name = "") => join(cwd, "evidence", name);
	/** What becomes of the folder of a tap that runs. */
	const MEANWHILE: readonly (readonly [string, (cwd: string) => void])[] = [
		["its folder is removed", (cwd) => rmSync(evidence(cwd), { recursive: true })],
		[
			"another folder is put in the place of its own",
			(cwd) => {
				renameSync(evidence(cwd), `${cwd}/moved`);
				mkdirSync(evidence(cwd));
			},
		],
		[
			"a file is put in the place of its folder",
			(cwd) => {
				renameSync(evidence(cwd), `${cwd}/moved`);
				writeFileSync(evidence(cwd), "");
			},
		],
		[
			"its evidence becomes a link to another's file",
			(cwd) => {
				writeFileSync(`${cwd}/other`, "other\n");
				unlinkSync(evidence(cwd, "traffic-tap.ndjson"));
				symlinkSync(`${cwd}/other`, evidence(cwd, "traffic-tap.ndjson"));
			},
		],
		[
			"its evidence becomes a named pipe",
			(cwd) => {
				unlinkSync(evidence(cwd, "traffic-tap.ndjson"));
				pipe("")(evidence(cwd, "traffic-tap.ndjson"));
			},
		],
		["its evidence becomes one of a run before", (cwd) => writeFileSync(evidence(cwd, "traffic-tap.ndjson"), "{}\n")],
		[
			"its lock becomes a link to another's file",
			(cwd) => {
				writeFileSync(`${cwd}/other`, "other\n");
				unlinkSync(evidence(cwd, "traffic-tap.ndjson.lock"));
				symlinkSync(`${cwd}/other`, evidence(cwd, "traffic-tap.ndjson.lock"));
			},
		],
		[
			"its lock becomes a named pipe",
			(cwd) => {
				unlinkSync(evidence(cwd, "traffic-tap.ndjson.lock"));
				pipe(".lock")(evidence(cwd, "traffic-tap.ndjson"));
			},
		],
		[
			"its lock is taken by another",
			(cwd) => writeFileSync(evidence(cwd, "traffic-tap.ndjson.lock"), "1 another-host\n"),
		],
	];
	test.each(MEANWHILE)("a tap runs while %s", async (_name, meddle) => {
		const cwd = scratch();
		const tap = await startTap(cwd);
		await tap.send();
		const file = evidence(cwd, "traffic-tap.ndjson");
		await waitFor("the first request to be on disk", () => readFileSync(file, "utf8").includes('"rows":1'));
		meddle(cwd);
		await tap.send();
		const { code, stderr } = await tap.stop();
		if (readdirSync(cwd).includes("other")) expect(readFileSync(`${cwd}/other`, "utf8")).toBe("other\n");
		if (code !== 0) {
			expectIoError({ code, stderr: stderr.slice(stderr.indexOf("error:")) });
			return;
		}
		const { requests, whole } = await reported(cwd);
		expect(requests).toBe(2);
		// What came between the last write and the meddling is in memory all the same.
		expect(whole.join()).toMatch(/^$|another program replaced its evidence file/);
	});

	test("a report says that a link, a pipe or a folder is in the place of evidence", async () => {
		const cwd = scratch();
		mkdirSync(evidence(cwd));
		mkdirSync(evidence(cwd, "probe-a.ndjson"));
		symlinkSync("/nonexistent/x", evidence(cwd, "traffic-b.ndjson"));
		pipe("")(evidence(cwd, "statement-c.ndjson"));
		const { answer, whole } = await reported(cwd);
		expect(answer).toBe("not known");
		expect(whole.map((each) => /[a-z]+-[abc]\.ndjson/.exec(each)?.[0]).sort()).toEqual([
			"probe-a.ndjson",
			"statement-c.ndjson",
			"traffic-b.ndjson",
		]);
	});
});
