import { baseUrl, type Generator, headerList, type Materials } from "./settings.ts";

/** Settings of Qwen Code: every file that it reads, the variables in them, .env files and the shell. */
export const qwenCode: Generator = (materials) => {
	const { choose } = materials;
	const files: Record<string, string> = {};
	const put = (path: string, probability: number, whole: number) => {
		if (choose.maybe(probability)) files[path] = file(materials, whole);
	};
	put("~/.qwen/settings.json", 0.95, 0.95);
	put("/etc/qwen-code/settings.json", 0.2, 0.4);
	put("~/project/.qwen/settings.json", 0.15, 0.2);
	if (choose.maybe(0.1)) files["~/.qwen/.env"] = lines(variables(materials));
	if (choose.maybe(0.1)) files["~/project/.qwen/.env"] = lines(variables(materials));
	return { files, env: choose.maybe(0.5) ? variables(materials) : {} };
};

function lines(list: Readonly<Record<string, string>>): string {
	return Object.entries(list)
		.map(([name, value]) => `${name}=${JSON.stringify(value)}\n`)
		.join("");
}

function file(materials: Materials, whole: number): string {
	const { choose, token } = materials;
	const all = choose.maybe(whole);
	const telemetry: Record<string, unknown> = {};
	const set = (name: string, value: () => unknown, probability = all ? 0.97 : 0.3) => {
		if (choose.maybe(probability)) telemetry[name] = value();
	};
	set("enabled", () => choose.mostly(0.92, true, false));
	set("target", () => choose.mostly(0.95, "local", "gcp"));
	set("otlpEndpoint", () => `${baseUrl(materials)}${choose.mostly(0.8, `/${token()}`, "")}`);
	set("otlpProtocol", () => choose.mostly(0.9, "http", "grpc"));
	set("otlpLogsEndpoint", () => choose.mostly(0.7, `${baseUrl(materials)}/${token()}`, ""), 0.15);
	set("otlpMetricsEndpoint", () => choose.mostly(0.7, `${baseUrl(materials)}/${token()}`, ""), 0.15);
	set("otlpTracesEndpoint", () => "");
	set("logPrompts", () => false);
	set("outfile", () => choose.mostly(0.95, "", "/tmp/never-written"));
	const env = choose.maybe(0.2) ? { env: variables(materials) } : {};
	const text = JSON.stringify({ ...env, telemetry });
	return choose.mostly(0.95, text, `// mine\n${text}`, `\ufeff${text}`);
}

function variables(materials: Materials): Record<string, string> {
	const { choose } = materials;
	const found: Record<string, string> = {};
	const rarely = (name: string, probability: number, value: () => string) => {
		if (choose.maybe(probability)) found[name] = value();
	};
	rarely("OTEL_EXPORTER_OTLP_HEADERS", 0.4, () => headerList(materials));
	rarely("OTEL_EXPORTER_OTLP_LOGS_HEADERS", 0.2, () => headerList(materials));
	rarely("OTEL_EXPORTER_OTLP_ENDPOINT", 0.15, () => baseUrl(materials));
	rarely("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", 0.1, () => baseUrl(materials));
	rarely("QWEN_TELEMETRY_OTLP_ENDPOINT", 0.1, () => baseUrl(materials));
	rarely("QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT", 0.1, () => baseUrl(materials));
	rarely("QWEN_TELEMETRY_OTLP_PROTOCOL", 0.1, () => choose.mostly(0.7, "http", "grpc", "HTTP"));
	rarely("QWEN_TELEMETRY_ENABLED", 0.1, () => choose.pick(["true", "false", "1"]));
	rarely("OTEL_SDK_DISABLED", 0.03, () => "true");
	return found;
}
