import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import { newAgeKey } from "../../src/rotate/sealing.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { sent, writeEvidence } from "../harness/evidence.ts";
import { managed, rotationWorld } from "../harness/rotate.ts";

describe("a token that a person rotates, and a clock ends", () => {
	test("goes from the portal to the store, waits out the overlap, and is proven dead", async () => {
		const world = await rotationWorld("torii");
		expect(await world.rotate("ok", "plan")).toContain("no way back after: 24 hours after the rotation");
		expect(await world.rotate("personNeeded", "start")).toContain("Choose Rotate and confirm");
		const fresh = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(fresh);
		await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "seen in its log");
		expect(await world.rotate("waiting", "resume")).toContain("the old token ends by itself");
		await world.later("24h2m");
		expect(await world.rotate("ok", "resume")).toContain("this operation is over: done");
		expect(await world.rotate("ok", "status")).toContain("it: done");
		expect(await world.rotate("ok", "log")).toContain("confirmed file: seen in its log");
	});

	test("S6: the deadline counts from the earliest moment at which the click can have been", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.later("8h");
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		const { deadline, startedAt } = JSON.parse(await world.rotate("personNeeded", "status", "--json"));
		expect(deadline.at - startedAt).toBeLessThan(24 * 3_600_000 + 60_000);
	});

	test("S7: a rollback is a pause that keeps the deadline", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const fresh = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(await world.rotate("personNeeded", "rollback")).toContain("Its clock runs on");
		expect(world.read("live.token")).toBe(world.first);
		expect(await world.rotate("personNeeded", "status")).toContain("old ends");
		await world.rotate("personNeeded", "resume", "--forward");
		expect(world.read("live.token")).toBe(fresh);
	});

	test("OLD STILL ALIVE is an alarm, unless its support gave it more time", async () => {
		const world = await rotationWorld("torii", { settings: { overlap: "48h" } });
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "seen");
		await world.later("24h2m");
		expect(await world.rotate("oldInUse", "resume")).toContain("OLD STILL ALIVE");
		const until = new Date(Date.now() + 49 * 3_600_000).toISOString();
		expect(await world.rotate("ok", "reopen", "--until", until)).toContain("the provider's support");
		await world.rotate("waiting", "resume");
		await world.later("25h");
		await world.rotate("ok", "resume");
	});

	test.each([
		["the old token", (old: string) => old, "this is the old token"],
		["with the word Bearer", () => `Bearer ${canary().token}`, "starts with the word Bearer"],
		["half of it", () => "tok_live_123", "is too short"],
		["two lines", () => `${canary().token}\n${canary().token}`, "white space"],
	])("a paste of %s is refused, and nothing is changed", async (_, text, says) => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		world.write("new.token", text(world.first));
		expect(await world.rotate("refused", "resume", "--token", "file:new.token")).toContain(says);
		expect(world.read("live.token")).toBe(world.first);
	});

	test("a paste of another environment's token is asked for again", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		const right = world.read("new.token");
		world.write("new.token", canary().token);
		expect(await world.rotate("personNeeded", "resume", "--token", "file:new.token")).toContain(
			"the provider refuses the new token",
		);
		expect(world.read("live.token")).toBe(world.first);
		world.write("new.token", right);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(right);
	});

	test("S14: what a person did is taken over, and a rotation by hand after the end is noticed", async () => {
		const world = await rotationWorld("torii");
		await world.click();
		const click = new Date(Date.now() - 60_000).toISOString();
		expect(await world.rotate("unsafePlan", "start", "--adopt", "file:new.token")).toContain("--since");
		await world.rotate("personNeeded", "start", "--adopt", "file:new.token", "--since", click);
		await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "seen");
		await world.later("24h2m");
		await world.rotate("ok", "resume");
		world.write("live.token", canary().token);
		expect(await world.rotate("personNeeded", "status")).toContain("somebody rotated by hand");
	});
});

