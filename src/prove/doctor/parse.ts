import { parse as parseDotenv } from "dotenv";
import { type ParseError, parse as parseJsonc, printParseErrorCode } from "jsonc-parser";
import { parse as parseToml, TomlError } from "smol-toml";
import type { LayerFormat, Tolerance } from "../../adapters/clis/layering.ts";
import { type SettingKinds, settingKind, unlike } from "../../adapters/clis/setting-form.ts";
import { ownEntry } from "../../base/lookup.ts";

/** A file's content, or why it cannot be parsed. Reasons never quote it. */
export type Parsed =
	| { readonly document: Readonly<Record<string, unknown>>; readonly isEmpty?: boolean }
	| { readonly problem: string };

/**
 * Reads a settings file as strictly as its CLI does: .env files with the library that the CLIs read them with, JSON with comments and TOML
 * with libraries that report where a file is broken.
 */
export function parseSettings(bytes: Uint8Array, format: LayerFormat, tolerance: Tolerance): Parsed {
	const marks = markAt(bytes);
	if (marks === "utf-16" && !tolerance.utf16)
		return { problem: "is UTF-16; save it as UTF-8 without a byte order mark" };
	if (marks === "utf-8" && tolerance.bom === "empty") return { document: {}, isEmpty: true };
	if (marks === "utf-8" && !tolerance.bom)
		return { problem: "starts with a byte order mark; save it as UTF-8 without one" };
	let text: string;
	try {
		text = new TextDecoder(marks === "utf-16" ? "utf-16le" : "utf-8", { fatal: true }).decode(bytes);
	} catch {
		return { problem: "is not UTF-8" };
	}
	// An empty file is valid for every reader.
	if (text.trim() === "") return { document: {}, isEmpty: true };
	if (format === "dotenv") return { document: { env: parseDotenv(text) } };
	try {
		return format === "toml" ? toml(text) : json(text, format === "jsonc");
	} catch (error) {
		if (error instanceof RangeError) return { problem: "is nested too deeply" };
		throw error;
	}
}

/** The first value that has another type than its key demands, in words; undefined if there is none. */
export function mistyped(document: Readonly<Record<string, unknown>>, types: SettingKinds): string | undefined {
	for (const [pointer, type] of Object.entries(types)) {
		const value = valueAt(document, pointer);
		const why = value === undefined ? undefined : unlike(value, type);
		if (why !== undefined) return `has a value of the wrong type: ${pointer.slice(1).replaceAll("/", ".")} ${why}`;
	}
	return undefined;
}

/** Whether a telemetry setting is there without a value (null of JSON). */
export function hasNull(document: Readonly<Record<string, unknown>>, variables: RegExp): boolean {
	const env = valueAt(document, "/env");
	const isUnset = Object.entries(isTable(env) ? env : {}).some(
		([name, value]) => value === null && variables.test(name),
	);
	return isUnset || valueAt(document, "/otelHeadersHelper") === null;
}

export const isTable = (value: unknown): value is Readonly<Record<string, unknown>> => settingKind(value) === "object";

/** The value that a pointer names (RFC 6901), through tables. */
export function valueAt(document: Readonly<Record<string, unknown>>, pointer: string): unknown {
	let found: unknown = document;
	for (const word of pointer.split("/").slice(1)) found = isTable(found) ? ownEntry(found, unescaped(word)) : undefined;
	return found;
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-4 */
export function unescaped(word: string): string {
	return word.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** An unknown key in a table that allows none, in words without quoting it; undefined if there is none. */
export function unknownKey(
	document: Readonly<Record<string, unknown>>,
	{ table, keys }: { readonly table: string; readonly keys: readonly string[] },
): string | undefined {
	const found = ownEntry(document, table);
	if (typeof found !== "object" || found === null) return undefined;
	return Object.keys(found).every((key) => keys.includes(key)) ? undefined : `has an unknown key in the table ${table}`;
}

/** The encoding whose byte order mark a file begins with. */
export function markAt(bytes: Uint8Array): "utf-8" | "utf-16" | undefined {
	if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
	return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) ? "utf-16" : undefined;
}

function json(text: string, comments: boolean): Parsed {
	const errors: ParseError[] = [];
	const document: unknown = parseJsonc(text, errors, { disallowComments: !comments, allowTrailingComma: false });
	const [first] = errors;
	if (first)
		return {
			problem: `is not valid ${comments ? "JSON with comments" : "JSON"}, line ${lineAt(text, first.offset)}: ${words(first)}`,
		};
	if (typeof document !== "object" || document === null || Array.isArray(document))
		return { problem: "is not a JSON object" };
	return { document: document as Record<string, unknown> };
}

/** `CommaExpected` as `comma expected`. */
function words({ error }: ParseError): string {
	return printParseErrorCode(error)
		.replace(/([a-z])([A-Z])/g, "$1 $2")
		.toLowerCase();
}

function lineAt(text: string, offset: number): number {
	return text.slice(0, offset).split("\n").length;
}

function isOf64Bits(value: unknown): boolean {
	if (typeof value === "bigint") return value === BigInt.asIntN(64, value);
	if (value instanceof Date || typeof value !== "object" || value === null) return true;
	return Object.values(value).every(isOf64Bits);
}

function toml(text: string): Parsed {
	try {
		// Whole numbers as such: `1.0` is none for its reader, and those above 2^53 are.
		const document = parseToml(text, { integersAsBigInt: true });
		return isOf64Bits(document) ? { document } : { problem: "has a whole number of more than 64 bits" };
	} catch (error) {
		if (error instanceof RangeError) throw error;
		const line = error instanceof TomlError ? `, line ${error.line}` : "";
		const [reason = ""] =
			error instanceof Error ? error.message.replace(/^Invalid TOML document: /, "").split("\n") : [];
		// Its message may quote a name from the file.
		const said = /^[a-z ,'-]{1,80}$/i.test(reason) ? `: ${reason}` : "";
		return { problem: `is not valid TOML${line}${said}` };
	}
}
