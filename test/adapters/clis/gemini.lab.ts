import { chmodSync } from "node:fs";
import { geminiSettings } from "../../harness/clis/configs.ts";
import type { LabCli } from "../../harness/clis/lab-cli.ts";

const userFile = "~/.gemini/settings.json";
const system = "/etc/gemini-cli/settings.json";

export const lab = {
	part: "gemini",
	releases: { newest: "0.61.0", old: "0.33.2" },
	entry: (version) => (version === "0.33.2" ? "dist/index.js" : "bundle/gemini.js"),
	// Later than 20, for it loads 30 MB of code twice at each start, and 24 keeps what it compiled.
	node: 24,
	// `gemini -p`, with an API key that means nothing. The way to sign in stands in the lowest of its files; the folder is trusted; and the
	// model is named, because else another one is asked which to take.
	start({ machine, model, prompt }) {
		const signIn = { security: { auth: { selectedType: "gemini-api-key" } } };
		machine.write("/etc/gemini-cli/system-defaults.json", JSON.stringify(signIn));
		return {
			args: ["-m", "gemini-2.5-flash", "-p", prompt],
			env: {
				GOOGLE_GEMINI_BASE_URL: model.url.gemini,
				GEMINI_API_KEY: "fake",
				GEMINI_CLI_TRUST_WORKSPACE: "true",
			},
		};
	},
	userFile,
	config: (to) => geminiSettings(to),
	before: '{\n\t// mine\n\t"general": { "disableAutoUpdate": true }\n}\n',
	signals: ["logs", "metrics", "traces"],
	path: (signal, token, version) => `/ingest/${token}${version === "0.33.2" ? "" : `/v1/${signal}`}`,
	scriptedPath: (signal, token) => `/ingest/${token}/v1/${signal}`,
	sendsHeader: false,
	usage: ["gemini_cli.api_response", "input_token_count"],
	// The tests give it as an argument, and arguments are in the resource.
	promptShowsIn: (version) => [
		...(version === "0.33.2" ? ["gemini_cli.api_request request_text", "llm_call gen_ai.input.messages"] : []),
		"resource process.command_args",
	],
	obeysSystem: () => true,
	// It cannot be kept from sending prompts.
	isLeftAlone: (version) => version === "0.33.2",
	scriptedHostIn: ["logs", "metrics", "traces"],
	// Before 0.34.0 it posts to the bare URL, which names no signal.
	isOtlp: (version) => version !== "0.33.2",
	hostIn: ["logs", "metrics", "traces"],
	versionIn: [],
	toolArgs: ["--yolo"],
	saysRefusal: true,
	setups: {
		"the user's file": ({ lab, to }) => lab.machine.write(userFile, geminiSettings(to("a"))),
		"the system's file over the user's": ({ lab, to }) => {
			lab.machine.write(userFile, geminiSettings(to("a")));
			lab.machine.write(system, geminiSettings(to("b")));
		},
		"a system's file that others may write": ({ lab, to }) => {
			lab.machine.write(userFile, geminiSettings(to("a")));
			lab.machine.write(system, geminiSettings(to("b")));
			chmodSync(lab.machine.path(system), 0o664);
		},
		"the shell's OTEL_EXPORTER_OTLP_ENDPOINT": ({ lab, to }) => {
			lab.machine.write(userFile, geminiSettings(to("a")));
			const { url, token } = to("b");
			return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/ingest/${token}` } };
		},
		"GEMINI_TELEMETRY_ENABLED=false, which does not stop it": ({ lab, to }) => {
			lab.machine.write(userFile, geminiSettings(to("a")));
			return { env: { GEMINI_TELEMETRY_ENABLED: "false" } };
		},
		"user and password in the URL": ({ lab, to, token }) => {
			const endpoint = `http://crossfade:${token("a")}@${new URL(lab.capture.url).host}/base/`;
			lab.machine.write(userFile, geminiSettings(to("a"), { otlpEndpoint: endpoint }));
		},
	},
	newestSetups: {
		"the shell's headers": ({ lab, to, token }) => {
			lab.machine.write(userFile, geminiSettings(to("a")));
			return { env: { OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token("b")}` } };
		},
		"a project's file over the user's": ({ lab, to }) => {
			lab.machine.write(userFile, geminiSettings(to("a")));
			lab.machine.write("~/project/.gemini/settings.json", geminiSettings(to("b")));
		},
		"an outfile of the user's under the system's file": ({ lab, to }) => {
			const outfile = lab.machine.path("~/telemetry.log");
			lab.machine.write(userFile, JSON.stringify({ telemetry: { outfile } }));
			lab.machine.write(system, geminiSettings(to("a"), { outfile: undefined }));
		},
		"a project's .env": ({ lab, to }) => {
			lab.machine.write(userFile, geminiSettings(to("a")));
			const { url, token } = to("b");
			lab.machine.write("~/project/.env", `OTEL_EXPORTER_OTLP_ENDPOINT=${url}/ingest/${token}\n`);
			lab.machine.write("~/.gemini/.env", `OTEL_EXPORTER_OTLP_ENDPOINT=${url}/ingest/never-read\n`);
		},
		"the .env of the home": ({ lab, to }) => {
			lab.machine.write(userFile, geminiSettings(to("a")));
			const { url, token } = to("b");
			lab.machine.write("~/.gemini/.env", `# mine\nGEMINI_TELEMETRY_OTLP_ENDPOINT="${url}/ingest/${token}"\n`);
		},
	},
} satisfies LabCli;
