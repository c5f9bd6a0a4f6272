import type { Signal } from "../../adapters/providers/provider.ts";
import {
	isSenderAttribute,
	MAX_TEXT,
	MalformedOtlp,
	type Scan,
	type Scanner,
	SENDER_ATTRIBUTES,
	SenderSums,
} from "./senders.ts";

/** What a value at a place in the request must be, and what to do with it. */
interface JsonShape {
	/** `must` places accept nothing else (except null, outside a list); elsewhere other values are skipped. */
	readonly shape: "object" | "list" | "string";
	readonly must?: boolean;
	readonly fields?: Readonly<Record<string, JsonShape>>;
	readonly element?: JsonShape;
	/** Each element is a record. */
	readonly counts?: boolean;
	/** The role of a string or of a finished object. */
	readonly is?: "key" | "value" | "scope" | "attribute" | "resource";
}

const anyValue: JsonShape = { shape: "object", fields: both("stringValue", { shape: "string", is: "value" }) };
const attribute: JsonShape = {
	shape: "object",
	is: "attribute",
	fields: { key: { shape: "string", is: "key" }, value: anyValue },
};
const resource: JsonShape = { shape: "object", fields: { attributes: { shape: "list", element: attribute } } };
const scope: JsonShape = { shape: "object", fields: { name: { shape: "string", is: "scope" } } };
const records: JsonShape = { shape: "list", must: true, counts: true };
const points: JsonShape = { shape: "object", must: true, fields: both("dataPoints", records) };
const metrics: JsonShape = {
	shape: "list",
	must: true,
	element: {
		shape: "object",
		must: true,
		fields: {
			gauge: points,
			sum: points,
			histogram: points,
			...both("exponentialHistogram", points),
			summary: points,
		},
	},
};

/** Field names may use either case. https://protobuf.dev/programming-guides/json/#json-options */
function both(name: string, place: JsonShape): Record<string, JsonShape> {
	return { [name]: place, [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]: place };
}

function request(resources: string, scopes: string, name: string, list: JsonShape): JsonShape {
	const scopeData: JsonShape = { shape: "object", must: true, fields: { scope, ...both(name, list) } };
	const resourceData: JsonShape = {
		shape: "object",
		must: true,
		is: "resource",
		fields: { resource, ...both(scopes, { shape: "list", must: true, element: scopeData }) },
	};
	return { shape: "object", must: true, fields: both(resources, { shape: "list", must: true, element: resourceData }) };
}

/** https://github.com/open-telemetry/opentelemetry-proto/tree/v1.11.0/opentelemetry/proto */
const requests: Record<Signal, JsonShape> = {
	logs: request("resourceLogs", "scopeLogs", "logRecords", records),
	traces: request("resourceSpans", "scopeSpans", "spans", records),
	metrics: request("resourceMetrics", "scopeMetrics", "metrics", metrics),
};

export function jsonScanner(signal: Signal): Scanner {
	return new JsonScanner(requests[signal]);
}

/** What may follow. */
const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const COLON = 4;
const COMMA_OR_END = 5;
const END = 6;
/** Inside an irrelevant object or list, or a string in it. */
const SKIP = 12;
const SKIP_STRING = 13;
/** Inside a token that a chunk's end may split. */
const STRING = 7;
const ESCAPE = 8;
const HEX = 9;
const NUMBER = 10;
const LITERAL = 11;

/** Longer strings are not relevant names; values are cut here. */
const MAX_CAPTURE = 4 * MAX_TEXT;

const LITERALS: Readonly<Record<number, string>> = { 116: "true", 102: "false", 110: "null" };

/** Bytes to find in irrelevant parts: quotes and brackets; in strings there: quote and backslash. */
const BRACKETS = bytesOf('"[]{}');
const QUOTES = bytesOf('"\\');

function bytesOf(characters: string): Uint8Array {
	const table = new Uint8Array(256);
	for (const character of characters) table[character.charCodeAt(0)] = 1;
	return table;
}

/**
 * Checks the grammar of JSON (RFC 8259) on the path to resources and records, and only finds the end of everything else, such as the
 * content of a record.
 */
class JsonScanner implements Scanner {
	readonly #sums = new SenderSums();
	#expect = VALUE;
	/** For each open container, from the root: its place in the request, and whether it is a list. */
	readonly #places: JsonShape[] = [];
	readonly #isList: boolean[] = [];
	/** The place of the next value. */
	#next: JsonShape | undefined;
	#isKey = false;
	#capture: string | undefined;
	#literal = "";
	#literalAt = 0;
	#hex = 0;
	#depth = 0;
	#number = 0;
	#base = 0;
	#attributeKey = "";
	#attributeValue: string | undefined;

	constructor(root: JsonShape) {
		this.#next = root;
	}

