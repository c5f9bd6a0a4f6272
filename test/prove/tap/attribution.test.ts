import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fingerprint } from "../../../src/token/fingerprint.ts";
import { madeUpToken } from "../../../src/token/made-up.ts";
import { Secret } from "../../../src/token/secret.ts";
import { type Canary, canary, leaks } from "../../harness/canary.ts";
import { otlpRequest } from "../../harness/otlp.ts";
import { attribute, field } from "../../harness/proto.ts";
import { httpText, rawServer } from "../../harness/raw-server.ts";
import { converse, type OpenTap, openTap } from "../../harness/tap.ts";

/** A tap before a server that says yes to every request, once it is there, of a connection that ends with it. */
async function tapping(options: Parameters<typeof openTap>[1] = {}): Promise<OpenTap> {
	const server = await rawServer((socket, first) => {
		let text = first;
		const look = () => {
			if (isThere(text) && !socket.writableEnded) socket.end(httpText("200 OK", { connection: "close" }));
		};
		socket.on("data", (chunk) => {
			text += chunk.toString("latin1");
			look();
		});
		look();
	});
	return openTap(server.url, options);
}

/** Whether the whole of a request has come: the tap looks at no more of one that is answered before. */
function isThere(text: string): boolean {
	const [head = "", ...rest] = text.split("\r\n\r\n");
	const body = rest.join("\r\n\r\n");
	if (rest.length === 0) return false;
	if (/^transfer-encoding:/im.test(head)) return /(^|\r\n)0\r\n\r\n$/.test(text);
	return body.length >= Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
}

interface Sent {
	readonly path?: string;
	readonly type?: string;
	readonly headers?: readonly string[];
	readonly body?: Uint8Array | string;
}

