import { contribBuild } from "../contrib.ts";
import type { Distribution } from "../distribution.ts";

export const distribution: Distribution = {
	...contribBuild,
	id: "contrib",
	title: "OpenTelemetry Collector Contrib",
	sources: [
		"https://github.com/open-telemetry/opentelemetry-collector-releases/tree/v0.159.0/distributions/otelcol-contrib",
	],
};
