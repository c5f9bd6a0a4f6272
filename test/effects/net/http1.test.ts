import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	BadHead,
	BodyReader,
	type Framing,
	HeadReader,
	requestHead,
	responseHead,
} from "../../../src/effects/net/http1.ts";

const head = (line: string, ...fields: string[]) => Buffer.from(`${[line, ...fields].join("\r\n")}\r\n\r\n`, "latin1");
const post = (...fields: string[]) => head("POST /v1/logs HTTP/1.1", "Host: here:4318", ...fields);

/** The status a head is refused with, or undefined. */
function refusal(work: () => unknown): number | undefined {
	try {
		work();
		return undefined;
	} catch (error) {
		expect(error).toBeInstanceOf(BadHead);
		return (error as BadHead).status;
	}
}

describe("the head of a request", () => {
	test.each<[string, Buffer, Framing]>([
		["no body", post(), 0],
		["a length", post("Content-Length: 12"), 12],
		["a length in odd case and blanks", post("cOnTeNt-LeNgTh: \t12 "), 12],
		["chunks", post("Transfer-Encoding: chunked"), "chunked"],
		["chunks of something packed", post("Transfer-Encoding: gzip, chunked"), "chunked"],
		["HTTP/1.0", head("POST /v1/logs HTTP/1.0", "Content-Length: 3"), 3],
	])("%s", (_name, bytes, framing) => {
		expect(requestHead(bytes).framing).toBe(framing);
	});

	/** Each could be read as two different messages by two readers: https://www.rfc-editor.org/rfc/rfc9112#section-6.3 */
	test.each([
		["a length and chunks", post("Content-Length: 3", "Transfer-Encoding: chunked"), 400],
		["two lengths", post("Content-Length: 3", "Content-Length: 3"), 400],
		["a list of lengths", post("Content-Length: 3, 3"), 400],
		["a signed length", post("Content-Length: +3"), 400],
		["a length beyond all numbers", post(`Content-Length: ${"9".repeat(16)}`), 400],
		["an encoding after the chunks", post("Transfer-Encoding: chunked, gzip"), 400],
		["two encodings", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 400],
		["chunks of chunks", post("Transfer-Encoding: chunked, chunked"), 400],
		["chunks in HTTP/1.0", head("POST / HTTP/1.0", "Transfer-Encoding: chunked"), 400],
		["a blank before the colon", post("Content-Length : 3"), 400],
		["a folded line", post("X: a", " b"), 400],
		["a line break of one byte", Buffer.from("POST / HTTP/1.1\nHost: x\r\n\r\n"), 400],
		["a NUL", post("X: a\0b"), 400],
		["two hosts", post("Host: there"), 400],
		["a whole URL, as proxies get", head("POST http://x/v1/logs HTTP/1.1", "Host: x"), 400],
		["no HTTP", head("EHLO mail"), 400],
		["HTTP/2", Buffer.from("PRI * HTTP/2.0\r\n\r\n"), 505],
	])("%s is refused", (_name, bytes, status) => {
		expect(refusal(() => requestHead(bytes))).toBe(status);
	});

	test.each<[string, Buffer, boolean]>([
		["HTTP/1.1", post(), false],
		["HTTP/1.1 that closes", post("Connection: x , CLOSE"), true],
		["HTTP/1.1 that closes, in two fields", post("Connection: keep-alive", "Connection: close"), true],
		["HTTP/1.0", head("GET / HTTP/1.0"), true],
		["HTTP/1.0 that stays", head("GET / HTTP/1.0", "Connection: Keep-Alive"), false],
	])("whether another may follow: %s", (_name, bytes, isLast) => {
		expect(requestHead(bytes).isLast).toBe(isLast);
	});

	test("for the upstream only the host changes, and the path gets a prefix", () => {
		const bytes = head(
			"POST /v1/logs?a=1 HTTP/1.1",
			"x-A:  1 ",
			"hOsT: here:4318",
			"Authorization: Bearer x",
			"X-a: \xe9",
		);
		expect(requestHead(bytes).rewritten("/ingest", "there").toString("latin1")).toBe(
			"POST /ingest/v1/logs?a=1 HTTP/1.1\r\nx-A:  1 \r\nHost: there\r\nAuthorization: Bearer x\r\nX-a: \xe9\r\n\r\n",
		);
		expect(requestHead(head("GET / HTTP/1.0")).rewritten("", "there").toString()).toBe(
			"GET / HTTP/1.0\r\nHost: there\r\n\r\n",
		);
	});

	test("a head of more than 64 KiB is refused before it is complete", () => {
		const reader = new HeadReader();
		const piece = Buffer.from(`X: ${"a".repeat(1000)}\r\n`);
		expect(
			refusal(() => {
				for (let sent = 0; sent < 100; sent++) expect(reader.push(piece, 0)).toBeUndefined();
			}),
		).toBe(431);
	});
});

