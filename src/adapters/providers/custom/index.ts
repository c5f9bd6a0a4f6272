/**
 * Any other OTLP backend: what is not known of it comes from flags (`--endpoint`, `--auth-header`). Its defaults are those of the OTLP
 * exporters. There are no rules for the sandbox, because it stands for no product.
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
		"whatever your backend grants: look it up before you rotate, the old token must live until the new one is proven",
	rotation: "Ask your backend for a second token; end the old one only after nothing sends with it any more.",
	tokenInUrl: true,
	sources: ["https://opentelemetry.io/docs/specs/otel/protocol/exporter/"],
};
