import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { distributionIds, loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { collectorContract } from "../contracts/collector.ts";

const folders = readdirSync(new URL("../../src/adapters/collectors", import.meta.url), { withFileTypes: true });

test("every folder is registered, and every entry has its folder", () => {
	const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
	expect([...distributionIds].sort()).toEqual(names.sort());
});

for (const id of distributionIds) {
	const distribution = await loadDistribution(id);
	if (!distribution) throw new Error(`${id} cannot be loaded`);
	describe(id, () => collectorContract(id, distribution));
}
