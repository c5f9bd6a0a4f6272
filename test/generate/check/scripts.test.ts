import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../../src/adapters/collectors/registry.ts";
import { requireVersion } from "../../../src/base/versions.ts";
import { offlineFindings } from "../../../src/generate/check/check.ts";
import { canary } from "../../harness/canary.ts";

/** A config with two mistakes that only somebody who reads it can find; `token` is what its header has behind `Bearer`. */
const config = (token = "${env:TOKEN}", port = "4318") => `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}
exporters:
  otlp_http:
    endpoint: https://otlp.example.com
    headers:
      Authorization: Bearer ${token}
    sending_queue: {enabled: false}
service:
  pipelines:
    logs: {receivers: [otlp], exporters: [otlp_http]}
`;
const indented = (text: string, blanks: number) => text.replace(/^(?=.)/gm, " ".repeat(blanks));
const here = (start: string, text: string) => `${start}\n${text}EOF\n`;

async function findings(text: string, file: string) {
	const distribution = await loadDistribution("contrib");
	if (!distribution) throw new Error("contrib");
	return offlineFindings(text, file, { distribution, own: requireVersion("0.155.0") });
}

async function found(text: string, file: string): Promise<string[]> {
	return (await findings(text, file)).map(({ line, severity, rule }) => `${line} ${severity} ${rule}`);
}

describe("a config that a script writes is read, at its place in the script", () => {
	const script = here("#!/bin/sh\ncat > /etc/otelcol/config.yaml <<'EOF'", config());
	const inScript = ["9 warning token-from-env", "10 error queue-off"];

	test.each<[where: string, text: string, file: string, expected: readonly string[]]>([
		["a script", script, "install.sh", inScript],
		["a file without an ending", script, "userdata", inScript],
		[
			"a script without a first line",
			script.slice(10),
			"install.txt",
			["8 warning token-from-env", "9 error queue-off"],
		],
		["a text with tabs in front", script.replace("<<'", "<<-'").replace(/^(?=r|e|s|E)/gm, "\t"), "a.sh", inScript],
		["a word in double quotes", script.replaceAll("'EOF'", '"EOF"'), "a.sh", inScript],
		["a word with a backslash", script.replaceAll("'EOF'", "\\EOF"), "a.sh", inScript],
		[
			"two of them",
			`${script}${here("tee b.yaml <<'EOF'", config("abcdefgh"))}`,
			"a.sh",
			[...inScript, "22 error token-literal", "23 error queue-off"],
		],
		["a Dockerfile", here("FROM otel/x\nCOPY <<'EOF' /etc/otelcol/config.yaml", config()), "Dockerfile", inScript],
		[
			"values for Helm in a script",
			here("helm upgrade o x -f - <<'EOF'", `config:\n${indented(config(), 2)}`),
			"a.sh",
			["9 warning token-from-env", "10 error queue-off"],
		],
		[
			"cloud-init",
			`runcmd:\n  - |\n${indented(script, 4)}`,
			"user-data.yaml",
			["11 warning token-from-env", "12 error queue-off"],
		],
		[
			"CloudFormation",
			`Resources:\n  I:\n    Properties:\n      UserData:\n        Fn::Base64: !Sub |\n${indented(script, 10).replace("${", "${!")}`,
			"t.yaml",
			["14 warning token-from-env", "15 error queue-off"],
		],
		[
			"a script in a ConfigMap",
			`kind: ConfigMap\nmetadata: {name: a}\ndata:\n  start.sh: |\n${indented(script, 4)}`,
			"cm.yaml",
			["13 warning token-from-env", "14 error queue-off"],
		],
	])("%s", async (_where, text, file, expected) => {
		expect(await found(text, file)).toEqual(expected);
	});

	test("that the same script starts a collector with it is no config that was not checked", async () => {
		expect(await found(`${script}exec otelcol --config /etc/otelcol/config.yaml\n`, "a.sh")).toEqual(inScript);
		expect(await found(`${script}exec otelcol --config /etc/other.yaml\n`, "a.sh")).toContain("15 note not-read");
	});
});

describe("what the shell replaces in the config that it writes", () => {
	const text = (token: string, port?: string) => here("#!/bin/sh\ncat > c.yaml <<EOF", config(token, port));

	test("a variable for the token: the token is in the file then", async () => {
		const all = await found(text("$TOKEN"), "a.sh");
		expect(all).toEqual(["2 warning not-read", "9 error token-literal", "10 error queue-off"]);
	});

	test("what the collector would take for a provider is none to the shell", async () => {
		expect(await found(text("${env:TOKEN}"), "a.sh")).toEqual(["9 error refused-value", "10 error queue-off"]);
		expect(await found(text("\\${env:TOKEN}"), "a.sh")).toEqual(["9 warning token-from-env", "10 error queue-off"]);
	});

	test("variables that were not looked at are named, in all their forms", async () => {
		const [first] = await findings(text("\\${env:TOKEN}", "${PORT:-4318}$ZONE"), "a.sh");
		expect(first).toMatchObject({
			rule: "not-read",
			severity: "warning",
			what: expect.stringContaining("$PORT, $ZONE"),
		});
	});
});

describe("a script or a unit without a config is not clean", () => {
	test.each<[what: string, text: string, file: string, expected: string]>([
		[
			"a unit",
			"[Service]\nExecReload=/bin/sh -c 'otelcol validate && kill -HUP 1'\n",
			"o.service",
			"1 note mounts-only",
		],
		["a unit for a container", "[Container]\nImage=otel/x:0.155.0\n", "o.container", "1 note mounts-only"],
		["a restart", "#!/bin/sh\nsystemctl restart otelcol\n", "r.sh", "1 note mounts-only"],
		["a script of something else", "#!/bin/sh\necho hello\n", "r.sh", "1 error no-config"],
		["a program", `const c = \`${config()}\`;\n`, "c.mjs", "1 error no-config"],
		["PowerShell", `$c = @"\n${config()}"@\n`, "c.ps1", "1 error no-config"],
	])("%s", async (_what, text, file, expected) => {
		expect(await found(text, file)).toEqual([expected]);
	});
});

