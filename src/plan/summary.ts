import { versionText } from "../versions.ts";
import type { CollectorPlan } from "./collector.ts";

/** What was decided, as stable JSON. */
export function planSummary(plan: CollectorPlan) {
	const { distribution, release, platform, provider, delivery, ids, endpoint, signals, tokenFile, warnings } = plan;
	return {
		distribution: distribution.id,
		title: distribution.title,
		platforms: Object.keys(distribution.hosts),
		version: versionText(release.own),
		otelcolVersion: versionText(release.otelcol),
		platform,
		provider: provider.id,
		endpoint,
		signals,
		tokenFile: delivery.way === "env" ? undefined : tokenFile,
		delivery,
		components: ids,
		warnings,
	};
}
