import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { managed, type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** What a person says is taken only where the rotation asks for it: said before, it would be taken for a word about what came later. */

const BECAUSE = ["--because", "a word"] as const;
const PASTE = ["resume", "--token", "file:new.token"] as const;
const SEEN = ["resume", "--confirmed", "file", ...BECAUSE] as const;

/** A world with a store that a person writes. */
async function byHand(): Promise<RotationWorld> {
	const world = await rotationWorld("torii");
	world.write("script.sh", "token='@TOKEN@'\n");
	const store =
		"  up: { kind: upload, body: script.sh, into: script.secret.sh, where: a console, confirm: person, within: 1m }";
	const fleet = world.fleet.replace("\nrotations:", `\n${store}\nrotations:`).replace("[file]", "[file, up]");
	world.write("crossfade.yaml", fleet);
	return world;
}

describe("a new token that is declared lost", () => {
	test("but is sealed, accepted and in use is not ended, nor replaced", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		await world.rotate("personNeeded", ...SEEN);
		expect(await world.rotate("refused", "resume", "--lost")).toContain("nothing is lost");
		expect([await world.stateOf(fresh), world.read("live.token")]).toEqual(["active", fresh]);
	});

	test("and that the provider refuses is replaced by another one", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		const fresh = world.read("live.token");
		const { tokens } = await world.status();
		await world.control("/revoke", { token: tokens.find((each) => each.fingerprint === fingerprint(fresh))?.id });
		await world.rotate("personNeeded", "resume", "--lost");
		expect(world.read("live.token")).not.toBe(fresh);
		expect(await world.stateOf(world.read("live.token"))).toBe("active");
	});

	test("on the way back is refused, as its end would be forgotten", async () => {
		const world = await managed("tooken");
		await world.rotate("personNeeded", "start");
		await world.rotate("waiting", "rollback");
		expect(await world.rotate("refused", "resume", "--lost")).toContain("on the way back no new token is asked for");
		await world.rotate("waiting", "resume");
	});

	test("is asked for with what to do about the first one: in a portal it is copied again, and not rotated a second time", async () => {
		const world = await rotationWorld("torii");
		expect(await world.rotate("personNeeded", "start")).not.toContain("copy it again");
		await world.click();
		await world.rotate("personNeeded", ...PASTE);
		const said = await world.rotate("personNeeded", "resume", "--lost");
		expect(said).toMatch(
			/If a new one was made since this was asked first: copy it again: .* Otherwise:\n {2}In Torii/,
		);
	});

	test("and that a store has is not said to be the old one there", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		expect(await world.rotate("personNeeded", "status")).toContain("store     file: has the old token");
		await world.click();
		await world.rotate("personNeeded", ...PASTE);
		await world.rotate("personNeeded", "resume", "--lost");
		expect(await world.rotate("personNeeded", "status")).toContain(
			"store     file: new token not written yet; it may hold the one before",
		);
	});

	test("is named at the end, for nobody ended it", async () => {
		const world = await rotationWorld("activitylog");
		await world.rotate("personNeeded", "start");
		const lost = await world.click();
		await world.rotate("personNeeded", ...PASTE);
		await world.control("/revoke", { token: fingerprint(world.first) });
		await world.rotate("personNeeded", "resume", "--lost");
		await world.click();
		await world.rotate("personNeeded", ...PASTE);
		await world.rotate("personNeeded", ...SEEN);
		await world.rotate("personNeeded", "retire", "--despite", "it is revoked already");
		const named = `left behind: the token fp=${fingerprint(lost)}, which may live`;
		expect(await world.rotate("partial", "resume", "--ended")).toContain(named);
		expect(await world.rotate("partial", "status")).toContain(named);
	});
});

