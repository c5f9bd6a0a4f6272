import { describe, expect, test } from "vitest";
import { checkText } from "../../../src/api/collector.ts";
import { canary } from "../../harness/canary.ts";
import { judged } from "../../harness/refused-configs.ts";

const rulesOf = async (text: string, file = "c.yaml") => {
	const found = await checkText(text, { distribution: "contrib", file, targetVersion: "0.155.0" });
	return found.filter(({ severity }) => severity !== "note").map(({ severity, rule }) => `${severity} ${rule}`);
};

describe("T1 finds what the real collector refuses (test/real/validate.test.ts asks it)", () => {
	test.each(judged)("$name", async ({ text, errors }) => {
		expect((await rulesOf(text)).sort()).toEqual(errors.map((rule) => `error ${rule}`).sort());
	});
});

test("a pipeline of profiles needs a feature gate", async () => {
	const text =
		"receivers: {otlp: {protocols: {http: }}}\nexporters: {otlp_http: {endpoint: 'https://x.example.com'}}\n";
	const pipeline = (id: string) => `service: {pipelines: {${id}: {receivers: [otlp], exporters: [otlp_http]}}}\n`;
	expect(await rulesOf(text + pipeline("profiles"))).toEqual(["warning refused-value"]);
	expect(await rulesOf(text + pipeline("logs"))).toEqual([]);
});

const secret = canary();
const base = "receivers: {otlp: {protocols: {http: }}}\n";
const logs = (exporter: string) => `  pipelines: {logs: {receivers: [otlp], exporters: [${exporter}]}}\n`;
const setter = (entry: string, endpoint = "https://x.example.com") =>
	`${base}extensions: {headers_setter: {headers: [{action: upsert, ${entry}}]}}\nexporters: {otlp_http: {endpoint: "${endpoint}", auth: {authenticator: headers_setter}}}\nservice:\n  extensions: [headers_setter]\n${logs("otlp_http")}`;
const sender = (more: string) =>
	`${base}exporters: {otlp_http: {endpoint: "https://x.example.com", ${more}}}\nservice:\n${logs("otlp_http")}`;
const clean = sender("timeout: 1s");
const block = (text: string, blanks: number) => text.replace(/^(?=.)/gm, " ".repeat(blanks));
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("a token is found in whatever form the file has it", () => {
	test.each<[name: string, text: string]>([
		["the value of headers_setter", setter(`key: Authorization, value: "Bearer ${secret.token}"`)],
		["its default value", setter(`key: X-Api-Key, from_context: x, default_value: "${secret.token}"`)],
		["headers as a list", sender(`headers: [{name: Authorization, value: "Bearer ${secret.token}"}]`)],
		[
			"what the collector sends about itself",
			clean.replace(
				"service:\n",
				`service:\n  telemetry: {metrics: {readers: [{periodic: {exporter: {otlp: {protocol: grpc, headers: [{name: Authorization, value: "${secret.token}"}]}}}}]}}\n`,
			),
		],
		[
			"an anchor outside the config",
			`mode: deployment\nx: &h {Authorization: "${secret.token}"}\nconfig:\n${block(sender("headers: *h"), 2)}`,
		],
		[
			"a merge key",
			`mode: deployment\nx: &h {headers: {Authorization: "${secret.token}"}}\nconfig:\n${block(sender("<<: *h"), 2)}`,
		],
		[
			"the environment of a compose service",
			`services: {o: {image: a, environment: {TORII_TOKEN: ${secret.token}}}}\nconfigs: {c: {content: |\n${block(clean, 6)}}}\n`
				.replace("{c: {content: |\n", "\n  c:\n    content: |\n")
				.replace(/}}\n$/, "\n"),
		],
		[
			"the same as a list",
			`services:\n  o: {image: a, environment: ["API_KEY=${secret.token}"]}\nconfigs:\n  c:\n    content: |\n${block(clean, 6)}`,
		],
		[
			"the env of a resource",
			`kind: OpenTelemetryCollector\nmetadata: {name: a}\nspec:\n  env: [{name: TOKEN, value: "${secret.token}"}]\n  config:\n${block(clean, 4)}`,
		],
		[
			"a Secret with the config in base64",
			`kind: Secret\nmetadata: {name: a}\ndata: {c: ${base64(sender(`headers: {Authorization: "${secret.token}"}`))}}\n`,
		],
		[
			"binaryData beside a clean config",
			`kind: ConfigMap\nmetadata: {name: a}\ndata:\n  c: |\n${block(clean, 4)}binaryData: {d: ${base64(sender(`headers: {Authorization: "${secret.token}"}`))}}\n`,
		],
	])("%s", async (_name, text) => {
		expect(await rulesOf(text)).toEqual(["error token-literal"]);
	});

	test("a command line, of which it is also said that it changes the config", async () => {
		const text = `services:\n  o: {image: a, command: ["--set=a.headers.Authorization=Bearer ${secret.token}"]}\nconfigs:\n  c:\n    content: |\n${block(clean, 6)}`;
		expect(await rulesOf(text)).toEqual(["warning not-read", "error token-literal"]);
	});

	test("a header of headers_setter from a variable, for a provider whose tokens are rotated", async () => {
		const text = setter(`key: Authorization, value: "Bearer \${env:T}"`, "https://ai-events.toriihq.com");
		expect(await rulesOf(text)).toEqual(["error token-from-env"]);
	});

	test("the name of an attribute in a processor is no header", async () => {
		const text = clean
			.replace(
				"service:\n",
				"processors: {attributes: {actions: [{key: token, action: insert, value: some words}]}}\nservice:\n",
			)
			.replace("[otlp], e", "[otlp], processors: [attributes], e");
		expect(await rulesOf(text)).toEqual([]);
	});
});

