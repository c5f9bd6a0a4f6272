import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { OverlapView } from "../../src/prove/overlap/view.ts";
import { logExportRequest } from "../../src/rehearse/demo/request.ts";
import { canary } from "../harness/canary.ts";
import { crossfadeProcess, scratch, startCrossfade } from "../harness/cli.ts";
import { startProvider } from "../harness/provider.ts";
import { pause, waitFor } from "../harness/wait.ts";

/** Every process of a test reads how far its clock is ahead from one file. */
const AHEAD = `data:text/javascript,${encodeURIComponent(
	'import { readFileSync } from "node:fs"; const real = Date.now; Date.now = () => real() + Number(readFileSync(process.env.AHEAD_MS, "utf8"));',
)}`;

const HOUR_MS = 3_600_000;

/** A provider and a tap as programs of their own, a fleet file, and one clock for them and for whoever looks. */
async function startOverlap() {
	const clock = { nodeArgs: ["--import", AHEAD], env: { AHEAD_MS: join(scratch({ "ahead.txt": "0" }), "ahead.txt") } };
	const provider = await startProvider([], clock);
	const first = provider.token;
	const next = await provider.rotate();
	const stranger = canary().token;
	const cwd = scratch({ "home/x": "" });
	for (const [name, token] of Object.entries({ old: first, new: next }))
		writeFileSync(join(cwd, `${name}.token`), token, { mode: 0o600 });
	mkdirSync(join(cwd, "evidence"));
	const started = new Date().toISOString();
	writeFileSync(
		join(cwd, "crossfade.yaml"),
		`version: 1
overlap: { started: ${started}, lasts: 24h }
tokens: { old: "file:old.token", new: "file:new.token" }
hosts: { expected: [mac-moved, mac-both, mac-old, mac-asleep, mac-late] }
every: 1h
evidence: evidence
`,
	);
	const canaries = [first, next, stranger].map((token) => ({ token, fingerprint: "" }));
	const options = {
		cwd,
		canaries,
		holders: ["old.token", "new.token"],
		nodeArgs: clock.nodeArgs,
		env: { ...clock.env, HOME: join(cwd, "home") },
	};
	const tap = startCrossfade(
		["tap", "--to", provider.url, "--listen", "127.0.0.1:0", "--evidence", "evidence", "--json"],
		options,
	);
	const url = await tap.find(/tap {7}(http:\S+) ->/);
	let ahead = 0;
	let sent = 0;
	const look = async (...args: string[]) => crossfadeProcess(["report", ...args], options);
	/** What a report says once all that was sent is on the disk. */
	const seen = async (): Promise<OverlapView> =>
		waitFor("the evidence to reach the disk", async () => {
			// It is written seconds after a request, and a look costs more than that wait.
			await pause(1_000);
			const view: OverlapView = JSON.parse((await look("--json")).stdout);
			const { tokens } = view.judgement;
			return tokens.reduce((sum, { requests }) => sum + requests, 0) === sent ? view : undefined;
		});
	return {
		provider,
		first,
		next,
		stranger,
		tap,
		look,
		ask: (args: readonly string[]) => crossfadeProcess(args, options),
		/** Hours later. What was sent is counted by then: a request has its time once it is answered, and its sender does not wait for that. */
		async later(hours: number) {
			await seen();
			ahead += hours * HOUR_MS;
			// Whoever reads it in the middle of a write would be back at the start.
			writeFileSync(`${clock.env.AHEAD_MS}.next`, String(ahead));
			renameSync(`${clock.env.AHEAD_MS}.next`, clock.env.AHEAD_MS);
		},
		async send(host: string, token: string, cli = "codex") {
			const sender = {
				host,
				cli,
				service: cli,
				version: "1.0",
				path: "bearer" as const,
				every: 1,
				awake: [],
				moves: 0,
			};
			const request = logExportRequest(url, sender, token, Date.now());
			const { url: to, headers = {}, body = null } = request;
			const answer = await fetch(to, { method: "POST", headers, body });
			expect(answer.status, await answer.text()).toBe(token === stranger ? 401 : 200);
			sent++;
		},
		seen,
	};
}

function verdicts({ judgement }: OverlapView): Record<string, string> {
	return Object.fromEntries(judgement.senders.map(({ host, verdict }) => [host, verdict]));
}

