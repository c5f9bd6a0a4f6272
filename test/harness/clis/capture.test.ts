import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { otlpRequest } from "../otlp.ts";
import { startCapture } from "./capture.ts";
import { mentions } from "./lab.ts";

const types = { protobuf: "application/x-protobuf", json: "application/json" } as const;
const signals = { logs: "test", metrics: "test.count", traces: "span 1" } as const;

async function post(url: string, body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<number> {
	const response = await fetch(url, { method: "POST", body: Buffer.from(body), headers });
	await response.arrayBuffer();
	return response.status;
}

test.each(Object.keys(types) as (keyof typeof types)[])(
	"what OpenTelemetry's library encodes as %s is read, zipped or not, on any path",
	async (encoding) => {
		const { url, requests, refused } = await startCapture();
		for (const [signal, name] of Object.entries(signals) as [keyof typeof signals, string][]) {
			const body = otlpRequest(signal, 2, encoding);
			const headers = { "content-type": types[encoding], authorization: "Bearer x" };
			expect(await post(`${url}/any?x=1`, body, headers)).toBe(200);
			expect(await post(`${url}/any?x=1`, gzipSync(body), { ...headers, "content-encoding": "gzip" })).toBe(200);
			for (const request of requests.slice(-2)) {
				expect(request).toMatchObject({ url: "/any?x=1", signal, encoding, headers: { authorization: "Bearer x" } });
				expect(request.items.map((item) => item.name)).toContain(name);
				expect(request.items[0]?.resource).toEqual({ "service.name": "load", "host.name": "tester" });
				expect(request.items[0]?.scope).toBe("otel-crossfade.test");
			}
		}
		expect(refused).toEqual([]);
		expect(mentions(requests, "tester")).toEqual(["resource host.name"]);
		expect(mentions(requests, "record 1")).toEqual(["test body"]);
	},
);

test("what is not OTLP is refused and said", async () => {
	const { url, requests, refused, answer } = await startCapture();
	const body = otlpRequest("logs", 1);
	const headers = { "content-type": types.protobuf };
	expect(await post(url, body.subarray(0, -1), headers)).toBe(400);
	expect(await post(url, new Uint8Array([0xff, 0x01, 0x00]), headers)).toBe(400);
	expect(await post(url, body, { "content-type": "text/plain" })).toBe(400);
	expect(await post(url, body, { ...headers, "content-encoding": "br" })).toBe(400);
	expect(await post(url, Buffer.from('{"other":1}'), { "content-type": types.json })).toBe(400);
	expect(requests).toEqual([]);
	expect(refused).toHaveLength(5);
	answer(401);
	expect(await post(url, body, headers)).toBe(401);
	expect(requests).toHaveLength(1);
});
