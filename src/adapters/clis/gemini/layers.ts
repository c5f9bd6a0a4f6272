/**
 * Where Gemini CLI is told where to send, for `crossfade doctor`: two files of the system, the user's and the project's settings, .env
 * files and the shell. Variables go before every file.
 *
 * Sources: https://github.com/google-gemini/gemini-cli/blob/main/docs/cli/telemetry.md,
 * https://github.com/google-gemini/gemini-cli/blob/main/packages/cli/src/config/settings.ts; held against the real 0.33.2 and 0.61.0.
 */
import { ownEntry } from "../../../base/lookup.ts";
import type { Emission, EmittedSignal, SentHeader } from "../emission.ts";
import { type CliLayering, type Effective, withPath, withVariables } from "../layering.ts";
import {
	type Assembled,
	assembled,
	batchNumbers,
	loginIn,
	oddNumber,
	pairsOf,
	shortTimeout,
	withLogin,
	withoutLogin,
} from "../otel-js.ts";
import { otherLogin, sandboxed } from "../start.ts";
import { doubts } from "./values.ts";

const everywhere = (...paths: string[]) => ({ macos: paths, linux: paths, windows: paths });
const HOME = "{GEMINI_CLI_HOME:~}/.gemini";

/** Environment switches that override those in files. https://geminicli.com/docs/cli/telemetry/ */
const variables: Readonly<Record<string, string>> = {
	target: "GEMINI_TELEMETRY_TARGET",
	otlpProtocol: "GEMINI_TELEMETRY_OTLP_PROTOCOL",
	logPrompts: "GEMINI_TELEMETRY_LOG_PROMPTS",
	outfile: "GEMINI_TELEMETRY_OUTFILE",
	useCollector: "GEMINI_TELEMETRY_USE_COLLECTOR",
};
const OLD = "<0.34.0";
const endpoints = ["GEMINI_TELEMETRY_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];

/** Seen in 0.61.0: unlike its relative Qwen Code it has no variables in a file of settings. */
const ignores = [{ range: "", pointer: /^\/env\// }];

/** Read in the package of 0.61.0 (isFileAndDirectorySecureSync); what an ordinary ProgramData allows to users was not seen. */
const SAFE_ON_WINDOWS =
	"it and every folder above it, such as ProgramData, belong to administrators and no one else can write there; an ordinary ProgramData lets users create files";

export const layering: CliLayering = {
	id: "gemini",
	tolerance: { bom: false, utf16: false },
	variables: /^(GEMINI_TELEMETRY_|OTEL_|GEMINI_SANDBOX$|GEMINI_CLI_HOME$|GEMINI_CLI_SYSTEM_)/,
	// Seen in 0.33.2 and 0.61.0: each goes before the files and the .env file although it says nothing.
	emptyCounts: /./,
	layers: [
		{
			id: "defaults",
			title: "system's defaults",
			paths: {
				macos: ["{GEMINI_CLI_SYSTEM_DEFAULTS_PATH:/Library/Application Support/GeminiCli/system-defaults.json}"],
				linux: ["{GEMINI_CLI_SYSTEM_DEFAULTS_PATH:/etc/gemini-cli/system-defaults.json}"],
				windows: ["{GEMINI_CLI_SYSTEM_DEFAULTS_PATH:%ProgramData%/gemini-cli/system-defaults.json}"],
			},
			format: "jsonc",
			doubts,
			ignores,
			mustBeSafe: ">=0.61.0",
			isSafeOnWindowsIf: SAFE_ON_WINDOWS,
			broken: "cli",
		},
		{
			id: "user",
			title: "user's file",
			paths: everywhere(`${HOME}/settings.json`),
			format: "jsonc",
			doubts,
			ignores,
			broken: "cli",
			// Seen in 0.33.2 and 0.61.0.
			folders: { paths: ["{GEMINI_CLI_HOME:~}", HOME], broken: "cli" },
		},
		{
			id: "project",
			title: "project's file",
			paths: everywhere("./.gemini/settings.json"),
			format: "jsonc",
			doubts,
			ignores,
			broken: "cli",
		},
		{
			id: "system",
			title: "system's file",
			paths: {
				macos: ["{GEMINI_CLI_SYSTEM_SETTINGS_PATH:/Library/Application Support/GeminiCli/settings.json}"],
				linux: ["{GEMINI_CLI_SYSTEM_SETTINGS_PATH:/etc/gemini-cli/settings.json}"],
				windows: ["{GEMINI_CLI_SYSTEM_SETTINGS_PATH:%ProgramData%/gemini-cli/settings.json}"],
			},
			format: "jsonc",
			doubts,
			ignores,
			isForAll: true,
			// Seen: 0.33.2 reads such a file, 0.61.0 does not.
			mustBeSafe: ">=0.61.0",
			isSafeOnWindowsIf: SAFE_ON_WINDOWS,
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
	endpoints: /^\/telemetry\/otlpEndpoint$|^\/env\/(GEMINI_TELEMETRY_OTLP|OTEL_EXPORTER_OTLP)_ENDPOINT$/,
	unseen: ["the flags of the command line"],
	emissions(settings) {
		const off = reasonForSilence(settings);
		const { endpoint, urlFrom, isOld } = destinationOf(settings);
		const protocol = settingOf(settings, "otlpProtocol") ?? "grpc";
		return (["logs", "metrics", "traces"] as const).map((signal): Emission => {
			const url = endpoint && (isOld ? withoutQuery(endpoint) : withPath(endpoint, `/v1/${signal}`));
			const about = { signal, url: url && withoutFragment(withoutLogin(url)), urlFrom };
			if (off !== undefined) return { ...about, sent: "no", why: off, headers: [] };
			if (protocol !== "http") {
				const why = "it speaks gRPC, without the path of the endpoint; what it sends then is not known";
				return { ...about, sent: "unknown", why, protocol: "grpc", headers: [] };
			}
			const sent = { ...about, protocol: "http/json" } as const;
			const odd =
				sandboxed(settings, "GEMINI_SANDBOX") ??
				otherLogin(settings) ??
				oddNumber(settings.get, batchNumbers) ??
				shortTimeout(settings.get, signal);
			if (odd !== undefined) return { ...sent, sent: "unknown", why: odd, headers: [] };
			if (!URL.canParse(endpoint ?? "")) {
				return { ...sent, sent: "no", why: "the endpoint is not a URL with a scheme, so nothing is sent", headers: [] };
			}
			const headers = headersOf(signal, settings, isOld ? undefined : loginIn(endpoint ?? "", urlFrom));
			if ("headers" in headers) return { ...sent, sent: "yes", headers: headers.headers };
			return { ...sent, sent: headers.isKnown ? "no" : "unknown", why: headers.why, headers: [] };
		});
	},
	refusal(settings) {
		// Seen in 0.33.2 and 0.61.0: also where nothing else of the variables counts.
		const variable = (key: string) => settings.get(`/env/${ownEntry(variables, key)}`);
		const protocol = variable("otlpProtocol") ?? settings.get("/telemetry/otlpProtocol") ?? "grpc";
		if (protocol !== "grpc" && protocol !== "http") return "the telemetry protocol must be grpc or http";
		const target = variable("target") ?? settings.get("/telemetry/target") ?? "local";
		return target === "local" || target === "gcp" ? undefined : "the telemetry target must be local or gcp";
	},
	// Read in the packages of 0.37.2 and 0.38.0; https://github.com/google-gemini/gemini-cli/blob/main/packages/cli/src/utils/envVarResolver.ts
	expanded: (text, environment, isRelease) => withVariables(text, environment, isRelease(">=0.38.0")),
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
			what: "{name} does not stop telemetry enabled in a file, and no other variable of telemetry counts with it",
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

/**
 * Whether only the files count, and no variable of its own; those of the exporters do, such as OTEL_EXPORTER_OTLP_HEADERS. It makes a first
 * configuration of the files alone for its extensions: 0.33.2 starts telemetry by it whenever a file has switched that on, 0.61.0 only where
 * a variable says no, or nothing. Both seen.
 */
function byFilesAlone({ get, isRelease }: Effective): boolean {
	if (isRelease(OLD)) return isOn(get("/telemetry/enabled"));
	const enabled = get("/env/GEMINI_TELEMETRY_ENABLED");
	return enabled !== undefined && !isOn(enabled);
}

function isOn(value: string | undefined): boolean {
	return value === "true" || value === "1";
}

/** A setting by its variable, even if that is empty, otherwise by the files. */
function settingOf(settings: Effective, key: string): string | undefined {
	const { get } = settings;
	const variable = byFilesAlone(settings) ? undefined : ownEntry(variables, key);
	const fromVariable = variable === undefined ? undefined : get(`/env/${variable}`);
	return fromVariable ?? get(`/telemetry/${key}`);
}

function destinationOf(settings: Effective): {
	readonly endpoint: string | undefined;
	readonly urlFrom: string;
	readonly isOld: boolean;
} {
	const { get, isRelease } = settings;
	// Seen: 0.33.2 sends no user and password, and posts to the path alone.
	const isOld = isRelease(OLD);
	const isFilesOwn = byFilesAlone(settings);
	const variable = isFilesOwn ? undefined : endpoints.find((name) => get(`/env/${name}`) !== undefined);
	const urlFrom = variable === undefined ? "/telemetry/otlpEndpoint" : `/env/${variable}`;
	// Quotes and spaces around it are taken off.
	return {
		endpoint: get(urlFrom)
			?.trim()
			.replace(/^["']|["']$/g, ""),
		urlFrom,
		isOld,
	};
}

function reasonForSilence(settings: Effective): string | undefined {
	const { get } = settings;
	const isEnabled = [get("/telemetry/enabled"), get("/env/GEMINI_TELEMETRY_ENABLED")].some(isOn);
	if (!isEnabled) return "telemetry.enabled is not true";
	// Seen in 0.61.0, set by the shell or by a .env file.
	if (/^true$/i.test(get("/env/OTEL_SDK_DISABLED")?.trim() ?? "")) return "OTEL_SDK_DISABLED is true";
	if (settingOf(settings, "outfile")) return "telemetry.outfile redirects everything to a file";
	if (settingOf(settings, "target") === "gcp" && settingOf(settings, "useCollector") !== "true")
		return "telemetry.target is gcp: everything goes to Google Cloud";
	return destinationOf(settings).endpoint ? undefined : "no endpoint is set";
}

/** The exporters take them from variables alone; the user and the password of the URL are a header too, where there is no other. */
function headersOf(signal: EmittedSignal, { get }: Effective, login: SentHeader | undefined): Assembled {
	const names = ["/env/OTEL_EXPORTER_OTLP_HEADERS", `/env/OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`];
	return withLogin(assembled(...names.map((name) => pairsOf(get(name), name).pairs)), login);
}

function withoutFragment(text: string): string {
	if (!URL.canParse(text)) return text;
	const url = new URL(text);
	url.hash = "";
	return url.href;
}

/** Seen in 0.33.2: only the path is posted to. */
function withoutQuery(text: string): string {
	if (!URL.canParse(text)) return text;
	const url = new URL(text);
	url.search = "";
	url.hash = "";
	return url.href;
}
