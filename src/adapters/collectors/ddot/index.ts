/**
 * Datadog Distribution of the OpenTelemetry Collector: a collector that the Datadog Agent starts and configures. It has no command to
 * validate a config and no reload; restarting the Agent restarts it. The Agent adds components to the config by itself.
 *
 * Sources: https://docs.datadoghq.com/opentelemetry/setup/ddot_collector/ (paths and commands),
 * https://github.com/DataDog/helm-charts/tree/main/charts/datadog (values of the chart).
 */
import type { Distribution } from "../distribution.ts";
import { otelcolMetrics, otelcolUptake } from "../otelcol.ts";
import inventory from "./inventory.json" with { type: "json" };

export const distribution: Distribution = {
	id: "ddot",
	title: "Datadog Distribution of the OpenTelemetry Collector",
	order: 70,
	dialect: "otelcol",
	configFile: "otel-config.yaml",
	inventory,
	defaultPlatform: "systemd",
	versionCommand: "/opt/datadog-agent/ext/ddot/embedded/bin/otel-agent version",
	metrics: otelcolMetrics,
	uptake: otelcolUptake,
	ownExporters: () => ({ datadog: { api: { key: "${env:DD_API_KEY}", site: "${env:DD_SITE}" } } }),
	hosts: {
		systemd: {
			unit: "datadog-agent.service",
			config: "/etc/datadog-agent/otel-config.yaml",
			owner: "dd-agent:dd-agent",
			restart: "systemctl restart datadog-agent.service",
			logs: "journalctl -u datadog-agent.service -u datadog-agent-ddot.service",
			notes: [
				"Restarting the Agent restarts its collector on every release; since 7.84.0 it has no unit of its own.",
				"The Agent adds health_check, zpages, pprof, ddflare and infraattributes to the config itself.",
			],
		},
		kubernetes: {
			image: "gcr.io/datadoghq/ddot-collector",
			program: "otel-agent",
			config: "/etc/otel-agent/otel-config.yaml",
			args: ["run", "--config=/etc/otel-agent/otel-config.yaml"],
			owner: "0:0",
			pods: "app.kubernetes.io/component=agent",
			restart: "kubectl -n NAMESPACE rollout restart daemonset/datadog",
			logs: "kubectl -n NAMESPACE logs -l app.kubernetes.io/component=agent -c otel-agent --prefix --tail=-1",
			notes: [
				"The manifests run the image as root, its default: a namespace that enforces restricted pods refuses them.",
			],
			helm: {
				chart: "datadog",
				repository: "https://helm.datadoghq.com",
				config: ["datadog", "otelCollector", "config"],
				configAs: "text",
				volumes: ["agents", "volumes"],
				mounts: ["agents", "containers", "otelAgent", "volumeMounts"],
				release: "datadog",
				values: { datadog: { otelCollector: { enabled: true } } },
			},
		},
		windows: {
			service: "datadogagent",
			config: String.raw`C:\ProgramData\Datadog\otel-config.yaml`,
			owner: "ddagentuser",
			restart: "Restart-Service -Force datadogagent",
			logs: String.raw`Get-Content -Tail 50 -Encoding ASCII C:\ProgramData\Datadog\logs\otel-agent.log`,
			logFile: String.raw`C:\ProgramData\Datadog\logs\otel-agent.log`,
		},
	},
	sources: [
		"https://docs.datadoghq.com/opentelemetry/setup/ddot_collector/",
		"https://github.com/DataDog/helm-charts/tree/main/charts/datadog",
	],
};
