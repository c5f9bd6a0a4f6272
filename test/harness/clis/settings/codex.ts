import { type Generator, headerList, type Materials, moved, ODD_VALUES, timeout } from "./settings.ts";

const exporters = [
	["exporter", "logs"],
	["metrics_exporter", "metrics"],
] as const;

/** Settings of Codex: every file that it reads without a flag, and the shell. */
export const codex: Generator = (materials) => {
	const { choose } = materials;
	const files: Record<string, string> = {};
	const put = (path: string, probability: number, whole: number) => {
		if (choose.maybe(probability)) files[path] = file(materials, whole);
	};
	put("~/.codex/config.toml", 0.9, 0.9);
	put("/etc/codex/config.toml", 0.2, 0.6);
	put("/etc/codex/managed_config.toml", 0.15, 0.5);
	put("/etc/codex/requirements.toml", 0.2, 0.6);
	put("~/project/.codex/config.toml", 0.1, 0.6);
	if (choose.maybe(0.06)) files["~/.codex/.env"] = choose.pick(DOTENV);
	const env: Record<string, string> = {};
	const rarely = (name: string, probability: number, value: () => string) => {
		if (choose.maybe(probability)) env[name] = value();
	};
	rarely("OTEL_EXPORTER_OTLP_HEADERS", 0.15, () => headerList(materials));
	rarely("OTEL_EXPORTER_OTLP_LOGS_HEADERS", 0.1, () => headerList(materials));
	rarely("OTEL_EXPORTER_OTLP_ENDPOINT", 0.1, () => `http://${materials.host()}/shell`);
	rarely("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", 0.05, () => `http://${materials.host()}/shell`);
	rarely("OTEL_EXPORTER_OTLP_PROTOCOL", 0.05, () => choose.pick(["grpc", "http/json"]));
	rarely("OTEL_EXPORTER_OTLP_COMPRESSION", 0.03, () => choose.pick(["gzip", "none", ""]));
	rarely("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", 0.02, () => "gzip");
	rarely("OTEL_SDK_DISABLED", 0.03, () => "true");
	rarely("OTEL_EXPORTER_OTLP_TIMEOUT", 0.03, () => timeout(materials));
	rarely("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", 0.02, () => timeout(materials));
	rarely("OTEL_BLRP_MAX_QUEUE_SIZE", 0.02, () => "0");
	rarely("SSL_CERT_FILE", 0.02, () => "/nowhere.pem");
	return moved(materials, { files, env }, { variable: "CODEX_HOME", folder: "~/.codex" });
};

function file(materials: Materials, whole: number): string {
	const { choose } = materials;
	const lines = exporters.flatMap(([key, signal]) => {
		if (!choose.maybe(whole)) return [];
		return choose.maybe(0.9)
			? [`${key} = ${exporter(materials, signal)}`]
			: [`${key} = ${choose.pick(['"none"', '"statsig"', '"otlp-http"', "7"])}`];
	});
	const more = [
		...(choose.maybe(0.8) ? ['trace_exporter = "none"'] : []),
		...(choose.maybe(0.3) ? [`log_user_prompt = ${choose.mostly(0.85, "false", '"no"')}`] : []),
		...(choose.maybe(0.1) ? ["banana = 1"] : []),
		...(choose.maybe(0.06) ? [choose.pick(IN_OTEL)] : []),
	];
	const top = choose.maybe(0.08) ? [choose.pick(TOP)] : [];
	const analytics = choose.maybe(0.1) ? ["[analytics]", `enabled = ${choose.mostly(0.5, "false", "true")}`] : [];
	const text = [...top, "[otel]", ...lines, ...more, ...analytics, ""].join("\n");
	return choose.mostly(0.96, text, `\ufeff${text}`, text.replaceAll("\n", "\r\n"), `${text}[otel]\n`);
}

const DOTENV = [
	"OTEL_EXPORTER_OTLP_COMPRESSION=gzip\n",
	'OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer dotenv"\n',
	"CODEX_HOME=/nowhere\n",
	"OTHER=1\n",
];

const TOP = [
	'profile = "x"',
	"tui = 7",
	'history = "x"',
	"notify = []",
	"review_model = 1",
	'file_opener = "none"',
	'project_doc_max_bytes = "1"',
];
const IN_OTEL = [
	'span_attributes = "x"',
	'span_attributes = { a = "b" }',
	"tracestate = 1",
	'tool_result = { max_bytes = "0" }',
];

function exporter(materials: Materials, signal: string): string {
	const { choose, host } = materials;
	const at = host();
	const endpoint = choose.mostly(
		0.85,
		`http://${at}/v1/${signal}`,
		`http://${at}`,
		`http://${at}/in/v1/${signal}?x=1`,
		`http://${at}/v1/${signal}#f`,
		`http://u:p@${at}/v1/${signal}`,
		`${at}/v1/${signal}`,
		` http://${at}/v1/${signal}`,
		`http://${at}/a%20b`,
		`HTTP://${at}/v1/${signal}`,
	);
	const protocol = choose.mostly(0.85, '"binary"', '"json"', '"json"', '"http/protobuf"');
	const more = choose.pick(["banana = 1", "tls = 1", "tls = {}", 'tls = { ca-certificate = "/nowhere.pem" }']);
	const parts = [
		...(choose.maybe(0.05) ? [more] : []),
		`endpoint = ${JSON.stringify(endpoint)}`,
		...(choose.maybe(0.98) ? [`protocol = ${protocol}`] : []),
		...(choose.maybe(0.9) ? [`headers = { ${headers(materials).join(", ")} }`] : []),
	];
	const kind = choose.mostly(0.96, "otlp-http", "otlp-grpc");
	return `{ ${kind} = { ${parts.join(", ")} } }`;
}

function headers({ choose, token }: Materials): string[] {
	const found = new Map<string, string>();
	const set = (name: string, value: string) => found.set(name, JSON.stringify(value));
	const form = () =>
		choose.mostly(0.7, "Bearer @", "@", "Token @", "Bearer%20@", "Bearer @\n", " Bearer @ ", "Bearer @%zz", "Basic @");
	const name = () => choose.mostly(0.7, "Authorization", "authorization", "AUTHORIZATION");
	if (choose.maybe(0.9)) set(name(), form().replace("@", token()));
	if (choose.maybe(0.1)) set(name(), form().replace("@", token()));
	if (choose.maybe(0.4)) {
		const other = choose.pick(["X-A", "x-a", "X-Scope-OrgID", "X A", "X%2DB", "X_C"]);
		set(other, choose.mostly(0.5, "1", "a b", "a%2Fb", "a,b;c=d", "", "é", "%C3%A9", "100%zz", "a%0Ab", ...ODD_VALUES));
	}
	if (choose.maybe(0.03)) found.set("X-D", choose.pick(["1", "true", "2026-01-01", "[]"]));
	return [...found].map(([key, value]) => `${JSON.stringify(key)} = ${value}`);
}
