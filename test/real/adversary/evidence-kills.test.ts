import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../../../src/prove/evidence/store.ts";
import { canary } from "../../harness/canary.ts";
import { scratch, startCrossfade } from "../../harness/cli.ts";
import { quietEffects } from "../../harness/effects.ts";
import { howMany } from "../../harness/matrix.ts";
import { metricsPage } from "../../harness/pages.ts";
import { pause } from "../../harness/wait.ts";

/** Few in every run, and more in the long one than were tried before. */
const KILLS = howMany(10, 240);
/** A tap that is told to stop has written its last file by then, mostly: some are killed before it, some while it is written, some after. */
const LONGEST_MS = 60;

test(`a tap killed at ${KILLS} moments around its last write: its evidence is whole, with what was written before`, {
	timeout: 30 * 60_000,
}, async () => {
	const token = canary();
	const cwd = scratch();
	const { url } = await metricsPage();
	const start = async () => {
		const args = ["tap", "--to", new URL(url).origin, "--listen", "127.0.0.1:0", "--evidence", "evidence"];
		const tap = startCrossfade(args, { cwd, canaries: [token] });
		const to = await tap.find(/tap {7}(http:\S+) ->/);
		const headers = { authorization: `Bearer ${token.token}`, "content-type": "application/json" };
		const answer = await fetch(`${to}/v1/logs`, { method: "POST", headers, body: '{"resourceLogs":[]}' });
		await answer.arrayBuffer();
		return tap;
	};
	const store = await openStore(quietEffects(), join(cwd, "evidence"));
	const counted = async () => {
		const { traffic, warnings } = await store.read();
		expect(warnings).toEqual([]);
		return traffic.reduce((sum, { requests }) => sum + requests, 0);
	};
	let before = 0;
	let lost = 0;
	for (let round = 0; round < KILLS; round++) {
		const tap = await start();
		tap.signal("SIGINT");
		await pause((LONGEST_MS * round) / KILLS);
		await tap.kill();
		const now = await counted();
		expect([before, before + 1]).toContain(now);
		if (now === before) lost++;
		before = now;
	}
	process.stdout.write(`${KILLS} kills, ${lost} of them before the last write, 0 torn files\n`);
	expect((await (await start()).stop()).code).toBe(0);
	expect(await counted()).toBe(before + 1);
	const { series } = await store.read();
	// What was killed left a gap, and the last one, which was not, none.
	expect(series).toMatchObject([{ isClosed: true }]);
	expect(
		readdirSync(join(cwd, "evidence"))
			.filter((name) => !name.endsWith(".tmp"))
			.sort(),
	).toEqual(["folder.id", "traffic-tap.ndjson"]);
});
