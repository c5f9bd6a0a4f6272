import { createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface RawServer {
	/** `http://127.0.0.1:port` */
	readonly url: string;
	readonly port: number;
	/** What each connection sent so far, as text. */
	readonly received: string[];
}

/** A server that knows no protocol: `answer` gets each connection once its first bytes are there. Closed after the test. */
export async function rawServer(answer: (socket: Socket, first: string) => void): Promise<RawServer> {
	const received: string[] = [];
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		const index = received.push("") - 1;
		sockets.add(socket);
		socket.on("error", () => undefined);
		socket.on("close", () => sockets.delete(socket));
		socket.on("data", (chunk) => {
			const isFirst = received[index] === "";
			received[index] += chunk.toString("latin1");
			if (isFirst) answer(socket, received[index] ?? "");
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	const { port } = server.address() as { port: number };
	return { url: `http://127.0.0.1:${port}`, port, received };
}

/** An HTTP/1.1 answer as text, with its true length unless the headers say otherwise. */
export function httpText(status: string, headers: Readonly<Record<string, string>> = {}, body = ""): string {
	const all = { "content-length": String(Buffer.byteLength(body)), ...headers };
	const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
	return `HTTP/1.1 ${status}\r\n${lines.join("")}\r\n${body}`;
}

/** The answer of a server that took an export in protobuf. */
export const otlpTaken = httpText("200 OK", { "content-type": "application/x-protobuf" });

/** Writes for as long as the other side reads. */
export function flood(socket: Socket, chunk: string): void {
	const write = () => {
		while (!socket.destroyed && socket.write(chunk));
	};
	socket.on("drain", write);
	write();
}
