import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { startOpenBao } from "../harness/openbao.ts";
import { needs, openbao } from "../harness/parts.ts";
import { managed, type RotationWorld } from "../harness/rotate.ts";
import { say } from "./measure.ts";

const STORES = 1_000;
const names = Array.from({ length: STORES }, (_, index) => `s${index}`);

test(`${STORES} token files`, { timeout: 900_000 }, async () => {
	const world = await managed("tooken");
	for (const name of names) writeFileSync(join(world.cwd, `${name}.token`), world.first, { mode: 0o600 });
	await measure(world, "token files", (name) => `kind: token-file, path: ${name}.token`);
});

test(`${STORES} secrets of a real OpenBao`, { ...needs(openbao), timeout: 900_000 }, async () => {
	const [bao, world] = await Promise.all([startOpenBao(), managed("tooken")]);
	world.write("bao.token", bao.token);
	for (const name of names) await bao.ask("POST", `secret/data/${name}`, { data: { token: world.first } });
	await measure(
		world,
		"secrets",
		(name) => `kind: vault-kv2, url: "${bao.url}", path: ${name}, token: "file:bao.token"`,
	);
});

/** From `start` to the last store written. */
async function measure(world: RotationWorld, what: string, settings: (name: string) => string): Promise<void> {
	const blocks = names.map((name) => `  ${name}: { ${settings(name)}, confirm: person, within: 1m }`);
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
	say(`${STORES} ${what}: ${seconds.toFixed(1)} s from start to written, journal ${(bytes / 1024).toFixed(0)} KiB`);
}
