import { execFileSync } from "node:child_process";

/** Builds dist/ once before any test: the tests of the command line run what users run. */
export function setup(): void {
	execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
