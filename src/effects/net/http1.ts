/**
 * HTTP/1.1 framing only: where a message's head ends and how long its body is. Strict where two parsers could see
 * different messages. https://www.rfc-editor.org/rfc/rfc9112
 */

/** An ambiguous head, and the status with which to refuse it. */
export class BadHead extends Error {
	override readonly name = "BadHead";
	readonly status: number;

	constructor(status: number, message: string) {
		super(message);
		this.status = status;
	}
}

/** Longer heads are refused: tokens are at most 4 KiB, and servers have lower limits. */
const MAX_HEAD = 64 * 1024;

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e\\x80-\\xff]+) HTTP/1\\.([01])\\r\\n`);
const STATUS_LINE = /^HTTP\/1\.[01] ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n/;
const FIELD = `${TOKEN}:[\\t\\x20-\\x7e\\x80-\\xff]*`;
const FIELDS = new RegExp(`^(?:${FIELD}\\r\\n)*$`);
/** https://www.rfc-editor.org/rfc/rfc9112#section-7.1.1, without the blanks that nobody should send. */
const QUOTED = '"(?:[\\t\\x20!\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"';
const EXTENSIONS = new RegExp(`^(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*$`);
/** For those that say where a message or the connection ends it is too late. https://www.rfc-editor.org/rfc/rfc9110#section-6.5.1 */
const TRAILER_FIELD = new RegExp(`^(?!(?:content-length|transfer-encoding|connection):)${FIELD}$`, "i");

/** Header fields by lower-case name, looked up in the original text. */
export class Headers {
	readonly #text: string;
	readonly #lower: string;

	/** Takes the field lines, including the line break before the first. */
	constructor(text: string) {
		this.#text = text;
		this.#lower = text.toLowerCase();
	}

	/** The value of the only field with that name; `undefined` if there is none, `null` if there are several. */
	get(name: string): string | undefined | null {
		const at = this.#find(name, 0);
		if (at < 0) return undefined;
		if (this.#find(name, at) >= 0) return null;
		return this.#text.slice(at, this.#text.indexOf("\r\n", at)).replace(/^[ \t]+|[ \t]+$/g, "");
	}

	/** Every field in its order, with its name in lower case. */
	*all(): Generator<readonly [name: string, value: string]> {
		for (const line of this.#text.split("\r\n")) {
			const colon = line.indexOf(":");
			if (colon > 0) yield [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "")];
		}
	}

	/** Where the first field with that name begins and ends in the text. */
	line(name: string): [from: number, to: number] | undefined {
		const at = this.#find(name, 0);
		return at < 0 ? undefined : [at - name.length - 1, this.#text.indexOf("\r\n", at) + 2];
	}

	#find(name: string, from: number): number {
		const line = `\r\n${name}:`;
		const at = this.#lower.indexOf(line, from);
		return at < 0 ? -1 : at + line.length;
	}
}

/** How a body ends: after a number of bytes (0 for none), by chunks, or with the connection. */
export type Framing = number | "chunked" | "close";

export interface RequestHead {
	readonly method: string;
	/** Path and query, as sent. */
	readonly target: string;
	readonly headers: Headers;
	readonly framing: Framing;
	/** The client sends no other request after it on this connection. https://www.rfc-editor.org/rfc/rfc9112#section-9.6 */
	readonly isLast: boolean;
	/** The same head for another server: with a path prefix and its Host. */
	rewritten(basePath: string, host: string): Buffer;
}

/** Reads the head of a request, which ends in an empty line. Throws `BadHead`. */
export function requestHead(bytes: Buffer): RequestHead {
	const text = bytes.toString("latin1");
	const [line, method = "", target = "", minor] = REQUEST_LINE.exec(text) ?? [];
	if (line === undefined) {
		if (text.startsWith("PRI * HTTP/2.0"))
			throw new BadHead(505, "HTTP/2 is not supported here; send OTLP over HTTP/1.1");
		throw new BadHead(400, "the request line is malformed");
	}
	if (!target.startsWith("/") && target !== "*") throw new BadHead(400, "not a proxy: the target must be a path");
	const fields = text.slice(line.length, -2);
	if (!FIELDS.test(fields)) throw new BadHead(400, "a header field is malformed");
	const headers = new Headers(`\r\n${fields}`);
	if (headers.get("host") === null) throw new BadHead(400, "more than one Host");
	const framing = requestFraming(headers, minor === "1");
	return {
		method,
		target,
		headers,
		framing,
		isLast: isLast(headers, minor === "1"),
		rewritten(basePath, host) {
			const path = target === "*" ? target : basePath + target;
			const line = headers.line("host");
			// The fields were looked up with two extra bytes in front.
			const [before, after] = line ? [fields.slice(0, line[0] - 2), fields.slice(line[1] - 2)] : ["", fields];
			return Buffer.from(`${method} ${path} HTTP/1.${minor}\r\n${before}Host: ${host}\r\n${after}\r\n`, "latin1");
		},
	};
}

function isLast(headers: Headers, isHttp11: boolean): boolean {
	const only = headers.get("connection");
	if (only === undefined) return !isHttp11;
	const lists = only ?? [...headers.all()].flatMap(([name, value]) => (name === "connection" ? [value] : [])).join();
	const options = lists.toLowerCase().split(/[ \t]*,[ \t]*/);
	return options.includes("close") || (!isHttp11 && !options.includes("keep-alive"));
}

function requestFraming(headers: Headers, isHttp11: boolean): Framing {
	const encoding = headers.get("transfer-encoding");
	const length = headers.get("content-length");
	if (encoding === undefined) {
		if (length === undefined) return 0;
		if (length === null || !/^\d{1,15}$/.test(length))
			throw new BadHead(400, "the Content-Length is not a single number");
		return Number(length);
	}
	if (length !== undefined) throw new BadHead(400, "Content-Length and Transfer-Encoding contradict each other");
	if (!isHttp11 || encoding === null || !isChunked(encoding))
		throw new BadHead(400, "the Transfer-Encoding is not chunked");
	return "chunked";
}

/** Once, and last. https://www.rfc-editor.org/rfc/rfc9112#section-7-5 */
function isChunked(encoding: string): boolean {
	return /^(?:(?!chunked\b)[^,]+,[ \t]*)*chunked$/i.test(encoding);
}

export interface ResponseHead {
	readonly status: number;
	readonly headers: Headers;
	readonly framing: Framing;
}

/** Reads the head of a response to a method. Throws `BadHead`. */
export function responseHead(bytes: Buffer, method: string): ResponseHead {
	const text = bytes.toString("latin1");
	const [line, code] = STATUS_LINE.exec(text) ?? [];
	if (line === undefined) throw new BadHead(502, "the status line is malformed");
	const status = Number(code);
	const headers = new Headers(`\r\n${text.slice(line.length, -2)}`);
	const hasNoBody = status < 200 || status === 204 || status === 304 || method === "HEAD";
	return { status, headers, framing: hasNoBody ? 0 : responseFraming(headers) };
}

function responseFraming(headers: Headers): Framing {
	const encoding = headers.get("transfer-encoding");
	if (encoding !== undefined) return encoding && isChunked(encoding) ? "chunked" : "close";
	const length = headers.get("content-length");
	return length && /^\d{1,15}$/.test(length) ? Number(length) : "close";
}

/** Collects the bytes of a message, in any number of chunks, up to the end of its head. */
export class HeadReader {
	#partial: Buffer | undefined;

	/** Whether a head has begun but not ended. */
	get isPartial(): boolean {
		return this.#partial !== undefined;
	}

	/** The head, and where in this chunk the body begins; undefined if it continues in the next. Throws `BadHead` if it is too long. */
	push(chunk: Buffer, from: number): { head: Buffer; end: number } | undefined {
		const before = this.#partial?.length ?? 0;
		const all = this.#partial ? Buffer.concat([this.#partial, chunk.subarray(from)]) : chunk.subarray(from);
		const at = all.indexOf("\r\n\r\n", Math.max(0, before - 3), "latin1");
		if ((at < 0 ? all.length : at) > MAX_HEAD) throw new BadHead(431, "the head is too long");
		if (at < 0) {
			this.#partial = all;
			return undefined;
		}
		this.#partial = undefined;
		return { head: all.subarray(0, at + 4), end: from + at + 4 - before };
	}
}

const SIZE = 0;
const EXTENSION = 1;
const SIZE_LF = 2;
const DATA = 3;
const DATA_CR = 4;
const DATA_LF = 5;
const LINE_START = 6;
const TRAILER = 7;
const TRAILER_LF = 8;
const LAST_LF = 9;
const OVER = 10;

/** Maximum length of chunk-size lines (with extensions) and trailers. */
const MAX_LINE = 16 * 1024;

/** Finds the end of a body and calls back with its content, without chunk sizes. */
export class BodyReader {
	#left: number;
	#state: number;
	/** Extensions of a chunk, or a trailer, as far as read. */
	#line = "";
	#digits = 0;

	constructor(framing: Framing) {
		this.#left = framing === "close" ? Number.POSITIVE_INFINITY : framing === "chunked" ? 0 : framing;
		this.#state = framing === "chunked" ? SIZE : framing === 0 ? OVER : DATA;
		this.#digits = framing === "chunked" ? 0 : -1;
	}

	get isOver(): boolean {
		return this.#state === OVER;
	}

	/** Where in this chunk the body ends, or the chunk's end. Throws `BadHead` on malformed chunks. */
	push(chunk: Buffer, from: number, content?: (bytes: Buffer) => void): number {
		let at = from;
		while (at < chunk.length && this.#state !== OVER) {
			if (this.#state === DATA) {
				const end = Math.min(chunk.length, at + this.#left);
				content?.(chunk.subarray(at, end));
				this.#left -= end - at;
				at = end;
				if (this.#left === 0) this.#state = this.#digits < 0 ? OVER : DATA_CR;
			} else this.#step(chunk[at++] ?? 0);
		}
		return at;
	}

	#step(byte: number): void {
		const state = this.#state;
		if (state === SIZE) {
			const digit = hexDigit(byte);
			if (digit >= 0 && this.#digits < 12) {
				this.#left = this.#left * 16 + digit;
				this.#digits++;
				return;
			}
			if (this.#digits === 0) throw malformedChunk();
			if (byte === 0x0d) this.#state = SIZE_LF;
			else if (byte === 0x3b) this.#state = EXTENSION;
			else throw malformedChunk();
			this.#line = byte === 0x0d ? "" : ";";
			return;
		}
		const wanted = AFTER_CR[state];
		if (wanted !== undefined) {
			if (byte !== wanted[0]) throw malformedChunk();
			this.#state = wanted[1];
			if (state === SIZE_LF && this.#left === 0) this.#state = LINE_START;
			if (state === DATA_LF) this.#digits = 0;
			return;
		}
		if (byte === 0x0d) {
			if (!LINES[state]?.test(this.#line)) throw malformedChunk();
			this.#state = state === EXTENSION ? SIZE_LF : state === LINE_START ? LAST_LF : TRAILER_LF;
			this.#line = "";
			return;
		}
		this.#line += String.fromCharCode(byte);
		if (byte === 0x0a || this.#line.length > MAX_LINE) throw malformedChunk();
		if (state === LINE_START) this.#state = TRAILER;
	}
}

/** What a line must be when it ends. */
const LINES: Readonly<Record<number, RegExp>> = {
	[EXTENSION]: EXTENSIONS,
	[LINE_START]: /^$/,
	[TRAILER]: TRAILER_FIELD,
};

/** The byte that must follow, and the next state. */
const AFTER_CR: Readonly<Record<number, readonly [byte: number, next: number]>> = {
	[SIZE_LF]: [0x0a, DATA],
	[DATA_CR]: [0x0d, DATA_LF],
	[DATA_LF]: [0x0a, SIZE],
	[TRAILER_LF]: [0x0a, LINE_START],
	[LAST_LF]: [0x0a, OVER],
};

function malformedChunk(): BadHead {
	return new BadHead(400, "a chunk is malformed");
}

function hexDigit(byte: number): number {
	if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
	const lower = byte | 0x20;
	return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
