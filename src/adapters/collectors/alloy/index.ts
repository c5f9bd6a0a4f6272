/**
 * Grafana Alloy: Grafana's collector, which wraps components of the OpenTelemetry Collector and is configured in a language of its own.
 * It follows the token file by itself, reloads by HTTP or systemd, and needs a flag for components that are not generally available.
 *
 * Sources: https://github.com/grafana/alloy/tree/v1.18.1 (packages, image, components),
 * https://grafana.com/docs/alloy/latest/reference/cli/validate/ (its check).
 */
import type { Distribution } from "../distribution.ts";
import { compose, deployment } from "../hosts.ts";
import inventory from "./inventory.json" with { type: "json" };

export const distribution: Distribution = {
	id: "alloy",
	title: "Grafana Alloy",
	order: 50,
	dialect: "alloy",
	configFile: "config.alloy",
	inventory,
	defaultPlatform: "systemd",
	validate: { programs: ["alloy"], args: ["validate"], since: "1.9.0" },
	versionCommand: "alloy --version",
	stabilityArgument: "--stability.level=",
	// https://grafana.com/docs/alloy/latest/release-notes/
	headerSince: "1.9.0",
	metrics: {
		url: "http://127.0.0.1:12345/metrics",
		label: (_exporter, name) => `component_id="otelcol.exporter.otlphttp.${name.replaceAll("-", "_")}"`,
	},
	// Of each file that is read, with the time of the last time that it could be; a failure keeps the last content.
	// https://grafana.com/docs/alloy/latest/reference/components/local/local.file/#debug-metrics
	uptake: {
		watched: { metric: "local_file_timestamp_last_accessed_unix_seconds" },
		started: { metric: "local_file_timestamp_last_accessed_unix_seconds" },
	},
	hosts: {
		systemd: {
			unit: "alloy.service",
			// https://github.com/grafana/alloy/blob/v1.18.1/packaging/deb/alloy.service; of two levels the last one counts.
			command: "/usr/bin/alloy run $CUSTOM_ARGS ARGUMENTS --storage.path=/var/lib/alloy/data $CONFIG_FILE",
			config: "/etc/alloy/config.alloy",
			owner: "alloy:alloy",
			reload: "systemctl reload alloy.service",
			restart: "systemctl restart alloy.service",
			logs: "journalctl -u alloy.service",
			notes: ["A failed reload keeps the last good config. There is no alloy reload command."],
		},
		docker: {
			image: "grafana/alloy",
			tagPrefix: "v",
			program: "/bin/alloy",
			config: "/etc/alloy/config.alloy",
			args: [
				"run",
				"--server.http.listen-addr=0.0.0.0:12345",
				"--storage.path=/var/lib/alloy/data",
				"/etc/alloy/config.alloy",
			],
			owner: "0:0",
			...compose,
			notes: ["The image runs as root by default."],
		},
		kubernetes: {
			image: "grafana/alloy",
			tagPrefix: "v",
			program: "/bin/alloy",
			config: "/etc/alloy/config.alloy",
			args: ["run", "--server.http.listen-addr=0.0.0.0:12345", "--storage.path=/tmp/alloy", "/etc/alloy/config.alloy"],
			// An account of the image, which starts as root unless it is named.
			owner: "473:473",
			...deployment,
			notes: [
				"The chart's config reloader watches only /etc/alloy; it need not see the token, which Alloy watches itself.",
			],
			helm: {
				chart: "alloy",
				repository: "https://grafana.github.io/helm-charts",
				config: ["alloy", "configMap", "content"],
				configAs: "text",
				volumes: ["controller", "volumes", "extra"],
				mounts: ["alloy", "mounts", "extra"],
				podSecurity: ["global", "podSecurityContext"],
				containerSecurity: [
					["alloy", "securityContext"],
					["configReloader", "securityContext"],
				],
				tag: ["image", "tag"],
				resources: ["alloy", "resources"],
				recreate: { path: ["controller", "updateStrategy"], value: { type: "Recreate" } },
				ports: {
					path: ["alloy", "extraPorts"],
					form: "list",
					entry: (name, port) => ({ name, port, targetPort: port, protocol: "TCP" }),
					hasOtlp: false,
				},
				stability: ["alloy", "stabilityLevel"],
				values: { controller: { type: "deployment" } },
			},
		},
		windows: {
			service: "Alloy",
			config: String.raw`C:\Program Files\GrafanaLabs\Alloy\config.alloy`,
			owner: "LocalSystem",
			restart: "Restart-Service Alloy",
			logs: "Get-WinEvent -ProviderName Alloy -MaxEvents 50",
		},
	},
	sources: [
		"https://github.com/grafana/alloy/tree/v1.18.1",
		"https://grafana.com/docs/alloy/latest/reference/cli/validate/",
	],
};
