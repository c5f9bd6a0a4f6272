import { createServer, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import fc from "fast-check";
import { ForwardedConnection } from "../../src/effects/net/forwarded-connection.ts";
import type { ExchangeOutcome } from "../../src/effects/net/forwarding.ts";

/** One request as a reader found it in the bytes of a connection. */
export interface ReadRequest {
	readonly method: string;
	readonly target: string;
	/** Names in lower case, values without the blanks around them, in their order. */
	readonly fields: readonly (readonly [name: string, value: string])[];
	/** Without chunk sizes, as latin1. */
	readonly body: string;
	/** Whether the reader found its end. */
	readonly isWhole: boolean;
}

/** What a reader made of a connection. */
export interface Reading {
	readonly requests: readonly ReadRequest[];
	/** It read no further, because of what was there. */
	readonly isRefused: boolean;
}

/** The end of a connection that is in this process: what is written to it is kept, and nothing is waited for. */
class End extends Duplex {
	readonly written: Buffer[] = [];
	override _write(chunk: Buffer, _encoding: string, done: () => void): void {
		this.written.push(chunk);
		done();
	}
	override _read(): void {}
	setTimeout(): this {
		return this;
	}
	setNoDelay(): this {
		return this;
	}
	setKeepAlive(): this {
		return this;
	}
}

interface Found {
	readonly message: IncomingMessage;
	body: string;
}

/** Node's own reader, as strict as it is by default. https://nodejs.org/api/http.html#httpcreateserveroptions-requestlistener */
export function readByNode(pieces: readonly Buffer[]): Reading {
	const server = createServer({ requireHostHeader: false, maxHeaderSize: 1 << 20 });
	server.maxHeadersCount = 0;
	const found: Found[] = [];
	let isRefused = false;
	server.on("request", (message) => found.push({ message, body: "" }));
	server.on("clientError", () => {
		isRefused = true;
	});
	const socket = new End();
	server.emit("connection", socket);
	for (const piece of pieces) {
		if (!isRefused) socket.emit("data", piece);
		for (const each of found) {
			for (let chunk = each.message.read(); chunk !== null; chunk = each.message.read())
				each.body += chunk.toString("latin1");
		}
	}
	socket.destroy();
	server.close();
	const requests = found.map(({ message, body }) => ({
		method: message.method ?? "",
		target: message.url ?? "",
		fields: Array.from({ length: message.rawHeaders.length / 2 }, (_each, index) => {
			const [name = "", value = ""] = message.rawHeaders.slice(2 * index, 2 * index + 2);
			return [name.toLowerCase(), value] as const;
		}),
		body,
		isWhole: message.complete,
	}));
	return { requests, isRefused };
}

/** The tap's reader, with what it passes on to an upstream that answers nothing. */
export function readByTap(
	pieces: readonly Buffer[],
	{ basePath = "", authority = "upstream" } = {},
): Reading & { readonly forwarded: Buffer } {
	const client = new End();
	const upstream = new End();
	const found: { request: Omit<ReadRequest, "body" | "isWhole">; body: string; outcome?: ExchangeOutcome }[] = [];
	const faults: unknown[] = [];
	const connection = new ForwardedConnection(
		client as unknown as Socket,
		{
			host: "",
			port: 0,
			upstream: { isTls: false, hostname: "", port: 0, authority, basePath },
			watcher: {
				begin({ method, target, headers }) {
					const own: (typeof found)[number] = { request: { method, target, fields: [...headers.all()] }, body: "" };
					found.push(own);
					return {
						body(chunk) {
							own.body += chunk.toString("latin1");
						},
						end(outcome) {
							own.outcome = outcome;
						},
					};
				},
			},
			onUnreachable: () => undefined,
			onFault: (error) => faults.push(error),
		},
		() => upstream as unknown as Socket,
		new Set(),
	);
	for (const piece of pieces) client.emit("data", piece);
	const isRefused = client.writableEnded || client.destroyed;
	connection.reset();
	client.emit("close");
	if (faults.length > 0) throw faults[0];
	const requests = found.map(({ request, body, outcome }) => ({
		...request,
		body,
		isWhole: outcome?.body === "whole",
	}));
	return { requests, isRefused, forwarded: Buffer.concat(upstream.written) };
}

/** What a connection can hold: mostly plain text, and what readers are known to read differently. */
const usual = <T>(plain: T, ...odd: T[]) =>
	fc.oneof({ weight: 12, arbitrary: fc.constant(plain) }, fc.constantFrom(...odd));
const times = (text: string, count: number) => text.repeat(count);

const lineEnd = fc.oneof(
	{ weight: 60, arbitrary: fc.constant("\r\n") },
	fc.constantFrom("\n", "\r", "\r\r\n", " \r\n"),
);
const target = usual(
	"/v1/logs",
	"/",
	"*",
	"/a?b=c%20d",
	"//x",
	"/a#b",
	"/\xe9",
	"/a b",
	"/\x7f",
	"/\t",
	"http://h/x",
	"x",
	"",
);
const version = usual(
	"HTTP/1.1",
	"HTTP/1.0",
	"HTTP/1.2",
	"HTTP/2.0",
	"HTTP/0.9",
	"http/1.1",
	"HTTP/1.1 ",
	"HTTP/01.1",
	"",
);
const field = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.constantFrom("Host: a", "X-A: b", "X-A:b", "X-A:", "X-A: \t b \t", "x-a: B: c", "X-A: \xe9"),
	},
	fc.constantFrom(
		"X-A : b",
		" X-A: b",
		"\tX-A: b",
		"X-A: b\r\n c",
		"X-A: b\n c",
		"X-A",
		": b",
		"X-A: \0",
		"X-A: \x7f",
		"X-A: \x0b",
		"X-A: a\rb",
		"X\xe9: a",
		"X A: b",
		"Connection: close",
		"Connection: keep-alive",
		"Connection: keep-alive, Close",
		"Keep-Alive: 1",
	),
);
const lengthOf = (size: number) =>
	usual(
		`Content-Length: ${size}`,
		`content-length:${size}`,
		`Content-Length: \t${size}\t`,
		`Content-Length : ${size}`,
		`Content-Length: +${size}`,
		`Content-Length: -${size}`,
		`Content-Length: 0${size}`,
		`Content-Length: 0x${size}`,
		`Content-Length: ${size}.0`,
		`Content-Length: ${size}, ${size}`,
		`Content-Length: ${size} ${size}`,
		`Content-Length: ${size}\r\nContent-Length: ${size}`,
		`Content-Length: ${size}\r\nContent-Length: 0`,
		`Content-Length:\r\n ${size}`,
		`Content-Length: ${size + 1}`,
		`Content-Length: 1844674407370955161${size}`,
		`Content-Length: ${"9".repeat(16)}`,
		`Content-Length: ${size}\r\nTransfer-Encoding: chunked`,
		`Content-Length: ${size}\r\nTransfer-Encoding: identity`,
		"Content-Length:",
		"X-A: b",
	);
