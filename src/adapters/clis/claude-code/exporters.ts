/**
 * Which exporters of Claude Code are made, and for which protocol: what its settings say of that, besides where they send. Seen in 2.1.81 and
 * 2.1.330 (test/real/emission.test.ts).
 *
 * Sources: https://code.claude.com/docs/en/monitoring-usage
 */
import type { Emission, EmittedSignal } from "../emission.ts";
import type { Effective } from "../layering.ts";
import { oddNumber, pairsOf, shortTimeout } from "../otel-js.ts";
import { POSITIVE } from "../setting-form.ts";

export const isOn = (value: string | undefined) => value !== undefined && /^(1|true|yes|on)$/i.test(value);

const protocols = ["http/protobuf", "http/json", "grpc"] as const;

export const signals: readonly EmittedSignal[] = ["logs", "metrics", "traces"];

export function exporterWords(signal: EmittedSignal, { get }: Effective): string[] {
	return (get(`/env/OTEL_${signal.toUpperCase()}_EXPORTER`) ?? "").split(",").map((each) => each.trim());
}

/** Seen in 2.1.81 and 2.1.330: an exporter or a protocol that does not exist, of one signal, keeps all signals from being sent. */
export function failureOf(signal: EmittedSignal, settings: Effective): string | undefined {
	const used = exporterWords(signal, settings);
	if (signal === "traces" && !isOn(settings.get("/env/CLAUDE_CODE_ENHANCED_TELEMETRY_BETA")?.trim())) return undefined;
	const known = ["otlp", "none", "console", "", ...(signal === "metrics" ? ["prometheus"] : [])];
	if (used.some((word) => !known.includes(word)))
		return `OTEL_${signal.toUpperCase()}_EXPORTER names an unknown exporter, so nothing is sent`;
	if (!used.includes("otlp")) return undefined;
	// Seen in 2.1.330: with neither it makes no exporter at all.
	const isBare =
		protocolOf(signal, settings).isUnset && settings.isRelease(">=2.1.330") && !hasEndpoint(signal, settings);
	return isBare
		? `neither the protocol nor the endpoint of ${signal} is set, so nothing is sent`
		: protocolOf(signal, settings).off;
}

/** Seen in 2.1.330: that of the signal counts, if it has a text, also where it is no URL. */
function hasEndpoint(signal: EmittedSignal, { get }: Effective): boolean {
	const names = [`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`, "OTEL_EXPORTER_OTLP_ENDPOINT"];
	return URL.canParse(names.map((name) => get(`/env/${name}`)?.trim()).find((text) => text) ?? "");
}

/** Seen: what stops one signal stops in 2.1.81 the others too, and in 2.1.330 does not. */
export function doubtOfAll(settings: Effective): string | undefined {
	const isNone = (signal: EmittedSignal) => exporterWords(signal, settings).includes("none") && signal !== "traces";
	if (signals.some(isNone)) return "an exporter named none may stop all of it before 2.1.330";
	const headers = (signal: EmittedSignal) => settings.get(`/env/OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`);
	return signals.some((signal) => pairsOf(headers(signal), "").isMalformed)
		? "headers of one signal that cannot be decoded may stop all of it before 2.1.330"
		: undefined;
}

export const isOfWeb = (url = "") => !URL.canParse(url) || /^https?:/i.test(url);

/** Seen in 2.1.330 with 1: what waits when it ends is sent in some runs, and in others not. The default is 2000: https://code.claude.com/docs/en/monitoring-usage */
function shortShutdown(get: Effective["get"]): string | undefined {
	const name = "CLAUDE_CODE_OTEL_SHUTDOWN_TIMEOUT_MS";
	const text = get(`/env/${name}`);
	// Readers differ on other forms of a number: 5e3 may be 5.
	return text === undefined || (POSITIVE.test(text) && Number(text) >= SHUTDOWN_MS)
		? undefined
		: `${name} is not ${SHUTDOWN_MS} ms or more in digits, and may end it before all is sent`;
}

const SHUTDOWN_MS = 2_000;

/** Seen in 2.1.81 and 2.1.330 of some values: the exporters do not start, or drop all of it. */
export function doubtOf(signal: EmittedSignal, url: string | undefined, { get }: Effective): string | undefined {
	// The runtimes of its releases differ, and so do those that crossfade runs on: Node writes it as %5E since 24.
	if (/\^|%5e/i.test(url ?? "")) return "what becomes of a character of its endpoint is not known";
	// Seen in 2.1.330: what ends the logs' exporter can end that of metrics with it.
	const names = [
		"OTEL_METRIC_EXPORT_INTERVAL",
		"OTEL_METRIC_EXPORT_TIMEOUT",
		"OTEL_BLRP_EXPORT_TIMEOUT",
		"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
		...(signal === "metrics" ? [] : ["OTEL_BLRP_MAX_QUEUE_SIZE", "OTEL_LOGS_EXPORT_INTERVAL"]),
	];
	const odd = oddNumber(get, names);
	const doubt = odd ?? shortTimeout(get, signal) ?? shortShutdown(get);
	if (doubt !== undefined) return doubt;
	const isCut = ["", `${signal.toUpperCase()}_`]
		.map((word) => `/env/OTEL_EXPORTER_OTLP_${word}HEADERS`)
		.some((pointer) => get(pointer)?.includes("\0"));
	return isCut ? "its headers have a character that ends a text" : undefined;
}

/** Seen: without one, 2.1.330 sends protobuf over HTTP and 2.1.81 nothing, and the release between that changed it is not known; with a word that is none of these, neither sends anything. */
export function protocolOf(
	signal: EmittedSignal,
	{ get, isRelease }: Effective,
): {
	readonly protocol?: Emission["protocol"];
	readonly off?: string;
	readonly doubt?: string;
	readonly isUnset?: boolean;
} {
	const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`;
	const general = "OTEL_EXPORTER_OTLP_PROTOCOL";
	const [name, text = ""] = [own, general]
		.map((each) => [each, get(`/env/${each}`)?.trim()] as const)
		.find(([, value]) => value) ?? [general];
	const protocol = protocols.find((each) => each === text);
	if (protocol) return { protocol };
	if (text !== "") return { off: `${name} is not http/protobuf or http/json` };
	if (isRelease("<2.1.82")) return { off: `${general} is not set` };
	return isRelease("<2.1.330") ? { doubt: `${general} is not set` } : { protocol: "http/protobuf", isUnset: true };
}

/** Where the requests of a signal go by the general endpoint, to which its path is added; undefined if that makes no URL. */
export function urlWithPath(endpoint: string, path: string): string | undefined {
	const url = `${endpoint}${endpoint.endsWith("/") ? "" : "/"}${path}`;
	return URL.canParse(endpoint) && URL.canParse(url) ? requested(url) : undefined;
}

/** Of a URL, what its requests use: no user, no password, no query and no fragment. Seen in 2.1.81 and 2.1.330. */
export function requested(text: string): string {
	const url = new URL(text);
	return `${url.protocol}//${url.host}${url.pathname}`;
}
