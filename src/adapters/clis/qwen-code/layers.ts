/**
 * Where Qwen Code is told where to send: four files of settings that are merged key by key, variables in the `env` of these files, in .env
 * files and in the shell. Read in the bundle of 0.24.4; what `routes` says was held against the real program.
 *
 * Sources: https://github.com/QwenLM/qwen-code/blob/main/packages/core/src/telemetry/config.ts (which setting goes before which),
 * https://github.com/QwenLM/qwen-code/blob/main/packages/cli/src/config/settings.ts (files),
 * https://github.com/QwenLM/qwen-code/blob/main/packages/cli/src/config/environment.ts (.env files).
 */
import type { Emission } from "../emission.ts";
import { type CliLayering, withVariables } from "../layering.ts";
import { assembled, batchNumbers, loginIn, oddNumber, pairsOf, shortTimeout, withLogin } from "../otel-js.ts";
import { otherLogin, sandboxed } from "../start.ts";
import { doubts } from "./values.ts";

const everywhere = (...paths: string[]) => ({ macos: paths, linux: paths, windows: paths });
/** Seen in 0.24.4: a `~` is the home. */
const HOME = "{~QWEN_HOME:~/.qwen}";

const signals = [
	["logs", "Logs"],
	["metrics", "Metrics"],
	["traces", "Traces"],
] as const;

/** A variable is on with these words, and off with any other. */
const isOn = (value: string) => value === "true" || value === "1";
/** A value in a file is taken as JavaScript takes it: a number other than zero and any word but false are on, too. */
const isSet = (value: string | undefined) => !["", "false", "0", "null"].includes(value ?? "");

/** What stops everything, whatever the endpoint. */
function reasonForSilence(
	isEnabled: boolean,
	disabled: string | undefined,
	outfile: string | undefined,
	endpoint: string | undefined,
): string | undefined {
	if (!isEnabled) return "telemetry.enabled is not true";
	// Seen, set by the shell, by a .env file and by the env of a file of settings.
	if (/^true$/i.test(disabled?.trim() ?? "")) return "OTEL_SDK_DISABLED is true";
	if (outfile) return "telemetry.outfile redirects everything to a file";
	return endpoint ? undefined : "no endpoint is set";
}

