import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { startProvider } from "../harness/provider.ts";

test("a fleet file is enough to probe, and what was seen is in the next report", async () => {
	const provider = await startProvider();
	const fresh = await provider.rotate();
	const cwd = scratch({
		"crossfade.yaml": `version: 1\nendpoint: ${provider.url}\ntokens: { old: "file:old", new: "file:new" }\n`,
	});
	for (const [name, token] of [
		["old", provider.token],
		["new", fresh],
	] as const)
		writeFileSync(join(cwd, name), token, { mode: 0o600 });
	const canaries = [provider.token, fresh].map((token) => ({ token, fingerprint: fingerprint(token) }));
	const run = { cwd, canaries, holders: ["old", "new"] };
	expect(await crossfade(["probe"], run)).toMatchObject({ code: 0, stderr: "" });
	await provider.advance("25h");
	expect((await crossfade(["probe"], run)).code).toBe(4);
	expect((await crossfade(["probe", "--deadline", "2026-01-01T00:00:00Z"], run)).code).toBe(0);
	const { stdout, code } = await crossfade(["report", "--json"], run);
	// Nothing says when the old token was to end: no alarm, and no answer either.
	expect(code).toBe(0);
	expect((await crossfade(["report", "--require-migrated"], run)).code).toBe(9);
	const { judgement } = JSON.parse(stdout) as { judgement: { probes: { verdict: string }[] } };
	expect(judgement.probes.map(({ verdict }) => verdict).sort()).toEqual([
		"ACCEPTED",
		"ACCEPTED",
		"REJECTED",
		"REJECTED",
	]);
});
