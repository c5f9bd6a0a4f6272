import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { canary } from "../harness/canary.ts";
import { contents, write } from "../harness/endpoint.ts";
import { needs, pwsh } from "../harness/parts.ts";
import { SID, type WindowsMachine, windowsMachine } from "../harness/powershell.ts";

/** No file with a token is for others than its account, not even one that a killed run left. */

const self = "scope=user users=self no-host";
const codex = { "claude-code": "", gemini: "" };
const PRIVATE = `O:${SID}G:${SID}D:(A;;FA;;;SY)(A;;FA;;;${SID})`;

const ALONE = /D:P\(A;;FA;;;SY\)\(A;;FA;;;BA\)\(A;;FA;;;S-1-5-21-[0-9-]+\)$/;

/** Files of the home that hold a token, with the access list that each was given; without one it has what its folder hands on. */
function holders(m: WindowsMachine, token: string): [path: string, list: string | undefined][] {
	const rows = readFileSync(m.lists, "utf8").split("\n");
	const lists = new Map(rows.map((row) => row.split("\t") as [string, string]));
	const found = Object.entries(contents(m.home)).filter(([, text]) => text.includes(token));
	return found.map(([path]) => [path, lists.get(join(m.home, path))]);
}

describe("in a folder that hands on to others the right to read", { ...needs(pwsh), timeout: 300_000 }, () => {
	test("a new file is for its account, SYSTEM and administrators", async () => {
		const m = windowsMachine({ versions: codex });
		const secret = canary();
		expect(await m.run(self, { token: secret.token, canaries: [secret] })).toMatchObject({ code: 0, stderr: "" });
		const found = holders(m, secret.token);
		expect(found.length).toBeGreaterThan(0);
		for (const [path, list] of found) expect(list, path).toMatch(ALONE);
	});

	test("one that replaces a private file is as private before it does, where a killed run left it", async () => {
		const secret = canary();
		let left: [path: string, list: string | undefined][] = [];
		// After backup and record: at its list, or at the replacement.
		for (let at = 9; left.length === 0 && at < 14; at++) {
			const m = windowsMachine({ versions: codex });
			const file = write(m.home, ".codex/config.toml", "a = 1\n");
			writeFileSync(m.lists, `${file}\t${PRIVATE}\n`);
			expect(await m.run(self, { token: secret.token, env: { CROSSFADE_TEST_KILL: String(at) } })).not.toMatchObject({
				code: 0,
			});
			left = holders(m, secret.token).filter(([path]) => path.includes("config.toml.crossfade-new."));
			expect(readFileSync(m.lists, "utf8")).toContain(`${file}\t${PRIVATE}\n`);
		}
		expect(left).toEqual([[expect.any(String), expect.stringMatching(ALONE)]]);
	});
});
