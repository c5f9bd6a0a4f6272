import { baseUrl, type Generator, headerList, type Materials, moved, timeout } from "./settings.ts";

/** Settings of Qwen Code: every file that it reads, `env` in them, .env files and the shell. */
export const qwenCode: Generator = (materials) => {
	const { choose } = materials;
	const files: Record<string, string> = {};
	const put = (path: string, probability: number, whole: number) => {
		if (choose.maybe(probability)) files[path] = file(materials, whole);
	};
	put("~/.qwen/settings.json", 0.95, 0.95);
	put("/etc/qwen-code/settings.json", 0.2, 0.4);
	put("/etc/qwen-code/system-defaults.json", 0.15, 0.4);
	put("~/project/.qwen/settings.json", 0.15, 0.2);
	if (choose.maybe(0.1)) files["~/.qwen/.env"] = lines(variables(materials));
	if (choose.maybe(0.1)) files["~/project/.env"] = lines(variables(materials));
	const settings = { files, env: choose.maybe(0.5) ? variables(materials) : {} };
	return moved(materials, settings, { variable: "QWEN_HOME", folder: "~/.qwen" });
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
	const set = (name: string, probability: number, value: () => unknown) => {
		if (choose.maybe(all ? probability : 0.3)) telemetry[name] = value();
	};
	const url = () => `${baseUrl(materials)}${choose.mostly(0.8, `/${token()}`, "")}`;
	set("enabled", 0.97, () => choose.mostly<unknown>(0.92, true, false, "true", 1));
	set("target", 0.97, () => choose.mostly(0.95, "local", "gcp"));
	set("otlpEndpoint", 0.9, url);
	set("otlpProtocol", 0.97, () => choose.mostly<unknown>(0.9, "http", "grpc", "http/protobuf", 7));
	set("otlpLogsEndpoint", 0.15, () => choose.mostly(0.7, `${url()}/v1/logs`, url(), ""));
	set("otlpMetricsEndpoint", 0.15, () => choose.mostly(0.7, `${url()}/v1/metrics`, url(), ""));
	set("logPrompts", 0.97, () => false);
	set("outfile", 0.3, () => choose.mostly(0.9, "", "/tmp/never-written"));
	const env = choose.maybe(0.15) ? { env: variables(materials) } : {};
	const more = choose.maybe(0.1) ? { banana: 7 } : choose.maybe(0.1) ? choose.pick(MORE) : {};
	const text = JSON.stringify({ telemetry, ...env, ...more });
	return choose.mostly(0.95, text, `// mine\n${text}`, `\ufeff${text}`);
}

/** Settings of others, some of which end it before it sends. */
const MORE: readonly object[] = [
	{ tools: { sandbox: "podman" } },
	{ tools: { sandbox: false, exclude: ["a"] } },
	{ proxy: 7 },
	{ omni: { banana: 1 } },
];

function variables(materials: Materials): Record<string, string> {
	const { choose } = materials;
	const found: Record<string, string> = {};
	const rarely = (name: string, probability: number, value: () => string) => {
		if (choose.maybe(probability)) found[name] = value();
	};
	rarely("OTEL_EXPORTER_OTLP_HEADERS", 0.4, () => headerList(materials));
	rarely("OTEL_EXPORTER_OTLP_LOGS_HEADERS", 0.2, () => headerList(materials));
	rarely("OTEL_EXPORTER_OTLP_ENDPOINT", 0.15, () => choose.mostly(0.8, baseUrl(materials), ""));
	rarely("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", 0.1, () => choose.mostly(0.8, `${baseUrl(materials)}/v1/logs`, ""));
	rarely("QWEN_TELEMETRY_OTLP_ENDPOINT", 0.1, () => choose.mostly(0.8, baseUrl(materials), "", "localhost:4318"));
	rarely("QWEN_TELEMETRY_OTLP_METRICS_ENDPOINT", 0.1, () => `${baseUrl(materials)}/v1/metrics`);
	rarely("QWEN_TELEMETRY_OTLP_PROTOCOL", 0.1, () => choose.mostly(0.7, "http", "grpc", "HTTP", ""));
	rarely("QWEN_TELEMETRY_ENABLED", 0.1, () => choose.pick(["true", "false", "1", ""]));
	rarely("QWEN_TELEMETRY_OUTFILE", 0.05, () => "");
	rarely("OTEL_EXPORTER_OTLP_COMPRESSION", 0.1, () => "gzip");
	rarely("QWEN_SANDBOX", 0.04, () => choose.pick(["podman", "false", "0", ""]));
	rarely("OTEL_SDK_DISABLED", 0.05, () => choose.pick(["true", " TRUE ", "1", "false"]));
	rarely("OTEL_EXPORTER_OTLP_TIMEOUT", 0.04, () => timeout(materials));
	rarely("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", 0.03, () => timeout(materials));
	return found;
}
