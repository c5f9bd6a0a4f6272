import { expect, test } from "vitest";
import { notRun } from "./skips.ts";

const gawk = { reason: "gawk is not on this machine", fix: "scripts/provision.sh" };
const account = { reason: "root is stopped by no file mode", fix: "run it as another account than root" };

test("the last lines count what was skipped by what is missing, and say what to do", () => {
	expect(notRun([gawk, account, gawk], ["unit", "smoke"], false)).toBe(
		[
			"Skipped tests, by what is missing:",
			"     2  gawk is not on this machine",
			"     1  root is stopped by no file mode",
			"To run them: scripts/provision.sh",
			"To run them: run it as another account than root",
			"Not part of this run: the rendered scripts in depth, and real programs (npm run test:all)",
			"Not part of this run: what the CLIs do by themselves (npm run test:full)",
			"Not part of this run: how fast it is (npm run bench)",
			"Not part of this run: every combination of shells, awks and kill steps (npm run test:full)",
			"",
		].join("\n"),
	);
});

test("a whole run says that nothing was skipped", () => {
	expect(notRun([], ["unit", "smoke", "scripts", "real", "load", "facts", "bench"], true)).toBe(
		"Skipped tests: none\n",
	);
});
