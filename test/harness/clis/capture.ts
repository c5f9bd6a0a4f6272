import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { onTestFinished } from "vitest";
import { type Exported, exported, type SignalName } from "./exported.ts";
import { listen } from "./loopback.ts";

/** One OTLP request, as it arrived. */
export interface Captured {
	/** Path and query. */
	readonly url: string;
	readonly headers: IncomingHttpHeaders;
	readonly signal: SignalName;
	readonly encoding: "protobuf" | "json";
	/** What it carries, decoded. */
	readonly items: readonly Exported[];
	/** The body, unzipped: what must not be sent is searched for here. */
	readonly text: string;
}

export interface Capture {
	readonly url: string;
	/** Every request that was valid OTLP. */
	readonly requests: readonly Captured[];
	/** Why others were refused. A test wants none. */
	readonly refused: readonly string[];
	/** Makes every later request end with this status. 200 from the start. */
	answer(status: number): void;
	/** Forgets what arrived. */
	clear(): void;
}

const encodings: Readonly<Record<string, "protobuf" | "json">> = {
	"application/x-protobuf": "protobuf",
	"application/json": "json",
};

/** An OTLP/HTTP receiver on loopback that keeps what arrives. It is stopped after the test. */
export async function startCapture(): Promise<Capture> {
	const requests: Captured[] = [];
	const refused: string[] = [];
	let status = 200;
	const take = async (request: IncomingMessage, response: ServerResponse) => {
		const body = await buffer(request);
		const captured = capture(request, body);
		requests.push(captured);
		const type = captured.encoding === "json" ? "application/json" : "application/x-protobuf";
		response.writeHead(status, { "content-type": type }).end(captured.encoding === "json" ? "{}" : undefined);
	};
	const server = createServer((request, response) => {
		take(request, response).catch((error: unknown) => {
			refused.push(`${request.method} ${request.url}: ${String(error)}`);
			response.writeHead(400).end();
		});
	});
	const { origin, close } = await listen(server);
	onTestFinished(close);
	return {
		url: origin,
		requests,
		refused,
		answer(next) {
			status = next;
		},
		clear() {
			requests.length = 0;
		},
	};
}

/** https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
function capture(request: IncomingMessage, body: Buffer): Captured {
	const { url = "", method, headers } = request;
	if (method !== "POST") throw new Error("not a POST");
	const encoding = encodings[headers["content-type"] ?? ""];
	if (!encoding) throw new Error(`content type ${headers["content-type"]}`);
	const packing = headers["content-encoding"] ?? "identity";
	if (packing !== "gzip" && packing !== "identity") throw new Error(`content encoding ${packing}`);
	const plain = packing === "gzip" ? gunzipSync(body) : body;
	return { url, headers, encoding, text: plain.toString("utf8"), ...exported(plain, encoding) };
}
