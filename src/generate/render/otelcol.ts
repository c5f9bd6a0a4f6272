import { otelcol } from "../../adapters/collectors/otelcol.ts";
import { signals } from "../../adapters/providers/provider.ts";
import { isAtLeast } from "../../base/versions.ts";
import type { CollectorPlan } from "../plan/collector.ts";
import {
	attributedFlow,
	type Flow,
	headerSettings,
	type Listener,
	otlpReceiver,
	type SignalPath,
} from "./attribution.ts";
import { type Listening, usualPorts } from "./listening.ts";
import type { YamlMap } from "./yaml.ts";

/** What we add to a collector's config, new or existing: components by section, and the exporter's pipelines. */
export interface OtelcolFragment {
	readonly extensions: YamlMap;
	readonly exporters: YamlMap;
}

export function otelcolFragment(plan: CollectorPlan): OtelcolFragment {
	const { ids } = plan;
	return {
		extensions: {
			...(ids.auth ? { [ids.auth]: authExtension(plan) } : {}),
			...(ids.storage ? { [ids.storage]: storageExtension(plan) } : {}),
		},
		exporters: { [ids.exporter]: exporter(plan) },
	};
}

function storageExtension({ queueFolder, release }: CollectorPlan): YamlMap {
	const creates = isAtLeast(release.otelcol, otelcol.createDirectory);
	return { directory: queueFolder, ...(creates ? { create_directory: true } : {}) };
}

function authExtension({ tokenFile, header, scheme }: CollectorPlan): YamlMap {
	return { filename: tokenFile, ...headerSettings({ header, scheme }) };
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
		// Keep retrying while the backend is down; the queue above limits what is kept.
		retry_on_failure: { enabled: true, max_elapsed_time: "0s" },
	};
}

/** In requests, the upstream default; explicit because `max_elapsed_time: 0s` relies on a bounded queue. */
const QUEUE_SIZE = 1000;

function headerValue({ delivery, tokenFile, provider, scheme }: CollectorPlan): string {
	const source = delivery.way === "env" ? `\${env:${provider.variable}}` : `\${file:${tokenFile}}`;
	return scheme === "" ? source : `${scheme} ${source}`;
}

/** A complete new config: receives OTLP, exports to the provider (and to the agent behind it), and reports its own metrics. */
export function otelcolConfig(plan: CollectorPlan, ports: Listening = usualPorts): YamlMap {
	const { extensions, exporters } = otelcolFragment(plan);
	const others = otherExporters(plan);
	const listener = { ...ports, address: isContainer(plan) ? "0.0.0.0" : "127.0.0.1" };
	// The agent behind us still gets everything that it got before.
	const received = Object.keys(others).length > 0 ? signals : plan.signals;
	const paths = received.map((signal) => ({
		signal,
		exporters: [...(plan.signals.includes(signal) ? [plan.ids.exporter] : []), ...Object.keys(others)],
	}));
	const flow = plan.attribution ? attributedFlow(plan, plan.attribution, paths, listener) : plainFlow(paths, listener);
	const allExtensions = { ...extensions, ...flow.extensions };
	return {
		extensions: { health_check: { endpoint: `${listener.address}:${ports.health}` }, ...allExtensions },
		receivers: flow.receivers,
		processors: { memory_limiter: { check_interval: "1s", ...memoryLimit(plan) }, ...flow.processors },
		...(Object.keys(flow.connectors).length > 0 ? { connectors: flow.connectors } : {}),
		exporters: { ...exporters, ...others, ...flow.exporters },
		service: {
			extensions: ["health_check", ...Object.keys(allExtensions)],
			pipelines: flow.pipelines,
			telemetry: { metrics: selfMetrics(plan, listener) },
		},
	};
}

function plainFlow(paths: readonly SignalPath[], listener: Listener): Flow {
	const processors = ["memory_limiter", "batch"];
	return {
		extensions: {},
		receivers: { otlp: otlpReceiver(listener) },
		processors: { batch: {} },
		connectors: {},
		exporters: {},
		pipelines: Object.fromEntries(
			paths.map(({ signal, exporters }) => [signal, { receivers: ["otlp"], processors, exporters }]),
		),
	};
}

/** Exports besides ours: to the agent behind a gateway, or to the distribution's default destination. */
function otherExporters({ distribution, platform, agentEndpoint, ids }: CollectorPlan): YamlMap {
	const type = ids.exporter.split("/", 1)[0];
	const agent = agentEndpoint === undefined ? {} : { [`${type}/agent`]: { endpoint: agentEndpoint } };
	return { ...agent, ...distribution.ownExporters?.(platform) };
}

function isContainer({ platform }: CollectorPlan): boolean {
	return platform === "docker" || platform === "kubernetes" || platform === "ecs";
}

/** Percentages need a known memory total: containers have a limit, and Linux reports its total. */
function memoryLimit({ platform }: CollectorPlan): YamlMap {
	if (platform === "windows") return { limit_mib: 512, spike_limit_mib: 128 };
	return { limit_percentage: 75, spike_limit_percentage: 20 };
}

/**
 * At level `detailed` failed exports carry their reason, which the runbook checks. The default address, port 8888 on loopback, works
 * everywhere except in a container with a published port and in a pod; there the metric names are kept as the default reader prints them.
 */
function selfMetrics({ release, platform }: CollectorPlan, { metrics: port }: Listener): YamlMap {
	const isReadFromOutside = platform === "docker" || platform === "kubernetes";
	if (!isReadFromOutside && port === usualPorts.metrics) return { level: "detailed" };
	const host = isReadFromOutside ? "0.0.0.0" : "127.0.0.1";
	if (!isAtLeast(release.otelcol, otelcol.metricReaders)) return { level: "detailed", address: `${host}:${port}` };
	const prometheus = {
		host,
		port,
		without_type_suffix: true,
		without_units: true,
		without_scope_info: true,
	};
	return { level: "detailed", readers: [{ pull: { exporter: { prometheus } } }] };
}
