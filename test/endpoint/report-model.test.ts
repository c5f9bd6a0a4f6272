import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Emission } from "../../src/adapters/clis/emission.ts";
import { layerings } from "../../src/adapters/clis/layers.generated.ts";
import { clis } from "../../src/adapters/clis/registry.ts";
import { requireVersion } from "../../src/base/versions.ts";
import { type Machine, nodeMachine } from "../../src/effects/process/machine.ts";
import { diagnose } from "../../src/prove/doctor/diagnose.ts";
import { gather } from "../../src/prove/doctor/gather.ts";
import { canary } from "../harness/canary.ts";
import { generators } from "../harness/clis/settings/generators.ts";
import { type Choices, choices } from "../harness/clis/settings/random.ts";
import { type EndpointMachine, machine } from "../harness/endpoint.ts";
import { howMany } from "../harness/matrix.ts";
import { needs, root } from "../harness/parts.ts";

/** The report line and doctor read the same tables; this holds the one against the other, on settings at random in all layers. */

const SETTINGS = Number(process.env["CROSSFADE_SETTINGS"] ?? howMany(12, 700));
const first = Number(process.env["CROSSFADE_SEED"] ?? 1);
const versions: Readonly<Record<string, string>> = {
	"claude-code": "2.1.330",
	codex: "0.169.0",
	gemini: "0.61.0",
	"qwen-code": "0.25.0",
};

type Scope = "user" | "system";

const OURS: Readonly<Record<Scope, Readonly<Record<string, string>>>> = {
	user: {
		"claude-code": "~/.claude/settings.json",
		codex: "~/.codex/config.toml",
		gemini: "~/.gemini/settings.json",
		"qwen-code": "~/.qwen/settings.json",
	},
	system: {
		"claude-code": "/etc/claude-code/managed-settings.d/50-crossfade.json",
		codex: "/etc/codex/requirements.toml",
		gemini: "/etc/gemini-cli/settings.json",
		"qwen-code": "/etc/qwen-code/settings.json",
	},
};

const at = (m: EndpointMachine, path: string) => (path.startsWith("~/") ? join(m.home, path.slice(2)) : m.root + path);

/** What doctor says that is sent, with the eyes of the account and none of its variables, as an MDM has them. */
async function model(m: EndpointMachine, id: string): Promise<readonly Emission[]> {
	const cli = clis.find((each) => each.id === id);
	const layering = layerings.find((each) => each.id === id);
	if (!cli || !layering) throw new Error(id);
	const node = nodeMachine();
	const real = (path: string) => (path.startsWith("/etc/") ? m.root + path : path);
	const seen: Machine = {
		...node,
		os: "linux",
		home: m.home,
		cwd: join(m.home, "project"),
		look: (path, most) => node.look(real(path), most),
		list: (path) => node.list(real(path)),
		linkOf: (path) => node.linkOf(real(path)),
		realPath: (path) => node.realPath(real(path)),
	};
	const fx = {
		environment: {},
		clock: { now: () => Date.now(), after: () => () => undefined },
		programs: {
			find: () => undefined,
			run: () => Promise.reject(new Error("nothing")),
			start: () => Promise.reject(new Error("nothing")),
		},
	};
	const sight = { ...(await gather(fx, seen, cli, layering)), release: requireVersion(versions[id] ?? "") };
	const readText = (path: string) => {
		const file = seen.look(path, 1 << 16);
		return file.kind === "file" ? Buffer.from(file.bytes).toString("utf8") : undefined;
	};
	const d = diagnose(cli, layering, sight, { known: [], environment: {}, readText, isOpen: () => false });
	return d.resolved.emissions;
}

const HOST = "ingest.example.com";
const ENDPOINT = `https://${HOST}`;

