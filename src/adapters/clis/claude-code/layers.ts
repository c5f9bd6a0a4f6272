/**
 * Where Claude Code is told where to send, for `crossfade doctor`: the shell, the user's and the project's settings, managed files with
 * drop-ins, a configuration profile. One managed source takes endpoint and headers as a whole.
 *
 * Sources: https://code.claude.com/docs/en/settings, https://code.claude.com/docs/en/server-managed-settings,
 * https://code.claude.com/docs/en/monitoring-usage; held against the real 2.1.81 and 2.1.330.
 */
import type { Emission, EmittedSignal, SentHeader } from "../emission.ts";
import type { CliLayering, Effective } from "../layering.ts";
import { assembled, pairsOf } from "../otel-js.ts";
import {
	doubtOf,
	doubtOfAll,
	exporterWords,
	failureOf,
	isOfWeb,
	isOn,
	protocolOf,
	requested,
	signals,
	urlWithPath,
} from "./exporters.ts";
import { kinds } from "./index.ts";
import { doubts } from "./values.ts";

const everywhere = (...paths: string[]) => ({ macos: paths, linux: paths, windows: paths });
/** Seen in 2.1.81 and 2.1.330: an empty one is the working folder, and not for the state file. */
const HOME = "{CLAUDE_CONFIG_DIR=:~/.claude}";

/** Settings that are taken all from the strongest managed source. https://code.claude.com/docs/en/server-managed-settings */
const unit = /^\/(env\/(OTEL_EXPORTER_OTLP_|OTEL_LOG_|OTEL_LOGS_EXPORTER$)|otelHeadersHelper$)/;
const variableOfUnit = new RegExp(unit.source.replace("|otelHeadersHelper$", ""));
const endpoints = /^\/env\/OTEL_EXPORTER_OTLP_(\w+_)?ENDPOINT$/;
const destination = /^\/env\/OTEL_EXPORTER_OTLP_(\w+_)?(ENDPOINT|HEADERS)$/;

/**
 * Seen in 2.1.330: a general header in a managed source disables endpoints and headers of weaker layers, also those for single signals; a
 * general endpoint only their endpoints, so that their headers go there; headers for one signal only the endpoint of that signal. Documented
 * since 2.1.217.
 */
const clears = [
	...["LOGS", "METRICS", "TRACES"].map((signal) => ({
		range: ">=2.1.217",
		having: new RegExp(`^/env/OTEL_EXPORTER_OTLP_${signal}_HEADERS$`),
		pointer: new RegExp(`^/env/OTEL_EXPORTER_OTLP_${signal}_ENDPOINT$`),
	})),
	{ range: ">=2.1.217", having: /^\/env\/OTEL_EXPORTER_OTLP_HEADERS$/, pointer: destination },
	{ range: ">=2.1.217", having: /^\/env\/OTEL_EXPORTER_OTLP_ENDPOINT$/, pointer: endpoints },
	// Seen in 2.1.330.
	{
		range: ">=2.1.330",
		having: /^\/env\/OTEL_EXPORTER_OTLP_PROTOCOL$/,
		pointer: /^\/env\/OTEL_EXPORTER_OTLP_(LOGS|METRICS|TRACES)_PROTOCOL$/,
	},
];

/**
 * Seen: 2.1.81 reads them from a project, 2.1.330 does not, but for an exporter that is none; what else OpenTelemetry knows, such as queues,
 * times and compression, it does read. Both use a project's header program.
 */
const ignores = [
	{
		range: ">=2.1.330",
		pointer:
			/^\/env\/(CLAUDE_CODE_ENABLE_TELEMETRY|OTEL_EXPORTER_OTLP_((LOGS|METRICS|TRACES)_)?(ENDPOINT|HEADERS|PROTOCOL))$/,
	},
	{ range: ">=2.1.330", pointer: /^\/env\/OTEL_(LOGS|METRICS|TRACES)_EXPORTER$/, value: /^(?!\s*none\s*$)/ },
];

/** A value of another type switches the whole file off. */
const { "/attribution": _later, ...types } = kinds;

