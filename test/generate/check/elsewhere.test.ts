import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { requireVersion } from "../../../src/base/versions.ts";
import { offlineFindings } from "../../../src/generate/check/check.ts";
import { canary } from "../../harness/canary.ts";

const config = `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:4318"}}}}
exporters: {debug: }
service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}
`;
const json = {
	receivers: { otlp: { protocols: { http: { endpoint: "127.0.0.1:4318" } } } },
	exporters: { debug: {} },
	service: { pipelines: { logs: { receivers: ["otlp"], exporters: ["debug"] } } },
};
const indented = (blanks: number) => config.replace(/^(?=.)/gm, " ".repeat(blanks));

async function found(text: string, file = "c.yaml"): Promise<string[]> {
	const distribution = await loadDistribution("contrib");
	if (!distribution) throw new Error("contrib");
	const findings = offlineFindings(text, file, { distribution, own: requireVersion("0.155.0") });
	return findings
		.filter(({ rule }) => rule === "not-read" || rule === "no-config")
		.map(({ line, severity, what }) => `${line} ${severity} ${what}`);
}

const FILES = "warning values of the chart are in other files or objects: what is in them was not checked";
const SET =
	"warning single values of the chart are set beside those in this file: what they make of them was not checked";
const AFTER = "warning what the chart makes of these values is changed afterwards: that was not checked";

describe("values of a chart that are not in the file, with a config that was read beside them", () => {
	test.each<[tool: string, text: string, expected: readonly string[]]>([
		[
			"Flux",
			`kind: HelmRelease\nspec:\n  valuesFrom: [{kind: Secret, name: a}]\n  values:\n    config:\n${indented(6)}`,
			[`3 ${FILES}`],
		],
		[
			"Flux, afterwards",
			`kind: HelmRelease\nspec:\n  postRenderers: [{kustomize: {patches: [{patch: x}]}}]\n  values:\n    config:\n${indented(6)}`,
			[`3 ${AFTER}`],
		],
		[
			"Argo CD",
			`spec:\n  source:\n    helm:\n      valueFiles: [a.yaml]\n      values: |\n        config:\n${indented(10)}`,
			[`4 ${FILES}`],
		],
		[
			"Argo CD, parameters of two kinds",
			`spec:\n  source:\n    helm:\n      parameters: [{name: a, value: b}]\n      fileParameters: [{name: a, path: b}]\n      valuesObject:\n        config:\n${indented(10)}`,
			[`4 ${SET}`],
		],
		[
			"helmfile",
			`releases:\n  - name: a\n    values:\n      - a.yaml\n      - config:\n${indented(10)}    set: [{name: a, value: b}]\n`,
			[`4 ${FILES}`, `9 ${SET}`],
		],
		[
			"helmfile, secrets",
			`releases:\n  - name: a\n    secrets: [a.yaml]\n    values:\n      - config:\n${indented(10)}`,
			[`3 ${FILES}`],
		],
		[
			"Skaffold",
			`deploy: {helm: {releases: [{name: a, valuesFiles: [a.yaml], setValues: {a: b}, overrides: {config: ${JSON.stringify(json)}}}]}}\n`,
			[`1 ${FILES}`, `1 ${SET}`],
		],
		[
			"Pulumi",
			`resources:\n  a:\n    properties:\n      valueYamlFiles: [{fn::fileAsset: a.yaml}]\n      values:\n        config:\n${indented(10)}`,
			[`4 ${FILES}`],
		],
		[
			"K3s",
			`kind: HelmChart\nspec:\n  set: {a: b}\n  valuesSecrets: [{name: a}]\n  valuesContent: |\n    config:\n${indented(6)}`,
			[`3 ${SET}`, `4 ${FILES}`],
		],
		[
			"Crossplane",
			`kind: Release\nspec:\n  forProvider:\n    chart: {name: opentelemetry-collector}\n    valuesFrom: [{configMapKeyRef: {name: a}}]\n`,
			["1 error no collector config found in this file", `5 ${FILES}`],
		],
		[
			"the chart's own ConfigMap is not made",
			`configMap: {create: false}\nconfig:\n${indented(2)}`,
			["1 error the collector reads another ConfigMap, which was not checked, and not the config beside this"],
		],
		[
			"the chart takes another",
			`configMap: {existingName: mine}\nconfig:\n${indented(2)}`,
			["1 error the collector reads the ConfigMap mine, which was not checked, and not the config beside this"],
		],
	])("%s", async (_tool, text, expected) => {
		expect(await found(text)).toEqual(expected);
	});

	test.each<[what: string, text: string]>([
		["empty lists", `spec:\n  valuesFrom: []\n  values:\n    config:\n${indented(6)}`],
		[
			"parameters of something else",
			`kind: Template\nparameters: [{name: A}]\nobjects:\n  - kind: ConfigMap\n    data:\n      c: |\n${indented(8)}`,
		],
		[
			"secrets of Compose",
			`services: {a: {image: x}}\nsecrets: {t: {file: t.yaml}}\nconfigs:\n  c:\n    content: |\n${indented(6)}`,
		],
		["the chart's ConfigMap as usual", `configMap: {create: true, existingName: ""}\nconfig:\n${indented(2)}`],
	])("none: %s", async (_what, text) => {
		expect(await found(text)).toEqual([]);
	});
});

