/** How to recognize a CLI's telemetry. */
export interface TelemetrySender {
	readonly id: string;
	/** Values of `service.name`, which a user can change; a trailing star matches anything. */
	readonly services: readonly string[];
	/** Names of instrumentation scopes, which users do not change, including nested ones. */
	readonly scopes: readonly string[];
	/** Whether `service.version` is the version of the CLI. */
	readonly tellsVersion: boolean;
}

/** Seen in telemetry of Claude Code 2.1.330, Codex 0.169.0 and Gemini CLI 0.61.0. Gemini's `service.version` is that of Node. */
const telemetrySenders: readonly TelemetrySender[] = [
	{
		id: "claude-code",
		services: ["claude-code", "claude-code-desktop"],
		scopes: ["com.anthropic.claude_code"],
		tellsVersion: true,
	},
	{ id: "codex", services: ["codex*"], scopes: ["codex", "codex_otel"], tellsVersion: true },
	{ id: "gemini", services: ["gemini-cli"], scopes: ["gemini-cli"], tellsVersion: false },
];

/** The known CLI that sends data with this `service.name` and instrumentation scope. */
export function senderOf(service: string, scope: string): TelemetrySender | undefined {
	const isNamed = (name: string) => (name.endsWith("*") ? service.startsWith(name.slice(0, -1)) : service === name);
	const isBelow = (name: string) => scope === name || scope.startsWith(`${name}.`);
	return (
		telemetrySenders.find(({ services }) => services.some(isNamed)) ??
		telemetrySenders.find(({ scopes }) => scopes.some(isBelow))
	);
}