describe("what another program may put in first", () => {
	const variable = sender('proxy_url: "${PROXY:-http://127.0.0.1:9}"');

	test("a variable of a shell is an error in a config by itself, and a warning in one that something renders", async () => {
		expect(await rulesOf(variable)).toEqual(["error refused-value"]);
		const rendered = (head: string, blanks: number) => head + block(variable, blanks);
		for (const text of [
			rendered("kind: ConfigMap\nmetadata: {name: a}\ndata:\n  c.yaml: |\n", 4),
			rendered("kind: HelmRelease\nmetadata: {name: a}\nspec:\n  values:\n    config:\n", 6),
		])
			expect(await rulesOf(text)).toContain("warning refused-value");
	});

	test.each([
		["of the collector with a single $", "${env:TOKEN}", ["error refused-value", "warning token-from-env"]],
		["of the collector with two", "$${env:TOKEN}", ["warning token-from-env"]],
		["of Compose with a default", "${TOKEN:-none}", ["warning token-from-env"]],
		["from a file with two", "$${file:/run/secrets/token}", ["error token-not-mounted", "warning file-newline"]],
	])("in a Compose file, a variable %s", async (_, variable, expected) => {
		const text = sender(`headers: {Authorization: "Bearer ${variable}"}`);
		const file = `services: {c: {image: x}}\nconfigs:\n  c:\n    content: |\n${block(text, 6)}`;
		expect((await rulesOf(file)).sort()).toEqual(expected);
	});

	test("a pipeline whose only exporter is in a variable is not empty", async () => {
		const text = clean.replace("exporters: [otlp_http]", 'exporters: ["${env:EXPORTER:-otlp_http}"]');
		expect(await rulesOf(text)).toEqual(["warning not-read"]);
	});
});

describe("what was not read is not clean", () => {
	const all = (part: string, what: string) => clean.replace(part, what);
	test.each<[name: string, text: string, expected: readonly string[]]>([
		[
			"the service from a file",
			all(clean.slice(clean.indexOf("service:")), "service: ${file:s.yaml}\n"),
			["error not-read"],
		],
		[
			"the pipelines from a variable",
			all("{logs: {receivers: [otlp], exporters: [otlp_http]}}", '"${env:P}"'),
			["error not-read"],
		],
		["one pipeline", all("{receivers: [otlp], exporters: [otlp_http]}", '"${file:p.yaml}"'), ["warning not-read"]],
		["a list of a pipeline", all("[otlp_http]", '"${env:EXPORTERS}"'), ["warning not-read"]],
		["an item of a list", all("[otlp_http]", '[otlp_http, "${env:MORE}"]'), ["warning not-read"]],
		[
			"a section: its ids are not missing",
			all("{otlp: {protocols: {http: }}}", '"${file:r.yaml}"'),
			["warning not-read"],
		],
		["an exporter", all('{endpoint: "https://x.example.com", timeout: 1s}', '"${file:e.yaml}"'), ["warning not-read"]],
		["the headers of an exporter", sender("headers: '${env:HEADERS}'"), ["warning not-read"]],
		["the authenticator of an exporter", sender("auth: '${file:auth.yaml}'"), ["warning not-read"]],
		[
			"a token that is fetched with the config",
			sender("headers: {Authorization: 'Bearer ${secretsmanager:t}'}"),
			["warning token-read-once"],
		],
		[
			"a Kustomization alone",
			"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [base]\n",
			["error not-read"],
		],
		[
			"a patch in a Kustomization: a part, not a whole config",
			"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\npatches:\n  - patch: |-\n      kind: OpenTelemetryCollector\n      metadata: {name: a}\n      spec: {config: {exporters: {debug: }, service: {pipelines: {logs: {exporters: [debug]}}}}}\n",
			["error not-read"],
		],
		[
			"lists that only have the names of sections",
			"x_service:\n  pipelines: {logs: {receivers: [otlp], exporters: [debug]}}\n",
			["error no-config"],
		],
		["a template with ERB marks", "exporters:\n<% if a %>\n  debug:\n<% end %>\n", ["error syntax"]],
	])("%s", async (_name, text, expected) => {
		expect((await rulesOf(text)).sort()).toEqual([...expected].sort());
	});

	test("a Nomad job is named as one", async () => {
		const [found] = await checkText('job "a" { }\n', { distribution: "contrib", file: "otel.nomad.hcl" });
		expect(found?.what).toContain("a Nomad job");
	});
});

