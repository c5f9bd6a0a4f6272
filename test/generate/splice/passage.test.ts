import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { requireVersion } from "../../../src/base/versions.ts";
import { offlineFindings } from "../../../src/generate/check/check.ts";
import { parseAlloy } from "../../../src/generate/splice/alloy-syntax.ts";
import { alloySettings } from "../../../src/generate/splice/alloy-values.ts";
import { processorNotes, settingsOf } from "../../../src/generate/splice/passage.ts";
import { canary } from "../../harness/canary.ts";

/** What is said of a processor with these settings, without the words that every sentence has. */
function said(type: string, yaml: string | undefined, signal = "logs"): string[] {
	const document = parseDocument(yaml ?? "");
	const settings = yaml === undefined ? undefined : settingsOf(document, document.contents ?? undefined);
	return processorNotes(type, type, "p", signal, settings).map(({ what }) => what.replace(`${type} in p `, ""));
}

const LOST = ": this backend cannot tell who sent a record";
const SEE = ": check that it lets through what you want to see there";
const MASKS = "removes or masks attributes: check that it keeps those that tell who sent a record";
const NOT_LOOKED_AT = /was not looked at/;

describe("what a processor does is said exactly", () => {
	test.each<[type: string, yaml: string, expected: readonly string[]]>([
		["resource", "attributes: [{key: host.name, action: upsert, value: x}]", [`overwrites host.name${LOST}`]],
		["resource", "attributes: [{key: host.name, action: insert, value: x}]", []],
		["resource", "attributes: [{key: cluster, action: upsert, value: x}]", []],
		["attributes", "actions: [{key: user.email, action: hash}]", [`hashes user.email${LOST}`]],
		["attributes", 'actions: [{pattern: "^session", action: delete}]', [`deletes session.id${LOST}`]],
		["attributes", 'actions: [{pattern: "^http", action: delete}]', []],
		[
			"attributes",
			'actions: [{pattern: "(?i)^USER", action: delete}]',
			[`deletes user.id, user.email, user.account_uuid${LOST}`],
		],
		["attributes", 'actions: [{pattern: "^[[:alpha:]]+[.]email$", action: hash}]', [`hashes user.email${LOST}`]],
		["attributes", 'actions: [{pattern: "^u(?i:ser)", action: delete}]', [`deletes ^u(?i:ser)${LOST}`]],
		// Tried here, it would take minutes.
		["attributes", 'actions: [{pattern: "^(([a-z.]+)+)+!", action: delete}]', [`deletes ^(([a-z.]+)+)+!${LOST}`]],
		...["a?".repeat(30) + "a".repeat(30), "[a-z.]{0,9}".repeat(9)].map(
			(pattern): [string, string, readonly string[]] => [
				"attributes",
				`actions: [{pattern: "${pattern}!", action: delete}]`,
				[`deletes ${pattern}!${LOST}`],
			],
		),
		[
			"attributes",
			'actions: [{pattern: "^(?:[a-z]{1,4}[.]){1,2}(email)?$", action: hash}]',
			[`hashes user.email${LOST}`],
		],
		[
			"attributes",
			`actions: [{pattern: "${".*".repeat(20)}!", action: delete}]`,
			[`deletes ${".*".repeat(20)}!${LOST}`],
		],
		["filter", "logs: {log_record: ['a == 1', 'b == 2']}", [`drops records where a == 1 or b == 2${SEE}`]],
		["filter", "log_conditions: ['a == 1']", [`drops records where a == 1${SEE}`]],
		["filter", "log_conditions: [{context: log, conditions: ['a == 1']}]", [`drops records where a == 1${SEE}`]],
		["filter", "logs: {include: {match_type: strict, bodies: [a]}}", [`drops records by include and exclude${SEE}`]],
		["filter", "metrics: {datapoint: ['true']}", []],
		["filter", "{}", []],
		["probabilistic_sampler", "sampling_percentage: 15", [`drops records and keeps 15 % of them${SEE}`]],
		["probabilistic_sampler", "sampling_percentage: 100", []],
		[
			"probabilistic_sampler",
			"{}",
			[`drops records because it has no sampling_percentage, without which none passes${SEE}`],
		],
		["resource_detection", "{detectors: [system], override: false}", []],
		["resourcedetection", "{detectors: [system], system: {resource_attributes: {host.name: {enabled: false}}}}", []],
		["groupbyattrs", "keys: [host.name, a]", ["moves host.name from records to their resource"]],
		["redaction", "{allow_all_keys: true, blocked_key_patterns: ['^user.id$']}", [`masks user.id${LOST}`]],
		["redaction", "{allow_all_keys: true, blocked_key_patterns: ['^http']}", []],
		["redaction", "{allow_all_keys: true, blocked_values: ['4[0-9]{12}(?:[0-9]{3})?']}", [MASKS]],
		["redaction", "{allow_all_keys: true, blocked_values: ['((a+)+)+!']}", [MASKS]],
		[
			"redaction",
			"{allow_all_keys: true, blocked_values: ['(?i)[A-Z0-9._%+-]+@[a-z0-9.-]+\\.[a-z]{2,}']}",
			[`masks user.email${LOST}`],
		],
		[
			"redaction",
			"{allow_all_keys: true, hash_function: sha1, blocked_values: ['^MAC-'], ignored_keys: [host.id]}",
			[`hashes host.name${LOST}`],
		],
		["redaction", "{allow_all_keys: true, blocked_values: ['@'], allowed_values: ['@example[.]com$']}", [MASKS]],
		["redaction", "{allow_all_keys: true, blocked_key_patterns: [email], ignored_key_patterns: ['^user']}", []],
		[
			"redaction",
			"{allowed_keys: [service.name, host.name, user.id], blocked_key_patterns: ['id$']}",
			[
				"removes all attributes of records and resources but service.name, host.name, user.id: check that it keeps those that tell who sent a record",
				`masks user.id${LOST}`,
			],
		],
		[
			"redaction",
			"{allowed_keys: ['service[.]name'], ignored_key_patterns: ['^host[.]']}",
			[
				"removes all attributes of records and resources but service[.]name, host.name, host.id: without service.name this backend cannot tell who sent a record",
			],
		],
		[
			"redaction",
			"{}",
			[
				`removes all attributes of records and resources: without service.name, host.name this backend cannot tell who sent a record`,
			],
		],
		["transform", `log_statements: ['set(resource.attributes["host.name"], "x")']`, [`overwrites host.name${LOST}`]],
		[
			"transform",
			`log_statements: [{context: resource, statements: ['set(attributes["host.name"], "x")']}]`,
			[`overwrites host.name${LOST}`],
		],
		[
			"transform",
			`log_statements: ['set(resource.attributes["host.name"], "x") where resource.attributes["host.name"] == nil']`,
			[],
		],
		["transform", `log_statements: ['set(log.severity_text, "x")', 'set(log.attributes["team"], "x")']`, []],
		["transform", `metric_statements: ['delete_key(resource.attributes, "host.name")']`, []],
		["transform", `log_statements: ['delete_key(resource.attributes, "host.name")']`, [`deletes host.name${LOST}`]],
		[
			"transform",
			`log_statements: ['delete_matching_keys(attributes, "^user")']`,
			[`deletes user.id, user.email, user.account_uuid${LOST}`],
		],
		["transform", `log_statements: ['set(attributes["user.id"], "x") where (attributes["user.id"] == nil)']`, []],
		[
			"transform",
			`log_statements: ['keep_keys(log.attributes, ["a"]) where IsMatch(body, "b")']`,
			["removes all attributes but a: check that it keeps those that tell who sent a record"],
		],
		["metricstransform", "transforms: [{include: a, action: update, new_name: b}]", []],
		["batch", "{}", []],
		["k8sattributes", "extract: {metadata: [service.name]}", []],
	])("%s %s", (type, yaml, expected) => {
		expect(said(type, yaml)).toEqual(expected);
	});

	test("resourcedetection overwrites unless it is told not to", () => {
		const [what] = said("resourcedetection", "detectors: [ec2]");
		expect(what).toMatch(/^overwrites host.name, host.id with those of the machine it runs on/);
	});
});

