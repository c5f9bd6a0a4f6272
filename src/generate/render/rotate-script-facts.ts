import { version } from "../../base/version.ts";
import { versionText } from "../../base/versions.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { queueLoss, unseenRetries } from "./backlog.ts";
import { exporterLabel, rotateScriptName, takenUp } from "./platforms/shared.ts";

/** What the script that rotates says and asks on every system. */
export function rotateScriptFacts(plan: CollectorPlan) {
	const { distribution, release, provider, endpoint, signals } = plan;
	return {
		provider: provider.title,
		distribution: `${distribution.title} ${versionText(release.own)}`,
		version,
		script: rotateScriptName(plan),
		tokenFile: plan.tokenFile,
		metricsUrl: distribution.metrics.url,
		exporterLabel: exporterLabel(plan),
		queue: queueLoss(plan) ?? "",
		unseen: unseenRetries(plan) ?? "",
		probeUrl: `${endpoint}/v1/${signals[0] ?? "logs"}`,
		header: plan.header,
		scheme: plan.scheme,
		takenHow: takenUp(plan),
	};
}
