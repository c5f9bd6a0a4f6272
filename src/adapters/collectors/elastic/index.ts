/**
 * A gateway in front of Elastic Agent with the APM integration, or of APM Server, for those who keep them: the contrib build takes
 * telemetry, sends it there as before and to the new backend besides.
 *
 * Sources: https://www.elastic.co/docs/solutions/observability/apm/upstream-opentelemetry-collectors-language-sdks (where they take
 * OTLP), https://github.com/open-telemetry/opentelemetry-collector-releases/tree/v0.159.0/distributions/otelcol-contrib (the build).
 */
import type { BuildBehind } from "../distribution.ts";

export const distribution: BuildBehind = {
	id: "elastic",
	title: "OpenTelemetry Collector Contrib in front of Elastic Agent",
	order: 80,
	build: "contrib",
	agent: {
		title: "Elastic Agent with the APM integration, or APM Server",
		endpoint: (platform) => (platform === "kubernetes" ? "http://apm-server:8200" : "http://127.0.0.1:8200"),
		setup:
			"APM Server accepts OTLP over HTTP on its default port 8200. If it requires a secret token or an API key, add an authenticator extension for it, in addition to ours; outputs of managed agents accept no OTLP.",
	},
	sources: [
		"https://www.elastic.co/docs/solutions/observability/apm/upstream-opentelemetry-collectors-language-sdks",
		"https://github.com/open-telemetry/opentelemetry-collector-releases/tree/v0.159.0/distributions/otelcol-contrib",
	],
};
