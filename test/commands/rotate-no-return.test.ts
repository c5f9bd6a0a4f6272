import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { managed, rotationWorld } from "../harness/rotate.ts";

describe("S7: a rollback is refused, and nothing is changed,", () => {
	test("after the time at which a clock ends the old token, even if it is still accepted then", async () => {
		const world = await rotationWorld("torii", { settings: { overlap: "48h" } });
		await world.rotate("personNeeded", "start");
		const fresh = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await world.later("24h2m");
		expect(await world.rotate("refused", "rollback")).toContain("the old token's time is over");
		expect(world.read("live.token")).toBe(fresh);
		expect(await world.stateOf(world.first)).not.toBe("expired");
	});

	test("after the request that ends the old token, even if nobody knows whether that arrived", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
		await world.control("/fault", { fault: "503", on: "manage", times: 1 });
		const said = await world.rotate("unknownState", "retire", "--despite", "a rehearsal");
		expect(said).toContain("it is not known whether the token was ended");
		expect(await world.stateOf(world.first)).toBe("active");
		expect(await world.rotate("refused", "rollback")).toContain("the old token was ended, or may have been");
		expect(world.read("live.token")).toBe(fresh);
	});

	test("while it is not known whether a call issued a token, which would be forgotten", async () => {
		const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
		await world.control("/fault", { fault: "reset", on: "manage", skip: 1, times: 1 });
		await world.rotate("unknownState", "start");
		const said = await world.rotate("refused", "rollback");
		expect(said).toContain("it is not known whether the provider issued a token");
		expect(await world.rotate("unknownState", "status")).not.toContain("rolled back");
	});

	test("when somebody ended the old token at the provider meanwhile", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		await world.control("/revoke", { token: fingerprint(world.first) });
		const said = await world.rotate("refused", "rollback");
		expect(said).toContain("the provider does not clearly accept the old token");
		expect(world.read("live.token")).toBe(fresh);
	});

	test("when the provider does not say whether it accepts the old token", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		await world.control("/fault", { fault: "503", on: "manage", times: 1 });
		const said = await world.rotate("refused", "rollback");
		expect(said).toContain("the provider does not clearly accept the old token");
		expect(world.read("live.token")).toBe(fresh);
	});
});
