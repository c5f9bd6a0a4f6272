import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { type RotationWorld, rotationWorld } from "../harness/rotate.ts";

/** What a rotation says of its stores at the end and after it: only what a look showed. */

const BECAUSE = ["--because", "a word"] as const;
const HASH = "tr -d '\\n' <app.env | sha256sum | cut -c1-12";

/** A rotation that ended well, with a token file and a program that tells a fingerprint. */
async function over(): Promise<RotationWorld> {
	const world = await rotationWorld("torii");
	world.write("app.env", world.first);
	const program = `  run: { kind: command, write: [sh, -c, 'cat >app.env'], read: [sh, -c, "${HASH.replaceAll("\\", "\\\\")}"], confirm: person, within: 1m }`;
	const fleet = world.fleet.replace("\nrotations:", `\n${program}\nrotations:`).replace("[file]", "[file, run]");
	world.write("crossfade.yaml", fleet);
	await world.rotate("personNeeded", "start", "--accept-unproven");
	await world.click();
	await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	await world.rotate("personNeeded", "resume", "--confirmed", "file", ...BECAUSE);
	await world.rotate("waiting", "resume", "--confirmed", "run", ...BECAUSE);
	await world.later("24h2m");
	await world.rotate("ok", "resume");
	await world.rotate("ok", "status");
	return world;
}

test("after a way back, status tells of a store that has another token, and of a provider that refuses the old one", async () => {
	const world = await rotationWorld("activitylog");
	await world.rotate("personNeeded", "start");
	const fresh = await world.click();
	await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	await world.rotate("waiting", "rollback");
	await world.control("/revoke", { token: fingerprint(fresh) });
	await world.rotate("ok", "resume", "--ended");
	await world.rotate("ok", "status");
	await world.control("/revoke", { token: fingerprint(world.first) });
	expect(await world.rotate("personNeeded", "status")).toContain("the provider refuses the token in use");
	world.write("live.token", fresh);
	expect(await world.rotate("personNeeded", "status")).toContain("store file holds");
});

describe("after the end, status tells of a store", () => {
	test("whose token file was removed, emptied, or filled with something else", async () => {
		const world = await over();
		rmSync(join(world.cwd, "live.token"));
		const said = await world.rotate("personNeeded", "status");
		expect(said).toContain("store file holds nothing");
		world.write("live.token", "\n");
		expect(await world.rotate("personNeeded", "status")).toContain("store file holds nothing");
		world.write("live.token", "two words");
		expect(await world.rotate("personNeeded", "status")).toContain("store file holds no token any more");
		const { stores } = JSON.parse(await world.rotate("personNeeded", "status", "--json"));
		expect(stores.map(({ confirmed }: { confirmed: boolean }) => confirmed)).toEqual([false, true]);
	});

	test("that tells only a fingerprint, and another one than before", async () => {
		const world = await over();
		const other = canary();
		world.write("app.env", other.token);
		expect(await world.rotate("personNeeded", "status")).toContain(
			`store run holds fp=${other.fingerprint}, which the last`,
		);
	});

	test("that cannot be looked at, which is unknown and not well", async () => {
		const world = await over();
		world.write("crossfade.yaml", world.read("crossfade.yaml").replace(/read: \[.*?\],/, "read: [sh, -c, exit 3],"));
		expect(await world.rotate("unknownState", "status")).toContain("store run could not be looked at");
	});

	test("whose token nobody could ask the provider about", async () => {
		const world = await over();
		await world.control("/fault", { fault: "503" });
		expect(await world.rotate("unknownState", "status")).toContain(
			"whether the provider accepts the token in use is not known",
		);
	});
});

test("the last copy of a new token, which no store has any more, is not forgotten at the end", async () => {
	const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
	await world.rotate("personNeeded", "start");
	const fresh = world.read("live.token");
	await world.rotate("waiting", "resume", "--confirmed", "file", ...BECAUSE);
	world.write("live.token", "");
	await world.later("12m");
	const said = await world.rotate("personNeeded", "resume");
	expect(said).toContain("is the last, and is not forgotten");
	expect(said).toContain(`expected fp=${fingerprint(fresh)} in a store`);
	expect(await world.rotate("waiting", "status")).toContain("and the old one is dead");
	await world.rotate("ok", "export", "--out", "out.token", "--yes");
	expect(world.read("out.token")).toBe(fresh);
	world.write("live.token", fresh);
	await world.rotate("ok", "resume");
});
