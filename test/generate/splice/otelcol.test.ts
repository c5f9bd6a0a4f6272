import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { spliceOtelcol } from "../../../src/generate/splice/otelcol.ts";
import type { OtelcolRequest } from "../../../src/generate/splice/request.ts";
import { refusalText, splice, wanted } from "./request.ts";

const gone: OtelcolRequest = { ...wanted, remove: true };

const plain = `receivers:
  otlp:
    protocols:
      grpc:
exporters:
  debug:
    verbosity: basic
service:
  pipelines:
    logs:
      receivers: [otlp]
      exporters: [debug]
    metrics:
      receivers: [otlp]
      exporters: [debug]
`;

describe("splice into otelcol YAML", () => {
	test("a plain config", () => {
		const result = splice(plain);
		expect(result).toMatchInlineSnapshot(`
			"receivers:
			  otlp:
			    protocols:
			      grpc:
			exporters:
			  debug:
			    verbosity: basic
			  # crossfade torii d06de9579f7f: kept by "crossfade collector --into", manual edits will be overwritten
			  otlp_http/torii:
			    endpoint: https://ai-events.toriihq.com
			    auth:
			      authenticator: bearertokenauth/torii
			    retry_on_failure:
			      enabled: true
			      max_elapsed_time: 0s
			service:
			  pipelines:
			    logs:
			      receivers: [otlp]
			      exporters: [debug, otlp_http/torii]
			    metrics:
			      receivers: [otlp]
			      exporters: [debug, otlp_http/torii]
			  extensions: [bearertokenauth/torii] # crossfade: added
			extensions: # crossfade: added
			  # crossfade torii 97bd4ac33036: kept by "crossfade collector --into", manual edits will be overwritten
			  bearertokenauth/torii:
			    filename: /etc/crossfade/torii.token
			"
		`);
		const config = parse(result);
		expect(config.service.pipelines.logs.exporters).toEqual(["debug", "otlp_http/torii"]);
		expect(config.service.extensions).toEqual(["bearertokenauth/torii"]);
		expect(config.extensions["bearertokenauth/torii"]).toEqual({ filename: "/etc/crossfade/torii.token" });
	});

	const shapes: Record<string, string> = {
		"CRLF line ends": plain.replaceAll("\n", "\r\n"),
		"no final newline": plain.trimEnd(),
		"no final newline, CRLF": plain.trimEnd().replaceAll("\n", "\r\n"),
		"comments everywhere": plain
			.replaceAll(/\n/g, " # c\n")
			.replace("exporters: #", "exporters: # keep\n  # inner comment\n #"),
		"blank lines and trailing blanks": plain.replaceAll(/\n(?=\S)/g, "  \n\n\n"),
		"tabs after values": plain.replaceAll("basic", "basic\t\t").replaceAll("[otlp]", "[otlp]\t"),
		"block lists": plain
			.replaceAll("exporters: [debug]", "exporters:\n        - debug")
			.replaceAll("receivers: [otlp]", "receivers:\n      - otlp"),
		"lists at the column of their key": plain.replaceAll("exporters: [debug]", "exporters:\n      - debug"),
		"quoted items": plain.replaceAll("[debug]", '["debug"]').replaceAll("[otlp]", "['otlp']"),
		"lists over lines": plain.replaceAll("[debug]", "[\n        debug,\n        nop\n      ]"),
		"lists over lines, trailing comma": plain.replaceAll("[debug]", "[\n        debug, # first\n        nop,\n      ]"),
		"existing extensions": `extensions:\n  health_check:\n${plain}  extensions: [health_check]\n`,
		"an extensions section without entries": `extensions:\n${plain}`,
		"an extensions section with only a comment": `extensions:\n  # none yet\n${plain}`,
		"an empty flow section": `extensions: {}\n${plain}`,
		"an empty list of extensions": `${plain}  extensions: []\n`,
		"flow sections": plain.replace(
			"exporters:\n  debug:\n    verbosity: basic",
			"exporters: {debug: {verbosity: basic}}",
		),
		"flow pipelines": plain.replace(
			/pipelines:\n[\s\S]*$/,
			"pipelines: {logs: {receivers: [otlp], exporters: [debug]}}\n",
		),
		"flow service": plain.replace(
			/service:\n[\s\S]*$/,
			"service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n",
		),
		JSON: JSON.stringify(parse(plain)),
		"pretty JSON": `${JSON.stringify(parse(plain), undefined, 4)}\n`,
		"four blanks of indentation": plain.replaceAll(/^ +/gm, (blanks) => blanks + blanks),
		"a document start and end": `---\n${plain}...\n`,
		directives: `%YAML 1.1\n---\n${plain}`,
		"a block scalar at the end": `${plain}  telemetry:\n    resource:\n      note: |\n        a\n        b\n`,
		"a block scalar that keeps its blank lines": `${plain}  telemetry:\n    note: |+\n      a\n\n\n`,
		"a folded scalar in the last exporter": plain.replace(
			"verbosity: basic",
			"note: >-\n      a\n      b\n\n      c\n\n",
		),
		"anchors that no list of ours is behind": plain.replace("grpc:", "grpc: &g\n        endpoint: x\n      http: *g"),
		"an unused anchor on the list": plain
			.replaceAll("[debug]", "&e%% [debug]")
			.replace("e%%", "e1")
			.replace("e%%", "e2"),
		"keys in quotes": plain.replace("exporters:\n", '"exporters":\n').replace("service:", "'service':"),
		"templates in quotes": plain.replace("basic", '"{{ .Values.v }}"'),
		"a null component last": plain.replace("debug:\n    verbosity: basic", "debug:"),
		"wide indentation in lists": plain.replaceAll("exporters: [debug]", "exporters:\n            -   debug"),
		"a comment after the last line": `${plain}# the end\n\n`,
		"the service section first": `service:${plain.split("service:")[1]}${plain.split("service:")[0]}`,
		"only logs": plain.replace(/ {4}metrics:[\s\S]*$/, ""),
		"non-ASCII text": plain.replace("basic", '"größe 😀"'),
	};
	test.each(Object.keys(shapes))("%s", (name) => {
		const text = shapes[name] ?? "";
		const result = splice(text);
		const config = parse(result);
		expect(config.service.pipelines.logs.exporters).toContain("otlp_http/torii");
		expect(config.exporters["otlp_http/torii"]).toEqual(wanted.entries[1]?.value);
		expect(config.service.extensions).toContain("bearertokenauth/torii");
	});

	test.each([
		[
			"pipelines behind an anchor",
			plain.replace("metrics:\n", "metrics: *l\n    rest:\n").replace("logs:\n", "logs: &l\n"),
			"alias",
		],
		[
			"a list used by an alias too",
			plain
				.replace("[debug]", "&e [debug]")
				.replace("[debug]\n    metrics", "[debug]\n    metrics")
				.replace(/exporters: \[debug\]\n$/, "exporters: *e\n"),
			"alias",
		],
		["a merge key", plain.replace("service:\n", "x: &x {a: 1}\nservice:\n  <<: *x\n"), "merge key"],
		[
			"a section from a file",
			plain.replace(/exporters:\n {2}debug:\n {4}verbosity: basic/, "exporters: ${file:exporters.yaml}"),
			"not in this file",
		],
		["pipelines from a file", plain.replace(/pipelines:\n[\s\S]*$/, "pipelines: ${file:p.yaml}\n"), "not in this file"],
		["exporters of a pipeline from the environment", plain.replace("[debug]", "${env:LIST}"), "not in this file"],
		["a duplicate key", `${plain}exporters:\n  nop:\n`, "duplicate key"],
		["a Helm template", plain.replace("basic", "{{ .Values.v }}"), "template"],
		["a template mark in a comment", `# {{- if .Values.on }}\n${plain}`, "template"],
		["Jinja", `{% if x %}\n${plain}{% endif %}\n`, "template"],
		["an empty file", "", "no collector config"],
		["a list", "- a\n", "no collector config"],
		["no service", plain.replace(/service:[\s\S]*$/, ""), "no service section"],
		["no pipeline of these signals", plain.replaceAll(/ (logs|metrics):/g, " traces/$1:"), "no pipeline receives"],
		["tab as indentation", plain.replace("  debug", "\tdebug"), "tab"],
		["an empty service", plain.replace(/service:[\s\S]*$/, "service: ~\n"), "the service section is empty"],
		["no pipelines", plain.replace(/pipelines:\n[\s\S]*$/, "pipelines:\n"), "service.pipelines is empty"],
		[
			"an anchor on a null list",
			plain.replace("service:\n", "service:\n  extensions: &none null\n"),
			"is empty but has an anchor or tag",
		],
		[
			"a null in braces that has no word to restore",
			`${plain.split("service:")[0]}service: {extensions: , pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}\n`,
			"could not be restored exactly",
		],
	])("refuses %s and says what to do by hand", (_name, text, reason) => {
		expect(refusalText(text)).toContain(reason);
	});

	test("the manual instructions are complete", () => {
		const text = refusalText(plain.replace("[debug]", "${env:LIST}"));
		expect(text).toContain("x.yaml:12:18:");
		for (const part of [
			"bearertokenauth/torii:",
			"filename: /etc/crossfade/torii.token",
			"service.extensions",
			"otlp_http/torii:",
		]) {
			expect(text).toContain(part);
		}
	});

	test("an entry edited by hand is neither replaced nor removed, unless forced", () => {
		const edited = splice(plain).replace("max_elapsed_time: 0s", "max_elapsed_time: 60s");
		expect(refusalText(edited)).toContain("not as crossfade wrote it");
		expect(refusalText(edited, gone)).toContain("not as crossfade wrote it");
		expect(spliceOtelcol(edited, "x.yaml", { ...wanted, force: true }).text).toBe(splice(plain));
		expect(spliceOtelcol(edited, "x.yaml", { ...gone, force: true }).text).toBe(plain);
	});

	test("a foreign entry is unchanged", () => {
		const theirs = plain.replace("debug:\n", "otlp_http/torii:\n    endpoint: https://x\n  debug:\n");
		expect(refusalText(theirs)).toContain("not as crossfade wrote it");
	});

	test("new settings replace the old ones in place of a second entry", () => {
		const moved = {
			...wanted,
			entries: wanted.entries.map((entry) =>
				entry.section === "extensions" ? { ...entry, value: { filename: "/run/t" } } : entry,
			),
		};
		const result = spliceOtelcol(splice(plain), "x.yaml", moved).text;
		expect(result).toBe(splice(plain, moved));
	});

	test("a new exporter type takes the place of the old one", () => {
		const older = {
			...wanted,
			exporter: "otlphttp/torii",
			entries: wanted.entries.map((entry) =>
				entry.section === "exporters" ? { ...entry, id: "otlphttp/torii" } : entry,
			),
		};
		const result = spliceOtelcol(splice(plain, older), "x.yaml", wanted).text;
		expect(result).toBe(splice(plain));
	});

	test("two providers share a file and can be removed in any order", () => {
		const other: OtelcolRequest = JSON.parse(
			JSON.stringify(wanted).replaceAll("/torii", "/other").replace('"name":"torii"', '"name":"other"'),
		);
		const one = splice(plain);
		const both = spliceOtelcol(one, "x.yaml", other).text;
		expect(spliceOtelcol(both, "x.yaml", { ...other, remove: true }).text).toBe(one);
		const left = spliceOtelcol(both, "x.yaml", gone).text;
		expect(spliceOtelcol(left, "x.yaml", { ...other, remove: true }).text).toBe(plain);
	});
});
