import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { listen } from "./loopback.ts";

export interface Fence {
	/** Variables that send everything but loopback to the fence. */
	readonly env: Readonly<Record<string, string>>;
	/** Hosts that were asked for. */
	readonly wanted: ReadonlySet<string>;
}

/** A proxy that refuses everything but loopback and notes what was wanted. It is stopped after the test. */
export async function startFence(): Promise<Fence> {
	const wanted = new Set<string>();
	const server = createServer((request, response) => {
		const url = request.url ?? "";
		wanted.add(URL.canParse(url) ? new URL(url).host : url);
		response.writeHead(403).end();
	});
	server.on("connect", (request, socket: Socket) => {
		socket.on("error", () => undefined);
		const [, port] = /^127\.0\.0\.1:(\d+)$/.exec(request.url ?? "") ?? [];
		if (port) return tunnel(socket, Number(port));
		wanted.add(request.url ?? "");
		socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
	});
	const { origin, close } = await listen(server);
	onTestFinished(close);
	const direct = "127.0.0.1,localhost";
	const upper = { HTTP_PROXY: origin, HTTPS_PROXY: origin, NO_PROXY: direct };
	return { env: { ...upper, http_proxy: origin, https_proxy: origin, no_proxy: direct }, wanted };
}

/** Some clients go through the proxy whatever NO_PROXY says. */
function tunnel(socket: Socket, port: number): void {
	const target = connect(port, "127.0.0.1", () => {
		socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
		socket.pipe(target).pipe(socket);
	});
	target.on("error", () => socket.destroy());
	socket.on("close", () => target.destroy());
}
