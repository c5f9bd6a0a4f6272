import { expect, test } from "vitest";
import { bundleOf } from "../../contracts/collector.ts";

test("it has no authenticator that follows a file, so the token is in a header and the runbook tells to reload", async () => {
	const bundle = await bundleOf("adot", { platform: "systemd" });
	expect(bundle.get("config.yaml")).not.toContain("bearertokenauth");
	expect(bundle.get("config.yaml")).toContain('Authorization: "Bearer ${file:');
	expect(bundle.get("RUNBOOK.md")).toContain("aws-otel-collector.service");
});

test("in ECS the config comes in the variable that its entry point reads", async () => {
	const bundle = await bundleOf("adot", { platform: "ecs" });
	expect(bundle.get("task-definition.json")).toContain('"AOT_CONFIG_CONTENT"');
});
