import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { requireVersion } from "../../../src/base/versions.ts";
import { offlineFindings } from "../../../src/generate/check/check.ts";

/** A config with two mistakes that only somebody who reads it can find. */
const config = `receivers:
  otlp: {protocols: {http: {}}}
exporters:
  otlp_http:
    endpoint: https://otlp.example.com
    headers: {Authorization: "Bearer \${env:TOKEN}"}
    sending_queue: {enabled: false}
service:
  pipelines:
    logs: {receivers: [otlp], exporters: [otlp_http]}
`;

const indented = (text: string, blanks: number) => text.replace(/^(?=.)/gm, " ".repeat(blanks));

async function rulesOf(text: string, file = "c.yaml", id = "contrib"): Promise<string[]> {
	const distribution = await loadDistribution(id);
	if (!distribution) throw new Error(`there is ${id}`);
	const own = requireVersion(distribution.inventory.newest);
	return offlineFindings(text, file, { distribution, own }).map(({ rule }) => rule);
}

const found = ["token-from-env", "queue-off"];

describe("a config is read wherever YAML can hold it", () => {
	test.each<[where: string, text: string]>([
		["the file itself", config],
		[
			"a List of Kubernetes objects",
			`kind: List\nitems:\n  - kind: ConfigMap\n    data:\n      c: |\n${indented(config, 8)}`,
		],
		[
			"the values of an Argo CD application, as a map",
			`kind: Application\nspec:\n  source:\n    helm:\n      valuesObject:\n        umbrella:\n          config:\n${indented(config, 12)}`,
		],
		[
			"the values of an Argo CD application, as a text",
			`kind: Application\nspec:\n  source:\n    helm:\n      values: |\n        config:\n${indented(config, 10)}`,
		],
		[
			"one of several sources",
			`kind: Application\nspec:\n  sources:\n    - helm:\n        values: |\n          config:\n${indented(config, 12)}`,
		],
		[
			"seven keys deep",
			`a:\n  b:\n    c:\n      d:\n        e:\n          f:\n            g:\n${indented(config, 14)}`,
		],
		["a text in double quotes", `data:\n  config.yaml: ${JSON.stringify(config)}\n`],
		["a text in single quotes", `data:\n  config.json: '${JSON.stringify(jsonConfig())}'\n`],
		[
			"CloudFormation with a tag",
			`Resources:\n  P:\n    Properties:\n      Value: !Sub |\n${indented(config, 8).replace("${", "${!")}`,
		],
		[
			"CloudFormation with a choice",
			`Resources:\n  P:\n    Properties:\n      Value: !If\n        - IsProd\n        - |\n${indented(config, 10)}        - ""\n`,
		],
		["the second document of a file", `kind: Namespace\nmetadata: {name: a}\n---\n${config}`],
	])("%s", async (_where, text) => {
		expect(await rulesOf(text)).toEqual(found);
	});

	test("Alloy's OTel engine: its YAML is read, and Alloy's own components are not asked of it", async () => {
		expect(await rulesOf(config, "otel.yaml", "alloy")).toEqual(found);
	});

	test("a text with a mistake in its syntax is not passed over", async () => {
		expect(await rulesOf(`data:\n  c: |\n${indented(config.replace("[otlp],", "[otlp,"), 4)}`)).toContain("syntax");
	});
});

describe("where no config is, nothing is clean", () => {
	test.each<[what: string, text: string, file: string]>([
		["a Kubernetes object", "kind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n", "c.yaml"],
		["a compose file without volumes", "services: {a: {image: b}}\n", "compose.yaml"],
		["an empty file", "", "c.yaml"],
		["a list", "- a\n", "c.yaml"],
		["an Ingress", "kind: Ingress\nmetadata: {name: a}\nspec: {backend: {service: {name: b}}}\n", "c.yaml"],
		["values of another chart", "service:\n  type: ClusterIP\n", "values.yaml"],
		["another program's receivers", "distributor:\n  receivers: {otlp: {}}\n", "tempo.yaml"],
		["Terraform", 'resource "a" "b" {}\n', "main.tf"],
		["Nix", "{ services.opentelemetry-collector = { }; }\n", "c.nix"],
		["Jsonnet", "{ a: 1 }\n", "c.jsonnet"],
		["a README", "# How\n```yaml\na: b\n```\n", "README.md"],
		["a template", "{{ .Values.config }}\n", "c.yaml.tpl"],
	])("%s", async (_what, text, file) => {
		expect(await rulesOf(text, file)).toEqual(["no-config"]);
	});

	test("a manifest with mounts says that only these were looked at", async () => {
		const text = "kind: Pod\nspec: {containers: [{volumeMounts: [{name: a, mountPath: /etc/a}]}]}\n";
		expect(await rulesOf(text)).toEqual(["mounts-only"]);
	});
});

function jsonConfig() {
	return {
		receivers: { otlp: { protocols: { http: {} } } },
		exporters: {
			otlp_http: {
				endpoint: "https://otlp.example.com",
				headers: { Authorization: "Bearer $" + "{env:TOKEN}" },
				sending_queue: { enabled: false },
			},
		},
		service: { pipelines: { logs: { receivers: ["otlp"], exporters: ["otlp_http"] } } },
	};
}

