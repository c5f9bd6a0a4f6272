import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { CrossfadeError } from "../../base/errors.ts";

/** A request with its complete, decompressed body. */
export interface ServerRequest {
	readonly method: string;
	readonly path: string;
	readonly query: string;
	readonly headers: Readonly<Record<string, string | string[] | undefined>>;
	readonly body: Uint8Array;
}

export interface ServerAnswer {
	readonly status: number;
	readonly contentType: string;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body: string | Uint8Array;
	/** Delay before the response, in milliseconds. */
	readonly delayMs?: number;
	/** Reset the connection instead of responding. */
	readonly reset?: boolean;
}

/** Instead of a response: lines written as they come, until the client or the server closes the connection. */
export interface ServerStream {
	readonly contentType: string;
	readonly headers?: Readonly<Record<string, string>>;
	/** Receives a function that writes and returns how many bytes the client has not read yet; returns one that is called when the client is gone. */
	readonly start: (write: (text: string) => number) => () => void;
	/** Its text is written every 15 seconds, so that each side notices when the other is gone. */
	readonly heartbeat?: () => string;
}

export interface Server {
	/** `http://127.0.0.1:4318` */
	readonly url: string;
	/** Accepts no more requests and resolves when pending ones have finished. */
	close(): Promise<void>;
}

export interface ServeOptions {
	readonly host: string;
	/** 0 for any free port. */
	readonly port: number;
	/** Larger bodies, compressed or not, get 413. */
	readonly maxBodyBytes: number;
	readonly answer: (request: ServerRequest) => ServerAnswer | ServerStream | Promise<ServerAnswer | ServerStream>;
}

/** Serves HTTP until closed. Throws `CrossfadeError` (io) if it cannot listen on the address. */
export async function serve(options: ServeOptions): Promise<Server> {
	const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
		handle(request, response, options).catch((error: unknown) => {
			response.destroy(error instanceof Error ? error : undefined);
		});
	});
	await new Promise<void>((done, fail) => {
		server.once("error", (error) => fail(cannotListen(options, error)));
		server.listen(options.port, options.host, done);
	});
	const { port } = server.address() as AddressInfo;
	const host = options.host.includes(":") ? `[${options.host}]` : options.host;
	return {
		url: `http://${host}:${port}`,
		close: () =>
			new Promise((done) => {
				server.close(() => done());
				server.closeIdleConnections();
				setTimeout(() => server.closeAllConnections(), 2_000).unref();
			}),
	};
}

function cannotListen({ host, port }: ServeOptions, error: Error): CrossfadeError {
	const code = (error as NodeJS.ErrnoException).code;
	const got = code === "EADDRINUSE" ? "another program is listening there" : (code ?? error.message);
	return new CrossfadeError(
		"io",
		{ what: `cannot listen on ${host} port ${port}`, got, fix: "choose another --port, or 0 for any free port" },
		{ cause: error },
	);
}

async function handle(request: IncomingMessage, response: ServerResponse, options: ServeOptions): Promise<void> {
	const body = await readBody(request, options.maxBodyBytes);
	if (!Buffer.isBuffer(body)) return send(response, { status: body, contentType: "text/plain", body: "" });
	const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
	const answer = await options.answer({ method: request.method ?? "GET", path, query, headers: request.headers, body });
	if ("status" in answer) {
		if (answer.delayMs) await pause(answer.delayMs, undefined, { ref: false });
		return answer.reset ? void request.socket.resetAndDestroy() : send(response, answer);
	}
	response.writeHead(200, { "content-type": answer.contentType, "cache-control": "no-store", ...answer.headers });
	response.flushHeaders();
	const write = (text: string) => {
		if (text !== "") response.write(text);
		return response.writableLength;
	};
	const { heartbeat } = answer;
	const timer = heartbeat === undefined ? undefined : setInterval(() => write(heartbeat()), HEARTBEAT_MS).unref();
	const gone = answer.start(write);
	response.on("close", () => {
		clearInterval(timer);
		gone();
	});
}

const HEARTBEAT_MS = 15_000;

function send(response: ServerResponse, { status, contentType, headers, body }: ServerAnswer): void {
	const length = typeof body === "string" ? Buffer.byteLength(body) : body.length;
	response.writeHead(status, { "content-type": contentType, "content-length": length, ...headers });
	response.end(body);
}

const unpack = promisify(gunzip);

/** The body, or the status with which to refuse it. */
async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | 400 | 413 | 415> {
	const chunks: Buffer[] = [];
	let total = 0;
	for await (const chunk of request) {
		total += chunk.length;
		if (total > limit) return 413;
		chunks.push(chunk);
	}
	const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
	const encoding = request.headers["content-encoding"] ?? "identity";
	if (encoding === "identity") return body;
	if (encoding !== "gzip") return 415;
	try {
		return await unpack(body, { maxOutputLength: limit });
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? 413 : 400;
	}
}
