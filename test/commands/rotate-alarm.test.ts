import { expect, test } from "vitest";
import { type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** A rotation of ActivityLog up to the word that the old token was ended, which it was not. */
async function saidTooEarly(): Promise<RotationWorld> {
	const world = await rotationWorld("activitylog");
	await world.rotate("personNeeded", "start");
	await world.click({ retentionDays: 7 });
	await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	await world.rotate("personNeeded", "resume", "--confirmed", "file", "--because", "seen");
	await world.rotate("personNeeded", "retire", "--despite", "a rehearsal");
	const said = await world.rotate("oldInUse", "resume", "--ended");
	expect(said).toContain("OLD STILL ALIVE");
	expect(said).toContain("look which token was ended, end this one");
	expect(said).not.toContain("reopen");
	return world;
}

test("an old token that lives is looked at by each resume, and the alarm says who has to do what", async () => {
	const world = await saidTooEarly();
	for (const said of [await world.rotate("oldInUse", "status"), await world.rotate("oldInUse", "resume")]) {
		expect(said).toMatch(
			/ALARM: .*\n {2}In ActivityLog, .*revoke the old one.*\n {2}Then: crossfade rotate resume it\n/,
		);
	}
	const [, old] = (await world.status()).tokens;
	await world.control("/revoke", { token: old?.id });
	expect(await world.rotate("ok", "resume")).toContain("over: done");
});

test("S16: the wrong row, revoked right after the alarm, is undone by the next resume", async () => {
	const world = await saidTooEarly();
	const [fresh] = (await world.status()).tokens;
	await world.control("/revoke", { token: fresh?.id });
	expect(await world.rotate("ok", "resume")).toContain("the new token was ended in place of the old one");
	expect(world.read("live.token")).toBe(world.first);
});
