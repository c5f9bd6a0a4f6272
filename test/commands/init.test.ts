import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultProvider, providers } from "../../src/adapters/providers/registry.ts";
import { fleetFile } from "../../src/generate/render/fleet-file.ts";
import { parseFleet } from "../../src/spec/fleet.ts";
import { fleetJsonSchema } from "../../src/spec/fleet-json-schema.ts";
import { scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";

describe("crossfade init", () => {
	test("writes a valid fleet file, and never overwrites one", async () => {
		const cwd = scratch();
		expect(await crossfade(["init"], { cwd })).toMatchObject({ code: 0, stdout: `${join(cwd, "crossfade.yaml")}\n` });
		const text = readFileSync(join(cwd, "crossfade.yaml"), "utf8");
		expect(parseFleet(text, "crossfade.yaml", cwd).tokens.map(({ name }) => name)).toEqual(["old", "new"]);
		const again = await crossfade(["init", "--provider", "activitylog"], { cwd });
		expect(again.code).toBe(11);
		expect(readFileSync(join(cwd, "crossfade.yaml"), "utf8")).toBe(text);
		expect((await crossfade(["init", "--provider", "activitylog", "--force"], { cwd })).code).toBe(0);
	});

	test("an unknown provider is one clear error", async () => {
		const { code, stderr } = await crossfade(["init", "--provider", "tori"]);
		expect(code).toBe(2);
		expect(stderr).toContain("did you mean --provider torii?");
	});

	test("the schema for editors comes with the package and knows every key", async () => {
		const { stdout } = await crossfade(["init", "--schema"]);
		expect(JSON.parse(stdout)).toEqual(fleetJsonSchema());
		expect(JSON.parse(readFileSync("dist/crossfade.schema.json", "utf8"))).toEqual(fleetJsonSchema());
	});
});

test.each(providers)(
	"the example for $id says every key there is, and is right also with all of it uncommented",
	(provider) => {
		const text = fleetFile(provider);
		expect(() => parseFleet(text, "crossfade.yaml", "/")).not.toThrow();
		const whole = text
			.replace(/^# ( *(?:- )?\w+:(?: .*)?)$/gm, "$1")
			.replace(/^ +deadline.*\n/m, "")
			.replace(/^endpoint: .* # only.*\n/m, "");
		const fleet = parseFleet(whole, "crossfade.yaml", "/");
		expect(fleet).toMatchObject({
			gateways: [{ name: "gw-eu" }],
			clis: ["claude-code", "codex", "gemini"],
			inventory: ["/jamf-export.csv"],
		});
		expect(fleet.expectedHosts).toHaveLength(122);
		const keys = Object.keys((fleetJsonSchema() as { properties: object }).properties);
		expect(keys.filter((key) => !new RegExp(`^(# )?${key}:`, "m").test(text))).toEqual([]);
	},
);

test("the default provider is one of them", () => {
	expect(providers).toContain(defaultProvider);
});

test("init --rotate makes a key that no other account can read, and a rotation that can be planned", async () => {
	const cwd = scratch();
	const { stdout, code } = await crossfade(["init", "--rotate"], { cwd });
	expect({ stdout, code }).toEqual({ stdout: `${join(cwd, "crossfade.yaml")}\n`, code: 0 });
	expect(statSync(join(cwd, "crossfade.key")).mode & 0o777).toBe(0o600);
	const key = readFileSync(join(cwd, "crossfade.key"), "utf8");
	expect(key).toMatch(/^AGE-SECRET-KEY-1/);
	expect((await crossfade(["rotate", "plan"], { cwd })).stdout).toContain("store gateway");
	// A second one keeps the key: what it sealed must stay readable.
	await crossfade(["init", "--rotate", "--force"], { cwd });
	expect(readFileSync(join(cwd, "crossfade.key"), "utf8")).toBe(key);
});
