import type { Signal } from "../../adapters/providers/provider.ts";
import {
	isSenderAttribute,
	MAX_TEXT,
	MalformedOtlp,
	type Scan,
	type Scanner,
	SENDER_ATTRIBUTES,
	type SenderField,
	SenderSums,
} from "./senders.ts";

/** What to do with a length-delimited field; 0 means skip. */
const ENTER = 1;
const COUNT = 2;
const CAPTURE = 3;

/**
 * The path to the records, message by message: resource_logs = 1 > scope_logs = 2 > log_records = 2, the same numbers for spans and metrics,
 * and for metrics on to the data points (1) of gauge, sum, histogram, exponential histogram and summary. Resource and scope are field 1 of
 * their messages. https://github.com/open-telemetry/opentelemetry-proto/tree/v1.11.0/opentelemetry/proto
 */
const RESOURCE_DATA = 1;
const TO_RESOURCE: LevelActions = { 1: ENTER };
const TO_SCOPE: LevelActions = { 1: CAPTURE, 2: ENTER };
const RECORDS = steps(TO_RESOURCE, TO_SCOPE, { 1: CAPTURE, 2: COUNT });
const METRICS = steps(
	TO_RESOURCE,
	TO_SCOPE,
	{ 1: CAPTURE, 2: ENTER },
	{ 5: ENTER, 7: ENTER, 9: ENTER, 10: ENTER, 11: ENTER },
	{ 1: COUNT },
);

type LevelActions = Readonly<Record<number, number>>;

/** By level and tag (field number and wire type 2), for fast lookup. */
function steps(...levels: readonly LevelActions[]): readonly Uint8Array[] {
	return levels.map((fields) => {
		const table = new Uint8Array(128);
		for (const [field, action] of Object.entries(fields)) table[(Number(field) << 3) | 2] = action;
		return table;
	});
}

/** Tags of length-delimited fields. */
const FIELD_1 = (1 << 3) | 2;
const FIELD_2 = (2 << 3) | 2;

/** What to read next: a tag, a field's length, or a number to skip. */
const TAG = 0;
const LENGTH = 1;
const NUMBER = 2;

/** Larger resources are skipped and remain unnamed. */
const MAX_CAPTURE = 64 * 1024;

export function protobufScanner(signal: Signal): Scanner {
	return new ProtobufScanner(signal === "metrics" ? METRICS : RECORDS);
}

/** Skips whole fields where possible, so that time depends on the number of records, not their size. */
class ProtobufScanner implements Scanner {
	readonly #steps: readonly Uint8Array[];
	readonly #sums = new SenderSums();
	/** Where the message of each level ends, from the start of the body. */
	readonly #ends = [Number.POSITIVE_INFINITY, 0, 0, 0, 0];
	#level = 0;
	/** Bytes before the current chunk. */
	#base = 0;
	#skip = 0;
	#phase = TAG;
	#tag = 0;
	/** A number that a chunk's end may split: its value so far, and the factor of its next 7 bits. */
	#value = 0;
	#factor = 1;
	/** The bytes of a resource or scope that spans chunks. */
	#captured: Uint8Array[] | undefined;

	constructor(steps: readonly Uint8Array[]) {
		this.#steps = steps;
	}

