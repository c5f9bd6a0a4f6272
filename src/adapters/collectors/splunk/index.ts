/**
 * Splunk Distribution of the OpenTelemetry Collector: packages that read an environment file and a config of their own (agent or
 * gateway), an image, and a Helm chart that wraps the collector's config into its values.
 *
 * Sources: https://github.com/signalfx/splunk-otel-collector/tree/v0.158.0/packaging (packages and paths),
 * https://github.com/signalfx/splunk-otel-collector-chart/tree/splunk-otel-collector-0.158.0 (values of the chart).
 */
import type { Distribution } from "../distribution.ts";
import { compose, deployment, ecsService, NO_SHELL } from "../hosts.ts";
import { otelcolMetrics, otelcolUptake } from "../otelcol.ts";
import inventory from "./inventory.json" with { type: "json" };

export const distribution: Distribution = {
	id: "splunk",
	title: "Splunk Distribution of the OpenTelemetry Collector",
	order: 30,
	dialect: "otelcol",
	configFile: "agent_config.yaml",
	inventory,
	defaultPlatform: "systemd",
	// On PATH the program is named otelcol, like the upstream core build.
	validate: { programs: ["otelcol"], args: ["validate", "--config="] },
	versionCommand: "otelcol --version",
	// https://github.com/signalfx/splunk-otel-collector/blob/v0.158.0/internal/configsource/README.md
	ownSections: ["config_sources"],
	metrics: otelcolMetrics,
	uptake: otelcolUptake,
	hosts: {
		systemd: {
			unit: "splunk-otel-collector.service",
			config: "/etc/otel/collector/agent_config.yaml",
			owner: "splunk-otel-collector:splunk-otel-collector",
			reload: "systemctl kill -s HUP splunk-otel-collector.service",
			restart: "systemctl restart splunk-otel-collector.service",
			logs: "journalctl -u splunk-otel-collector.service",
			notes: [
				"Every package upgrade changes the owner of /etc/otel/collector to the collector's account, so the token is stored elsewhere.",
				"SPLUNK_CONFIG in /etc/otel/collector/splunk-otel-collector.conf sets the config file.",
			],
		},
		docker: {
			image: "quay.io/signalfx/splunk-otel-collector",
			program: "/otelcol",
			config: "/etc/otel/collector/crossfade/agent_config.yaml",
			args: ["--config=/etc/otel/collector/crossfade/agent_config.yaml"],
			owner: "999:999",
			...compose,
			notes: [NO_SHELL],
		},
		kubernetes: {
			image: "quay.io/signalfx/splunk-otel-collector",
			program: "/otelcol",
			config: "/conf/relay.yaml",
			args: ["--config=/conf/relay.yaml"],
			owner: "999:999",
			...deployment,
			notes: ["The chart serves the collector's own metrics on port 8889, not 8888."],
			helm: {
				chart: "splunk-otel-collector",
				repository: "https://signalfx.github.io/splunk-otel-collector-chart",
				config: ["gateway", "config"],
				configAs: "map",
				volumes: ["gateway", "extraVolumes"],
				mounts: ["gateway", "extraVolumeMounts"],
				podSecurity: ["gateway", "podSecurityContext"],
				containerSecurity: [["gateway", "containerSecurityContext"]],
				tag: ["image", "otelcol", "tag"],
				ports: {
					path: ["gateway", "ports"],
					form: "map",
					entry: (_name, port) => ({
						containerPort: port,
						protocol: "TCP",
						enabled_for: ["traces", "metrics", "logs", "profiling"],
					}),
					hasOtlp: true,
				},
				selector: "release=RELEASE,component=otel-collector",
				values: { gateway: { enabled: true } },
			},
		},
		ecs: {
			image: "quay.io/signalfx/splunk-otel-collector",
			program: "/otelcol",
			config: "SPLUNK_CONFIG_YAML",
			args: [],
			configVariable: "SPLUNK_CONFIG_YAML",
			owner: "999:999",
			...ecsService,
		},
		windows: {
			service: "splunk-otel-collector",
			config: String.raw`C:\ProgramData\Splunk\OpenTelemetry Collector\agent_config.yaml`,
			owner: "LocalSystem",
			restart: "Restart-Service splunk-otel-collector",
			logs: "Get-WinEvent -ProviderName splunk-otel-collector -MaxEvents 50",
		},
	},
	sources: [
		"https://github.com/signalfx/splunk-otel-collector/tree/v0.158.0/packaging",
		"https://github.com/signalfx/splunk-otel-collector-chart/tree/splunk-otel-collector-0.158.0",
	],
};
