/**
 * Where Qwen Code is told where to send: four files of settings that are merged key by key, variables in the `env` of these files, in .env
 * files and in the shell. Read in the bundle of 0.24.4; what `routes` says was held against the real program.
 *
 * Sources: https://github.com/QwenLM/qwen-code/blob/main/packages/core/src/telemetry/config.ts (which setting goes before which),
 * https://github.com/QwenLM/qwen-code/blob/main/packages/cli/src/config/settings.ts (files),
 * https://github.com/QwenLM/qwen-code/blob/main/packages/cli/src/config/environment.ts (.env files).
 */
import type { Emission } from "../emission.ts";
import { type CliLayering, withPath } from "../layering.ts";
import { assembled, loginIn, pairsOf, withLogin, withoutLogin } from "../otel-js.ts";

const everywhere = (...paths: string[]) => ({ macos: paths, linux: paths, windows: paths });
const HOME = "{QWEN_HOME:~/.qwen}";

const signals = [
	["logs", "Logs"],
	["metrics", "Metrics"],
	["traces", "Traces"],
] as const;

/** A variable is on with these words, and off with any other. */
const isOn = (value: string) => value === "true" || value === "1";
/** A value in a file is taken as JavaScript takes it: a number other than zero and any word but false are on, too. */
const isSet = (value: string | undefined) => !["", "false", "0", "null"].includes(value ?? "");

export const layering: CliLayering = {
	id: "qwen-code",
	tolerance: { bom: true, utf16: false },
	variables: /^(QWEN_TELEMETRY_|OTEL_|QWEN_HOME$|QWEN_CODE_SYSTEM_)/,
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
			broken: "cli",
		},
		{ id: "user", title: "user's file", paths: everywhere(`${HOME}/settings.json`), format: "jsonc", broken: "cli" },
		{
			id: "project",
			title: "project's file",
			paths: everywhere("./.qwen/settings.json"),
			format: "jsonc",
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
			isForAll: true,
			broken: "cli",
		},
		{
			id: "dotenv",
			title: ".env file",
			paths: everywhere("^.qwen/.env", "^.env", `${HOME}/.env`, "~/.env"),
			format: "dotenv",
			broken: "file",
		},
		{ id: "environment", title: "environment", broken: "file" },
	],
	endpoints:
		/^\/telemetry\/otlp(Logs|Metrics|Traces)?Endpoint$|^\/env\/(QWEN_TELEMETRY|OTEL_EXPORTER)_OTLP_(\w+_)?ENDPOINT$/,
	unseen: ["the flags of the command line"],
	emissions({ get }) {
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
			const url = endpoint?.value && (own ? endpoint.value : withPath(endpoint.value, `/v1/${signal}`));
			// Our own settings switch traces off; who sends none need not hear of them.
			if (signal === "traces" && !url) return [];
			const off = !isEnabled
				? "telemetry.enabled is not true"
				: outfile
					? "telemetry.outfile redirects everything to a file"
					: url
						? undefined
						: "no endpoint is set";
			const about = { signal, url: url ? withoutLogin(url) : undefined, urlFrom: endpoint?.from };
			if (off !== undefined) return [{ ...about, sent: "no", why: off, headers: [] }];
			if (protocol !== "http") {
				const why = "telemetry.otlpProtocol is not http: gRPC is spoken, and what it sends then is not known";
				return [{ ...about, sent: "unknown", why, protocol: "grpc", headers: [] }];
			}
			const sent = { ...about, protocol: "http/json" } as const;
			if (!URL.canParse(url ?? "")) {
				return [{ ...sent, sent: "unknown", why: "the endpoint is not a URL with a scheme", headers: [] }];
			}
			const variables = ["/env/OTEL_EXPORTER_OTLP_HEADERS", `/env/OTEL_EXPORTER_OTLP_${name.toUpperCase()}_HEADERS`];
			const login = loginIn(url ?? "", endpoint?.from);
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
