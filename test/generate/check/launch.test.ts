import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { requireVersion } from "../../../src/base/versions.ts";
import { offlineFindings } from "../../../src/generate/check/check.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { crossfade } from "../../harness/command.ts";

const config = `receivers: {otlp: {protocols: {http: }}}
exporters: {debug: }
service: {pipelines: {logs: {receivers: [otlp], exporters: [debug]}}}
`;
const indented = (blanks: number) => config.replace(/^(?=.)/gm, " ".repeat(blanks));

const compose = (command: string) =>
	`services:\n  otelcol:\n    image: otel/opentelemetry-collector-contrib:0.155.0\n    ${command}\n    configs: [{source: c, target: /etc/a.yaml}]\nconfigs:\n  c:\n    content: |\n${indented(6)}`;
const manifest = (container: string) =>
	`kind: ConfigMap\ndata:\n  relay: |\n${indented(4)}---\nkind: Deployment\nspec: {template: {spec: {containers: [{name: o, ${container}}]}}}\n`;

async function found(text: string, file = "c.yaml"): Promise<string[]> {
	const distribution = await loadDistribution("contrib");
	if (!distribution) throw new Error("contrib");
	const own = requireVersion("0.155.0");
	return offlineFindings(text, file, { distribution, own }).map(
		({ severity, rule, what }) => `${severity} ${rule} ${what}`,
	);
}

const MERGED = /^warning not-read the collector is started with 2 configs/;
const SET = /^warning not-read --set changes exporters\.debug\.verbosity/;
const ENV = /^warning not-read a config of this collector comes from env/;
const GATES = /^note not-read --feature-gates/;
const LINES = /^note mounts-only no collector config found in this file: only its lines/;
const NAMED = /^note not-read this line starts a collector with \/etc\/a\.yaml/;

describe("what a collector is started with beside the config that was read", () => {
	test.each<[name: string, text: string, file: string, expected: readonly RegExp[]]>([
		["one config", compose('command: ["--config=/etc/a.yaml"]'), "c.yaml", []],
		[
			"two configs, compose",
			compose('command: ["--config=/etc/a.yaml", "--config", "/etc/b.yaml"]'),
			"c.yaml",
			[MERGED],
		],
		["the same as a text", compose("command: --config=/etc/a.yaml --config=file:/etc/b.yaml"), "c.yaml", [MERGED]],
		[
			"a set value",
			compose('command: ["--config=/etc/a.yaml", "--set=exporters.debug.verbosity=detailed"]'),
			"c.yaml",
			[SET],
		],
		["another provider, Kubernetes", manifest('args: ["--config=env:MORE"]'), "c.yaml", [ENV]],
		[
			"a variable whose text is in the file, compose",
			`services:\n  o:\n    image: x\n    command: ["--config=env:C"]\n    environment:\n      C: |\n${indented(8)}`,
			"c.yaml",
			[],
		],
		[
			"the same as a list, Kubernetes",
			`kind: Pod\nspec:\n  containers:\n    - name: o\n      args: ["--config=env:C"]\n      env:\n        - name: C\n          value: |\n${indented(12)}`,
			"c.yaml",
			[],
		],
		[
			"another variable than that one",
			`kind: Pod\nspec:\n  containers:\n    - name: o\n      args: ["--config=env:D"]\n      env:\n        - name: C\n          value: |\n${indented(12)}`,
			"c.yaml",
			[ENV],
		],
		["command and args", manifest('command: [/otelcol, --config=/a], args: ["--config=/b"]'), "c.yaml", [MERGED]],
		["a shell", manifest('command: [sh, -c, "exec /otelcol --config=/a --config=/b"]'), "c.yaml", [MERGED]],
		["feature gates", manifest('args: ["--feature-gates=-x", "--config=/a"]'), "c.yaml", [GATES]],
		["a drive of Windows", manifest("args: ['--config=C:\\a.yaml']"), "c.yaml", []],
		["helm in a job", manifest("command: [helm, upgrade, --set, a=b]"), "c.yaml", []],
		[
			"what is added to a chart's own",
			`mode: deployment\ncommand: {extraArgs: [--config=/b.yaml]}\nconfig:\n${indented(2).replace("debug: ", "debug: {}")}`,
			"values.yaml",
			[MERGED],
		],
		[
			"the operator's arguments",
			`kind: OpenTelemetryCollector\nspec:\n  args: {set: exporters.debug.verbosity=detailed, feature-gates: x}\n  config:\n${indented(4)}`,
			"cr.yaml",
			[SET, GATES],
		],
		[
			"a config among them, which the operator leaves out",
			`kind: OpenTelemetryCollector\nspec:\n  args: {config: /a.yaml}\n  config:\n${indented(4)}`,
			"cr.yaml",
			[/^note not-read the operator leaves out the argument config/],
		],
		["a unit", "[Service]\nExecStart=/usr/bin/otelcol --config=/etc/a.yaml\n", "o.service", [NAMED]],
		[
			"a unit with two",
			"[Service]\nExecStart=/usr/bin/otelcol --config=/etc/a.yaml \\\n  --config=/etc/b.yaml\n",
			"o.service",
			[MERGED],
		],
		["a unit's environment", 'OTELCOL_OPTIONS="--config=/etc/a.yaml"\n', "otelcol.conf", [NAMED]],
		["a script that validates", "#!/bin/sh\notelcol validate --config=/etc/a.yaml\n", "v.sh", [LINES]],
		["a comment", "[Service]\n# otelcol --config=/a --config=/b\n", "o.service", [LINES]],
		[
			"a Dockerfile",
			'FROM otel/x\nCMD ["--config=/etc/a.yaml", "--config=/etc/b.yaml"]\n',
			"Dockerfile",
			[/^error no-config this is a Dockerfile/, MERGED],
		],
	])("%s", async (_name, text, file, expected) => {
		const all = await found(text, file);
		expect(all).toHaveLength(expected.length);
		for (const [index, each] of expected.entries()) expect(all[index]).toMatch(each);
	});

	test("without a config of its own such a file is not clean", async () => {
		const text = 'kind: Pod\nspec: {containers: [{name: o, args: ["--config=/a", "--config=/b"]}]}\n';
		expect(await found(text)).toEqual([expect.stringMatching(/^error no-config/), expect.stringMatching(MERGED)]);
	});

	test("a token that is set so is not shown", async () => {
		const { token } = canary();
		const all = await found(compose(`command: ["--config=/a", "--set=exporters.otlp.headers.authorization=${token}"]`));
		expect(all.join("\n")).toContain("--set changes exporters.otlp.headers.authorization");
		expect(all.join("\n")).not.toContain(token);
	});

	test("what is put into such a file can be replaced at the start: --into says by what, and claims no check", async () => {
		const { token } = canary();
		const text = compose(`command: ["--config=/a", "--config=env:MORE", "--set=exporters.otlp.headers.x=${token}"]`);
		const pipelines = "service:\n        pipelines:\n          logs: {receivers: [otlp], exporters: [debug]}";
		const cwd = scratch({ "c.yaml": text.replace(/service: \{.*/, pipelines) });
		const { code, stderr } = await crossfade(["collector", "-d", "contrib", "--into", "c.yaml"], { cwd });
		expect(code, stderr).toBe(0);
		for (const fact of ["started with 2 configs", "comes from env", "--set changes exporters.otlp.headers.x"])
			expect(stderr).toMatch(new RegExp(`${fact}.*: a list of a pipeline that is given there replaces`));
		expect(stderr).not.toContain("checked");
		expect(stderr).not.toContain(token);
	});
});
