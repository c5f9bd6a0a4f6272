import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { checkText } from "../../../src/api/collector.ts";
import { CrossfadeError, problemText } from "../../../src/base/errors.ts";
import { spliceOtelcol } from "../../../src/generate/splice/otelcol.ts";
import { canary } from "../../harness/canary.ts";
import { refusalText, splice, wanted } from "./request.ts";

const exporter = "exporters:\n  otlp_http/x:\n    endpoint: https://x.example.com\n";
const config = `receivers: {otlp: {protocols: {grpc: }}}\n${exporter}service: {pipelines: {logs: {receivers: [otlp], exporters: [otlp_http/x]}}}\n`;
const indent = (text: string, blanks: number) => text.replaceAll(/^(?=.)/gm, " ".repeat(blanks));
const head = (kind: string, version: string) => `apiVersion: ${version}\nkind: ${kind}\nmetadata: {name: gw}\n`;
const resource = head("OpenTelemetryCollector", "opentelemetry.io/v1beta1");
const kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";

/** Files of Kustomize, and what each is. */
const FILES: Readonly<Record<string, readonly [text: string, what: string, file?: string]>> = {
	"a JSON patch": [
		`- op: add\n  path: /spec/config/exporters/otlp_http~1x\n  value:\n${indent(exporter, 4)}`,
		"a JSON patch (RFC 6902)",
	],
	"a JSON patch as JSON": [
		'[{"op": "remove", "path": "/data/config.yaml"}, {"op": "test", "path": "/a", "value": 1}]',
		"a JSON patch (RFC 6902)",
		"x.json",
	],
	"a strategic merge patch that deletes": [
		`${resource}spec:\n  config:\n    exporters:\n      $patch: delete\n`,
		"a strategic merge patch of Kubernetes",
	],
	"a ConfigMap with some sections": [
		`${head("ConfigMap", "v1")}data:\n  config.yaml: |\n${indent(exporter, 4)}`,
		"a ConfigMap with a part of a config, such as a patch of Kustomize",
	],
	"a generator of files": [
		`${kustomization}configMapGenerator:\n  - name: otel\n    files: [config.yaml=otel.yaml]\n`,
		"a Kustomization",
	],
	"a generator of literals": [
		`${kustomization}configMapGenerator:\n  - name: otel\n    literals:\n      - |\n${indent(`config.yaml=${config}`, 8)}`,
		"a Kustomization",
	],
	"a Kustomization without its kind, with a patch of a whole config": [
		`configMapGenerator: [{name: otel, files: [otel.yaml]}]\npatches:\n  - patch: |-\n      - op: replace\n        path: /data/a\n        value: |\n${indent(config, 10)}`,
		"a Kustomization",
		"deploy/kustomization.yaml",
	],
};

