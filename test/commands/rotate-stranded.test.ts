import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rotationWorld } from "../harness/rotate.ts";

/** What an operation sealed that did not end well, after others were tried: nothing else may have it. */

const BECAUSE = ["--because", "a word"] as const;

test("the new token of a closed operation is exported after a start that ended at once", async () => {
	const world = await rotationWorld("glean", { rotation: ["datasource: wiki"] });
	await world.rotate("personNeeded", "start");
	const fresh = world.read("live.token");
	// A program that manages the machine's files puts the old one back, and that dies.
	world.write("live.token", world.first);
	await world.rotate("partial", "close", "--stranded", ...BECAUSE);
	await world.later("12m");
	const begin = ["start", "--accept-outage"] as const;
	expect(await world.rotate("unsafePlan", ...begin)).toContain("the provider refuses the token in use");
	expect(await world.rotate("ok", "resume")).toContain("no rotation is under way");
	await world.rotate("unsafePlan", ...begin);
	expect(await world.rotate("ok", "export", "--out", "out.token", "--yes")).toContain("which is over: stranded");
	expect(world.read("out.token")).toBe(fresh);
	// Once it is proven that another one is in use, nothing opens it any more.
	world.write("live.token", fresh);
	await world.rotate("personNeeded", ...begin);
	await world.rotate("personNeeded", "resume");
	const files = readdirSync(join(world.cwd, ".local/state/crossfade/rotations/it"));
	expect(files.filter((name) => name.endsWith(".key"))).toHaveLength(1);
});
