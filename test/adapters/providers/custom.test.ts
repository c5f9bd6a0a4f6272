import { expect, test } from "vitest";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { provider } from "../../../src/adapters/providers/custom/index.ts";
import { parseCollectorFlags } from "../../../src/spec/collector.ts";

test("its endpoint and header come from flags", async () => {
	const contrib = await loadDistribution("contrib");
	if (!contrib) throw new Error("contrib is a distribution");
	const flags = { distribution: "contrib", provider: provider.id };
	expect(() => parseCollectorFlags(flags, contrib)).toThrow(/endpoint/);
	const given = { ...flags, endpoint: "https://otlp.example.com/in", authHeader: "x-api-key" };
	expect(parseCollectorFlags(given, contrib)).toMatchObject({ endpoint: "https://otlp.example.com/in" });
	expect(provider.endpoint).toBeUndefined();
});
