import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { nodeBundle } from "../../scripts/bundling.mjs";
import { PROGRAM } from "./fresh.ts";

const root = new URL("../..", import.meta.url).pathname;

/** Builds, once before any test, dist/ and the program that tests run in their own process. Stale registries of adapters stop it. */
export async function setup(): Promise<void> {
	execFileSync(process.execPath, ["scripts/build.mjs", "--frozen"], { stdio: "inherit" });
	const build = await rolldown({
		input: join(root, "test/harness/program.ts"),
		...nodeBundle,
	});
	await build.write({
		dir: join(PROGRAM, ".."),
		format: "cjs",
		dynamicImportInCjs: false,
		entryFileNames: "[name].cjs",
		chunkFileNames: "[name]-[hash].cjs",
	});
	await build.close();
}