describe("a config that is read says nothing of one beside it that is not", () => {
	const clean = config
		.replace('    headers: {Authorization: "Bearer ${env:TOKEN}"}\n', "")
		.replace("enabled: false", "queue_size: 1000");
	const beside = (text: string) =>
		`kind: ConfigMap\nmetadata: {name: a}\ndata:\n  c.yaml: |\n${indented(clean, 4)}---\n${text}`;
	const lines = config.split("\n").map((line) => `        - ${JSON.stringify(line)}`);

	test.each<[what: string, text: string]>([
		["encrypted by SOPS", "kind: Secret\nstringData:\n  config.yaml: ENC[AES256_GCM,data:ab,iv:cd,tag:ef,type:str]\n"],
		[
			"compressed for cloud-init",
			"write_files:\n  - path: /etc/otelcol/b.yaml\n    encoding: gz+b64\n    content: H4sIAAAA\n",
		],
		["joined by CloudFormation", `R:\n  P:\n    Value: !Join\n      - "\\n"\n      -\n${lines.join("\n")}\n`],
		["joined in JSON", `R: ${JSON.stringify({ "Fn::Join": ["\n", config.split("\n")] })}\n`],
		[
			"in other values of a HelmRelease",
			"kind: HelmRelease\nspec:\n  chart: {spec: {chart: opentelemetry-collector}}\n  valuesFrom: [{kind: ConfigMap, name: v}]\n",
		],
		[
			"in value files of an Argo CD application",
			"kind: Application\nspec:\n  source: {chart: opentelemetry-collector, helm: {valueFiles: [v.yaml]}}\n",
		],
	])("%s", async (_, text) => {
		expect(await rulesOf(beside(text))).toContain("not-read");
		expect(await rulesOf(beside("kind: Namespace\n"))).not.toContain("not-read");
		expect(await rulesOf(text)).toContain("no-config");
	});
});

describe("a mounted folder whose files have other names", () => {
	const bearer = config
		.replace("exporters:\n", "extensions:\n  bearertokenauth: {filename: /etc/x/token}\nexporters:\n")
		.replace('headers: {Authorization: "Bearer ${env:TOKEN}"}', "auth: {authenticator: bearertokenauth}")
		.replace("service:\n", "service:\n  extensions: [bearertokenauth]\n");
	const pod = (volume: string) =>
		`kind: ConfigMap\nmetadata: {name: c}\ndata:\n  c.yaml: |\n${indented(bearer, 4)}---\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n        - {name: t, image: i, volumeMounts: [{name: t, mountPath: /etc/x}]}\n      volumes:\n        - {name: t, ${volume}}\n`;

	test.each<[volume: string, isMissing: boolean]>([
		["secret: {secretName: s}", false],
		["secret: {secretName: s, items: [{key: k, path: token}]}", false],
		["secret: {secretName: s, items: [{key: token, path: other}]}", true],
		["projected: {sources: [{secret: {name: s, items: [{key: k, path: token}]}}]}", false],
		["projected: {sources: [{secret: {name: s, items: [{key: k, path: other}]}}]}", true],
		["projected: {sources: [{secret: {name: s}}, {secret: {name: r, items: [{key: k, path: other}]}}]}", false],
		["projected: {sources: [{serviceAccountToken: {path: token}}]}", false],
		["csi: {driver: d}", false],
	])("%s: the token is missing %s", async (volume, isMissing) => {
		expect((await rulesOf(pod(volume))).includes("token-not-mounted")).toBe(isMissing);
	});
});

test("modules that an Alloy config imports are told as not read", async () => {
	const imports = ["file", "git", "http", "string"].map((from) => `import.${from} "m_${from}" { }`);
	const rules = await rulesOf(`${imports.join("\n")}\n`, "config.alloy", "alloy");
	expect(rules.filter((rule) => rule === "not-read")).toHaveLength(4);
	expect(await rulesOf('declare "m" { }\n', "config.alloy", "alloy")).not.toContain("not-read");
});

describe("keys that stand for nested ones", () => {
	test.each<[where: string, text: string]>([
		[
			"at the top",
			"receivers::otlp::protocols::http:\nexporters::debug:\nservice::pipelines::logs:\n  receivers: [otlp]\n  exporters: [debug]\n",
		],
		[
			"in a section",
			"receivers:\n  otlp::protocols::http:\nexporters: {debug: }\nservice: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n",
		],
		[
			"in the service",
			"receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: }\nservice:\n  pipelines::logs: {receivers: [otlp], exporters: [debug]}\n",
		],
		[
			"of a pipeline",
			"receivers: {otlp: {protocols: {http: }}}\nexporters: {debug: }\nservice:\n  pipelines:\n    logs::receivers: [otlp]\n    logs::exporters: [debug]\n",
		],
	])("%s: one finding, that nothing was checked", async (_where, text) => {
		expect(await rulesOf(text)).toEqual(["not-read"]);
	});
});

test("a config that the collector does not read is one finding", async () => {
	expect(await rulesOf(`${config.replace(/ {4}headers.*\n {4}sending.*\n/, "")}---\n${config}`)).toEqual([
		"second-document",
	]);
});
