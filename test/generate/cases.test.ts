import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { checkText, spliceCollector } from "../../src/api/collector.ts";
import { CrossfadeError, problemText } from "../../src/base/errors.ts";

/**
 * What `check` and `collector --into` must say of small configs of the kinds that went wrong: a false error, a miss, or a result that
 * does not start. Each title names the kind.
 */
interface CheckCase {
	readonly name: string;
	readonly text: string;
	/** Findings as `severity rule`, notes about unused components left out. */
	readonly expected: readonly string[];
	readonly file?: string;
	readonly distribution?: string;
	readonly release?: string;
}

async function findings({ text, file, distribution = "contrib", release }: CheckCase): Promise<string[]> {
	const found = await checkText(text, { distribution, file: file ?? "c.yaml", targetVersion: release });
	return found
		.filter(({ rule }) => rule !== "unused-component")
		.map(({ severity, rule }) => `${severity} ${rule}`)
		.sort();
}

const block = (text: string, blanks: number) => text.replace(/^(?=.)/gm, " ".repeat(blanks));

/** A clean config that reads its token from a watched file. */
const watching = `extensions:
  bearertokenauth: {filename: /etc/otel/bearer}
receivers:
  otlp: {protocols: {http: {}}}
exporters:
  otlp_http: {endpoint: "https://otlp.example.com", auth: {authenticator: bearertokenauth}}
service:
  extensions: [bearertokenauth]
  pipelines:
    logs: {receivers: [otlp], exporters: [otlp_http]}
`;
const resource = (spec: string, config = watching) =>
	`kind: OpenTelemetryCollector\nmetadata: {name: a}\nspec:\n${spec}  config:\n${block(config, 4)}`;
const mount = (path: string, secret = "s") =>
	`  volumeMounts: [{name: t, mountPath: ${path}}]\n  volumes: [{name: t, secret: {secretName: ${secret}}}]\n`;
const mounted = mount("/etc/otel");
const values = (more: string, config: string) => `${more}config:\n${block(config, 2)}`;
const forwarding = (receiver: string, batch: string, exporter = "") => `extensions:
  file_storage: {directory: /var/lib/q}
  headers_setter: {headers: [{action: upsert, key: X-Scope-OrgID, from_context: X-Scope-OrgID}]}
receivers:
  otlp: {protocols: {http: {${receiver}}}}
processors:
  batch: {${batch}}
exporters:
  otlp_http: {endpoint: "https://otlp.example.com", auth: {authenticator: headers_setter}${exporter}}
service:
  extensions: [headers_setter, file_storage]
  pipelines:
    logs: {receivers: [otlp], processors: [batch], exporters: [otlp_http]}
`;
const workload = (container: string, annotations = "") =>
	`kind: ConfigMap\nmetadata: {name: c}\ndata:\n  relay: |\n${block(watching, 4)}---\nkind: Deployment\nmetadata: {name: d}\nspec:\n  template:\n    metadata: {annotations: {${annotations}}}\n    spec:\n      containers: [{name: c, image: "otel/opentelemetry-collector-contrib:0.155.0", ${container}}]\n      volumes: [{name: t, secret: {secretName: s}}]\n`;

