import { cli } from "../../../src/adapters/clis/claude-code/index.ts";
import { claudeSettings } from "../../harness/clis/configs.ts";
import type { LabCli } from "../../harness/clis/lab-cli.ts";

const userFile = "~/.claude/settings.json";
const managed = "/etc/claude-code/managed-settings.json";
const dropIn = (name: string) => `/etc/claude-code/managed-settings.d/${name}.json`;
/** The program that our script installs. */
const helper = cli.header?.program ?? "";

export const lab = {
	part: "claude",
	releases: { newest: "2.1.330", old: "2.1.81" },
	entry: (version) => (version === "2.1.81" ? "cli.js" : "cli-wrapper.cjs"),
	// `claude -p`, with an API key that means nothing, and more time to send at its end than a busy machine needs.
	start: ({ machine, model, prompt }) => ({
		args: ["-p", prompt],
		env: {
			ANTHROPIC_BASE_URL: model.url.anthropic,
			ANTHROPIC_API_KEY: "sk-ant-fake",
			DISABLE_AUTOUPDATER: "1",
			CLAUDE_CODE_TMPDIR: machine.tmp,
			CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS: "60000",
		},
	}),
	userFile,
	config: (to) => claudeSettings(to),
	before: '{"env": {"MINE": "1"},\r\n  "includeCoAuthoredBy": false}\n',
	signals: ["logs", "metrics"],
	path: (signal) => `/v1/${signal}`,
	scriptedPath: (signal) => `/ingest/v1/${signal}`,
	sendsHeader: true,
	usage: ["api_request", "input_tokens"],
	promptShowsIn: () => [],
	obeysSystem: (version) => version !== "2.1.81",
	isLeftAlone: () => false,
	scriptedHostIn: ["logs", "metrics"],
	isOtlp: () => true,
	hostIn: [],
	versionIn: ["logs", "metrics"],
	toolArgs: ["--allowedTools", "Bash"],
	saysRefusal: false,
	setups: {
		"the user's file": ({ lab, to }) => lab.machine.write(userFile, claudeSettings(to("a"))),
		"the shell alone": ({ to }) => ({ env: JSON.parse(claudeSettings(to("a"))).env }),
		"the user's file and the same variables in the shell": ({ lab, to }) => {
			lab.machine.write(userFile, claudeSettings(to("a")));
			return { env: JSON.parse(claudeSettings(to("b", "/shell"))).env };
		},
		"the shell diverts one signal": ({ lab, to }) => {
			lab.machine.write(userFile, claudeSettings(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${lab.capture.url}/shell` } };
		},
		"a header for one signal": ({ lab, to, token }) => {
			const headers = { OTEL_EXPORTER_OTLP_LOGS_HEADERS: `Authorization=Bearer ${token("b")}` };
			lab.machine.write(userFile, claudeSettings(to("a"), headers));
		},
		"a managed file over the user's": ({ lab, to }) => {
			lab.machine.write(userFile, claudeSettings(to("a")));
			lab.machine.write(managed, claudeSettings(to("b")));
		},
		"a managed file, and a diversion in the user's file and in the shell": ({ lab, to }) => {
			lab.machine.write(managed, claudeSettings(to("a")));
			const env = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${lab.capture.url}/user` };
			lab.machine.write(userFile, JSON.stringify({ env }));
			return { env: { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${lab.capture.url}/shell` } };
		},
		"two drop-ins over a managed file": ({ lab, to }) => {
			lab.machine.write(managed, claudeSettings(to("a")));
			lab.machine.write(dropIn("50-a"), claudeSettings(to("b")));
			lab.machine.write(dropIn("60-b"), claudeSettings(to("c")));
		},
		"a project's file over the user's": ({ lab, to }) => {
			lab.machine.write(userFile, claudeSettings(to("a")));
			lab.machine.write("~/project/.claude/settings.json", claudeSettings(to("b")));
		},
		"a comment in the user's file, and the shell": ({ lab, to }) => {
			lab.machine.write(userFile, `// mine\n${claudeSettings(to("a"))}`);
			return { env: JSON.parse(claudeSettings(to("b"))).env };
		},
		"a byte order mark": ({ lab, to }) => lab.machine.write(userFile, `\ufeff${claudeSettings(to("a"))}`),
		"our own program for the header": ({ lab, to, token }) => {
			lab.machine.write("~/.claude/crossfade-header", helper);
			lab.machine.write("~/.claude/crossfade-token", `${token("b")}\n`);
			const program = `/bin/sh ${lab.machine.path("~/.claude/crossfade-header")}`;
			lab.machine.write(userFile, claudeSettings(to("a"), {}, { otelHeadersHelper: program }));
		},
	},
	newestSetups: {
		"a program of the user's under a managed file": ({ lab, to, token }) => {
			lab.machine.write(managed, claudeSettings(to("a")));
			lab.machine.write("~/.claude/crossfade-header", helper);
			lab.machine.write("~/.claude/crossfade-token", token("b"));
			const otelHeadersHelper = `/bin/sh ${lab.machine.path("~/.claude/crossfade-header")}`;
			lab.machine.write(userFile, JSON.stringify({ otelHeadersHelper }));
		},
		"a managed file with a header alone, and an endpoint of the user's": ({ lab, to, token }) => {
			const env = { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token("b")}` };
			lab.machine.write(managed, JSON.stringify({ env }));
			lab.machine.write(userFile, claudeSettings(to("a")));
		},
	},
} satisfies LabCli;
