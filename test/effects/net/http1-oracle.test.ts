import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { howMany } from "../../harness/matrix.ts";
import { connectionBytes, type Reading, type ReadRequest, readByNode, readByTap } from "../../harness/wire.ts";

/** Some seconds in every run, some minutes in a whole one. */
const numRuns = howMany(3_000, 60_000);
/** The same each time, and others in a whole run. */
const seed = howMany(14, Date.now());
const AUTHORITY = "upstream:4318";

/** What was read to its end. */
function whole({ requests }: Reading): Omit<ReadRequest, "isWhole">[] {
	return requests.flatMap(({ isWhole, ...request }) => (isWhole ? [request] : []));
}

/** What Node refuses and the tap passes on as it is. None of it changes where a message ends. */
const NODE_IS_STRICTER: readonly (readonly [what: string, of: (request: ReadRequest, text: string) => boolean])[] = [
	["methods that it does not know", ({ method }) => !["POST", "GET", "PUT", "OPTIONS", "DELETE"].includes(method)],
	["bytes beyond ASCII in a path", ({ target }) => /[^\x21-\x7e]/.test(target)],
	[
		"a tab behind a length or an encoding",
		(_request, text) => /^(content-length|transfer-encoding):.*\t[ \t]*\r?$/im.test(text),
	],
];

/** What Node reads and the tap refuses. */
const TAP_IS_STRICTER: readonly (readonly [what: string, in_: RegExp])[] = [
	[
		"other versions than 1.0 and 1.1, or none",
		/HTTP\/(0\.9|2\.0|1\.2)|^[A-Z]+ \S*\r?$|(?:POST|GET|PUT|OPTIONS|DELETE) \S*\r?$/m,
	],
	["a target that is no path, and more than one blank", /[A-Z]{2} (?!\/|\* )|^[A-Z]+ \S+ {2}/m],
	// Close counts: https://www.rfc-editor.org/rfc/rfc9112#section-9.3
	[
		"keep-alive and close in HTTP/1.0",
		/HTTP\/1\.0\r[\s\S]*^connection:[^\r\n]*(?:keep-alive[^\r\n]*close|close[^\r\n]*keep-alive)/im,
	],
	["two hosts", /^host:[\s\S]*^host:/im],
	["lengths beyond all numbers", /^content-length:[ \t]*\d{16}|^[0-9a-f]{13}/im],
	["a Connection field behind the chunks", /^0[^\n]*\n(?:[^\r\n]+\r\n)*connection:/im],
	["chunks in HTTP/1.0", /HTTP\/1\.0\r[\s\S]*^transfer-encoding:/im],
	["an extension without a name or a value", /^[0-9a-f]+;(?:[^\r\n]*[;=])?(?:[;=]|\r)/im],
	["encodings in two fields", /^transfer-encoding:[\s\S]*^transfer-encoding:/im],
	["an encoding that is empty", /^transfer-encoding:[ \t]*[,\r]/im],
];

function isKnownDifference(bytes: Buffer, tap: Reading, node: Reading): boolean {
	const text = bytes.toString("latin1");
	return (
		TAP_IS_STRICTER.some(([, where]) => where.test(text)) ||
		[...tap.requests, ...node.requests].some((each) => NODE_IS_STRICTER.some(([, of]) => of(each, text)))
	);
}

describe("the tap's reader and Node's, given the same bytes", () => {
	test("find the same requests with the same ends, or both refuse", () => {
		const count = { read: 0, refused: 0 };
		fc.assert(
			fc.property(connectionBytes, (bytes) => {
				const [tap, node] = [readByTap([bytes]), readByNode([bytes])];
				if (isKnownDifference(bytes, tap, node)) return;
				expect(whole(tap)).toEqual(whole(node));
				// What follows a last request is no part of either reading; Node refuses it, the tap passes on nothing of it.
				const isStopped = tap.isRefused || tap.requests.every(({ isWhole }) => isWhole);
				expect(node.isRefused ? isStopped : !tap.isRefused).toBe(true);
				count[node.isRefused ? "refused" : "read"]++;
			}),
			{ numRuns, seed },
		);
		expect(count.read).toBeGreaterThan(numRuns / 10);
		expect(count.refused).toBeGreaterThan(numRuns / 10);
	});

	test("what is passed on is what is counted: Node finds in it these requests for the upstream, and no others", () => {
		let counted = 0;
		fc.assert(
			fc.property(connectionBytes, fc.constantFrom("", "/ingest"), (bytes, basePath) => {
				const tap = readByTap([bytes], { basePath, authority: AUTHORITY });
				const node = readByNode([tap.forwarded]);
				if (tap.requests.some((each) => NODE_IS_STRICTER.some(([, of]) => of(each, bytes.toString("latin1"))))) return;
				const others = (fields: ReadRequest["fields"]) => fields.filter(([name]) => name !== "host");
				expect(whole(node).map(({ fields, ...request }) => ({ ...request, fields: others(fields) }))).toEqual(
					whole(tap).map(({ target, fields, ...request }) => ({
						...request,
						target: target === "*" ? target : basePath + target,
						fields: others(fields),
					})),
				);
				for (const { fields } of node.requests)
					expect(fields.filter(([name]) => name === "host")).toEqual([["host", AUTHORITY]]);
				if (!tap.isRefused) expect(node.isRefused).toBe(false);
				counted += whole(tap).length;
			}),
			{ numRuns, seed },
		);
		expect(counted).toBeGreaterThan(numRuns / 10);
	});

	test("the ends do not depend on where the pieces are cut, at every byte or anywhere", () => {
		fc.assert(
			fc.property(connectionBytes, fc.array(fc.nat(), { maxLength: 6 }), (bytes, places) => {
				const ends = [...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
				const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
				const singles = Array.from(bytes, (byte) => Buffer.from([byte]));
				const { forwarded, ...all } = readByTap([bytes]);
				for (const cut of [pieces, singles]) {
					const tap = readByTap(cut);
					expect({ requests: whole(tap), isRefused: tap.isRefused }).toEqual({
						requests: whole(all),
						isRefused: all.isRefused,
					});
					// In small pieces more of a body that is refused at its end has gone out before.
					expect(tap.forwarded.subarray(0, forwarded.length)).toEqual(forwarded);
				}
			}),
			{ numRuns: numRuns / 10, seed },
		);
	});
});