describe("check: false errors", () => {
	test.each<CheckCase>([
		{
			name: "the arguments and exports of an Alloy module",
			file: "m.alloy",
			distribution: "alloy",
			text: 'declare "m" {\n\targument "to" { }\n\tloki.process "p" {\n\t\tforward_to = argument.to.value\n\t}\n\texport "in" {\n\t\tvalue = loki.process.p.receiver\n\t}\n}\n',
			expected: [],
		},
		{
			name: "a module within a module, and a template of foreach",
			file: "m.alloy",
			distribution: "alloy",
			text: 'prometheus.remote_write "w" { }\ndeclare "outer" {\n\tdeclare "inner" { }\n\tinner "i" { }\n}\nouter "o" { }\nforeach "f" {\n\tcollection = []\n\tvar = "x"\n\ttemplate {\n\t\tprometheus.scrape "s" {\n\t\t\tforward_to = [prometheus.remote_write.w.receiver]\n\t\t}\n\t}\n}\n',
			expected: ["note stability-level"],
		},
		{
			name: "a component that is outside the module that names it",
			file: "m.alloy",
			distribution: "alloy",
			text: 'prometheus.remote_write "w" { }\ndeclare "m" {\n\tprometheus.scrape "s" {\n\t\tforward_to = [prometheus.remote_write.w.receiver]\n\t}\n}\n',
			expected: ["error missing-reference"],
		},
		{
			name: "values that rely on the chart's defaults, and remove others with null",
			text: values(
				"",
				"receivers:\n  jaeger: null\n  zipkin: ~\nexporters:\n  otlp: {endpoint: e:4317}\nservice:\n  pipelines:\n    traces: null\n    logs: {receivers: [otlp], processors: [memory_limiter, batch], exporters: [otlp]}\n    metrics: {exporters: [otlp]}\n",
			),
			release: "0.102.0",
			expected: [],
		},
		{
			name: "values whose receivers come from presets",
			text: "presets: {hostMetrics: {enabled: true}}\nalternateConfig:\n  exporters: {debug: {}}\n  service:\n    pipelines:\n      metrics: {exporters: [debug]}\n",
			expected: [],
		},
		{
			name: "values that remove what they use",
			text: values("", "processors: {batch: null}\nservice:\n  pipelines:\n    logs: {processors: [batch]}\n"),
			expected: ["error missing-reference"],
		},
		{
			name: "values with a component that no chart has",
			text: values("", "service:\n  pipelines:\n    logs: {exporters: [own]}\n"),
			expected: ["warning not-in-this-file"],
		},
		{
			name: "values of a chart whose defaults depend on other values",
			text: `agent:\n  config:\n    service: {pipelines: {logs: {exporters: [splunk_hec/own]}}}\n`,
			distribution: "splunk",
			expected: ["warning not-in-this-file"],
		},
		{
			name: "values with an extension that the chart does not start",
			text: values(
				"",
				watching.replace("  extensions: [bearertokenauth]\n", "").replace("service:\n", "service:\n  telemetry: {}\n"),
			),
			expected: ["error unlisted-extension", "warning token-not-mounted"],
		},
		{
			name: "config sources, where the distribution has them",
			text: `config_sources: {env: {}}\n${watching}`,
			distribution: "splunk",
			expected: [],
		},
		{
			name: "config sources, where it has none",
			text: `config_sources: {env: {}}\n${watching}`,
			expected: ["error unknown-section"],
		},
		{
			name: "a maintained line that got a component",
			text: watching.replaceAll("otlp_http", "otlphttp"),
			distribution: "edot",
			release: "8.19.4",
			expected: [],
		},
		{
			name: "a line that never got it",
			text: watching.replaceAll("otlp_http", "otlphttp"),
			distribution: "edot",
			release: "9.0.8",
			expected: ["error unknown-component"],
		},
		{
			name: "an unknown component of a release newer than the tables",
			text: watching.replaceAll("otlp:", "brandnew:").replace("[otlp]", "[brandnew]"),
			release: "0.999.0",
			expected: ["warning unknown-component"],
		},
		{
			name: "an unknown component of a patch of an old line newer than the tables",
			text: watching.replaceAll("otlp:", "brandnew:").replace("[otlp]", "[brandnew]"),
			distribution: "edot",
			release: "8.19.99",
			expected: ["warning unknown-component"],
		},
		{
			name: "an unknown setting of a release newer than the tables",
			text: watching.replace("{endpoint:", "{brand_new: 1, endpoint:"),
			release: "0.999.0",
			expected: ["warning unknown-field"],
		},
		{
			name: "an unknown component of Alloy newer than the tables",
			file: "c.alloy",
			distribution: "alloy",
			release: "9.0.0",
			text: 'otelcol.brandnew "x" { }\n',
			expected: ["warning unknown-component"],
		},
		{
			name: "a vendor's token from the environment",
			text: watching.replace("{filename: /etc/otel/bearer}", "{token: '${env:T}'}"),
			expected: ["warning token-from-env"],
		},
		{
			name: "a token from the environment for a provider whose tokens are rotated",
			text: watching
				.replace("{filename: /etc/otel/bearer}", "{token: '${env:T}'}")
				.replace("otlp.example.com", "ai-events.toriihq.com/"),
			expected: ["error token-from-env"],
		},
		{
			name: "the same in Alloy",
			file: "c.alloy",
			distribution: "alloy",
			text: 'otelcol.auth.bearer "a" {\n\ttoken = sys.env("T")\n}\notelcol.exporter.otlphttp "o" {\n\tclient {\n\t\tendpoint = "https://ai-events.toriihq.com"\n\t\tauth = otelcol.auth.bearer.a.handler\n\t}\n}\notelcol.auth.bearer "b" {\n\ttoken = sys.env("T")\n}\n',
			expected: ["error token-from-env", "warning token-from-env"],
		},
		{
			name: "keys that every object has",
			text: 'processors:\n  "__proto__": {}\n  constructor: {}\n',
			expected: ["error no-pipelines", "error invalid-id", "error unknown-component"],
		},
	])("$name", async (each) => {
		expect(await findings(each)).toEqual([...each.expected].sort());
	});
});