/** What is not as our settings want it, a line for each signal. */
function wrong(id: string, token: string, emissions: readonly Emission[]): string[] {
	return emissions.flatMap((e) => {
		if (e.signal === "traces") {
			const text = JSON.stringify([e.url, e.headers]);
			return e.sent === "yes" && text.includes(token) && !e.url?.startsWith(`${ENDPOINT}/`)
				? [`traces to ${e.url}`]
				: [];
		}
		if (e.sent !== "yes") return [`${e.signal} ${e.sent}: ${e.why}`];
		const byUrl = id === "gemini" || id === "qwen-code";
		const url = byUrl ? `${ENDPOINT}/${token}/v1/${e.signal}` : `${ENDPOINT}/v1/${e.signal}`;
		if (e.url !== url) return [`${e.signal} url ${e.url}`];
		if (byUrl) return [];
		const auth = e.headers.filter(({ name }) => name.toLowerCase() === "authorization").map(({ value }) => value);
		return auth.length === 1 && auth[0] === `Bearer ${token}` ? [] : [`${e.signal} auth ${JSON.stringify(auth)}`];
	});
}

const other = "http://evil.example.net:4318";

/** Edits of one of our files that a person, a tool or an enemy makes. */
function edited(id: string, text: string, c: Choices): string {
	if (id === "codex") return toml(text, c);
	return json(id, text, c);
}

