import { describe } from "vitest";
import { distributionIds, loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { collectorContract } from "../contracts/collector.ts";

for (const id of distributionIds) {
	const distribution = await loadDistribution(id);
	if (!distribution) throw new Error(`${id} cannot be loaded`);
	describe(id, () => collectorContract(id, distribution));
}
