import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type RuleId, rules } from "../../src/generate/check/rules.ts";
import { canary } from "../harness/canary.ts";
import { crossfadeProcess, scratch } from "../harness/cli.ts";
import { crossfade } from "../harness/command.ts";
import { needs, otelcol } from "../harness/parts.ts";

const mine = canary();
const bad = `receivers:
  otlp: {protocols: {http: }}
exporters:
  otlp_http/x:
    endpoint: https://otlp.example.com
    compresion: gzip
    headers: {Authorization: "Bearer ${mine.token}"}
service:
  pipelines:
    logs: {receivers: [otlp], exporters: [otlp_http/x, debug]}
`;
const good = bad
	.replace("    compresion: gzip\n", "")
	.replace(/ {4}headers: .*\n/, "")
	.replace(", debug", "");
const options = { canaries: [mine], holders: ["c.yaml", "embedded.yaml"] };
const check = (text: string, ...args: string[]) => {
	const cwd = scratch({ "c.yaml": text });
	return crossfade(["check", "-d", "contrib", "--no-bin", "c.yaml", ...args], { ...options, cwd });
};

/** Names that findings repeat, each a token by mistake. */
const misplaced: readonly (readonly [what: string, file: string, text: string, says: RegExp])[] = [
	[
		"a credential of a unit",
		"a.service",
		`[Service]\nLoadCredential=${mine.token}:/etc/a\nExecStart=/bin/otelcol\n`,
		/the credential/,
	],
	[
		"the Secret of an ExternalSecret",
		"a.yaml",
		`kind: ExternalSecret\nmetadata: {name: ${mine.token}-token}\nspec: {refreshInterval: "0"}\n`,
		/the Secret/,
	],
	[
		"the prefix of a role's variables",
		"a.yaml",
		`${mine.token}_exporters: {otlp: {}}\n${mine.token}_receivers: {otlp: {}}\n`,
		/the sections of a config are variables/,
	],
];

