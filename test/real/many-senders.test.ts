import { expect, test } from "vitest";
import { openStore } from "../../src/prove/evidence/store.ts";
import { scratch } from "../harness/cli.ts";
import { quietEffects } from "../harness/effects.ts";

/** The most that a writer counts each for itself is 200,000: too many for a test that runs with all the others. */
test("a writer with more senders than it can count each for itself says so, then and after a restart, and keeps the hosts of the rotation's tokens", async () => {
	const [old, now] = ["fedcba987654", Date.now()];
	const seen = {
		fingerprint: "0123456789ab",
		place: "gw",
		cli: "codex",
		signal: "logs",
		requests: 1,
		records: 10,
		bytes: 100,
		lastStatus: 200,
		version: "1.0",
	} as const;
	const store = await openStore(quietEffects(), scratch(), [old]);
	const look = async () => {
		const { traffic, series } = await store.read();
		return {
			records: traffic.reduce((sum, row) => sum + row.records, 0),
			oldHosts: traffic.filter(({ fingerprint }) => fingerprint === old).map(({ host }) => host),
			limits: series.map(({ limits }) => limits),
		};
	};
	const writer = await store.trafficWriter("gw");
	// Silent for longer than all others.
	for (const host of ["mac-a", "mac-b"]) writer.add({ ...seen, fingerprint: old, host, at: now - 30 * 60_000 });
	for (let index = 0; index < 199_997; index++) writer.add({ ...seen, host: `mac-${index}`, at: now });
	await writer.flush();
	expect(await look()).toMatchObject({ limits: [[]] });
	for (let index = 0; index < 2; index++) writer.add({ ...seen, host: `pc-${index}`, at: now });
	await writer.close();
	const full = { records: 2_000_010, oldHosts: ["mac-a", "mac-b"], limits: [["too many senders to count each one"]] };
	expect(await look()).toEqual(full);
	const next = await store.trafficWriter("gw");
	await next.close();
	expect(await look()).toEqual(full);
});
