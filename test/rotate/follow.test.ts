import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openStore } from "../../src/prove/evidence/store.ts";
import type { Sighting } from "../../src/prove/evidence/traffic.ts";
import { presentable } from "../../src/rotate/follow.ts";
import type { JournalEntry } from "../../src/rotate/record.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { startCrossfade } from "../harness/cli.ts";
import { quietEffects } from "../harness/effects.ts";
import { sent, writeEvidence } from "../harness/evidence.ts";
import { openedWith, stateAfter } from "../harness/journal.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";
import { openTap } from "../harness/tap.ts";
import { waitFor } from "../harness/wait.ts";

async function pasted(): Promise<{ world: RotationWorld; old: string; fresh: string }> {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	const fresh = fingerprint(await world.click());
	await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	return { world, old: fingerprint(world.first), fresh };
}

describe("--rotation", () => {
	test("gives report both tokens and the deadline of the journal, and shows phase, stores and the next human step", async () => {
		const { world, old, fresh } = await pasted();
		const { stdout } = await world.run("ok", "report", "--rotation", "it", "--json");
		const { names, rotation, operation } = JSON.parse(stdout);
		expect(names).toEqual({ [old]: "old", [fresh]: "new" });
		expect(rotation.deadlineSource).toBe("24 h from the rotation");
		expect(operation).toMatchObject({ name: "it", provider: "Torii", phase: "waiting for evidence from each store" });
		const text = (await world.run("ok", "report", "--rotation", "it")).stdout;
		expect(text).toContain("Rotation it: waiting for evidence from each store");
		expect(text).toContain("file: new token written, unproven");
		expect(text).toContain("crossfade rotate resume it --confirmed file --because REASON");
		await world.run("ok", "report", "--rotation", "it", "--out", "overlap.html");
		expect(world.read("overlap.html")).toContain("waiting for evidence from each store");
	});

	test("gives watch the same, in one line where nobody looks", async () => {
		const { world } = await pasted();
		const { stdout } = await world.run("ok", "watch", "--rotation", "it", "--once");
		expect(stdout).toContain("a person is needed:");
	});

	test("gives probe the values; the old one is left out, and told, once a store has the new one", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const before = await world.run("ok", "probe", "--rotation", "it", "--json");
		expect(JSON.parse(before.stdout).rows.map((row: { token: string }) => row.token)).toContain("old");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		const after = await world.run("ok", "probe", "--rotation", "it", "--json");
		const tokens = JSON.parse(after.stdout).rows.map((row: { token: string }) => row.token);
		expect([...new Set(tokens)]).toEqual(["new"]);
		expect(after.stderr).toContain("the old token is not sent");
		// On the way back the old token is in use again.
		await world.rotate("personNeeded", "rollback");
		const back = await world.run("ok", "probe", "--rotation", "it", "--json");
		expect(back.stdout).toContain('"old"');
	});

	test("gives tap their fingerprints: it finds both tokens where it would look for no other", async () => {
		const { world, old, fresh } = await pasted();
		const args = ["tap", "--to", world.url, "--listen", "127.0.0.1:0", "--rotation", "it"];
		const tap = startCrossfade(args, { cwd: world.cwd });
		const url = await tap.find(/tap {7}(http:\S+) ->/);
		for (const [token, id] of [
			[world.first, old],
			[world.read("live.token"), fresh],
		] as const) {
			const headers = { "content-type": "application/x-protobuf", "x-elsewhere": token };
			await fetch(`${url}/v1/logs`, { method: "POST", headers, body: Buffer.from(otlpRequest("logs", 1)) });
			await tap.find(new RegExp(`fp=${id} logs`));
		}
		await tap.stop();
	});

	test("of a name that is not in the file names the one that is meant", async () => {
		const world = await rotationWorld("torii");
		const { stderr } = await world.run("usage", "tap", "--to", "http://127.0.0.1:9", "--rotation", "its");
		expect(stderr).toContain("did you mean --rotation it?");
	});

	test.each([
		["report", ["--rotation", "it", "--token", "old=fp:0123456789ab"], "usage", "cannot be combined"],
		["probe", ["--rotation", "it", "--endpoint", "http://127.0.0.1:9"], "usage", "cannot be combined"],
		["watch", ["--once", "--rotation", "other"], "usage", "other"],
		["report", ["--rotation", "it", "--fleet", "-"], "usage", "not with standard input"],
		["report", ["--rotation", "it"], "refused", "has no journal"],
	] as const)("of %s %j is one clear error", async (command, flags, exit, says) => {
		const world = await rotationWorld("torii");
		const { stderr, stdout } = await world.run(exit, command, ...flags);
		expect({ stdout, says: stderr.includes(says) }).toEqual({ stdout: "", says: true });
	});

	test("of a provider without OTLP is refused by probe, and nothing is sent anywhere", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const { stderr } = await world.run("usage", "probe", "--rotation", "it");
		expect(stderr).toContain("Tooken takes no OTLP");
	});

	test("of an operation that is over is told: its key is gone", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		await world.rotate("waiting", "rollback");
		await world.later("2m");
		await world.rotate("ok", "resume");
		await world.run("ok", "report", "--rotation", "it");
	});
});