describe("a file of Kustomize is told as what it is", () => {
	test.each(Object.entries(FILES))("%s", async (_name, [text, what, file = "c.yaml"]) => {
		const found = await checkText(text, { distribution: "contrib", file });
		const errors = found.filter(({ severity }) => severity === "error");
		expect(errors).toMatchObject([{ rule: "not-read", fix: expect.stringContaining("kustomize build FOLDER") }]);
		expect(errors[0]?.what).toContain(`this is ${what}: `);
		const said = refusalOf(text, file);
		expect(said).toMatch(/there (is no collector config in this file|are no pipelines in OpenTelemetryCollector\/gw)/);
		expect(said).toContain("name the file of the base that contains the pipelines");
		expect(said).toContain("add by hand");
	});

	test("a custom resource without pipelines may be a patch of one", async () => {
		const text = `${resource}spec:\n  config:\n${indent(exporter, 4)}`;
		const found = await checkText(text, { distribution: "contrib", file: "c.yaml" });
		expect(found.find(({ rule }) => rule === "no-pipelines")).toMatchObject({
			severity: "error",
			what: "the config has no pipeline: this may be a patch of OpenTelemetryCollector/gw",
			fix: expect.stringContaining("kustomize build"),
		});
		expect(refusalText(text)).toContain("there are no pipelines in OpenTelemetryCollector/gw: this may be a patch");
	});

	test("a token in a patch is found, wherever it stands", async () => {
		const { token } = canary();
		const header = `headers: {authorization: "Bearer ${token}"}`;
		for (const value of [
			`value: {endpoint: "https://x.example.com", ${header}}`,
			`value: |\n${indent(config.replace("    endpoint", `    ${header}\n    endpoint`), 4)}`,
		]) {
			const found = await checkText(`- op: add\n  path: /a\n  ${value}\n`, { distribution: "contrib", file: "c.yaml" });
			expect(new Set(found.map(({ rule }) => rule))).toEqual(new Set(["not-read", "token-literal"]));
			expect(JSON.stringify(found)).not.toContain(token);
		}
	});

	test.each([
		["a ConfigMap with a whole config", `${head("ConfigMap", "v1")}data:\n  config.yaml: |\n${indent(config, 4)}`],
		[
			"a ConfigMap of another program that has receivers",
			`${head("ConfigMap", "v1")}data:\n  a.yaml: |\n    route: {receiver: x}\n    receivers:\n      - name: x\n`,
		],
		["a list of things to do that is no patch", `tasks:\n  - op: add\n    path: /a\nconfig:\n${indent(config, 2)}`],
		["a config whose patches are of something else", `x: {patches: []}\nconfig:\n${indent(config, 2)}`],
	])("%s is none", async (_name, text) => {
		const found = await checkText(text, { distribution: "contrib", file: "c.yaml" });
		expect(found.filter(({ rule }) => rule === "not-read")).toEqual([]);
	});
});

function refusalOf(text: string, file: string): string {
	try {
		spliceOtelcol(text, file, wanted);
	} catch (error) {
		if (error instanceof CrossfadeError && error.exit === "refused")
			return error.problems.map((each) => problemText(each)).join("\n");
		throw error;
	}
	throw new Error("it was not refused");
}

describe("keys in the long form of YAML", () => {
	const long =
		"? receivers\n: otlp:\n    protocols: {grpc: }\n? exporters\n: debug:\n? service\n: pipelines:\n    ? logs\n    : receivers: [otlp]\n      exporters: [debug]\n";
	test("are told by name, with what to write", () => {
		expect(refusalText(long)).toMatch(/x\.yaml:1:3: the key receivers is written in the long form \(\? receivers\)/);
		expect(refusalText(long)).toContain("write it as receivers: and run this again");
	});

	test.each(["service", "pipelines"])("also where only the key %s has it", (key) => {
		const text =
			"receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\nservice:\n  pipelines:\n    logs: {receivers: [otlp], exporters: [debug]}\n";
		const mixed = text.replace(`${key}:`, `? ${key}\n${key === "service" ? "" : "  "}:`);
		expect(parse(mixed)).toEqual(parse(text));
		expect(refusalText(mixed)).toContain(`the key ${key} is written in the long form`);
	});

	test.each(["  ? debug\n  : verbosity: basic\n", "  ? debug\n", "  nop:\n  ? debug\n  : {}\n"])(
		"in a section that gets an entry: %j",
		(entry) => {
			const text = `receivers: {otlp: {protocols: {grpc: }}}\nexporters:\n${entry}service:\n  pipelines:\n    logs: {receivers: [otlp], exporters: [debug]}\n`;
			expect(refusalText(text)).toContain("the key debug is written in the long form");
		},
	);

	test("of a pipeline are no obstacle", () => {
		const text =
			"receivers: {otlp: {protocols: {grpc: }}}\nexporters: {debug: }\nservice:\n  pipelines:\n    ? logs\n    : receivers: [otlp]\n      exporters: [debug]\n";
		expect(parse(splice(text, { ...wanted, signals: ["logs"] })).service.pipelines.logs.exporters).toEqual([
			"debug",
			"otlp_http/torii",
		]);
	});
});
