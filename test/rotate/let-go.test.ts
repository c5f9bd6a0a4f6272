import { expect, test } from "vitest";
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
