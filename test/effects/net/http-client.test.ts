import { createServer } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { createServer as createTcpServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HttpRequest } from "../../../src/effects/net/http.ts";
import { sendRequest } from "../../../src/effects/net/http-client.ts";
import { parseProxy, proxyFromEnvironment } from "../../../src/effects/net/proxy.ts";
import { flood, httpText, rawServer } from "../../harness/raw-server.ts";
import { pause } from "../../harness/wait.ts";

const MEGABYTE = "x".repeat(1024 * 1024);

function post(url: string, more: Partial<HttpRequest> = {}) {
	const body = Buffer.from("hello");
	return sendRequest({ method: "POST", url, body, timeoutMs: 60_000, maxBytes: 4 * 1024 * 1024, ...more });
}

describe("an answer", () => {
	test("has status, lower-cased headers, body, and the time each phase took", async () => {
		const { url, received } = await rawServer((socket) =>
			socket.end(httpText("200 OK", { "X-Twice": "1", Date: "now" }, "{}")),
		);
		const outcome = await post(`${url}/v1/logs?x=1`, { headers: { authorization: "Bearer abc" } });
		expect(outcome).toMatchObject({ kind: "answer", status: 200, headers: { "x-twice": "1", date: "now" } });
		expect(outcome.kind === "answer" && Buffer.from(outcome.body).toString()).toBe("{}");
		expect(Object.keys(outcome.timings ?? {})).toEqual(expect.arrayContaining(["connect", "answer", "body"]));
		expect(received[0]).toMatch(/^POST \/v1\/logs\?x=1 HTTP\/1.1\r\nhost: 127.0.0.1:\d+\r\n/i);
		expect(received[0]).toContain("authorization: Bearer abc\r\n");
		expect(received[0]).toMatch(/\r\n\r\nhello$/);
	});

	test("is unpacked, and a packed request says so", async () => {
		const bodies: string[] = [];
		const server = createServer(async (request, response) => {
			for await (const chunk of request) bodies.push(`${request.headers["content-encoding"]} ${chunk.length}`);
			response.setHeader("content-encoding", "gzip").end(gzipSync("unpacked"));
		}).listen(0, "127.0.0.1");
		onTestFinished(() => void server.close());
		await new Promise((done) => server.once("listening", done));
		const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
		const outcome = await post(url, { body: Buffer.alloc(10_000), gzip: true });
		expect(outcome.kind === "answer" && Buffer.from(outcome.body).toString()).toBe("unpacked");
		expect(bodies).toEqual([expect.stringMatching(/^gzip \d{2}$/)]);
	});

	test("of HTTP/2 has trailers", async () => {
		const server = createHttp2((request, response) => {
			response.addTrailers({ "grpc-status": "16" });
			response.end(`${request.headers["te"]} ${request.url}`);
		}).listen(0, "127.0.0.1");
		onTestFinished(() => void server.close());
		await new Promise((done) => server.once("listening", done));
		const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/x.Y/Z`;
		const outcome = await post(url, { http2: true, headers: { te: "trailers" } });
		expect(outcome).toMatchObject({ kind: "answer", status: 200, trailers: { "grpc-status": "16" } });
		expect(outcome.kind === "answer" && Buffer.from(outcome.body).toString()).toBe("trailers /x.Y/Z");
	});

	test.each(["301 Moved", "307 Temporary Redirect"])("redirects are answers: %s", async (status) => {
		const { url, received } = await rawServer((socket, _first) => socket.end(httpText(status, { location: "/again" })));
		expect(await post(url)).toMatchObject({ kind: "answer", headers: { location: "/again" } });
		expect(received).toHaveLength(1);
	});
});

/** Every request on a connection of its own, and on connections that are kept for the next one. */
const WAYS: readonly [way: string, more: Partial<HttpRequest>][] = [
	["once", {}],
	["polled", { polled: true }],
];

describe.each(WAYS)("hostile servers, asked %s", (_way, way) => {
	test.each<[what: string, answer: (socket: Socket) => void, seen: object, more?: Partial<HttpRequest>]>([
		["never answers", () => undefined, { code: "TIMEOUT", phase: "answer" }, { timeoutMs: 1_000 }],
		[
			"drips",
			(socket) => {
				socket.write(httpText("200 OK", { "content-length": "1000" }));
				const drip = setInterval(() => socket.write("x"), 20);
				socket.on("close", () => clearInterval(drip));
			},
			{ code: "TIMEOUT", phase: "body", status: 200 },
			{ timeoutMs: 1_000 },
		],
		[
			"drips its head",
			(socket) => {
				socket.write("HTTP/1.1 200 OK\r\n");
				const drip = setInterval(() => socket.write("x: y\r\n"), 20);
				socket.on("close", () => clearInterval(drip));
			},
			{ code: "TIMEOUT", phase: "answer" },
			{ timeoutMs: 1_000 },
		],
		[
			"answers gigabytes",
			(socket) => {
				socket.write(httpText("401 Unauthorized", { "content-length": String(2 ** 40) }));
				flood(socket, MEGABYTE);
			},
			{ code: "TOO_LARGE", phase: "body", status: 401 },
		],
		[
			"answers headers without end",
			(socket) => {
				socket.write("HTTP/1.1 200 OK\r\n");
				flood(socket, `${MEGABYTE.slice(0, 1000)}: y\r\n`);
			},
			{ code: "HPE_HEADER_OVERFLOW", phase: "answer" },
		],
		[
			"promises more than it sends",
			(socket) => socket.end(httpText("200 OK", { "content-length": "10" }, "{}")),
			{ code: "ECONNRESET", phase: "body", status: 200 },
		],
		["speaks no HTTP", (socket) => socket.end("220 mail.example ESMTP\r\n"), { code: "HPE_INVALID_CONSTANT" }],
		["closes", (socket) => socket.end(), { code: "ECONNRESET", phase: "answer" }],
		["resets", (socket) => socket.resetAndDestroy(), { code: "ECONNRESET", phase: "answer" }],
		[
			"sends a gzip bomb",
			(socket) => {
				const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
				const head = httpText("200 OK", { "content-encoding": "gzip", "content-length": String(bomb.length) });
				socket.write(head);
				socket.end(bomb);
			},
			{ code: "TOO_LARGE", status: 200 },
		],
		[
			"lies about gzip",
			(socket) => socket.end(httpText("200 OK", { "content-encoding": "gzip" }, "no gzip")),
			{ code: "BAD_ENCODING", status: 200 },
		],
		[
			"packs in its own way",
			(socket) => socket.end(httpText("401 No", { "content-encoding": "zstd" }, "?")),
			{ code: "BAD_ENCODING", status: 401 },
		],
	])("%s", async (_what, answer, seen, more) => {
		const { url } = await rawServer(answer);
		expect(await post(url, { ...way, ...more })).toMatchObject({ kind: "failure", ...seen });
	});

	test("sends less than it has: the answer ends where it said", async () => {
		const { url } = await rawServer((socket) => socket.end(httpText("200 OK", { "content-length": "2" }, "{}rest")));
		const outcome = await post(url, way);
		expect(outcome.kind === "answer" && Buffer.from(outcome.body).toString()).toBe("{}");
	});

	test("refuses, or has no name", async () => {
		const { url } = await rawServer(() => undefined);
		const closed = new URL(url);
		closed.port = "1";
		expect(await post(closed.href, way)).toMatchObject({ kind: "failure", code: "ECONNREFUSED", phase: "connect" });
		const nowhere = await post("http://crossfade.invalid/", way);
		expect(nowhere).toMatchObject({ kind: "failure", phase: "dns" });
		expect(nowhere.kind === "failure" && nowhere.code).toMatch(/^(ENOTFOUND|EAI_AGAIN)$/);
	});

	test("is given up when asked to", async () => {
		const stop = new AbortController();
		const { url } = await rawServer(() => stop.abort());
		expect(await post(url, { ...way, signal: stop.signal })).toMatchObject({ kind: "failure", code: "STOPPED" });
	});
});

describe.each(WAYS)("a proxy, asked %s", (_way, way) => {
	test("gets plain HTTP with the whole URL and its own credentials", async () => {
		const { port, received } = await rawServer((socket) => socket.end(httpText("200 OK", {}, "{}")));
		const proxy = { url: `http://me:s%40cret@127.0.0.1:${port}` };
		const outcome = await post("http://otlp.invalid/v1/logs", { ...way, proxy });
		expect(outcome).toMatchObject({ kind: "answer", status: 200, proxy: `127.0.0.1:${port}` });
		expect(received[0]).toMatch(/^POST http:\/\/otlp\.invalid\/v1\/logs HTTP\/1.1\r\nhost: otlp\.invalid\r\n/i);
		expect(received[0]).toContain(`proxy-authorization: Basic ${Buffer.from("me:s@cret").toString("base64")}`);
	});

	test.each([
		["http://otlp.invalid/", "407 Proxy Authentication Required", "PROXY_407"],
		["https://otlp.invalid/", "407 Proxy Authentication Required", "PROXY_407"],
		["https://otlp.invalid/", "403 Forbidden", "PROXY_403"],
	])("%s: %s", async (url, status, code) => {
		const { port } = await rawServer((socket) => socket.end(httpText(status)));
		expect(await post(url, { ...way, proxy: { url: `http://127.0.0.1:${port}` } })).toMatchObject({
			kind: "failure",
			code,
		});
	});

	test("that opens a tunnel sees no header of the request", async () => {
		let tell: (what: string) => void = () => undefined;
		const closed = new Promise<string>((done) => {
			tell = done;
		});
		const { port, received } = await rawServer((socket) => {
			socket.once("close", () => tell("closed"));
			socket.write("HTTP/1.1 200 OK\r\n\r\n");
		});
		const outcome = await post("https://otlp.invalid/", {
			...way,
			proxy: { url: `http://127.0.0.1:${port}` },
			headers: { authorization: "Bearer abc" },
			timeoutMs: 1_000,
		});
		// What nobody waits for any more keeps no process from ending: it is not left to the limit of every attempt, which is 10 s.
		expect(await Promise.race([closed, pause(9_000).then(() => "open")])).toBe("closed");
		expect(outcome).toMatchObject({ kind: "failure", code: "TIMEOUT", phase: "tls" });
		expect(received[0]).toMatch(/^CONNECT otlp\.invalid:443 HTTP\/1.1\r\nhost: otlp\.invalid:443\r\n/i);
		expect(received[0]).not.toContain("Bearer");
	});

	test("with an invalid setting is reported", async () => {
		expect(await post("http://otlp.invalid/", { ...way, proxy: { url: "socks5://127.0.0.1:1" } })).toMatchObject({
			kind: "failure",
			code: "BAD_PROXY",
		});
	});
});