describe("tokens in lines", () => {
	const { token } = canary();

	test.each<[what: string, text: string, file: string]>([
		["a unit's variable", `[Service]\nEnvironment=INGEST_TOKEN=${token}\n`, "o.service"],
		["the same in quotes", `[Service]\nEnvironment="INGEST_TOKEN=${token}" A=b\n`, "o.service"],
		["an option of docker", `#!/bin/sh\ndocker run -e INGEST_TOKEN='${token}' otel/x\n`, "run.sh"],
		["a header", `#!/bin/sh\ncurl -H "Authorization: Bearer ${token}" https://example.com\n`, "try.sh"],
	])("%s is found once, and not shown", async (_what, text, file) => {
		const all = (await findings(text, file)).filter(({ rule }) => rule === "token-literal");
		expect(all).toEqual([expect.objectContaining({ line: 2 })]);
		expect(JSON.stringify(all)).not.toContain(token);
	});

	test.each<[where: string, text: string, file: string]>([
		["YAML", `${config("x")}# Authorization: Bearer ${token}\n`, "c.yaml"],
		["behind a value", config("x").replace("  otlp_http:", `  otlp_http: # api_key: "${token}"`), "c.yaml"],
		["a unit", `[Service]\n# Environment=INGEST_TOKEN=${token}\n`, "o.service"],
		["Alloy", `// api_key = "${token}"\n`, "c.alloy"],
	])("in a comment, %s: found once, and not shown", async (_where, text, file) => {
		const all = (await findings(text, file)).filter(({ what }) => what.startsWith("this comment contains a token"));
		expect(all).toHaveLength(1);
		expect(JSON.stringify(all)).not.toContain(token);
	});

	test("behind a line of a script it is found once", async () => {
		const all = await found(`#!/bin/sh\nsystemctl restart otelcol # INGEST_TOKEN=${token}\n`, "a.sh");
		expect(all).toEqual(["1 note mounts-only", "2 error token-literal"]);
	});

	test("a comment without one", async () => {
		const text = `${config("x")}# Authorization: Bearer <your-token>, see https://example.com/a/long/path/to/documentation-page\n# token: \${env:TOKEN_FOR_THE_BACKEND_OF_OURS}\n# token_file: /etc/otel/ingest-0123456789-token\n`;
		expect((await findings(text, "c.yaml")).filter(({ what }) => what.startsWith("this comment"))).toEqual([]);
	});

	test.each(["otelcol.conf", "otelcol.env"])("in an environment file it is read once, %s", async (file) => {
		const text = `# for otelcol\n\nOPTIONS="--config=/etc/a.yaml"\nexport INGEST_TOKEN=${token}\n`;
		expect(await found(text, file)).toEqual(["3 note not-read", "4 warning token-from-env"]);
	});

	test("a reference and a placeholder are none", async () => {
		const text = "[Service]\nEnvironment=API_TOKEN=${TOKEN} API_KEY=changeme\n";
		expect(await found(text, "o.service")).toEqual(["1 note mounts-only"]);
	});

	test("a header in a variable's value is one finding", async () => {
		const text = `kind: Instrumentation\nmetadata: {name: a}\nspec:\n  env:\n    - {name: OTEL_HEADERS, value: "Authorization=Bearer ${token}"}\n    - {name: API_TOKEN, value: "Bearer ${token}"}\n`;
		const all = (await found(text, "i.yaml")).filter((each) => each.includes("token-literal"));
		expect(all).toEqual(["5 error token-literal", "6 error token-literal"]);
	});
});

describe("what CloudFormation replaces in a config", () => {
	const template = (value: string, token: string) =>
		`Resources:\n  P:\n    Properties:\n      Value: ${value}\n${indented(config(token).replace("    sending_queue: {enabled: false}\n", ""), 8)}`;

	test.each<[what: string, value: string, token: string, expected: readonly string[]]>([
		["a parameter for the token: the token is in what comes out", "!Sub |", "${Token}", ["11 error token-literal"]],
		["what the collector would take for a provider", "!Sub |", "${env:TOKEN}", ["11 error refused-value"]],
		["what is left for the collector", "!Sub |", "${!env:TOKEN}", ["11 warning token-from-env"]],
		["the long form", "\n        Fn::Sub: |", "${Token}", ["12 error token-literal"]],
		["a text that is not replaced", "|", "${env:TOKEN}", ["11 warning token-from-env"]],
		[
			"a secret that is fetched when the stack is made",
			"|",
			"{{resolve:secretsmanager:a:SecretString:b}}",
			["11 warning token-literal"],
		],
	])("%s", async (_what, value, token, expected) => {
		const text = template(value, token);
		expect(await found(value.includes("Fn") ? text.replace(/^ {8}(?!Fn)/gm, "          ") : text, "t.yaml")).toEqual(
			expected,
		);
	});
});

test.each(["{{ token }}", "{{ .Values.token }}", "<%= token %>", "@token@"])(
	"a token that is put in when the file is rendered: %s",
	async (token) => {
		const text = config("x").replace("Bearer x", JSON.stringify(token)).replace(", sending", ", sending");
		expect(await found(text, "c.yaml")).toEqual(["7 warning token-literal", "8 error queue-off"]);
	},
);
