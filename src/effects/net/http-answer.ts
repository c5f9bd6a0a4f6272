import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ConnectionError } from "./connection.ts";
import type { HttpRequest } from "./http.ts";
import type { ForwardProxy } from "./proxy.ts";

/** An answer before its body was read. */
export interface Begun {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Readable;
	readonly trailers: () => Readonly<Record<string, string>>;
}

const unpack = promisify(gunzip);

/** Path and headers of a request; to a proxy, plain HTTP goes with the whole URL and no tunnel. */
export function requestTarget(
	{ headers }: Pick<HttpRequest, "headers">,
	url: URL,
	proxy: ForwardProxy | undefined,
): { path: string; headers: Record<string, string> } {
	const isForwarded = proxy !== undefined && url.protocol === "http:";
	return {
		path: isForwarded ? url.href : url.pathname + url.search,
		headers: { host: url.host, ...headers, ...(isForwarded && proxy.headers) },
	};
}

/** Headers by name with one value each; of repeated ones the first. */
export function firsts(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
	return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat()[0] ?? ""]));
}

/** The body, unpacked. Throws a `ConnectionError` when it is too long in either form, or not packed as it says. */
export async function readBody({ body, headers }: Begun, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
	signal.addEventListener("abort", () => body.destroy(new ConnectionError("TIMEOUT", "no end in time")), {
		once: true,
	});
	const chunks: Buffer[] = [];
	let total = 0;
	for await (const chunk of body as AsyncIterable<Buffer>) {
		total += chunk.length;
		if (total > maxBytes) throw tooLarge();
		chunks.push(chunk);
	}
	const packed = Buffer.concat(chunks);
	const encoding = headers["content-encoding"] ?? "identity";
	if (encoding === "identity" || packed.length === 0) return packed;
	if (encoding !== "gzip") throw new ConnectionError("BAD_ENCODING", "packed in a way we did not ask for");
	try {
		return await unpack(packed, { maxOutputLength: maxBytes });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
		throw new ConnectionError("BAD_ENCODING", "not the gzip that it claims to be");
	}
}

function tooLarge(): ConnectionError {
	return new ConnectionError("TOO_LARGE", "the answer is too long");
}