describe("a word before it is asked for", () => {
	test("a store is not said to be written before there is a token for it", async () => {
		const world = await byHand();
		await world.rotate("personNeeded", "start", "--accept-unproven");
		expect(await world.rotate("refused", "resume", "--written", "up")).toContain("nobody is asked to write store up");
		await world.click();
		await world.rotate("personNeeded", ...PASTE);
		expect(await world.rotate("personNeeded", ...SEEN)).toContain("script.secret.sh");
		expect(await world.rotate("refused", "resume", "--confirmed", "up", ...BECAUSE)).toContain("was not written");
		await world.rotate("waiting", "resume", "--written", "up", "--confirmed", "up", ...BECAUSE);
	});

	test("two tokens are not said to be alike before there are two", async () => {
		const world = await rotationWorld("activitylog");
		await world.rotate("personNeeded", "start");
		expect(await world.rotate("refused", "resume", "--same")).toContain("nobody is asked to compare");
	});

	test("a new token is not said to be ended before its stores have the old one", async () => {
		const world = await rotationWorld("activitylog");
		await world.rotate("personNeeded", "start");
		expect(await world.rotate("refused", "resume", "--ended")).toContain("the old token is not to be ended yet");
	});

	test("a new token is not believed to be ended on the way back while the provider takes it, or cannot be asked", async () => {
		const turned = async () => {
			const world = await rotationWorld("activitylog");
			await world.rotate("personNeeded", "start");
			const fresh = await world.click();
			await world.rotate("personNeeded", ...PASTE);
			await world.rotate("waiting", "rollback");
			return { world, fresh };
		};
		const { world, fresh } = await turned();
		const why = "the provider does not clearly refuse the new token";
		expect(await world.rotate("refused", "resume", "--ended")).toContain(why);
		expect(await world.stateOf(fresh)).toBe("active");
		await world.control("/revoke", { token: fingerprint(fresh) });
		expect(await world.rotate("ok", "resume", "--ended")).toContain("over: rolled back");
		const { world: away } = await turned();
		await away.control("/fault", { fault: "503" });
		expect(await away.rotate("refused", "resume", "--ended")).toContain(why);
	});

	test("of several words nothing is written down when one of them does not fit", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		await world.click();
		await world.rotate("personNeeded", ...PASTE);
		await world.rotate("refused", "resume", "--lost", "--same");
		expect(await world.rotate("personNeeded", "status")).toContain("new token written");
	});
});

describe("a store that is said to need nothing more", () => {
	test("is refused while the fleet file names it: it would keep the old token", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		expect(await world.rotate("refused", "resume", "--removed", "file", ...BECAUSE)).toContain("is in the fleet file");
	});

	test("gets the new token when it is in the fleet file again", async () => {
		const world = await byHand();
		world.write("crossfade.yaml", world.read("crossfade.yaml").replace("[file, up]", "[up, file]"));
		await world.rotate("personNeeded", "start", "--accept-unproven");
		const whole = world.read("crossfade.yaml");
		world.write("crossfade.yaml", whole.replace("store:file", "file:live.token").replace("[up, file]", "[up]"));
		await world.rotate("personNeeded", "resume", "--removed", "file", ...BECAUSE);
		world.write("crossfade.yaml", whole);
		const fresh = await world.click();
		await world.rotate("personNeeded", ...PASTE);
		await world.rotate("personNeeded", "resume", "--written", "up", "--confirmed", "up", ...BECAUSE);
		expect(world.read("live.token")).toBe(fresh);
	});

	test("that came in the middle and left again is let go by its name", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const before = world.read("crossfade.yaml");
		const other = "  other: { kind: token-file, path: other.token, confirm: person, within: 1m }";
		world.write("other.token", world.first);
		const more = before.replace("\nrotations:", `\n${other}\nrotations:`).replace("[file]", "[file, other]");
		world.write("crossfade.yaml", more);
		await world.click();
		await world.rotate("personNeeded", ...PASTE);
		expect(await world.rotate("personNeeded", "status")).toContain("waiting for evidence from each store");
		world.write("crossfade.yaml", before);
		expect(await world.rotate("personNeeded", "status")).toContain("resume it --removed other --because REASON");
		await world.rotate("personNeeded", "resume", "--removed", "other", ...BECAUSE);
		expect(await world.rotate("waiting", ...SEEN)).toContain("the old token ends by itself");
	});

	test("that came in the middle is named when the operation is closed", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const other = "  other: { kind: token-file, path: other.token, confirm: person, within: 1m }";
		world.write("other.token", world.first);
		const more = world.fleet.replace("\nrotations:", `\n${other}\nrotations:`).replace("[file]", "[file, other]");
		world.write("crossfade.yaml", more);
		await world.click();
		await world.rotate("personNeeded", ...PASTE);
		await world.rotate("personNeeded", ...SEEN);
		expect(await world.rotate("partial", "close", "--stranded", ...BECAUSE)).toContain("Left behind: store other;");
	});
});

