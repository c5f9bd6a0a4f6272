import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { requireVersion } from "../../../src/base/versions.ts";
import { offlineFindings } from "../../../src/generate/check/check.ts";
import { type RuleId, rules } from "../../../src/generate/check/rules.ts";
import { canary } from "../../harness/canary.ts";

const secret = canary();

/** A config with nothing wrong in it; each case breaks one thing. */
const good = `receivers:
  otlp:
    protocols:
      http:
exporters:
  otlp_http/x:
    endpoint: https://otlp.example.com
    auth:
      authenticator: bearertokenauth/x
    sending_queue:
      enabled: true
      queue_size: 1000
    retry_on_failure:
      max_elapsed_time: 0s
extensions:
  bearertokenauth/x:
    filename: /etc/crossfade/x.token
processors:
  batch:
connectors:
  forward:
service:
  extensions: [bearertokenauth/x]
  pipelines:
    logs:
      receivers: [otlp]
      processors: [batch]
      exporters: [forward]
    logs/out:
      receivers: [forward]
      exporters: [otlp_http/x]
`;

const goodAlloy = `otelcol.receiver.otlp "default" {
	http { }

	output {
		logs = [otelcol.exporter.otlphttp.x.input]
	}
}

local.file "x" {
	filename       = "/etc/crossfade/x.token"
	is_secret      = true
	poll_frequency = "1s"
}

otelcol.auth.bearer "x" {
	token = local.file.x.content
}

otelcol.exporter.otlphttp "x" {
	client {
		endpoint = "https://otlp.example.com"
		auth     = otelcol.auth.bearer.x.handler
	}
}
`;

const unit =
	"[Service]\nExecReload=/usr/bin/otelcol-contrib validate --config=/c.yaml\nExecReload=/bin/kill -HUP $MAINPID\n";
const pod =
	"kind: Pod\nspec:\n  containers:\n    - volumeMounts:\n        - name: token\n          mountPath: /etc/crossfade/x.token\n          subPath: x.token\n";
const compose = "services:\n  otelcol:\n    volumes:\n      - ./x.token:/etc/crossfade/x.token:ro\n";

async function check(text: string, { file = "c.yaml", distribution: id = "contrib", release = "0.159.0" } = {}) {
	const distribution = await loadDistribution(id);
	if (!distribution) throw new Error(`no distribution ${id}`);
	const findings = offlineFindings(text, file, { distribution, own: requireVersion(release) });
	expect(JSON.stringify(findings)).not.toContain(secret.token);
	return findings;
}

interface RuleCase {
	readonly rule: RuleId;
	readonly text: string;
	/** What the place points at. */
	readonly at: string;
	readonly file?: string;
	readonly distribution?: string;
	readonly release?: string;
}

const alloy = { file: "c.alloy", distribution: "alloy", release: "1.18.1" };
const header = (value: string) =>
	good.replace("    auth:\n      authenticator: bearertokenauth/x\n", `    headers:\n      Authorization: ${value}\n`);

const values = (config: string) => `config:\n${config.replaceAll(/^(?=.)/gm, "  ")}`;
const tokenMount =
	"  volumeMounts: [{name: t, mountPath: /etc/crossfade}]\n  volumes: [{name: t, secret: {secretName: s}}]\n";
const resource = (spec: string) =>
	`kind: OpenTelemetryCollector\nmetadata: {name: a}\nspec:\n${spec}  config:\n${good.replaceAll(/^(?=.)/gm, "    ")}`;

