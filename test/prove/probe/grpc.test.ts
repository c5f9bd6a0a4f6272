import { createServer, type ServerHttp2Stream } from "node:http2";
import { describe, expect, onTestFinished, test } from "vitest";
import { scanProtobuf } from "../../../src/prove/otlp/scan.ts";
import { canary } from "../../harness/canary.ts";
import { probeOnce } from "../../harness/probe.ts";
import { rawServer } from "../../harness/raw-server.ts";

type StreamAnswer = (stream: ServerHttp2Stream) => void;

/** A gRPC server in form, which gives one answer to everything and keeps what it was sent. */
async function grpcServer(answer: StreamAnswer) {
	const seen: { path: string; headers: Record<string, unknown>; body: Buffer }[] = [];
	const server = createServer();
	server.on("stream", (stream, headers) => {
		const chunks: Buffer[] = [];
		stream.on("error", () => undefined);
		stream.on("data", (chunk: Buffer) => chunks.push(chunk));
		stream.on("end", () => {
			seen.push({ path: String(headers[":path"]), headers, body: Buffer.concat(chunks) });
			answer(stream);
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => void server.close());
	return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, seen };
}

const HEADERS = { ":status": 200, "content-type": "application/grpc" };

function answers(trailers: Record<string, string>, body: Buffer = Buffer.alloc(5)): StreamAnswer {
	return (stream) => {
		stream.respond(HEADERS, { waitForTrailers: true });
		stream.on("wantTrailers", () => stream.sendTrailers(trailers));
		stream.end(body);
	};
}

const refuses =
	(code: number, message = ""): StreamAnswer =>
	(stream) =>
		stream.respond({ ...HEADERS, "grpc-status": String(code), "grpc-message": message }, { endStream: true });

const partly = Buffer.from([0, 0, 0, 0, 7, 0x0a, 5, 0x08, 1, 0x12, 1, 0x78]);

describe("over gRPC", () => {
	test("one record in one message, to the method of its signal, with the token as metadata", async () => {
		const { url, seen } = await grpcServer(answers({ "grpc-status": "0" }));
		const mine = canary();
		const row = await probeOnce(`${url}/ignored`, { protocol: "grpc", signals: "traces" }, { tokens: { new: mine } });
		expect(row).toMatchObject({ outcome: "accepted", status: 200 });
		const [{ path, headers, body } = { path: "", headers: {}, body: Buffer.alloc(5) }] = seen;
		expect(path).toBe("/opentelemetry.proto.collector.trace.v1.TraceService/Export");
		expect(headers).toMatchObject({
			authorization: `Bearer ${mine.token}`,
			te: "trailers",
			"content-type": "application/grpc",
		});
		expect(body.readUInt32BE(1)).toBe(body.length - 5);
		expect(scanProtobuf(body.subarray(5), "traces").records).toBe(1);
	});

	test.each<[what: string, answer: StreamAnswer, outcome: string, cause: string, detail?: string]>([
		["partial success", answers({ "grpc-status": "0" }, partly), "partial", "partial-success", ": x"],
		[
			"16 in trailers",
			answers({ "grpc-status": "16", "grpc-message": "bad%20token" }),
			"rejected",
			"grpc-16",
			"bad token",
		],
		["16 without a body", refuses(16, "no"), "rejected", "grpc-16", "no"],
		["7", refuses(7, "token revoked"), "rejected", "grpc-7"],
		["8", refuses(8), "retry-later", "grpc-8"],
		["14", refuses(14), "unreachable", "grpc-14"],
		["12", refuses(12), "unreachable", "grpc-12"],
		["3", refuses(3), "inconclusive", "grpc-3"],
		["2", refuses(2), "unreachable", "grpc-2"],
		[
			"HTTP 401 from a proxy",
			(stream) => stream.respond({ ":status": 401 }, { endStream: true }),
			"inconclusive",
			"refused-in-between",
		],
		["no message", answers({ "grpc-status": "0" }, Buffer.alloc(2)), "inconclusive", "answer-not-otlp"],
		["a reset", (stream) => stream.close(2), "unreachable", "connection-closed"],
	])("%s", async (_what, answer, outcome, cause, detail = "") => {
		const { url } = await grpcServer(answer);
		const row = await probeOnce(url, { protocol: "grpc" });
		expect(row).toMatchObject({ outcome, cause, detail: expect.stringContaining(detail) });
	});

	test("a port that speaks HTTP/1.1", async () => {
		const { url } = await rawServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
		expect(await probeOnce(url, { protocol: "grpc" })).toMatchObject({ outcome: "unreachable", cause: "no-http2" });
	});
});
