import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isSafeAlphabet, tokenProblems } from "../../src/token/shape.ts";
import { canary } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { dash, machine } from "../harness/endpoint.ts";
import { runScript } from "../harness/shells.ts";

/** The rules for tokens are written down twice, in TypeScript and in sh, and used by three programs: one table for all of them. */

const { token } = canary();

/** What is wrong, in a word that the messages of both have; undefined where nothing is. `isSafe`: every CLI carries it unharmed. */
const cases: readonly [what: string, token: string, problem: RegExp | undefined, isSafe: boolean][] = [
	["letters and digits", token, undefined, true],
	["the other safe characters", `${token}._~-`, undefined, true],
	["20 characters", "k1".repeat(10), undefined, true],
	["4096 characters", "k1".repeat(2048), undefined, true],
	["other visible characters", `${token}!#%&*+,/:;=?@^|`, undefined, false],
	["quotes and brackets", `${token}"'()[]{}<>\``, undefined, false],
	["a backslash and a dollar sign", `${token}\\$x`, undefined, false],
	["nothing", "", /empty|no token/, false],
	["19 characters", "k123456789012345678", /too short/, true],
	["4097 characters", `${"k1".repeat(2048)}k`, /too long/, true],
	["the word Bearer", `Bearer ${token}`, /Bearer/, false],
	["the word bearer in lower case", `bearer ${token}`, /Bearer/, false],
	["the word Bearer and a tab", `BEARER\t${token}`, /Bearer/, false],
	["Bearer as a part of it", `Bearer${token}`, undefined, true],
	["a space in it", `${token} x`, /white space/, false],
	["a tab in it", `${token}\tx`, /white space/, false],
	["a CR behind it", `${token}\r`, /control character/, false],
	["an escape in it", `${token}\u001b[0m`, /control character/, false],
	["DEL in it", `${token}\u007f`, /control character/, false],
	["a non-ASCII letter", `${token}é`, /non-ASCII/, false],
	["a non-ASCII space", `${token}\u00a0x`, /white space/, false],
	["a byte order mark", `\ufeff${token}`, /non-ASCII|byte order mark/, false],
];

const refused = (value: string) => ({ canaries: value.length > 19 ? [{ token: value, fingerprint: "" }] : [] });

describe("the rules for tokens", () => {
	test.each(cases)("TypeScript: %s", (_what, value, problem, isSafe) => {
		const [found] = tokenProblems(value, "it");
		if (problem) expect(found?.what).toMatch(problem);
		else expect(found).toBeUndefined();
		expect(isSafeAlphabet(value)).toBe(isSafe);
	});

	test.each(cases)("install script: %s", async (_what, value, problem, isSafe) => {
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

	test.each(cases)("rotation script: %s", async (_what, value, problem) => {
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
