/**
 * Facts about the upstream collector that every build shares, by otelcol release. Measured ones were measured on 0.155.0.
 * Sources: the changelogs of opentelemetry-collector and opentelemetry-collector-contrib, read 2026-11-22.
 */
export const otelcol = {
	/** `otlphttp` became an alias of `otlp_http`. */
	otlpHttpName: "0.144.0",
	/** `bearertokenauth` lost sight of replaced Secret volumes (contrib#44104) until the shared file watcher came (contrib#46470). */
	bearerWatchBroken: ">=0.140.0 <0.151.0",
	bearerWatchKubernetes: "0.151.0",
	/** `bearertokenauth.header` for headers other than Authorization (contrib#38793). */
	bearerHeader: "0.123.0",
	/** `service.telemetry.metrics.readers` took the place of `address`. */
	metricReaders: "0.119.0",
} as const;
