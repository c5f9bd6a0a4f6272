import { expect, test } from "vitest";
import { bundleOf } from "../../contracts/collector.ts";

test("a new config keeps what the Agent does by default: it sends to Datadog too", async () => {
	const config = (await bundleOf("ddot", { platform: "systemd" })).get("otel-config.yaml") ?? "";
	expect(config).toContain("${env:DD_API_KEY}");
	expect(config).toMatch(/exporters: \[.*datadog.*\]|- datadog/);
});

test("it can neither reload nor validate: the runbook restarts the Agent, which restarts it", async () => {
	const steps = (await bundleOf("ddot", { platform: "systemd" })).get("RUNBOOK.md") ?? "";
	expect(steps).toContain("systemctl restart datadog-agent.service");
	// But for the question for the token, which a signal ends.
	expect(steps.replaceAll("INT QUIT TERM HUP", "")).not.toContain("HUP");
});
