import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { checkRegistries, kinds, registries, writeRegistries } from "../../scripts/registries.mjs";
import { clis } from "../../src/adapters/clis/registry.generated.ts";
import { distributionIds, loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { issuers } from "../../src/adapters/providers/registry.generated.ts";
import { vehicles } from "../../src/adapters/vehicles/registry.generated.ts";
import { scratch } from "../harness/cli.ts";

const adapters = new URL("../../src/adapters", import.meta.url).pathname;
const tests = new URL(".", import.meta.url).pathname;
const foldersIn = (path: string) =>
	readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const all = foldersIn(adapters).flatMap((kind) => foldersIn(join(adapters, kind)).map((id) => [kind, id] as const));

describe("the adapters of this repository", () => {
	test("every registry is fresh (npm run build writes them), and there is no other", () => {
		expect(() => checkRegistries(adapters)).not.toThrow();
	});

	test("lists are in the order that the adapters give themselves, and ids are the names of folders", async () => {
		const distributions = await Promise.all(distributionIds.map((id) => loadDistribution(id)));
		for (const [kind, list] of Object.entries({ clis, providers: issuers, vehicles, collectors: distributions })) {
			const orders = list.map((each) => each?.order ?? 0);
			expect(orders, kind).toEqual([...orders].sort((a, b) => a - b));
			expect(list.map((each) => each?.id).sort(), kind).toEqual(foldersIn(join(adapters, kind)).sort());
		}
	});

	test.each(all)("%s/%s has a test of its own and a contract that finds it", (kind, id) => {
		expect(existsSync(join(tests, kind, `${id}.test.ts`)), `test/adapters/${kind}/${id}.test.ts`).toBe(true);
		expect(existsSync(join(tests, `${kind}.test.ts`)), `test/adapters/${kind}.test.ts`).toBe(true);
	});

	test("no test is left of an adapter that is gone", () => {
		const left = foldersIn(tests).flatMap((kind) =>
			readdirSync(join(tests, kind))
				.map((name) => name.replace(/\..*/, ""))
				.filter((id) => !existsSync(join(adapters, kind, id)))
				.map((id) => `test/adapters/${kind}/${id}`),
		);
		expect(left).toEqual([]);
	});

	test.each(all)("%s/%s: every file begins with what it is about, and its sources", (kind, id) => {
		const folder = join(adapters, kind, id);
		for (const name of readdirSync(folder).filter((each) => each.endsWith(".ts"))) {
			const [header = ""] = /^\/\*\*\n[\s\S]*?\*\/\n/.exec(readFileSync(join(folder, name), "utf8")) ?? [];
			expect(header, `${kind}/${id}/${name}`).toMatch(/Sources?: [\s\S]*https:\/\//);
			expect(
				header.replaceAll(/https:\S+/g, "").split(/\s+/).length,
				`${kind}/${id}/${name} says enough`,
			).toBeGreaterThan(25);
		}
	});
});

describe("a made-up repository", () => {
	let root = "";
	beforeEach(() => {
		root = join(scratch(), "adapters");
		cpSync(adapters, root, { recursive: true });
	});
	const write = (path: string, text: string) => {
		mkdirSync(join(root, path, ".."), { recursive: true });
		writeFileSync(join(root, path), text);
	};
	const read = (path: string) => readFileSync(join(root, path), "utf8");

	test("a new store is registered by being there, the first of a kind that had no folder", () => {
		write("stores/vault/index.ts", 'export const store: Store = {\n\tid: "vault",\n\torder: 20,\n};\n');
		write("stores/aws-secrets/index.ts", 'export const store: Store = {\n\tid: "aws-secrets",\n\torder: 10,\n};\n');
		writeRegistries(root);
		expect(
			read("stores/registry.generated.ts"),
		).toBe(`// Written by scripts/registries.mjs from the folders beside it; \`npm run build\` writes it anew.
import type { Store } from "./store.ts";
import { store as awsSecrets } from "./aws-secrets/index.ts";
import { store as vault } from "./vault/index.ts";

export const stores: readonly [Store, ...Store[]] = [
	awsSecrets,
	vault,
];
`);
	});

	test("a stale registry is named", () => {
		write("stores/vault/index.ts", 'export const store: Store = {\n\tid: "vault",\n\torder: 20,\n};\n');
		write("clis/registry.generated.ts", "");
		expect(() => checkRegistries(root)).toThrow(
			/^clis\/registry.generated.ts, stores\/registry.generated.ts: .*npm run build/,
		);
		writeRegistries(root);
		expect(() => checkRegistries(root)).not.toThrow();
	});

	test("a folder that is gone is no longer registered, and a registry of no kind is removed", () => {
		rmSync(join(root, "clis/codex"), { recursive: true });
		write("clis/old.generated.ts", "");
		writeRegistries(root);
		expect(read("clis/registry.generated.ts")).not.toContain("codex");
		expect(existsSync(join(root, "clis/old.generated.ts"))).toBe(false);
	});

	test("a file without a list of its own may be missing where the kind says so, and the others may not", () => {
		rmSync(join(root, "providers/torii/sandbox.ts"));
		expect(registries(root)["providers/sandbox.generated.ts"]).not.toContain("torii");
		rmSync(join(root, "clis/codex/emits.ts"));
		expect(() => registries(root)).toThrow("src/adapters/clis/codex: emits.ts is missing");
	});

	test.each([
		["a file too many", "vehicles/jamf/more.ts", "", "src/adapters/vehicles/jamf: more.ts does not belong there"],
		[
			"no place in the lists",
			"vehicles/jamf/index.ts",
			"export const vehicle = {};\n",
			'jamf/index.ts: no line "order:',
		],
		["a kind there is not", "shells/dash/index.ts", "", `kinds are ${Object.keys(kinds).join(", ")}`],
	])("%s is an error that says where", (_what, path, text, message) => {
		write(path, text);
		expect(() => registries(root)).toThrow(message);
	});
});
