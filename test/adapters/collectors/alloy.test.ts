import { expect, test } from "vitest";
import { bundleOf } from "../../contracts/collector.ts";

test("its config is in its own language, and it follows the token file by itself", async () => {
	const bundle = await bundleOf("alloy", { platform: "systemd" });
	expect(bundle.get("config.alloy")).toMatch(/local\.file "[\s\S]*otelcol\.auth\./);
	await expect(bundleOf("alloy", { platform: "systemd", delivery: "reload" })).rejects.toThrow(
		/reload is not possible/,
	);
});

test("counting senders takes a component that is not generally available: its image is started with that stability", async () => {
	const bundle = await bundleOf("alloy", { platform: "kubernetes", attribute: "senders" });
	expect(bundle.get("kubernetes.yaml")).toContain("--stability.level=experimental");
});
