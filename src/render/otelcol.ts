import { otelcol } from "../adapters/collectors/otelcol.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import { isAtLeast } from "../versions.ts";
import { Commented, type YamlMap, yamlText } from "./yaml.ts";

/** What we add to a collector's config, whether it is new or someone's own: components by section, and the exporter's pipelines. */
export interface OtelcolFragment {
	readonly extensions: YamlMap;
	readonly exporters: YamlMap;
}

export function otelcolFragment(plan: CollectorPlan): OtelcolFragment {
	const { ids } = plan;
	return {
		extensions: {
			...(ids.auth ? { [ids.auth]: authExtension(plan) } : {}),
			...(ids.storage ? { [ids.storage]: { directory: plan.queueFolder, create_directory: true } } : {}),
		},
		exporters: { [ids.exporter]: exporter(plan) },
	};
}

function authExtension({ tokenFile, header, scheme }: CollectorPlan): YamlMap {
	return {
		filename: tokenFile,
		...(header.toLowerCase() === "authorization" ? {} : { header }),
		...(scheme === "Bearer" ? {} : { scheme }),
	};
}

function exporter(plan: CollectorPlan): YamlMap {
	const { ids, endpoint } = plan;
	return {
		endpoint,
		...(ids.auth ? { auth: { authenticator: ids.auth } } : { headers: { [plan.header]: headerValue(plan) } }),
		compression: "gzip",
		sending_queue: {
			enabled: true,
			queue_size: QUEUE_SIZE,
			...(ids.storage ? { storage: ids.storage } : {}),
		},
		// Keep trying while the backend is away; the queue above bounds what is kept.
		retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
	};
}

/** Requests, the upstream default; written out because `max_elapsed_time: 0s` relies on the queue being bounded. */
const QUEUE_SIZE = 1000;

function headerValue({ delivery, tokenFile, provider, scheme }: CollectorPlan): string {
	const source = delivery.way === "env" ? `\${env:${provider.variable}}` : `\${file:${tokenFile}}`;
	return scheme === "" ? source : `${scheme} ${source}`;
}

/** A whole new config: receives OTLP, exports to the provider (and to the agent behind it), watches itself. */
export function otelcolConfig(plan: CollectorPlan, heading: readonly string[]): string {
	const { extensions, exporters } = otelcolFragment(plan);
	const agent = agentExporter(plan);
	const listen = isContainer(plan) ? "0.0.0.0" : "127.0.0.1";
	const pipeline = {
		receivers: ["otlp"],
		processors: ["memory_limiter", "batch"],
		exporters: [plan.ids.exporter, ...Object.keys(agent)],
	};
	return yamlText({
		extensions: new Commented([...heading, ""], {
			health_check: { endpoint: `${listen}:13133` },
			...extensions,
		}),
		receivers: { otlp: { protocols: { grpc: { endpoint: `${listen}:4317` }, http: { endpoint: `${listen}:4318` } } } },
		processors: {
			memory_limiter: { check_interval: "1s", ...memoryLimit(plan) },
			batch: {},
		},
		exporters: { ...exporters, ...agent },
		service: {
			extensions: ["health_check", ...Object.keys(extensions)],
			pipelines: Object.fromEntries(plan.signals.map((signal) => [signal, pipeline])),
			telemetry: { metrics: selfMetrics(plan, listen) },
		},
	});
}

function agentExporter({ distribution, agentEndpoint }: CollectorPlan): YamlMap {
	const { agent } = distribution;
	return agent && agentEndpoint ? { [agent.exporter]: agent.settings(agentEndpoint) as YamlMap } : {};
}

function isContainer({ platform }: CollectorPlan): boolean {
	return platform === "docker" || platform === "kubernetes" || platform === "ecs";
}

/** Percentages need a memory limit to be a percentage of: containers have one, and Linux knows its total. */
function memoryLimit({ platform }: CollectorPlan): YamlMap {
	if (platform === "windows") return { limit_mib: 512, spike_limit_mib: 128 };
	return { limit_percentage: 75, spike_limit_percentage: 20 };
}

/** At level `detailed` failed exports carry their reason, which the runbook looks for. */
function selfMetrics({ release }: CollectorPlan, host: string): YamlMap {
	if (!isAtLeast(release.otelcol, otelcol.metricReaders)) return { level: "detailed", address: `${host}:8888` };
	return { level: "detailed", readers: [{ pull: { exporter: { prometheus: { host, port: 8888 } } } }] };
}
