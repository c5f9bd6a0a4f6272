/**
 * Torii: OTLP over HTTP for logs and metrics. One token for the whole account, rotated by a person in the portal; the old one is accepted
 * for 24 hours more and cannot be ended sooner.
 *
 * Sources: https://support.toriihq.com/hc/en-us/articles/50614749248923 (ingest and signals),
 * https://support.toriihq.com/hc/en-us/articles/50614780109211 (rotation).
 */
import type { Provider } from "../provider.ts";

export const provider: Provider = {
	id: "torii",
	title: "Torii",
	order: 10,
	endpoint: "https://ai-events.toriihq.com",
	takes: ["logs", "metrics"],
	refuses: {},
	header: "Authorization",
	scheme: "Bearer",
	variable: "TORII_INGEST_TOKEN",
	overlap: "24 hours from the rotation; after that the old token gets 401 and its data is permanently dropped",
	overlapMs: 24 * 3_600_000,
	staleAfterMs: 14 * 60_000,
	rotation:
		"In Torii, open AI, Telemetry, Credentials; choose Rotate, then Copy. The old token expires by itself and cannot be ended sooner.",
	tokenInUrl: true,
	sources: [
		"https://support.toriihq.com/hc/en-us/articles/50614749248923",
		"https://support.toriihq.com/hc/en-us/articles/50614780109211",
	],
};