	push(chunk: Uint8Array): void {
		let at = 0;
		while (at < chunk.length) {
			if (this.#skip > 0) {
				const taken = Math.min(this.#skip, chunk.length - at);
				this.#captured?.push(chunk.slice(at, at + taken));
				at += taken;
				this.#skip -= taken;
				if (this.#skip > 0) break;
				if (this.#captured) this.#endCapture();
			} else {
				at = this.#number(chunk, at);
				if (this.#factor !== 0) break;
				this.#factor = 1;
				at = this.#take(chunk, at, this.#value);
				this.#value = 0;
			}
			while (this.#level > 0 && this.#base + at === this.#ends[this.#level]) this.#leave();
		}
		this.#base += chunk.length;
	}

	end(): Scan {
		if (this.#level !== 0 || this.#skip > 0 || this.#phase !== TAG || this.#factor !== 1) {
			throw new MalformedOtlp(`the body ends in the middle, after ${this.#base} bytes`);
		}
		return this.#sums.done();
	}

	/** Continues a varint; the factor is 0 when complete. Exact up to 53 bits, enough for tags and lengths. */
	#number(chunk: Uint8Array, from: number): number {
		let at = from;
		let factor = this.#factor;
		while (at < chunk.length) {
			const byte = chunk[at++] ?? 0;
			this.#value += (byte & 0x7f) * factor;
			if (byte < 0x80) {
				factor = 0;
				break;
			}
			factor *= 128;
			// Ten bytes at most.
			if (factor >= 2 ** 70) throw this.#malformed(at, "a number does not end");
		}
		this.#factor = factor;
		if (this.#base + at > (this.#ends[this.#level] ?? 0)) throw this.#malformed(at, "a number runs over its end");
		return at;
	}

	/** Handles a complete number; returns where to continue. */
	#take(chunk: Uint8Array, at: number, value: number): number {
		if (this.#phase === NUMBER) {
			this.#phase = TAG;
			return at;
		}
		if (this.#phase === LENGTH) {
			this.#phase = TAG;
			return this.#field(chunk, at, value);
		}
		if (value < 8 || value > 0xffffffff) throw this.#malformed(at, "no such field number");
		const kind = value & 7;
		this.#tag = value;
		if (kind === 2) this.#phase = LENGTH;
		else if (kind === 0) this.#phase = NUMBER;
		else if (kind === 1 || kind === 5) {
			this.#skip = kind === 1 ? 8 : 4;
			this.#fits(at, this.#skip);
		} else throw this.#malformed(at, `wire type ${kind}`);
		return at;
	}

	/** Enters or skips a field. */
	#field(chunk: Uint8Array, at: number, length: number): number {
		this.#fits(at, length);
		const action = this.#steps[this.#level]?.[this.#tag] ?? 0;
		if (action === CAPTURE) return this.#capture(chunk, at, length);
		if (action === ENTER) {
			this.#level++;
			this.#ends[this.#level] = this.#base + at + length;
			return at;
		}
		if (action === COUNT) this.#sums.records++;
		const here = Math.min(length, chunk.length - at);
		this.#skip = length - here;
		return at + here;
	}

	#fits(at: number, length: number): void {
		if (this.#base + at + length > (this.#ends[this.#level] ?? 0))
			throw this.#malformed(at, "a length runs over its end");
	}

	#leave(): void {
		if (this.#phase !== TAG) throw this.#malformed(0, "a message ends in the middle of a field");
		if (this.#level === RESOURCE_DATA) this.#sums.endResource();
		this.#level--;
	}

	#capture(chunk: Uint8Array, at: number, length: number): number {
		if (at + length <= chunk.length && length <= MAX_CAPTURE) {
			this.#names(chunk.subarray(at, at + length));
			return at + length;
		}
		if (length <= MAX_CAPTURE) this.#captured = [];
		this.#skip = length;
		return at;
	}

	#endCapture(): void {
		const whole = Buffer.concat(this.#captured ?? []);
		this.#captured = undefined;
		this.#names(whole);
	}

	/** A resource (attributes = 1) or a scope (name = 1), whichever this level has. */
	#names(message: Uint8Array): void {
		const isResource = this.#level === RESOURCE_DATA;
		eachText(message, (attribute) => {
			if (!isResource) return this.#sums.set("scope", text(attribute));
			const field = senderField(attribute);
			if (field) this.#sums.set(...field);
		});
	}

	#malformed(at: number, what: string): MalformedOtlp {
		return new MalformedOtlp(`${what} at byte ${this.#base + at}`);
	}
}

/** Calls back with the bytes of each length-delimited field 1. */
function eachText(message: Uint8Array, found: (bytes: Uint8Array) => void): void {
	eachField(message, (tag, bytes) => {
		if (tag === FIELD_1) found(bytes);
	});
}

/** A `KeyValue` (key = 1, value = 2) with a string (string_value = 1) that identifies the sender. */
function senderField(attribute: Uint8Array): [SenderField, string] | undefined {
	let key: Uint8Array | undefined;
	let value: Uint8Array | undefined;
	eachField(attribute, (tag, bytes) => {
		if (tag === FIELD_1) key = bytes;
		else if (tag === FIELD_2) {
			eachText(bytes, (string) => {
				value = string;
			});
		}
	});
	if (!key || !value || key.length > MAX_TEXT) return undefined;
	const name = text(key);
	return isSenderAttribute(name) ? [SENDER_ATTRIBUTES[name], text(value)] : undefined;
}

function eachField(message: Uint8Array, found: (tag: number, bytes: Uint8Array) => void): void {
	let at = 0;
	const number = () => {
		let value = 0;
		for (let factor = 1; factor < 2 ** 70; factor *= 128) {
			if (at >= message.length) break;
			const byte = message[at++] ?? 0;
			value += (byte & 0x7f) * factor;
			if (byte < 0x80) return value;
		}
		throw new MalformedOtlp("a number in a resource does not end");
	};
	while (at < message.length) {
		const tag = number();
		const kind = tag & 7;
		if (tag < 8 || tag > 0xffffffff || kind === 3 || kind === 4 || kind > 5) {
			throw new MalformedOtlp("a resource holds something else than fields");
		}
		const length = kind === 2 ? number() : kind === 1 ? 8 : kind === 5 ? 4 : 0;
		if (at + length > message.length) throw new MalformedOtlp("a length in a resource runs over its end");
		if (kind === 2) found(tag, message.subarray(at, at + length));
		else if (kind === 0) number();
		at += length;
	}
}

function text(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4 * MAX_TEXT)).toString("utf8");
}