describe("a proxy", () => {
	test("its name shows no credentials", () => {
		expect(parseProxy("http://user:pass@proxy.example:3128").name).toBe("proxy.example:3128");
	});

	test.each([
		["https://a.example", { HTTPS_PROXY: "http://p:1" }, "p:1"],
		["https://a.example", { https_proxy: "p:1" }, "p:1"],
		["https://a.example", { HTTP_PROXY: "http://p:1" }, undefined],
		["http://a.example", { HTTP_PROXY: "http://p:1" }, "p:1"],
		["http://localhost:1", { HTTP_PROXY: "http://p:1" }, undefined],
		["http://127.0.0.9:1", { HTTP_PROXY: "http://p:1" }, undefined],
		["http://[::1]:1", { HTTP_PROXY: "http://p:1" }, undefined],
		["https://a.example", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*" }, undefined],
		["https://a.example", { HTTPS_PROXY: "http://p:1", NO_PROXY: "b, example" }, undefined],
		["https://a.example", { HTTPS_PROXY: "http://p:1", no_proxy: "A.example" }, undefined],
		["https://a.example", { HTTPS_PROXY: "http://p:1", NO_PROXY: ".a.example" }, "p:1"],
		["https://b.a.example", { HTTPS_PROXY: "http://p:1", NO_PROXY: "*.a.example" }, undefined],
		["https://ba.example", { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example" }, "p:1"],
		["https://a.example:8443", { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example:443" }, "p:1"],
		["https://a.example", { HTTPS_PROXY: "http://p:1", NO_PROXY: "a.example:443" }, undefined],
		["http://10.1.2.3", { HTTP_PROXY: "http://p:1", NO_PROXY: "10.0.0.0/8" }, undefined],
		["http://11.1.2.3", { HTTP_PROXY: "http://p:1", NO_PROXY: "10.0.0.0/8,fd00::/8,x/99" }, "p:1"],
		["http://[fd00::1]", { HTTP_PROXY: "http://p:1", NO_PROXY: "fd00::/8" }, undefined],
		["http://[fd00::1]", { HTTP_PROXY: "http://p:1", NO_PROXY: "fd00::1" }, undefined],
	])("for %s of %j is %s", (url, environment, name) => {
		expect(proxyFromEnvironment(new URL(url), environment)?.name).toBe(name);
	});
});

describe("a place that is polled", () => {
	/** Counts connections and requests; `answer` gets the number of the request, from 1. */
	async function countingServer(answer: (socket: Socket, number: number) => void) {
		const seen = { connections: 0, requests: 0, bodies: [] as string[] };
		const server = createTcpServer((socket) => {
			seen.connections++;
			socket.on("error", () => undefined);
			socket.on("data", (chunk) => {
				seen.bodies.push(chunk.toString().split("\r\n\r\n")[1] ?? "");
				answer(socket, ++seen.requests);
			});
		}).listen(0, "127.0.0.1");
		onTestFinished(() => void server.close());
		await new Promise((done) => server.once("listening", done));
		return { seen, url: `http://127.0.0.1:${(server.address() as { port: number }).port}/` };
	}
	const ok = httpText("200 OK", { "content-length": "2", connection: "keep-alive" }, "{}");

	test("is asked on a few connections, which stay open", async () => {
		const { seen, url } = await countingServer((socket) => socket.write(ok));
		for (let round = 0; round < 20; round++) {
			expect(await post(url, { polled: true })).toMatchObject({ kind: "answer", status: 200 });
		}
		expect(seen.requests).toBe(20);
		expect(seen.connections).toBeLessThanOrEqual(4);
		const before = seen.connections;
		expect(await post(url)).toMatchObject({ kind: "answer" });
		expect(seen.connections).toBe(before + 1);
	});

	test("that let the connection go is asked on another, with the whole request", async () => {
		const { seen, url } = await countingServer((socket, number) =>
			number === 2 ? socket.destroy() : socket.write(ok),
		);
		await post(url, { polled: true });
		expect(await post(url, { polled: true })).toMatchObject({ kind: "answer", status: 200 });
		expect(seen).toMatchObject({ requests: 3, bodies: ["hello", "hello", "hello"] });
	});

	test("that ends every connection is no answer, and is not asked for ever", async () => {
		const { seen, url } = await countingServer((socket) => socket.destroy());
		expect(await post(url, { polled: true })).toMatchObject({ kind: "failure", code: "ECONNRESET", phase: "answer" });
		expect(seen.requests).toBe(2);
	});

	test("one that does not answer costs the others nothing", async () => {
		const slow = await countingServer(() => undefined);
		const quick = await countingServer((socket) => socket.write(ok));
		const [first, ...rest] = await Promise.all([
			post(slow.url, { polled: true, timeoutMs: 1_000 }),
			...[1, 2, 3, 4, 5, 6].map(() => post(quick.url, { polled: true })),
		]);
		expect(first).toMatchObject({ kind: "failure", code: "TIMEOUT", phase: "answer" });
		expect(rest.map(({ kind }) => kind)).toEqual(Array(6).fill("answer"));
	});
});