describe("configs of other collectors in the file", () => {
	const compose = (mount: string) =>
		`services:\n  a:\n    image: x\n    command: --config=/etc/a.yaml\n    configs: [{source: c, target: /etc/a.yaml}]\n  b:\n    image: x\n    command: [--config, /etc/b.yaml]\n    ${mount}\nconfigs:\n  c:\n    content: |\n${indented(6)}  d: {file: d.yaml}\n`;
	const OTHER = /^8 warning b is started with \/etc\/b.yaml, which is not in this file/;

	test.each<[mount: string, expected: readonly RegExp[]]>([
		["volumes: [./b.yaml:/etc/b.yaml]", [OTHER]],
		["configs: [{source: d, target: /etc/b.yaml}]", [OTHER]],
		["user: root", [OTHER]],
		["configs: [{source: c, target: /etc/b.yaml}]", []],
	])("Compose: %s", async (mount, expected) => {
		const all = await found(compose(mount), "compose.yaml");
		expect(all).toEqual(expected.map((each) => expect.stringMatching(each)));
	});

	test("a file of another program is none", async () => {
		const text = compose("user: root").replace("/etc/b.yaml", "/etc/caddy/Caddyfile");
		expect(await found(text, "compose.yaml")).toEqual([]);
	});

	const pod = (volume: string) =>
		`kind: ConfigMap\nmetadata: {name: mine}\ndata:\n  c.yaml: |\n${indented(4)}---\nkind: Deployment\nspec: {template: {spec: {containers: [{name: o, image: x, args: [--config=/conf/c.yaml], volumeMounts: [{name: v, mountPath: /conf}]}], volumes: [{name: v, ${volume}}]}}}\n`;

	test.each<[volume: string, count: number]>([
		["configMap: {name: mine}", 0],
		["projected: {sources: [{configMap: {name: mine}}]}", 0],
		["configMap: {name: another}", 1],
		["secret: {secretName: mine}", 1],
		["emptyDir: {}", 1],
	])("Kubernetes: %s", async (volume, count) => {
		expect(await found(pod(volume))).toHaveLength(count);
	});
});

