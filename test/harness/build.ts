import { execFileSync } from "node:child_process";
import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { nodeBundle } from "../../scripts/bundling.mjs";
import { PROGRAM } from "./fresh.ts";

/** For temporary files, in bytes. */
const ROOM = 512 * 1024 * 1024;

const root = new URL("../..", import.meta.url).pathname;

/** Builds, once before any test, dist/ and the program that tests run in their own process. Stale registries of adapters stop it. */
export async function setup(): Promise<void> {
	const problem = placeProblem();
	if (problem !== undefined) throw new Error(problem);
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

/** Why tests cannot run here, in one line with what to do; undefined when they can. */
function placeProblem(): string | undefined {
	try {
		accessSync(root, constants.W_OK);
	} catch {
		return `the tests build dist/ in the checkout, and it cannot be written: ${root}. Copy it to a folder of yours.`;
	}
	try {
		accessSync(tmpdir(), constants.W_OK);
		const { bavail, bsize } = statfsSync(tmpdir());
		if (bavail * bsize < ROOM) throw Object.assign(new Error(), { code: "ENOSPC" });
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		return `the tests need a folder for temporary files, and ${tmpdir()} is none (${code}). Set TMPDIR to one with ${ROOM >> 20} MiB free.`;
	}
	return undefined;
}