describe("what cannot be read is said to be not looked at", () => {
	test.each<[type: string, yaml: string | undefined]>([
		["schema", "targets: []"],
		["no_such_type", "{}"],
		["resourcedetection", "detectors: [env]"],
		["resourcedetection", "detectors: [lambda]"],
		["transform", "log_statements: ['brand_new(log.attributes)']"],
		["transform", "log_statements: ['${env:STATEMENT}']"],
		["transform", "log_statements: ${file:/etc/statements.yaml}"],
		["attributes", "actions: ${file:/etc/actions.yaml}"],
		["redaction", "ignored_key_patterns: ['(a+)+']"],
		["redaction", "{allow_all_keys: true, allowed_values: ['(a+)+']}"],
		["filter", undefined],
	])("%s %s", (type, yaml) => {
		expect(said(type, yaml)).toEqual([expect.stringMatching(NOT_LOOKED_AT)]);
	});

	test("a value alone is none of that", () => {
		expect(said("resource", "attributes: [{key: cluster, action: upsert, value: '${env:CLUSTER}'}]")).toEqual([]);
	});
});

test("a token in settings is in no sentence", () => {
	const { token } = canary();
	const said = [
		["filter", `log_conditions: ['attributes["key"] == "${token}"']`],
		["attributes", `actions: [{key: "user.${token}", action: delete}]`],
		["redaction", `allowed_keys: [${token}]`],
		["transform", `log_statements: ['keep_keys(attributes, ["${token}"])']`],
		["resourcedetection", `detectors: [${token}]`],
		["metricstransform", `transforms: [{operations: [{action: update_label, label: "user.${token}", new_label: a}]}]`],
	].flatMap(([type = "", yaml = ""]) => {
		const document = parseDocument(yaml);
		return processorNotes(
			`${type}/${token}`,
			type,
			`logs/${token}`,
			"logs",
			settingsOf(document, document.contents ?? undefined),
		);
	});
	expect(said.length).toBeGreaterThanOrEqual(6);
	expect(JSON.stringify(said)).not.toContain(token);
});

