import { expect, test } from "vitest";
import { bundleOf } from "../../contracts/collector.ts";

test("it is an image alone: there is no unit for systemd, and the chart is told the name of the program", async () => {
	await expect(bundleOf("k8s", { platform: "systemd" })).rejects.toThrow(/systemd/);
	const bundle = await bundleOf("k8s", {});
	expect(bundle.get("values.yaml")).toContain("name: otelcol-k8s");
	expect(bundle.get("kubernetes.yaml")).toContain("otel/opentelemetry-collector-k8s");
});
