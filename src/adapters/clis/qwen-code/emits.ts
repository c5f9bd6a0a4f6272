/**
 * What the telemetry of Qwen Code looks like: event names with a hyphen, cumulative sums, JSON. Seen in what release 0.24.4 sends to a
 * receiver on this machine after one prompt.
 *
 * Source: https://github.com/QwenLM/qwen-code/tree/main/packages/core/src/telemetry
 */
import type { TelemetryForm } from "../form.ts";

export const form: TelemetryForm = {
	id: "qwen-code",
	resource: { "service.name": "qwen-code" },
	path: "url",
	usesProxy: false,
	log: {
		scope: "qwen-code",
		body: "API response from crossfade-probe. Status: 200. Duration: 0ms.",
		severity: 0,
		timed: true,
		attributes: {
			"event.name": "qwen-code.api_response",
			model: "crossfade-probe",
			status_code: 200,
			duration_ms: 0,
			input_token_count: 0,
			output_token_count: 0,
			cached_content_token_count: 0,
			thoughts_token_count: 0,
			total_token_count: 0,
		},
	},
	metric: {
		scope: "qwen-code",
		name: "qwen-code.token.usage",
		unit: "",
		number: "int",
		temporality: "cumulative",
		attributes: { type: "input", model: "crossfade-probe" },
	},
	span: { scope: "qwen-code", name: "qwen-code.llm_request", attributes: {} },
	// A user can change service.name; service.version is the release of Qwen Code.
	sender: { services: ["qwen-code"], scopes: ["qwen-code"], tellsVersion: true },
	sources: ["https://github.com/QwenLM/qwen-code/tree/main/packages/core/src/telemetry"],
};
