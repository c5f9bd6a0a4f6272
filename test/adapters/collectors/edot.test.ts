import { expect, test } from "vitest";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { requireVersion } from "../../../src/base/versions.ts";
import { offlineFindings } from "../../../src/generate/check/check.ts";
import { hasComponent } from "../../../src/generate/plan/release.ts";
import { bundleOf } from "../../contracts/collector.ts";

test("SIGHUP ends it: a line that sends one is an error, and nothing of ours does", async () => {
	const distribution = await loadDistribution("edot");
	if (!distribution) throw new Error("there is edot");
	const own = requireVersion(distribution.inventory.newest);
	const unit = "[Service]\nExecReload=/bin/kill -HUP $MAINPID\n";
	const rules = offlineFindings(unit, "edot.service", { distribution, own }).map(({ rule }) => rule);
	expect(rules).toEqual(["mounts-only", "sighup-stops"]);
	for (const platform of ["systemd", "docker", "kubernetes"]) {
		for (const [path, content] of await bundleOf("edot", { platform }))
			expect(content, path).not.toMatch(/kill -s HUP|kill -HUP/);
	}
});

test("its packages bring no unit for the collector, so one is written", async () => {
	const bundle = await bundleOf("edot", { platform: "systemd" });
	expect(bundle.get("systemd/edot-collector.service")).toContain(
		"elastic-agent otel --config /etc/elastic-agent/crossfade/otel.yml",
	);
});

test.each([
	["8.18.2", "processors", "cumulativetodelta", false],
	["8.18.3", "processors", "cumulativetodelta", true],
	["9.0.2", "processors", "cumulativetodelta", false],
	["8.19.0", "extensions", "bearertokenauth", true],
	["9.0.8", "extensions", "bearertokenauth", false],
	["9.1.0", "extensions", "bearertokenauth", true],
	["8.19.12", "exporters", "otlp_http", true],
	["9.3.0", "exporters", "otlp_http", false],
	["8.19.20", "receivers", "jmx", false],
	["9.3.8", "receivers", "jmx", true],
] as const)("a maintained older line is a line of its own: %s, %s, %s: %s", async (release, kind, type, expected) => {
	const distribution = await loadDistribution("edot");
	if (!distribution) throw new Error("there is edot");
	expect(hasComponent(distribution, requireVersion(release), kind, type)).toBe(expected);
});
