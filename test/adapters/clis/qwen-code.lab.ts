import type { Destination, LabCli } from "../../harness/clis/lab-cli.ts";

const userFile = "~/.qwen/settings.json";
const system = "/etc/qwen-code/settings.json";

/** The `telemetry` block, with the token in the path. */
function settings({ url, token }: Destination, more: Readonly<Record<string, unknown>> = {}): string {
	const telemetry = {
		enabled: true,
		target: "local",
		otlpEndpoint: `${url}/ingest/${token}`,
		otlpProtocol: "http",
		otlpTracesEndpoint: "",
		logPrompts: false,
		outfile: "",
	};
	return JSON.stringify({ telemetry: { ...telemetry, ...more } });
}

export const lab = {
	part: "qwen",
	releases: { newest: "0.24.4" },
	entry: () => "cli-entry.js",
	node: 22,
	// `qwen -p`, with an API key that means nothing. The way to sign in is a flag: no file of settings is changed by the test.
	start({ model, prompt }) {
		return {
			args: ["--auth-type", "openai", "-p", prompt],
			env: { OPENAI_BASE_URL: model.url.openai, OPENAI_API_KEY: "fake", OPENAI_MODEL: "fake" },
		};
	},
	userFile,
	config: (to) => settings(to),
	// With the version of the format in it, which it would else write itself.
	before: '{\n\t// mine\n\t"general": { "disableAutoUpdate": true },\n\t"$version": 4\n}\n',
	signals: ["logs", "metrics"],
	path: (signal, token) => `/ingest/${token}/v1/${signal}`,
	scriptedPath: (signal, token) => `/ingest/${token}/v1/${signal}`,
	sendsHeader: false,
	usage: ["qwen-code.api_response", "input_token_count"],
	promptShowsIn: () => [],
	obeysSystem: () => true,
	isLeftAlone: () => false,
	scriptedHostIn: ["logs", "metrics"],
	isOtlp: () => true,
	hostIn: [],
	versionIn: ["logs", "metrics"],
	toolArgs: ["--yolo"],
	saysRefusal: false,
	setups: {
		"the user's file": ({ lab, to }) => lab.machine.write(userFile, settings(to("a"))),
		"the system's file over the user's": ({ lab, to }) => {
			lab.machine.write(userFile, settings(to("a")));
			lab.machine.write(system, settings(to("b")));
		},
		"the shell's endpoint": ({ lab, to }) => {
			lab.machine.write(userFile, settings(to("a")));
			const { url, token } = to("b");
			return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/ingest/${token}` } };
		},
		"an endpoint for one signal": ({ lab, to }) => {
			const { url, token } = to("b");
			lab.machine.write(userFile, settings(to("a"), { otlpLogsEndpoint: `${url}/ingest/${token}/v1/logs` }));
		},
		"an endpoint of the user's for one signal under the system's file": ({ lab, to }) => {
			const { url, token } = to("b");
			lab.machine.write(userFile, settings(to("a"), { otlpMetricsEndpoint: `${url}/ingest/${token}/v1/metrics` }));
			lab.machine.write(system, settings(to("c")));
		},
		"variables in the env of the user's file": ({ lab, to, token }) => {
			const env = { OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${token("b")}` };
			lab.machine.write(userFile, JSON.stringify({ env, ...JSON.parse(settings(to("a"))) }));
		},
		"switched off by the shell": ({ lab, to }) => {
			lab.machine.write(userFile, settings(to("a")));
			return { env: { QWEN_TELEMETRY_ENABLED: "false" } };
		},
		"a .env file of the project": ({ lab, to }) => {
			lab.machine.write(userFile, settings(to("a")));
			const { url, token } = to("b");
			lab.machine.write("~/project/.qwen/.env", `QWEN_TELEMETRY_OTLP_ENDPOINT=${url}/ingest/${token}\n`);
		},
		"a byte order mark": ({ lab, to }) => lab.machine.write(userFile, `\ufeff${settings(to("a"))}`),
	},
	newestSetups: {},
} satisfies LabCli;
