import { execFileSync } from "node:child_process";

/** Builds dist/ once before any test: the tests of the command line run what users run. Stale registries of adapters stop it. */
export function setup(): void {
	execFileSync(process.execPath, ["scripts/build.mjs", "--frozen"], { stdio: "inherit" });
}
