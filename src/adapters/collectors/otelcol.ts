import type { Distribution, SelfMetrics } from "./distribution.ts";

/**
 * Facts about the upstream collector that all builds share, by otelcol release. Measurements are from 0.155.0.
 * Sources: the changelogs of opentelemetry-collector and opentelemetry-collector-contrib, read 2026-11-22.
 */
export const otelcol = {
	/**
	 * Between two rewrites of its file watcher (contrib#44104, contrib#46470) `bearertokenauth` misses the way in which Kubernetes updates a
	 * Secret volume: always, where it was measured (0.148.0, 0.149.0).
	 */
	bearerWatchBroken: ">=0.140.0 <0.151.0",
	/** Of these, the releases in which it was measured that a file which is replaced by a rename is never missed. */
	bearerRenameSeen: ">=0.148.0 <0.150.0",
	bearerWatchKubernetes: "0.151.0",
	/** Before it, a gRPC exporter keeps the token it started with, although the file is read again (contrib#36749). */
	bearerGrpc: "0.120.0",
	/** From it on a queue on disk keeps the request's context, headers of the client among it (core#13437); before, they are lost in it. */
	queueKeepsContext: "0.131.0",
	/**
	 * Before it, the size of a queue in memory leaves out what a consumer has taken and tries again; read in the modules 0.95 to 0.131.
	 * https://github.com/open-telemetry/opentelemetry-collector/blob/exporter/v0.120.0/exporter/exporterqueue/memory_queue.go
	 */
	queueCountsRetries: "0.120.0",
	/** `bearertokenauth.header` for headers other than Authorization (contrib#38793). */
	bearerHeader: "0.123.0",
	/** `service.telemetry.metrics.readers` without a feature gate; `address` is refused since 0.128.0. */
	metricReaders: "0.110.0",
	/** `file_storage.create_directory` (contrib#34985). */
	createDirectory: "0.110.0",
	/** OTTL's `otelcol.client.metadata`, with which a statement reads a request's headers. */
	clientMetadata: "0.147.0",
} as const;

const SAME = { traces: ["traces"], metrics: ["metrics"], logs: ["logs"], profiles: ["profiles"] };
const METRICS = { traces: ["metrics"], metrics: ["metrics"], logs: ["metrics"], profiles: ["metrics"] };

/**
 * By connector: what it makes of each signal. Measured for `forward` and `count`; others by their README.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/v0.159.0/connector
 */
export const connectorSignals: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
	forward: SAME,
	routing: SAME,
	failover: SAME,
	roundrobin: SAME,
	round_robin: SAME,
	count: METRICS,
	signaltometrics: METRICS,
	signal_to_metrics: METRICS,
	spanmetrics: { traces: ["metrics"] },
	span_metrics: { traces: ["metrics"] },
	servicegraph: { traces: ["metrics"] },
	service_graph: { traces: ["metrics"] },
	exceptions: { traces: ["metrics", "logs"] },
};

/** The metrics of a collector built from upstream: on port 8888, with the exporter's id as a label. */
export const otelcolMetrics: SelfMetrics = {
	url: "http://127.0.0.1:8888/metrics",
	label: (exporter) => `exporter="${exporter}"`,
};

/**
 * What an upstream build logs, at the level info: `bearertokenauth` when it has read its file again (from 0.151.0 on only when that
 * succeeded), the service when it runs. Read in 0.155.0, and seen.
 * https://github.com/open-telemetry/opentelemetry-collector-contrib/blob/v0.155.0/extension/bearertokenauthextension/bearertokenauth.go
 */
export const otelcolUptake: Distribution["uptake"] = {
	watched: { log: "refresh token" },
	started: { log: "Everything is ready" },
};

/**
 * The signals of components that do not take all of them, by section and type: in a pipeline of another the collector refuses the whole config.
 * Measured on otelcol 0.155.0.
 */
export const componentSignals: Readonly<Record<string, readonly string[]>> = {
	"exporters/prometheus": ["metrics"],
	"exporters/prometheus_remote_write": ["metrics"],
	"exporters/prometheusremotewrite": ["metrics"],
	"processors/cumulativetodelta": ["metrics"],
	"processors/deltatocumulative": ["metrics"],
	"processors/interval": ["metrics"],
	"processors/probabilistic_sampler": ["logs", "traces"],
	"processors/tail_sampling": ["traces"],
};