// A value of a wrong type is left out of a managed file, and the rest of it counts (seen in 2.1.330).
const managed = {
	source: "file",
	clears,
	// Seen in 2.1.330: of the unit, a variable without a text leaves that of a weaker layer. A header program without one counts: there is none.
	ignores: [{ range: ">=2.1.330", pointer: variableOfUnit, value: /^$/ }],
	isForAll: true,
	// Seen in 2.1.330: with broken JSON it ends with 1, once in many after it had sent by the other files.
	broken: "cli",
	sendsFirst: true,
	doubts: [
		// Seen in 2.1.81: it is left out as a whole.
		{
			range: "<2.1.330",
			of: types,
			why: "has a value of a wrong type, and whether the rest of it counts is not known",
		},
		...doubts.filter(({ isBroken }) => isBroken !== true),
		// Seen in 2.1.330: one for the endpoint stopped all of it, one that has nothing to do with telemetry nothing.
		{ range: "", of: "null", why: "has a setting without a value, and what that does is not known" },
	],
} as const;

const GENERAL = "/env/OTEL_EXPORTER_OTLP_HEADERS";
const PROGRAM = "/otelHeadersHelper";
/** Where the exporters send if the endpoint is no URL. */
const FALLBACK = "http://localhost:4318/";

export const layering: CliLayering = {
	id: "claude-code",
	tolerance: { bom: true, utf16: true },
	variables:
		/^(OTEL_|CLAUDE_CODE_(ENABLE_TELEMETRY|ENHANCED_TELEMETRY_BETA|OTEL_|CLIENT_)|CLAUDE_CONFIG_DIR$|(HTTPS?|NO|ALL)_PROXY$|(https?|no|all)_proxy$|NODE_EXTRA_CA_CERTS$|NODE_TLS_|SSL_CERT_)/,
	layers: [
		// A variable in a settings file overrides the one in the shell.
		{ id: "environment", title: "environment", broken: "file" },
		// Seen in 2.1.81 and 2.1.330: its env counts too.
		{
			id: "state",
			title: "user's state file",
			paths: everywhere("{CLAUDE_CONFIG_DIR:~}/.claude.json"),
			format: "json",
			// Seen in 2.1.330: with broken JSON it does not start, with a byte order mark it reads none of it, and sends by the others.
			tolerance: { bom: "empty", utf16: false },
			// Seen in 2.1.81, which does not start with an empty one.
			doubts: [{ range: "<2.1.330", of: "empty", why: "has nothing to read, with which some releases do not start" }],
			broken: "unknown",
		},
		{
			id: "user",
			title: "user's file",
			paths: everywhere(`${HOME}/settings.json`),
			format: "json",
			types,
			doubts,
			broken: "file",
			// Seen: 2.1.81 sends nothing, 2.1.330 by the other files.
			folders: { paths: [HOME], range: "<2.1.330", broken: "unknown" },
		},
		{
			id: "project",
			title: "project's file",
			paths: everywhere("./.claude/settings.json"),
			format: "json",
			types,
			doubts,
			ignores,
			broken: "unknown",
		},
		{
			id: "local",
			title: "project's local file",
			paths: everywhere("./.claude/settings.local.json"),
			format: "json",
			types,
			doubts,
			ignores,
			broken: "unknown",
		},
		// https://github.com/anthropics/claude-code/blob/main/CHANGELOG.md (2.0.58 prefers the other, 2.1.75 drops this)
		{
			id: "managed-before",
			title: "managed file of releases before 2.1.75",
			paths: { windows: ["%ProgramData%/ClaudeCode/managed-settings.json"] },
			format: "json",
			range: "<2.1.75",
			...managed,
		},
		{
			id: "managed",
			title: "managed file",
			paths: {
				macos: ["/Library/Application Support/ClaudeCode/managed-settings.json"],
				linux: ["/etc/claude-code/managed-settings.json"],
				windows: ["%ProgramFiles%/ClaudeCode/managed-settings.json"],
			},
			format: "json",
			...managed,
		},
		{
			id: "drop-ins",
			title: "managed drop-in",
			paths: {
				macos: ["/Library/Application Support/ClaudeCode/managed-settings.d/*.json"],
				linux: ["/etc/claude-code/managed-settings.d/*.json"],
				windows: ["%ProgramFiles%/ClaudeCode/managed-settings.d/*.json"],
			},
			format: "json",
			range: ">=2.1.83",
			...managed,
		},
		{
			id: "profile",
			title: "configuration profile",
			paths: {
				macos: [
					"/Library/Managed Preferences/com.anthropic.claudecode.plist",
					"/Library/Managed Preferences/{USER:root}/com.anthropic.claudecode.plist",
				],
			},
			format: "plist",
			range: ">=2.1.51",
			source: "profile",
			clears,
			broken: "file",
		},
	],
	sources: {
		order: ["file", "profile"],
		whole: [
			{ range: "<2.1.223", pointer: /^\// },
			{ range: ">=2.1.223", pointer: unit },
		],
	},
	endpoints,
	transport: {
		anywhere: /^\/env\/(OTEL_EXPORTER_OTLP_(\w+_)?(CERTIFICATE|CLIENT_KEY|CLIENT_CERTIFICATE)|CLAUDE_CODE_CLIENT_\w+)$/,
		inFiles:
			/^\/env\/(https?_proxy|no_proxy|all_proxy|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|SSL_CERT_FILE)$/i,
	},
	unseen: [
		"settings from the admin console or a gateway, which override all of these",
		"the flag --settings",
		"values deep inside rare settings (plugins, marketplaces, SSH hosts), by which a file is left out",
	],
	emissions(settings) {
		const failure = signals.map((signal) => failureOf(signal, settings)).find((why) => why !== undefined);
		const doubt = settings.isRelease("<2.1.330") ? doubtOfAll(settings) : undefined;
		return signals.flatMap((signal) => {
			// Spans are a separate beta; report them only if enabled.
			if (signal === "traces" && !exporterWords(signal, settings).includes("otlp")) return [];
			const emission = emissionOf(signal, settings);
			if (emission.sent === "no") return [emission];
			if (failure !== undefined) return [{ ...emission, sent: "no", why: failure }];
			return doubt === undefined ? [emission] : [{ ...emission, sent: "unknown", why: doubt }];
		});
	},
	programFiles(command) {
		const [, folder] = /^\/bin\/sh (\/[A-Za-z0-9._/@-]+)\/crossfade-header$/.exec(command) ?? [];
		return folder === undefined
			? undefined
			: { program: `${folder}/crossfade-header`, token: `${folder}/crossfade-token` };
	},
	hazards: [
		{
			pointer: /^\/env\/OTEL_/,
			layers: ["project", "local"],
			range: "<2.1.82",
			severity: "warning",
			what: "{name} in this project overrides the user's",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_/,
			layers: ["project", "local"],
			range: ">=2.1.82 <2.1.330",
			severity: "warning",
			what: "{name} in this project may override the user's: 2.1.81 uses it, and of some 2.1.330 does not",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_/,
			layers: ["project", "local"],
			range: ">=2.1.330",
			severity: "warning",
			what: "{name} in this project overrides the user's",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_EXPORTER_OTLP_(LOGS|METRICS|TRACES)_ENDPOINT$/,
			// In the user's file it stands beside the token, and is ours.
			layers: ["environment", "state", "project", "local", "managed", "drop-ins", "profile"],
			severity: "warning",
			what: "{name} sends that signal, with the Authorization header of the others, elsewhere",
			fix: "remove {name} from the {layer}",
		},
		{
			pointer: /^\/otelHeadersHelper$/,
			layers: ["project", "local"],
			severity: "error",
			what: "a program of this project sets the headers, and so the token, of all telemetry",
			fix: "remove otelHeadersHelper from the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_EXPORTER_OTLP_PROTOCOL$/,
			value: /^grpc$/,
			severity: "warning",
			what: "telemetry uses gRPC, for which no supported provider accepts a token",
			fix: "set {name} to http/protobuf in the {layer}",
		},
		{
			pointer: /^\/env\/OTEL_LOG_(USER_PROMPTS|ASSISTANT_RESPONSES|RAW_API_BODIES|TOOL_CONTENT|TOOL_DETAILS)$/,
			value: /^(1|true|yes|on)$/i,
			severity: "note",
			what: "privacy: {name} is on, so it sends content: what people write, read or run",
			fix: "set {name} to 0 in the {layer}, unless this is intended",
		},
	],
	usesProxy: true,
	seen: ["2.1.81", "2.1.330"],
	evidence: [
		"https://code.claude.com/docs/en/settings",
		"https://code.claude.com/docs/en/server-managed-settings",
		"https://code.claude.com/docs/en/monitoring-usage",
	],
};

function emissionOf(signal: EmittedSignal, settings: Effective): Emission {
	const { url, urlFrom, flaw } = destinationOf(signal, settings);
	const protocol = protocolOf(signal, settings);
	const about = { signal, url, urlFrom, protocol: protocol.protocol, ...(flaw !== undefined && { flaws: [flaw] }) };
	const off =
		reasonForSilence(signal, settings) ??
		protocol.off ??
		(isOfWeb(url) ? undefined : "its endpoint is neither http nor https");
	const headers = headersOf(signal, settings);
	const known = "headers" in headers ? headers.headers : [];
	if (off !== undefined) return { ...about, sent: "no", why: off, headers: known };
	const unsure = doubtOf(signal, url, settings);
	if (unsure !== undefined) return { ...about, sent: "unknown", why: unsure, headers: known };
	if (isEmptyInManaged(signal, settings)) {
		const doubt = "a managed file sets an endpoint or headers to nothing, and what that does is not known";
		return { ...about, sent: "unknown", why: doubt, headers: known };
	}
	if (exporterWords(signal, settings).includes("prometheus")) {
		return { ...about, sent: "unknown", why: "what is sent beside the other exporter is not known", headers: known };
	}
	const doubt = protocol.protocol === "grpc" ? "what it sends with gRPC is not known" : protocol.doubt;
	if (doubt !== undefined) return { ...about, sent: "unknown", why: doubt, headers: known };
	if ("headers" in headers) return { ...about, sent: "yes", headers: known };
	const { why, isKnown, program } = headers;
	return { ...about, sent: isKnown ? "no" : "unknown", why, headers: [], ...(program !== undefined && { program }) };
}

/** What such a variable did before 2.1.330, which ignores it, is not known. */
function isEmptyInManaged(signal: EmittedSignal, { get, layer }: Effective): boolean {
	const names = ["ENDPOINT", "HEADERS"].flatMap((what) => [what, `${signal.toUpperCase()}_${what}`]);
	return names
		.map((name) => `/env/OTEL_EXPORTER_OTLP_${name}`)
		.some((pointer) => get(pointer) === "" && ["managed", "drop-ins", "profile"].includes(layer(pointer) ?? ""));
}

function reasonForSilence(signal: EmittedSignal, settings: Effective): string | undefined {
	const { get } = settings;
	const name = `OTEL_${signal.toUpperCase()}_EXPORTER`;
	if (!isOn(get("/env/CLAUDE_CODE_ENABLE_TELEMETRY")?.trim())) return "CLAUDE_CODE_ENABLE_TELEMETRY is not 1";
	if (signal === "traces" && !isOn(get("/env/CLAUDE_CODE_ENHANCED_TELEMETRY_BETA")?.trim()))
		return "CLAUDE_CODE_ENHANCED_TELEMETRY_BETA is not 1";
	return exporterWords(signal, settings).includes("otlp") ? undefined : `${name} is not otlp`;
}

function destinationOf(
	signal: EmittedSignal,
	{ get }: Effective,
): { readonly url?: string | undefined; readonly urlFrom: string; readonly flaw?: string } {
	const own = `/env/OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`;
	const ofSignal = get(own)?.trim();
	if (ofSignal && URL.canParse(ofSignal)) return { url: requested(ofSignal), urlFrom: own };
	const urlFrom = "/env/OTEL_EXPORTER_OTLP_ENDPOINT";
	const common = get(urlFrom);
	if (common === undefined) return { urlFrom };
	const path = `v1/${signal}`;
	const url = urlWithPath(common, path);
	if (url !== undefined) return { url, urlFrom };
	const flaw = "OTEL_EXPORTER_OTLP_ENDPOINT is not a URL, so everything goes to port 4318 of this machine";
	return { url: `${FALLBACK}${path}`, urlFrom, flaw };
}

/**
 * Seen in 2.1.81 and 2.1.330: the exporters read the variables, that of the signal over the general one; over those it puts the general one
 * once more, not decoded, and then what the program prints.
 */
function headersOf(
	signal: EmittedSignal,
	{ get, isRelease, programToken }: Effective,
): { readonly headers: readonly SentHeader[] } | { why: string; isKnown: boolean; program?: string } {
	const own = `/env/OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`;
	const lists = [pairsOf(get(GENERAL), GENERAL), pairsOf(get(own), own)];
	if (lists.some(({ isMalformed }) => isMalformed) && isRelease("<2.1.330")) {
		return { why: "a header has a malformed percent escape or no name, so nothing is sent", isKnown: true };
	}
	// An empty one counts as none.
	const hasProgram = Boolean(get(PROGRAM));
	if (hasProgram && programToken === undefined) {
		return { why: "a program prints the headers; it is not run here", isKnown: false, program: PROGRAM };
	}
	const printed = hasProgram ? [{ name: "Authorization", value: `Bearer ${programToken}`, from: PROGRAM }] : [];
	return assembled(...lists.map(({ pairs }) => pairs), asWritten(get(GENERAL)), printed);
}

function asWritten(list = ""): SentHeader[] {
	return list.split(",").flatMap((pair) => {
		const at = pair.indexOf("=");
		// Seen in 2.1.81 and 2.1.330: with blanks for a name nothing is sent.
		return at > 0 ? [{ name: pair.slice(0, at).trim(), value: pair.slice(at + 1).trim(), from: GENERAL }] : [];
	});
}