describe("check: what is not clean", () => {
	test.each<CheckCase>([
		{
			name: "a misspelled section, once",
			text: watching
				.replace("exporters:", "procesors: {batch: {}}\nexporters:")
				.replace("[otlp],", "[otlp], processors: [batch],"),
			expected: ["error unknown-section"],
		},
		{ name: "a config without pipelines", text: "receivers: {otlp: {}}\n", expected: ["error no-pipelines"] },
		{
			name: "a gRPC exporter that keeps the first token",
			text: watching
				.replace('otlp_http: {endpoint: "https://otlp.example.com"', "otlp: {endpoint: e:4317")
				.replace("[otlp_http]", "[otlp]"),
			release: "0.119.0",
			expected: ["error grpc-first-token"],
		},
		{
			name: "the same exporter since it reads the token for each call",
			text: watching
				.replace('otlp_http: {endpoint: "https://otlp.example.com"', "otlp: {endpoint: e:4317")
				.replace("[otlp_http]", "[otlp]"),
			release: "0.120.0",
			expected: [],
		},
		{
			name: "a header from the request that batch drops",
			text: forwarding("include_metadata: true", ""),
			expected: ["error header-not-forwarded"],
		},
		{
			name: "a header that the receiver does not keep",
			text: forwarding("", "metadata_keys: [X-Scope-OrgID]"),
			expected: ["error header-not-forwarded"],
		},
		{
			name: "a header that arrives",
			text: forwarding("include_metadata: true", "metadata_keys: [x-scope-orgid]"),
			expected: [],
		},
		{
			name: "a header that is no secret, through a queue on disk",
			text: forwarding(
				"include_metadata: true",
				"metadata_keys: [x-scope-orgid]",
				", sending_queue: {storage: file_storage}",
			),
			expected: [],
		},
		{
			name: "the same in a release whose queue on disk loses it",
			text: forwarding(
				"include_metadata: true",
				"metadata_keys: [x-scope-orgid]",
				", sending_queue: {storage: file_storage}",
			).replaceAll("otlp_http", "otlphttp"),
			release: "0.130.0",
			expected: ["error header-not-forwarded"],
		},
		{
			name: "a header that the exporter's own batching drops",
			text: forwarding("include_metadata: true", "metadata_keys: [x-scope-orgid]", ", sending_queue: {batch: {}}"),
			expected: ["error header-not-forwarded"],
		},
		{
			name: "a client's token that is kept on purpose, through a queue on disk",
			text: forwarding(
				"include_metadata: true",
				"metadata_keys: [authorization]",
				", sending_queue: {storage: file_storage}",
			).replaceAll("X-Scope-OrgID", "Authorization"),
			expected: ["error metadata-in-queue"],
		},
		{
			name: "basic authentication with a password from the environment",
			text: watching
				.replace(
					"bearertokenauth: {filename: /etc/otel/bearer}",
					"basicauth: {client_auth: {username: a, password: '${env:P}'}}",
				)
				.replaceAll("bearertokenauth", "basicauth"),
			expected: ["warning token-from-env"],
		},
		{
			name: "a client's secret from the environment",
			text: watching
				.replace(
					"bearertokenauth: {filename: /etc/otel/bearer}",
					"oauth2client: {client_id: a, client_secret: '${env:P}', token_url: 'https://i.example.com'}",
				)
				.replaceAll("bearertokenauth", "oauth2client"),
			expected: ["warning token-from-env"],
		},
		{
			name: "subPath of the very file that is watched, without a telling name",
			text: workload("volumeMounts: [{name: t, mountPath: /etc/otel/bearer, subPath: bearer}]"),
			expected: ["note cluster-unknown", "error subpath"],
		},
		{
			name: "a bind mount of the very file that is watched",
			text: `services:\n  c: {image: "otel/opentelemetry-collector-contrib:0.155.0", volumes: ["./b:/etc/otel/bearer"]}\nconfigs:\n  c:\n    content: |\n${block(watching, 6)}`,
			expected: ["error file-mount"],
		},
		{
			name: "a token file that no compose service mounts",
			text: `services:\n  c: {image: "otel/opentelemetry-collector-contrib:0.155.0"}\nconfigs:\n  c:\n    content: |\n${block(watching, 6)}`,
			expected: ["error token-not-mounted"],
		},
		{
			name: "a token file that is a compose secret",
			text: `services:\n  c: {image: "otel/opentelemetry-collector-contrib:0.155.0", secrets: [bearer]}\nconfigs:\n  c:\n    content: |\n${block(watching.replace("/etc/otel", "/run/secrets"), 6)}`,
			expected: ["error file-mount"],
		},
		{ name: "a token file that no values mount", text: values("", watching), expected: ["warning token-not-mounted"] },
		{
			name: "a token file that values mount",
			text: values("extraVolumeMounts: [{name: t, mountPath: /etc/otel}]\n", watching),
			expected: ["note cluster-unknown"],
		},
		{ name: "a token file that a resource does not mount", text: resource(""), expected: ["error token-not-mounted"] },
		{ name: "a token file that a resource mounts", text: resource(mounted), expected: ["note cluster-unknown"] },
		{
			name: "a token file that a container does not mount",
			text: workload("volumeMounts: []"),
			expected: ["error token-not-mounted"],
		},
		...["${env:TOKEN_FILE}", "${env:FOLDER}/bearer", "bearer"].map((path) => ({
			name: `a token file whose place is not in the file: ${path}`,
			text: workload("volumeMounts: []").replace("/etc/otel/bearer", JSON.stringify(path)),
			expected: ["note cluster-unknown"],
		})),
		{
			name: "the same without a container: nothing is mounted there",
			text: watching.replace("/etc/otel/bearer", '"${env:TOKEN_FILE}"'),
			expected: [],
		},
		{
			name: "a token file whose place is not in the file, in a release that loses sight of it",
			text: workload("volumeMounts: []")
				.replace("/etc/otel/bearer", '"${env:TOKEN_FILE}"')
				.replace("0.155.0", "0.145.0"),
			expected: ["note cluster-unknown", "error watch-broken"],
		},
		...[
			["that follows the secret", "/vault/secrets/bearer", "x.example/agent-inject: 'true'", "note cluster-unknown"],
			[
				"with a folder of its own",
				"/etc/otel/bearer",
				"x.example/agent-inject: 'true', x.example/secret-volume-path: /etc/otel",
				"note cluster-unknown",
			],
			[
				"that ends when the pod has started",
				"/vault/secrets/bearer",
				"x.example/agent-inject: 'true', x.example/agent-pre-populate-only: 'true'",
				"warning written-once",
			],
			["that is not asked for", "/vault/secrets/bearer", "x.example/agent-inject: 'false'", "error token-not-mounted"],
			["that writes elsewhere", "/etc/otel/bearer", "x.example/agent-inject: 'true'", "error token-not-mounted"],
		].map(([name = "", path = "", annotations = "", expected = ""]) => ({
			name: `an agent in the pod ${name}`,
			text: workload("volumeMounts: []", annotations).replace("/etc/otel/bearer", path),
			expected: [expected],
		})),
		{
			name: "an exporter that spreads requests over gRPC, in a release that keeps the first token",
			release: "0.115.0",
			text: watching
				.replaceAll("otlp_http", "loadbalancing")
				.replace(
					'endpoint: "https://otlp.example.com", auth: {authenticator: bearertokenauth}',
					"protocol: {otlp: {auth: {authenticator: bearertokenauth}}}, resolver: {dns: {hostname: a.example.com}}",
				),
			expected: ["error grpc-first-token"],
		},
		{
			name: "a service account's token, which is always mounted",
			text: resource("", watching.replace("/etc/otel/bearer", "/var/run/secrets/kubernetes.io/serviceaccount/token")),
			expected: [],
		},
		{
			name: "a ConfigMap alone: how the file arrives is not known",
			text: `kind: ConfigMap\nmetadata: {name: c}\ndata:\n  relay: |\n${block(watching, 4)}`,
			expected: ["note cluster-unknown"],
		},
		{
			name: "a restart on every change, of a collector that follows the file",
			text: workload("volumeMounts: [{name: t, mountPath: /etc/otel}]", 'reloader.stakater.com/auto: "true"'),
			expected: ["note cluster-unknown", "warning needless-restart"],
		},
		{
			name: "a checksum of the Secret",
			text: workload("volumeMounts: [{name: t, mountPath: /etc/otel}]", "checksum/secret: a"),
			expected: ["warning needless-restart", "note cluster-unknown"],
		},
		{
			name: "a checksum of the config, which is right",
			text: workload("volumeMounts: [{name: t, mountPath: /etc/otel}]", "checksum/config: a"),
			expected: ["note cluster-unknown"],
		},
		{
			name: "a release that loses sight of the file, by the image's tag",
			text: workload("volumeMounts: [{name: t, mountPath: /etc/otel}]").replace("0.155.0", "0.145.0"),
			expected: ["error watch-broken", "note cluster-unknown"],
		},
		{
			name: "the same by the target version, on a host",
			text: watching,
			release: "0.145.0",
			expected: ["warning watch-broken"],
		},
		{
			name: "an image of a mirror, in a custom resource",
			text: resource(`  image: mirror.example.com:5000/x/opentelemetry-collector-contrib:0.145.0\n${mounted}`),
			expected: ["error watch-broken", "note cluster-unknown"],
		},
		{
			name: "an immutable Secret",
			text: `${resource(mounted)}---\nkind: Secret\nmetadata: {name: s}\nimmutable: true\ndata: {bearer: ""}\n`,
			expected: ["error immutable-secret"],
		},
		{
			name: "a Secret whose value ends with a line break",
			text: `${resource(mounted)}---\nkind: Secret\nmetadata: {name: s}\nstringData:\n  bearer: |\n    x\n`,
			expected: ["warning secret-newline"],
		},
		{
			name: "the same in base64",
			text: `${resource(mounted)}---\nkind: Secret\nmetadata: {name: s}\ndata: {bearer: eAo=}\n`,
			expected: ["warning secret-newline"],
		},
		{
			name: "a certificate, which ends with a line break",
			text: "kind: Secret\nmetadata: {name: tls}\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: |\n    x\n---\nspec: {containers: [{volumeMounts: [{mountPath: /a}]}]}\n",
			expected: ["note mounts-only"],
		},
		{
			name: "a sidecar's Secret for its group alone",
			text: resource(`  mode: sidecar\n${mounted.replace("secretName: s", "secretName: s, defaultMode: 0440")}`),
			expected: ["note cluster-unknown", "warning sidecar-group"],
		},
		{
			name: "a sidecar's Secret for all",
			text: resource(`  mode: sidecar\n${mounted.replace("secretName: s", "secretName: s, defaultMode: 0444")}`),
			expected: ["note cluster-unknown"],
		},
		{
			name: "limit_percentage without a limit",
			text: resource(
				"",
				watching
					.replace("exporters:", "processors: {memory_limiter: {check_interval: 1s, limit_percentage: 75}}\nexporters:")
					.replace("/etc/otel/bearer", "/var/run/secrets/kubernetes.io/t"),
			),
			expected: ["warning limit-without-total"],
		},
		{
			name: "limit_percentage in values of a chart that sets a limit",
			text: `collectors:\n  a:\n    volumeMounts: [{name: t, mountPath: /etc/otel}]\n    config:\n${block(watching.replace("exporters:", "processors: {memory_limiter: {check_interval: 1s, limit_percentage: 75}}\nexporters:"), 6)}`,
			expected: ["note cluster-unknown"],
		},
		{
			name: "limit_percentage in values of a chart that sets none",
			text: `extraVolumeMounts: [{name: t, mountPath: /etc/otel}]\nconfig:\n${block(watching.replace("exporters:", "processors: {memory_limiter: {check_interval: 1s, limit_percentage: 75}}\nexporters:"), 2)}`,
			expected: ["note cluster-unknown", "warning limit-without-total"],
		},
		{
			name: "limit_percentage with a limit",
			text: resource(
				"  resources: {limits: {memory: 1Gi}}\n",
				watching
					.replace("exporters:", "processors: {memory_limiter: {check_interval: 1s, limit_percentage: 75}}\nexporters:")
					.replace("/etc/otel/bearer", "/var/run/secrets/kubernetes.io/t"),
			),
			expected: [],
		},
		{
			name: "a template, in one line",
			text: `${"{{- if .Values.x }}\na: {{ .Values.a }}\n{{- end }}\n".repeat(10)}`,
			expected: ["error syntax"],
		},
	])("$name", async (each) => {
		expect(await findings(each)).toEqual([...each.expected].sort());
	});
});