test.each<[string, string, string, number, Framing]>([
	["a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "POST", 200, 5],
	["no length: until the connection ends", "HTTP/1.1 200 OK\r\n\r\n", "POST", 200, "close"],
	["chunks", "HTTP/1.1 503 \r\nTransfer-Encoding: chunked\r\n\r\n", "POST", 503, "chunked"],
	["none to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", 200, 0],
	["none with 204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "POST", 204, 0],
	["none with 100", "HTTP/1.1 100 Continue\r\n\r\n", "POST", 100, 0],
])("the body of a response: %s", (_name, text, method, status, framing) => {
	expect(responseHead(Buffer.from(text), method)).toMatchObject({ status, framing });
});

test("invalid responses are refused", () => {
	expect(refusal(() => responseHead(Buffer.from("ICY 200 OK\r\n\r\n"), "POST"))).toBe(502);
});

/** Cuts bytes at some places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
	const ends = [...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
	return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });

describe("a body in pieces of any size", () => {
	test("chunks: finds the content and the end, and leaves what follows", () => {
		const chunk = fc.record({
			data: fc.uint8Array({ minLength: 1, maxLength: 40 }),
			extension: fc.constantFrom("", ";a=b", ";x", ';a="b;c\\""'),
			upper: fc.boolean(),
		});
		const trailers = fc.constantFrom("", "X-T: 1\r\n", "A: b\r\nC: d\r\n");
		fc.assert(
			fc.property(fc.array(chunk, { maxLength: 5 }), trailers, cuts, (chunks, trailer, places) => {
				const size = ({ data, upper }: (typeof chunks)[number]) =>
					upper ? data.length.toString(16).toUpperCase() : `00${data.length.toString(16)}`;
				const wire = Buffer.concat([
					...chunks.flatMap((each) => [
						Buffer.from(`${size(each)}${each.extension}\r\n`),
						each.data,
						Buffer.from("\r\n"),
					]),
					Buffer.from(`0\r\n${trailer}\r\n`),
				]);
				const reader = new BodyReader("chunked");
				const content: Buffer[] = [];
				let used = 0;
				for (const piece of cut(Buffer.concat([wire, Buffer.from("POST /next")]), places)) {
					if (!reader.isOver) used += reader.push(piece, 0, (bytes) => content.push(Buffer.from(bytes)));
				}
				expect(reader.isOver).toBe(true);
				expect(used).toBe(wire.length);
				expect(Buffer.concat(content)).toEqual(Buffer.concat(chunks.map(({ data }) => data)));
			}),
		);
	});

	test.each([
		"x\r\n",
		"-1\r\n",
		"5\n",
		"1\r\nab",
		"1\r\na\n",
		"\r\n",
		"1 \r\n",
		"1;\r\n",
		"1;a=\0\r\n",
		"0\r\nno field\r\n",
		"0\r\nContent-Length: 3\r\n",
		`${"0".repeat(13)}\r\n`,
		`1;${"e".repeat(17_000)}`,
	])("a malformed chunk is refused: %j", (text) => {
		expect(refusal(() => new BodyReader("chunked").push(Buffer.from(text), 0))).toBe(400);
	});

	test("a length: the end is found wherever the pieces are cut", () => {
		fc.assert(
			fc.property(fc.nat(60), cuts, (length, places) => {
				const reader = new BodyReader(length);
				let [used, content] = [0, 0];
				for (const piece of cut(Buffer.alloc(length + 7, 1), places)) {
					if (!reader.isOver)
						used += reader.push(piece, 0, (bytes) => {
							content += bytes.length;
						});
				}
				expect({ isOver: reader.isOver, used, content }).toEqual({ isOver: true, used: length, content: length });
			}),
		);
	});

	test("heads: the end is found wherever the pieces are cut", () => {
		const bytes = post("Authorization: Bearer abc", "Content-Length: 4");
		fc.assert(
			fc.property(cuts, (places) => {
				const reader = new HeadReader();
				let [used, found] = [0, ""];
				for (const piece of cut(Buffer.concat([bytes, Buffer.from("body")]), places)) {
					const end = found === "" ? reader.push(piece, 0) : undefined;
					used += found !== "" ? 0 : (end?.end ?? piece.length);
					if (end) found = end.head.toString();
				}
				expect({ found, used, isPartial: reader.isPartial }).toEqual({
					found: bytes.toString(),
					used: bytes.length,
					isPartial: false,
				});
			}),
		);
	});
});