describe("an overlap from its first hour to its last, over real programs", () => {
	test("every verdict about a sender, and the gate, for the right reason", async () => {
		const { provider, first, next, stranger, tap, look, ask, later, send, seen } = await startOverlap();
		const untilSafe = async () => (await ask(["watch", "--once", "--require-migrated"])).code;

		expect((await look("--require-migrated")).code).toBe(9);
		for (const host of ["mac-moved", "mac-both", "mac-old"]) await send(host, first);
		await send("build-box", stranger);
		await later(1);
		await send("mac-moved", next);
		// The provider refuses the stranger: it is no sender, and what it sent is lost.
		const soon = await seen();
		expect(verdicts(soon)).toEqual({
			"mac-moved": "NEW SEEN",
			"mac-both": "OLD ONLY",
			"mac-old": "OLD ONLY",
			"mac-asleep": "SILENT",
			"mac-late": "SILENT",
		});
		expect(soon.judgement.tokens.find(({ role }) => role === "other")).toMatchObject({ requests: 1, refused: 1 });
		expect((await look("--require-migrated")).code).toBe(5);

		await later(1);
		await send("mac-moved", next);
		for (const token of [next, first]) await send("mac-both", token, "gemini");
		const hours = await seen();
		expect(verdicts(hours)).toMatchObject({ "mac-moved": "MIGRATED", "mac-old": "OLD ONLY", "mac-asleep": "SILENT" });
		expect(
			hours.judgement.senders.filter(({ host }) => host === "mac-both").map(({ cli, verdict }) => [cli, verdict]),
		).toEqual([
			["codex", "OLD ONLY"],
			["gemini", "MIXED"],
		]);
		expect(hours.judgement.fleet).toMatchObject({ safeToRetire: "not yet", behind: 3, silent: 2 });

		// Heard every hour; an hour alone is not enough, and a jump over the night proves nothing.
		for (let hour = 0; hour < 3; hour++) {
			await later(1);
			for (const host of ["mac-moved", "mac-both", "mac-old", "mac-asleep", "mac-late"]) await send(host, next);
			await send("mac-both", next, "gemini");
			if (hour === 0) expect((await look("--require-migrated")).code).not.toBe(0);
		}
		const almost = await seen();
		expect(verdicts(almost)).toMatchObject({ "mac-old": "MIGRATED", "mac-asleep": "MIGRATED", "mac-late": "MIGRATED" });
		expect(almost.judgement.fleet).toMatchObject({ safeToRetire: "yes", behind: 0, silent: 0 });
		expect([(await look("--require-migrated")).code, await untilSafe()]).toEqual([0, 0]);

		// The old token dies at the provider before its time: an alarm, whatever the traffic says.
		const probe = ["probe", "--endpoint", provider.url, "--signals", "logs", "--evidence", "evidence"];
		expect(await ask(probe)).toMatchObject({ code: 0, stdout: expect.stringContaining("ACCEPTED") });
		await provider.advance("24h");
		expect(await ask(probe)).toMatchObject({ code: 4, stdout: expect.stringContaining("OLD ALREADY DEAD") });
		expect((await look()).code).toBe(4);
		await later(24);
		expect(await ask(probe)).toMatchObject({ code: 0, stdout: expect.stringContaining("REJECTED") });
		expect(await tap.stop()).toMatchObject({ code: 0 });
	});

	test("an old token that is used again makes a safe fleet unsafe", async () => {
		const { first, next, tap, look, later, send, seen } = await startOverlap();
		const everybody = ["mac-moved", "mac-both", "mac-old", "mac-asleep", "mac-late"];
		for (const host of everybody) await send(host, first);
		for (let hour = 0; hour < 3; hour++) {
			await later(1);
			for (const host of everybody) await send(host, next);
		}
		const { judgement } = await seen();
		expect(judgement.obligations.filter(({ state }) => state !== "proven")).toEqual([]);
		expect(judgement.fleet.safeToRetire).toBe("yes");
		await send("mac-both", first);
		const view = await seen();
		expect(verdicts(view)).toMatchObject({ "mac-both": "MIXED", "mac-old": "MIGRATED" });
		expect(view.judgement.fleet).toMatchObject({ safeToRetire: "not yet", behind: 1 });
		expect((await look("--require-migrated")).code).toBe(5);
		await tap.stop();
	});
});
