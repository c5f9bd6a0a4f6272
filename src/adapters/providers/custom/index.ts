/**
 * Any other OTLP backend, configured by flags (`--endpoint`, `--auth-header`). Its defaults are those of the OTLP
 * exporters. It has no sandbox, because it is no specific product.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
 */
import type { Provider } from "../provider.ts";

export const provider: Provider = {
	id: "custom",
	title: "your OTLP backend",
	order: 90,
	takes: ["logs", "metrics", "traces"],
	refuses: {},
	header: "Authorization",
	scheme: "Bearer",
	variable: "OTLP_INGEST_TOKEN",
	overlap:
		"as your backend defines: check before you rotate, because the old token must work until the new one is proven",
	rotation: "Get a second token from your backend; end the old one only after nothing sends with it.",
	tokenInUrl: true,
	sources: ["https://opentelemetry.io/docs/specs/otel/protocol/exporter/"],
};