const chunkedBy = usual(
	"Transfer-Encoding: chunked",
	"transfer-encoding:CHUNKED",
	"Transfer-Encoding: \tchunked \t",
	"Transfer-Encoding: gzip, chunked",
	"Transfer-Encoding: gzip,chunked",
	"Transfer-Encoding: chunked, gzip",
	"Transfer-Encoding: chunked, chunked",
	"Transfer-Encoding: chunked,",
	"Transfer-Encoding: ,chunked",
	"Transfer-Encoding: chunked;q=1",
	"Transfer-Encoding: xchunked",
	"Transfer-Encoding: x chunked",
	"Transfer-Encoding: chunkedx",
	"Transfer-Encoding: chu nked",
	'Transfer-Encoding: "chunked"',
	"Transfer-Encoding: identity",
	"Transfer-Encoding:",
	"Transfer-Encoding : chunked",
	"Transfer-Encoding:\r\n chunked",
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
	"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
	"Transfer-Encoding: chunked\r\nContent-Length: 5",
	"X_Transfer-Encoding: chunked",
);
const sizeLine = (hex: string) =>
	usual(
		hex,
		`00${hex}`,
		hex.toUpperCase(),
		`${hex};a`,
		`${hex};a=b`,
		`${hex};a="b;c"`,
		`${hex};a="b\\"c"`,
		`${hex};a="b`,
		`${hex};a=b;c=d`,
		`${hex};`,
		`${hex};=`,
		`${hex};a=`,
		`${hex}; a`,
		`${hex} ;a`,
		`${hex};a b`,
		`${hex};a\rb`,
		`${hex};a\nb`,
		`${hex};\0`,
		`${hex};\x7f`,
		`${hex};\xe9`,
		`${hex};a="\xe9"`,
		`${hex} `,
		`${hex}\t`,
		` ${hex}`,
		`+${hex}`,
		`-${hex}`,
		`0x${hex}`,
		`${hex}h`,
		`${hex},`,
		`${times("0", 11)}${hex}`,
		`${times("0", 13)}${hex}`,
		`fffffffffffffff${hex}`,
		`1000000000000000${hex}`,
		"",
	);