describe("a token that an API makes, and another call ends", () => {
	test("is retired on a yes or with a reason, never before", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		expect(await world.rotate("personNeeded", "retire")).toContain("See that what reads store file");
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		// S4: without evidence up to now the verdict is no yes.
		expect(await world.rotate("noEvidence", "retire")).toContain("The old token was not ended");
		expect(await world.stateOf(world.first)).toBe("active");
		await world.rotate("ok", "retire", "--despite", "a rehearsal");
		expect(await world.stateOf(world.first)).toBe("revoked");
		expect(await world.rotate("ok", "log")).toContain("a rehearsal");
	});

	test("a second rotation knows the id of the token that the first one made", async () => {
		const world = await managed("tooken");
		for (const _ of [1, 2]) {
			await world.rotate("personNeeded", "start");
			await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
			await world.rotate("ok", "retire", "--despite", "a rehearsal");
		}
		const { tokens } = await world.status();
		expect(tokens.map(({ state }) => state)).toEqual(["active", "revoked", "revoked"]);
		expect(tokens[0]?.fingerprint).toBe(fingerprint(world.read("live.token")));
	});

	test("a rotation after one that went back knows the id of the token that is in use, and ends that one", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		await world.rotate("ok", "retire", "--despite", "a rehearsal");
		await world.rotate("personNeeded", "start");
		await world.rotate("waiting", "rollback");
		await world.later("2m");
		await world.rotate("ok", "resume");
		const inUse = world.read("live.token");
		await world.rotate("personNeeded", "start");
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		await world.rotate("ok", "retire", "--despite", "a rehearsal");
		expect(await world.stateOf(inUse)).toBe("revoked");
	});

	test.each(["mint-revoke", "rotate"])(
		"the id of a token that was revoked is not of the one in use: %s",
		async (id) => {
			const world = await managed("tooken", { rotation: [`strategy: ${id}`] });
			const fleet = world.read("crossfade.yaml");
			const { id: other } = await world.control("/mint");
			await world.control("/revoke", { token: other });
			world.write("crossfade.yaml", fleet.replace(/token-id: \S+/, `token-id: ${other}`));
			const said = await world.rotate("unsafePlan", "start", "--accept-outage");
			expect(said).toContain("does not show the token that is to be rotated");
		},
	);

	test("a rollback puts the old one back and ends the new one", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		// Whoever took the new one up has its time to follow back: until then both are accepted.
		expect(await world.rotate("waiting", "rollback")).toContain("had time to go back to the old one");
		expect(world.read("live.token")).toBe(world.first);
		expect(await world.stateOf(fresh)).toBe("active");
		await world.rotate("waiting", "resume");
		await world.later("2m");
		expect(await world.rotate("ok", "resume")).toContain("this operation is over: rolled back");
		expect(await world.stateOf(fresh)).toBe("revoked");
	});

	test.each(["reset", "malformed", "504"])(
		"an answer that is lost (%s): the token nobody has is found, ended, and made again",
		async (fault) => {
			const world = await managed("tooken");
			// Two requests look at the token; the next one issues.
			await world.control("/fault", { fault, on: "manage", skip: 2, times: 1 });
			await world.rotate(fault === "malformed" ? "personNeeded" : "unknownState", "start");
			await world.rotate("personNeeded", "resume");
			const { tokens } = await world.status();
			const active = tokens.filter(({ state }) => state === "active").map(({ fingerprint: id }) => id);
			expect(active.sort()).toEqual([fingerprint(world.first), fingerprint(world.read("live.token"))].sort());
		},
	);
});

describe("a token that rotates itself, and has ten minutes", () => {
	test("is sealed before it is read, and the old one is proven dead", async () => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		await world.rotate("personNeeded", "start");
		await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "seen");
		await world.later("12m");
		await world.rotate("ok", "resume");
		expect(await world.stateOf(world.first)).toBe("expired");
	});

	test("places that need as long are refused before anything happens, and nothing is left open", async () => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"], store: "confirm: person" });
		expect(await world.rotate("unsafePlan", "start")).toContain("ends 10 minutes after the call");
		expect(await world.rotate("ok", "status")).toContain("never rotated");
		expect(await world.stateOf(world.first)).toBe("active");
	});
});

