/**
 * ActivityLog: OTLP over HTTP for logs and traces, none for metrics. A system holds several tokens at once; a rotation is a second token
 * and, later, the revocation of the first. Responses show the remaining rate limit, and when data was dropped by sampling.
 *
 * Sources: https://www.activitylog.com/docs/20-setup-system-tokens (tokens), https://www.activitylog.com/docs/51-ingest-otlp (ingest).
 */
import type { Provider } from "../provider.ts";

export const provider: Provider = {
	id: "activitylog",
	title: "ActivityLog",
	order: 20,
	endpoint: "https://api.activitylog.com/api/v1/otlp",
	takes: ["logs", "traces"],
	refuses: { metrics: "its OTLP ingest has endpoints for logs and traces only" },
	header: "Authorization",
	scheme: "Bearer",
	variable: "ACTIVITYLOG_TOKEN",
	overlap: "unlimited: both tokens are accepted until you revoke the old one",
	rotation:
		"In ActivityLog, mint a second token for the system with the same retention, and revoke the old one once nothing sends with it. The free tier holds two tokens per system.",
	answers: {
		sampled: "x-al-sampled",
		remaining: "x-ratelimit-remaining",
		limit: "x-ratelimit-limit",
		smallestLimit: 100,
		whoami: "../systems/me",
	},
	sources: [
		"https://www.activitylog.com/docs/20-setup-system-tokens",
		"https://www.activitylog.com/docs/51-ingest-otlp",
	],
};
