import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { needs, program } from "../harness/parts.ts";
import { rotationWorld } from "../harness/rotate.ts";

const promtool = program("promtool");

test("promtool has no remark on status --prometheus", needs(promtool), async () => {
	const world = await rotationWorld("torii");
	await world.rotate("personNeeded", "start");
	await world.click();
	await world.rotate("personNeeded", "resume", "--token", "file:new.token");
	await world.rotate("personNeeded", "status", "--prometheus", "crossfade.prom");
	const said = execFileSync(promtool.path, ["check", "metrics"], {
		input: world.read("crossfade.prom"),
		encoding: "utf8",
		stdio: ["pipe", "pipe", "pipe"],
	});
	expect(said).toBe("");
});
