import { type Signal, signals } from "../adapters/providers/provider.ts";
import { countJson, countProtobuf, MalformedOtlp } from "../otlp/scan.ts";
import type { Ledger, SandboxEvent } from "./ledger.ts";

/** A request as a server took it in, body whole and already unpacked. */
export interface ReceivedRequest {
	readonly method: string;
	/** Path without query. */
	readonly path: string;
	readonly authorization: string | undefined;
	readonly contentType: string;
	readonly body: Uint8Array;
}

export interface Answer {
	readonly status: number;
	readonly contentType: string;
	readonly body: string | Uint8Array;
}

/** Where an OTLP path leads: its signal, and the token when the path carries one (as Gemini CLI sends it). */
export function otlpRoute(path: string): { signal: Signal; pathToken: string | undefined } | undefined {
	const match = /^(?:\/([^/]+))?\/v1\/(logs|metrics|traces)\/?$/.exec(path);
	const signal = signals.find((each) => each === match?.[2]);
	return signal && { signal, pathToken: match?.[1] };
}

/**
 * Answers an OTLP/HTTP export as Torii does: 401 for a token that is not accepted at this moment, 200 for one that is, in the encoding the
 * client speaks. https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function receive(
	request: ReceivedRequest,
	route: { signal: Signal; pathToken: string | undefined },
	ledger: Ledger,
	now: number,
	log: (event: SandboxEvent) => void,
): Answer {
	const isJson = request.contentType.startsWith("application/json");
	const isProtobuf = request.contentType.startsWith("application/x-protobuf");
	const { signal } = route;
	const credential = route.pathToken ?? bearer(request.authorization) ?? "";
	const { accepted, fingerprint } = ledger.judge(credential, now);
	const answer = (status: number, message = ""): Answer => {
		const [contentType, body] = isProtobuf
			? ["application/x-protobuf", protobufStatus(message)]
			: ["application/json", jsonStatus(message)];
		return { status, contentType, body };
	};
	const done = (status: number, records: number, message?: string): Answer => {
		ledger.count({ fingerprint, accepted: status === 200, signal, records, bytes: request.body.length, now });
		log({ at: new Date(now).toISOString(), kind: "request", fingerprint, signal, status, records });
		return answer(status, message);
	};
	if (request.method !== "POST") return answer(405, "use POST");
	if (!isJson && !isProtobuf) return done(415, 0, "use application/x-protobuf or application/json");
	if (!accepted) return done(401, 0, "the token is not accepted");
	try {
		return done(200, isJson ? countJson(request.body, signal) : countProtobuf(request.body, signal));
	} catch (error) {
		if (error instanceof MalformedOtlp) return done(400, 0, error.message);
		throw error;
	}
}

function bearer(authorization: string | undefined): string | undefined {
	return /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
}

/** An empty message means success: an empty export response. */
function jsonStatus(message: string): string {
	return message === "" ? "{}" : JSON.stringify({ message });
}

/** google.rpc.Status with its `message` (field 2), as OTLP/HTTP wants errors to look. */
function protobufStatus(message: string): Uint8Array {
	const text = Buffer.from(message.slice(0, 100), "utf8");
	return message === "" ? new Uint8Array() : Buffer.concat([Buffer.from([0x12, text.length]), text]);
}