	push(bytes: Uint8Array): void {
		const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		const length = chunk.length;
		for (let at = 0; at < length; ) {
			const byte = chunk[at] ?? 0;
			if (this.#expect === STRING) at = this.#string(chunk, at);
			else if (this.#expect >= SKIP) at = this.#pass(chunk, at);
			else if (this.#expect > STRING) at = this.#word(byte, at);
			else {
				if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) this.#token(byte, at);
				at++;
			}
		}
		this.#base += length;
	}

	end(): Scan {
		if (this.#expect !== END) throw this.#malformed(0, "the body is not JSON: it ends too early");
		return this.#sums.done();
	}

	/** Handles the first byte of the next token. */
	#token(byte: number, at: number): void {
		const expect = this.#expect;
		if (expect === END) throw this.#malformed(at);
		if (expect === COLON) {
			if (byte !== 0x3a) throw this.#malformed(at);
			this.#expect = VALUE;
		} else if (expect === COMMA_OR_END && byte === 0x2c) {
			this.#expect = this.#isList.at(-1) ? VALUE : KEY;
			this.#next = this.#places.at(-1)?.element;
		} else if (expect === COMMA_OR_END) this.#close(byte, at);
		else if (expect === KEY_OR_END && byte === 0x7d) this.#close(byte, at);
		else if (expect === VALUE_OR_END && byte === 0x5d) this.#close(byte, at);
		else if (expect === VALUE || expect === VALUE_OR_END) this.#value(byte, at);
		else this.#openKey(byte, at);
	}

	#openKey(byte: number, at: number): void {
		if (byte !== 0x22) throw this.#malformed(at);
		this.#isKey = true;
		this.#capture = this.#places.at(-1)?.fields ? "" : undefined;
		this.#expect = STRING;
	}

	#value(byte: number, at: number): void {
		const place = this.#next;
		const parent = this.#places.length - 1;
		if (this.#isList[parent] && this.#places[parent]?.counts) this.#sums.records++;
		const shape = byte === 0x7b ? "object" : byte === 0x5b ? "list" : byte === 0x22 ? "string" : "";
		const fits = place?.shape === shape;
		if (place?.must && !fits && (byte !== 0x6e || this.#isList[parent] !== false)) {
			throw new MalformedOtlp(`no ${place.shape} where one belongs, at byte ${this.#base + at}`);
		}
		if (shape === "object" || shape === "list") this.#open(shape === "list", fits ? place : undefined);
		else if (shape === "string") {
			this.#isKey = false;
			this.#capture = fits ? "" : undefined;
			this.#expect = STRING;
		} else {
			const literal = LITERALS[byte];
			if (literal !== undefined) {
				this.#literal = literal;
				this.#literalAt = 1;
				this.#expect = LITERAL;
			} else {
				this.#number = numberStep(START, byte);
				if (this.#number === WRONG) throw this.#malformed(at);
				this.#expect = NUMBER;
			}
		}
	}

	#open(isList: boolean, place: JsonShape | undefined): void {
		if (!place) {
			this.#depth = 1;
			this.#expect = SKIP;
			return;
		}
		this.#places.push(place);
		this.#isList.push(isList);
		this.#next = place.element;
		this.#expect = isList ? VALUE_OR_END : KEY_OR_END;
		if (place.is === "attribute") {
			this.#attributeKey = "";
			this.#attributeValue = undefined;
		}
	}

	#close(byte: number, at: number): void {
		if (byte !== (this.#isList.pop() ? 0x5d : 0x7d)) throw this.#malformed(at);
		const place = this.#places.pop();
		if (place?.is === "resource") this.#sums.endResource();
		else if (place?.is === "attribute" && isSenderAttribute(this.#attributeKey) && this.#attributeValue !== undefined) {
			this.#sums.set(SENDER_ATTRIBUTES[this.#attributeKey], this.#attributeValue);
		}
		this.#endValue();
	}

	#endValue(): void {
		this.#expect = this.#places.length === 0 ? END : COMMA_OR_END;
	}

	/** Skips to the end of an irrelevant container; returns where to continue. */
	#pass(chunk: Buffer, from: number): number {
		const length = chunk.length;
		let isString = this.#expect === SKIP_STRING;
		let depth = this.#depth;
		let at = from;
		// After a backslash at the end of the previous chunk, this byte is escaped.
		if (isString && this.#hex === 1) at++;
		this.#hex = 0;
		while (at < length && depth > 0) {
			const special = isString ? QUOTES : BRACKETS;
			while (at < length && special[chunk[at] as number] === 0) at++;
			if (at >= length) break;
			const byte = chunk[at++];
			if (byte === 0x22) isString = !isString;
			else if (byte === 0x5c) {
				if (at === length) this.#hex = 1;
				at++;
			} else if (byte === 0x5b || byte === 0x7b) depth++;
			else depth--;
		}
		this.#depth = depth;
		this.#expect = isString ? SKIP_STRING : SKIP;
		if (depth === 0) this.#endValue();
		return Math.min(at, length);
	}

	/** Continues a string; returns where to continue. */
	#string(chunk: Buffer, from: number): number {
		let at = from;
		let byte = 0;
		while (at < chunk.length) {
			byte = chunk[at] ?? 0;
			if (byte === 0x22 || byte === 0x5c || byte < 0x20) break;
			at++;
		}
		// Kept as Latin-1 with escapes, and decoded once complete.
		if (this.#capture !== undefined && this.#capture.length < MAX_CAPTURE) {
			this.#capture += chunk.toString("latin1", from, Math.min(at, from + MAX_CAPTURE));
		}
		if (at === chunk.length) return at;
		if (byte < 0x20) throw this.#malformed(at);
		if (byte === 0x5c) {
			if (this.#capture !== undefined) this.#capture += "\\";
			this.#expect = ESCAPE;
		} else this.#endString();
		return at + 1;
	}

	#endString(): void {
		const said = this.#capture === undefined ? undefined : plain(this.#capture);
		if (this.#isKey) {
			const fields = this.#places.at(-1)?.fields;
			this.#next = fields && said !== undefined && Object.hasOwn(fields, said) ? fields[said] : undefined;
			this.#expect = COLON;
			return;
		}
		const is = this.#next?.is;
		if (said !== undefined) {
			if (is === "scope") this.#sums.set("scope", said);
			else if (is === "key") this.#attributeKey = said;
			else if (is === "value") this.#attributeValue = said;
		}
		this.#endValue();
	}

	/** One byte of an escape, a number or a literal; returns where to continue. */
	#word(byte: number, at: number): number {
		if (this.#expect === NUMBER) {
			const next = numberStep(this.#number, byte);
			if (next === DONE) {
				this.#endValue();
				return at;
			}
			if (next === WRONG) throw this.#malformed(at);
			this.#number = next;
		} else if (this.#expect === LITERAL) {
			if (byte !== this.#literal.charCodeAt(this.#literalAt++)) throw this.#malformed(at);
			if (this.#literalAt === this.#literal.length) this.#endValue();
		} else {
			if (this.#capture !== undefined) this.#capture += String.fromCharCode(byte);
			if (this.#expect === HEX) {
				if (!/[0-9A-Fa-f]/.test(String.fromCharCode(byte))) throw this.#malformed(at);
				if (--this.#hex === 0) this.#expect = STRING;
			} else if (byte === 0x75) {
				this.#hex = 4;
				this.#expect = HEX;
			} else if ('"\\/bfnrt'.includes(String.fromCharCode(byte))) this.#expect = STRING;
			else throw this.#malformed(at);
		}
		return at + 1;
	}

	#malformed(at: number, what = "the body is not JSON"): MalformedOtlp {
		return new MalformedOtlp(`${what}, at byte ${this.#base + at}`);
	}
}

/** Decodes a string's content. */
function plain(latin1: string): string {
	const cut = latin1.length >= MAX_CAPTURE ? latin1.slice(0, MAX_CAPTURE).replace(/\\[^\\]{0,5}$|\\+$/, "") : latin1;
	const text = /[\u0080-\u00ff]/.test(cut) ? Buffer.from(cut, "latin1").toString("utf8") : cut;
	return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
}

/** A number's state: sign, zero, digits, point, fraction, e, exponent sign, exponent. */
const START = 0;
const MINUS = 1;
const ZERO = 2;
const DIGITS = 3;
const POINT = 4;
const FRACTION = 5;
const E = 6;
const E_SIGN = 7;
const EXPONENT = 8;
const DONE = 9;
const WRONG = 10;

function numberStep(state: number, byte: number): number {
	const isDigit = byte >= 0x30 && byte <= 0x39;
	if (isDigit) {
		if (state === START || state === MINUS) return byte === 0x30 ? ZERO : DIGITS;
		if (state === ZERO) return WRONG;
		if (state === POINT) return FRACTION;
		return state === E || state === E_SIGN ? EXPONENT : state;
	}
	if (byte === 0x2d && state === START) return MINUS;
	if (byte === 0x2e && (state === ZERO || state === DIGITS)) return POINT;
	if ((byte | 0x20) === 0x65 && (state === ZERO || state === DIGITS || state === FRACTION)) return E;
	if ((byte === 0x2d || byte === 0x2b) && state === E) return E_SIGN;
	return state === ZERO || state === DIGITS || state === FRACTION || state === EXPONENT ? DONE : WRONG;
}
