import { codexConfig } from "../../harness/clis/configs.ts";
import type { LabCli } from "../../harness/clis/lab-cli.ts";

const userFile = "~/.codex/config.toml";

export const lab = {
	part: "codex",
	releases: { newest: "0.169.0", old: "0.165.0" },
	entry: () => "bin/codex.js",
	// `codex exec`, whose model provider is given by flags, so that config.toml is left to the test.
	start({ model, prompt }) {
		const provider = `{ name = "fake", base_url = "${model.url.openai}", env_key = "FAKE_KEY", wire_api = "responses" }`;
		const flags = ["-c", 'model_provider="fake"', "-c", `model_providers.fake=${provider}`, "-c", 'model="fake"'];
		return { args: ["exec", "--skip-git-repo-check", ...flags, prompt], env: { FAKE_KEY: "fake" } };
	},
	userFile,
	config: (to) => codexConfig(to),
	before: '# mine\nmodel_reasoning_effort = "low" # theirs\n\n[tui]\nnotifications = false',
	signals: ["logs", "metrics"],
	path: (signal) => `/v1/${signal}`,
	scriptedPath: (signal) => `/ingest/v1/${signal}`,
	sendsHeader: true,
	usage: ["codex.sse_event", "input_token_count"],
	promptShowsIn: () => [],
	obeysSystem: (version) => version !== "0.165.0",
	isLeftAlone: () => false,
	scriptedHostIn: ["logs"],
	isOtlp: () => true,
	hostIn: ["logs"],
	versionIn: ["logs", "metrics"],
	toolArgs: ["--dangerously-bypass-approvals-and-sandbox"],
	saysRefusal: false,
	setups: {
		"the user's file": ({ lab, to }) => lab.machine.write(userFile, codexConfig(to("a"))),
		"the system's file": ({ lab, to }) => lab.machine.write("/etc/codex/config.toml", codexConfig(to("a"))),
		"a header of the user's in the table of the system's": ({ lab, to, token }) => {
			lab.machine.write("/etc/codex/config.toml", codexConfig(to("a")));
			const header = `[otel.exporter.otlp-http.headers]\nAuthorization = "Bearer ${token("b")}"\n`;
			lab.machine.write(userFile, header);
		},
		"none of the user's over the system's": ({ lab, to }) => {
			lab.machine.write("/etc/codex/config.toml", codexConfig(to("a")));
			lab.machine.write(userFile, '[otel]\nexporter = "none"\n');
		},
		"requirements over the user's file": ({ lab, to }) => {
			lab.machine.write(userFile, codexConfig(to("a")));
			lab.machine.write("/etc/codex/requirements.toml", codexConfig(to("b")));
		},
		"requirements for logs alone": ({ lab, to }) => {
			lab.machine.write(userFile, codexConfig(to("a")));
			const { url, token } = to("b", "/enforced");
			const headers = `headers = { Authorization = "Bearer ${token}" }`;
			const exporter = `exporter = { otlp-http = { endpoint = "${url}", protocol = "binary", ${headers} } }`;
			lab.machine.write("/etc/codex/requirements.toml", `[otel]\n${exporter}\n`);
		},
		"the legacy managed file over the user's": ({ lab, to }) => {
			lab.machine.write(userFile, codexConfig(to("a")));
			lab.machine.write("/etc/codex/managed_config.toml", codexConfig(to("b")));
		},
		"headers of the shell": ({ lab, to, token }) => {
			lab.machine.write(userFile, codexConfig(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${token("b")}` } };
		},
		"headers of the shell for logs": ({ lab, to, token }) => {
			lab.machine.write(userFile, codexConfig(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_LOGS_HEADERS: `authorization=Bearer ${token("b")}` } };
		},
		"the shell's endpoint, which does not count": ({ lab, to }) => {
			lab.machine.write(userFile, codexConfig(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${lab.capture.url}/shell` } };
		},
		"compression asked for by the shell": ({ lab, to }) => {
			lab.machine.write(userFile, codexConfig(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_COMPRESSION: "none" } };
		},
		"a project's file": ({ lab, to }) => {
			const trust = `[projects."${lab.machine.project}"]\ntrust_level = "trusted"\n`;
			lab.machine.write(userFile, `${codexConfig(to("a"))}${trust}`);
			lab.machine.write("~/project/.codex/config.toml", codexConfig(to("b")));
		},
	},
	newestSetups: {},
} satisfies LabCli;
