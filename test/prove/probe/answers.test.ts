import type { Socket } from "node:net";
import { describe, expect, test } from "vitest";
import type { HttpOutcome } from "../../../src/effects/net/http.ts";
import { canary } from "../../harness/canary.ts";
import { probeOnce, probeWith } from "../../harness/probe.ts";
import { flood, httpText, rawServer } from "../../harness/raw-server.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PROTOBUF = { "content-type": "application/x-protobuf" };
const HTML = { "content-type": "text/html" };
const PAGE = "<!doctype html><html><head><title>Sign in to Hotel Wifi</title></head><body>…";
const partial = (rejected: unknown, message = "bad data") =>
	JSON.stringify({ partialSuccess: { rejectedLogRecords: rejected, errorMessage: message } });

function endless(socket: Socket, status: string): void {
	socket.write(httpText(status, { "content-length": String(2 ** 40) }));
	flood(socket, "x".repeat(1024 * 1024));
}

describe("an answer", () => {
	test.each<
		[status: string, headers: Record<string, string>, body: string, outcome: string, cause: string, detail?: string]
	>([
		["200 OK", PROTOBUF, "", "accepted", "accepted"],
		["200 OK", JSON_TYPE, partial("1"), "partial", "partial-success", "dropped the record: bad data"],
		["200 OK", JSON_TYPE, partial(2), "partial", "partial-success", "2 records"],
		["200 OK", PROTOBUF, "\n\u0005\b\u0001\u0012\u0001x", "partial", "partial-success", ": x"],
		["200 OK", PROTOBUF, partial("1"), "partial", "partial-success"],
		["200 OK", PROTOBUF, "\n\u0007\u0012\u0005field", "accepted", "accepted-with-warning", ": field"],
		["200 OK", JSON_TYPE, partial("-1"), "inconclusive", "answer-not-otlp"],
		["200 OK", HTML, PAGE, "inconclusive", "answer-page", "Sign in to Hotel Wifi"],
		["200 OK", PROTOBUF, PAGE, "inconclusive", "answer-page"],
		["200 OK", { "content-type": "text/plain" }, "OK", "inconclusive", "answer-not-otlp"],
		["200 OK", JSON_TYPE, '{"partialSuccess":', "inconclusive", "answer-not-otlp"],
		["401 Unauthorized", HTML, PAGE, "inconclusive", "refused-in-between", "a page: Sign in to Hotel Wifi"],
		["401 Unauthorized", JSON_TYPE, "not json", "rejected", "http-401", "not json"],
		["401 Unauthorized", PROTOBUF, "\u0012\u0007expired", "rejected", "http-401", "expired"],
		["403 Forbidden", JSON_TYPE, '{"error":"wrong scope"}', "rejected", "http-403", "wrong scope"],
		["400 Bad Request", JSON_TYPE, '{"message":"no"}', "inconclusive", "http-400"],
		["404 Not Found", HTML, PAGE, "unreachable", "http-404"],
		["405 Method Not Allowed", {}, "", "unreachable", "http-405"],
		["413 Payload Too Large", {}, "", "inconclusive", "http-413"],
		["415 Unsupported Media Type", {}, "", "inconclusive", "http-415"],
		["429 Too Many Requests", {}, "", "retry-later", "http-429"],
		["500 Internal Server Error", {}, "", "unreachable", "http-500"],
		["501 Not Implemented", {}, "", "unreachable", "http-501"],
		["502 Bad Gateway", {}, "", "unreachable", "http-502"],
		["503 Service Unavailable", {}, "", "unreachable", "http-503"],
		["504 Gateway Timeout", {}, "", "unreachable", "http-504"],
		["599 What", {}, "", "unreachable", "http-599"],
		["302 Found", { location: "https://login.example/x" }, "", "unreachable", "redirect", "login.example"],
		["308 Permanent Redirect", { location: "/v2" }, "", "unreachable", "redirect", "127.0.0.1"],
		[
			"307 Temporary Redirect",
			{ location: "http://[" },
			"",
			"unreachable",
			"redirect",
			"a redirect to an unreadable target",
		],
		["304 Not Modified", {}, "", "unreachable", "redirect"],
	])("%s %j %s", async (status, headers, body, outcome, cause, detail = "") => {
		const { url, received } = await rawServer((socket) => socket.end(httpText(status, headers, body)));
		const row = await probeOnce(url, { retry: "0" });
		expect(row).toMatchObject({ outcome, cause, status: Number(status.slice(0, 3)), attempts: 1 });
		expect(row.detail).toContain(detail);
		expect(row.detail).not.toMatch(/[\u001b\n]/);
		expect(received.filter((text) => text.startsWith("POST"))).toHaveLength(1);
	});

	test.each<[what: string, answer: (socket: Socket) => void, outcome: string, cause: string]>([
		["gigabytes with 401", (socket) => endless(socket, "401 Unauthorized"), "rejected", "http-401"],
		["gigabytes with 200", (socket) => endless(socket, "200 OK"), "unreachable", "answer-too-large"],
		[
			"less than promised",
			(socket) => socket.end(httpText("200 OK", { "content-length": "9" }, "{}")),
			"unreachable",
			"answer-cut-short",
		],
		[
			"less than promised, with 401",
			(socket) => socket.end(httpText("401 No", { "content-length": "9" }, "{}")),
			"rejected",
			"http-401",
		],
		[
			"bad gzip",
			(socket) => socket.end(httpText("200 OK", { "content-encoding": "gzip" }, "{}")),
			"unreachable",
			"answer-garbled",
		],
		["no HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"), "unreachable", "not-http"],
		["nothing", (socket) => socket.destroy(), "unreachable", "connection-closed"],
	])("%s", async (_what, answer, outcome, cause) => {
		const { url } = await rawServer(answer);
		expect(await probeOnce(url)).toMatchObject({ outcome, cause });
	});

	test("redirect loops end at the first one, and the token is sent once", async () => {
		const { url, received } = await rawServer((socket) => socket.end(httpText("307 Loop", { location: "/v1/logs" })));
		expect(await probeOnce(url)).toMatchObject({ cause: "redirect" });
		expect(received).toHaveLength(1);
	});

	test("a name that does not exist, a port where nothing listens, a proxy that is not there", async () => {
		expect(await probeOnce("https://crossfade.invalid")).toMatchObject({
			outcome: "unreachable",
			cause: expect.stringMatching(/^dns-/),
		});
		expect(await probeOnce("http://127.0.0.1:1")).toMatchObject({ outcome: "unreachable", cause: "refused" });
		expect(await probeOnce("https://otlp.invalid", { proxy: "http://127.0.0.1:1" })).toMatchObject({
			outcome: "unreachable",
			cause: "proxy-unreachable",
			detail: expect.stringContaining("through the proxy 127.0.0.1:1"),
		});
	});

	test("the proxy's own refusals", async () => {
		const { url } = await rawServer((socket) => socket.end(httpText("407 Proxy Authentication Required")));
		expect(await probeOnce("https://otlp.invalid", { proxy: url })).toMatchObject({
			outcome: "unreachable",
			cause: "proxy-auth",
		});
		const { url: other } = await rawServer((socket) => socket.end(httpText("403 Forbidden")));
		expect(await probeOnce("https://otlp.invalid", { proxy: other })).toMatchObject({ cause: "proxy-refused" });
	});

	test.each([
		["never comes", () => undefined, "answer-timeout"],
		["never ends", (socket: Socket) => void socket.write(httpText("200 OK", { "content-length": "5" })), "answer-slow"],
	])("that %s", async (_what, answer, cause) => {
		const { url } = await rawServer(answer);
		expect(await probeOnce(url, { timeout: "1s" })).toMatchObject({ outcome: "unreachable", cause });
	});

	test("tells how far the server's clock is off", async () => {
		const date = new Date(Date.now() + 3_600_000).toUTCString();
		const { url } = await rawServer((socket) => socket.end(httpText("200 OK", { date, ...PROTOBUF }, "")));
		const { clockOffsetMs = 0 } = await probeOnce(url);
		expect(Math.abs(clockOffsetMs - 3_600_000)).toBeLessThan(60_000);
	});

	test.each([
		["stands still since 1970", "Thu, 01 Jan 1970 00:00:00 GMT"],
		["is of the year 9999", "Fri, 31 Dec 9999 23:59:59 GMT"],
		["is a number", "12"],
		["is a word", "tomorrow"],
	])("a Date that %s is no clock: no deadline is by it, and that is said", async (_what, date) => {
		const { url } = await rawServer((socket) => socket.end(httpText("200 OK", { date, ...PROTOBUF }, "")));
		const { rows } = await probeWith({ endpoint: url });
		expect(rows[0]?.evidence).not.toHaveProperty("clockOffsetMs");
		expect(rows[0]?.notes).toContain("its Date header is not that of a clock, so a deadline is by the clock here");
	});

	test("was asked when it was sent, not when it came; a gateway's clock is nobody's who ends tokens", async () => {
		let now = Date.parse("2026-01-31T12:00:00Z");
		const sent = now;
		const date = new Date(now + 7_200_000).toUTCString();
		const request = async (): Promise<HttpOutcome> => {
			now += 9_000;
			const headers = { date, "content-length": "0", ...PROTOBUF };
			return { kind: "answer", status: 200, headers, body: new Uint8Array(), latencyMs: 9_000 };
		};
		const clock = { now: () => now, after: () => () => undefined };
		const row = await probeOnce("http://127.0.0.1:9", {}, { fx: { request, clock } });
		expect(row).toMatchObject({ at: sent, outcome: "accepted", clockOffsetMs: 7_200_000 + 500 - 4_500 });
		now = sent;
		const { rows } = await probeWith({ via: ["gw=http://127.0.0.1:9"] }, { fx: { request, clock } });
		expect(rows[0]?.evidence).not.toHaveProperty("clockOffsetMs");
	});
});

