/**
 * OpenTelemetry Collector Contrib: the upstream build with every component of the community. It reloads its config on SIGHUP, its image
 * holds no shell, and its packages run it as otelcol-contrib under systemd. Gateways in front of a vendor's agent use this build.
 *
 * Source: https://github.com/open-telemetry/opentelemetry-collector-releases/tree/v0.159.0/distributions/otelcol-contrib (packages,
 * image, command lines); components by release are in inventory.json with their own source.
 */
import type { Distribution } from "../distribution.ts";
import { compose, deployment, ecsService, NO_SHELL, OPERATOR_IMAGE, upstreamChart } from "../hosts.ts";
import { otelcolMetrics, otelcolUptake } from "../otelcol.ts";
import inventory from "./inventory.json" with { type: "json" };

export const distribution: Distribution = {
	id: "contrib",
	title: "OpenTelemetry Collector Contrib",
	order: 10,
	dialect: "otelcol",
	configFile: "config.yaml",
	inventory,
	defaultPlatform: "systemd",
	validate: { programs: ["otelcol-contrib", "otelcol"], args: ["validate", "--config="] },
	versionCommand: "otelcol-contrib --version",
	metrics: otelcolMetrics,
	uptake: otelcolUptake,
	hosts: {
		systemd: {
			unit: "otelcol-contrib.service",
			config: "/etc/otelcol-contrib/config.yaml",
			owner: "otelcol-contrib:otelcol-contrib",
			reload: "systemctl kill -s HUP otelcol-contrib.service",
			restart: "systemctl restart otelcol-contrib.service",
			logs: "journalctl -u otelcol-contrib.service",
		},
		docker: {
			image: "otel/opentelemetry-collector-contrib",
			program: "/otelcol-contrib",
			config: "/etc/otelcol-contrib/config.yaml",
			args: ["--config", "/etc/otelcol-contrib/config.yaml"],
			owner: "10001:10001",
			...compose,
			notes: [NO_SHELL],
		},
		kubernetes: {
			image: "otel/opentelemetry-collector-contrib",
			program: "/otelcol-contrib",
			config: "/conf/relay.yaml",
			args: ["--config=/conf/relay.yaml"],
			owner: "10001:10001",
			...deployment,
			notes: [OPERATOR_IMAGE],
			helm: upstreamChart("otel/opentelemetry-collector-contrib"),
		},
		ecs: {
			image: "otel/opentelemetry-collector-contrib",
			program: "/otelcol-contrib",
			config: "env:OTELCOL_CONFIG",
			args: ["--config=env:OTELCOL_CONFIG"],
			configVariable: "OTELCOL_CONFIG",
			owner: "10001:10001",
			...ecsService,
		},
		windows: {
			service: "otelcol-contrib",
			config: String.raw`C:\Program Files\OpenTelemetry Collector\config.yaml`,
			owner: "LocalSystem",
			restart: "Restart-Service otelcol-contrib",
			logs: "Get-WinEvent -ProviderName otelcol-contrib -MaxEvents 50",
		},
	},
	sources: [
		"https://github.com/open-telemetry/opentelemetry-collector-releases/tree/v0.159.0/distributions/otelcol-contrib",
	],
};
