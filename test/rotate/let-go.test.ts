import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { managed, rotationWorld } from "../harness/rotate.ts";

const CLOSE = ["close", "--stranded", "--because", "it cannot end well"] as const;

test("S9: a close names the new token that was declared lost after a store had it, for it may live", async () => {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	const lost = await world.click();
	await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	await world.rotate("personNeeded", "resume", "--lost");
	expect(await world.rotate("partial", ...CLOSE)).toContain(`the token fp=${fingerprint(lost)}, which may live`);
});

test("S9: a close names a token that a call without an answer may have made", async () => {
	const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
	await world.control("/fault", { fault: "reset", on: "manage", skip: 1, times: 1 });
	await world.rotate("unknownState", "start");
	expect(await world.rotate("partial", ...CLOSE)).toContain("a new token that may exist");
});

test("S9: a close while a person is asked names a new token that may have been made", async () => {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	const said = await world.rotate("partial", ...CLOSE);
	expect(said).toContain("Left behind: store file; the old token, which may live; a new token that may exist\n");
});

test("S7: a rollback while a person is asked does not know whether the button was pressed, and says how it goes on then", async () => {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	const fresh = await world.click();
	const said = await world.rotate("partial", "rollback");
	expect(said).toContain("left behind: a new token that may exist");
	expect(said).toContain("if it was made: crossfade rotate start it --adopt REF --since TIME");
	expect(await world.rotate("partial", "status")).toContain("left behind: a new token that may exist");
	const since = new Date(Date.now() - 60_000).toISOString();
	await world.rotate("personNeeded", "start", "--adopt", "file:new.token", "--since", since);
	expect(world.read("live.token")).toBe(fresh);
});

test("S9: a close on the way back names the new token, and the stores that do not have the old one yet", async () => {
	const world = await managed("tooken");
	await world.rotate("personNeeded", "start");
	const fresh = world.read("live.token");
	expect(await world.rotate("waiting", "rollback")).toContain("had time to go back");
	expect(await world.rotate("partial", ...CLOSE)).toContain(
		`Left behind: the new token fp=${fingerprint(fresh)}, which may live\n`,
	);
	expect(await world.stateOf(fresh)).toBe("active");
});

describe("a token that the operation before may have made is named by the next start", () => {
	test("after a rollback while a person was asked, and by status until there is one: given then, no second one is made", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const since = new Date().toISOString();
		const fresh = await world.click();
		await world.rotate("partial", "rollback");
		const named = "the operation before may have made a new token";
		expect(await world.rotate("ok", "plan")).toContain(named);
		expect(await world.rotate("personNeeded", "start")).toContain(named);
		for (const verb of ["status", "resume"])
			expect(await world.rotate("personNeeded", verb)).toContain(
				"give that one, with --since and the time of the click",
			);
		await world.rotate("personNeeded", "resume", "--token", "file:new.token", "--since", since);
		expect(world.read("live.token")).toBe(fresh);
		const { deadline } = JSON.parse(await world.rotate("personNeeded", "status", "--json"));
		expect(deadline.at).toBe(Date.parse(since) + 24 * 3_600_000);
	});

	test("of a call without an answer, too, which is not made again before the overlap shows what became of it", async () => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		await world.control("/fault", { fault: "reset", on: "manage", skip: 1, times: 1 });
		await world.rotate("unknownState", "start");
		await world.rotate("partial", ...CLOSE);
		const { tokens } = await world.status();
		expect(await world.rotate("unsafePlan", "plan")).toContain("the operation before may have made a new token");
		expect(await world.rotate("unsafePlan", "start")).toContain("if the call that got no answer was done");
		expect((await world.status()).tokens).toEqual(tokens);
	});

	test("and of none that is settled", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		await world.rotate("waiting", "rollback");
		await world.later("2m");
		await world.rotate("ok", "resume");
		expect(await world.rotate("personNeeded", "start")).not.toContain("may have made");
	});
});