describe("configs in a form that is not read", () => {
	const plain = `write_files:\n  - path: /etc/a.yaml\n    content: |\n${indented(6)}`;
	const inner = (section: keyof typeof json) => JSON.stringify(json[section]);

	test.each<[form: string, text: string, expected: string]>([
		[
			"base64 of something else in cloud-init",
			`${plain}  - {path: /etc/b.yaml, encoding: b64, content: ${Buffer.from("a: b").toString("base64")}}\n`,
			"7 error /etc/b.yaml is encoded",
		],
		[
			"a binary in cloud-init",
			`${plain}  - {path: /etc/b.yaml, content: !!binary ${Buffer.from("a: b").toString("base64")}}\n`,
			"7 error /etc/b.yaml is encoded",
		],
		[
			"variables of a role, each with a section",
			`a:\n${indented(2)}otel_collector_receivers: ${inner("receivers")}\notel_collector_exporters: ${inner("exporters")}\notel_collector_service: ${inner("service")}\n`,
			"5 error the sections of a config are variables (otel_collector_receivers, otel_collector_exporters, otel_collector_service)",
		],
		[
			"parameters of a class in Hiera, beside a config",
			`a:\n${indented(2)}otelcol::exporters: ${inner("exporters")}\notelcol::pipelines: ${inner("service")}\n`,
			"5 error the sections of a config are variables (otelcol::exporters, otelcol::pipelines)",
		],
		[
			"an address in cloud-init",
			`${plain}  - {path: /etc/b.yaml, source: {uri: https://example.com/b}}\n`,
			"7 error /etc/b.yaml is fetched",
		],
		[
			"gzip in a ConfigMap",
			`kind: ConfigMap\ndata:\n  a: |\n${indented(4)}binaryData: {b: H4sIAAAAAAAAA8vPBgBH3dx5AgAAAA==}\n`,
			"7 error b is compressed",
		],
		[
			"a variable from a store",
			`containerDefinitions:\n  - environment: [{name: A_CONFIG, value: ${JSON.stringify(config)}}]\n  - secrets: [{name: B_CONFIG_CONTENT, valueFrom: "arn:b"}]\n`,
			"3 note the variable B_CONFIG_CONTENT comes from elsewhere",
		],
	])("%s", async (_form, text, expected) => {
		expect(await found(text)).toEqual([expect.stringContaining(expected)]);
	});
});

describe("configs in base64 are read wherever they stand", () => {
	const base64 = Buffer.from(config.replace("debug: }", "nosuch: }")).toString("base64");

	test.each<[place: string, text: string]>([
		["cloud-init", `write_files:\n  - {path: /etc/b.yaml, encoding: b64, content: ${base64}}\n`],
		["a binary", `write_files:\n  - {path: /etc/b.yaml, content: !!binary ${base64}}\n`],
		[
			"a volume of Azure",
			`properties:\n  containers: [{name: o, properties: {image: a, command: [/o, --config=/c/b.yaml], volumeMounts: [{name: c, mountPath: /c}]}}]\n  volumes: [{name: c, secret: {b.yaml: ${base64}}}]\n`,
		],
	])("%s", async (_place, text) => {
		expect(await found(text)).toEqual([]);
		const distribution = await loadDistribution("contrib");
		if (!distribution) throw new Error("contrib");
		const all = offlineFindings(text, "c.yaml", { distribution, own: requireVersion("0.155.0") });
		expect(all.map(({ rule }) => rule)).toContain("unknown-component");
	});
});

test("a template of a Nomad job that writes the config is the config", async () => {
	const job = (file: string) =>
		JSON.stringify({
			Tasks: [
				{
					Config: { image: "a", args: [`--config=${file}`] },
					Templates: [{ DestPath: "local/a.yaml", EmbeddedTmpl: config }],
				},
			],
		});
	expect(await found(job("local/a.yaml"), "job.json")).toEqual([]);
	expect(await found(job("local/b.yaml"), "job.json")).toHaveLength(1);
});

test("a token in the place of a name is in no message", async () => {
	const { token } = canary();
	const all = [
		await found(`configMap: {existingName: ${token}}\nconfig:\n${indented(2)}`),
		await found(
			`services:\n  ${token}: {image: x, command: --config=/etc/${token}.yaml}\nconfigs: {c: {content: ${JSON.stringify(config)}}}\n`,
		),
		await found(`write_files:\n  - {path: /etc/${token}.yaml, encoding: b64, content: YQ==}\n`),
		await found(`kind: ConfigMap\nbinaryData: {${token}: H4sIAAAA}\n`),
		await found(`env: [{name: ${token}_CONFIG, valueFrom: a}]\n`),
		await found(`"${token}_exporters": {a: }\n"${token}_service": {a: }\n`),
		await found(`receivers::${token}: \nexporters: {debug: }\n`),
		await found(`#!/bin/sh\ncat <<EOF >c.yaml\n${config.replace("4318", `$${token.replace(/\W/g, "")}`)}EOF\n`, "a.sh"),
	];
	for (const each of all) expect(each).not.toEqual([]);
	expect(JSON.stringify(all)).not.toContain(token);
});
