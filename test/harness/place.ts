import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

/** For temporary files, in bytes. */
const ROOM = 512 * 1024 * 1024;

const root = new URL("../..", import.meta.url).pathname;

/** Ends the run before it starts where tests cannot run, with one line that says why. */
export function refuseUnfitPlace(): void {
	const problem = placeProblem();
	if (problem === undefined) return;
	process.stderr.write(`error: ${problem}\n`);
	process.exit(1);
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