function json(id: string, text: string, c: Choices): string {
	let out = text;
	const intoEnv = (line: string, where: "first" | "last") => {
		if (where === "first") out = out.replace(/("env"\s*:\s*\{)/, `$1 ${line},`);
		else out = out.replace(/("env"\s*:\s*\{[^{}]*[^{}\s])(\s*\})/, `$1, ${line}$2`);
	};
	const intoTelemetry = (line: string, where: "first" | "last") => {
		if (where === "first") out = out.replace(/("telemetry"\s*:\s*\{)/, `$1 ${line},`);
		else out = out.replace(/("telemetry"\s*:\s*\{[^{}]*[^{}\s])(\s*\})/, `$1, ${line}$2`);
	};
	const top = (line: string, where: "first" | "last") => {
		if (where === "first") out = out.replace(/\{/, `{ ${line},`);
		else out = out.replace(/([^{}\s]|\})(\s*\}\s*)$/, `$1, ${line}$2`);
	};
	const where = () => c.pick(["first", "last"] as const);
	const S = () => c.pick(["LOGS", "METRICS", "TRACES"]);
	const envNames = () =>
		c.pick([
			`"OTEL_EXPORTER_OTLP_${S()}_ENDPOINT": "${other}/v1/logs"`,
			`"OTEL_EXPORTER_OTLP_${S()}_HEADERS": "Authorization=Bearer other-token-of-somebody"`,
			`"OTEL_EXPORTER_OTLP_${S()}_PROTOCOL": "${c.pick(["grpc", "http/json", "banana"])}"`,
			`"OTEL_SDK_DISABLED": "true"`,
			`"HTTPS_PROXY": "http://proxy.example:3128"`,
			`"https_proxy": "http://proxy.example:3128"`,
			`"NODE_EXTRA_CA_CERTS": "/tmp/ca.pem"`,
			`"NODE_TLS_REJECT_UNAUTHORIZED": "0"`,
			`"OTEL_EXPORTER_OTLP_CERTIFICATE": "/tmp/ca.pem"`,
			`"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"`,
			`"OTEL_${S()}_EXPORTER": "${c.pick(["none", "otlp,console", "prometheus", "otlp,prometheus", "banana"])}"`,
			`"OTEL_EXPORTER_OTLP_ENDPOINT": "${other}"`,
			`"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer other-token-of-somebody"`,
			`"CLAUDE_CODE_ENABLE_TELEMETRY": "0"`,
			`"CLAUDE_CODE_ENHANCED_TELEMETRY_BETA": "1"`,
			`"\\u004fTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "${other}"`,
			`"\\u004fTEL_EXPORTER_OTLP_ENDPOINT": "${other}"`,
			`"DISABLE_TELEMETRY": "1"`,
			`"OTEL_METRIC_EXPORT_INTERVAL": "${c.pick(["0", " 0", "0x10", "5s", "", "5000"])}"`,
			`"OTEL_BSP_EXPORT_TIMEOUT": "${c.pick(["-5", " 0", "30000"])}"`,
			`"FOO": 7`,
			`"FOO": null`,
			`"FOO": {"a": 1}`,
			`"OTEL_EXPORTER_OTLP_HEADERS": null`,
			`"QWEN_TELEMETRY_OTLP_ENDPOINT": "${other}"`,
			`"QWEN_TELEMETRY_OTLP_LOGS_ENDPOINT": "${other}"`,
			`"QWEN_TELEMETRY_ENABLED": "false"`,
			`"GEMINI_TELEMETRY_OTLP_ENDPOINT": "${other}"`,
		]);
	const telemetryNames = () =>
		c.pick([
			`"enabled": false`,
			`"target": "gcp"`,
			`"otlpEndpoint": "${other}"`,
			`"otlpProtocol": "grpc"`,
			`"outfile": "/tmp/x"`,
			`"useCollector": true`,
			`"otlpLogsEndpoint": "${other}"`,
			`"otlpMetricsEndpoint": "${other}"`,
			`"otlpTracesEndpoint": "${other}"`,
			`"banana": 7`,
			`"Enabled": false`,
			`"traces": true`,
			`"enabl\\u0065d": false`,
			`"logPrompts": "no"`,
			`"otlpEndpoint": null`,
		]);
	const topNames = () =>
		c.pick([
			`"model": 7`,
			`"permissions": "x"`,
			`"hooks": ${c.pick(["[]", '{"PreToolUse": [{"hooks": [{"type": "command"}]}]}', '{"PreToolUse": [{"hooks": [{}]}]}', '{"PostToolUse": []}'])}`,
			`"statusLine": {"type": "command"}`,
			`"enabledPlugins": {"a@b": ${c.pick(['"x"', "true"])}}`,
			`"fallbackModel": [7]`,
			`"extraKnownMarketplaces": {"m": {"source": {"source": ${c.pick(['"banana"', '"github"'])}}}}`,
			`"otelHeadersHelper": "${c.pick(["", "/bin/evil"])}"`,
			`"otelHeadersHelper": 7`,
			`"otelHeadersHelper": null`,
			`"apiKeyHelper": 7`,
			`"env": {}`,
			`"env": {"OTEL_EXPORTER_OTLP_ENDPOINT": "${other}"}`,
			`"env": null`,
			`"ENV": {"OTEL_EXPORTER_OTLP_ENDPOINT": "${other}"}`,
			`"telemetry": {"enabled": false}`,
			`"telemetry": {}`,
			`"telemetry": null`,
			`"Telemetry": {"enabled": false}`,
			`"banana": 7`,
			`"disableAllHooks": "yes"`,
			`"cleanupPeriodDays": "30"`,
			`"outputStyle": 7`,
			`"privacy": {"usageStatisticsEnabled": false}`,
			`"security": {"auth": 7}`,
			`"general": 7`,
			`"mcpServers": []`,
			`"ui": "x"`,
			`"\\u0065nv": {"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "${other}"}`,
		]);
	const forms: (() => void)[] = [
		() => intoEnv(envNames(), where()),
		() => intoEnv(envNames(), where()),
		() => intoTelemetry(telemetryNames(), where()),
		() => intoTelemetry(telemetryNames(), where()),
		() => top(topNames(), where()),
		() => top(topNames(), where()),
		() => {
			out = c.pick([
				`\ufeff${out}`,
				`// mine\n${out}`,
				`${out}// end`,
				`/* a */${out}`,
				out.replace(/\}\s*$/, ",}"),
				`${out}\n\n`,
				`${out}x`,
				out.replaceAll("\n", "\r\n"),
				`${out}\0`,
				`\n\n${out}`,
				out.replaceAll("\n", "\u00a0\n"),
				out.replaceAll("\n", "\r"),
				out.replaceAll("  ", "\t"),
				out.replaceAll("  ", "\f"),
				`${out}{}`,
				`[${out}]`,
			]);
		},
		() => {
			out = out.replace(/"(\w+)"(\s*:)/, (_, n: string, r: string) => `"${c.pick([n.toLowerCase(), `${n} `, n])}"${r}`);
		},
	];
	for (let n = 0; n < c.pick([1, 1, 1, 2]); n++)
		c.pick(forms.filter((_, i) => (id === "claude-code" ? ![2, 3].includes(i) : true)))();
	return out;
}