const plain = `receivers:
  otlp:
    protocols:
      http:
exporters:
  debug: {}
service:
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [debug]
`;
/** What a user sees: the result and what is said about it, or the refusal. */
async function into(
	text: string,
	options: { file?: string; distribution?: string; pipelines?: string[]; release?: string } = {},
) {
	const { file = "c.yaml", distribution = "contrib", pipelines, release } = options;
	const wish = { distribution, file, pipelines, signals: ["logs", "metrics"] as const, targetVersion: release };
	try {
		const result = await spliceCollector(text, wish);
		const removed = await spliceCollector(result.text, { ...wish, remove: true });
		expect(removed.text).toBe(text);
		return { ...result, refused: "" };
	} catch (error) {
		if (!(error instanceof CrossfadeError)) throw error;
		return {
			text: "",
			wired: [],
			notes: [],
			before: [],
			refused: error.problems.map((each) => problemText(each)).join("\n"),
		};
	}
}

describe("collector --into: the result starts", () => {
	test("values of a chart that starts no extension of its own", async () => {
		const { text } = await into(`collectors:\n  daemon:\n    config:\n${block(plain, 6)}`);
		expect(parse(text).collectors.daemon.config.service.extensions).toEqual(["bearertokenauth/torii"]);
	});

	test("values of the upstream chart, also within another", async () => {
		for (const [above, blanks] of [
			["config:\n", 2],
			["opentelemetry-collector:\n  config:\n", 4],
		] as const) {
			const { text } = await into(above + block(plain, blanks));
			expect(text).toContain("extensions: [health_check, bearertokenauth/torii]");
		}
	});

	test("values that the upstream chart does not merge list no extension of the chart", async () => {
		const { text } = await into(`alternateConfig:\n${block(plain, 2)}`);
		expect(text).toContain("extensions: [bearertokenauth/torii]");
	});

	test("values of an unknown chart are refused, and those that look like the upstream one under another name are not", async () => {
		const { refused } = await into(`collector:\n  config:\n${block(plain, 4)}`);
		expect(refused).toContain("service.extensions is not in this file");
		const { text } = await into(`edge:\n  mode: daemonset\n  config:\n${block(plain, 4)}`);
		expect(text).toContain("extensions: [health_check, bearertokenauth/torii]");
	});

	test("values of a chart that makes the list from other values are refused, with the list to write", async () => {
		const { refused } = await into(`agent:\n  config:\n${block(plain, 4)}`, { distribution: "splunk" });
		expect(refused).toContain("service.extensions is not in this file");
		expect(refused).toContain("to the list service.extensions: bearertokenauth/torii");
	});

	test.each([
		[
			"without receivers",
			"exporters: {debug/b: {}}\nservice:\n  pipelines:\n    logs:\n      exporters: [debug/b]\n",
			["logs"],
		],
		[
			"with receivers of the other file",
			"exporters:\n  debug/b: {}\nservice:\n  pipelines:\n    logs:\n      receivers: [otlp]\n      exporters: [debug/b]\n",
			undefined,
		],
		[
			"with all sections in the other file",
			"service:\n  pipelines:\n    logs:\n      receivers: [otlp]\n      exporters: [debug/b]\n",
			undefined,
		],
	])("an overlay does not replace the base's extensions: %s", async (_name, text, pipelines) => {
		const { refused } = await into(text, pipelines ? { pipelines } : {});
		expect(refused).toContain("service.extensions is not in this file");
		expect(refused).toContain("bearertokenauth/torii:");
	});

	test("an overlay that has the list", async () => {
		const { text } = await into(
			"exporters:\n  debug/b: {}\nservice:\n  extensions: [zpages]\n  pipelines:\n    logs:\n      receivers: [otlp]\n      exporters: [debug/b]\n",
		);
		expect(parse(text).service.extensions).toEqual(["zpages", "bearertokenauth/torii"]);
	});

	test.each(["null", "~", ""])("a pipeline that is %j is no obstacle", async (nothing) => {
		const { text, wired } = await into(
			`config:\n${block(plain.replace("    logs:\n", `    traces: ${nothing}\n    logs: ${nothing}\n    logs/apps:\n`), 2)}`,
		);
		expect(wired).toEqual(["logs/apps"]);
		expect(parse(text).config.service.pipelines.logs).toBeNull();
	});

	test.each([
		[
			"a custom resource",
			`kind: OpenTelemetryCollector\nmetadata: {name: a}\nspec:\n  image: otel/opentelemetry-collector-contrib:0.132.4\n  config:\n${block(plain, 4)}`,
		],
		["values", `image: {repository: otel/opentelemetry-collector-contrib, tag: 0.102.0}\nconfig:\n${block(plain, 2)}`],
		[
			"compose",
			`services:\n  c: {image: "otel/opentelemetry-collector-contrib:0.110.0"}\nconfigs:\n  c:\n    content: |\n${block(plain, 6)}`,
		],
	])("the release in an image's tag decides the names: %s", async (_name, text) => {
		const result = await into(text);
		expect(result.text).toContain("otlphttp/torii:");
		expect(result.text).not.toContain("otlp_http/torii");
	});

	test("a config with the old name of the exporter keeps it while nobody says the release", async () => {
		const old = plain.replaceAll("debug", "otlphttp/own");
		expect((await into(old)).text).toContain("exporters: [otlphttp/own, otlphttp/torii]");
		expect((await into(old, { release: "0.159.0" })).text).toContain("exporters: [otlphttp/own, otlp_http/torii]");
	});

	test("text that CloudFormation substitutes is refused where our entries have a reference", async () => {
		const text = `Resources:\n  P:\n    Properties:\n      Value: !Sub |\n${block(plain, 8)}`;
		expect((await into(text)).wired).toEqual(["logs"]);
		expect((await into(text, { release: "0.145.0" })).refused).toContain("CloudFormation would replace");
	});

	test("--target-version wins over the image", async () => {
		const text = `image: {tag: 0.102.0}\nconfig:\n${block(plain, 2)}`;
		expect((await into(text, { release: "0.159.0" })).text).toContain("otlp_http/torii:");
	});
});

