import type { Signal } from "../../adapters/providers/provider.ts";
import { type Field, protobufFields } from "./fields.ts";

/** The content of a successful export response. */
export interface ExportResult {
	/** Records it dropped, as reported; invalid negative values are kept. */
	readonly rejected: bigint;
	readonly message: string;
	/** How it was encoded; an empty body is an empty protobuf message, and no JSON. */
	readonly encoding: "protobuf" | "json";
	/** The signals whose counts it names, which only JSON does. */
	readonly signals?: readonly Signal[];
}

/**
 * Reads an export response; undefined for any other body. The content type only decides what to try first, because servers get it
 * wrong. Anything besides the fields of a response makes it another message, such as an error that was sent with 200.
 * https://github.com/open-telemetry/opentelemetry-proto/blob/v1.11.0/opentelemetry/proto/collector/logs/v1/logs_service.proto
 */
export function readExportResult(body: Uint8Array, contentType: string): ExportResult | undefined {
	return firstReading(
		contentType,
		() => protobufResult(body),
		() => jsonResult(body),
	);
}

/** The message of an error body: a protobuf or JSON `Status`, the title of a page, or the text itself. */
export function readErrorMessage(body: Uint8Array, contentType: string): string {
	const text = decode(body).trim();
	if (isHtml(body)) return /<title[^>]*>([^<]*)/i.exec(text)?.[1]?.trim() ?? "";
	const structured = firstReading(
		contentType,
		() => protobufMessage(body),
		() => jsonMessage(body),
	);
	return structured ?? (/[\u0000-\u0008\ufffd]/.test(text) ? "" : text);
}

/** Whether a body is an HTML page, whatever its content type. */
export function isHtml(body: Uint8Array): boolean {
	return /^\s*<(!doctype|html|head|body|script|meta|title|!--)/i.test(decode(body.subarray(0, 1024)));
}

function firstReading<T>(contentType: string, protobuf: () => T | undefined, json: () => T | undefined): T | undefined {
	return /json/i.test(contentType) ? (json() ?? protobuf()) : (protobuf() ?? json());
}

function protobufResult(body: Uint8Array): ExportResult | undefined {
	const outer = protobufFields(body);
	// A response has one field; text that parses as protobuf has others.
	if (!outer?.every(({ number, value }) => number === 1 && typeof value !== "bigint")) return undefined;
	// A message that comes twice is one with the fields of both. https://protobuf.dev/programming-guides/encoding/#last-one-wins
	const inner: Field[] = [];
	for (const { value } of outer) {
		const fields = typeof value === "bigint" ? undefined : protobufFields(value);
		if (!fields) return undefined;
		for (const field of fields) inner.push(field);
	}
	if (!inner.every(({ number, value, isFixed }) => !isFixed && number === (typeof value === "bigint" ? 1 : 2))) {
		return undefined;
	}
	const counts = inner.flatMap(({ value }) => (typeof value === "bigint" ? [BigInt.asIntN(64, value)] : []));
	const message = bytesOf(inner, 2) ?? new Uint8Array();
	// What is no text makes a message unreadable to every other reader. https://protobuf.dev/programming-guides/proto3/#scalar
	if (!isValidUtf8(message)) return undefined;
	return { rejected: worst(counts), message: decode(message), encoding: "protobuf" };
}

/** Of several counts the one that says most. */
function worst(counts: readonly bigint[]): bigint {
	return counts.find((count) => count > 0n) ?? counts.find((count) => count < 0n) ?? 0n;
}

/** The JSON name in each signal's response. */
const SIGNAL_OF: Readonly<Record<string, Signal>> = {
	rejectedLogRecords: "logs",
	rejectedDataPoints: "metrics",
	rejectedSpans: "traces",
};
const REJECTED = Object.keys(SIGNAL_OF);

function jsonResult(body: Uint8Array): ExportResult | undefined {
	const outer = parseObject(body);
	if (!outer || !hasOnly(outer, ["partialSuccess"]) || hasTwice(body)) return undefined;
	const partial = outer["partialSuccess"] ?? outer["partial_success"] ?? {};
	if (!isObject(partial) || !hasOnly(partial, [...REJECTED, "errorMessage"])) return undefined;
	const counts = REJECTED.flatMap((name) => integer(partial[name] ?? partial[snake(name)] ?? 0) ?? []);
	const message = partial["errorMessage"] ?? partial["error_message"] ?? "";
	if (counts.length < REJECTED.length || typeof message !== "string") return undefined;
	const keys = Object.keys(partial);
	const named = Object.entries(SIGNAL_OF).filter(([name]) => keys.includes(name) || keys.includes(snake(name)));
	return { rejected: worst(counts), message, encoding: "json", signals: named.map(([, signal]) => signal) };
}

/** Whether a key may stand twice in an object, of which a reader sees one; with an escape in it, it may be any other. */
function hasTwice(body: Uint8Array): boolean {
	const keys = [...decode(body).matchAll(/"((?:[^"\\]|\\.)*)"\s*:/g)].map(([, key = ""]) => camel(key));
	return new Set(keys).size < keys.length || keys.some((key) => key.includes("\\"));
}

/** Whether an object has no other keys than these, in either of the spellings that JSON of protobuf may have. */
function hasOnly(object: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
	return Object.keys(object).every((key) => names.some((name) => key === name || key === snake(name)));
}

/** A 64-bit number is a string in JSON, but some servers send a number. */
function integer(value: unknown): bigint | undefined {
	if (typeof value !== "string" && typeof value !== "number") return undefined;
	return /^-?\d{1,19}$/.test(String(value)) ? BigInt(String(value)) : undefined;
}

function snake(name: string): string {
	return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camel(name: string): string {
	return name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());
}

/** google.rpc.Status: code 1, message 2, details 3. */
function protobufMessage(body: Uint8Array): string | undefined {
	const fields = protobufFields(body);
	if (!fields?.every(({ number }) => number <= 3)) return undefined;
	const message = bytesOf(fields, 2);
	return message && decode(message);
}

function jsonMessage(body: Uint8Array): string | undefined {
	const status = parseObject(body);
	const said =
		status && [status["message"], status["error"], status["detail"]].find((each) => typeof each === "string");
	return typeof said === "string" ? said : undefined;
}

function bytesOf(fields: readonly Field[], wanted: number): Uint8Array | undefined {
	const value = fields.findLast(({ number }) => number === wanted)?.value;
	return typeof value === "bigint" ? undefined : value;
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(decode(body));
		return isObject(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

function isObject(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isValidUtf8(bytes: Uint8Array): boolean {
	return Buffer.from(decode(bytes)).equals(bytes);
}

function decode(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("utf8");
}
