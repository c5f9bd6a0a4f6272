import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import { CrossfadeError } from "../../base/errors.ts";
import type { Exchange } from "./exchanges.ts";
import { ForwardedConnection } from "./forwarded-connection.ts";
import type { ForwarderOptions } from "./forwarding.ts";
import { upstreamDialler } from "./upstream.ts";

export interface Forwarder {
	/** `http://127.0.0.1:4318` */
	readonly url: string;
	/** Accepts no more connections and resolves when pending requests have finished, or after ten seconds. */
	close(): Promise<void>;
}

const MAX_CONNECTIONS = 10_000;
const CLOSE_WITHIN_MS = 10_000;

/**
 * Forwards HTTP/1.1 byte by byte: each incoming connection has its own connection to the upstream, so whatever happens to one happens to
 * the other, including resets and closed idle connections. Throws `CrossfadeError` (io) if it cannot listen on the address.
 */
export async function startForwarder(options: ForwarderOptions): Promise<Forwarder> {
	const pairs = new Set<ForwardedConnection>();
	const unpacking = new Set<Exchange>();
	const loops = newLoopDetector();
	const connect = upstreamDialler(options.upstream, loops.isOurs);
	const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (client: Socket) => {
		if (loops.isFromUs(client)) {
			client.destroy();
			return;
		}
		const pair = new ForwardedConnection(client, options, connect, unpacking);
		pairs.add(pair);
		client.once("close", () => pairs.delete(pair));
	});
	server.maxConnections = MAX_CONNECTIONS;
	await listen(server, options);
	const { port } = server.address() as AddressInfo;
	const host = options.host.includes(":") ? `[${options.host}]` : options.host;
	return {
		url: `http://${host}:${port}`,
		async close() {
			const timer = setTimeout(() => {
				for (const pair of pairs) pair.reset();
			}, CLOSE_WITHIN_MS);
			const closed = new Promise((done) => server.close(done));
			for (const pair of pairs) pair.finish();
			await closed;
			clearTimeout(timer);
			const deadline = performance.now() + CLOSE_WITHIN_MS;
			while (unpacking.size > 0 && performance.now() < deadline) await new Promise((done) => setTimeout(done, 5));
		},
	};
}

/**
 * Finds connections that lead from this process to itself, by whatever name: both ends of one are known here. Either end may be told of
 * first, so both are remembered.
 */
function newLoopDetector() {
	const incoming = new Set<string>();
	const outgoing = new Map<string, Socket>();
	return {
		isOurs(socket: Socket): boolean {
			const end = `${plainAddress(socket.localAddress)} ${socket.localPort}`;
			outgoing.set(end, socket);
			socket.once("close", () => outgoing.delete(end));
			return incoming.has(end);
		},
		isFromUs(client: Socket): boolean {
			const end = `${plainAddress(client.remoteAddress)} ${client.remotePort}`;
			const known = outgoing.get(end);
			known?.destroy(Object.assign(new Error("it leads back here"), { code: "ELOOP" }));
			incoming.add(end);
			client.once("close", () => incoming.delete(end));
			return known !== undefined;
		},
	};
}

/** An IPv4 address as it is written alone; sockets of both families show it inside an IPv6 one. */
function plainAddress(address = ""): string {
	return address.replace(/^::ffff:/, "");
}

function listen(server: NetServer, { host, port }: ForwarderOptions): Promise<void> {
	return new Promise((done, fail) => {
		server.once("error", (error: NodeJS.ErrnoException) => {
			const got = error.code === "EADDRINUSE" ? "another program is listening there" : (error.code ?? error.message);
			const fix = "choose another --listen, or port 0 for any free port";
			fail(new CrossfadeError("io", { what: `cannot listen on ${host} port ${port}`, got, fix }, { cause: error }));
		});
		server.listen(port, host, done);
	});
}
