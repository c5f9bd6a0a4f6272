/**
 * Helm charts that merge the collector config in their values with one of their own. What is missing from the values may therefore be
 * there all the same, and a list in the values replaces the chart's list.
 *
 * Sources: https://github.com/open-telemetry/opentelemetry-helm-charts/tree/opentelemetry-collector-0.170.0/charts (values.yaml and
 * templates/_config.tpl of both charts), https://github.com/signalfx/splunk-otel-collector-chart/tree/splunk-otel-collector-0.158.0
 * (templates/config). Read 2026-11-29.
 */
export interface ChartConfig {
	readonly chart: string;
	/** Keys that lead to the config in the values, the last of them; `*` is any key. */
	readonly path: readonly string[];
	/** What the chart lists in `service.extensions` by default; undefined if other values decide that. */
	readonly extensions: readonly string[] | undefined;
	/** Ids that the chart, or one of its presets, defines; undefined if other values decide that. */
	readonly defines: readonly string[] | undefined;
	/** The keys beside the config that mount files into the collector. */
	readonly volumes: string;
	readonly mounts: string;
	/** Whether the container has a memory limit unless the values remove it, or may have one. */
	readonly limitsMemory: boolean;
}

/** What presets of the upstream charts add. */
const PRESETS = [
	...["hostmetrics", "host_metrics", "kubeletstats", "kubelet_stats", "filelog", "file_log", "k8s_cluster"],
	...["k8sobjects", "k8s_objects", "k8s_events", "receiver_creator", "profiling", "prometheus"],
	...["k8sattributes", "k8s_attributes", "resourcedetection/env", "resource_detection/env"],
	...["file_storage", "k8s_observer", "k8s_leader_elector"],
];

const upstream: ChartConfig = {
	chart: "opentelemetry-collector",
	path: ["config"],
	extensions: ["health_check"],
	defines: [...PRESETS, "jaeger", "otlp", "zipkin", "batch", "memory_limiter", "debug", "health_check"],
	volumes: "extraVolumes",
	mounts: "extraVolumeMounts",
	limitsMemory: false,
};

/** What the templates of the Splunk chart define in some of its collectors, depending on other values. */
const SPLUNK = [
	...[
		"otlp",
		"jaeger",
		"zipkin",
		"nop",
		"host_metrics",
		"kubelet_stats",
		"file_log",
		"receiver_creator",
		"k8s_cluster",
	],
	...[
		"k8s_objects",
		"k8s_events",
		"prometheus/ta",
		"prometheus/agent",
		"prometheus/collector",
		"memory_limiter",
		"batch",
	],
	...[
		"k8s_attributes",
		"k8s_attributes/metrics",
		"resource_detection",
		"resource_detection/k8s_cluster_name",
		"resource",
	],
	...["resource/add_agent_k8s", "resource/add_cluster_host", "resource/add_cluster_name", "resource/add_custom_attrs"],
	...[
		"resource/add_environment",
		"resource/add_event_k8s",
		"resource/k8s_cluster",
		"resource/logs",
		"resource/metrics",
	],
	...[
		"resource/otlp_platform_logs",
		"filter/logs",
		"attributes/drop_event_attrs",
		"attributes/istio",
		"metricstransform",
	],
	...["transform/add_events_sourcetype", "transform/add_sourcetype", "transform/drop_server_attrs", "transform/logs"],
	...[
		"transform/istio_service_name",
		"transform/k8sevents",
		"transform/k8shpascaletargetref",
		"otlp_grpc",
		"otlp_http",
	],
	...[
		"otlp/platform_logs",
		"otlp_http/entities",
		"otlp_http/o11y_entities",
		"otlp_http/o11y_events",
		"otlp_http/secureapp",
	],
	...["otlp_http/platform_logs", "signalfx", "signalfx/histograms", "signalfx/host_metadata", "splunk_hec/o11y"],
	...["splunk_hec/platform_logs", "splunk_hec/platform_metrics", "splunk_hec/platform_traces", "routing/logs"],
	...["file_storage", "file_storage/persistent_queue", "health_check", "k8s_observer", "zpages", "headers_setter"],
	...["docker_observer", "host_observer", "http_forwarder", "http_forwarder/o11y_ingest", "opamp/splunk_o11y"],
	"http_forwarder/opamp_splunk_o11y",
];

/** The charts, the most specific path first. */
const charts: readonly ChartConfig[] = [
	{
		chart: "opentelemetry-kube-stack",
		path: ["collectors", "*", "config"],
		extensions: [],
		defines: [...PRESETS, "otlp", "resource/hostname", "batch", "debug"],
		volumes: "volumes",
		mounts: "volumeMounts",
		limitsMemory: true,
	},
	{
		chart: "opentelemetry-kube-stack",
		path: ["defaultCRConfig", "config"],
		extensions: [],
		defines: PRESETS,
		volumes: "volumes",
		mounts: "volumeMounts",
		limitsMemory: true,
	},
	...["agent", "gateway", "clusterReceiver"].map((part) => ({
		chart: "splunk-otel-collector",
		path: [part, "config"],
		extensions: undefined,
		defines: SPLUNK,
		volumes: "extraVolumes",
		mounts: "extraVolumeMounts",
		limitsMemory: true,
	})),
	// Not merged with the chart's own config; presets add to it all the same.
	{ ...upstream, path: ["alternateConfig"], extensions: [], defines: PRESETS },
	upstream,
];

/** A chart that nobody knows, or the upstream one under a name of the user's: what it adds is unknown. */
export const UNKNOWN_CHART: ChartConfig = {
	...upstream,
	chart: "(unknown)",
	extensions: undefined,
	defines: undefined,
	limitsMemory: true,
};

/** Names of charts whose values hold a collector's config. */
export const COLLECTOR_CHART = /otel|opentelemetry|alloy|splunk|datadog|k8s-monitoring/i;

/** Values that only the upstream chart has beside its config. */
const UPSTREAM_VALUES = ["mode", "presets", "alternateConfig"];

/** The chart whose values have a config at these keys, with these keys beside it; undefined if none is known to merge one there. */
export function chartAt(path: readonly (string | number)[], beside: readonly string[]): ChartConfig | undefined {
	const found = charts.find((chart) => {
		const end = path.slice(-chart.path.length);
		return end.length === chart.path.length && chart.path.every((key, index) => key === "*" || key === end[index]);
	});
	if (found !== upstream) return found;
	const above = path.at(-2);
	const isUpstream =
		above === undefined ||
		["opentelemetry-collector", "values", "valuesObject"].includes(String(above)) ||
		beside.some((key) => UPSTREAM_VALUES.includes(key));
	return isUpstream ? upstream : UNKNOWN_CHART;
}
