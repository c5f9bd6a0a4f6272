/**
 * The body of an OTLP/HTTP error, a google.rpc.Status with a message (field 2) in the encoding of the request.
 * https://opentelemetry.io/docs/specs/otlp/#failures
 */
export function statusBody(contentType: string, message: string): { contentType: string; body: Buffer } {
	if (contentType.startsWith("application/json")) {
		return { contentType: "application/json", body: Buffer.from(JSON.stringify({ message })) };
	}
	if (contentType.startsWith("application/x-protobuf")) {
		const text = Buffer.from(message.slice(0, 100), "utf8");
		return { contentType: "application/x-protobuf", body: Buffer.concat([Buffer.from([0x12, text.length]), text]) };
	}
	return { contentType: "text/plain; charset=utf-8", body: Buffer.from(`${message}\n`) };
}