describe("a provider's own headers", () => {
	const ask = async (headers: Record<string, string>) => {
		const { url } = await rawServer((socket, first) =>
			socket.end(
				first.startsWith("GET /api/v1/systems/me ")
					? httpText("200 OK", JSON_TYPE, "{}")
					: httpText("200 OK", { ...PROTOBUF, ...headers }),
			),
		);
		return probeOnce(`${url}/api/v1/otlp`, { provider: "activitylog" });
	};

	test("sampling proves nothing", async () => {
		expect(await ask({ "x-al-sampled": "true" })).toMatchObject({ outcome: "inconclusive", cause: "sampled" });
	});

	test.each<[headers: Record<string, string>, notes: string[]]>([
		[{}, []],
		[{ "x-ratelimit-remaining": "10" }, []],
		[{ "x-ratelimit-remaining": "9" }, ["only 9 of 100 requests left before 429"]],
		[{ "x-ratelimit-remaining": "499", "x-ratelimit-limit": "5000" }, ["only 499 of 5000 requests left before 429"]],
		[{ "x-ratelimit-remaining": "500", "x-ratelimit-limit": "5000" }, []],
		[{ "x-ratelimit-remaining": "-1" }, []],
		[{ "x-ratelimit-remaining": "soon" }, []],
	])("%j", async (headers, notes) => {
		expect(await ask(headers)).toMatchObject({ outcome: "accepted", notes });
	});
});

test("a token echoed anywhere by a server is never shown", async () => {
	const mine = canary();
	const echoes = [
		mine.token,
		Buffer.from(`Bearer ${mine.token}`).toString("base64"),
		encodeURIComponent(mine.token),
		JSON.stringify({ a: mine.token }),
	];
	for (const echo of echoes) {
		const answers = [
			httpText("401 No", JSON_TYPE, JSON.stringify({ message: echo })),
			httpText("401 No", { "content-type": "text/plain" }, `no: ${echo}`),
			httpText("200 OK", HTML, `<!doctype html><title>${echo}</title>`),
			httpText("200 OK", JSON_TYPE, partial(1, echo)),
			httpText("302 Found", { location: `https://${encodeURIComponent(echo)}.example/${echo}` }),
			httpText("200 OK", { "content-encoding": echo.replaceAll(/[^\w]/g, "") }, "x"),
		];
		for (const answer of answers) {
			const { url } = await rawServer((socket) => socket.end(answer));
			// `probeOnce` itself looks for the token in what was found.
			await probeOnce(url, {}, { tokens: { new: mine } });
		}
	}
});
