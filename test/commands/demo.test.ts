import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chapters, expectedHosts, sending, steps } from "../../src/demo/story.ts";
import { crossfade, scratch } from "../harness/cli.ts";

test("crossfade demo tells the whole rotation, from one token to the death of the old one, and leaves only the report", async () => {
	const cwd = scratch();
	const { code, stdout, stderr } = await crossfade(["demo", "--fast", "--out", "report.html"], {
		cwd,
		env: { TMPDIR: cwd },
	});
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	const answers = [...stdout.matchAll(/retire the old token: (yes|not yet|no evidence)/g)].map(([, answer]) => answer);
	expect(answers).toEqual(["not yet", "not yet", "not yet", "yes"]);
	for (const { title } of chapters) expect(stdout).toContain(`${title.toUpperCase()}: `);
	expect(stdout).toMatch(/old +bearer +logs +the provider +ACCEPTED[\s\S]*old +bearer +logs +the provider +REJECTED/);
	expect(stdout).toContain("Credentials that are neither token: 1");
	expect(stdout).toMatch(/THE END: \d+ requests, safe to retire: yes/);
	expect(readdirSync(cwd)).toEqual(["report.html"]);
	const report = readFileSync(join(cwd, "report.html"), "utf8");
	for (const host of expectedHosts) expect(report).toContain(host);
});

test("a pace that is none is one clear error", async () => {
	expect(await crossfade(["demo", "--pace", "slow"])).toMatchObject({
		code: 2,
		stderr: expect.stringContaining("such as 400ms"),
	});
});

test("the story: everybody sends, and nobody with the old token in its last hours", () => {
	const all = steps.flatMap((minute) => sending(minute).map((each) => ({ minute, ...each })));
	expect([...new Set(all.map(({ actor }) => actor.host))].sort()).toEqual([...expectedHosts, "build-box"].sort());
	expect(Math.max(...all.filter(({ credential }) => credential === "old").map(({ minute }) => minute))).toBe(
		19 * 60 + 15,
	);
});
