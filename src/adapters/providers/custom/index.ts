import type { Provider } from "../provider.ts";

export const custom: Provider = {
	id: "custom",
	title: "your OTLP backend",
	takes: ["logs", "metrics", "traces"],
	refuses: {},
	header: "Authorization",
	scheme: "Bearer",
	variable: "OTLP_INGEST_TOKEN",
	overlap:
		"whatever your backend grants: look it up before you rotate, the old token must live until the new one is proven",
	rotation: "Ask your backend for a second token; end the old one only after nothing sends with it any more.",
	tokenInUrl: true,
	sources: [],
};