describe("a token that a person mints, and a person revokes", () => {
	test("S15, S16: the wrong row revoked is noticed, and the old token goes back at once", async () => {
		const world = await rotationWorld("activitylog");
		await world.rotate("personNeeded", "start");
		const fresh = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		expect(await world.rotate("personNeeded", "retire", "--despite", "a rehearsal")).toContain("revoke the old one");
		await world.control("/revoke", { token: fingerprint(fresh) });
		const said = await world.rotate("ok", "resume", "--ended");
		expect(said).toContain("the new token was ended in place of the old one");
		expect(world.read("live.token")).toBe(world.first);
	});

	test("a token with another retention stops before it is promoted", async () => {
		const world = await rotationWorld("activitylog", { settings: { tier: "pro", retention: "7" } });
		await world.rotate("personNeeded", "start");
		await world.click({ retentionDays: 30 });
		expect(await world.rotate("personNeeded", "resume", "--token", "file:new.token")).toContain(
			"its retentionDays differs",
		);
		expect(world.read("live.token")).toBe(world.first);
	});
});

describe("a key of which only a page tells the end", () => {
	test("asks for that time, and counts from it", async () => {
		const world = await rotationWorld("wrapd", { rotation: ["harmless: alice/uptime"] });
		expect(await world.rotate("personNeeded", "start")).toContain("Choose 15m as the grace");
		await world.click({ grace: "15m" });
		expect(await world.rotate("usage", "resume", "--token", "file:new.token")).toContain("--old-ends");
		const ends = new Date(Date.now() + 15 * 60_000).toISOString();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token", "--old-ends", ends);
		await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "seen");
		await world.later("17m");
		await world.rotate("ok", "resume");
	});
});

