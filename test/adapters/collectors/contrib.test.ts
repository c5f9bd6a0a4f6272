import { expect, test } from "vitest";
import { distributionIds, loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { bundleOf } from "../../contracts/collector.ts";

test("its unit is reloaded by SIGHUP, and only after the new config was validated", async () => {
	const bundle = await bundleOf("contrib", { platform: "systemd" });
	const unit = bundle.get("systemd/otelcol-contrib.service.d/crossfade.conf") ?? "";
	expect(unit.indexOf("validate --config=")).toBeGreaterThan(-1);
	expect(unit.indexOf("kill -HUP")).toBeGreaterThan(unit.indexOf("validate --config="));
});

test("gateways in front of a vendor's agent are this build, with a title, an agent and sources of their own", async () => {
	const contrib = await loadDistribution("contrib");
	const all = await Promise.all(distributionIds.map((id) => loadDistribution(id)));
	const behind = all.filter((each) => each?.agent);
	expect(behind.length).toBeGreaterThan(0);
	for (const each of behind) {
		expect(each).toMatchObject({ hosts: contrib?.hosts, inventory: contrib?.inventory });
		expect([each?.title, each?.sources]).not.toEqual([contrib?.title, contrib?.sources]);
	}
});