describe("crossfade check", () => {
	test.each(misplaced)("a token as %s is not shown", async (_what, file, text, says) => {
		const cwd = scratch({ [file]: text });
		const run = ["check", "-d", "contrib", "--no-bin", file];
		const { stdout, stderr } = await crossfade(run, { cwd, canaries: [mine], holders: [file] });
		expect(stdout + stderr).toMatch(says);
	});

	test("reports everything at once, with positions, and its own exit code", async () => {
		const { code, stdout, stderr } = await check(bad);
		expect({ code, stderr }).toEqual({ code: 10, stderr: "" });
		for (const [place, rule] of [
			["c.yaml:6:5", "unknown-field"],
			["c.yaml:7:30", "token-literal"],
			["c.yaml:10:56", "missing-reference"],
		]) {
			expect(stdout).toContain(`${place}: error T1 ${rule}: `);
		}
		expect(stdout).toContain(
			"c.yaml: 3 errors, 0 warnings, 0 notes (contrib 0.159.0; T1 offline rules; T2 not run: skipped)",
		);
	});

	test("nothing wrong is exit code 0", async () => {
		expect(await check(good)).toMatchObject({ code: 0, stdout: expect.stringContaining("0 errors") });
	});

	test("components whose settings nobody looked at are named", async () => {
		const { stdout } = await check(good.replace("exporters:\n", "exporters:\n  kafka: {anything: 1}\n"));
		expect(stdout).toContain("T1 offline rules, which did not look at the settings of kafka; T2 not run");
		const alloy = await crossfade(["check", "-d", "alloy", "--no-bin", "c.alloy"], {
			...options,
			cwd: scratch({ "c.alloy": 'loki.write "w" {\n\tanything = 1\n}\n' }),
		});
		expect(alloy).toMatchObject({ code: 0, stdout: expect.stringContaining("settings of loki.write;") });
	});

	test("reads standard input", async () => {
		const outcome = await crossfade(["check", "-d", "contrib", "--no-bin", "-"], { ...options, stdin: bad });
		expect(outcome).toMatchObject({ code: 10, stdout: expect.stringContaining("<stdin>:6:5") });
	});

	test("JSON", async () => {
		const report = JSON.parse((await check(bad, "--json")).stdout);
		expect(report).toMatchObject({ schema: 1, file: "c.yaml", target: "contrib 0.159.0", summary: { errors: 3 } });
		expect(report.findings[0]).toMatchObject({
			rule: "unknown-field",
			severity: "error",
			tier: "T1",
			line: 6,
			column: 5,
		});
	});

	test("SARIF, as code scanning wants it", async () => {
		const { runs, version } = JSON.parse((await check(bad, "--format", "sarif")).stdout);
		expect(version).toBe("2.1.0");
		const [{ tool, results }] = runs;
		for (const { ruleId, ruleIndex, level, locations } of results) {
			expect(tool.driver.rules[ruleIndex].id).toBe(ruleId);
			expect(rules[ruleId as RuleId].severity).toBe(level);
			expect(locations[0].physicalLocation.region.startLine).toBeGreaterThan(0);
		}
	});

	test("JUnit: a failed case for every rule that found an error, and hostile names stay text", async () => {
		const { stdout } = await check(bad.replaceAll("otlp_http/x", 'otlp_http/<x>&"'), "--format", "junit");
		expect(stdout).toMatch(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites>/);
		expect(stdout).toContain(`tests="${Object.keys(rules).length}" failures="4"`);
		expect(stdout).toContain("otlp_http/&lt;x&gt;&amp;&quot;");
		expect(stdout).not.toContain("<x>");
	});

	test("--explain a rule, all rules, and an unknown rule", async () => {
		expect((await crossfade(["check", "--explain", "token-from-env"])).stdout).toContain(
			"A running process never sees a new value",
		);
		const { stdout } = await crossfade(["check", "--explain", "all"]);
		for (const rule of Object.keys(rules)) expect(stdout).toContain(`${rule} (`);
		expect(await crossfade(["check", "--explain", "token-form-env"])).toMatchObject({
			code: 2,
			stderr: expect.stringContaining("did you mean --explain token-from-env?"),
		});
	});

	test("names full of control characters cannot steer the terminal", async () => {
		const { stdout } = await check(`${good}"\\e[31m\\u202eevil": {}\n`);
		expect(stdout).toContain("\\u001b[31m\\u202eevil");
		expect(stdout).not.toMatch(/[\u001b\u202e]/);
	});

	test.each([
		[["check", "-d", "contrib"], 2, "no file given"],
		[["check", "c.yaml"], 2, "no distribution given"],
		[["check", "-d", "contrb", "c.yaml"], 2, "did you mean --distribution contrib?"],
		[["check", "-d", "contrib", "--target-version", "x", "c.yaml"], 2, "not a version"],
		[["check", "-d", "contrib", "--format", "xml", "c.yaml"], 2, "one of text, json, sarif, junit"],
		[["check", "-d", "contrib", "nowhere.yaml"], 12, "no such file"],
		[["check", "-d", "contrib", "--bin", "/nowhere", "c.yaml"], 13, "program not found"],
	])("bad input %j", async (args, code, message) => {
		const cwd = scratch({ "c.yaml": good });
		expect(await crossfade(args, { cwd })).toMatchObject({ code, stderr: expect.stringContaining(message) });
	});

	test("T2 with a program that reports, one without output, and no program", async () => {
		const cwd = scratch({ "c.yaml": good });
		const program = (body: string) => {
			const path = join(cwd, "program");
			writeFileSync(path, `#!/bin/sh\n${body}\n`);
			chmodSync(path, 0o755);
			return ["check", "-d", "contrib", "--bin", path, "c.yaml"];
		};
		const clean = await crossfade(program('[ "$1" = validate ] && exit 0'), { cwd });
		expect(clean).toMatchObject({ code: 0, stdout: expect.stringContaining("program validate)") });
		const placed = await crossfade(program("echo 'Error: exporters::otlp_http/x: must have an endpoint' >&2; exit 1"), {
			cwd,
		});
		expect(placed).toMatchObject({
			code: 10,
			stdout: expect.stringContaining("c.yaml:4:3: error T2 binary-validate: exporters::otlp_http/x"),
		});
		const mute = await crossfade(program("exit 3"), { cwd });
		expect(mute).toMatchObject({ code: 10, stdout: expect.stringContaining("exited with 3") });
	});

	test("T2 of Alloy: at the stability level its components need, and one finding for one mistake", async () => {
		const alloy = 'otelcol.storage.file "q" { }\notelcol.connector.count "c" {\n\tnosuch = 1\n}\n';
		const cwd = scratch({ "c.alloy": alloy });
		const path = join(cwd, "program");
		const said =
			'Error: /tmp/x/config.alloy:3:2: unrecognized attribute name "nosuch"\n\n3 |   nosuch = 1\n  |   ^^^^^^\n\nError: validation failed';
		writeFileSync(path, `#!/bin/sh\necho "$@" >args\ncat >&2 <<'END'\n${said}\nEND\nexit 1\n`);
		chmodSync(path, 0o755);
		const { stdout } = await crossfade(["check", "-d", "alloy", "--bin", path, "c.alloy"], { cwd });
		expect(stdout.match(/binary-validate/g)).toHaveLength(1);
		expect(stdout).toContain('c.alloy:3:2: error T2 binary-validate: unrecognized attribute name "nosuch"');
		expect(stdout).toContain("program validate --stability.level=experimental");
		expect(readFileSync(join(cwd, "args"), "utf8")).toMatch(
			/^validate --stability\.level=experimental \S+config\.alloy\n$/,
		);
	});

	test("the release of an image in the file, unless the user names one", async () => {
		const text = `image: {repository: otel/opentelemetry-collector-contrib, tag: 0.110.0}\nconfig:\n${good.replace(/^(?=.)/gm, "  ")}`;
		const found = await check(text);
		expect(found.stdout).toContain("(contrib 0.110.0, by the image in the file;");
		expect(found.stdout).toContain("outside the releases (>=0.144.0) that have otlp_http/x");
		expect(await check(text, "--target-version", "0.159.0")).toMatchObject({ code: 0 });
	});

	test("says what it waits for when a program takes its time", async () => {
		const cwd = scratch({ "c.yaml": good });
		const path = join(cwd, "slow");
		writeFileSync(path, "#!/bin/sh\nsleep 3\n");
		chmodSync(path, 0o755);
		const args = ["check", "-d", "contrib", "--bin", path, "c.yaml"];
		const outcome = await crossfadeProcess(args, { cwd, withProgress: true });
		expect(outcome).toMatchObject({ code: 0, stderr: `running ${path} validate …\n` });
	});

	test("colour only where it is wanted", async () => {
		const cwd = scratch({ "c.yaml": bad });
		const run = async (env: Record<string, string>) =>
			(await crossfade(["check", "-d", "contrib", "--no-bin", "c.yaml"], { ...options, cwd, env })).stdout;
		expect(await run({})).not.toContain("\u001b[");
		expect(await run({ FORCE_COLOR: "1" })).toContain("\u001b[31merror\u001b[39m");
		expect(await run({ FORCE_COLOR: "1", NO_COLOR: "1" })).not.toContain("\u001b[");
	});

	test("T2 with the real otelcol: its messages at the right lines, without the token", needs(otelcol), async () => {
		const cwd = scratch({ "c.yaml": bad });
		const { code, stdout } = await crossfade(["check", "-d", "contrib", "--bin", otelcol.path, "c.yaml"], {
			...options,
			cwd,
		});
		expect(code).toBe(10);
		expect(stdout).toContain('c.yaml:6:5: error T2 binary-validate: "otlp_http/x": ');
		expect(stdout).toContain("has invalid keys: compresion");
		const clean = scratch({ "c.yaml": good });
		const passed = await crossfade(["check", "-d", "contrib", "--bin", otelcol.path, "c.yaml"], { cwd: clean });
		expect(passed).toMatchObject({ code: 0 });
	});
});
