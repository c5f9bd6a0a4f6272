import type { ServerHttp2Stream } from "node:http2";
import { createServer, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { exitCodes } from "../../../src/base/errors.ts";
import { probeJson, probeJunit, probeText } from "../../../src/prove/probe/report.ts";
import { judgeRows, worstExit } from "../../../src/prove/probe/verdict.ts";
import type { Flags } from "../../../src/spec/flags.ts";
import { canary } from "../../harness/canary.ts";
import {
	type GrpcReply,
	grpcHeaders,
	grpcReply,
	type HttpReply,
	type LyingServer,
	lyingGrpc,
	lyingHttp,
} from "../../harness/lying-server.ts";
import { type ProbeOptions, probeWith } from "../../harness/probe.ts";
import { flood, httpText } from "../../harness/raw-server.ts";
import { selfSigned } from "../../harness/self-signed.ts";

type Headers = Record<string, string>;

const mine = canary();
const PROTOBUF = { "content-type": "application/x-protobuf" };
const JSON_TYPE = { "content-type": "application/json" };
const TEXT = { "content-type": "text/plain; charset=utf-8" };
const HTML = { "content-type": "text/html" };
const JSON_FLAGS = { protocol: "http/json" };
const IN_URL = { path: "url" };

const protobuf = (status: string, body = "", headers: Headers = {}) =>
	httpText(status, { ...PROTOBUF, "content-length": String(body.length), ...headers }, body);
const json = (status: string, body: unknown, headers: Headers = {}) =>
	httpText(status, { ...JSON_TYPE, ...headers }, typeof body === "string" ? body : JSON.stringify(body));
const text = (status: string, body: string, headers: Headers = {}) => httpText(status, { ...TEXT, ...headers }, body);
const page = (status: string, title: string, headers: Headers = {}) =>
	httpText(status, { ...HTML, ...headers }, `<!doctype html><html><head><title>${title}</title></head></html>`);
/** google.rpc.Status with this message. */
const status = (code: string, message: string, headers: Headers = {}) =>
	protobuf(code, `\u0012${String.fromCharCode(message.length)}${message}`, headers);

const taken = protobuf("200 OK");
const takenJson = json("200 OK", "{}");
const unknown = status("401 Unauthorized", "unknown token");

/** What our token is answered, then what it comes to; every other token is answered with `unknown` unless `others` says more. */
interface Case<Reply> {
	readonly what: string;
	readonly mine: Reply;
	readonly others?: Reply;
	readonly flags?: Flags;
	readonly verdict: string;
	readonly cause: string;
	readonly code: number;
}

type Row<Reply> = readonly [
	what: string,
	mine: Reply,
	verdict: string,
	cause: string,
	more?: { readonly others?: Reply; readonly flags?: Flags },
];

const CODES: Readonly<Record<string, number>> = {
	ACCEPTED: 0,
	"NEW REJECTED": 3,
	UNREACHABLE: 6,
	PARTIAL: 7,
	"RATE LIMITED": 8,
	INCONCLUSIVE: 9,
};

function cases<Reply>(rows: readonly Row<Reply>[]): Case<Reply>[] {
	return rows.map(([what, reply, verdict, cause, more = {}]) => ({
		...more,
		what,
		mine: reply,
		verdict,
		cause,
		code: CODES[verdict] ?? Number.NaN,
	}));
}

/** One probe of one record; text, JSON, JUnit and exit code must agree on what it came to. */
async function judged(server: LyingServer, flags: Flags = {}, options: ProbeOptions = {}) {
	const found = await probeWith(
		{ endpoint: server.url, control: true, ...flags },
		{ tokens: { new: mine }, ...options },
	);
	const rows = judgeRows(found.rows, undefined);
	const report = { ...found, rows, marker: "0123456789ab", now: Date.now(), deadline: undefined, leftOut: [] };
	const code = exitCodes[worstExit(rows)][0];
	const [first] = rows;
	const shown = JSON.parse(probeJson(report));
	const verdict = first?.verdict ?? "";
	expect(shown).toMatchObject({ exit: { code }, rows: [{ verdict }] });
	const words = probeText(report, { color: false, width: 80 });
	expect(words).toContain(` ${verdict} `);
	expect(words).toContain(`\nexit ${code}: `);
	const units = probeJunit(report);
	expect(units).toContain(`tests="1" failures="${code === 0 ? 0 : 1}" skipped="0"`);
	return { verdict, cause: first?.evidence.cause, code };
}

/** The control is sent where our token was taken, once; our token never more than once. */
function expectFewRequests({ asked }: LyingServer): void {
	expect(asked.mine).toBeLessThanOrEqual(1);
	expect(asked.others).toBeLessThanOrEqual(1);
}

const success = cases<HttpReply>([
	["an empty message", taken, "ACCEPTED", "accepted"],
	["an empty partial success", protobuf("200 OK", "\n\0"), "ACCEPTED", "accepted"],
	["a warning", protobuf("200 OK", "\n\u0003\u0012\u0001x"), "ACCEPTED", "accepted-with-warning"],
	[
		"its type with a parameter",
		protobuf("200 OK", "", { "content-type": "Application/X-Protobuf; v=1" }),
		"ACCEPTED",
		"accepted",
	],
	[
		"an empty message, packed",
		protobuf("200 OK", gzipSync("").toString("latin1"), {
			"content-encoding": "gzip",
			"content-length": String(gzipSync("").length),
		}),
		"ACCEPTED",
		"accepted",
	],
	["an empty object", takenJson, "ACCEPTED", "accepted", { flags: JSON_FLAGS }],
	[
		"an empty object, its type with a parameter",
		json("200 OK", "{}", { "content-type": "application/json;charset=utf-8" }),
		"ACCEPTED",
		"accepted",
		{ flags: JSON_FLAGS },
	],
	["an empty partialSuccess", json("200 OK", { partialSuccess: {} }), "ACCEPTED", "accepted", { flags: JSON_FLAGS }],
	["a partialSuccess of null", json("200 OK", { partialSuccess: null }), "ACCEPTED", "accepted", { flags: JSON_FLAGS }],
	["100 before it", `HTTP/1.1 100 Continue\r\n\r\n${taken}`, "ACCEPTED", "accepted"],
	["103 before it", `HTTP/1.1 103 Early Hints\r\n\r\n${taken}`, "ACCEPTED", "accepted"],
	[
		"passed on by a proxy",
		protobuf("200 OK", "", { via: "1.1 google" }),
		"ACCEPTED",
		"accepted",
		{ others: status("401 Unauthorized", "unknown token", { via: "1.1 google" }) },
	],
	[
		"asked through a cache, which had none",
		protobuf("200 OK", "", { age: "0", "x-cache": "MISS" }),
		"ACCEPTED",
		"accepted",
	],
]);

const noSuccess = cases<HttpReply>([
	["nothing, as a page", httpText("200 OK", HTML), "INCONCLUSIVE", "answer-not-otlp"],
	["nothing, of no type", httpText("200 OK"), "INCONCLUSIVE", "answer-not-otlp"],
	["nothing, as text", text("200 OK", ""), "INCONCLUSIVE", "answer-not-otlp"],
	["OK, as text", text("200 OK", "OK"), "INCONCLUSIVE", "answer-not-otlp"],
	[
		"nothing, as bytes",
		httpText("200 OK", { "content-type": "application/octet-stream" }),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	["JSON for protobuf", takenJson, "INCONCLUSIVE", "answer-not-otlp"],
	["protobuf for JSON", taken, "INCONCLUSIVE", "answer-not-otlp", { flags: JSON_FLAGS }],
	["nothing, as JSON", json("200 OK", ""), "INCONCLUSIVE", "answer-not-otlp", { flags: JSON_FLAGS }],
	...[
		"201 Created",
		"202 Accepted",
		"203 Non-Authoritative",
		"206 Partial Content",
		"207 Multi",
		"226 IM Used",
		"299 What",
	].map((each): Row<HttpReply> => [each, protobuf(each), "INCONCLUSIVE", "answer-not-otlp"]),
	["204 No Content", "HTTP/1.1 204 No Content\r\n\r\n", "INCONCLUSIVE", "answer-not-otlp"],
	["205 Reset Content", httpText("205 Reset Content"), "INCONCLUSIVE", "answer-not-otlp"],
	...[
		{ error: "invalid token" },
		{ code: 16, message: "unauthenticated" },
		{ success: false },
		{ status: "ok" },
		[],
		null,
		"ok",
		0,
		{ partialSuccess: [] },
		{ partialSuccess: { error: "no" } },
		{ partialSuccess: { rejectedLogRecords: 1.5 } },
		{ partialSuccess: {}, error: "no" },
	].map(
		(body): Row<HttpReply> => [
			`as JSON ${JSON.stringify(body)}`,
			json("200 OK", JSON.stringify(body)),
			"INCONCLUSIVE",
			"answer-not-otlp",
			{ flags: JSON_FLAGS },
		],
	),
	["JSON with more behind it", json("200 OK", "{}{}"), "INCONCLUSIVE", "answer-not-otlp", { flags: JSON_FLAGS }],
	["a JSON error as protobuf", protobuf("200 OK", '{"error":"no"}'), "INCONCLUSIVE", "answer-not-otlp"],
	["a Status with its message", status("200 OK", "expired"), "INCONCLUSIVE", "answer-not-otlp"],
	["a Status with its code", protobuf("200 OK", "\b\u0010"), "INCONCLUSIVE", "answer-not-otlp"],
	[
		"a partial success with a third field",
		protobuf("200 OK", "\n\u0002\u0018\u0001"),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	["a page", page("200 OK", "Sign in to Hotel Wifi"), "INCONCLUSIVE", "answer-page"],
	["a page as protobuf", protobuf("200 OK", "<html><title>Blocked</title>"), "INCONCLUSIVE", "answer-page"],
	["one record thrown away", protobuf("200 OK", "\n\u0005\b\u0001\u0012\u0001x"), "PARTIAL", "partial-success"],
	[
		"one record thrown away, as JSON",
		json("200 OK", { partialSuccess: { rejectedLogRecords: "1" } }),
		"PARTIAL",
		"partial-success",
		{ flags: JSON_FLAGS },
	],
	[
		"records of another signal thrown away",
		json("200 OK", { partialSuccess: { rejectedSpans: 1 } }),
		"PARTIAL",
		"partial-success",
		{ flags: JSON_FLAGS },
	],
	["one record thrown away, then none", protobuf("200 OK", "\n\u0002\b\u0001\n\0"), "PARTIAL", "partial-success"],
	["none thrown away, then one", protobuf("200 OK", "\n\u0004\b\0\b\u0001"), "PARTIAL", "partial-success"],
	[
		"records of two signals, the first none",
		json("200 OK", { partialSuccess: { rejectedLogRecords: 0, rejectedSpans: 1 } }),
		"PARTIAL",
		"partial-success",
		{ flags: JSON_FLAGS },
	],
	...[
		'{"partialSuccess":{"rejectedLogRecords":1},"partialSuccess":{}}',
		'{"partialSuccess":{},"partial_success":{"rejectedLogRecords":1}}',
		'{"partialSuccess":{"rejectedLogRecords":1,"rejectedLogRecords":0}}',
	].map(
		(body): Row<HttpReply> => [
			`a key twice: ${body}`,
			json("200 OK", body),
			"INCONCLUSIVE",
			"answer-not-otlp",
			{ flags: JSON_FLAGS },
		],
	),
	...["invalid token", "Unauthenticated", "API key not found"].map(
		(message): Row<HttpReply> => [
			`a warning about the token: ${message}`,
			protobuf(
				"200 OK",
				`\n${String.fromCharCode(message.length + 2)}\u0012${String.fromCharCode(message.length)}${message}`,
			),
			"INCONCLUSIVE",
			"answer-odd",
		],
	),
	["a gRPC status", protobuf("200 OK", "", { "grpc-status": "16" }), "INCONCLUSIVE", "answer-not-otlp"],
	[
		"a gRPC status behind it",
		`HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ntransfer-encoding: chunked\r\n\r\n0\r\ngrpc-status: 16\r\n\r\n`,
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	[
		"two types",
		`HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n`,
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	[
		"two types in one header",
		protobuf("200 OK", "", { "content-type": "application/x-protobuf; v=1, text/html" }),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	[
		"two caches, of which the second one had it",
		`HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\nx-cache: MISS\r\nx-cache: HIT\r\ncontent-length: 0\r\n\r\n`,
		"INCONCLUSIVE",
		"answer-not-its-own",
	],
	["a stale answer", protobuf("200 OK", "", { warning: '110 - "stale"' }), "INCONCLUSIVE", "answer-not-its-own"],
	[
		"fewer than no records thrown away",
		json("200 OK", { partialSuccess: { rejectedLogRecords: -1 } }),
		"INCONCLUSIVE",
		"answer-odd",
		{ flags: JSON_FLAGS },
	],
	["no gzip that says so", protobuf("200 OK", "{}", { "content-encoding": "gzip" }), "UNREACHABLE", "answer-garbled"],
	["packed in another way", protobuf("200 OK", "x", { "content-encoding": "br" }), "UNREACHABLE", "answer-garbled"],
	["less than promised", protobuf("200 OK", "", { "content-length": "9" }), "UNREACHABLE", "answer-cut-short"],
	...(
		[
			["a proxy's error", { "x-squid-error": "ERR_ACCESS_DENIED 0" }],
			["an error of a proxy's next hop", { "proxy-status": "edge; error=connection_refused" }],
			["an answer that a cache kept", { age: "31" }],
			["a hit of a cache", { "x-cache": "HIT from edge" }],
			["what a network kept", { "cf-cache-status": "STALE" }],
		] as const
	).map(([what, headers]) => [what, protobuf("200 OK", "", headers), "INCONCLUSIVE", "answer-not-its-own"] as const),
	[
		"an error behind it",
		`HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx-error: bad token\r\n\r\n`,
		"INCONCLUSIVE",
		"answer-odd",
	],
	["gigabytes", endless("200 OK"), "UNREACHABLE", "answer-too-large"],
	["another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "UNREACHABLE", "not-http"],
	["nothing, and closes", (socket) => socket.destroy(), "UNREACHABLE", "connection-closed"],
	["nothing", () => undefined, "UNREACHABLE", "answer-timeout", { flags: { timeout: "1s" } }],
	[
		"101",
		httpText("101 Switching Protocols", { upgrade: "h2c", connection: "upgrade" }),
		"UNREACHABLE",
		"connection-closed",
	],
]);

/** Beside what a place that took the record says, something that it would not say. */
const contradictions = cases<HttpReply>([
	...(
		[
			["x-error", { "x-error": "bad token" }],
			["Retry-After", { "retry-after": "30" }],
			["WWW-Authenticate", { "www-authenticate": 'Bearer error="invalid_token"' }],
			["an error type of AWS", { "x-amzn-errortype": "UnauthorizedException" }],
			["an action of a WAF", { "x-amzn-waf-action": "challenge" }],
			["Proxy-Authenticate", { "proxy-authenticate": "Basic" }],
			["Content-Range", { "content-range": "bytes 0-0/1" }],
			["Location", { location: "/login" }],
			["Refresh", { refresh: "0;url=/login" }],
			["a type that is a login page's, and its cookie", { "content-type": "text/html", "set-cookie": "sid=1" }],
		] as const
	).map(
		([what, headers]): Row<HttpReply> => [
			what,
			protobuf("200 OK", "", headers as Headers),
			"INCONCLUSIVE",
			what.startsWith("a type") ? "answer-not-otlp" : "answer-odd",
		],
	),
	...(
		[
			["a hit of Akamai's", { "x-cache": "TCP_MEM_HIT from a1" }],
			["a hit of CloudFront's", { "x-cache": "RefreshHit from cloudfront" }],
			["a hit, by the standard", { "cache-status": "edge; hit; ttl=30" }],
			["a hit that is counted", { "x-cache-hits": "0, 1" }],
			["a hit of nginx", { "x-proxy-cache": "HIT" }],
			["a hit of Vercel", { "x-vercel-cache": "STALE" }],
			["an age, of two", { age: "0, 31" }],
			["a body that a proxy changed", { warning: '214 proxy "Transformation Applied"' }],
		] as const
	).map(
		([what, headers]): Row<HttpReply> => [
			what,
			protobuf("200 OK", "", headers as Headers),
			"INCONCLUSIVE",
			"answer-not-its-own",
		],
	),
	...[
		"dropped: quota exceeded",
		"records were not stored",
		"access denied",
		"forbidden",
		"authentication required",
	].map(
		(message): Row<HttpReply> => [
			`a warning that it took nothing: ${message}`,
			protobuf(
				"200 OK",
				`\n${String.fromCharCode(message.length + 2)}\u0012${String.fromCharCode(message.length)}${message}`,
			),
			"INCONCLUSIVE",
			"answer-odd",
		],
	),
	["a count of -1", protobuf("200 OK", `\n\u000b\b${"\u00ff".repeat(9)}\u0001`), "INCONCLUSIVE", "answer-odd"],
	[
		"a number of eleven bytes",
		protobuf("200 OK", `\n\u000c\b${"\u0080".repeat(10)}\u0001`),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	[
		"a field whose number is 1 beyond 32 bits",
		protobuf("200 OK", "\u008a\u0080\u0080\u0080\u0010\0"),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	[
		"a megabyte in an unknown field",
		protobuf("200 OK", `\n\0\u007a\u0080\u0080\u0040${"x".repeat(2 ** 20)}`),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	["a count of fixed length", protobuf("200 OK", `\n\u0009\u0009${"\0".repeat(8)}`), "INCONCLUSIVE", "answer-not-otlp"],
	["a message that is no text", protobuf("200 OK", "\n\u0003\u0012\u0001\u00ff"), "INCONCLUSIVE", "answer-not-otlp"],
	["a group", protobuf("200 OK", "\u000b\u000c"), "INCONCLUSIVE", "answer-not-otlp"],
	["packed twice, said once", packed(gzipSync(gzipSync("\n\0"))), "INCONCLUSIVE", "answer-not-otlp"],
	["packed and cut short", packed(gzipSync("\n\0").subarray(0, -4)), "UNREACHABLE", "answer-garbled"],
	[
		"packed, with more behind it",
		packed(Buffer.concat([gzipSync("\n\0"), Buffer.from("x")])),
		"UNREACHABLE",
		"answer-garbled",
	],
	[
		"packed, with a second member that drops it",
		packed(Buffer.concat([gzipSync("\n\0"), gzipSync("\n\u0002\b\u0001")])),
		"PARTIAL",
		"partial-success",
	],
	[
		"more than promised",
		protobuf("200 OK", "\n\u0002\b\u0001", { "content-length": "0" }),
		"INCONCLUSIVE",
		"answer-odd",
	],
	[
		"two lengths",
		`HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\ncontent-length: 4\r\n\r\n\n\u0002\b\u0001`,
		"UNREACHABLE",
		"not-http",
	],
	[
		"a length and chunks",
		`HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
		"UNREACHABLE",
		"not-http",
	],
	[
		"chunks that end after a whole message",
		`HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ntransfer-encoding: chunked\r\n\r\n2\r\n\n\0\r\n`,
		"UNREACHABLE",
		"answer-cut-short",
	],
	[
		"no length, and the end by closing",
		`HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n\r\n`,
		"INCONCLUSIVE",
		"answer-odd",
	],
	["and a second answer, which refuses", taken + unknown, "INCONCLUSIVE", "answer-odd"],
	["in HTTP/1.0", taken.replace("HTTP/1.1", "HTTP/1.0"), "ACCEPTED", "accepted"],
	["in HTTP/0.9", "\n\0", "UNREACHABLE", "not-http"],
	...(
		[
			["a byte order mark", "\u00ef\u00bb\u00bf{}"],
			["NaN", '{"partialSuccess":{"rejectedLogRecords":NaN}}'],
			["an error in its message", '{"partialSuccess":{"errorMessage":{"error":"no"}}}'],
			["a count in blanks", '{"partialSuccess":{"rejectedLogRecords":" 0 "}}'],
			["a count in a list", '{"partialSuccess":{"rejectedLogRecords":[0]}}'],
			["a count of nothing", '{"partialSuccess":{"rejectedLogRecords":""}}'],
			["a count of false", '{"partialSuccess":{"rejectedLogRecords":false}}'],
			["a key twice, once escaped", '{"partialSuccess":{"rejectedLogRecords":"1"},"partial\\u0053uccess":{}}'],
			["another signal's count", '{"partialSuccess":{"rejectedSpans":"0"}}'],
			["a prefix against scripts", ")]}'\n{}"],
			["two lines", "{}\n{}"],
		] as const
	).map(
		([what, body]): Row<HttpReply> => [
			`JSON with ${what}`,
			httpText("200 OK", { ...JSON_TYPE, "content-length": String(body.length) }, body),
			"INCONCLUSIVE",
			"answer-not-otlp",
			{ flags: JSON_FLAGS },
		],
	),
	[
		"a count beyond 64 bits",
		json("200 OK", '{"partialSuccess":{"rejectedLogRecords":"99999999999999999999"}}'),
		"INCONCLUSIVE",
		"answer-not-otlp",
		{ flags: JSON_FLAGS },
	],
	[
		"a count beyond 63 bits",
		json("200 OK", '{"partialSuccess":{"rejectedLogRecords":"9223372036854775808"}}'),
		"PARTIAL",
		"partial-success",
		{ flags: JSON_FLAGS },
	],
	["what it was asked, as protobuf", echo("application/x-protobuf"), "INCONCLUSIVE", "answer-not-otlp"],
	["what it was asked, as JSON", echo("application/json"), "INCONCLUSIVE", "answer-not-otlp", { flags: JSON_FLAGS }],
	...(
		[
			["Set-Cookie of a balancer", { "set-cookie": "AWSALB=1" }],
			["Alt-Svc", { "alt-svc": 'h3=":443"' }],
			["Deprecation", { deprecation: "true", sunset: "Wed, 11 Nov 2026 23:59:59 GMT" }],
			["a warning of its own", { warning: '299 - "old API"' }],
			["a rule for caches", { "cache-control": "stale-while-revalidate=60" }],
		] as const
	).map(
		([what, headers]): Row<HttpReply> => [what, protobuf("200 OK", "", headers as Headers), "ACCEPTED", "accepted"],
	),
]);

const controlled = cases<HttpReply>([
	["takes every token", taken, "INCONCLUSIVE", "takes-any-token", { others: taken }],
	[
		"takes every token, as JSON",
		takenJson,
		"INCONCLUSIVE",
		"takes-any-token",
		{ others: takenJson, flags: JSON_FLAGS },
	],
	["takes every token in the URL", taken, "INCONCLUSIVE", "takes-any-token", { others: taken, flags: IN_URL }],
	[
		"takes every token, with a warning for ours",
		protobuf("200 OK", "\n\u0003\u0012\u0001x"),
		"INCONCLUSIVE",
		"takes-any-token",
		{ others: taken },
	],
	["says 204 to others", taken, "INCONCLUSIVE", "takes-any-token", { others: "HTTP/1.1 204 No Content\r\n\r\n" }],
	["says 200 {} to others", taken, "INCONCLUSIVE", "takes-any-token", { others: takenJson }],
	["shows others a page", taken, "INCONCLUSIVE", "control-unclear", { others: page("200 OK", "Sign in") }],
	[
		"throws the records of others away",
		taken,
		"INCONCLUSIVE",
		"control-unclear",
		{ others: protobuf("200 OK", "\n\u0002\b\u0001") },
	],
	["says 500 to others", taken, "INCONCLUSIVE", "control-unclear", { others: protobuf("500 Oops") }],
	["says 503 to others", taken, "INCONCLUSIVE", "control-unclear", { others: protobuf("503 Busy") }],
	["says 429 to others", taken, "INCONCLUSIVE", "control-unclear", { others: protobuf("429 Slow down") }],
	["says 408 to others", taken, "INCONCLUSIVE", "control-unclear", { others: protobuf("408 Too late") }],
	["says 407 to others", taken, "INCONCLUSIVE", "control-unclear", { others: protobuf("407 Who are you") }],
	[
		"sends others elsewhere",
		taken,
		"INCONCLUSIVE",
		"control-unclear",
		{ others: httpText("302 Found", { location: "/login" }) },
	],
	["closes on others", taken, "INCONCLUSIVE", "control-unclear", { others: (socket) => socket.destroy() }],
	[
		"never answers others",
		taken,
		"INCONCLUSIVE",
		"control-unclear",
		{ others: () => undefined, flags: { timeout: "2s" } },
	],
	["says 404 to others", taken, "INCONCLUSIVE", "control-unclear", { others: httpText("404 Not Found") }],
	[
		"cannot read what others send",
		taken,
		"INCONCLUSIVE",
		"control-unclear",
		{ others: json("400 Bad Request", { message: "invalid protobuf" }) },
	],
	[
		"shows others the page of a firewall",
		taken,
		"INCONCLUSIVE",
		"control-unclear",
		{ others: page("403 Forbidden", "Blocked") },
	],
	[
		"has a firewall that says 403 to others",
		taken,
		"INCONCLUSIVE",
		"control-unclear",
		{ others: httpText("403 Forbidden", { server: "cloudflare" }) },
	],
	[
		"has an API gateway that says 401 to others",
		taken,
		"INCONCLUSIVE",
		"control-unclear",
		{ others: json("401 Unauthorized", { message: "Unauthorized" }, { "x-amzn-errortype": "UnauthorizedException" }) },
	],
	...(
		[
			["says 403 to others", httpText("403 Forbidden")],
			["says 403 to others by their address", text("403 Forbidden", "this IP is not on the allowlist")],
			["sees no token of others", json("401 Unauthorized", { message: "missing token" })],
			["wants a password of others", httpText("401 Unauthorized", { "www-authenticate": "Basic" })],
			["shows others a page with 401", page("401 Unauthorized", "Sign in")],
			["lets another server say 401", status("401 Unauthorized", "unknown token", { server: "proxyd/1.0" })],
			["lets a proxy more say 401", status("401 Unauthorized", "unknown token", { via: "1.1 edge" })],
			["says 401 to others by a proxy", httpText("401 Unauthorized", { via: "1.1 edge" })],
		] as const
	).map(([what, others]): Row<HttpReply> => [what, taken, "INCONCLUSIVE", "control-unclear", { others }]),
	...(
		[
			["says 401 and no more to others", httpText("401 Unauthorized")],
			["says 403 about the token to others", status("403 Forbidden", "token revoked")],
			["says 401 to others, as text", text("401 Unauthorized", "scheme or token does not match")],
		] as const
	).map(([what, others]): Row<HttpReply> => [what, taken, "ACCEPTED", "accepted", { others }]),
	[
		"says 401 to others, behind the same proxies as the answer to ours",
		protobuf("200 OK", "", { server: "nginx/1.27.1", via: "1.1 a.edge, 1.1 b" }),
		"ACCEPTED",
		"accepted",
		{ others: status("401 Unauthorized", "unknown token", { server: "nginx", via: "1.1 c.edge, 1.1 b" }) },
	],
	[
		"lets a proxy less say 401",
		protobuf("200 OK", "", { via: "1.1 edge" }),
		"INCONCLUSIVE",
		"control-unclear",
		{ others: unknown },
	],
	[
		"says 400 to others",
		taken,
		"ACCEPTED",
		"accepted",
		{ others: json("400 Bad Request", { message: "malformed token" }) },
	],
	[
		"says 404 to others in the URL",
		taken,
		"ACCEPTED",
		"accepted",
		{ others: httpText("404 Not Found"), flags: IN_URL },
	],
	["takes every token, and we do not ask", taken, "ACCEPTED", "accepted", { others: taken, flags: { control: false } }],
]);

const refusals = cases<HttpReply>([
	["401 as OTLP has it", unknown, "NEW REJECTED", "http-401"],
	["401 as JSON", json("401 Unauthorized", { message: "no such token" }), "NEW REJECTED", "http-401"],
	["401 as text", text("401 Unauthorized", "missing or empty authorization metadata"), "NEW REJECTED", "http-401"],
	["401 and no more", httpText("401 Unauthorized"), "NEW REJECTED", "http-401"],
	[
		"401 that asks for a bearer",
		httpText("401 Unauthorized", { "www-authenticate": 'Bearer error="invalid_token"' }),
		"NEW REJECTED",
		"http-401",
	],
	[
		"401 as OTLP has it, through a proxy",
		status("401 Unauthorized", "unknown token", { via: "1.1 google" }),
		"NEW REJECTED",
		"http-401",
	],
	["401 with a page", page("401 Unauthorized", "Sign in"), "INCONCLUSIVE", "refused-in-between"],
	[
		"401 of a proxy",
		httpText("401 Unauthorized", { via: "1.1 proxy.corp (squid/5.7)" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"401 of Squid",
		text("401 Unauthorized", "token?", { "x-squid-error": "ERR_ACCESS_DENIED 0" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"401 that asks for a password",
		httpText("401 Unauthorized", { "www-authenticate": 'Basic realm="internal"' }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"401 that asks for a ticket",
		httpText("401 Unauthorized", { "www-authenticate": "Negotiate" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"401 of an API gateway",
		json("401 Unauthorized", { message: "Unauthorized" }, { "x-amzn-errortype": "UnauthorizedException" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"401 of Envoy",
		text("401 Unauthorized", "Jwt is missing", { server: "envoy" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"401 about a certificate",
		json("401 Unauthorized", { error: "client certificate required" }),
		"INCONCLUSIVE",
		"tls-client-certificate",
	],
	["gigabytes with 401", endless("401 Unauthorized"), "NEW REJECTED", "http-401"],
	...[
		"No API key found in request",
		"Missing Authorization header",
		"missing token",
		"You didn't provide an API key.",
		"Authorization header is missing",
		"API key was not provided",
	].map(
		(message): Row<HttpReply> => [
			`401 that saw no token: ${message}`,
			json("401 Unauthorized", { message }),
			"INCONCLUSIVE",
			"refused-in-between",
		],
	),
	...[
		"missing or invalid token",
		"invalid or missing token",
		"no token matches",
		"token not found",
		"no such token",
		"API key not found",
		"a valid API key is required",
		"the token is missing the scope ingest",
	].map(
		(message): Row<HttpReply> => [
			`401 about the token: ${message}`,
			json("401 Unauthorized", { message }),
			"NEW REJECTED",
			"http-401",
		],
	),
	["403 as OTLP has it", status("403 Forbidden", "token revoked"), "NEW REJECTED", "http-403"],
	["403 about a scope", json("403 Forbidden", { error: "wrong scope" }), "NEW REJECTED", "http-403"],
	["403 about an API key", text("403 Forbidden", "API key disabled"), "NEW REJECTED", "http-403"],
	["403 and no more", httpText("403 Forbidden"), "INCONCLUSIVE", "http-403"],
	["403 Forbidden, as JSON", json("403 Forbidden", { message: "Forbidden" }), "INCONCLUSIVE", "http-403"],
	[
		"403 of an API gateway",
		json(
			"403 Forbidden",
			{ message: "Missing Authentication Token" },
			{ "x-amzn-errortype": "MissingAuthenticationTokenException" },
		),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"403 of an API gateway, without its header",
		json("403 Forbidden", { message: "Missing Authentication Token" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"403 of a WAF",
		page("403 Forbidden", "Attention Required! | Cloudflare", { server: "cloudflare" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"403 of a WAF, as text",
		text("403 Forbidden", "error code: 1020", { "cf-ray": "8a" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"403 of another WAF",
		json("403 Forbidden", { error: "request blocked" }, { "x-iinfo": "1-2-3" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"403 of a third",
		page("403 Forbidden", "Access Denied", { server: "AkamaiGHost" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"403 by address",
		text("403 Forbidden", "IP address 192.0.2.1 is not allowed for this token"),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"403 by country",
		json("403 Forbidden", { message: "not available in your country" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"403 about a certificate",
		json("403 Forbidden", { message: "no client certificate presented" }),
		"INCONCLUSIVE",
		"tls-client-certificate",
	],
	[
		"403 of Squid",
		page("403 Forbidden", "ERROR: The requested URL could not be retrieved", {
			"x-squid-error": "ERR_ACCESS_DENIED 0",
			via: "1.1 squid",
		}),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"403 of Istio",
		text("403 Forbidden", "RBAC: access denied", { server: "istio-envoy" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	["407 without a proxy", httpText("407 Proxy Authentication Required"), "UNREACHABLE", "http-407"],
	["400 about the token", json("400 Bad Request", { message: "invalid token" }), "NEW REJECTED", "http-400"],
	["400 about the API key", text("400 Bad Request", "Unknown API key"), "NEW REJECTED", "http-400"],
	["400 about the token, in OTLP", status("400 Bad Request", "the token has expired"), "NEW REJECTED", "http-400"],
	[
		"400 about another sort of token",
		json("400 Bad Request", { message: "invalid token '}' in JSON at position 3" }),
		"INCONCLUSIVE",
		"http-400",
	],
	["400 about the data", json("400 Bad Request", { message: "cannot unmarshal protobuf" }), "INCONCLUSIVE", "http-400"],
	[
		"400 for want of a certificate",
		page("400 Bad Request", "400 No required SSL certificate was sent"),
		"INCONCLUSIVE",
		"tls-client-certificate",
	],
	["404", json("404 Not Found", { message: "not found" }), "UNREACHABLE", "http-404"],
	[
		"404 about the token in the URL",
		json("404 Not Found", { message: "unknown token" }),
		"NEW REJECTED",
		"http-404",
		{ flags: IN_URL },
	],
	["404 for the token in the URL", httpText("404 Not Found"), "INCONCLUSIVE", "path-or-token", { flags: IN_URL }],
	["405", httpText("405 Method Not Allowed"), "UNREACHABLE", "http-405"],
	["413", httpText("413 Payload Too Large"), "INCONCLUSIVE", "http-413"],
	["415", httpText("415 Unsupported Media Type"), "INCONCLUSIVE", "http-415"],
	["426", httpText("426 Upgrade Required", { upgrade: "h2c" }), "INCONCLUSIVE", "http-426"],
	["451", httpText("451 Unavailable For Legal Reasons"), "INCONCLUSIVE", "http-451"],
	["429", httpText("429 Too Many Requests"), "RATE LIMITED", "http-429"],
	["500", httpText("500 Internal Server Error"), "UNREACHABLE", "http-500"],
	["502", httpText("502 Bad Gateway"), "UNREACHABLE", "http-502"],
	["503", httpText("503 Service Unavailable"), "UNREACHABLE", "http-503"],
	["503 that says when", httpText("503 Service Unavailable", { "retry-after": "30" }), "RATE LIMITED", "http-503"],
	["504", httpText("504 Gateway Timeout"), "UNREACHABLE", "http-504"],
	["511", page("511 Network Authentication Required", "Sign in"), "INCONCLUSIVE", "refused-in-between"],
	["302", httpText("302 Found", { location: "https://login.example/" }), "UNREACHABLE", "redirect"],
	["999", httpText("999 Request denied"), "UNREACHABLE", "http-999"],
]);

describe.each([
	["answers with success", success],
	["answers as if with success", noSuccess],
	["answers with success, and beside it", contradictions],
	["does with other tokens", controlled],
	["refuses", refusals],
])("over HTTP, a server that %s", (_kind, rows) => {
	test.each(rows)("$what", async ({ mine: reply, others = unknown, flags, ...wanted }) => {
		const server = await lyingHttp(mine, { mine: reply, others });
		const { verdict, cause, code } = wanted;
		expect(await judged(server, flags)).toEqual({ verdict, cause, code });
		expectFewRequests(server);
	});
});

test("a server that answers before it was asked, and so looks at nothing", async () => {
	const asked = { mine: 0, others: 0 };
	const server = createServer((socket) => {
		socket.on("error", () => undefined);
		socket.end(taken);
	});
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => void server.close());
	const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
	const { code } = await judged({ url, asked });
	// Either the answer was there too early to be one, or a made-up token got it too.
	expect([CODES["UNREACHABLE"], CODES["INCONCLUSIVE"]]).toContain(code);
});

const OK = { "grpc-status": "0" };
const grpcUnknown = grpcHeaders({ "grpc-status": "16", "grpc-message": "unknown token" });
const partly = Buffer.from([0, 0, 0, 0, 7, 0x0a, 5, 0x08, 1, 0x12, 1, 0x78]);

const grpc = cases<GrpcReply>([
	["0 and a message", grpcReply(OK), "ACCEPTED", "accepted"],
	[
		"0 and a message, of the type with its encoding",
		grpcReply(OK, { headers: { "content-type": "application/grpc+proto" } }),
		"ACCEPTED",
		"accepted",
	],
	["no grpc-status", grpcReply({}), "INCONCLUSIVE", "answer-not-otlp"],
	["0 in its headers alone", grpcReply({}, { headers: OK }), "INCONCLUSIVE", "answer-not-otlp"],
	["0 and no message", grpcHeaders(OK), "INCONCLUSIVE", "answer-not-otlp"],
	["0, and 16 in its trailers", grpcReply({ "grpc-status": "16" }, { headers: OK }), "NEW REJECTED", "grpc-16"],
	["16, and 0 in its trailers", grpcReply(OK, { headers: { "grpc-status": "16" } }), "INCONCLUSIVE", "answer-not-otlp"],
	["ok instead of 0", grpcReply({ "grpc-status": "ok" }), "INCONCLUSIVE", "answer-not-otlp"],
	["00 instead of 0", grpcReply({ "grpc-status": "00" }), "INCONCLUSIVE", "answer-not-otlp"],
	["two messages", grpcReply(OK, { body: Buffer.alloc(10) }), "INCONCLUSIVE", "answer-not-otlp"],
	["half a message", grpcReply(OK, { body: Buffer.alloc(2) }), "INCONCLUSIVE", "answer-not-otlp"],
	["a packed message", grpcReply(OK, { body: Buffer.from([1, 0, 0, 0, 0]) }), "INCONCLUSIVE", "answer-not-otlp"],
	[
		"JSON",
		grpcReply(OK, { headers: { "content-type": "application/json" }, body: Buffer.from("{}") }),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	["0 of another type", grpcReply(OK, { headers: { "content-type": "text/html" } }), "INCONCLUSIVE", "answer-not-otlp"],
	[
		"0 of the type for browsers",
		grpcReply(OK, { headers: { "content-type": "application/grpc-web" } }),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	["0 with 202", grpcReply(OK, { headers: { ":status": 202 } }), "INCONCLUSIVE", "answer-not-otlp"],
	["one record thrown away", grpcReply(OK, { body: partly }), "PARTIAL", "partial-success"],
	["16", grpcUnknown, "NEW REJECTED", "grpc-16"],
	["7", grpcHeaders({ "grpc-status": "7", "grpc-message": "token revoked" }), "NEW REJECTED", "grpc-7"],
	["7 and no more", grpcHeaders({ "grpc-status": "7" }), "INCONCLUSIVE", "grpc-7"],
	[
		"7 of Istio",
		grpcHeaders({ "grpc-status": "7", "grpc-message": "RBAC: access denied", server: "istio-envoy" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"16 of Envoy",
		grpcHeaders({ "grpc-status": "16", "grpc-message": "Jwt is missing" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	["3 about the token", grpcHeaders({ "grpc-status": "3", "grpc-message": "invalid token" }), "NEW REJECTED", "grpc-3"],
	["3", grpcHeaders({ "grpc-status": "3", "grpc-message": "bad data" }), "INCONCLUSIVE", "grpc-3"],
	["8", grpcHeaders({ "grpc-status": "8" }), "RATE LIMITED", "grpc-8"],
	["12", grpcHeaders({ "grpc-status": "12" }), "UNREACHABLE", "grpc-12"],
	["14", grpcHeaders({ "grpc-status": "14" }), "UNREACHABLE", "grpc-14"],
	["2", grpcHeaders({ "grpc-status": "2" }), "UNREACHABLE", "grpc-2"],
	["99", grpcHeaders({ "grpc-status": "99" }), "UNREACHABLE", "grpc-99"],
	["HTTP 401", grpcHeaders({ ":status": 401, "content-type": "text/plain" }), "INCONCLUSIVE", "refused-in-between"],
	["HTTP 403", grpcHeaders({ ":status": 403, "content-type": "text/html" }), "INCONCLUSIVE", "refused-in-between"],
	["HTTP 404", grpcHeaders({ ":status": 404, "content-type": "text/plain" }), "UNREACHABLE", "http-404"],
	["HTTP 503", grpcHeaders({ ":status": 503, "content-type": "text/plain" }), "UNREACHABLE", "http-503"],
	["a reset", (stream) => stream.close(2), "UNREACHABLE", "connection-closed"],
	...(
		[
			["x-error", { "x-error": "bad token" }],
			["Retry-After", { "retry-after": "30" }],
			["WWW-Authenticate", { "www-authenticate": "Bearer" }],
			["Location", { location: "/login" }],
		] as const
	).map(
		([what, headers]): Row<GrpcReply> => [`0 and ${what}`, grpcReply(OK, { headers }), "INCONCLUSIVE", "answer-odd"],
	),
	["0 and a hit of a cache", grpcReply(OK, { headers: { "x-cache": "HIT" } }), "INCONCLUSIVE", "answer-not-its-own"],
	[
		"0, with an error as its message",
		grpcReply({ ...OK, "grpc-message": "invalid token" }),
		"INCONCLUSIVE",
		"answer-odd",
	],
	["0, with OK as its message", grpcReply({ ...OK, "grpc-message": "OK" }), "ACCEPTED", "accepted"],
	[
		"0, with a Status beside it",
		grpcReply({ ...OK, "grpc-status-details-bin": "CBASAng=" }),
		"INCONCLUSIVE",
		"answer-odd",
	],
	["0, with an error in a trailer", grpcReply({ ...OK, "x-error": "bad token" }), "INCONCLUSIVE", "answer-odd"],
	["0 and 16, both as trailers", grpcReply({ "grpc-status": ["0", "16"] }), "INCONCLUSIVE", "answer-not-otlp"],
	["0, and 0 in its headers", grpcReply(OK, { headers: OK }), "ACCEPTED", "accepted"],
	["0, packed by its headers alone", grpcReply(OK, { headers: { "grpc-encoding": "gzip" } }), "ACCEPTED", "accepted"],
	["0 and one byte more", grpcReply(OK, { body: Buffer.alloc(6) }), "INCONCLUSIVE", "answer-not-otlp"],
	[
		"0 and a message, then another of one byte",
		grpcReply(OK, { body: Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]) }),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	[
		"0 and a message in JSON",
		grpcReply(OK, { body: Buffer.from([0, 0, 0, 0, 2, 0x7b, 0x7d]) }),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	[
		"0 and a length beyond the end",
		grpcReply(OK, { body: Buffer.from([0, 0xff, 0xff, 0xff, 0xff]) }),
		"INCONCLUSIVE",
		"answer-not-otlp",
	],
	["0 and what it was asked", grpcEcho(OK), "INCONCLUSIVE", "answer-not-otlp"],
	[
		"0 and a count of -1",
		grpcReply(OK, { body: Buffer.from([0, 0, 0, 0, 13, 0x0a, 11, 8, ...Array(9).fill(0xff), 1]) }),
		"INCONCLUSIVE",
		"answer-odd",
	],
	[
		"a goodbye before it",
		(stream) => {
			stream.session?.goaway(0);
			grpcReply(OK)(stream);
		},
		"ACCEPTED",
		"accepted",
	],
	[
		"103 before it",
		(stream) => {
			stream.additionalHeaders({ ":status": 103, link: "</a>" });
			grpcReply(OK)(stream);
		},
		"ACCEPTED",
		"accepted",
	],
	[
		"16, with our token as its message",
		grpcHeaders({ "grpc-status": "16", "grpc-message": `unknown token ${mine.token}` }),
		"NEW REJECTED",
		"grpc-16",
	],
	[
		"a page with 200",
		grpcReply({}, { headers: { "content-type": "text/html" }, body: Buffer.from("<html><title>Sign in") }),
		"INCONCLUSIVE",
		"answer-page",
	],
	["0 to every token", grpcReply(OK), "INCONCLUSIVE", "takes-any-token", { others: grpcReply(OK) }],
	...(
		[
			["7 and no more to other tokens", { "grpc-status": "7" }],
			["3 about the data to other tokens", { "grpc-status": "3", "grpc-message": "bad data" }],
			["5 to other tokens", { "grpc-status": "5" }],
			["16 to other tokens by another server", { "grpc-status": "16", server: "envoy" }],
			["16 to other tokens, of which it saw none", { "grpc-status": "16", "grpc-message": "missing token" }],
		] as const
	).map(
		([what, headers]): Row<GrpcReply> => [
			what,
			grpcReply(OK),
			"INCONCLUSIVE",
			"control-unclear",
			{ others: grpcHeaders(headers) },
		],
	),
	[
		"7 about the token to other tokens",
		grpcReply(OK),
		"ACCEPTED",
		"accepted",
		{ others: grpcHeaders({ "grpc-status": "7", "grpc-message": "token revoked" }) },
	],
	[
		"14 to other tokens",
		grpcReply(OK),
		"INCONCLUSIVE",
		"control-unclear",
		{ others: grpcHeaders({ "grpc-status": "14" }) },
	],
]);

describe("over gRPC, a server that answers", () => {
	test.each(grpc)("$what", async ({ mine: reply, others = grpcUnknown, flags, verdict, cause, code }) => {
		const server = await lyingGrpc(mine, { mine: reply, others });
		expect(await judged(server, { protocol: "grpc", ...flags })).toEqual({ verdict, cause, code });
		expectFewRequests(server);
	});

	test.each<[string, (stream: ServerHttp2Stream) => void]>([
		["a reset", (stream) => stream.close(2)],
		["a reset without an error", (stream) => stream.close(0)],
		["a goodbye", (stream) => stream.session?.destroy()],
	])("a whole message, and before its trailers %s", async (_what, end) => {
		const server = await lyingGrpc(mine, { mine: cutAfterMessage(end), others: grpcUnknown });
		const { code } = await judged(server, { protocol: "grpc" });
		// Whether the end or the message is seen first is no matter: neither is a status.
		expect([CODES["UNREACHABLE"], CODES["INCONCLUSIVE"]]).toContain(code);
	});

	test("over HTTP/1.1", async () => {
		const server = await lyingHttp(mine, { mine: httpText("200 OK", { "content-type": "application/grpc", ...OK }) });
		expect(await judged(server, { protocol: "grpc" })).toMatchObject({ verdict: "UNREACHABLE", cause: "no-http2" });
	});
});

const good = selfSigned();
const elsewhere = selfSigned({ address: "127.0.0.2" });
const over = selfSigned({ days: [-9, -1] });
const trusted = { round: { tls: { ca: good.cert } } };

/** What was asked over TLS, and of what came of it only whether our token went out. */
interface TlsCase {
	readonly what: string;
	readonly server: () => Promise<LyingServer>;
	readonly flags?: Flags;
	readonly options?: ProbeOptions;
	readonly verdict: string;
	readonly cause: string;
	readonly sent: number;
}

const overTls: TlsCase[] = [
	{
		what: "takes our token",
		server: () => lyingHttp(mine, { mine: taken, others: unknown }, good),
		options: trusted,
		verdict: "ACCEPTED",
		cause: "accepted",
		sent: 1,
	},
	{
		what: "takes our token over gRPC",
		server: () => lyingGrpc(mine, { mine: grpcReply(OK), others: grpcUnknown }, good),
		flags: { protocol: "grpc" },
		options: trusted,
		verdict: "ACCEPTED",
		cause: "accepted",
		sent: 1,
	},
	{
		what: "nobody vouches for",
		server: () => lyingHttp(mine, { mine: taken }, good),
		verdict: "UNREACHABLE",
		cause: "tls-self-signed",
		sent: 0,
	},
	{
		what: "nobody vouches for, over gRPC",
		server: () => lyingGrpc(mine, { mine: grpcReply(OK) }, good),
		flags: { protocol: "grpc" },
		verdict: "UNREACHABLE",
		cause: "tls-self-signed",
		sent: 0,
	},
	{
		what: "has a certificate for another address",
		server: () => lyingHttp(mine, { mine: taken }, elsewhere),
		options: { round: { tls: { ca: elsewhere.cert } } },
		verdict: "UNREACHABLE",
		cause: "tls-wrong-name",
		sent: 0,
	},
	{
		what: "has a certificate that is over",
		server: () => lyingHttp(mine, { mine: taken }, over),
		options: { round: { tls: { ca: over.cert } } },
		verdict: "UNREACHABLE",
		cause: "tls-expired",
		sent: 0,
	},
	{
		what: "speaks HTTP/2 alone",
		server: () => lyingHttp(mine, { mine: taken }, { ...good, ALPNProtocols: ["h2"] }),
		options: trusted,
		verdict: "UNREACHABLE",
		cause: "only-http2",
		sent: 0,
	},
	{
		what: "speaks HTTP/1.1 alone, asked over gRPC",
		server: () => lyingHttp(mine, { mine: taken }, { ...good, ALPNProtocols: ["http/1.1"] }),
		flags: { protocol: "grpc" },
		options: trusted,
		verdict: "UNREACHABLE",
		cause: "no-http2",
		sent: 0,
	},
	{
		what: "wants a client certificate",
		server: () => lyingHttp(mine, { mine: taken }, { ...good, requestCert: true, rejectUnauthorized: true }),
		options: trusted,
		verdict: "UNREACHABLE",
		cause: "tls-client-certificate",
		sent: 0,
	},
	{
		what: "speaks no TLS",
		server: async () => {
			const server = await lyingHttp(mine, { mine: taken });
			return { ...server, url: server.url.replace("http:", "https:") };
		},
		verdict: "UNREACHABLE",
		cause: "tls-to-plain-port",
		sent: 0,
	},
	{
		what: "shows a page",
		server: () => lyingHttp(mine, { mine: page("200 OK", "Sign in") }, good),
		options: trusted,
		verdict: "INCONCLUSIVE",
		cause: "answer-page",
		sent: 1,
	},
];

describe("over TLS, whatever the environment says of verifying, a server that", () => {
	test.each(overTls)("$what", async ({ server: start, flags, options, verdict, cause, sent }) => {
		const server = await start();
		vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
		onTestFinished(() => void vi.unstubAllEnvs());
		expect(await judged(server, flags, options)).toMatchObject({ verdict, cause });
		expect(server.asked.mine).toBe(sent);
	});
});

const byProxy = cases<HttpReply>([
	[
		"403 of its own",
		page("403 Forbidden", "Denied by policy", { "x-squid-error": "ERR_ACCESS_DENIED 0" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	[
		"401 of its own",
		text("401 Unauthorized", "", { "proxy-authenticate": "NTLM" }),
		"INCONCLUSIVE",
		"refused-in-between",
	],
	["407", httpText("407 Proxy Authentication Required"), "UNREACHABLE", "http-407"],
	["a page", page("200 OK", "Accept the terms"), "INCONCLUSIVE", "answer-page"],
	[
		"504 of its own",
		text("504 Gateway Timeout", "", { "x-squid-error": "ERR_READ_TIMEOUT 0" }),
		"UNREACHABLE",
		"http-504",
	],
	["what the place answers", taken, "ACCEPTED", "accepted"],
]);

describe("a proxy that answers with", () => {
	test.each(byProxy)("$what", async ({ mine: reply, others = unknown, verdict, cause, code }) => {
		const proxy = await lyingHttp(mine, { mine: reply, others });
		const flags = { proxy: proxy.url };
		expect(await judged({ ...proxy, url: "http://127.0.0.1:9" }, flags)).toEqual({ verdict, cause, code });
		expectFewRequests(proxy);
	});
});

function endless(line: string): HttpReply {
	return (socket: Socket) => {
		socket.write(protobuf(line, "", { "content-length": String(2 ** 40) }));
		flood(socket, "x".repeat(1024 * 1024));
	};
}

/** Bytes that say they are gzip. */
function packed(bytes: Buffer): string {
	const length = { "content-encoding": "gzip", "content-length": String(bytes.length) };
	return protobuf("200 OK", bytes.toString("latin1"), length);
}

/** The body of the request, as the answer. */
function echo(type: string): HttpReply {
	return (socket, request) => {
		const body = Buffer.from(request.slice(request.indexOf("\r\n\r\n") + 4), "latin1");
		socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n\r\n`);
		socket.end(body);
	};
}

function grpcEcho(trailers: Headers): GrpcReply {
	return (stream, request) => grpcReply(trailers, { body: request })(stream);
}

/** A whole message, and the end of it all before its trailers. */
function cutAfterMessage(end: (stream: ServerHttp2Stream) => void): GrpcReply {
	return (stream) => {
		stream.respond({ ":status": 200, "content-type": "application/grpc" });
		stream.write(Buffer.alloc(5), () => end(stream));
	};
}
