/**
 * What the telemetry of Codex looks like: events without a body, whose main counters are texts and which set the observed time alone;
 * sums as deltas with integers.
 *
 * Source: https://github.com/openai/codex/tree/main/codex-rs/otel, and what release 0.169.0 sent to a receiver on loopback.
 */
import type { TelemetryForm } from "../form.ts";

export const form: TelemetryForm = {
	id: "codex",
	resource: { "service.name": "codex_cli_rs", "telemetry.sdk.language": "rust" },
	path: "bearer",
	usesProxy: true,
	log: {
		scope: "codex_otel.log_only",
		severity: 9,
		timed: false,
		// Its main counters are strings, the others integers.
		attributes: {
			"event.name": "codex.sse_event",
			"event.kind": "response.completed",
			model: "crossfade-probe",
			input_token_count: "0",
			output_token_count: "0",
			cached_token_count: 0,
			reasoning_token_count: 0,
			tool_token_count: "0",
		},
	},
	metric: {
		scope: "codex",
		name: "codex.thread.started",
		unit: "",
		number: "int",
		temporality: "delta",
		attributes: { model: "crossfade-probe" },
	},
	span: { scope: "codex_otel", name: "codex.exec", attributes: {} },
	// Seen in 0.169.0.
	sender: { services: ["codex*"], scopes: ["codex", "codex_otel"], tellsVersion: true },
	sources: ["https://github.com/openai/codex/tree/main/codex-rs/otel"],
};
