/**
 * Where Gemini CLI is told where to send, for `crossfade doctor`: two files of the system, the user's and the project's settings, .env
 * files and the shell. Variables go before every file.
 *
 * Sources: https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/telemetry.md,
 * https://github.com/google-gemini/gemini-cli/blob/main/packages/cli/src/config/settings.ts; held against the real 0.33.2 and 0.61.0.
 */
import { type CliLayering, headerIn, type Route, tokenIn, withPath } from "../layering.ts";

const everywhere = (...paths: string[]) => ({ macos: paths, linux: paths });
const HOME = "{GEMINI_CLI_HOME:~}/.gemini";

/** Environment switches that override those in files. https://geminicli.com/docs/cli/telemetry/ */
const variables: Readonly<Record<string, string>> = {
	target: "GEMINI_TELEMETRY_TARGET",
	otlpProtocol: "GEMINI_TELEMETRY_OTLP_PROTOCOL",
	logPrompts: "GEMINI_TELEMETRY_LOG_PROMPTS",
	outfile: "GEMINI_TELEMETRY_OUTFILE",
	useCollector: "GEMINI_TELEMETRY_USE_COLLECTOR",
};
const endpoints = ["GEMINI_TELEMETRY_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

export const layering: CliLayering = {
	id: "gemini",
	program: "gemini",
	tolerance: { bom: false, utf16: false },
	variables: /^(GEMINI_TELEMETRY_|OTEL_|GEMINI_CLI_HOME$|GEMINI_CLI_SYSTEM_)/,
	layers: [
		{
			id: "defaults",
			title: "system's defaults",
			paths: {
				macos: ["{GEMINI_CLI_SYSTEM_DEFAULTS_PATH:/Library/Application Support/GeminiCli/system-defaults.json}"],
				linux: ["{GEMINI_CLI_SYSTEM_DEFAULTS_PATH:/etc/gemini-cli/system-defaults.json}"],
			},
			format: "jsonc",
			mustBeSafe: ">=0.61.0",
			broken: "cli",
		},
		{ id: "user", title: "user's file", paths: everywhere(`${HOME}/settings.json`), format: "jsonc", broken: "cli" },
		{
			id: "project",
			title: "project's file",
			paths: everywhere("./.gemini/settings.json"),
			format: "jsonc",
			broken: "cli",
		},
		{
			id: "system",
			title: "system's file",
			paths: {
				macos: ["{GEMINI_CLI_SYSTEM_SETTINGS_PATH:/Library/Application Support/GeminiCli/settings.json}"],
				linux: ["{GEMINI_CLI_SYSTEM_SETTINGS_PATH:/etc/gemini-cli/settings.json}"],
			},
			format: "jsonc",
			isForAll: true,
			// Seen: 0.33.2 reads such a file, 0.61.0 does not.
			mustBeSafe: ">=0.61.0",
			broken: "cli",
		},
		{
			id: "dotenv",
			title: ".env file",
			// Only the nearest one, those in the home last.
			paths: everywhere("^.gemini/.env", "^.env", `${HOME}/.env`, "~/.env"),
			format: "dotenv",
			broken: "file",
		},
		{ id: "environment", title: "environment", broken: "file" },
	],
	unseen: ["the flags of the command line"],
	routes({ get, isRelease }) {
		const setting = (key: string) => {
			const fromVariable = variables[key] === undefined ? undefined : get(`/env/${variables[key]}`);
			return fromVariable ?? get(`/telemetry/${key}`);
		};
		// Seen: 0.33.2 still uses the file's endpoint, and sends no user and password.
		const isOld = isRelease("<0.34.0");
		const isFilesOwn = isOld && get("/telemetry/otlpEndpoint") !== undefined;
		const variable = isFilesOwn ? undefined : endpoints.find((name) => get(`/env/${name}`) !== undefined);
		const endpoint = variable === undefined ? get("/telemetry/otlpEndpoint") : get(`/env/${variable}`);
		const isEnabled = [get("/telemetry/enabled"), get("/env/GEMINI_TELEMETRY_ENABLED")].some(
			(value) => value === "true" || value === "1",
		);
		const off = !isEnabled
			? "telemetry.enabled is not true"
			: setting("outfile")
				? "telemetry.outfile redirects everything to a file"
				: setting("target") === "gcp" && setting("useCollector") !== "true"
					? "telemetry.target is gcp: everything goes to Google Cloud"
					: endpoint
						? undefined
						: "no endpoint is set";
		return (["logs", "metrics", "traces"] as const).map((signal): Route => {
			const own = `/env/OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`;
			const general = "/env/OTEL_EXPORTER_OTLP_HEADERS";
			const from = headerIn(get(own), "authorization") === undefined ? general : own;
			const header = headerIn(get(from), "authorization");
			return {
				signal,
				off,
				url: endpoint && (isOld ? endpoint : withPath(endpoint, `/v1/${signal}`)),
				urlFrom: variable === undefined ? "/telemetry/otlpEndpoint" : `/env/${variable}`,
				...(header === undefined
					? {
							...tokenInUrl(endpoint, isOld),
							tokenFrom: variable === undefined ? "/telemetry/otlpEndpoint" : `/env/${variable}`,
						}
					: { ...tokenIn(unescaped(header)), tokenFrom: from }),
			};
		});
	},
	hazards: [
		{
			pointer: /^\/telemetry\/(enabled|target|otlp|useCollector)/,
			layers: ["project"],
			severity: "warning",
			what: "{name} in this project overrides the user's, if the folder is trusted",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/(GEMINI_TELEMETRY_OTLP_ENDPOINT|OTEL_EXPORTER_OTLP_ENDPOINT)$/,
			range: ">=0.34.0",
			severity: "error",
			what: "{name} overrides the endpoint in every file, and its token is not ours",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_EXPORTER_OTLP_(\w+_)?HEADERS$/,
			severity: "warning",
			what: "the headers in {name} are also sent",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/GEMINI_TELEMETRY_ENABLED$/,
			value: /^(?!true$|1$)/,
			severity: "warning",
			what: "{name} does not stop telemetry enabled in a file",
			fix: "set telemetry.enabled to false in the file, or remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/GEMINI_TELEMETRY_(TARGET|OTLP_PROTOCOL|OUTFILE|USE_COLLECTOR)$/,
			severity: "warning",
			what: "{name} overrides the files",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/GEMINI_CLI_SYSTEM_(SETTINGS|DEFAULTS)_PATH$/,
			layers: ["environment"],
			severity: "warning",
			what: "{name} moves the machine-wide file",
			fix: "unset {name} before you start Gemini CLI",
		},
		{
			pointer: /^\/telemetry\/outfile$/,
			value: /./,
			severity: "error",
			what: "{name} redirects telemetry to a file, so none is sent",
			fix: 'set {name} to "" in the {layer}',
		},
		{
			pointer: /^\/telemetry\/otlpProtocol$/,
			value: /^grpc$/,
			severity: "error",
			what: "gRPC drops the endpoint's path, and the token in it",
			fix: "set {name} to http in the {layer}",
		},
		{
			pointer: /^\/telemetry\/logPrompts$|^\/env\/GEMINI_TELEMETRY_LOG_PROMPTS$/,
			value: /^(true|1)$/,
			severity: "note",
			what: "privacy: {name} is on, so it sends what people write",
			fix: "set {name} to false in the {layer}, unless this is intended",
		},
		{
			pointer: /^\/telemetry\/logPrompts$|^\/env\/GEMINI_TELEMETRY_LOG_PROMPTS$/,
			isMissing: "telemetry.logPrompts",
			severity: "note",
			what: "privacy: {name} is not set, which means on: it sends what people write",
			fix: "set {name} to false, unless this is intended",
		},
	],
	usesProxy: false,
	seen: ["0.33.2", "0.61.0"],
	evidence: [
		"https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/telemetry.md",
		"https://github.com/google-gemini/gemini-cli/blob/main/packages/cli/src/config/settings.ts",
	],
};

function unescaped(value: string): string {
	try {
		return decodeURIComponent(value);
	} catch {
		return value;
	}
}

/** User and password, or the last segment of the path. */
function tokenInUrl(endpoint: string | undefined, isOld: boolean): Pick<Route, "token" | "tokenBy"> {
	if (!endpoint || !URL.canParse(endpoint)) return {};
	const { password, pathname } = new URL(endpoint);
	if (password !== "" && !isOld) return { token: decodeURIComponent(password), tokenBy: "basic" };
	const segment = pathname
		.split("/")
		.filter((each) => each !== "")
		.at(-1);
	return segment === undefined ? {} : { token: decodeURIComponent(segment), tokenBy: "url" };
}
