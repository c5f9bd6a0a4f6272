import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { ownEntry } from "../../src/base/lookup.ts";
import { canary } from "../harness/canary.ts";
import { crossfadeProcess } from "../harness/cli.ts";

const inherited = [...Object.getOwnPropertyNames(Object.prototype)];

test.each(inherited)("%s is no entry of a table", (name) => {
	expect(ownEntry({ a: 1 }, name)).toBeUndefined();
	expect(ownEntry(undefined, name)).toBeUndefined();
});

test.each(inherited)("%s is no distribution", async (name) => {
	expect(await loadDistribution(name)).toBeUndefined();
});

describe("names that every object has, from outside", () => {
	const { token } = canary();
	test.each([
		["a distribution", (name: string) => ["collector", "-d", name]],
		["a provider", (name: string) => ["collector", "-d", "contrib", "--provider", name]],
		["a platform", (name: string) => ["collector", "-d", "contrib", "--platform", name]],
		["a vehicle", (name: string) => ["mdm", "-v", name]],
		["a mode", (name: string) => ["mdm", "-v", "jamf", "--mode", name]],
		["a CLI", (name: string) => ["mdm", "-v", "jamf", "--cli", name]],
		["a format", (name: string) => ["report", "--format", name]],
		["a fault", (name: string) => ["sandbox", "--fault", name]],
		["a command", (name: string) => [name]],
	])("%s is a usage error, not one of ours", async (_name, args) => {
		for (const name of ["constructor", "__proto__", "toString"]) {
			const outcome = await crossfadeProcess(args(name), { stdin: token });
			expect({ name, ...outcome }).toMatchObject({ name, code: 2 });
		}
	});

	test.each(["constructor", "toString"])("%s is no variable with a token, and no format", async (name) => {
		const probe = ["probe", "--endpoint", "http://127.0.0.1:1", "--retry", "0", "--token", `new=env:${name}`];
		expect(await crossfadeProcess(probe)).toMatchObject({
			code: 11,
			stderr: expect.stringContaining(`${name} is not set`),
		});
		const report = await crossfadeProcess(["report", "--token", "old=fp:0123456789ab", "--out", `x.${name}`]);
		expect({ ...report, code: 0 }).toMatchObject({ stderr: expect.not.stringContaining("internal error") });
	});

	test.each(["processors", "receivers", "exporters", "extensions", "connectors", "service", "nothing"])(
		"a component in %s is a finding, not a crash",
		async (section) => {
			const lines = inherited.map((name) => `  ${JSON.stringify(name)}: { ${JSON.stringify(name)}: {} }\n`).join("");
			const outcome = await crossfadeProcess(["check", "-d", "contrib", "-"], { stdin: `${section}:\n${lines}` });
			expect(outcome.code).not.toBe(1);
			expect(outcome.stderr).not.toContain("internal error");
		},
	);
});