describe("collector --into: the data arrives", () => {
	const two = (first: string, second: string) =>
		plain
			.replace(
				"exporters:\n",
				"processors:\n  filter/a: {logs: {log_record: ['true']}}\n  filter/b: {logs: {log_record: ['true']}}\n  batch: {}\nexporters:\n",
			)
			.replace(
				/ {4}logs:[\s\S]*/,
				`    logs/a: {receivers: [otlp], processors: [${first}], exporters: [debug]}\n    logs/b: {receivers: [otlp], processors: [${second}], exporters: [debug]}\n`,
			);

	test("two pipelines that split a receiver by filters: the user chooses", async () => {
		const { refused } = await into(two("filter/a", "filter/b"));
		expect(refused).toContain("logs/a (filter/a) and logs/b (filter/b)");
		expect(refused).toContain("--pipelines");
		expect((await into(two("filter/a", "filter/b"), { pipelines: ["logs/a", "logs/b"] })).wired).toEqual([
			"logs/a",
			"logs/b",
		]);
	});

	test("data that comes to two pipelines through a connector is not sent twice", async () => {
		const chain = (signal: string, receivers: string) =>
			plain
				.replace(
					"exporters:\n",
					"  otlp/b: {protocols: {http: {endpoint: 127.0.0.1:4319}}}\nconnectors: {bridge: }\nexporters:\n",
				)
				.replace(
					/ {4}logs:[\s\S]*/,
					`    logs/in: {receivers: [otlp], exporters: [bridge]}\n    ${signal}/out: {receivers: [${receivers}], exporters: [debug]}\n`,
				);
		const { refused } = await into(chain("logs", "bridge, otlp/b"));
		expect(refused).toContain("what passes logs/in also comes to logs/out, through a connector");
		expect(refused).toContain("--pipelines");
		const both = await into(chain("logs", "bridge, otlp/b"), { pipelines: ["logs/in", "logs/out"] });
		expect(both.notes.join("\n")).toContain("from both it would arrive twice");
		// What a connector makes for another signal is no copy.
		expect((await into(chain("metrics", "bridge, otlp/b"))).wired).toEqual(["logs/in", "metrics/out"]);
		expect((await into(chain("logs", "bridge"))).wired).toEqual(["logs/in"]);
	});

	test.each<[what: string, text: string, note: RegExp]>([
		[
			"another ConfigMap",
			"configMap: {existingName: mine}\nconfig:\n",
			/reads the ConfigMap mine, which was not checked, and not the config/,
		],
		[
			"values in other files",
			"helm: {valueFiles: [a.yaml]}\nspec:\n  valuesFrom: [{name: a}]\n  values:\n    config:\n",
			/^values of the chart are in other files/,
		],
	])("what comes in the place of the changed config is said: %s", async (_what, head, note) => {
		const { notes } = await into(head + plain.replace(/^(?=.)/gm, " ".repeat(head.includes("spec") ? 6 : 2)));
		expect(notes).toContainEqual(expect.stringMatching(note));
	});

	test.each<[what: string, text: string, file: string]>([
		["a script", `#!/bin/sh\ncat > c.yaml <<'EOF'\n${plain}EOF\n`, "a.sh"],
		["a script without an ending", `cat > c.yaml <<'EOF'\n${plain}EOF\n`, "userdata"],
		["a unit", "[Service]\nExecStart=/usr/bin/otelcol --config=/etc/a.yaml\n", "o.service"],
	])("%s is refused as what it is", async (_what, text, file) => {
		expect((await into(text, { file })).refused).toContain("this is a script or a unit, and no config");
	});

	test("a script in a file of YAML is not changed", async () => {
		const script = `runcmd:\n  - |\n    cat > c.yaml <<EOF\n${plain.replace(/^(?=.)/gm, "    ")}    EOF\n`;
		expect((await into(script)).refused).toContain(
			"the config is in the text at runcmd.0, which is read and not changed",
		);
	});

	test("of two pipelines the one that drops nothing", async () => {
		expect((await into(two("filter/a", "batch"))).wired).toEqual(["logs/b"]);
		expect((await into(two("batch", "filter/b"))).wired).toEqual(["logs/a"]);
	});

	test.each([
		["a filter", "filter/x: {logs: {log_record: ['true']}}", "filter/x", "filter/x in logs drops records"],
		["a sampler", "probabilistic_sampler: {sampling_percentage: 1}", "probabilistic_sampler", "drops records"],
		[
			"deletions",
			"attributes/x: {actions: [{key: user.email, action: delete}, {key: x, action: delete}]}",
			"attributes/x",
			"attributes/x in logs deletes user.email: this backend cannot tell who",
		],
		[
			"a resource's deletions",
			"resource: {attributes: [{key: host.name, action: delete}]}",
			"resource",
			"deletes host.name",
		],
		[
			"redaction",
			"redaction: {allow_all_keys: false, allowed_keys: [a]}",
			"redaction",
			"redaction in logs removes all attributes of records and resources but a: without service.name, host.name this",
		],
		[
			"statements that keep some keys",
			"transform: {log_statements: ['keep_keys(log.attributes, [\"a\"])']}",
			"transform",
			"transform in logs removes all attributes but a",
		],
		["aggregation", "log_dedup: {interval: 60s}", "log_dedup", "merges records"],
	])("what stands before our exporter is said: %s", async (_name, processor, id, note) => {
		const { notes } = await into(
			plain
				.replace("exporters:\n", `processors:\n  ${processor}\nexporters:\n`)
				.replace("      exporters:", `      processors: [${id}]\n      exporters:`),
		);
		expect(notes.join("\n")).toContain(note);
	});

	test("other receivers whose data is sent, too, and signals that are not", async () => {
		const { notes } = await into(
			plain.replace("[otlp]", "[otlp, filelog]").replace("exporters:\n", "  filelog: {include: [/a]}\nexporters:\n"),
		);
		expect(notes.join("\n")).toContain("filelog also feeds logs, so otlp_http/torii gets its data, too");
		expect(notes.join("\n")).toContain("no metrics pipeline in this file receives data, so no metrics are sent");
	});

	test("the same in Alloy", async () => {
		const alloy =
			'otelcol.receiver.otlp "a" {\n\toutput {\n\t\tlogs = [otelcol.processor.attributes.x.input]\n\t}\n}\notelcol.receiver.loki "l" {\n\toutput {\n\t\tlogs = [otelcol.processor.attributes.x.input]\n\t}\n}\notelcol.processor.attributes "x" {\n\taction {\n\t\tkey = "session.id"\n\t\taction = "delete"\n\t}\n\toutput {\n\t\tlogs = []\n\t}\n}\n';
		const { notes, wired } = await into(alloy, { file: "c.alloy", distribution: "alloy" });
		expect(wired).toEqual(["otelcol.processor.attributes.x (logs)"]);
		expect(notes.join("\n")).toContain("otelcol.processor.attributes.x in logs deletes session.id");
		expect(notes.join("\n")).toContain("otelcol.receiver.loki.l also feeds");
	});
});