const content = fc.string({ unit: fc.constantFrom("a", "b", "0", "\r", "\n", ":", "\xff"), maxLength: 20 });
const chunk = content
	.filter((data) => data !== "")
	.chain((data) => fc.tuple(sizeLine(data.length.toString(16)), lineEnd, fc.constant(data), lineEnd));
const trailer = fc.oneof(
	{ weight: 6, arbitrary: fc.constant("X-T: 1") },
	field,
	fc.constantFrom("Content-Length: 5", "Transfer-Encoding: chunked", "POST / HTTP/1.1"),
);
const chunks = fc
	.tuple(
		fc.array(chunk, { maxLength: 3 }),
		sizeLine("0"),
		lineEnd,
		fc.array(fc.tuple(trailer, lineEnd), { maxLength: 2 }),
		lineEnd,
	)
	.map((parts) => parts.flat(3).join(""));
const framed = fc.oneof(
	fc.constant<readonly string[]>(["X-A: b", ""]),
	content.chain((data) => fc.tuple(lengthOf(data.length), fc.constant(data))),
	fc.tuple(chunkedBy, chunks),
);
const message = fc
	.record({
		before: usual("", "\r\n", "\n", "\r", "\r\n\r\n", " ", "\0"),
		method: usual("POST", "GET", "PUT", "OPTIONS", "DELETE", "post", "PO ST", ""),
		target,
		version,
		fields: fc.array(field, { maxLength: 3 }),
		framed,
		ends: fc.array(lineEnd, { minLength: 6, maxLength: 6 }),
	})
	.map(({ before, method, target: path, version: as, fields, framed: [framing = "", body = ""], ends }) => {
		const lines = [`${method} ${path} ${as}`, ...fields, framing, ""];
		return `${before}${lines.map((line, index) => line + (ends[index] ?? "\r\n")).join("")}${body}`;
	});

/**
 * The bytes of a connection with up to three requests in a row, now and then with a byte that is lost, doubled or another. At the
 * end are empty lines, after which a reader knows what it thinks of what it has. */
export const connectionBytes: fc.Arbitrary<Buffer> = fc
	.tuple(
		fc.array(message, { minLength: 1, maxLength: 3 }),
		fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.tuple(fc.nat(), fc.nat(2), fc.nat(255))),
	)
	.map(([messages, change]) => {
		const bytes = Buffer.from(`${messages.join("")}\r\n\r\n`, "latin1");
		if (!change || bytes.length === 0) return bytes;
		const [place, count, byte] = change;
		const at = place % bytes.length;
		return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(count, byte), bytes.subarray(at + 1)]);
	});
