import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { issuers } from "../../src/adapters/providers/registry.generated.ts";
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

test.each(issuers)(
	"init --rotate for $id: what it writes is right, and the provider can be planned with",
	async (issuer) => {
		const cwd = scratch();
		const flags = ["--provider", issuer.id, "--endpoint", "http://127.0.0.1:9/base/"];
		await crossfade(["init", "--rotate", ...flags], { cwd });
		const text = readFileSync(join(cwd, "crossfade.yaml"), "utf8");
		expect(text.match(/http:\/\/127.0.0.1:9\/base$/gm)).toHaveLength(1);
		const { code, stdout, stderr } = await crossfade(["rotate", "plan"], { cwd });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toContain(`rotation main: ${issuer.title}, `);
		// Also with every key of the provider.
		const whole = text.replace(/^ {4}# (?!strategy)(\S+: )/gm, "    $1").replace(/^ {4}endpoint: https.*\n/m, "");
		expect(parseFleet(whole, "crossfade.yaml", cwd).rotations).toHaveLength(1);
	},
);

test("a provider without OTLP has a fleet file with a rotation only, and is told so", async () => {
	const [issuer] = issuers.filter((each) => !("takes" in each));
	const { code, stderr } = await crossfade(["init", "--provider", issuer?.id ?? ""]);
	expect(code).toBe(2);
	expect(stderr).toContain(`${issuer?.title} takes no OTLP`);
	expect(stderr).toContain("add --rotate");
});

test("init --rotate in another folder: a rotation whose name has no journal on this machine", async () => {
	const home = scratch({ "a/x": "", "b/x": "", ".local/state/crossfade/rotations/main/x": "" });
	const init = (folder: string, ...flags: string[]) =>
		crossfade(["init", "--rotate", ...flags], { cwd: join(home, folder), env: { HOME: home } });
	expect((await init("a")).stderr).toContain("this machine has a rotation main already; this one is main-2");
	expect(readFileSync(join(home, "a/crossfade.yaml"), "utf8")).toContain("\n  main-2:\n");
	// What is written anew keeps its name.
	await init("a", "--force");
	expect(readFileSync(join(home, "a/crossfade.yaml"), "utf8")).toContain("\n  main:\n");
});
