import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Starts a server on a free port of loopback. */
export async function listen(server: Server): Promise<{ origin: string; close(): Promise<void> }> {
	await new Promise<void>((done, failed) => {
		server.once("error", failed);
		server.listen(0, "127.0.0.1", done);
	});
	const { port } = server.address() as AddressInfo;
	return {
		origin: `http://127.0.0.1:${port}`,
		async close() {
			const closed = new Promise((done) => server.close(done));
			// A CLI that still lives keeps its connections.
			server.closeAllConnections();
			await closed;
		},
	};
}