describe("collector --into: what has to exist before the next start", () => {
	const said = async (text: string, options = {}) => (await into(text, options)).before.join("\n");

	test("a plain config: the token file, because without it nothing starts", async () => {
		const before = await said(plain);
		expect(before).toContain("the token must be in /etc/crossfade/torii.token, readable for");
		expect(before).toContain("your other pipelines stop, too");
	});

	test("compose: the mount", async () => {
		const text = `services:\n  c: {image: x}\nconfigs:\n  c:\n    content: |\n${block(plain, 6)}`;
		expect(await said(text)).toContain("volumes: [/etc/crossfade:/etc/crossfade:ro]");
	});

	test.each([
		[
			"the upstream chart",
			`config:\n${block(plain, 2)}`,
			["extraVolumes:", "extraVolumeMounts:", "secretName: torii-ingest"],
		],
		[
			"a chart with several collectors",
			`collectors:\n  daemon:\n    config:\n${block(plain, 6)}`,
			["beside the config", "volumeMounts:", "podSecurityContext:"],
		],
		[
			"a custom resource",
			`kind: OpenTelemetryCollector\nmetadata: {name: a}\nspec:\n  config:\n${block(plain, 4)}`,
			["in spec", "volumes:", "volumeMounts:", "mountPath: /etc/crossfade"],
		],
		[
			"a ConfigMap",
			`kind: ConfigMap\nmetadata: {name: a}\ndata:\n  c: |\n${block(plain, 4)}`,
			["pod template", "mountPath: /etc/crossfade"],
		],
	])("%s: volume and mount to add", async (_name, text, parts) => {
		const before = await said(text);
		for (const part of parts) expect(before).toContain(part);
	});

	test.each([
		["its values", ""],
		["a HelmRelease", "kind: HelmRelease\nmetadata: {name: a}\nspec:\n  values:\n"],
	])(
		"the chart of a vendor's agent, which takes the config as a text, in %s: volume and mount at its own keys",
		async (_, head) => {
			const values = `datadog:\n  otelCollector:\n    config: |\n${block(plain, 6)}`;
			const before = await said(head + (head === "" ? values : block(values, 4)), { distribution: "ddot" });
			expect(before).toContain("agents:\n      volumes:");
			expect(before).toContain("otelAgent:\n          volumeMounts:");
		},
	);

	test("a config in a file that does not say where it goes: that a container needs a mount is said", async () => {
		const before = await said(`- hosts: all\n  tasks:\n    - copy:\n        content: |\n${block(plain, 10)}`);
		expect(before).toContain("readable for otelcol-contrib");
		expect(before).toContain("if that collector runs in a container, mount /etc/crossfade there, too");
		expect(await said(plain)).not.toContain("container");
	});

	test("the image must have what is added", async () => {
		const spec = (more: string) =>
			`kind: OpenTelemetryCollector\nmetadata: {name: a}\nspec:\n${more}  config:\n${block(plain, 4)}`;
		expect(await said(spec(""))).toContain("set spec.image: otel/opentelemetry-collector-contrib:0.159.0");
		expect(await said(spec("  image: otel/opentelemetry-collector:0.155.0\n"))).toContain(
			"the image otel/opentelemetry-collector is none of OpenTelemetry Collector Contrib",
		);
		expect(await said(spec("  image: otel/opentelemetry-collector-contrib:0.155.0\n"))).not.toContain("image");
	});

	test("a mount that is there already is not printed again", async () => {
		const before = await said(`extraVolumeMounts: [{name: t, mountPath: /etc/crossfade}]\nconfig:\n${block(plain, 2)}`);
		expect(before).toContain("something is mounted at /etc/crossfade already");
		expect(before).not.toContain("secretName");
	});

	test("check then finds what is missing, and once it is there only that it does not show the volume", async () => {
		const { text } = await into(`config:\n${block(plain, 2)}`);
		const missing = { name: "", text, expected: [] };
		expect(await findings(missing)).toEqual(["warning token-not-mounted"]);
		const whole = `${text}extraVolumeMounts: [{name: t, mountPath: /etc/crossfade}]\n`;
		expect(await findings({ ...missing, text: whole })).toEqual(["note cluster-unknown"]);
	});
});

