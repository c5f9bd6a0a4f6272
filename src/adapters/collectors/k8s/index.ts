/**
 * OpenTelemetry Collector for Kubernetes: the upstream build for clusters, as an image alone. It has no package and no systemd unit; the
 * upstream Helm chart runs it when it is told the name of the program.
 *
 * Sources: https://github.com/open-telemetry/opentelemetry-collector-releases/tree/v0.159.0/distributions/otelcol-k8s,
 * https://github.com/open-telemetry/opentelemetry-helm-charts/tree/opentelemetry-collector-0.170.0/charts/opentelemetry-collector.
 */
import type { Distribution } from "../distribution.ts";
import { compose, deployment, OPERATOR_IMAGE, upstreamChart } from "../hosts.ts";
import { otelcolMetrics, otelcolUptake } from "../otelcol.ts";
import inventory from "./inventory.json" with { type: "json" };

export const distribution: Distribution = {
	id: "k8s",
	title: "OpenTelemetry Collector for Kubernetes",
	order: 20,
	dialect: "otelcol",
	configFile: "config.yaml",
	inventory,
	defaultPlatform: "kubernetes",
	validate: { programs: ["otelcol-k8s"], args: ["validate", "--config="] },
	versionCommand: "docker run --rm otel/opentelemetry-collector-k8s --version",
	metrics: otelcolMetrics,
	uptake: otelcolUptake,
	hosts: {
		docker: {
			image: "otel/opentelemetry-collector-k8s",
			program: "/otelcol-k8s",
			config: "/etc/otelcol/config.yaml",
			args: ["--config=/etc/otelcol/config.yaml"],
			owner: "10001:10001",
			...compose,
			notes: ["The image has no shell, no kill and no default config."],
		},
		kubernetes: {
			image: "otel/opentelemetry-collector-k8s",
			program: "/otelcol-k8s",
			config: "/conf/relay.yaml",
			args: ["--config=/conf/relay.yaml"],
			owner: "10001:10001",
			...deployment,
			notes: [OPERATOR_IMAGE],
			helm: upstreamChart("otel/opentelemetry-collector-k8s", "otelcol-k8s"),
		},
	},
	sources: [
		"https://github.com/open-telemetry/opentelemetry-collector-releases/tree/v0.159.0/distributions/otelcol-k8s",
		"https://github.com/open-telemetry/opentelemetry-helm-charts/tree/opentelemetry-collector-0.170.0/charts/opentelemetry-collector",
	],
};
