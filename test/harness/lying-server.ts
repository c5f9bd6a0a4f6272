import { createServer as plainHttp2, type ServerHttp2Stream, createSecureServer as secureHttp2 } from "node:http2";
import { createServer as plainTcp, type Server, type Socket } from "node:net";
import { createServer as secureTcp, type TlsOptions } from "node:tls";
import { onTestFinished } from "vitest";
import type { Canary } from "./canary.ts";
import type { SelfSigned } from "./self-signed.ts";

/** What a server sends: a whole HTTP/1.1 answer as text, or what it does with the connection. */
export type HttpReply = string | ((socket: Socket, request: string) => void);
export type GrpcReply = (stream: ServerHttp2Stream, request: Buffer) => void;

/** What a server does with our token, and with every other one: the same if not given. */
export interface Replies<Reply> {
	readonly mine: Reply;
	readonly others?: Reply | undefined;
}

export interface LyingServer {
	readonly url: string;
	/** The requests that came, as far as they were asked with our token and with others. */
	readonly asked: { mine: number; others: number };
}

/** HTTP/1.1, and over TLS with a certificate. A server of its own for each test, closed after it. */
export async function lyingHttp(
	token: Canary,
	{ mine, others = mine }: Replies<HttpReply>,
	tls?: SelfSigned & TlsOptions,
): Promise<LyingServer> {
	const asked = { mine: 0, others: 0 };
	const serve = (socket: Socket) => {
		socket.on("error", () => undefined);
		socket.once("data", (first) => {
			const request = first.toString("latin1");
			const isMine = request.includes(token.token);
			// A look at its TLS asks for nothing.
			if (request.startsWith("POST ")) asked[isMine ? "mine" : "others"]++;
			const reply = isMine ? mine : others;
			if (typeof reply === "string") socket.end(reply, "latin1");
			else reply(socket, request);
		});
	};
	const server = tls ? secureTcp(tls, serve) : plainTcp(serve);
	return { url: `${tls ? "https" : "http"}://127.0.0.1:${await listening(server)}`, asked };
}

/** HTTP/2 as gRPC has it, without TLS, or with it. */
export async function lyingGrpc(
	token: Canary,
	{ mine, others = mine }: Replies<GrpcReply>,
	tls?: SelfSigned,
): Promise<LyingServer> {
	const asked = { mine: 0, others: 0 };
	const server = tls ? secureHttp2(tls) : plainHttp2();
	server.on("stream", (stream: ServerHttp2Stream, headers) => {
		const isMine = String(headers["authorization"]).includes(token.token);
		asked[isMine ? "mine" : "others"]++;
		stream.on("error", () => undefined);
		const request: Buffer[] = [];
		stream.on("data", (chunk: Buffer) => request.push(chunk));
		stream.on("end", () => (isMine ? mine : others)(stream, Buffer.concat(request)));
	});
	return { url: `${tls ? "https" : "http"}://127.0.0.1:${await listening(server)}`, asked };
}

async function listening(server: Server | ReturnType<typeof plainHttp2 | typeof secureHttp2>): Promise<number> {
	const sockets = new Set<Socket>();
	server.on("connection", (socket: Socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket));
	});
	server.on("tlsClientError", () => undefined);
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	return (server.address() as { port: number }).port;
}

/** A gRPC answer with headers, one body and trailers. */
export function grpcReply(
	trailers: Readonly<Record<string, string | string[]>>,
	{ headers = {}, body = Buffer.alloc(5) }: { headers?: Record<string, string | number>; body?: Buffer } = {},
): (stream: ServerHttp2Stream) => void {
	return (stream) => {
		const all = { ":status": 200, "content-type": "application/grpc", ...headers };
		stream.respond(all, { waitForTrailers: true });
		stream.on("wantTrailers", () => stream.sendTrailers(trailers));
		stream.end(body);
	};
}

/** One of headers alone. */
export function grpcHeaders(headers: Readonly<Record<string, string | number>>): GrpcReply {
	return (stream) =>
		stream.respond({ ":status": 200, "content-type": "application/grpc", ...headers }, { endStream: true });
}
