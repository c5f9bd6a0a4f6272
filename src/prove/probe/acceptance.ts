import type { Answers, Signal } from "../../adapters/providers/provider.ts";
import type { HttpAnswer } from "../../effects/net/http.ts";
import type { Protocol, TokenPath } from "../../spec/probe-plan.ts";
import { grpcMessage, grpcStatus } from "../otlp/grpc.ts";
import { type ExportResult, readExportResult } from "../otlp/response.ts";

/** A request's context. */
export interface ProbedRequest {
	readonly url: string;
	readonly protocol: Protocol;
	/** What was sent, if it was an export. */
	readonly signal?: Signal | undefined;
	readonly answers?: Answers | undefined;
	/** The word before the token in its header. */
	readonly scheme?: string | undefined;
	/** How the token was sent. */
	readonly path?: TokenPath | undefined;
	/** Not an export: any JSON with 200 is the expected response. */
	readonly isWhoami?: boolean;
}

/** The response has the type of the request. https://opentelemetry.io/docs/specs/otlp/#otlphttp-response */
const TYPES: Readonly<Record<Protocol, RegExp>> = {
	"http/protobuf": /^application\/(x-)?protobuf\s*(;|$)/i,
	"http/json": /^application\/json\s*(;|$)/i,
	grpc: /^application\/grpc(\+proto)?\s*(;|$)/i,
};

/** Whether this is the content type of OTLP responses for this protocol, and no second one is beside it. */
export function isOtlpType(protocol: Protocol, contentType: string): boolean {
	return TYPES[protocol].test(contentType) && !contentType.includes(",");
}

/**
 * The result of an export from a successful response; undefined if it is not OTLP. Dropped records are believed from any response;
 * acceptance only with 200, the right type and encoding, and over gRPC with status 0 in the trailers.
 */
export function exportResult(
	answer: HttpAnswer,
	{ protocol, signal }: Pick<ProbedRequest, "protocol" | "signal">,
): ExportResult | undefined {
	const type = answer.headers["content-type"] ?? "";
	const isRight = answer.status === 200 && isOtlpType(protocol, type);
	if (protocol === "grpc") return isRight ? grpcResult(answer) : undefined;
	const result = readExportResult(answer.body, type);
	const encoding = protocol === "http/json" ? "json" : "protobuf";
	if (!result || result.rejected > 0n) return result;
	const isOfSignal = (result.signals ?? []).every((each) => each === signal);
	return isRight && isOfSignal && result.encoding === encoding ? result : undefined;
}

/** Headers alone have the status only if there is no message, and an accepted export is answered with one. */
function grpcResult({ headers, trailers = {}, body }: HttpAnswer): ExportResult | undefined {
	const early = grpcStatus(headers);
	const message = grpcMessage(body);
	if (!message || grpcStatus(trailers)?.code !== 0 || (early && early.code !== 0)) return undefined;
	const result = readExportResult(message, "application/x-protobuf");
	return result?.encoding === "protobuf" ? result : undefined;
}
