import { versionText } from "../../base/versions.ts";
import type { Attribution } from "./attribution.ts";
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
		attribution: plan.attribution && attributionSummary(plan.attribution),
		warnings,
	};
}

/** What is counted, where it can be read, and what it cannot tell. */
function attributionSummary({ way, tokens, metricsUrl, pushed, strip }: Attribution) {
	return {
		way,
		...(way === "senders" ? { fingerprintSentOn: !strip } : { tokens }),
		[pushed ? "writesTo" : "metrics"]: metricsUrl,
		throughput: Object.fromEntries(
			COST[strip ? "stripped" : way].map((ratio, index) => [index === 0 ? 10 : 100, ratio]),
		),
		cannotTell: CANNOT_TELL[way],
	};
}

const TAKEN =
	"What is counted was taken by this gateway; whether the backend took it is said by the exporter's counters.";

/** What each way of attributing leaves open; each a sentence. */
export const CANNOT_TELL = {
	senders: [
		"Senders that put no host.name or service.name into their resources are counted together.",
		TAKEN,
		"Counters start at zero with the collector.",
	],
	tokens: [
		"Which host and which CLI sent something is not counted, only with which token.",
		"Tokens that were not named, and requests without one, are counted together as crossfade-fp-other.",
		TAKEN,
		"Counters start at zero with the collector.",
	],
	ports: [
		"Which host and which CLI sent something is not counted, only with which token.",
		"A client has to use the port of its token; tokens that were not named, and requests without one, are refused with 401.",
		TAKEN,
		"Counters start at zero with the collector.",
	],
} as const;

/**
 * Requests a CPU second as a share of the same config without counting, with 10 and with 100 records in a request; measured on otelcol
 * 0.155.0 by test/bench/attribution.bench.ts.
 */
export const COST = {
	senders: [0.87, 0.94],
	stripped: [0.78, 0.85],
	tokens: [0.9, 0.99],
	ports: [1, 1],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;
