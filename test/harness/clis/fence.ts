import { createServer } from "node:http";
import { listen } from "./loopback.ts";

export interface Fence {
	/** Variables that send everything but loopback to the fence. */
	readonly env: Readonly<Record<string, string>>;
	/** Hosts that a CLI wanted to talk to. */
	readonly wanted: ReadonlySet<string>;
	close(): Promise<void>;
}

/** A proxy that refuses everything: a CLI under test must not reach the internet, and what it wanted there is noted. */
export async function startFence(): Promise<Fence> {
	const wanted = new Set<string>();
	const server = createServer((request, response) => {
		wanted.add(URL.canParse(request.url ?? "") ? new URL(request.url ?? "").host : "?");
		response.writeHead(403).end();
	});
	server.on("connect", (request, socket) => {
		wanted.add(request.url ?? "?");
		socket.on("error", () => undefined);
		socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
	});
	const { origin, close } = await listen(server);
	const none = "127.0.0.1,localhost";
	const env = {
		HTTP_PROXY: origin,
		HTTPS_PROXY: origin,
		NO_PROXY: none,
		http_proxy: origin,
		https_proxy: origin,
		no_proxy: none,
	};
	return { env, wanted, close };
}
