import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
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

	test("a rollback puts the old one back and ends the new one", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		expect(await world.rotate("ok", "rollback")).toContain("this operation is over: rolled back");
		expect(world.read("live.token")).toBe(world.first);
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
