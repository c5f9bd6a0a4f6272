import type { Answers } from "../../adapters/providers/provider.ts";
import type { HttpAnswer } from "../../effects/net/http.ts";
import type { Protocol, TokenPath } from "../../spec/probe-plan.ts";
import { grpcMessage, grpcStatus } from "../otlp/grpc.ts";
import { type ExportResult, readExportResult } from "../otlp/response.ts";

/** What is known of a request besides its outcome. */
export interface ProbedRequest {
	readonly url: string;
	readonly protocol: Protocol;
	readonly answers?: Answers | undefined;
	/** The word before the token in its header. */
	readonly scheme?: string | undefined;
	/** How the token was sent. */
	readonly path?: TokenPath | undefined;
	/** No export: any JSON with 200 is the answer that was wanted. */
	readonly isWhoami?: boolean;
}

/** The answer has the type of the request. https://opentelemetry.io/docs/specs/otlp/#otlphttp-response */
const TYPES: Readonly<Record<Protocol, RegExp>> = {
	"http/protobuf": /^application\/(x-)?protobuf\s*(;|$)/i,
	"http/json": /^application\/json\s*(;|$)/i,
	grpc: /^application\/grpc(\+proto)?\s*(;|$)/i,
};

/** Whether a content type is the one that OTLP answers to this protocol have. */
export function isOtlpType(protocol: Protocol, contentType: string): boolean {
	return TYPES[protocol].test(contentType);
}

/**
 * What an answer of success says of the export, or undefined where it is not OTLP's. That records were thrown away is believed of any
 * answer; that they were taken only of one with 200, of the right type and encoding, and over gRPC with status 0 in its trailers.
 */
export function exportResult(answer: HttpAnswer, protocol: Protocol): ExportResult | undefined {
	const type = answer.headers["content-type"] ?? "";
	const isRight = answer.status === 200 && isOtlpType(protocol, type);
	if (protocol === "grpc") return isRight ? grpcResult(answer) : undefined;
	const result = readExportResult(answer.body, type);
	const encoding = protocol === "http/json" ? "json" : "protobuf";
	if (!result || (result.rejected <= 0n && !(isRight && result.encoding === encoding))) return undefined;
	return result;
}

/** Headers alone say how a call ended only where there is no message, and an export that was taken is answered with one. */
function grpcResult({ headers, trailers = {}, body }: HttpAnswer): ExportResult | undefined {
	const early = grpcStatus(headers);
	const message = grpcMessage(body);
	if (!message || grpcStatus(trailers)?.code !== 0 || (early && early.code !== 0)) return undefined;
	const result = readExportResult(message, "application/x-protobuf");
	return result?.encoding === "protobuf" ? result : undefined;
}
