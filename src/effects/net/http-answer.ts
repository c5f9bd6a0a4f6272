import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { ConnectionError } from "./connection.ts";
import type { HttpRequest } from "./http.ts";
import type { ForwardProxy } from "./proxy.ts";

/** A response before its body was read. */
export interface Begun {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Readable;
	readonly trailers: () => Readonly<Record<string, string>>;
	/** See `HttpAnswer`. */
	readonly isFollowed?: boolean;
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

/** Headers by name with one text each: different values of one name with commas between. https://www.rfc-editor.org/rfc/rfc9110#section-5.3 */
export function joined(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
	return Object.fromEntries(
		Object.entries(headers).map(([name, value]) => [name, [...new Set([value ?? ""].flat())].join(", ")]),
	);
}

/** The decompressed body; `chunks` gets it as it comes, for the case that it does not end. Throws a `ConnectionError` if it is too long in either form, or not encoded as declared. */
export async function readBody(
	{ body, headers }: Begun,
	maxBytes: number,
	signal: AbortSignal,
	chunks: Uint8Array[] = [],
): Promise<Uint8Array> {
	signal.addEventListener(
		"abort",
		() => body.destroy(new ConnectionError("TIMEOUT", "the response did not finish in time")),
		{
			once: true,
		},
	);
	let total = 0;
	for await (const chunk of body as AsyncIterable<Buffer>) {
		total += chunk.length;
		if (total > maxBytes) throw tooLarge();
		chunks.push(chunk);
	}
	const packed = Buffer.concat(chunks);
	const encoding = headers["content-encoding"] ?? "identity";
	if (encoding === "identity" || packed.length === 0) return packed;
	if (encoding !== "gzip") throw new ConnectionError("BAD_ENCODING", "an encoding we did not request");
	try {
		return await unpack(packed, { maxOutputLength: maxBytes });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge();
		throw new ConnectionError("BAD_ENCODING", "not valid gzip");
	}
}

function tooLarge(): ConnectionError {
	return new ConnectionError("TOO_LARGE", "the response is too long");
}
