/**
 * A gateway in front of the Datadog Agent, for those who keep the Agent as it is: the contrib build takes telemetry, sends it to the
 * Agent on the same host as before and to the new backend besides.
 *
 * Sources: https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest_in_the_agent/ (where the Agent takes OTLP),
 * https://github.com/open-telemetry/opentelemetry-collector-releases/tree/v0.159.0/distributions/otelcol-contrib (the build).
 */
import type { BuildBehind } from "../distribution.ts";

export const distribution: BuildBehind = {
	id: "datadog",
	title: "OpenTelemetry Collector Contrib in front of the Datadog Agent",
	order: 60,
	build: "contrib",
	agent: {
		title: "the Datadog Agent",
		endpoint: (platform) => (platform === "kubernetes" ? "http://${env:NODE_IP}:4318" : "http://127.0.0.1:14318"),
		setup:
			"Enable OTLP on the Agent of the same host: in datadog.yaml set otlp_config.receiver.protocols.http.endpoint (in Kubernetes the Agent keeps its own port, and NODE_IP comes from status.hostIP). Agents accept no OTLP from other hosts.",
	},
	sources: [
		"https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest_in_the_agent/",
		"https://github.com/open-telemetry/opentelemetry-collector-releases/tree/v0.159.0/distributions/otelcol-contrib",
	],
};
