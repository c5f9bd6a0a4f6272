import { expect, test } from "vitest";
import { bundleOf } from "../../contracts/collector.ts";

test("the token file is not where every package upgrade changes owners", async () => {
	const bundle = await bundleOf("splunk", { platform: "systemd" });
	expect(bundle.get("RUNBOOK.md")).toContain("/etc/otel/collector/agent_config.yaml");
	expect(bundle.get("agent_config.yaml")).toMatch(/filename: (?!\/etc\/otel\/collector)\//);
});

test("in ECS the config comes in the variable that its entry point reads", async () => {
	const bundle = await bundleOf("splunk", { platform: "ecs" });
	expect(bundle.get("task-definition.json")).toContain('"SPLUNK_CONFIG_YAML"');
});