test("forward again, a new token that died meanwhile is not written to any store", async () => {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	await world.click();
	await world.rotate("personNeeded", ...PASTE);
	await world.rotate("personNeeded", "rollback");
	// Somebody rotates once more, and the new token's day is over.
	const third = await world.click();
	await world.later("25h");
	expect(await world.rotate("personNeeded", "resume", "--forward")).toContain("the provider refuses the new token");
	expect(world.read("live.token")).toBe(world.first);
	await world.rotate("personNeeded", ...PASTE);
	expect(world.read("live.token")).toBe(third);
});

test("forward again, a machine's report from before the way back does not show that it has the new token now", async () => {
	const world = await rotationWorld("torii", {
		more: ["hosts: { expected: [mac-1], direct: all }", "inventory: [machines.csv]"],
	});
	await world.rotate("personNeeded", "start");
	const fresh = fingerprint(await world.click());
	await world.rotate("personNeeded", ...PASTE);
	const report = (at: number) => {
		const line = `crossfade ok fp=${fresh} cfg=1 cli=codex:ok users=1`;
		world.write(
			"machines.csv",
			`Computer Name,Last Inventory Update,Crossfade\nmac-1,${new Date(at).toISOString()},${line}\n`,
		);
	};
	report(Date.now());
	const judged = () => world.run("ok", "report", "--rotation", "it");
	expect((await judged()).stdout).toContain("Safe to retire the old token: yes");
	await world.rotate("personNeeded", "rollback");
	await world.rotate("personNeeded", "resume", "--forward");
	const { stdout } = await judged();
	expect(stdout).toContain("Safe to retire the old token: not known");
	expect(stdout.replaceAll(/\s+/g, " ")).toContain("before the new token was spread again");
	report(Date.now() + 1_000);
	expect((await judged()).stdout).toContain("Safe to retire the old token: yes");
	// Closed on the way back, and begun again with the same new token.
	await world.rotate("personNeeded", "rollback");
	await world.rotate("partial", "close", "--stranded", ...BECAUSE);
	report(Date.now() - 1_000);
	const since = new Date(Date.now() - 3_600_000).toISOString();
	await world.rotate("personNeeded", "start", "--adopt", "file:new.token", "--since", since);
	expect((await judged()).stdout).toContain("Safe to retire the old token: not known");
});

test("forward again, what a person said of a machine before the way back does not hold any more", async () => {
	const world = await rotationWorld("torii", {
		more: ["hosts: { expected: [mac-1], direct: all }", "inventory: [machines.csv]"],
	});
	await world.rotate("personNeeded", "start");
	await world.click();
	await world.rotate("personNeeded", ...PASTE);
	const line = `crossfade ok fp=${fingerprint(world.first)} cfg=1 cli=codex:ok users=1`;
	world.write(
		"machines.csv",
		`Computer Name,Last Inventory Update,Crossfade\nmac-1,${new Date(Date.now() - 60_000).toISOString()},${line}\n`,
	);
	const judged = async () => (await world.run("ok", "report", "--rotation", "it")).stdout.replaceAll(/\s+/g, " ");
	const moved = ["attest", "host", "mac-1", "moved", "--because", "looked at it"] as const;
	await world.run("ok", ...moved);
	expect(await judged()).toContain("Safe to retire the old token: yes");
	await world.rotate("personNeeded", "rollback");
	expect(await judged()).toContain("Safe to retire the old token: not yet the two tokens: the rotation went back");
	await world.rotate("personNeeded", "resume", "--forward");
	expect(await judged()).toContain("; it was said to be moved, but before the new token was spread");
	expect(await judged()).not.toContain("Safe to retire the old token: yes");
	await world.run("ok", ...moved, "--rotation", "it");
	expect(await judged()).toContain("Safe to retire the old token: yes");
});
