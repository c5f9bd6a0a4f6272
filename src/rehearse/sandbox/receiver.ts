import { type Signal, signals } from "../../adapters/providers/provider.ts";
import type { Admission, OtlpIngest } from "../../adapters/providers/sandbox.ts";
import type { ServerAnswer } from "../../effects/net/http-server.ts";
import { MalformedOtlp, scanProtobuf, scanWholeJson } from "../../prove/otlp/scan.ts";
import { isMadeUp } from "../../token/made-up.ts";
import type { Interference } from "./faults.ts";
import type { Ledger, SandboxEvent } from "./ledger.ts";
import type { StatusCards } from "./status-cards.ts";

/** A received request, with a complete, decompressed body. */
export interface ReceivedRequest {
	readonly method: string;
	readonly authorization: string | undefined;
	readonly contentType: string;
	readonly body: Uint8Array;
}

/** An OTLP path's signal, and its token if present. */
export interface OtlpRoute {
	readonly signal: Signal;
	readonly pathToken: string | undefined;
}

const AT_ROOT: OtlpIngest = { base: "", signals, pathToken: true };

/** Parses an OTLP path, with its token if the provider supports that; undefined for other paths. */
export function otlpRoute(path: string, ingest = AT_ROOT): OtlpRoute | undefined {
	if (!path.startsWith(ingest.base)) return undefined;
	const match = /^(?:\/([^/]+))?\/v1\/(logs|metrics|traces)\/?$/.exec(path.slice(ingest.base.length));
	const signal = ingest.signals.find((each) => each === match?.[2]);
	const pathToken = match?.[1];
	return signal && (ingest.pathToken || pathToken === undefined) ? { signal, pathToken } : undefined;
}

/** A receiver's state. */
export interface Receiver {
	readonly ledger: Pick<Ledger, "judge" | "use" | "count" | "countControl">;
	readonly admit?: ((records: number, now: number) => Admission) | undefined;
	readonly cards?: StatusCards | undefined;
	readonly log: (event: SandboxEvent) => void;
}

/**
 * Handles an OTLP/HTTP export: 401 for a token not accepted now, 200 for one that is, 429 over a limit, in the encoding
 * of the request. https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
export function receive(
	request: ReceivedRequest,
	route: OtlpRoute,
	now: number,
	{ ledger, admit, cards, log }: Receiver,
	{ instead, rejected }: Interference,
): ServerAnswer {
	const isJson = request.contentType.startsWith("application/json");
	const isProtobuf = request.contentType.startsWith("application/x-protobuf");
	const { signal } = route;
	const credential = route.pathToken ?? bearer(request.authorization) ?? "";
	const { accepted, fingerprint, token } = ledger.judge(credential, now);
	const contentType = isProtobuf ? "application/x-protobuf" : "application/json";
	const done = (status: number, records: number, body: string | Uint8Array, headers = {}): ServerAnswer => {
		const isControl = isMadeUp(credential);
		if (isControl) ledger.countControl(status === 200);
		else ledger.count({ fingerprint, accepted: status === 200, signal, records, bytes: request.body.length, now });
		const kind = isControl ? "control" : "request";
		log({ at: new Date(now).toISOString(), kind, fingerprint, signal, status, records });
		return { status, contentType, body, headers };
	};
	const status = isProtobuf ? protobufStatus : jsonStatus;
	if (request.method !== "POST")
		return { status: 405, contentType, body: status("use POST"), headers: { allow: "POST" } };
	if (instead) return done(instead.status, 0, status(`fault ${instead.status}`), instead.headers);
	if (!isJson && !isProtobuf) return done(415, 0, status("use application/x-protobuf or application/json"));
	if (!accepted) return done(401, 0, status("the token is not accepted"));
	ledger.use(token, now);
	try {
		const { records, resources } = (isJson ? scanWholeJson : scanProtobuf)(request.body, signal);
		const { refused, dropped, headers } = admit?.(records, now) ?? { headers: {} };
		if (refused) return done(429, 0, status("over the limit"), headers);
		const turnedAway = Math.min(rejected, records);
		const isTaken = !dropped && turnedAway < records && !isMadeUp(credential);
		if (isTaken) cards?.seen([...new Set(resources.map(({ service }) => service))], now);
		const success = isProtobuf ? protobufSuccess : jsonSuccess;
		return done(200, dropped ? 0 : records - turnedAway, success(turnedAway, signal), headers);
	} catch (error) {
		if (error instanceof MalformedOtlp) return done(400, 0, status(error.message));
		throw error;
	}
}

function bearer(authorization: string | undefined): string | undefined {
	return /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
}

const REASON = "rejected by a fault";
const jsonRejected = { logs: "rejectedLogRecords", traces: "rejectedSpans", metrics: "rejectedDataPoints" } as const;

/** An export response: empty, or with the number of rejected records. https://opentelemetry.io/docs/specs/otlp/#partial-success-1 */
function jsonSuccess(rejected: number, signal: Signal): string {
	if (rejected === 0) return "{}";
	return JSON.stringify({ partialSuccess: { [jsonRejected[signal]]: String(rejected), errorMessage: REASON } });
}

/** `partial_success` is field 1 of the response; in it the number is field 1 and the message field 2, for every signal. */
function protobufSuccess(rejected: number): Uint8Array {
	if (rejected === 0) return EMPTY;
	const partial = Buffer.concat([Buffer.from([0x08, ...varint(rejected)]), textField(REASON)]);
	return Buffer.concat([Buffer.from([0x0a, partial.length]), partial]);
}

const EMPTY = new Uint8Array();

function varint(value: number): number[] {
	return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}

function jsonStatus(message: string): string {
	return JSON.stringify({ message });
}

/** google.rpc.Status with its `message` (field 2), the form of OTLP/HTTP errors. */
function protobufStatus(message: string): Uint8Array {
	return textField(message);
}

/** A text as field 2, of at most 100 bytes so that its length is one byte. */
function textField(text: string): Uint8Array {
	const bytes = Buffer.from(text, "utf8").subarray(0, 100);
	return Buffer.concat([Buffer.from([0x12, bytes.length]), bytes]);
}
