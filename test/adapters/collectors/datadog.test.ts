import { expect, test } from "vitest";
import { bundleOf } from "../../contracts/collector.ts";

test("everything still goes to the Agent of the same host, and to the new backend besides", async () => {
	const config = (await bundleOf("datadog", { platform: "systemd" })).get("config.yaml") ?? "";
	expect(config).toContain("http://127.0.0.1:14318");
	expect(config).toContain("https://ai-events.toriihq.com");
	const inCluster = (await bundleOf("datadog", { platform: "kubernetes" })).get("config.yaml") ?? "";
	expect(inCluster).toContain("http://${env:NODE_IP}:4318");
});