function toml(text: string, c: Choices): string {
	const ep = `{ otlp-http = { endpoint = "${other}/v1/logs", protocol = "binary" } }`;
	const head = () =>
		c.pick([
			`model = 7\n`,
			`profile = "x"\n`,
			`banana = 1\n`,
			`approval_policy = "sometimes"\n`,
			`otel.environment = "x"\n`,
			`otel = { exporter = "none" }\n`,
			`analytics.enabled = false\n`,
			`model_provider = ${c.pick(["1", '"x"', '"ollama"'])}\n`,
			`default_permissions = "x"\n`,
			`model_${c.pick(["instructions_file", "catalog_json"])} = "/gone"\n`,
			`approval_policy = { granular = 1 }\n`,
			`[permissions.p]\n`,
			`[features]\nx = { enabled = true }\n`,
			`[agents]\nmax_depth = ${c.pick(["2147483648", "1"])}\n`,
			`a = 9223372036854775808\n`,
			`sandbox_mode = "x"\n`,
			`history = "x"\n`,
			`file_opener = 7\n`,
			`tui = 7\n`,
			`mcp_servers = []\n`,
			`feedback = 3\n`,
			`[features]\nx = 1\n`,
			`[mcp_servers.m]\ncommand = ${c.pick(['"a"', "1"])}\nargs = [${c.pick(['"a"', "1"])}]\n`,
			`[mcp_servers]\nm = ${c.pick(["{}", '{ url = "http://a", bearer_token = "x" }', '{\n command = "a",\n}'])}\n`,
			`[model_providers.p]\nname = ${c.pick(['"a"', "1"])}\nwire_api = "${c.pick(["responses", "chat"])}"\n`,
			`[projects."/x"]\ntrust_level = "${c.pick(["trusted", "x"])}"\n`,
			`[profiles.x.otel]\nexporter = ${ep}\n`,
			`[profiles.x]\nmodel = 7\n`,
			`[otel]\nexporter = "none"\n`,
			`[otel.exporter.otlp-grpc]\nendpoint = "${other}"\n`,
			`a = 2021-13-45\n`,
			`a = 01\n`,
			`a = "x\n`,
			`a = 'x' 'y'\n`,
			`a = { b = 1, }\n`,
			`a = [1, 2,,]\n`,
			`"otel" = { exporter = "none" }\n`,
			`"\\u006ftel" = 7\n`,
			`[shell_environment_policy]\nset = { OTEL_SDK_DISABLED = "true" }\n`,
			`[shell_environment_policy]\ninherit = "x"\n`,
			`notify = "x"\n`,
			`[otel.trace_exporter.otlp-http]\nendpoint = "${other}"\nprotocol = "binary"\nheaders = { Authorization = "Bearer x" }\n`,
			`[[otel]]\n`,
		]);
	const intoOtel = () =>
		c.pick([
			`environment = 7`,
			`environment = "dev"`,
			`banana = 1`,
			`log_user_prompt = false`,
			`span_attributes = { a = "b" }`,
			`span_attributes = 7`,
			`tracestate = 3`,
			`exporter = "none"`,
			`metrics_exporter = "statsig"`,
			`trace_exporter = ${ep}`,
			`trace_exporter = "banana"`,
			`trace_exporter = 7`,
			`tool_result = 7`,
		]);
	const intoExporter = () =>
		c.pick([
			`tls = { ca-certificate = "/tmp/ca.pem" }`,
			`tls = 7`,
			`timeout = 3`,
			`banana = 1`,
			`headers.authorization = "Bearer other"`,
			`compression = "gzip"`,
			`protocol = "json"`,
		]);
	const forms: (() => string)[] = [
		() => head() + text,
		() => (text.endsWith("\n") ? text : `${text}\n`) + head(),
		() => text.replace(/^\[otel\]\n/m, `[otel]\n${intoOtel()}\n`),
		() => text.replace(/^(\[otel\.exporter[^\]]*\]\n)/m, `$1${intoExporter()}\n`),
		() => text.replace(/(endpoint = "[^"]*")/, `$1, ${intoExporter()}`),
		() => text.replace(/(endpoint = "[^"]*")/, `$1\n${intoExporter()}`),
		() =>
			text.replace(
				/Authorization = /,
				c.pick([
					`authorization = "Bearer x"\nAuthorization = `,
					`X-A = "1", Authorization = `,
					`"X-Scope-OrgID" = "1"\nAuthorization = `,
				]),
			),
		() =>
			c.pick([
				`\ufeff${text}`,
				text.replaceAll("\n", "\r\n"),
				`${text}\0`,
				`${text}# \u0007\n`,
				`${text}é = 1\n`,
				text.replaceAll("\n", "\r"),
			]),
	];
	return c.pick(forms)();
}

/** The files of one CLI: ours, as install writes it or edited, and others that it reads. */
function filesOf(id: string, scope: Scope, ours: string, c: Choices): Record<string, string> {
	const mine = OURS[scope][id] ?? "";
	const files: Record<string, string> = { [mine]: c.maybe(0.7) ? edited(id, ours, c) : ours };
	if (c.maybe(0.5)) return files;
	const host = () => (c.maybe(0.5) ? `${HOST}:443` : "evil.example.net:4318");
	const generated = generators[id]?.({ choose: c, host, token: () => "other-token-0123456789abcd" });
	for (const [path, content] of Object.entries(generated?.files ?? {})) {
		if (path !== mine && !path.startsWith("~/project") && c.maybe(0.4)) files[path] = content;
	}
	return files;
}

/** Puts files in place of all that the CLIs had on this machine. */
function furnish(m: EndpointMachine, files: Readonly<Record<string, string>>): void {
	const own = [".claude", ".codex", ".gemini", ".qwen", ".claude.json", ".env", "alt", "a b"];
	for (const name of own) rmSync(join(m.home, name), { recursive: true, force: true });
	rmSync(join(m.root, "etc"), { recursive: true, force: true });
	for (const [path, content] of Object.entries(files)) {
		const isHome = path.startsWith("~/");
		mkdirSync(dirname(at(m, path)), { recursive: true, mode: isHome ? 0o700 : 0o755 });
		writeFileSync(at(m, path), content, { mode: isHome ? 0o600 : 0o644 });
	}
}

describe("what the report calls ok is what doctor says is sent", needs(root), () => {
	test.each<Scope>(["user", "system"])(
		`%s: ${SETTINGS} settings at random`,
		{ timeout: 60_000 + SETTINGS * 20_000 },
		async (scope) => {
			const { token } = canary();
			const m = machine({ versions });
			const words = `scope=${scope} users=self endpoint=${ENDPOINT} no-host`;
			expect(await m.run(words, { token })).toMatchObject({ code: 0 });
			const ids = Object.keys(versions);
			const ours = Object.fromEntries(ids.map((id) => [id, readFileSync(at(m, OURS[scope][id] ?? ""), "utf8")]));
			const tally = { ok: 0, other: 0 };
			const found: unknown[] = [];
			for (let seed = first; seed < first + SETTINGS; seed++) {
				const c = choices(seed);
				const files = Object.fromEntries(ids.map((id) => [id, filesOf(id, scope, ours[id] ?? "", c)]));
				furnish(m, Object.assign({}, ...Object.values(files)));
				const { stdout } = await m.run(`report ${words}`);
				for (const id of ids) {
					const isOk = stdout.includes(`${id}:ok`);
					tally[isOk ? "ok" : "other"]++;
					if (!isOk) continue;
					const problems = wrong(id, token, await model(m, id));
					if (problems.length > 0) found.push({ seed, id, problems, files: files[id] });
				}
			}
			process.stdout.write(`report line, ${scope}: ${JSON.stringify(tally)}, ${found.length} false\n`);
			expect(found).toEqual([]);
			expect(tally.ok).toBeGreaterThan(SETTINGS / 2);
		},
	);
});
