import type { Signal } from "../../adapters/providers/provider.ts";
import { jsonScanner } from "./scan-json.ts";
import { protobufScanner } from "./scan-protobuf.ts";
import { MalformedOtlp, type Scan, type Scanner } from "./senders.ts";

export { MalformedOtlp };

/** How the body of an OTLP/HTTP request is encoded. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
export type Encoding = "protobuf" | "json";

const scanners: Record<Encoding, (signal: Signal) => Scanner> = { protobuf: protobufScanner, json: jsonScanner };

/**
 * Reads an OTLP export request in chunks, without decoding or storing it: counts its log records, spans or metric data points by
 * resource. Throws `MalformedOtlp` on anything that is not such protobuf or JSON.
 */
export function newScanner(encoding: Encoding, signal: Signal): Scanner {
	return scanners[encoding](signal);
}

function scan(encoding: Encoding, body: Uint8Array, signal: Signal): Scan {
	const scanner = newScanner(encoding, signal);
	scanner.push(body);
	return scanner.end();
}

export function scanProtobuf(body: Uint8Array, signal: Signal): Scan {
	return scan("protobuf", body, signal);
}

export function scanJson(body: Uint8Array, signal: Signal): Scan {
	return scan("json", body, signal);
}

/** The same of a body that is checked to its last byte, including the content of records. */
export function scanWholeJson(body: Uint8Array, signal: Signal): Scan {
	try {
		JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
	} catch {
		throw new MalformedOtlp("the body is not JSON");
	}
	return scanJson(body, signal);
}
