import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isSafeAlphabet, tokenProblems } from "../../src/token/shape.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { dash, machine } from "../harness/endpoint.ts";
import { runScript } from "../harness/shells.ts";
import { tokenCases } from "../harness/token-cases.ts";

/** The rules for tokens are written down twice, in TypeScript and in sh, and used by three programs: one table for all of them. */

const refused = (value: string) => ({ canaries: value.length > 19 ? [{ token: value, fingerprint: "" }] : [] });

describe("the rules for tokens", () => {
	test.each(tokenCases)("TypeScript: %s", (_what, value, problem, isSafe) => {
		const [found] = tokenProblems(value, "it");
		if (problem) expect(found?.what).toMatch(problem);
		else expect(found).toBeUndefined();
		expect(isSafeAlphabet(value)).toBe(isSafe);
	});

	test.each(tokenCases)("install script: %s", async (_what, value, problem, isSafe) => {
		const m = machine({ versions: { "claude-code": "", gemini: "" } });
		const { code, stderr } = await m.run("scope=user users=self dry-run no-host clis=codex", {
			stdin: `${value}\n`,
			...refused(value),
		});
		// A dry run needs none.
		const isTaken = value === "" || (problem === undefined && isSafe);
		expect(code).toBe(isTaken ? 0 : 11);
		if (problem && value !== "") expect(stderr).toMatch(problem);
		else if (!isTaken) expect(stderr).toContain("a character that a CLI would change");
		else expect(stderr).toBe("");
	});

	test.each(tokenCases)("rotation script: %s", async (_what, value, problem) => {
		const folder = scratch();
		const script = join(folder, "rotate.sh");
		const flags = ["collector", "-d", "contrib", "--platform", "systemd", "--token-file", join(folder, "x.token")];
		writeFileSync(script, (await crossfade([...flags, "--rotate-script"])).stdout);
		const run = await runScript(dash, script, ["--dry-run", "--no-precheck"], {
			stdin: `${value}\n`,
			...refused(value),
		});
		expect(run.code).toBe(problem ? 11 : 0);
		if (problem) expect(run.stderr).toMatch(problem);
		else expect(run.stdout).toMatch(/^would put fp=[0-9a-f]{12} into /);
	});
});