describe("Alloy: T1 finds what the real one refuses, in the components around our exporter", () => {
	const exporter = (client = 'endpoint = "https://x.example.com"', more = "", label = ' "out"') =>
		`otelcol.exporter.otlphttp${label} {\n\tclient {\n\t\t${client}\n\t}\n${more}}\n`;
	const receiver = (logs: string) =>
		`otelcol.receiver.otlp "in" {\n\thttp { }\n\toutput {\n\t\tlogs = ${logs}\n\t}\n}\n`;
	const batch = (label: string, to: string) =>
		`otelcol.processor.batch "${label}" {\n\toutput {\n\t\tlogs = [otelcol.processor.batch.${to}.input]\n\t}\n}\n`;
	const findings = async (text: string, targetVersion = "1.18.1") =>
		(await checkText(text, { distribution: "alloy", file: "c.alloy", targetVersion })).map(
			({ severity, rule }) => `${severity} ${rule}`,
		);

	test.each<[name: string, text: string, expected: readonly string[]]>([
		["nothing wrong", exporter() + receiver("[otelcol.exporter.otlphttp.out.input]"), []],
		["an empty file", "", ["error no-config"]],
		["a file of comments", "// a\n/* b */\n", ["error no-config"]],
		["a setting that a component does not have", exporter(undefined, "\tnosuch = 1\n"), ["error unknown-field"]],
		["a block that it does not have", exporter(undefined, "\tnosuch { }\n"), ["error unknown-field"]],
		[
			"a setting in a block that it does not have",
			exporter('endpoint = "https://x"\n\t\tendpiont = 1'),
			["error unknown-field"],
		],
		[
			"a foreach, which is experimental",
			'foreach "f" {\n\tcollection = []\n\tvar = "v"\n\ttemplate { }\n}\n',
			["note stability-level"],
		],
		["no endpoint", exporter('timeout = "1s"'), ["error missing-setting"]],
		["no client", 'otelcol.exporter.otlphttp "out" { }\n', ["error missing-setting"]],
		["no label", exporter(undefined, "", ""), ["error missing-setting"]],
		["two components of one name", exporter() + exporter(), ["error duplicate-block"]],
		["a setting twice", exporter('endpoint = "https://x"\n\t\tendpoint = "https://y"'), ["error duplicate-block"]],
		[
			"a block twice that may stand once",
			exporter(undefined, "\tsending_queue { }\n\tsending_queue { }\n"),
			["error duplicate-block"],
		],
		["logging twice", `logging { }\nlogging { }\n${exporter()}`, ["error duplicate-block"]],
		["a setting outside blocks", `a = 1\n${exporter()}`, ["error unknown-field"]],
		[
			"what a component does not export",
			exporter() + receiver("[otelcol.exporter.otlphttp.out.receiver]"),
			["error missing-reference"],
		],
		["components in a circle", batch("a", "b") + batch("b", "a"), ["error connector-cycle"]],
		["a component that feeds itself", batch("a", "a"), ["error connector-cycle"]],
		[
			"a header whose value is a call, with another behind it",
			exporter(
				'endpoint = "https://x"\n\t\theaders = { Authorization = string.format("Bearer %s", sys.env("T")), a = "b" }',
			),
			["warning token-from-env"],
		],
		[
			"a header as a block",
			`otelcol.auth.headers "h" {\n\theader {\n\t\tkey   = "Authorization"\n\t\tvalue = "Bearer ${secret.token}"\n\t}\n\theader {\n\t\tkey   = "X-Api-Key"\n\t\tvalue = sys.env("T")\n\t}\n}\n`,
			["error token-literal", "warning token-from-env"],
		],
	])("%s", async (_name, text, expected) => {
		const found = await findings(text);
		expect(found).toEqual(expected);
	});

	test("in another release than that of the tables, a setting we do not know is a warning", async () => {
		expect(await findings(exporter(undefined, "\tnosuch = 1\n"), "1.17.0")).toEqual(["warning unknown-field"]);
	});

	test("a block of the language that a release does not have yet", async () => {
		const text = 'foreach "f" {\n\tcollection = []\n\tvar = "v"\n\ttemplate { }\n}\n';
		expect(await findings(text, "1.6.0")).toEqual(["error unknown-component"]);
		expect(await findings(text, "1.7.0")).toEqual(["note stability-level"]);
	});
});
