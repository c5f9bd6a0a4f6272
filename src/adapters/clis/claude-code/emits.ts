/**
 * What the telemetry of Claude Code looks like: events under a scope of their own, sums as deltas with doubles. Test records of
 * `crossfade probe --as` are made from it, and senders are recognised by it.
 *
 * Source: https://code.claude.com/docs/en/monitoring-usage, and what release 2.1.330 sent to a receiver on loopback.
 */
import type { TelemetryForm } from "../form.ts";

export const form: TelemetryForm = {
	id: "claude-code",
	resource: { "service.name": "claude-code" },
	path: "bearer",
	usesProxy: true,
	log: {
		scope: "com.anthropic.claude_code.events",
		body: "claude_code.api_request",
		severity: 0,
		timed: true,
		attributes: {
			"event.name": "api_request",
			model: "crossfade-probe",
			input_tokens: 0,
			output_tokens: 0,
			cache_read_tokens: 0,
			cache_creation_tokens: 0,
			cost_usd: 0,
			duration_ms: 0,
		},
	},
	metric: {
		scope: "com.anthropic.claude_code",
		name: "claude_code.token.usage",
		unit: "tokens",
		number: "double",
		temporality: "delta",
		attributes: { type: "input", model: "crossfade-probe" },
	},
	span: { scope: "com.anthropic.claude_code", name: "claude_code.interaction", attributes: {} },
	// Seen in 2.1.330.
	sender: {
		services: ["claude-code", "claude-code-desktop"],
		scopes: ["com.anthropic.claude_code"],
		tellsVersion: true,
	},
	sources: ["https://code.claude.com/docs/en/monitoring-usage"],
};