describe("collector --into: what cannot be changed is refused with the text to paste", () => {
	test.each([
		[
			"a module inside declare",
			"m.alloy",
			"alloy",
			'declare "m" {\n\totelcol.receiver.otlp "a" {\n\t\toutput {\n\t\t\tlogs = []\n\t\t}\n\t}\n}\n',
			["inside declare", 'otelcol.exporter.otlphttp "torii" {', "otelcol.exporter.otlphttp.torii.input"],
		],
		[
			"Alloy without an OTLP receiver",
			"m.alloy",
			"alloy",
			'prometheus.scrape "a" { }\n',
			['otelcol.exporter.otlphttp "torii" {'],
		],
		[
			"YAML without a receiver",
			"c.yaml",
			"contrib",
			"service:\n  extensions: [zpages]\n  pipelines:\n    traces: {receivers: [zipkin], exporters: [debug]}\n",
			["bearertokenauth/torii:", "otlp_http/torii:"],
		],
		[
			"values without pipelines",
			"values.yaml",
			"splunk",
			"agent:\n  config:\n    exporters: {debug: {}}\n",
			["otlp_http/torii:"],
		],
		["no config at all", "values.yaml", "contrib", "replicas: 1\n", ["otlp_http/torii:"]],
		[
			"Nix",
			"c.nix",
			"contrib",
			"{ services.a.settings.exporters.debug = { }; }\n",
			["this is Nix", "otlp_http/torii:"],
		],
		[
			"Terraform",
			"main.tf",
			"alloy",
			'resource "a" "b" {}\n',
			["this is Terraform", 'otelcol.exporter.otlphttp "torii" {'],
		],
		["a template", "c.yaml", "contrib", `${plain}{{ end }}\n`, ["template"]],
		[
			"a config behind an empty document",
			"c.yaml",
			"contrib",
			`--- ~\n---\n${plain}`,
			["c.yaml:3:1", "the collector reads no other", "otlp_http/torii:"],
		],
	])("%s", async (_name, file, distribution, text, parts) => {
		const { refused } = await into(text, { file, distribution });
		for (const part of parts) expect(refused).toContain(part);
	});

	test.each([
		["a config in a Compose file", "services: {c: {image: x}}\nconfigs:\n  c:\n    content: |\n", 6],
		["one in a variable there", "services:\n  c:\n    environment:\n      CONFIG: |\n", 8],
		["one in CloudFormation", "Resources:\n  P:\n    Value: !Sub |\n", 6],
	])(
		"%s, where what ours refers to would be replaced; an entry without a variable goes in",
		async (_, head, blanks) => {
			const text = head + block(plain, blanks);
			const { refused } = await into(text, { distribution: "adot" });
			expect(refused).toContain("is a template");
			expect(refused).toContain('Authorization: "Bearer ${file:/etc/crossfade/torii.token}"');
			expect((await into(text)).text).toContain("bearertokenauth/torii");
		},
	);

	test("of several documents with a config, ours goes into the first, which is the one that is read", async () => {
		const { text } = await into(`${plain}---\n${plain}`);
		expect(text?.split("---\n")[1]).toBe(plain);
		expect(text?.split("---\n")[0]).toContain("otlp_http/torii:");
	});
});
