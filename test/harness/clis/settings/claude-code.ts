import { baseUrl, type Generator, headerList, type Materials, moved, timeout } from "./settings.ts";

const signals = ["LOGS", "METRICS"] as const;

/** Settings of Claude Code: every file that it reads, and the shell. */
export const claudeCode: Generator = (materials) => {
	const { choose } = materials;
	const files: Record<string, string> = {};
	const put = (path: string, probability: number, whole: number) => {
		if (choose.maybe(probability)) files[path] = file(materials, whole);
	};
	put("~/.claude/settings.json", 0.9, 0.9);
	put("~/.claude.json", 0.2, 0.1);
	put("~/project/.claude/settings.json", 0.15, 0.3);
	put("~/project/.claude/settings.local.json", 0.1, 0.3);
	put("/etc/claude-code/managed-settings.json", 0.2, 0.4);
	put("/etc/claude-code/managed-settings.d/50-a.json", 0.2, 0.4);
	put("/etc/claude-code/managed-settings.d/60-b.json", 0.1, 0.3);
	const settings = { files, env: choose.maybe(0.4) ? variables(materials, 0.2) : {} };
	return moved(materials, settings, { variable: "CLAUDE_CONFIG_DIR", folder: "~/.claude" });
};

function file(materials: Materials, whole: number): string {
	const { choose, token } = materials;
	const env = Object.fromEntries(
		Object.entries(variables(materials, whole)).map(([name, value]) => [
			name,
			value === "1" && choose.maybe(0.3) ? 1 : value,
		]),
	);
	const more: Record<string, unknown> = {
		...(choose.maybe(0.15) && { model: choose.mostly<unknown>(0.7, "opus", 7) }),
		...(choose.maybe(0.1) && { permissions: choose.mostly<unknown>(0.7, { allow: [] }, "x") }),
		...(choose.maybe(0.1) && { banana: 7 }),
		...(choose.maybe(0.08) && choose.pick<Record<string, unknown>>(ODD)),
		...(choose.maybe(0.06) && {
			otelHeadersHelper: choose.pick<unknown>(["", `echo '{"Authorization":"Bearer ${token()}"}'`, 7]),
		}),
	};
	const text = JSON.stringify({ env, ...more });
	return choose.mostly(0.94, text, `\ufeff${text}`, `// mine\n${text}`, text.replace(/\}$/, ",}"), `${text}\n\n`);
}

/** With each of them some release leaves the whole file out, or does not. */
const ODD = [
	{ permissions: { allow: "x" } },
	{ permissions: { deny: [] } },
	{ sandbox: "x" },
	{ language: 7 },
	{ attribution: {} },
	{ companyAnnouncements: "x" },
	{ respectGitignore: 1 },
	{ statusLine: { type: "command" } },
	{ spinnerTipsEnabled: "yes" },
	{ cleanupPeriodDays: 0 },
	{ hooks: { PreToolUse: [{ hooks: "x" }] } },
	{ hooks: { PostToolUse: [{ hooks: "x" }] } },
	{ attribution: false },
];

/** With a probability all that is needed, and besides some that are not. */
function variables(materials: Materials, whole: number): Record<string, string> {
	const { choose } = materials;
	const all = choose.maybe(whole);
	const found: Record<string, string> = {};
	const set = (name: string, probability: number, value: () => string) => {
		if (choose.maybe(all ? Math.max(probability, 0.96) : probability)) found[name] = value();
	};
	const rarely = (name: string, probability: number, value: () => string) => {
		if (choose.maybe(probability)) found[name] = value();
	};
	set("CLAUDE_CODE_ENABLE_TELEMETRY", 0.3, () => choose.mostly(0.9, "1", "true", "0", "yes", "2"));
	for (const signal of signals) {
		const exporter = () => choose.mostly(0.93, "otlp", " otlp ", "none", "otlp,none", "console", "banana", "");
		set(`OTEL_${signal}_EXPORTER`, 0.3, exporter);
	}
	const protocol = () => choose.mostly(0.75, "http/protobuf", "http/json", " http/json ", "grpc", "http", "banana", "");
	set("OTEL_EXPORTER_OTLP_PROTOCOL", 0.2, protocol);
	set("OTEL_EXPORTER_OTLP_ENDPOINT", 0.3, () => baseUrl(materials));
	set("OTEL_EXPORTER_OTLP_HEADERS", 0.3, () => headerList(materials));
	for (const signal of signals) {
		rarely(`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, 0.12, () => baseUrl(materials));
		rarely(`OTEL_EXPORTER_OTLP_${signal}_HEADERS`, 0.12, () => headerList(materials));
		rarely(`OTEL_EXPORTER_OTLP_${signal}_PROTOCOL`, 0.06, protocol);
	}
	rarely("OTEL_EXPORTER_OTLP_COMPRESSION", 0.05, () => "gzip");
	rarely("OTEL_SDK_DISABLED", 0.02, () => "true");
	rarely("OTEL_METRIC_EXPORT_INTERVAL", 0.02, () => choose.pick(["0", "1000", "0x10", " 0", "1e3"]));
	rarely("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", 0.02, () => "gzip");
	rarely("OTEL_BLRP_MAX_QUEUE_SIZE", 0.02, () => "0");
	rarely("OTEL_EXPORTER_OTLP_TIMEOUT", 0.02, () => timeout(materials));
	rarely("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", 0.02, () => timeout(materials));
	return found;
}
