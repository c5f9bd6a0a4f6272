import type { Signal } from "../../adapters/providers/provider.ts";

const SERVICES: Readonly<Record<Signal, string>> = { logs: "Logs", metrics: "Metrics", traces: "Trace" };

/** https://github.com/open-telemetry/opentelemetry-proto/tree/v1.11.0/opentelemetry/proto/collector */
export function grpcPath(signal: Signal): string {
	const service = SERVICES[signal];
	return `/opentelemetry.proto.collector.${signal === "traces" ? "trace" : signal}.v1.${service}Service/Export`;
}

/** A message as gRPC frames it: not packed, and its length. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export function grpcFrame(message: Uint8Array): Uint8Array {
	const frame = Buffer.alloc(5 + message.length);
	frame.writeUInt32BE(message.length, 1);
	frame.set(message, 5);
	return frame;
}

/** The one message of a unary answer; undefined for anything else. */
export function grpcMessage(body: Uint8Array): Uint8Array | undefined {
	const frame = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
	if (frame.length < 5 || frame[0] !== 0 || frame.readUInt32BE(1) !== frame.length - 5) return undefined;
	return frame.subarray(5);
}

/** A call's status and message, from the trailers, or from the headers of an answer without a body. */
export function grpcStatus(
	...places: readonly Readonly<Record<string, string>>[]
): { code: number; message: string } | undefined {
	const found = places.find((place) => place["grpc-status"] !== undefined);
	if (!found || !/^(0|[1-9]\d?)$/.test(found["grpc-status"] ?? "")) return undefined;
	return { code: Number(found["grpc-status"]), message: percentDecoded(found["grpc-message"] ?? "") };
}

function percentDecoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}