const cases: readonly RuleCase[] = [
	{ rule: "syntax", text: good.replace("  batch:", "\tbatch:"), at: "\tbatch" },
	{ rule: "syntax", text: `${good}exporters:\n`, at: "exporters:\n$" },
	{ rule: "syntax", text: good.replace("[forward]", "*nobody"), at: "\\*nobody" },
	{
		rule: "syntax",
		text: good.replace("batch:", "batch: *later").replace("forward:", "forward: &later"),
		at: "\\*later",
	},
	{ rule: "syntax", text: good.replace("batch:", "batch: &own [*own]"), at: "\\*own" },
	{ rule: "unknown-section", text: good.replace("processors:", "procesors:"), at: "procesors" },
	{ rule: "unknown-component", text: good.replace("  batch:", "  bach:").replace("[batch]", "[bach]"), at: "bach" },
	{
		rule: "unknown-component",
		text: good.replace("connectors:\n  forward:\n", ""),
		at: "bearertokenauth",
		distribution: "adot",
		release: "0.49.0",
	},
	{ rule: "unknown-component", text: good, at: "otlp_http", release: "0.143.0" },
	{ rule: "deprecated-component", text: good.replaceAll("otlp_http/", "otlphttp/"), at: "otlphttp/x:" },
	{ rule: "unknown-field", text: good.replace("endpoint:", "endpiont:"), at: "endpiont" },
	{
		rule: "unknown-field",
		text: good.replace("queue_size", "sizer: bytes\n      queue_size"),
		at: "sizer",
		release: "0.110.0",
	},
	{
		rule: "missing-reference",
		text: good.replace("exporters: [otlp_http/x]", "exporters: [otlp_http/y]"),
		at: "otlp_http/y",
	},
	{ rule: "missing-reference", text: good.replace("[bearertokenauth/x]", "[bearertokenauth/x, zpages]"), at: "zpages" },
	{ rule: "unused-component", text: good.replace("  batch:", "  batch:\n  batch/spare:"), at: "batch/spare" },
	{
		rule: "unlisted-extension",
		text: good.replace("extensions: [bearertokenauth/x]", "extensions: []"),
		at: "otlp_http/x",
	},
	{ rule: "unlisted-extension", text: good.replace("  extensions: [bearertokenauth/x]\n", ""), at: "otlp_http/x" },
	{ rule: "empty-pipeline", text: good.replace("receivers: [otlp]", "receivers: []"), at: "logs:" },
	{ rule: "unknown-signal", text: good.replace("    logs/out:", "    log/out:"), at: "log/out" },
	{
		rule: "one-sided-connector",
		text: good.replace("exporters: [forward]", "exporters: [otlp_http/x]"),
		at: "forward:",
	},
	{ rule: "token-from-env", text: header('"Bearer ${env:TOKEN}"'), at: '"Bearer' },
	{ rule: "token-from-env", text: header("Bearer $TOKEN"), at: "Bearer" },
	{
		rule: "token-from-env",
		text: good.replace("filename: /etc/crossfade/x.token", "token: ${TOKEN}"),
		at: "\\$\\{TOKEN",
	},
	{ rule: "token-literal", text: header(`Bearer ${secret.token}`), at: "Bearer" },
	{
		rule: "token-literal",
		text: good.replace("filename: /etc/crossfade/x.token", `token: ${secret.token}`),
		at: secret.token,
	},
	{ rule: "token-literal", text: good.replace("  forward:", "  forward:\n    api_key: hunter2hunter2"), at: "hunter2" },
	{
		rule: "token-in-url",
		text: good.replace("https://otlp.example.com", `https://otlp.example.com/${secret.token}`),
		at: "https",
	},
	{
		rule: "token-in-url",
		text: good.replace("https://otlp.example.com", "https://me:pass@otlp.example.com"),
		at: "https",
	},
	{
		rule: "token-in-url",
		text: good.replace("https://otlp.example.com", "https://otlp.example.com/?api_key=abc"),
		at: "https",
	},
	{ rule: "file-newline", text: header('"Bearer ${file:/etc/x.token}"'), at: '"Bearer' },
	{
		rule: "changed-on-the-way",
		text: good
			.replace("  batch:", "  filter: {logs: {log_record: ['true']}}")
			.replace("[batch]", "[filter]")
			.replace("otlp.example.com", "ai-events.toriihq.com"),
		at: "filter]",
	},
	{ rule: "queue-off", text: good.replace("enabled: true", "enabled: false"), at: "enabled" },
	{ rule: "queue-off", text: good.replace("enabled: true", "wait_for_result: true"), at: "wait_for_result" },
	{ rule: "unbounded-retry", text: good.replace("      queue_size: 1000\n", ""), at: "enabled" },
	{
		rule: "metadata-in-queue",
		text: good
			.replace("      http:", "      http:\n        include_metadata: true")
			.replace("queue_size: 1000", "queue_size: 1000\n      storage: file_storage/q")
			.replace("processors: [batch]\n      exporters: [forward]", "exporters: [otlp_http/x]"),
		at: "otlp_http/x\\]",
	},
	{ rule: "subpath", text: pod, at: "name: token", file: "pod.yaml" },
	{ rule: "file-mount", text: compose, at: "\\./x.token", file: "compose.yaml" },
	...["{file: x}", "{environment: X}", "{external: true}"].map((kind) => ({
		rule: "file-mount" as const,
		text: `services: {o: {image: x, secrets: [ingest-token]}}\nsecrets: {ingest-token: ${kind}}\n`,
		at: "ingest-token]",
		file: "compose.yaml",
	})),
	{
		rule: "file-mount",
		text: `services: {o: {image: x, secrets: [{source: a, target: /etc/crossfade/x.token}]}}\nconfigs:\n  c:\n    content: |\n${good.replaceAll(/^(?=.)/gm, "      ")}secrets: {a: {file: b}}\n`,
		at: "\\{source",
		file: "compose.yaml",
	},
	{
		rule: "file-mount",
		text: compose.replace(
			"- ./x.token:/etc/crossfade/x.token:ro",
			"- type: bind\n        source: ./t\n        target: /run/token",
		),
		at: "type: bind",
		file: "compose.yaml",
	},
	{
		rule: "reload-unvalidated",
		text: unit.replace(/ExecReload=.*validate.*\n/, ""),
		at: "ExecReload",
		file: "x.service",
	},
	{
		rule: "reload-unvalidated",
		text: "#!/bin/sh\nsystemctl kill -s HUP otelcol-contrib\n",
		at: "systemctl",
		file: "rotate.sh",
	},
	{
		rule: "sighup-stops",
		text: unit,
		at: "ExecReload=/bin/kill",
		file: "x.service",
		distribution: "edot",
		release: "9.5.2",
	},
	{ rule: "syntax", text: goodAlloy.replace("[otelcol", "(otelcol"), at: "\\]", ...alloy },
	{
		rule: "unknown-component",
		text: goodAlloy.replaceAll("otelcol.auth.bearer", "otelcol.auth.bearr"),
		at: "otelcol.auth.bearr",
		...alloy,
	},
	{
		rule: "missing-reference",
		text: goodAlloy.replace("otlphttp.x.input", "otlphttp.y.input"),
		at: "otelcol.exporter.otlphttp.y",
		...alloy,
	},
	{
		rule: "token-from-env",
		text: goodAlloy.replace("local.file.x.content", 'sys.env("TOKEN")'),
		at: "token",
		...alloy,
	},
	{
		rule: "token-from-env",
		text: goodAlloy.replace("auth     =", 'headers = { "Authorization" = "Bearer " + env("T") }\n\t\tauth ='),
		at: '"Authorization"',
		...alloy,
	},
	{
		rule: "token-literal",
		text: goodAlloy.replace("local.file.x.content", `"${secret.token}"`),
		at: "token",
		...alloy,
	},
	{
		rule: "token-in-url",
		text: goodAlloy.replace("https://otlp.example.com", `https://x/${secret.token}`),
		at: '"https',
		...alloy,
	},
	{ rule: "slow-poll", text: goodAlloy.replace('\tpoll_frequency = "1s"\n', ""), at: "local.file", ...alloy },
	{
		rule: "not-secret",
		text: goodAlloy.replace("is_secret      = true", "is_secret      = false"),
		at: "local.file",
		...alloy,
	},
	{
		rule: "queue-off",
		text: goodAlloy.replace("\tclient {", "\tsending_queue {\n\t\tenabled = false\n\t}\n\n\tclient {"),
		at: "sending_queue",
		...alloy,
	},
	{
		rule: "stability-level",
		text: `${goodAlloy}\notelcol.storage.file "q" { }\n`,
		at: "otelcol.storage.file",
		...alloy,
	},
	{ rule: "no-config", text: "kind: Namespace\n", at: "kind" },
	{ rule: "no-pipelines", text: good.slice(0, good.indexOf("service:")), at: "receivers:" },
	{ rule: "not-in-this-file", text: values(good.replace("exporters: [forward]", "exporters: [own]")), at: "own" },
	{
		rule: "grpc-first-token",
		text: good.replaceAll("otlp_http/", "otlp/"),
		at: "otlp/x:",
		release: "0.119.0",
	},
	{ rule: "watch-broken", text: resource(tokenMount), at: "/etc/crossfade", release: "0.145.0" },
	{
		rule: "token-to-others",
		text: good
			.replace(
				"extensions:\n  bearer",
				"  otlp_http/y:\n    endpoint: https://otlp.example.org\n    auth:\n      authenticator: bearertokenauth/x\nextensions:\n  bearer",
			)
			.replace("exporters: [otlp_http/x]", "exporters: [otlp_http/x, otlp_http/y]"),
		at: "otlp_http/y",
	},
	{
		rule: "header-not-forwarded",
		text: good
			.replace(
				"bearertokenauth/x:\n    filename: /etc/crossfade/x.token",
				"headers_setter:\n    headers: [{key: a, from_context: a}]",
			)
			.replaceAll("bearertokenauth/x", "headers_setter")
			.replace("[forward]\n      exporters", "[otlp]\n      exporters"),
		at: "otlp_http/x\\]",
	},
	{ rule: "token-not-mounted", text: resource(""), at: "/etc/crossfade" },
	{
		rule: "no-scheme",
		text: good.replace("https://otlp.example.com", "otlp.example.com:4318"),
		at: "otlp.example.com",
	},
	{
		rule: "refused-value",
		text: good.replace("max_elapsed_time: 0s", "max_elapsed_time: 20s"),
		at: "20s",
	},
	{
		rule: "written-once",
		text: resource(
			tokenMount
				.replace(/secret: *\{[^}]*\}/, "emptyDir: {}")
				.concat("  initContainers:\n    - {name: i, image: i, volumeMounts: [{name: t, mountPath: /out}]}\n"),
		),
		at: "\\{name: t, mountPath",
	},
	{ rule: "cluster-unknown", text: resource(tokenMount), at: "\\{name: t, mountPath" },
	{
		rule: "immutable-secret",
		text: `${resource(tokenMount)}---\nkind: Secret\nmetadata: {name: s}\nimmutable: true\n`,
		at: "true",
	},
	{
		rule: "secret-newline",
		text: "kind: Secret\nmetadata: {name: s}\nstringData:\n  token: |\n    x\n",
		at: "token",
	},
	{
		rule: "needless-restart",
		text: resource(`  podAnnotations: {reloader.stakater.com/auto: "true"}\n${tokenMount}`),
		at: "reloader",
	},
	{
		rule: "sidecar-group",
		text: resource(`  mode: sidecar\n${tokenMount.replace("secretName: s", "secretName: s, defaultMode: 0440")}`),
		at: "0440",
	},
	{
		rule: "limit-without-total",
		text: resource(tokenMount).replace("batch:", "memory_limiter: {limit_percentage: 75}\n      batch:"),
		at: "75",
	},
	{ rule: "wrong-type", text: good.replace("exporters: [forward]", "exporters: forward"), at: "forward" },
	{
		rule: "unsupported-signal",
		text: good
			.replace("  batch:", "  batch:\n  interval:")
			.replace("processors: [batch]", "processors: [batch, interval]"),
		at: "interval]",
	},
	{ rule: "missing-setting", text: good.replace("    endpoint: https://otlp.example.com\n", ""), at: "otlp_http/x:" },
	{ rule: "invalid-id", text: good.replaceAll("otlp_http/x", "otlp_http/"), at: "otlp_http/:" },
	{ rule: "not-read", text: good.replace("exporters: [forward]", "exporters: ${env:X}"), at: "\\$" },
	{
		rule: "not-read",
		text: `${goodAlloy}remotecfg {\n\turl = "https://f.example.com"\n}\n`,
		at: "remotecfg",
		...alloy,
	},
	{
		rule: "token-literal",
		text: `${goodAlloy}import.string "m" {\n\tcontent = \`declare "x" {\n\t\totelcol.auth.bearer "t" {\n\t\t\ttoken = "abcdEFGH12345678abcdEFx9"\n\t\t}\n\t}\`\n}\n`,
		at: "token = ",
		...alloy,
	},
	{ rule: "not-read", text: `${goodAlloy}import.string "m" {\n\tcontent = "a" + b.c\n}\n`, at: "import", ...alloy },
	{ rule: "not-read", text: `${goodAlloy}import.file "m" {\n\tfilename = "m"\n}\n`, at: "import", ...alloy },
	{
		rule: "connector-cycle",
		text: good.replace("receivers: [otlp]", "receivers: [otlp, forward]"),
		at: "logs:",
	},
	{
		rule: "duplicate-block",
		text: goodAlloy.replace('endpoint = "https', 'endpoint = "https://x"\n\t\tendpoint = "https'),
		at: 'endpoint = "https://otlp',
		...alloy,
	},
	{ rule: "second-document", text: `receivers: {}\n---\n${good}`, at: "receivers" },
	{ rule: "token-read-once", text: header('"Bearer ${secretsmanager:x}"'), at: '"Bearer' },
	{
		rule: "mounts-only",
		text: compose.replaceAll("x.token:", "folder:").replace("folder:/etc/crossfade/folder", "folder:/etc/crossfade"),
		at: "services",
		file: "compose.yaml",
	},
];

