import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
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

test.each([
	["text", []],
	["JSON", ["--json"]],
	["JUnit", ["--junit"]],
] as const)(
	"%s: a name in the fleet file that is a token is in no line about what was left out",
	async (_form, flags) => {
		const provider = await startProvider();
		const [asToken, asGateway] = [canary(), canary()];
		const fleet = {
			version: 1,
			endpoint: provider.url,
			tokens: { old: "file:old", [asToken.token]: `fp:${asToken.fingerprint}` },
			gateways: [{ name: asGateway.token }],
		};
		const cwd = scratch({ "crossfade.yaml": JSON.stringify(fleet) });
		writeFileSync(join(cwd, "old"), provider.token, { mode: 0o600 });
		const canaries = [{ token: provider.token, fingerprint: fingerprint(provider.token) }, asToken, asGateway];
		const run = { cwd, canaries, holders: ["old", "crossfade.yaml"] };
		const { code, stdout, stderr } = await crossfade(["probe", ...flags], run);
		expect(code).toBe(9);
		for (const said of [stdout, stderr]) {
			expect(said).toContain("skipping the token named [");
			expect(said).toContain("skipping the gateway named [");
			for (const { token } of [asToken, asGateway]) expect(said).not.toContain(token);
		}
		const hostile = { ...fleet, gateways: [{ name: `g\u001b[31m\u202e<x>\r\n${asGateway.token}` }] };
		writeFileSync(join(cwd, "crossfade.yaml"), JSON.stringify(hostile));
		const refused = await crossfade(["probe", ...flags], run);
		expect(refused.code).toBe(2);
		const all = refused.stdout + refused.stderr;
		expect(all).toContain("invalid gateways.0.name");
		expect(all).not.toContain(asGateway.token);
		expect(all).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
	},
);
