import type { Destination } from "./lab-cli.ts";

/** A settings file of Claude Code, the user's or a managed one. https://code.claude.com/docs/en/monitoring-usage */
export function claudeSettings(
	{ url, token }: Destination,
	env: Readonly<Record<string, unknown>> = {},
	more: Readonly<Record<string, unknown>> = {},
): string {
	const base = {
		CLAUDE_CODE_ENABLE_TELEMETRY: "1",
		OTEL_METRICS_EXPORTER: "otlp",
		OTEL_LOGS_EXPORTER: "otlp",
		OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
		OTEL_EXPORTER_OTLP_ENDPOINT: url,
		OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token}`,
	};
	return JSON.stringify({ env: { ...base, ...env }, ...more });
}

/** The `[otel]` table of Codex. https://developers.openai.com/codex/config-reference */
export function codexConfig({ url, token }: Destination, more: readonly string[] = [], protocol = "binary"): string {
	const exporter = (signal: string) =>
		`{ otlp-http = { endpoint = "${url}/v1/${signal}", protocol = "${protocol}", headers = { Authorization = "Bearer ${token}" } } }`;
	return [
		"[otel]",
		"log_user_prompt = false",
		`exporter = ${exporter("logs")}`,
		`metrics_exporter = ${exporter("metrics")}`,
		'trace_exporter = "none"',
		...more,
		"",
	].join("\n");
}

/** The `telemetry` block of Gemini CLI, with the token in the path. https://geminicli.com/docs/cli/telemetry/ */
export function geminiSettings({ url, token }: Destination, more: Readonly<Record<string, unknown>> = {}): string {
	const telemetry = {
		enabled: true,
		target: "local",
		otlpEndpoint: `${url}/ingest/${token}`,
		otlpProtocol: "http",
		logPrompts: false,
		outfile: "",
		useCollector: false,
		useCliAuth: false,
	};
	return JSON.stringify({ telemetry: { ...telemetry, ...more } });
}
