import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { refusalText, splice, wanted } from "./request.ts";

const config = `receivers:
  otlp:
    protocols:
      grpc:
exporters:
  debug:

service:
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [debug]
`;
const indent = (text: string, blanks: number) => text.replaceAll(/^(?=.)/gm, " ".repeat(blanks));
const resource = (name: string, version: string, body: string) =>
	`apiVersion: opentelemetry.io/${version}\nkind: OpenTelemetryCollector\nmetadata:\n  name: ${name}\nspec:\n  mode: deployment\n  config:${body}`;
const request = { ...wanted, signals: ["logs"] };

describe("splice into embedded configs", () => {
	test("Helm values: the chart's own list of extensions is kept", () => {
		const values = `mode: deployment\nimage:\n  repository: x\nconfig:\n${indent(config, 2)}\nresources: {}\n`;
		const result = parse(splice(values, request));
		expect(result.config.service.extensions).toEqual(["health_check", "bearertokenauth/torii"]);
		expect(result.config.service.pipelines.logs.exporters).toEqual(["debug", "otlp_http/torii"]);
	});

	test("Helm values of an umbrella chart", () => {
		const values = `opentelemetry-collector:\n  config:\n${indent(config, 4)}`;
		expect(parse(splice(values, request))["opentelemetry-collector"].config.exporters).toHaveProperty([
			"otlp_http/torii",
		]);
	});

	test("a v1beta1 custom resource: config is a map", () => {
		const result = parse(splice(resource("edge", "v1beta1", `\n${indent(config, 4)}`), request));
		expect(result.spec.config.service.extensions).toEqual(["bearertokenauth/torii"]);
	});

	test.each([
		["|", ""],
		["|-", ""],
		["|2", ""],
		["|", "\n# more\nstatus: {}\n"],
	])("a v1alpha1 custom resource: config is a block of text %s", (header, after) => {
		const result = splice(resource("edge", "v1alpha1", ` ${header}\n${indent(config, 4)}${after}`), request);
		expect(parse(parse(result).spec.config).service.pipelines.logs.exporters).toEqual(["debug", "otlp_http/torii"]);
	});

	test("a ConfigMap, CRLF", () => {
		const map = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: otel\ndata:\n  other: |\n    x\n  relay: |\n${indent(config, 4)}`;
		const result = splice(map.replaceAll("\n", "\r\n"), request);
		expect(parse(parse(result).data.relay).exporters).toHaveProperty(["otlp_http/torii"]);
	});

	test("several documents: the one that --at names, and no other byte", () => {
		const manifest = ["edge", "hub"].map((name) => resource(name, "v1beta1", `\n${indent(config, 4)}`)).join("---\n");
		expect(refusalText(manifest, request)).toContain(
			"OpenTelemetryCollector/edge:spec.config, OpenTelemetryCollector/hub:spec.config",
		);
		expect(refusalText(manifest, { ...request, at: "spec.config" })).toContain("choose one with --at");
		const result = splice(manifest, { ...request, at: "OpenTelemetryCollector/hub:spec.config" });
		const [edge, hub] = parseAllDocuments(result).map((document) => document.toJS());
		expect(edge.spec.config.exporters).not.toHaveProperty(["otlp_http/torii"]);
		expect(hub.spec.config.exporters).toHaveProperty(["otlp_http/torii"]);
		expect(result.startsWith(manifest.split("---")[0] ?? "?")).toBe(true);
	});

	test("an error inside a block of text names the line of the file", () => {
		const broken = config.replace("[debug]", "${env:LIST}");
		expect(refusalText(resource("edge", "v1alpha1", ` |\n${indent(broken, 4)}`), request)).toContain("x.yaml:19:22:");
	});

	test("a block of text that cannot be put back is refused", () => {
		const ragged = indent(config, 4).replace("\n\n", "\n  \n");
		expect(refusalText(resource("edge", "v1alpha1", ` |\n${ragged}`), request)).toContain("byte for byte");
	});
});
