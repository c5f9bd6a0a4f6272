import { connect, createServer, type Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { startForwarder } from "../../../src/effects/net/forwarder.ts";
import { canary } from "../../harness/canary.ts";
import { freePorts } from "../../harness/collector.ts";
import { httpText } from "../../harness/raw-server.ts";
import { converse, listenTo, openTap } from "../../harness/tap.ts";
import { waitFor } from "../../harness/wait.ts";

const { token } = canary();
const post = (body: string, ...fields: string[]) =>
	["POST /v1/logs HTTP/1.1", "Host: tap", `Authorization: Bearer ${token}`, ...fields, "", body].join("\r\n");
const sized = (body: string, ...fields: string[]) =>
	post(body, `Content-Length: ${Buffer.byteLength(body)}`, ...fields);
const LAST = "Connection: close";

/** A server that keeps what each connection sends, and answers as `react` says, piece by piece. */
async function upstream(react: (socket: Socket, received: string) => void) {
	const connections: { received: string; isReset: boolean; isOver: boolean }[] = [];
	const sockets = new Set<Socket>();
	const server = createServer({ allowHalfOpen: true }, (socket) => {
		const own = { received: "", isReset: false, isOver: false };
		connections.push(own);
		sockets.add(socket);
		socket.on("data", (chunk) => {
			own.received += chunk.toString("latin1");
			react(socket, own.received);
		});
		socket.on("end", () => socket.end());
		socket.on("error", () => {
			own.isReset = true;
		});
		socket.on("close", () => {
			own.isOver = true;
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		for (const socket of sockets) socket.destroy();
		server.close();
	});
	const { port } = server.address() as { port: number };
	return { url: `http://127.0.0.1:${port}`, authority: `127.0.0.1:${port}`, connections };
}

/** Answers once everything up to a mark was received, and ends the connection, as it was asked to. */
const onceGot = (mark: string, answer: string) => (socket: Socket, received: string) => {
	if (received.endsWith(mark)) socket.end(answer, "latin1");
};

describe("what goes through", () => {
	test("is unchanged in both directions except for the Host, in any chunks", async () => {
		const body = `${"\xff\x00\r\n\r\n".repeat(20)}END`;
		const request = `POST /v1/logs?q=%20 HTTP/1.1\r\nX-Odd:  two  blanks \r\nhOST: tap\r\nContent-Length: ${body.length}\r\n${LAST}\r\n\r\n${body}`;
		const answer = `HTTP/1.1 503 Odd Reason\r\nRetry-After: 17\r\nx-UPPER: \xe9\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: t\r\n\r\n`;
		const there = await upstream(onceGot("END", answer));
		const tap = await openTap(there.url);
		await fc.assert(
			fc.asyncProperty(fc.array(fc.nat(request.length), { maxLength: 6 }), async (places) => {
				const ends = [...places.sort((a, b) => a - b), request.length];
				const bytes = Buffer.from(request, "latin1");
				const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
				const before = there.connections.length;
				const { text } = await converse(
					tap.port,
					pieces.filter(({ length }) => length > 0),
				);
				expect(text).toBe(answer);
				expect(there.connections[before]?.received).toBe(request.replace("hOST: tap", `Host: ${there.authority}`));
			}),
			{ numRuns: 20 },
		);
		expect(tap.faults).toEqual([]);
	});

	test("has the base path of the upstream in front", async () => {
		const there = await upstream(onceGot("{}", httpText("200 OK")));
		const tap = await openTap(`${there.url}/base/`);
		await converse(tap.port, [sized("{}", LAST)]);
		expect(there.connections[0]?.received).toMatch(/^POST \/base\/v1\/logs HTTP\/1\.1\r\n/);
	});

	test("are several requests on one connection, pipelined too, each on the same connection to the upstream", async () => {
		const there = await upstream((socket, received) => {
			if (received.endsWith("three"))
				socket.end(["200 OK", "400 Bad", "429 No"].map((status) => httpText(status, {}, status)).join(""));
		});
		const tap = await openTap(there.url);
		const { text } = await converse(tap.port, [sized("one") + sized("two") + sized("three", LAST)]);
		expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400", "HTTP/1.1 429"]);
		expect(there.connections).toHaveLength(1);
		const seen = await tap.requests(3);
		expect(seen.map(({ lastStatus, bytes }) => [lastStatus, bytes])).toEqual([
			[200, 3],
			[400, 3],
			[429, 5],
		]);
	});

	test("are 100 Continue and the request that waits for it", async () => {
		const there = await upstream((socket, received) => {
			if (received.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 100 Continue\r\n\r\n");
			if (received.endsWith("late")) socket.end(httpText("200 OK"));
		});
		const tap = await openTap(there.url);
		const socket = connect(tap.port, "127.0.0.1");
		socket.write(post("", "Content-Length: 4", "Expect: 100-continue", LAST));
		socket.once("data", () => socket.write("late"));
		expect((await listenTo(socket)).text).toBe(`HTTP/1.1 100 Continue\r\n\r\n${httpText("200 OK")}`);
		expect((await tap.requests(1))[0]).toMatchObject({ lastStatus: 200, bytes: 4 });
	});

	test("is an answer that ends with the connection", async () => {
		const there = await upstream((socket, received) => {
			if (received.endsWith("{}")) socket.end("HTTP/1.1 200 OK\r\n\r\nto the end");
		});
		const tap = await openTap(there.url);
		expect(await converse(tap.port, [sized("{}")])).toEqual({
			text: "HTTP/1.1 200 OK\r\n\r\nto the end",
			isReset: false,
		});
	});

	test("is another protocol once the upstream agreed to it", async () => {
		const there = await upstream((socket, received) => {
			if (received.endsWith("\r\n\r\n")) socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n");
			if (received.endsWith("ping")) socket.end("pong");
		});
		const tap = await openTap(there.url);
		const socket = connect(tap.port, "127.0.0.1");
		socket.write("GET /chat HTTP/1.1\r\nHost: tap\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
		socket.once("data", () => socket.write("ping"));
		expect((await listenTo(socket)).text).toMatch(/^HTTP\/1\.1 101 [\s\S]*pong$/);
		expect(tap.unknown).toEqual(["not otlp"]);
	});

	test.each([
		"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	])("is what is not OTLP: %j", async (request) => {
		const there = await upstream(onceGot("\r\n\r\n", httpText("418 Teapot")));
		const tap = await openTap(there.url);
		expect((await converse(tap.port, [request])).text).toBe(httpText("418 Teapot"));
		expect({ seen: tap.seen, unknown: tap.unknown }).toEqual({ seen: [], unknown: ["not otlp"] });
	});
});

describe("the client sees errors as without a tap", () => {
	test("an upstream that resets in the middle of its answer", async () => {
		let breakOff: (() => void) | undefined;
		const there = await upstream((socket, received) => {
			if (!received.endsWith("{}")) return;
			socket.write("HTTP/1.1 200 OK\r\n\r\nhalf");
			breakOff = () => socket.resetAndDestroy();
		});
		const tap = await openTap(there.url);
		const socket = connect(tap.port, "127.0.0.1");
		const conversation = listenTo(socket);
		socket.on("data", (chunk) => chunk.includes("half") && breakOff?.());
		socket.write(sized("{}"));
		expect(await conversation).toEqual({ text: "HTTP/1.1 200 OK\r\n\r\nhalf", isReset: true });
	});

	test("an upstream that resets instead of answering", async () => {
		const there = await upstream((socket) => socket.resetAndDestroy());
		const tap = await openTap(there.url);
		expect(await converse(tap.port, [sized("{}")])).toEqual({ text: "", isReset: true });
		expect((await tap.requests(1))[0]).toMatchObject({ lastStatus: 0 });
	});

	test("an upstream that closes an idle connection", async () => {
		const there = await upstream((socket, received) => {
			if (received.endsWith("{}")) socket.write(httpText("200 OK"), () => setTimeout(() => socket.end(), 20));
		});
		const tap = await openTap(there.url);
		expect(await converse(tap.port, [sized("{}")])).toEqual({ text: httpText("200 OK"), isReset: false });
	});

	test("a client that gives up is given up towards the upstream", async () => {
		const there = await upstream(() => {});
		const tap = await openTap(there.url);
		const socket = connect(tap.port, "127.0.0.1");
		socket.on("error", () => undefined);
		socket.write(sized("{}"));
		await waitFor("the request to arrive", () => there.connections[0]?.received.endsWith("{}"));
		socket.resetAndDestroy();
		await waitFor("the upstream to be told", () => there.connections[0]?.isReset);
		expect((await tap.requests(1))[0]).toMatchObject({
			lastStatus: 0,
			fingerprint: expect.stringMatching(/^[0-9a-f]{12}$/),
		});
	});

	test("a request that is cut off in its body reaches the upstream as far as it came", async () => {
		const there = await upstream(() => {});
		const tap = await openTap(there.url);
		const socket = connect(tap.port, "127.0.0.1");
		socket.write(post("half", "Content-Length: 100"));
		await waitFor("the half to arrive", () => there.connections[0]?.received.endsWith("half"));
		socket.destroy();
		await waitFor("the upstream to be told", () => there.connections[0]?.isOver);
		expect((await tap.requests(1))[0]).toMatchObject({ lastStatus: 0, bytes: 4, records: 0 });
		expect(tap.unknown).toEqual(["cut"]);
	});

	test.each([
		["application/json", /^\{"message":"[^"]*ECONNREFUSED"\}$/],
		["application/x-protobuf", /ECONNREFUSED/],
	])(
		"an upstream that is not there: 502 with a Status in %s, after which OTLP clients try again",
		async (type, body) => {
			const tap = await openTap("http://127.0.0.1:1");
			const { text } = await converse(tap.port, [sized("{}", `Content-Type: ${type}`)]);
			const [top = "", rest = ""] = text.split("\r\n\r\n");
			expect(top).toMatch(new RegExp(`^HTTP/1\\.1 502 Bad Gateway\\r\\nContent-Type: ${type}\\r\\n`));
			expect(rest).toMatch(body);
			expect(text).not.toContain(token);
			expect(tap.unreachable).toEqual(["ECONNREFUSED"]);
			expect((await tap.requests(1))[0]).toMatchObject({ lastStatus: 502 });
		},
	);
});

describe("ambiguous requests", () => {
	test.each([
		{
			name: "a length and chunks",
			request: post("0\r\n\r\n", "Content-Length: 5", "Transfer-Encoding: chunked"),
			status: 400,
		},
		{ name: "a chunk that is none", request: post("zz\r\n", "Transfer-Encoding: chunked"), status: 400 },
		{ name: "HTTP/2 without asking", request: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505 },
		{ name: "an endless head", request: `POST / HTTP/1.1\r\nX: ${"a".repeat(70_000)}`, status: 431 },
	])("$name never reaches the upstream whole, and gets $status", async ({ request, status }) => {
		const there = await upstream(() => {});
		const tap = await openTap(there.url);
		const { text } = await converse(tap.port, [request]);
		if (there.connections.length === 0) expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
		expect(there.connections.map(({ received }) => received).join("")).not.toContain("zz");
	});
});

test("what follows a client's last request is neither passed on nor counted", async () => {
	const there = await upstream((socket, received) => {
		if (received.endsWith("last")) setTimeout(() => socket.end(httpText("200 OK")), 20);
	});
	const tap = await openTap(there.url);
	await converse(tap.port, [sized("last", LAST) + sized("more"), sized("and more")]);
	expect(there.connections[0]?.received).not.toContain("more");
	expect(await tap.requests(1)).toHaveLength(1);
});

describe("a bug in attribution", () => {
	const request = sized("{}", LAST);
	test.each(["begin", "body", "end"] as const)(
		"that throws in %s is counted, and the request goes through",
		async (where) => {
			const there = await upstream(onceGot("{}", httpText("200 OK")));
			const fail = (place: string) => {
				if (place === where) throw new Error("a bug");
			};
			const watcher = {
				begin() {
					fail("begin");
					return { body: () => fail("body"), end: () => fail("end") };
				},
			};
			const tap = await openTap(there.url, { watcher });
			expect((await converse(tap.port, [request])).text).toBe(httpText("200 OK"));
			expect(there.connections[0]?.received).toContain("{}");
			await waitFor("the fault to be counted", () => tap.faults.length === 1);
		},
	);
});

describe("closing", () => {
	test("lets a request under way finish, and takes no new one", async () => {
		let finish: (() => void) | undefined;
		const there = await upstream((socket, received) => {
			if (received.endsWith("{}")) finish = () => socket.write(httpText("200 OK"));
		});
		const tap = await openTap(there.url);
		const busy = converse(tap.port, [sized("{}")]);
		await waitFor("the request to arrive", () => finish);
		const closed = tap.close();
		await expect(converse(tap.port, [sized("{}")])).resolves.toMatchObject({ text: "" });
		finish?.();
		expect(await busy).toEqual({ text: httpText("200 OK"), isReset: false });
		await closed;
	});
});

test("a slow upstream slows the client down instead of filling the memory", async () => {
	const total = 256 * 1024 * 1024;
	let mayRead = false;
	let received = 0;
	const server = createServer((socket) => {
		socket.pause();
		socket.on("data", (chunk) => {
			received += chunk.length;
		});
		const timer = setInterval(() => mayRead && socket.resume(), 5);
		socket.on("error", () => undefined);
		socket.on("close", () => clearInterval(timer));
		onTestFinished(() => {
			socket.destroy();
		});
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		server.close();
	});
	const { port } = server.address() as { port: number };
	const tap = await openTap(`http://127.0.0.1:${port}`);
	const socket = connect(tap.port, "127.0.0.1");
	onTestFinished(() => {
		socket.destroy();
	});
	socket.on("error", () => undefined);
	socket.write(post("", `Content-Length: ${total}`, "Content-Type: application/x-protobuf"));
	const piece = Buffer.alloc(1024 * 1024, 0x0a);
	let sent = 0;
	const write = () => {
		while (sent < total && socket.write(piece)) sent += piece.length;
	};
	const stuck = async () => {
		for (let before = -1; before !== socket.bytesWritten; ) {
			before = socket.bytesWritten;
			await new Promise((done) => setTimeout(done, 200));
		}
	};
	socket.on("drain", () => {
		sent += piece.length;
		write();
	});
	write();
	await stuck();
	expect(socket.bytesWritten).toBeLessThan(total / 4);
	mayRead = true;
	await waitFor("all of it to arrive", () => received >= total);
});

describe("endless input", () => {
	test("requests that are sent without an end and without reading an answer wait in the network, not in memory", async () => {
		const sockets = new Set<Socket>();
		const there = await upstream((socket) => {
			sockets.add(socket);
		});
		let begun = 0;
		const tap = await openTap(there.url, {
			watcher: {
				begin() {
					begun++;
					return undefined;
				},
			},
		});
		const socket = connect({ port: tap.port, host: "127.0.0.1" });
		onTestFinished(() => {
			socket.destroy();
		});
		const many = sized("x").repeat(1_000);
		let written = 0;
		const write = () => {
			while (written < 300 && socket.write(many)) written++;
			if (written < 300) {
				written++;
				socket.once("drain", write);
			}
		};
		write();
		await waitFor("a thousand requests", () => begun > 1_000);
		// Whoever still reads would have read much more by the time that a second connection was served.
		for (let round = 0; round < 20; round++) await converse(tap.port, ["NONSENSE\r\n\r\n"]);
		expect(begun).toBeLessThan(10_000);
		expect(written).toBeLessThan(300);
		for (const each of [socket, ...sockets]) each.destroy();
	});

	test.each(["127.0.0.1", "0.0.0.0", "localhost.", "[::ffff:127.0.0.1]"])(
		"a tap that forwards to itself as %s finds out with the first request",
		async (name) => {
			const [port = 0] = await freePorts(1);
			const unreachable: string[] = [];
			let begun = 0;
			const forwarder = await startForwarder({
				host: "127.0.0.1",
				port,
				upstream: { isTls: false, hostname: name.replace(/^\[|\]$/g, ""), port, authority: "x", basePath: "" },
				watcher: {
					begin() {
						begun++;
						return undefined;
					},
				},
				onUnreachable: (code) => unreachable.push(code),
				onFault: () => undefined,
			});
			onTestFinished(() => forwarder.close());
			await converse(port, [sized("x", LAST)]);
			expect(begun).toBeLessThanOrEqual(2);
		},
	);
});
