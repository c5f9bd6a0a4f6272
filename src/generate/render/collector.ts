import { version } from "../../base/version.ts";
import { versionText } from "../../base/versions.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { alloyConfig } from "./alloy.ts";
import { otelcolConfig } from "./otelcol.ts";
import { yamlText } from "./yaml.ts";

/** A complete new config in the distribution's own format. */
export function renderConfig(plan: CollectorPlan): string {
	if (plan.distribution.dialect === "alloy") return `${heading(plan, "//")}\n${alloyConfig(plan)}`;
	return `${heading(plan, "#")}\n${yamlText(otelcolConfig(plan))}`;
}

/** The header of every file we write: purpose, generator, source of the token. */
function heading({ distribution, release, provider, delivery, tokenFile }: CollectorPlan, comment: string): string {
	const source = delivery.way === "env" ? `the environment variable ${provider.variable}` : tokenFile;
	return [
		`${distribution.title} ${versionText(release.own)}, sending to ${provider.title}.`,
		`Made by otel-crossfade ${version}. The token is read from ${source};`,
		"to rotate it, see the RUNBOOK.md that --out writes.",
	]
		.map((line) => `${comment} ${line}\n`)
		.join("");
}