test("the same settings in Alloy's language", () => {
	const notes = (body: string, type: string) => {
		const [block] = parseAlloy(`x "a" {\n${body}\n}\n`, "a.alloy");
		if (block?.kind !== "block") throw new Error("a block");
		return processorNotes("a", type, "p", "logs", alloySettings(block)).map(({ what }) => what.replace("a in p ", ""));
	};
	expect(
		notes(
			'action {\n\tkey = "user.id"\n\taction = "delete"\n}\naction {\n\tkey = "user.email"\n\taction = "delete"\n}',
			"attributes",
		),
	).toEqual([`deletes user.id, user.email${LOST}`]);
	expect(
		notes(
			'log_statements {\n\tcontext = "resource"\n\tstatements = [`set(attributes["host.name"], "x")`]\n}',
			"transform",
		),
	).toEqual([`overwrites host.name${LOST}`]);
	expect(notes('logs {\n\tlog_record = ["a == 1"]\n}', "filter")).toEqual([`drops records where a == 1${SEE}`]);
	expect(notes("sampling_percentage = 20", "probabilistic_sampler")).toEqual([
		`drops records and keeps 20 % of them${SEE}`,
	]);
	expect(notes('detectors = ["system"]\noverride = false', "resourcedetection")).toEqual([]);
	expect(notes("log_statements {\n\tstatements = local.file.x.content\n}", "transform")).toEqual([
		expect.stringMatching(NOT_LOOKED_AT),
	]);
	expect(notes("output {\n\tlogs = [otelcol.exporter.debug.a.input]\n}", "filter")).toEqual([]);
});

describe("check says it of pipelines to a provider", () => {
	const config = (endpoint: string) => `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:4318"}}}
processors:
  resource/gateway: {attributes: [{key: host.name, value: gw, action: upsert}]}
  filter/noise: {logs: {log_record: ['severity_number < 9']}}
connectors: {forward: }
exporters:
  otlp_http: {endpoint: "${endpoint}"}
service:
  pipelines:
    logs/in: {receivers: [otlp], processors: [resource/gateway], exporters: [forward]}
    logs/out: {receivers: [forward], processors: [filter/noise], exporters: [otlp_http]}
`;
	const found = async (text: string, id = "contrib") => {
		const distribution = await loadDistribution(id);
		if (!distribution) throw new Error(id);
		const own = requireVersion(distribution.inventory.newest);
		return offlineFindings(text, distribution.configFile, { distribution, own })
			.filter(({ rule }) => rule === "changed-on-the-way")
			.map(({ line, severity, what }) => `${line} ${severity} ${what.split(" in ", 1)[0]}`);
	};

	test("in the pipeline itself and before its connectors", async () => {
		expect(await found(config("https://ai-events.toriihq.com"))).toEqual([
			"11 warning resource/gateway",
			"12 note filter/noise",
		]);
	});

	test("not of others", async () => {
		expect(await found(config("https://otlp.example.com"))).toEqual([]);
	});

	test("in Alloy's language, through all components that lead there", async () => {
		const output = (logs: string, more = "") => `\toutput {\n\t\tlogs = [${logs}]\n${more}\t}\n`;
		const alloy = (endpoint: string) =>
			[
				`otelcol.receiver.otlp "a" {\n\thttp { }\n${output("otelcol.processor.resourcedetection.b.input", "\t\tmetrics = [otelcol.processor.transform.m.input]\n")}}`,
				`otelcol.processor.resourcedetection "b" {\n\tdetectors = ["system"]\n${output("otelcol.processor.filter.c.input")}}`,
				`otelcol.processor.filter "c" {\n\tlogs {\n\t\tlog_record = ["true"]\n\t}\n${output("otelcol.exporter.otlphttp.d.input")}}`,
				`otelcol.processor.transform "m" {\n\tmetric_statements {\n\t\tstatements = ["nothing_known(metric)"]\n\t}\n\toutput {\n\t\tmetrics = [otelcol.exporter.otlphttp.other.input]\n\t}\n}`,
				`otelcol.exporter.otlphttp "d" {\n\tclient {\n\t\tendpoint = "${endpoint}"\n\t}\n}`,
				`otelcol.exporter.otlphttp "other" {\n\tclient {\n\t\tendpoint = "https://otlp.example.com"\n\t}\n}`,
			].join("\n");
		expect(await found(alloy("https://ai-events.toriihq.com"), "alloy")).toEqual([
			"8 warning otelcol.processor.resourcedetection.b",
			"14 note otelcol.processor.filter.c",
		]);
		expect(await found(alloy("https://other.example.com"), "alloy")).toEqual([]);
	});
});
