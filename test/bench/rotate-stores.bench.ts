import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { managed } from "../harness/rotate.ts";
import { say } from "./measure.ts";

const STORES = 1_000;

test(`${STORES} token files, written one after the other`, { timeout: 900_000 }, async () => {
	const world = await managed("tooken");
	const names = Array.from({ length: STORES }, (_, index) => `s${index}`);
	for (const name of names) writeFileSync(join(world.cwd, `${name}.token`), world.first, { mode: 0o600 });
	const blocks = names.map(
		(name) => `  ${name}: { kind: token-file, path: ${name}.token, confirm: person, within: 1m }`,
	);
	const fleet = world
		.read("crossfade.yaml")
		.replace("stores:\n", `stores:\n${blocks.join("\n")}\n`)
		.replace("stores: [file]", `stores: [${names.join(", ")}]`);
	world.write("crossfade.yaml", fleet);
	const begin = performance.now();
	const { code, stderr } = await world.process("start", [], { canaries: [] });
	const seconds = (performance.now() - begin) / 1000;
	if (code !== 16) throw new Error(`${code}: ${stderr.slice(-2_000)}`);
	const folder = join(world.cwd, ".local/state/crossfade/rotations/it");
	const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
	say(`${STORES} stores: ${seconds.toFixed(1)} s from start to written, journal ${(bytes / 1024).toFixed(0)} KiB`);
});
