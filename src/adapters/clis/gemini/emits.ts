/**
 * What the telemetry of Gemini CLI looks like: events with a sentence as their body, cumulative sums with integers, one scope for
 * everything; the token is in the URL.
 *
 * Source: https://github.com/google-gemini/gemini-cli/tree/main/packages/core/src/telemetry, and what release 0.61.0 sent to a receiver
 * on loopback.
 */
import type { TelemetryForm } from "../form.ts";

export const form: TelemetryForm = {
	id: "gemini",
	resource: { "service.name": "gemini-cli" },
	path: "url",
	usesProxy: false,
	log: {
		scope: "gemini-cli",
		body: "API response from crossfade-probe. Status code: 200. Duration: 0ms.",
		severity: 0,
		timed: true,
		attributes: {
			"event.name": "gemini_cli.api_response",
			model: "crossfade-probe",
			status_code: 200,
			duration_ms: 0,
			input_token_count: 0,
			output_token_count: 0,
			cached_content_token_count: 0,
			thoughts_token_count: 0,
			tool_token_count: 0,
			total_token_count: 0,
		},
	},
	metric: {
		scope: "gemini-cli",
		name: "gemini_cli.token.usage",
		unit: "",
		number: "int",
		temporality: "cumulative",
		attributes: { type: "input", model: "crossfade-probe" },
	},
	span: { scope: "gemini-cli", name: "llm_call", attributes: {} },
	// Seen in 0.61.0, whose service.version is that of Node.
	sender: { services: ["gemini-cli"], scopes: ["gemini-cli"], tellsVersion: false },
	sources: ["https://github.com/google-gemini/gemini-cli/tree/main/packages/core/src/telemetry"],
};