describe("evidence", () => {
	const FLEET = ["hosts: { expected: [mac-1] }", "clis: [codex]", "every: 1h"];

	async function written() {
		const world = await managed("tooken", { store: "confirm: traffic, feeds: [gw], within: 1m", more: FLEET });
		expect(await world.rotate("waiting", "start")).toContain("nothing accepted with the new token was counted at gw");
		const [old, fresh] = [fingerprint(world.first), fingerprint(world.read("live.token"))];
		return { world, old, fresh, evidence: join(world.cwd, "crossfade-evidence") };
	}

	/** A rotation whose verdict was yes, so that a person may end the old token. */
	async function allowed() {
		const world = await rotationWorld("activitylog", {
			store: "confirm: traffic, feeds: [gw], within: 1m",
			more: FLEET,
		});
		const [old, fresh] = [fingerprint(world.first), fingerprint(await world.click())];
		const since = new Date(Date.now() - 4 * 3_600_000).toISOString();
		await world.rotate("waiting", "start", "--adopt", "file:new.token", "--since", since);
		const evidence = join(world.cwd, "crossfade-evidence");
		const traffic = [sent(old, 190), ...[160, 120, 80, 40, 0].map((minutes) => sent(fresh, minutes))];
		writeEvidence(evidence, { traffic });
		await world.later("2m");
		await world.rotate("personNeeded", "resume");
		expect(await world.rotate("personNeeded", "retire")).toContain("revoke the old one");
		return { world, old, traffic, evidence };
	}

	test("of the new token in particular confirms a store, and no other", async () => {
		const { world, old, fresh, evidence } = await written();
		// Traffic from before the write, and of another place, confirms nothing.
		writeEvidence(evidence, { traffic: [sent(old, 300), sent(fresh, 5), sent(fresh, 0, { place: "gw-2" })] });
		await world.later("2m");
		expect(await world.rotate("waiting", "resume")).toContain("nothing accepted");
		writeEvidence(evidence, { traffic: [sent(old, 300), sent(fresh, 200), sent(fresh, -3)], until: Date.now() });
		await world.later("2m");
		expect(await world.rotate("personNeeded", "resume")).toContain("Every store is confirmed");
	});

	test("of our own test records confirms no store", async () => {
		const { world, old, fresh, evidence } = await written();
		const probe = { cli: "crossfade-probe" };
		const through = sent(fresh, -3, { ...probe, host: `gateway gw with ${fresh}` });
		const straight = sent(fresh, -3, { ...probe, host: `probe with ${fresh}` });
		writeEvidence(evidence, { traffic: [sent(old, 300), through, straight], until: Date.now() });
		await world.later("2m");
		expect(await world.rotate("waiting", "resume")).toContain("nothing accepted with the new token was counted at gw");
	});

	test("that satisfies the judge lets retire go on, and a person ends the old token", async () => {
		const { world, old } = await allowed();
		expect(await world.rotate("ok", "log")).toContain("the verdict was yes");
		await world.control("/revoke", { token: old });
		await world.rotate("ok", "resume", "--ended");
		expect(await world.stateOf(world.first)).toBe("revoked");
	});

	test("S4: that was enough once is looked at again before a person is told once more to end the old token", async () => {
		const { world, old, traffic, evidence } = await allowed();
		writeEvidence(evidence, { traffic: [...traffic, sent(old, 1)] });
		expect(await world.rotate("oldInUse", "retire")).toContain("do not end it, although an earlier look allowed that");
		expect(await world.rotate("personNeeded", "status")).not.toContain("revoke the old one");
		expect(await world.rotate("refused", "resume", "--ended")).toContain("is not to be ended yet");
		expect(await world.rotate("ok", "log")).toContain("withdrawn: the verdict is no");
		writeEvidence(evidence, { traffic });
		expect(await world.rotate("personNeeded", "retire")).toContain("revoke the old one");
	});

	test("S4: a yes is forgotten on the way back, and has to be said again on the way forward", async () => {
		const world = await rotationWorld("activitylog");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		await world.rotate("personNeeded", "retire", "--despite", "a rehearsal");
		await world.rotate("waiting", "rollback");
		await world.rotate("personNeeded", "resume", "--forward");
		const said = await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen again");
		expect(said).toContain("When the verdict is yes");
		expect(await world.rotate("refused", "resume", "--ended")).toContain("is not to be ended yet");
	});

	test("S4: that ends before now, or shows the old token, is no yes", async () => {
		const { world, old, fresh, evidence } = await written();
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		for (const [traffic, until, exit] of [
			[[sent(old, 300), sent(fresh, 200), sent(fresh, 121)], Date.now() - 2 * 3_600_000, "noEvidence"],
			[[sent(fresh, 200), sent(fresh, 0), sent(old, 1)], Date.now(), "oldInUse"],
		] as const) {
			writeEvidence(evidence, { traffic: [...traffic], until });
			await world.rotate(exit, "retire");
			expect(await world.stateOf(world.first)).toBe("active");
		}
	});

	test("of a program that prints the new token's fingerprint confirms, and nothing else that it prints", async () => {
		const world = await rotationWorld("torii", { store: "confirm: [sh, seen.sh], within: 1m" });
		world.write("seen.sh", "echo nothing\n");
		await world.rotate("personNeeded", "start");
		const fresh = await world.click();
		expect(await world.rotate("waiting", "resume", "--token", "file:new.token")).toContain("did not print");
		world.write("seen.sh", `echo using fp=${fingerprint(fresh)}\n`);
		await world.later("2m");
		await world.rotate("waiting", "resume");
		expect(await world.rotate("waiting", "status")).toContain("its program printed the new token's fingerprint");
	});
});