async function send(tap: OpenTap, { path = "/v1/logs", type, headers = [], body = "" }: Sent): Promise<void> {
	const content = Buffer.from(body);
	const fields = [
		"Host: tap",
		`Content-Length: ${content.length}`,
		...(type ? [`Content-Type: ${type}`] : []),
		...headers,
	];
	await converse(tap.port, [
		Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`), content]),
	]);
}

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";
const bearer = ({ token }: Canary) => `Authorization: Bearer ${token}`;

/** A request of logs with resources of these attributes, one record each, and a scope. */
function logs(resources: readonly Readonly<Record<string, string>>[], scope = "s"): Buffer {
	const one = (attributes: Readonly<Record<string, string>>) =>
		field(
			1,
			field(1, ...Object.entries(attributes).map(([key, value]) => attribute(key, value))),
			field(2, field(1, field(1, scope)), field(2, field(5, field(1, "record")))),
		);
	return Buffer.concat(resources.map(one));
}

describe("who sent what with which token", () => {
	test.each([
		["protobuf", PROTOBUF, (body: Uint8Array) => body, []],
		["JSON", JSON_TYPE, (body: Uint8Array) => body, []],
		["JSON with a charset", `${JSON_TYPE}; charset=utf-8`, (body: Uint8Array) => body, []],
		["protobuf, packed", PROTOBUF, gzipSync, ["Content-Encoding: gzip"]],
		["JSON, packed", JSON_TYPE, gzipSync, ["Content-Encoding: gzip"]],
	] as const)("%s of every signal", async (_name, type, pack, headers) => {
		const tap = await tapping();
		const token = canary();
		const encoding = type.startsWith(JSON_TYPE) ? "json" : "protobuf";
		for (const [index, signal] of (["logs", "metrics", "traces"] as const).entries()) {
			const body = pack(otlpRequest(signal, 7 + index, encoding));
			await send(tap, { path: `/v1/${signal}`, type, body, headers: [bearer(token), ...headers] });
			const seen = await tap.requests(index + 1);
			expect(seen.at(-1)).toEqual({
				at: 0,
				fingerprint: token.fingerprint,
				place: "tap",
				host: "tester",
				cli: "load",
				version: "",
				signal,
				requests: 1,
				records: 7 + index,
				bytes: body.length,
				lastStatus: 200,
				isTaken: true,
			});
		}
		expect({ unknown: tap.unknown, faults: tap.faults }).toEqual({ unknown: [], faults: [] });
		expect(leaks([token], { seen: JSON.stringify(tap.seen) })).toEqual([]);
	});

	test("a request of several hosts is a row each, and one request", async () => {
		const tap = await tapping();
		const body = logs([
			{ "host.name": "a", "service.name": "claude-code", "service.version": "2.1.330" },
			{ "host.name": "b", "service.name": "claude-code", "service.version": "2.1.330" },
			{ "host.name": "a", "service.name": "claude-code", "service.version": "2.1.330" },
		]);
		await send(tap, { type: PROTOBUF, body, headers: [bearer(canary())] });
		const seen = await tap.requests(1);
		expect(seen.map(({ host, records, requests, bytes }) => ({ host, records, requests, bytes }))).toEqual([
			{ host: "a", records: 2, requests: 1, bytes: body.length },
			{ host: "b", records: 1, requests: 0, bytes: 0 },
		]);
	});

	test.each([
		["claude-code", "com.anthropic.claude_code.events", "claude-code", "1.2"],
		["renamed-by-a-user", "com.anthropic.claude_code", "claude-code", "1.2"],
		["codex_cli_rs", "codex_otel.log_only", "codex", "1.2"],
		["codex-app-server", "codex", "codex", "1.2"],
		// Its service.version is that of Node.
		["gemini-cli", "gemini-cli", "gemini", ""],
		["nightly-import", "some.scope", "nightly-import", "1.2"],
	])("service %s with scope %s is %s", async (service, scope, cli, version) => {
		const tap = await tapping();
		const body = logs([{ "service.name": service, "service.version": "1.2" }], scope);
		await send(tap, { type: PROTOBUF, body });
		expect((await tap.requests(1))[0]).toMatchObject({ cli, version, fingerprint: "none" });
	});

	test("data that names no host has the host that was given", async () => {
		const tap = await tapping({ host: "my-laptop" });
		await send(tap, { type: PROTOBUF, body: logs([{ "service.name": "claude-code" }, { "host.name": "other" }]) });
		expect((await tap.requests(1)).map(({ host }) => host)).toEqual(["my-laptop", "other"]);
	});

	test("unknown credentials are rows of their own; beyond a thousand they share one", async () => {
		const tap = await tapping();
		const tokens = Array.from({ length: 1_010 }, () => canary());
		const requests = tokens.map((token) => `POST /v1/logs HTTP/1.1\r\nHost: x\r\n${bearer(token)}\r\n\r\n`).join("");
		const server = await rawServer((socket) => socket.end(httpText("200 OK").repeat(tokens.length)));
		const flooded = await openTap(server.url, { add: (each) => (tap.seen as unknown[]).push(each) });
		await converse(flooded.port, [requests]);
		const seen = (await tap.requests(tokens.length)).map((each) => each.fingerprint);
		expect(seen.slice(0, 1_000)).toEqual(tokens.slice(0, 1_000).map((token) => token.fingerprint));
		expect(seen.slice(1_000)).toEqual(Array(10).fill("others"));
	});

	test("a flood of refused credentials takes no row from an accepted one", async () => {
		const tap = await tapping();
		const [made, old] = [Array.from({ length: 1_010 }, () => canary()), canary()];
		const request = (token: Canary) => `POST /v1/logs HTTP/1.1\r\nHost: x\r\n${bearer(token)}\r\n\r\n`;
		const answers = httpText("401 Unauthorized").repeat(made.length) + httpText("200 OK");
		const server = await rawServer((socket) => socket.end(answers));
		const flooded = await openTap(server.url, { add: (each) => (tap.seen as unknown[]).push(each) });
		await converse(flooded.port, [[...made, old].map(request).join("")]);
		const seen = (await tap.requests(made.length + 1)).map((each) => each.fingerprint);
		expect(seen.slice(1_000, -1)).toEqual(Array(10).fill("refused"));
		expect(seen.at(-1)).toBe(old.fingerprint);
	});

	test.each([
		["404 Not Found", "refused"],
		["503 Service Unavailable", "pending"],
		["302 Found", "pending"],
	])(
		"a flood of credentials that are answered %s shares one row, and fills no table of those that are accepted",
		async (status, row) => {
			const tap = await tapping();
			const [made, ...others] = [Array.from({ length: 1_010 }, () => canary()), canary(), canary()];
			const request = (token: Canary) => `POST /v1/logs HTTP/1.1\r\nHost: x\r\n${bearer(token)}\r\n\r\n`;
			const answers = httpText(status).repeat(made.length) + httpText("200 OK").repeat(3);
			const server = await rawServer((socket) => socket.end(answers));
			const full: string[] = [];
			const add = (each: unknown) => (tap.seen as unknown[]).push(each);
			const flooded = await openTap(server.url, { add, full: (what) => full.push(what) });
			const last = made.at(-1) ?? canary();
			await converse(flooded.port, [[...made, ...others, last].map(request).join("")]);
			const seen = (await tap.requests(made.length + 3)).map((each) => each.fingerprint);
			expect(seen.slice(1_000, 1_010)).toEqual(Array(10).fill(row));
			// One that is accepted has a row of its own, whatever it was answered before.
			expect(seen.slice(1_010)).toEqual([...others, last].map((each) => each.fingerprint));
			expect(full).toEqual([]);
		},
	);

	test("a request without an answer is one whose records were not accepted", async () => {
		const server = await rawServer((socket) => socket.resetAndDestroy());
		for (const path of ["/v1/logs", "/other"]) {
			const tap = await openTap(server.url);
			await send(tap, { path, headers: [bearer(canary())], body: "{}" });
			expect((await tap.requests(1))[0]).toMatchObject({ lastStatus: 0, isTaken: false });
		}
	});

	test("a made-up token that is refused is nobody's traffic; one that is taken is seen", async () => {
		const tap = await tapping();
		const token = madeUpToken(canary().token, "seed");
		const [made, old] = [{ token, fingerprint: fingerprint(token) }, canary()];
		const answers = httpText("401 Unauthorized") + httpText("200 OK") + httpText("200 OK");
		const server = await rawServer((socket) => socket.end(answers));
		const add = (each: unknown) => (tap.seen as unknown[]).push(each);
		const watched = await openTap(server.url, { add });
		const request = (of: Canary) => `POST /v1/logs HTTP/1.1\r\nHost: x\r\n${bearer(of)}\r\n\r\n`;
		await converse(watched.port, [[made, made, old].map(request).join("")]);
		const seen = (await tap.requests(2)).map((each) => [each.fingerprint, each.lastStatus]);
		expect(seen).toEqual([
			[made.fingerprint, 200],
			[old.fingerprint, 200],
		]);
	});

	test("a token that is known beforehand has its row whatever was seen before it", async () => {
		const tap = await tapping();
		const [made, old] = [Array.from({ length: 1_010 }, () => canary()), canary()];
		const requests = [...made, old].map((token) => `POST /v1/logs HTTP/1.1\r\nHost: x\r\n${bearer(token)}\r\n\r\n`);
		const server = await rawServer((socket) => socket.end(httpText("200 OK").repeat(requests.length)));
		const add = (each: unknown) => (tap.seen as unknown[]).push(each);
		const flooded = await openTap(server.url, { add, known: [old.fingerprint] });
		await converse(flooded.port, [requests.join("")]);
		const seen = (await tap.requests(requests.length)).map((each) => each.fingerprint);
		expect(seen.slice(1_000)).toEqual([...Array(10).fill("others"), old.fingerprint]);
	});

	test.each([
		["base64", (token: string) => Buffer.from(token).toString("base64")],
		["base64 of the header", (token: string) => Buffer.from(`Bearer ${token}`).toString("base64")],
		["capitals", (token: string) => token.toUpperCase()],
		["hex", (token: string) => Buffer.from(token).toString("hex")],
		["with a name in front", (token: string) => `laptop-${token}`],
	])("a name that holds the request's own token as %s does not repeat it", async (_name, encode) => {
		const tap = await tapping();
		const token = canary();
		const name = encode(token.token);
		const body = logs([{ "host.name": name, "service.name": name, "service.version": name }]);
		await send(tap, { type: PROTOBUF, body, headers: [bearer(token)] });
		expect((await tap.requests(1))[0]).toMatchObject({ host: "[token]", cli: "[token]", version: "[token]" });
	});

	test("a token that was taken from somewhere is no name, also one of words, in capitals too", async () => {
		const tap = await tapping();
		const { fingerprint } = Secret.of("a-token-of-words-for-this-test-only");
		const names = ["a-token-of-words-for-this-test-only", "x A-TOKEN-OF-WORDS-FOR-THIS-TEST-ONLY"];
		const body = logs([{ "host.name": names[0] ?? "", "service.name": names[1] ?? "" }]);
		await send(tap, { type: PROTOBUF, body, headers: [bearer(canary())] });
		const [seen] = await tap.requests(1);
		expect(JSON.stringify(seen)).not.toMatch(/token-of-words/i);
		expect(seen?.host).toContain(fingerprint);
	});

	test("what is as random as a token is no name, whoever's it is", async () => {
		const tap = await tapping();
		const [own, foreign] = [canary(), canary()];
		const body = logs([{ "host.name": foreign.token, "service.name": `x ${foreign.token}` }]);
		await send(tap, { type: PROTOBUF, body, headers: [bearer(own)] });
		const [seen] = await tap.requests(1);
		expect(seen).toMatchObject({ host: "[43 characters]", cli: "x [43 characters]" });
	});

	test.each([
		"ip-10-0-12-34.eu-central-1.compute.internal",
		"i-0abcdef1234567890.eu-west-1.compute.internal",
		"gke-prod-cluster-1-default-pool-3f9a1b2c-xk2z",
		"otel-collector-7d9f8c6b5d-x2x4z",
		"123e4567-e89b-12d3-a456-426614174000",
		"aks-nodepool1-12345678-vmss000000",
		"values-k8s-prod-eu1-collector-2026",
		"Macbook-Pro-von-Katharina-2.fritz.box",
	])("a plausible name of a machine stays as it is: %s", async (name) => {
		const tap = await tapping();
		await send(tap, { type: PROTOBUF, body: logs([{ "host.name": name }]), headers: [bearer(canary())] });
		expect((await tap.requests(1))[0]).toMatchObject({ host: name });
	});

	test("a name that holds the request's own token does not repeat it", async () => {
		const tap = await tapping();
		const token = canary();
		const body = logs([
			{ "host.name": `h-${token.token}`, "service.name": token.token, "service.version": token.token },
		]);
		await send(tap, { type: PROTOBUF, body, headers: [bearer(token)] });
		expect((await tap.requests(1))[0]).toMatchObject({ host: "[token]", cli: "[token]", version: "[token]" });
		expect(leaks([token], { seen: JSON.stringify(tap.seen) })).toEqual([]);
	});

	test("a token in the path is found by Gemini CLI's way, and one in a header by its name", async () => {
		const tap = await tapping({ headers: ["x-api-key"] });
		const [inPath, inHeader] = [canary(), canary()];
		await send(tap, { path: `/ingest/${inPath.token}/v1/logs` });
		await send(tap, { headers: [`X-API-Key: ${inHeader.token}`] });
		expect((await tap.requests(2)).map((each) => each.fingerprint)).toEqual([
			fingerprint(inPath.token),
			fingerprint(inHeader.token),
		]);
	});
});

describe("what is not plain is counted all the same", () => {
	const request = (line: string, fields: readonly string[]) =>
		`${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
	const [old, fresh] = [canary(), canary()];

	test.each([
		["another method", "GET /v1/logs"],
		["a signal that is not counted", "POST /v1development/profiles"],
		["another path", "PUT /api/settings"],
	])("%s with a credential is a request of that credential, and no export", async (_, line) => {
		const tap = await tapping({ host: "me" });
		await converse(tap.port, [request(line, [bearer(old)])]);
		expect(await tap.requests(1)).toMatchObject([
			{ fingerprint: old.fingerprint, signal: "other", host: "me", cli: "", requests: 1, records: 0, lastStatus: 200 },
		]);
		expect(tap.unknown).toEqual(["not otlp"]);
	});

	test("a question of health without a credential is nobody's", async () => {
		const tap = await tapping();
		await converse(tap.port, [request("GET /healthz", [])]);
		await converse(tap.port, [request("GET /healthz", [bearer(old)])]);
		expect(await tap.requests(1)).toHaveLength(1);
	});

	test.each([
		["two Authorization headers", [bearer(fresh), bearer(old)]],
		["a token in a header that nobody named", [bearer(fresh), `X-Forgotten: ${old.token}`]],
		["a token in a cookie", [`Cookie: a=${old.token}`, bearer(fresh)]],
	])("%s: the request is of both tokens, once each", async (_, fields) => {
		const tap = await tapping({ known: [old.fingerprint] });
		await converse(tap.port, [request("POST /v1/logs", fields)]);
		const seen = await tap.requests(2);
		expect(seen.map(({ fingerprint: id, requests }) => [id, requests])).toEqual([
			[fresh.fingerprint, 1],
			[old.fingerprint, 1],
		]);
		expect(leaks([old, fresh], { seen: JSON.stringify(seen) })).toEqual([]);
	});

	test("a token that was accepted once is known from then on", async () => {
		const tap = await tapping();
		const hidden = request("POST /v1/logs", [bearer(fresh), `X-Forgotten: ${old.token}`]);
		await converse(tap.port, [hidden]);
		await converse(tap.port, [request("POST /v1/logs", [bearer(old)])]);
		await converse(tap.port, [hidden]);
		expect((await tap.requests(4)).map(({ fingerprint: id }) => id)).toEqual(
			[fresh, old, fresh, old].map((each) => each.fingerprint),
		);
	});

	const page = { "content-type": "text/html" };
	const json = { "content-type": JSON_TYPE };
	const some = Buffer.concat([field(1, Buffer.from([0x08, 3]))]).toString("latin1");
	test.each<[string, string, boolean]>([
		["nothing", httpText("200 OK"), true],
		["an empty message in JSON", httpText("200 OK", json, "{}"), true],
		["a warning that rejects nothing", httpText("200 OK", json, '{"partialSuccess":{"errorMessage":"slow"}}'), true],
		["a word", httpText("200 OK", { "content-type": "text/plain" }, "OK"), true],
		["records rejected, in JSON", httpText("200 OK", json, '{"partialSuccess":{"rejectedLogRecords":"3"}}'), false],
		["records rejected, in protobuf", httpText("200 OK", { "content-type": PROTOBUF }, some), false],
		["a page for people", httpText("200 OK", page, "<!doctype html><title>Log in</title>"), false],
		["less than it promised", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", false],
		["more than any answer has", httpText("200 OK", json, `{"x":"${"y".repeat(100_000)}"}`), false],
		["what ends with the connection", "HTTP/1.1 200 OK\r\n\r\n{}", true],
	])("an answer with %s", async (_, answer, isTaken) => {
		const server = await rawServer((socket) => socket.end(answer));
		const tap = await openTap(server.url);
		await converse(tap.port, [request("POST /v1/logs", [bearer(fresh)])]);
		expect(await tap.requests(1)).toMatchObject([{ isTaken, lastStatus: 200 }]);
		expect(tap.faults).toEqual([]);
	});

	test("an answer that is packed is unpacked", async () => {
		const body = gzipSync('{"partialSuccess":{"rejectedLogRecords":"3"}}');
		const head = `HTTP/1.1 200 OK\r\nContent-Type: ${JSON_TYPE}\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
		const server = await rawServer((socket) => socket.end(Buffer.concat([Buffer.from(head), body])));
		const tap = await openTap(server.url);
		await converse(tap.port, [request("POST /v1/logs", [bearer(fresh)])]);
		expect(await tap.requests(1)).toMatchObject([{ isTaken: false }]);
	});

	test("a table that is full is said once", async () => {
		const full: string[] = [];
		const tokens = Array.from({ length: 1_010 }, () => canary());
		const server = await rawServer((socket) => socket.end(httpText("200 OK").repeat(tokens.length)));
		const tap = await openTap(server.url, { full: (what) => full.push(what) });
		const all = tokens.map((token) => `POST /v1/logs HTTP/1.1\r\nHost: x\r\n${bearer(token)}\r\n\r\n`).join("");
		await converse(tap.port, [all]);
		await tap.requests(tokens.length);
		expect(full).toEqual(["credentials"]);
	});
});

describe("bodies that are not what they claim to be are forwarded and counted", () => {
	const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, 0x0a));
	test.each([
		["no protobuf", { type: PROTOBUF, body: "\xff\xff\xff" }, ["malformed"]],
		["protobuf cut off", { type: PROTOBUF, body: otlpRequest("logs", 3).slice(0, -1) }, ["malformed"]],
		["no JSON", { type: JSON_TYPE, body: '{"resourceLogs":[' }, ["malformed"]],
		["HTML", { type: "text/html", body: "<html>" }, ["malformed"]],
		["no content type", { body: otlpRequest("logs", 3) }, ["malformed"]],
		["no gzip", { type: PROTOBUF, body: "no", headers: ["Content-Encoding: gzip"] }, ["malformed"]],
		[
			"gzip of more than 64 MiB",
			{ type: PROTOBUF, body: bomb, headers: ["Content-Encoding: gzip"] },
			["malformed", "too large"],
		],
		["another packing", { type: PROTOBUF, body: "x", headers: ["Content-Encoding: zstd"] }, ["unknown encoding"]],
	] as const)("%s", async (_name, sent, reasons) => {
		const tap = await tapping();
		const token = canary();
		await send(tap, { ...sent, headers: [bearer(token), ...("headers" in sent ? sent.headers : [])] });
		const [row] = await tap.requests(1);
		expect(row).toMatchObject({ fingerprint: token.fingerprint, requests: 1, records: 0, lastStatus: 200 });
		expect(reasons).toContain(tap.unknown[0]);
		expect({ times: tap.unknown.length, faults: tap.faults }).toEqual({ times: 1, faults: [] });
	});
});
