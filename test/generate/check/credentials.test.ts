import { describe, expect, test } from "vitest";
import { credentialSettings } from "../../../src/adapters/collectors/credentials.ts";
import { checkText } from "../../../src/api/collector.ts";
import { canary } from "../../harness/canary.ts";

const about = ["token-from-env", "token-read-once", "file-newline", "token-literal", "token-in-url"];

/** What `check` says about the credential of an exporter, or of an extension. */
async function findings(component: string, section = "exporters") {
	const id = component.split(":", 1)[0] ?? "";
	const service =
		section === "exporters"
			? `service: {pipelines: {logs: {receivers: [otlp], exporters: [${id}]}}}`
			: `exporters: {debug: }\nservice: {extensions: [${id}], pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}`;
	const text = `receivers: {otlp: {protocols: {http: }}}\n${section}:\n  ${component}\n${service}\n`;
	const found = await checkText(text, { distribution: "contrib", file: "c.yaml", targetVersion: "0.155.0" });
	return found.filter(({ rule }) => about.includes(rule));
}

/** Exporters with a credential of their own, `%` in its place. */
const OWN = [
	'splunk_hec: {token: "%", endpoint: "https://x.example.com"}',
	'datadog: {api: {key: "%"}}',
	'signalfx: {access_token: "%", realm: us0}',
	'logzio: {account_token: "%"}',
	'coralogix: {private_key: "%", domain: x.example.com}',
	'honeycombmarker: {api_key: "%"}',
	'elasticsearch: {api_key: "%", endpoint: "https://x.example.com"}',
	'loki: {headers: {Authorization: "Basic %"}, endpoint: "https://x.example.com"}',
	'prometheusremotewrite: {headers: {Authorization: "Bearer %"}, endpoint: "https://x.example.com"}',
	'kafka: {auth: {sasl: {username: u, password: "%", mechanism: PLAIN}}}',
	'mezmo: {ingest_key: "%"}',
	'instana: {agent_key: "%", endpoint: "https://x.example.com"}',
	'logicmonitor: {api_token: {access_id: x, access_key: "%"}}',
	'zipkin: {endpoint: "https://x.example.com", tls: {cert_pem: x, key_pem: "%"}}',
	'zipkin: {endpoint: "https://x.example.com", tls: {key_file: x, tpm: {enabled: true, owner_auth: "%"}}}',
	...Object.entries(credentialSettings).flatMap(([type, keys]) => keys.map((key) => `${type}: {${key}: "%"}`)),
];

test("tokens in variables and secrets of Azure are found, and not shown", async () => {
	const { token } = canary();
	for (const text of [
		`containers: [{properties: {environmentVariables: [{name: A_TOKEN, secureValue: ${token}}]}}]\n`,
		`configuration: {secrets: [{name: a, value: ${token}}]}\n`,
	]) {
		const found = await checkText(text, { distribution: "contrib", file: "a.yaml" });
		expect(found.map(({ rule }) => rule)).toContain("token-literal");
		expect(JSON.stringify(found)).not.toContain(token);
	}
	const other = await checkText("configuration: {secrets: [{name: a, keyVaultUrl: 'https://a.example.com/x'}]}\n", {
		distribution: "contrib",
		file: "a.yaml",
	});
	expect(other.map(({ rule }) => rule)).not.toContain("token-literal");
});

describe("a credential that an exporter reads with its config is told, with the restart it needs", () => {
	test.each(OWN)("%s", async (exporter) => {
		for (const value of ["${env:TOKEN}", "${TOKEN}", "$TOKEN"]) {
			const found = await findings(exporter.replace("%", value));
			expect(found.map(({ rule, severity }) => [rule, severity])).toEqual([["token-from-env", "warning"]]);
			expect(found[0]?.fix).toContain("Restart the collector after every rotation");
		}
		expect((await findings(exporter.replace("%", "${vault:secret}"))).map(({ rule }) => rule)).toEqual([
			"token-read-once",
		]);
	});

	test.each([
		'opamp: {server: {ws: {endpoint: "wss://x.example.com", headers: {Authorization: "%"}}}}',
		'db_storage: {driver: pgx, datasource: "%"}',
		'basicauth: {htpasswd: {inline: "%"}}',
	])("an extension: %s", async (extension) => {
		const found = await findings(extension.replace("%", "${env:TOKEN}"), "extensions");
		expect(found.map(({ rule }) => rule)).toEqual(["token-from-env"]);
	});

	test.each([
		"%{lookup('token')}",
		"#{Token}",
		"__TOKEN__",
		"((token))",
		"%TOKEN%",
		"[[ token ]]",
		"{{ token }}",
		"@token@",
	])("a place where %s is put in", async (place) => {
		const found = await findings(`mezmo: {ingest_key: "${place}"}`);
		expect(found.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(["warning token-literal"]);
	});

	test("a token in the setting is a leak, and a plain address in it is none", async () => {
		const { token } = canary();
		for (const exporter of ["mezmo: {ingest_key: %}", "azuremonitor: {connection_string: InstrumentationKey=%}"]) {
			const found = await findings(exporter.replace("%", token));
			expect(found.map(({ rule }) => rule)).toEqual(["token-literal"]);
		}
		expect(await findings("sumologic: {endpoint: 'https://collectors.example.com'}")).toEqual([]);
		const url = await findings(`sumologic: {endpoint: 'https://collectors.example.com/receiver/${token}'}`);
		expect(url.map(({ rule }) => rule)).toEqual(["token-in-url"]);
	});

	test("a name without braces is no reference to new releases, and that is told", async () => {
		const [bare] = await findings('splunk_hec: {token: "$TOKEN"}');
		const [braces] = await findings('splunk_hec: {token: "${TOKEN}"}');
		expect(bare?.what).toContain("is the text $NAME itself in new ones");
		expect(braces?.what).not.toContain("$NAME");
	});

	test("an exporter that can use what follows a file is told so", async () => {
		const [found] = await findings(
			'otlp_http: {endpoint: "https://x.example.com", headers: {Authorization: "Bearer ${env:TOKEN}"}}',
		);
		expect(found?.fix).toContain("bearertokenauth.filename");
	});
});
