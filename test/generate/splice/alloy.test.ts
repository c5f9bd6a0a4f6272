import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { CrossfadeError, problemText } from "../../../src/base/errors.ts";
import { type AlloyRequest, spliceAlloy } from "../../../src/generate/splice/alloy.ts";
import { spliceAlloyInYaml } from "../../../src/generate/splice/alloy-embedded.ts";
import { parseAlloy } from "../../../src/generate/splice/alloy-syntax.ts";

const wanted: AlloyRequest = {
	name: "torii",
	label: "torii",
	input: "otelcol.exporter.otlphttp.torii.input",
	signals: ["logs", "metrics"],
	remove: false,
	force: false,
	blocks: {
		'local.file "torii_token"': 'local.file "torii_token" {\n\tfilename = "/etc/crossfade/torii.token"\n}',
		'otelcol.exporter.otlphttp "torii"':
			'otelcol.exporter.otlphttp "torii" {\n\tclient {\n\t\tendpoint = "https://x"\n\t}\n}',
	},
};

function splice(text: string, request = wanted): string {
	const { text: result } = spliceAlloy(text, "x.alloy", request);
	expect(spliceAlloy(result, "x.alloy", request).text, "second run").toBe(result);
	expect(spliceAlloy(result, "x.alloy", { ...request, remove: true }).text, "removed").toBe(text);
	parseAlloy(result, "x.alloy");
	return result;
}

function refusal(text: string, request = wanted): string {
	try {
		spliceAlloy(text, "x.alloy", request);
	} catch (error) {
		if (error instanceof CrossfadeError && error.exit === "refused")
			return error.problems.map((each) => problemText(each)).join("\n");
		throw error;
	}
	throw new Error("it was not refused");
}

const plain = `// my gateway
otelcol.receiver.otlp "default" {
	grpc { }

	output {
		metrics = [otelcol.processor.batch.default.input]
		logs    = [otelcol.processor.batch.default.input]
		traces  = [otelcol.exporter.otlp.mine.input]
	}
}

otelcol.processor.batch "default" {
	output {
		metrics = [otelcol.exporter.otlp.mine.input]
		logs    = [otelcol.exporter.otlp.mine.input]
	}
}

otelcol.exporter.otlp "mine" {
	client {
		endpoint = env("MINE") + ":4317" // theirs
	}
}
`;