describe("rules", () => {
	test.each([
		["otelcol", good, {}],
		["Alloy", goodAlloy, alloy],
		[
			"Helm values",
			`extraVolumeMounts: [{mountPath: /etc/crossfade}]\nconfig:\n${good.replace("  batch:", "  batch: {}").replaceAll(/^(?=.)/gm, "  ")}`,
			{},
		],
		[
			"a compose file with a folder mount, and the config beside it",
			compose
				.replaceAll("x.token:", "folder:")
				.replace("folder:/etc/crossfade/folder", "folder:/etc/crossfade")
				.concat(`---\n${good}`),
			{ file: "compose.yaml" },
		],
		[
			"the same old config for the same old release",
			good.replaceAll("otlp_http/", "otlphttp/"),
			{ release: "0.120.0" },
		],
		["a token that is a placeholder", header('"Bearer <your-token-here>"'), {}],
		[
			"a token of an exporter that is not ours to rotate",
			good.replace("  forward:", "  forward:\n    x: {password: '${env:P}'}"),
			{},
		],
	])("nothing to say about %s", async (_name, text, options) => {
		expect(await check(text, options)).toEqual([]);
	});

	test.each(cases.map((each, index) => [`${each.rule} (${index})`, each] as const))(
		"%s",
		async (_name, { rule, text, at, ...options }) => {
			const found = (await check(text, options)).filter((each) => each.rule === rule);
			expect(found).toHaveLength(1);
			const [finding] = found;
			const rest = text
				.split("\n")
				.slice((finding?.line ?? 1) - 1)
				.join("\n")
				.slice((finding?.column ?? 1) - 1);
			expect(rest).toMatch(new RegExp(`^${at}`));
			expect(finding?.severity).toBe(rules[rule].severity);
		},
	);

	test.each(cases.map((each, index) => [`${each.rule} (${index})`, each] as const))(
		"%s: a token at the place that it names is in no message",
		async (_name, { rule, text, at: _at, ...options }) => {
			const lines = text.split("\n");
			const found = (await check(text, options)).filter((each) => each.rule === rule);
			for (const { line = 1, column = 1 } of found) {
				const [before, at] = [lines[line - 1]?.slice(0, column - 1) ?? "", lines[line - 1]?.slice(column - 1) ?? ""];
				// As a name, and as a value.
				for (const changed of [at.replace(/[\w./-]+/, secret.token), at.replace(/:\s.*|$/, `: ${secret.token}`)]) {
					await check([...lines.slice(0, line - 1), before + changed, ...lines.slice(line)].join("\n"), options);
				}
			}
		},
	);

	test("every rule has a case, except the one that needs the real program", () => {
		const covered = new Set(cases.map(({ rule }) => rule));
		expect(Object.keys(rules).filter((rule) => !covered.has(rule as RuleId))).toEqual(["binary-validate"]);
	});

	test("a literal is known by its fingerprint, a short one only by its length", async () => {
		const long = (await check(header(`Bearer ${secret.token}`))).find(({ rule }) => rule === "token-literal");
		expect(long?.what).toContain(`fp=${secret.fingerprint}`);
		const short = (await check(header("Bearer shorty"))).find(({ rule }) => rule === "token-literal");
		expect(short?.what).toContain("a literal of 6 characters");
	});

	test("a broken line with a token in it is not quoted", async () => {
		const findings = await check(header(`"Bearer ${secret.token}`));
		expect(findings[0]?.rule).toBe("syntax");
	});

	test("a config inside a ConfigMap is reported at its lines in the file", async () => {
		const text = `kind: ConfigMap\nmetadata:\n  name: x\ndata:\n  relay: |\n${good.replace("[batch]", "[bach]").replaceAll(/^(?=.)/gm, "    ")}`;
		const finding = (await check(text, { file: "map.yaml" })).find(({ rule }) => rule === "missing-reference");
		expect(text.split("\n")[(finding?.line ?? 0) - 1]?.slice((finding?.column ?? 0) - 1)).toMatch(/^bach/);
	});
});
