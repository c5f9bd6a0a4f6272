import { baseUrl, type Generator, headerList, type Materials, moved, timeout } from "./settings.ts";

/** Settings of Gemini CLI: every file that it reads, .env files and the shell. */
export const gemini: Generator = (materials) => {
	const { choose } = materials;
	const files: Record<string, string> = {};
	const put = (path: string, probability: number, whole: number) => {
		if (choose.maybe(probability)) files[path] = file(materials, whole);
	};
	put("~/.gemini/settings.json", 0.95, 0.95);
	put("/etc/gemini-cli/settings.json", 0.2, 0.4);
	put("~/project/.gemini/settings.json", 0.15, 0.2);
	if (choose.maybe(0.1)) files["~/.gemini/.env"] = lines(variables(materials));
	if (choose.maybe(0.1)) files["~/project/.env"] = lines(variables(materials));
	const settings = { files, env: { MY_WORD: "expanded", ...(choose.maybe(0.5) ? variables(materials) : {}) } };
	return moved(materials, settings, { variable: "GEMINI_CLI_HOME", folder: "~" });
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
	const set = (name: string, value: () => unknown) => {
		if (choose.maybe(all ? 0.97 : 0.3)) telemetry[name] = value();
	};
	const word = () => choose.mostly(0.8, `/${token()}`, "/${MY_WORD}/$MY_WORD", "/${NO_WORD:-other}", "/${NO_WORD}", "");
	set("enabled", () => choose.mostly<unknown>(0.92, true, false, "true", 1));
	set("target", () => choose.mostly(0.95, "local", "gcp"));
	set("otlpEndpoint", () => `${baseUrl(materials)}${word()}`);
	set("otlpProtocol", () => choose.mostly<unknown>(0.9, "http", "grpc", "http/protobuf", 7));
	set("logPrompts", () => false);
	set("outfile", () => choose.mostly(0.95, "", "/tmp/never-written"));
	set("useCollector", () => choose.mostly(0.8, false, true));
	const more = choose.maybe(0.1) ? { banana: 7 } : choose.maybe(0.1) ? choose.pick(MORE) : {};
	const text = JSON.stringify({ telemetry, ...more });
	return choose.mostly(0.95, text, `// mine\n${text}`, `\ufeff${text}`);
}

/** Settings of others, some of which end it before it sends. */
const MORE: readonly object[] = [
	{ tools: { sandbox: "podman" } },
	{ tools: { sandbox: false, exclude: 7 } },
	{ tools: { exclude: ["a"], allowed: [] } },
	{ mcp: { excluded: 7 } },
	{ general: { defaultApprovalMode: "auto_edit", vimMode: 7 } },
	{ general: { defaultApprovalMode: "banana" } },
	{ context: { includeDirectories: [7] } },
	{ experimental: null },
	{ hooksConfig: null },
	{ ui: null, general: null },
	{ security: { auth: { enforcedType: "oauth-personal" } } },
];

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
	rarely("GEMINI_TELEMETRY_OTLP_ENDPOINT", 0.1, () => baseUrl(materials));
	rarely("GEMINI_TELEMETRY_OTLP_PROTOCOL", 0.1, () => choose.mostly(0.7, "http", "grpc", "HTTP", ""));
	rarely("GEMINI_TELEMETRY_ENABLED", 0.1, () => choose.pick(["true", "false", "1"]));
	rarely("OTEL_EXPORTER_OTLP_COMPRESSION", 0.1, () => "gzip");
	rarely("OTEL_SDK_DISABLED", 0.03, () => "true");
	rarely("GEMINI_SANDBOX", 0.04, () => choose.pick(["podman", "false", "0", ""]));
	rarely("GEMINI_TELEMETRY_TARGET", 0.04, () => choose.pick(["", "local"]));
	rarely("OTEL_BSP_EXPORT_TIMEOUT", 0.03, () => choose.pick(["-5", "30000"]));
	rarely("OTEL_EXPORTER_OTLP_TIMEOUT", 0.04, () => timeout(materials));
	rarely("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", 0.03, () => timeout(materials));
	return found;
}
