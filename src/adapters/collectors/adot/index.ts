/**
 * AWS Distro for OpenTelemetry: Amazon's build, usual in ECS, with a systemd unit and an image whose config comes from an environment
 * variable. It numbers its releases on its own; inventory.json says which upstream release is inside.
 *
 * Source: https://github.com/aws-observability/aws-otel-collector/tree/v0.49.0 (packages, image, task definitions, components).
 */
import type { Distribution } from "../distribution.ts";
import { compose, deployment, ecsService, NO_SHELL, upstreamChart } from "../hosts.ts";
import { otelcolMetrics, otelcolUptake } from "../otelcol.ts";
import inventory from "./inventory.json" with { type: "json" };

export const distribution: Distribution = {
	id: "adot",
	title: "AWS Distro for OpenTelemetry",
	order: 40,
	dialect: "otelcol",
	configFile: "config.yaml",
	inventory,
	defaultPlatform: "systemd",
	versionCommand: "/opt/aws/aws-otel-collector/bin/aws-otel-collector --version",
	metrics: otelcolMetrics,
	uptake: otelcolUptake,
	hosts: {
		systemd: {
			unit: "aws-otel-collector.service",
			config: "/opt/aws/aws-otel-collector/etc/config.yaml",
			owner: "aoc:aoc",
			reload: "systemctl kill -s HUP aws-otel-collector.service",
			restart: "systemctl restart aws-otel-collector.service",
			logs: "tail -n 50 /opt/aws/aws-otel-collector/logs/aws-otel-collector.log",
			logFile: "/opt/aws/aws-otel-collector/logs/aws-otel-collector.log",
			notes: [
				"This collector cannot validate a config. A failed reload stops it, and systemd waits a minute before restarting it.",
				"aws-otel-collector-ctl -c FILE -a start overwrites the config with FILE and restarts.",
			],
		},
		docker: {
			image: "public.ecr.aws/aws-observability/aws-otel-collector",
			tagPrefix: "v",
			program: "/awscollector",
			config: "/etc/otelcol/config.yaml",
			args: ["--config=/etc/otelcol/config.yaml"],
			owner: "4317:4317",
			...compose,
			notes: [NO_SHELL],
		},
		kubernetes: {
			image: "public.ecr.aws/aws-observability/aws-otel-collector",
			tagPrefix: "v",
			program: "/awscollector",
			config: "/conf/relay.yaml",
			args: ["--config=/conf/relay.yaml"],
			owner: "4317:4317",
			...deployment,
			helm: upstreamChart("public.ecr.aws/aws-observability/aws-otel-collector", "awscollector"),
		},
		ecs: {
			image: "public.ecr.aws/aws-observability/aws-otel-collector",
			tagPrefix: "v",
			program: "/awscollector",
			config: "AOT_CONFIG_CONTENT",
			args: [],
			configVariable: "AOT_CONFIG_CONTENT",
			owner: "4317:4317",
			...ecsService,
			notes: ["AOT_CONFIG_CONTENT overrides every --config and is fixed until the task is replaced."],
		},
		windows: {
			service: "AWSOTelCollector",
			config: String.raw`C:\Program Files\Amazon\AWSOTelCollector\config.yaml`,
			owner: "LocalSystem",
			restart: "Restart-Service AWSOTelCollector",
			logs: String.raw`Get-Content -Tail 50 -Encoding ASCII C:\ProgramData\Amazon\AWSOTelCollector\Logs\aws-otel-collector.log`,
			logFile: String.raw`C:\ProgramData\Amazon\AWSOTelCollector\Logs\aws-otel-collector.log`,
			notes: ["On Windows this collector exits 0 even when it fails: check the log, not the exit code."],
		},
	},
	sources: ["https://github.com/aws-observability/aws-otel-collector/tree/v0.49.0"],
};
