import { version } from "../../base/version.ts";
import { versionText } from "../../base/versions.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { alloyConfig } from "./alloy.ts";
import { otelcolConfig } from "./otelcol.ts";
import { yamlText } from "./yaml.ts";

/** A whole new config in the distribution's own form. */
export function renderConfig(plan: CollectorPlan): string {
	if (plan.distribution.dialect === "alloy") return `${heading(plan, "//")}\n${alloyConfig(plan)}`;
	return `${heading(plan, "#")}\n${yamlText(otelcolConfig(plan))}`;
}

/** What stands on top of everything we write: what it is for, who made it, where the token comes from. */
function heading({ distribution, release, provider, delivery, tokenFile }: CollectorPlan, comment: string): string {
	const source = delivery.way === "env" ? `the environment variable ${provider.variable}` : tokenFile;
	return [
		`${distribution.title} ${versionText(release.own)}, sending to ${provider.title}.`,
		`Made by otel-crossfade ${version}. The token is read from ${source};`,
		"the RUNBOOK.md that --out writes tells how to rotate it.",
	]
		.map((line) => `${comment} ${line}\n`)
		.join("");
}