describe("sequences that end badly elsewhere", () => {
	test("S1: on a machine that is thrown away the provider is not called, unless the journal is kept in a store", async () => {
		const world = await managed("tooken");
		const env = { RUNNER_ENVIRONMENT: "github-hosted" };
		for (const verb of ["plan", "start"]) {
			expect(await world.process(verb, [], { env })).toMatchObject({ code: exitCodes.unsafePlan[0] });
		}
		expect((await world.status()).tokens).toHaveLength(1);
		await world.process("start", [], { env: { RUNNER_ENVIRONMENT: "self-hosted" } });
		expect((await world.status()).tokens).toHaveLength(2);
	});

	test("S2, S5: roles come from the journal, and a third token in the store is not overwritten", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		const third = canary().token;
		world.write("live.token", third);
		expect(await world.rotate("personNeeded", "resume", "--token", "file:new.token")).toContain(
			"holds a token of somebody else",
		);
		expect(world.read("live.token")).toBe(third);
		world.write("live.token", world.first);
		await world.rotate("personNeeded", "resume");
		// The reference `store:file` gives the new token now; the old one comes from the journal.
		await world.rotate("personNeeded", "rollback");
		expect(world.read("live.token")).toBe(world.first);
	});

	test("S9: a lost paste is asked for again; what cannot end well is closed, with what was left behind", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(await world.rotate("personNeeded", "resume", "--lost")).toContain("Choose Rotate");
		expect(await world.rotate("usage", "close")).toContain("--stranded");
		const said = await world.rotate("partial", "close", "--stranded", "--because", "a laptop that never comes back");
		expect(said).toContain("store file; the old token, which may live");
		expect(await world.rotate("unsafePlan", "start")).toContain("still in its overlap");
	});

	test("S9: Glean without its answer is looked at after ten minutes, and nothing is called twice before", async () => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		await world.control("/fault", { fault: "reset", on: "manage", skip: 1, times: 1 });
		await world.rotate("unknownState", "start");
		const issued = (await world.status()).tokens.length;
		expect(await world.rotate("unknownState", "resume")).toContain("the call got no answer");
		expect((await world.status()).tokens).toHaveLength(issued);
		await world.later("12m");
		expect(await world.rotate("personNeeded", "resume")).toContain("admin console");
		await world.control("/mint").then(({ token }) => world.write("new.token", String(token)));
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	});

	test("S9: Glean's call that never arrived is made again, after ten minutes", async () => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		await world.control("/fault", { fault: "503", on: "manage", skip: 1, times: 1 });
		await world.rotate("unknownState", "start");
		await world.later("12m");
		await world.rotate("personNeeded", "resume");
		expect((await world.status()).tokens).toHaveLength(2);
	});

	test("S8: half an answer is kept, sealed, and export gives it as it came", async () => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		await world.control("/fault", { fault: "malformed", on: "manage", skip: 1, times: 1 });
		await world.rotate("unknownState", "start");
		expect(await world.rotate("usage", "export", "--out", "out.token")).toContain("--yes");
		await world.rotate("ok", "export", "--out", "out.token", "--yes");
		expect(world.read("out.token")).toBe('{"partialSuccess": {');
	});

	test("S8: what came of an answer before its connection broke is kept, sealed, and export gives it", async () => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		let half = "";
		const proxy = createServer(async (request, response) => {
			const pieces: Buffer[] = [];
			for await (const piece of request) pieces.push(piece as Buffer);
			const answer = await fetch(`${world.url}${request.url}`, {
				method: request.method ?? "GET",
				headers: { authorization: request.headers.authorization ?? "", "content-type": "application/json" },
				...(pieces.length > 0 && { body: Buffer.concat(pieces) }),
			});
			const body = await answer.text();
			response.writeHead(answer.status, { "content-type": "application/json", "content-length": body.length });
			if (!request.url?.includes("rotatetoken")) return response.end(body);
			half = body.slice(0, body.length >> 1);
			return response.write(half, () => response.destroy());
		});
		await new Promise<void>((done) => proxy.listen(0, "127.0.0.1", done));
		onTestFinished(() => {
			proxy.closeAllConnections();
			proxy.close();
		});
		const { port } = proxy.address() as AddressInfo;
		world.write("crossfade.yaml", world.fleet.replace(world.url, `http://127.0.0.1:${port}`));
		await world.rotate("unknownState", "start");
		expect(half.length).toBeGreaterThan(20);
		await world.rotate("ok", "export", "--out", "out.token", "--yes");
		expect(world.read("out.token")).toBe(half);
	});

	test("S10: a leak supersedes an open operation, from the token that it had brought", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const leaked = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(await world.rotate("refused", "start")).toContain("a rotation is under way already");
		expect(await world.rotate("personNeeded", "start", "--leaked")).toContain("write to Torii's support");
		const fresh = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(fresh);
		expect(await world.rotate("ok", "log")).toContain("closed: superseded");
		expect(await world.rotate("personNeeded", "status")).toContain(`old       fp=${fingerprint(leaked)}`);
	});

	test("S10: close --stranded --replace --leaked begins the next one inside the overlap, and says what that costs", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const leaked = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		const close = ["close", "--stranded", "--because", "it was in a ticket"] as const;
		expect(await world.rotate("usage", ...close, "--leaked")).toContain("add --replace");
		// Without a leak a second rotation inside the overlap is not safe, and then nothing is closed either.
		expect(await world.rotate("unsafePlan", ...close, "--replace")).toContain("still in its overlap");
		expect(await world.rotate("personNeeded", "status")).toContain("waiting for evidence");
		const said = await world.rotate("personNeeded", ...close, "--replace", "--leaked");
		expect(said).toContain(`fp=${fingerprint(world.first)}, may be refused at once`);
		expect(said).toContain("Left behind: store file; the old token, which may live");
		const fresh = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(fresh);
		expect(await world.rotate("ok", "log")).toContain("closed: stranded");
		expect(await world.rotate("personNeeded", "status")).toContain(`old       fp=${fingerprint(leaked)}`);
	});

	test("close --stranded --replace goes on from the old token after a rollback, and from the reference where the key is gone", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await world.rotate("personNeeded", "rollback");
		const again = ["close", "--stranded", "--replace", "--leaked", "--because", "again"] as const;
		await world.rotate("personNeeded", ...again);
		expect(await world.rotate("personNeeded", "status")).toContain(`old       fp=${fingerprint(world.first)}`);
		const folder = join(world.cwd, ".local/state/crossfade/rotations/it");
		for (const name of readdirSync(folder).filter((each) => each.endsWith(".key"))) rmSync(join(folder, name));
		expect(await world.rotate("refused", "resume")).toContain("sealed identity is gone");
		await world.rotate("personNeeded", ...again);
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		expect(world.read("live.token")).toBe(world.read("new.token"));
	});

	test("S12: a store that left the fleet file needs a reason, and one that came is written", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		const other = world.fleet
			.replaceAll(/\bfile: \{|\[file\]|store:file/g, (found) => found.replace("file", "other"))
			.replace("live.token", "other.token");
		world.write("other.token", world.first);
		world.write("crossfade.yaml", other);
		expect(await world.rotate("personNeeded", "resume")).toContain("is no longer in the fleet file");
		const removed = ["resume", "--removed", "file"] as const;
		expect(await world.rotate("usage", ...removed)).toContain("the reason is missing");
		expect(world.read("other.token")).toBe(world.first);
		await world.rotate("personNeeded", ...removed, "--because", "sold");
		expect(await world.rotate("ok", "log")).toContain("removed file: sold");
		expect(world.read("other.token")).toBe(world.read("new.token"));
	});

	test("S3: of two at once only one works, and the other says so", async () => {
		const world = await managed("tooken");
		const both = await Promise.all([1, 2].map(() => world.process("start", [], { canaries: [] })));
		expect(both.map(({ code }) => code).sort()).toEqual([11, 16]);
		expect((await world.status()).tokens).toHaveLength(2);
	});

	test("a journal that was edited, another fleet file, and another machine's key are one clear error each", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const folder = join(world.cwd, ".local/state/crossfade/rotations/it");
		const [name = ""] = readdirSync(folder).filter((each) => each.endsWith(".journal"));
		const text = readFileSync(join(folder, name), "utf8");
		writeFileSync(join(folder, name), text.replace('"isLeaked":false', '"isLeaked":true'));
		expect(await world.rotate("refused", "status")).toContain("was changed by something else");
		writeFileSync(join(folder, name), text);
		const key = world.read("crossfade.key");
		world.write("crossfade.key", (await newAgeKey()).identity);
		expect(await world.rotate("refused", "resume")).toContain("does not open the journal's sealed records");
		world.write("crossfade.key", key);
		await world.rotate("personNeeded", "resume");
	});

	test("NODE_DEBUG, with which Node would print tokens, is refused", async () => {
		const world = await rotationWorld("torii");
		const { code, stderr } = await world.process("status", [], { env: { NODE_DEBUG: "http" } });
		expect({ code, says: stderr.includes("Node would print tokens") }).toEqual({ code: 11, says: true });
	});
});
