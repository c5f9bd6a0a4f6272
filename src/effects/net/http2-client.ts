import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import type { RequestLifetime } from "./connection.ts";
import type { HttpRequest } from "./http.ts";
import { type Begun, joined } from "./http-answer.ts";

/** Sends one request over HTTP/2 on an open connection. Throws with Node's code. */
export async function exchange(
	{ method, headers, body }: HttpRequest,
	url: URL,
	socket: Socket,
	lifetime: RequestLifetime,
): Promise<Begun> {
	const session = connect(url.origin, { createConnection: () => socket, settings: { enablePush: false } });
	let trailers: Record<string, string> = {};
	const failed = once(session, "error", { signal: lifetime.signal }).then(([error]) => {
		throw error;
	});
	failed.catch(() => undefined);
	const stream = session.request({ ":method": method, ":path": url.pathname + url.search, ...headers });
	stream.on("error", () => undefined);
	stream.on("trailers", (received: IncomingHttpHeaders) => {
		trailers = joined(received);
	});
	stream.on("close", () => session.close());
	stream.end(body);
	const answered = once(stream, "response", { signal: lifetime.signal });
	const [received] = (await Promise.race([answered, failed])) as [IncomingHttpHeaders & { ":status"?: number }];
	return {
		status: received[":status"] ?? 0,
		headers: joined(received as Record<string, string>),
		body: stream,
		trailers: () => trailers,
	};
}