/** The base endpoint without a quote at its ends, as it is taken off. */
function unquoted(base: string): string {
	return base.replace(/^["']|["']$/g, "");
}

/** A signal's URL by the base endpoint; as it is if it ends with the signal's path. */
function withSignal(base: string | undefined, signal: string): string | undefined {
	const bare = unquoted(base ?? "");
	if (!URL.canParse(bare)) return undefined;
	const url = new URL(bare);
	const path = url.pathname.replace(/\/+$/, "");
	if (!path.endsWith(`v1/${signal}`)) url.pathname = `${path}/v1/${signal}`;
	return url.href;
}

/** What is requested for a URL: written in one way, without login and fragment; undefined if it is none, or of another scheme. */
function requested(text: string | undefined): string | undefined {
	if (text === undefined || !URL.canParse(text)) return undefined;
	const url = new URL(text);
	url.username = "";
	url.password = "";
	url.hash = "";
	return /^https?:$/.test(url.protocol) ? url.href : undefined;
}

export const layering: CliLayering = {
	id: "qwen-code",
	tolerance: { bom: true, utf16: false },
	variables: /^(QWEN_TELEMETRY_|OTEL_|QWEN_SANDBOX$|QWEN_HOME$|QWEN_CODE_SYSTEM_)/,
	// Each goes before the files although it says nothing.
	emptyCounts: /^(QWEN_TELEMETRY_|OTEL_EXPORTER_OTLP_(\w+_)?ENDPOINT$)/,
	// Seen in 0.24.4: a .env file sets what the shell has set to nothing.
	emptyYields: true,
	layers: [
		{
			id: "defaults",
			title: "system's defaults",
			paths: {
				macos: ["{QWEN_CODE_SYSTEM_DEFAULTS_PATH:/Library/Application Support/QwenCode/system-defaults.json}"],
				linux: ["{QWEN_CODE_SYSTEM_DEFAULTS_PATH:/etc/qwen-code/system-defaults.json}"],
				windows: ["{QWEN_CODE_SYSTEM_DEFAULTS_PATH:%ProgramData%/qwen-code/system-defaults.json}"],
			},
			format: "jsonc",
			doubts,
			broken: "cli",
		},
		{
			id: "user",
			title: "user's file",
			paths: everywhere(`${HOME}/settings.json`),
			format: "jsonc",
			doubts,
			broken: "cli",
			// Seen in 0.24.4.
			folders: { paths: [HOME], broken: "cli" },
		},
		{
			id: "project",
			title: "project's file",
			paths: everywhere("./.qwen/settings.json"),
			format: "jsonc",
			doubts,
			broken: "file",
		},
		{
			id: "system",
			title: "system's file",
			paths: {
				macos: ["{QWEN_CODE_SYSTEM_SETTINGS_PATH:/Library/Application Support/QwenCode/settings.json}"],
				linux: ["{QWEN_CODE_SYSTEM_SETTINGS_PATH:/etc/qwen-code/settings.json}"],
				windows: ["{QWEN_CODE_SYSTEM_SETTINGS_PATH:%ProgramData%/qwen-code/settings.json}"],
			},
			format: "jsonc",
			doubts,
			isForAll: true,
			broken: "cli",
		},
		// Seen in 0.24.4: all of the home count besides the nearest one.
		{
			id: "dotenv-home",
			title: ".env file of the home",
			paths: everywhere("~/.env", "~/.qwen/.env", `${HOME}/.env`),
			format: "dotenv",
			broken: "file",
		},
		{ id: "dotenv", title: ".env file", paths: everywhere("^.qwen/.env", "^.env"), format: "dotenv", broken: "file" },
		{ id: "environment", title: "environment", broken: "file" },
	],
	endpoints:
		/^\/telemetry\/otlp(Logs|Metrics|Traces)?Endpoint$|^\/env\/(QWEN_TELEMETRY|OTEL_EXPORTER)_OTLP_(\w+_)?ENDPOINT$/,
	unseen: ["the flags of the command line"],
	emissions(settings) {
		const { get } = settings;
		const first = (...pointers: readonly string[]) => {
			const from = pointers.find((pointer) => get(pointer) !== undefined);
			return from === undefined ? undefined : { from, value: get(from) ?? "" };
		};
		const enabled = get("/env/QWEN_TELEMETRY_ENABLED");
		const isEnabled = enabled === undefined ? isSet(get("/telemetry/enabled")) : isOn(enabled);
		const protocol = first("/env/QWEN_TELEMETRY_OTLP_PROTOCOL", "/telemetry/otlpProtocol")?.value;
		const outfile = first("/env/QWEN_TELEMETRY_OUTFILE", "/telemetry/outfile")?.value;
		const base = first(
			"/env/QWEN_TELEMETRY_OTLP_ENDPOINT",
			"/env/OTEL_EXPORTER_OTLP_ENDPOINT",
			"/telemetry/otlpEndpoint",
		);
		return signals.flatMap(([signal, name]): Emission[] => {
			const own = first(
				`/env/QWEN_TELEMETRY_OTLP_${name.toUpperCase()}_ENDPOINT`,
				`/env/OTEL_EXPORTER_OTLP_${name.toUpperCase()}_ENDPOINT`,
				`/telemetry/otlp${name}Endpoint`,
			);
			const endpoint = own ?? base;
			const url = own ? requested(own.value) : requested(withSignal(base?.value, signal));
			// Our own settings switch traces off; who sends none need not hear of them.
			if (signal === "traces" && !endpoint?.value) return [];
			const off = reasonForSilence(isEnabled, get("/env/OTEL_SDK_DISABLED"), outfile, endpoint?.value);
			const about = { signal, url, urlFrom: endpoint?.from };
			if (off !== undefined) return [{ ...about, sent: "no", why: off, headers: [] }];
			if (protocol !== "http") {
				const why = "telemetry.otlpProtocol is not http: gRPC is spoken, and what it sends then is not known";
				return [{ ...about, sent: "unknown", why, protocol: "grpc", headers: [] }];
			}
			const sent = { ...about, protocol: "http/json" } as const;
			const odd =
				sandboxed(settings, "QWEN_SANDBOX") ??
				otherLogin(settings) ??
				oddNumber(get, batchNumbers) ??
				shortTimeout(get, signal);
			if (odd !== undefined) return [{ ...sent, sent: "unknown", why: odd, headers: [] }];
			if (url === undefined) {
				const why = "the endpoint is not a URL that begins with http:// or https://, so nothing is sent";
				return [{ ...sent, sent: "no", why, headers: [] }];
			}
			const variables = ["/env/OTEL_EXPORTER_OTLP_HEADERS", `/env/OTEL_EXPORTER_OTLP_${name.toUpperCase()}_HEADERS`];
			const login = loginIn(own?.value ?? unquoted(base?.value ?? ""), endpoint?.from);
			const headers = withLogin(assembled(...variables.map((name) => pairsOf(get(name), name).pairs)), login);
			if ("headers" in headers) return [{ ...sent, sent: "yes", headers: headers.headers }];
			return [{ ...sent, sent: headers.isKnown ? "no" : "unknown", why: headers.why, headers: [] }];
		});
	},
	refusal({ get }) {
		const target = get("/env/QWEN_TELEMETRY_TARGET") ?? get("/telemetry/target") ?? "local";
		if (target !== "local" && target !== "gcp") return "the telemetry target must be local or gcp";
		const protocol = get("/env/QWEN_TELEMETRY_OTLP_PROTOCOL") ?? get("/telemetry/otlpProtocol") ?? "grpc";
		return protocol === "grpc" || protocol === "http" ? undefined : "the telemetry protocol must be grpc or http";
	},
	// Seen in 0.24.4, which knows no words for a variable that is not set.
	expanded: (text, environment) => withVariables(text, environment, false),
	hazards: [
		{
			pointer: /^\/telemetry\/(enabled|target|otlp|outfile)/,
			layers: ["project"],
			severity: "warning",
			what: "{name} in this project overrides the user's, if the folder is trusted",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/(QWEN_TELEMETRY_OTLP_ENDPOINT|OTEL_EXPORTER_OTLP_ENDPOINT)$/,
			severity: "error",
			what: "{name} overrides the endpoint in every file, and its token is not ours",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer:
				/^\/env\/(QWEN_TELEMETRY|OTEL_EXPORTER)_OTLP_(LOGS|METRICS)_ENDPOINT$|^\/telemetry\/otlp(Logs|Metrics)Endpoint$/,
			value: /./,
			severity: "warning",
			what: "{name} takes that signal to another place",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_EXPORTER_OTLP_(\w+_)?HEADERS$/,
			severity: "warning",
			what: "the headers in {name} are also sent",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/QWEN_TELEMETRY_(ENABLED|TARGET|OTLP_PROTOCOL|OUTFILE)$/,
			severity: "warning",
			what: "{name} overrides the files",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/QWEN_CODE_SYSTEM_(SETTINGS|DEFAULTS)_PATH$/,
			layers: ["environment"],
			severity: "warning",
			what: "{name} moves the machine-wide file",
			fix: "unset {name} where Qwen Code is started",
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
			pointer:
				/^\/telemetry\/(logPrompts|includeSensitiveSpanAttributes)$|^\/env\/QWEN_TELEMETRY_(LOG_PROMPTS|INCLUDE_SENSITIVE_SPAN_ATTRIBUTES)$/,
			value: /^(true|1)$/,
			severity: "note",
			what: "privacy: {name} is on, so it sends what people write",
			fix: "set {name} to false in the {layer}, unless this is intended",
		},
		{
			pointer: /^\/telemetry\/logPrompts$|^\/env\/QWEN_TELEMETRY_LOG_PROMPTS$/,
			isMissing: "telemetry.logPrompts",
			severity: "note",
			what: "privacy: {name} is not set, which means on: it sends what people write",
			fix: "set {name} to false, unless this is intended",
		},
	],
	usesProxy: false,
	seen: ["0.24.4"],
	evidence: [
		"https://github.com/QwenLM/qwen-code/blob/main/packages/core/src/telemetry/config.ts",
		"https://github.com/QwenLM/qwen-code/blob/main/packages/cli/src/config/settings.ts",
	],
};