describe("S11: our own probes are not senders", () => {
	test("what the engine sends through a place that counts is a probe in the evidence, and no sender", async () => {
		const world = await rotationWorld("torii");
		const folder = join(world.cwd, "crossfade-evidence");
		const writer = await (await openStore(quietEffects(), folder)).trafficWriter("gw");
		const counted = new Set<string>();
		const add = (seen: Sighting) => {
			writer.add(seen);
			counted.add(seen.fingerprint);
		};
		const tap = await openTap(world.url, { place: "gw", now: Date.now, add });
		world.write("crossfade.yaml", world.fleet.replace(world.url, tap.url));
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await waitFor("both tokens to be counted", () => counted.size >= 2);
		await writer.flush();
		const { stdout } = await world.run("ok", "report", "--rotation", "it", "--json");
		const { judgement } = JSON.parse(stdout);
		expect(judgement.senders).toEqual([]);
		expect(judgement.tokens.map((token: { requests: number }) => token.requests)).toEqual([0, 0]);
		const probed = judgement.probes.map((each: { evidence: { token: string; outcome: string } }) => each.evidence);
		expect(new Set(probed.map((each: { token: string }) => each.token))).toEqual(new Set(["old", "new"]));
		await writer.close();
	});

	test("no command between promotion and the proof of death moves the old token's last use", async () => {
		const world = await managed("tooken", { store: "confirm: traffic, feeds: [gw], within: 1m" });
		await world.rotate("waiting", "start");
		const old = fingerprint(world.first);
		const lastUse = async () =>
			(await world.status()).tokens.find((each) => each.fingerprint === old)?.lastUsedAt ?? expect.unreachable();
		const before = await lastUse();
		await world.later("2m");
		await world.rotate("waiting", "resume");
		writeEvidence(join(world.cwd, "crossfade-evidence"), {
			traffic: [sent(fingerprint(world.read("live.token")), -3)],
		});
		await world.later("2m");
		await world.rotate("personNeeded", "resume");
		await world.rotate("personNeeded", "status");
		await world.run("ok", "report", "--rotation", "it");
		await world.rotate("noEvidence", "retire");
		expect(await lastUse()).toBe(before);
	});
});

test("S11: the old token may be presented until a store is asked to take the new one, and again on the way back", () => {
	const sealed = (what: "old" | "new"): JournalEntry => ({
		is: "sealed",
		what,
		sequence: 1,
		fingerprint: what,
		box: "",
	});
	const entries: readonly JournalEntry[] = [
		openedWith("a"),
		sealed("old"),
		sealed("new"),
		{ is: "captured", fingerprint: "new", since: 0 },
		{ is: "begun", step: "write:a" },
		{ is: "word", about: "rollback" },
		{ is: "word", about: "forward" },
	];
	expect(entries.map((_, index) => presentable(stateAfter(entries.slice(0, index + 1))).join())).toEqual([
		"",
		"old",
		"old",
		"old,new",
		"new",
		"old,new",
		"new",
	]);
});