describe("splice into Alloy", () => {
	test("a plain config: behind the processors, once", () => {
		const result = splice(plain);
		expect(result).toMatchInlineSnapshot(`
			"// my gateway
			otelcol.receiver.otlp "default" {
				grpc { }

				output {
					metrics = [otelcol.processor.batch.default.input]
					logs    = [otelcol.processor.batch.default.input]
					traces  = [otelcol.exporter.otlp.mine.input]
				}
			}

			otelcol.processor.batch "default" {
				output {
					metrics = [otelcol.exporter.otlp.mine.input, otelcol.exporter.otlphttp.torii.input]
					logs    = [otelcol.exporter.otlp.mine.input, otelcol.exporter.otlphttp.torii.input]
				}
			}

			otelcol.exporter.otlp "mine" {
				client {
					endpoint = env("MINE") + ":4317" // theirs
				}
			}

			// crossfade torii 3a02450f46be: kept by "crossfade collector --into", manual edits will be overwritten
			local.file "torii_token" {
				filename = "/etc/crossfade/torii.token"
			}

			// crossfade torii 6cbd981a36ae: kept by "crossfade collector --into", manual edits will be overwritten
			otelcol.exporter.otlphttp "torii" {
				client {
					endpoint = "https://x"
				}
			}
			"
		`);
	});

	const shapes: Record<string, string> = {
		CRLF: plain.replaceAll("\n", "\r\n"),
		"no final newline": plain.trimEnd(),
		"blank lines at the end": `${plain}\n\n  \n`,
		"lists over lines": plain.replaceAll(/\[(otelcol.exporter[^\]]*)\]/g, "[\n\t\t\t$1,\n\t\t]"),
		"lists over lines with comments": plain.replaceAll(/\[(otelcol.exporter[^\]]*)\]/g, "[\n\t\t\t$1, // keep\n\t\t]"),
		"empty lists": plain.replaceAll("[otelcol.exporter.otlp.mine.input]", "[]"),
		"comments of both kinds": plain.replace("grpc", '/* a "b" { */ grpc').replaceAll(" = [", " = /* x */ ["),
		"raw strings and operators": `${plain}\nlogging {\n\tlevel = \`a "{" b\`\n\twrite_to = [1 +\n\t\t2, {a = "x", "b" = [1]}]\n}\n`,
		"a fan-out before the processors": plain.replace(
			"[otelcol.processor.batch.default.input]",
			"[otelcol.processor.batch.default.input, otelcol.exporter.otlp.mine.input]",
		),
		"one-line blocks": 'otelcol.receiver.otlp "a" { output { logs = [otelcol.exporter.otlp.mine.input] } }\n',
		"a loop of processors": plain.replace(
			"logs    = [otelcol.exporter.otlp.mine.input]",
			"logs    = [otelcol.processor.batch.default.input]",
		),
	};
	test.each(Object.keys(shapes))("%s", (name) => {
		expect(splice(shapes[name] ?? "")).toContain("otelcol.exporter.otlphttp.torii.input");
	});

	test.each([
		[
			"a list made by a function",
			plain.replaceAll("[otelcol.exporter.otlp.mine.input]", "array.concat(a, b)"),
			"not a list in brackets",
		],
		["no receiver", 'logging {\n\tlevel = "info"\n}\n', "no receiver"],
		["an empty file", "\n", "no Alloy component"],
		["a brace too few", plain.trimEnd().slice(0, -1), "x.alloy:"],
		["an open string", plain.replace('"MINE"', '"MINE'), "invalid Alloy"],
		["a wrong bracket", plain.replace("mine.input]", "mine.input)"), "invalid Alloy"],
	])("refuses %s", (_name, text, reason) => {
		expect(refusal(text)).toContain(reason);
	});

	test("a block edited by hand is neither replaced nor removed, unless forced", () => {
		const edited = splice(plain).replace('"https://x"', '"https://y"');
		expect(refusal(edited)).toContain("not as crossfade wrote it");
		expect(refusal(edited, { ...wanted, remove: true })).toContain("not as crossfade wrote it");
		expect(spliceAlloy(edited, "x.alloy", { ...wanted, force: true }).text).toContain('"https://x"');
		expect(spliceAlloy(edited, "x.alloy", { ...wanted, remove: true, force: true }).text).toBe(plain);
	});

	test("new settings replace the old ones", () => {
		const [first, ...rest] = Object.entries(wanted.blocks);
		const other = {
			...wanted,
			blocks: Object.fromEntries([[first?.[0] ?? "", (first?.[1] ?? "").replace("/etc", "/run")], ...rest]),
		};
		const result = spliceAlloy(splice(plain), "x.alloy", other).text;
		expect(result).toContain("/run/crossfade");
		expect(result).not.toContain("/etc/crossfade");
		expect(spliceAlloy(result, "x.alloy", { ...other, remove: true }).text).toBe(plain);
	});

	test("inside Helm values, byte for byte, with errors at the lines of the file", () => {
		const indented = plain.replaceAll(/^(?=.)/gm, "      ");
		const values = `alloy:\n  configMap:\n    content: |\n${indented}  mounts: {} # keep\n`;
		const { text: result } = spliceAlloyInYaml(values, "values.yaml", wanted);
		expect(parse(result).alloy.configMap.content).toBe(splice(plain));
		expect(spliceAlloyInYaml(result, "values.yaml", wanted).text).toBe(result);
		expect(spliceAlloyInYaml(result, "values.yaml", { ...wanted, remove: true }).text).toBe(values);
		const broken = values.replace("mine.input]", "mine.input)");
		expect(() => spliceAlloyInYaml(broken, "values.yaml", wanted)).toThrow("invalid Alloy");
		expect(() => spliceAlloyInYaml("a: 1\n", "values.yaml", wanted)).toThrow("expected exactly one Alloy config");
	});
});

test("a receiver in the template of a foreach is there, and is not changed", () => {
	const receiver = 'otelcol.receiver.otlp "a" {\n\t\t\tgrpc { }\n\n\t\t\toutput {\n\t\t\t\tlogs = []\n\t\t\t}\n\t\t}';
	const text = `foreach "tenants" {\n\tcollection = ["a"]\n\tvar        = "t"\n\n\ttemplate {\n\t\t${receiver}\n\t}\n}\n`;
	expect(refusal(text)).toContain('the receivers of this file are inside foreach "tenants": its template is made once');
});
