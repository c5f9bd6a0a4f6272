import { expect, test } from "vitest";
import { bundleOf } from "../../contracts/collector.ts";

test("everything still goes to APM Server, and to the new backend besides", async () => {
	const config = (await bundleOf("elastic", { platform: "systemd" })).get("config.yaml") ?? "";
	expect(config).toContain("http://127.0.0.1:8200");
	expect(config).toContain("https://ai-events.toriihq.com");
	const inCluster = (await bundleOf("elastic", { platform: "kubernetes" })).get("config.yaml") ?? "";
	expect(inCluster).toContain("http://apm-server:8200");
});
