/**
 * Elastic Distribution of the OpenTelemetry Collector: the collector inside the program elastic-agent. SIGHUP ends it like SIGTERM,
 * because it does not use upstream's own start; so nothing may send it one, and it is restarted instead. Its packages bring no unit for
 * it.
 *
 * Sources: https://github.com/elastic/elastic-agent/tree/v9.5.2 (packages, image, components),
 * https://github.com/elastic/elastic-agent/blob/main/internal/edot/cmd/otel.go (signals),
 * https://www.elastic.co/docs/reference/edot-collector/.
 */
import type { Distribution } from "../distribution.ts";
import { compose, deployment } from "../hosts.ts";
import { otelcolMetrics, otelcolUptake } from "../otelcol.ts";
import inventory from "./inventory.json" with { type: "json" };

export const distribution: Distribution = {
	id: "edot",
	title: "Elastic Distribution of the OpenTelemetry Collector",
	order: 90,
	dialect: "otelcol",
	configFile: "otel.yml",
	inventory,
	defaultPlatform: "systemd",
	validate: { programs: ["elastic-agent"], args: ["otel", "validate", "--config="] },
	versionCommand: "elastic-agent version --binary-only",
	metrics: otelcolMetrics,
	uptake: otelcolUptake,
	stopsOnHangup: true,
	hosts: {
		systemd: {
			unit: "edot-collector.service",
			ownUnit: "/usr/bin/elastic-agent otel --config /etc/elastic-agent/crossfade/otel.yml",
			// Not the package's otel.yml: another unit may run with that.
			config: "/etc/elastic-agent/crossfade/otel.yml",
			owner: "root:root",
			restart: "systemctl restart edot-collector.service",
			logs: "journalctl -u edot-collector.service",
			notes: [
				"The packaged elastic-agent.service runs the managed agent; the unit in this folder runs this collector.",
				"Never send SIGHUP: it stops the collector.",
			],
		},
		docker: {
			image: "docker.elastic.co/elastic-agent/elastic-otel-collector",
			program: "elastic-agent",
			config: "/usr/share/elastic-agent/crossfade/otel.yml",
			args: ["--config", "/usr/share/elastic-agent/crossfade/otel.yml"],
			owner: "1000:1000",
			restart: compose.restart,
			recreate: compose.recreate,
			logs: compose.logs,
			inspect: compose.inspect,
			notes: ["Never send SIGHUP: it stops the collector."],
		},
		kubernetes: {
			image: "docker.elastic.co/elastic-agent/elastic-otel-collector",
			program: "elastic-agent",
			config: "/conf/relay.yaml",
			args: ["--config=/conf/relay.yaml"],
			owner: "1000:1000",
			...deployment,
			notes: [
				"Elastic documents the opentelemetry-kube-stack chart; add the volume and the mount to its collector resource.",
			],
		},
	},
	sources: [
		"https://github.com/elastic/elastic-agent/tree/v9.5.2",
		"https://www.elastic.co/docs/reference/edot-collector/",
	],
};
