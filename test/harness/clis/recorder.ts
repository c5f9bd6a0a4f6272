import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { exported, type SignalName } from "./exported.ts";

/** One request as its bytes said it: header names with their case, in their order, with repeated ones. */
export interface Recorded {
	/** The letter of the recorder. */
	readonly at: string;
	readonly version: "1.1" | "2";
	readonly method: string;
	/** Path and query; the whole URL if it came as to a proxy. */
	readonly target: string;
	readonly headers: readonly (readonly [name: string, value: string])[];
	/** By what the body holds; undefined if it is not OTLP. */
	readonly signal: SignalName | undefined;
	readonly encoding: "protobuf" | "json" | undefined;
}

export interface Recorder {
	readonly letter: string;
	/** `127.0.0.1:PORT` */
	readonly host: string;
	readonly requests: readonly Recorded[];
	/** Hosts that CONNECT asked for. */
	readonly tunnels: readonly string[];
	clear(): void;
}

const FRAME = 5;

/** A server on loopback that answers every OTLP export, over HTTP/1.1 and plain HTTP/2, and as a proxy. It is stopped after the test. */
export async function startRecorder(letter: string): Promise<Recorder> {
	const requests: Recorded[] = [];
	const tunnels: string[] = [];
	const take = async (request: IncomingMessage | Http2ServerRequest) => {
		const body = await buffer(request);
		const { rawHeaders, method = "", url = "", httpVersion } = request;
		const headers = rawHeaders
			.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ""] as const] : []))
			.filter(([name]) => !name.startsWith(":"));
		const version = httpVersion === "2.0" ? "2" : "1.1";
		const packed = headers.find(([name]) => name.toLowerCase() === "content-encoding")?.[1] === "gzip";
		const found = readBody(version === "2" ? body.subarray(FRAME) : packed ? gunzipSync(body) : body);
		requests.push({ at: letter, version, method, target: url, headers, ...found });
		return found.encoding;
	};
	// What a place takes of long headers is not what a CLI sends.
	const one = createHttp({ maxHeaderSize: 1 << 20 }, (request: IncomingMessage, response: ServerResponse) => {
		take(request).then(
			(encoding) => {
				const type = encoding === "json" ? "application/json" : "application/x-protobuf";
				response.writeHead(200, { "content-type": type }).end(encoding === "json" ? "{}" : undefined);
			},
			() => response.writeHead(400).end(),
		);
	});
	one.on("connect", (request: IncomingMessage, socket: Socket) => {
		tunnels.push(request.url ?? "");
		tunnel(socket, request.url ?? "");
	});
	const two = createHttp2((request: Http2ServerRequest, response: Http2ServerResponse) => {
		take(request).then(
			() => {
				response.writeHead(200, { "content-type": "application/grpc+proto" });
				response.addTrailers({ "grpc-status": "0" });
				response.end(Buffer.alloc(FRAME));
			},
			() => response.stream.close(),
		);
	});
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
		socket.on("error", () => undefined);
		socket.once("data", (first: Buffer) => {
			socket.pause();
			socket.unshift(first);
			(first.toString("latin1").startsWith("PRI ") ? two : one).emit("connection", socket);
			socket.resume();
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(async () => {
		const closed = new Promise((done) => server.close(done));
		for (const socket of sockets) socket.destroy();
		await closed;
	});
	return {
		letter,
		host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
		requests,
		tunnels,
		clear() {
			requests.length = 0;
			tunnels.length = 0;
		},
	};
}

function readBody(body: Buffer): Pick<Recorded, "signal" | "encoding"> {
	for (const encoding of ["json", "protobuf"] as const) {
		try {
			return { signal: exported(body, encoding).signal, encoding };
		} catch {
			// The other encoding, or none.
		}
	}
	return { signal: undefined, encoding: undefined };
}

/** Only to loopback: nothing of a test leaves the machine. */
function tunnel(socket: Socket, authority: string): void {
	const [, port] = /^(?:127\.0\.0\.1|localhost):(\d+)$/.exec(authority) ?? [];
	if (port === undefined) {
		socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
		return;
	}
	const target = dial(Number(port), "127.0.0.1", () => {
		socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
		socket.pipe(target).pipe(socket);
	});
	target.on("error", () => socket.destroy());
	socket.on("error", () => target.destroy());
	socket.on("close", () => target.destroy());
}
