import { CrossfadeError } from "../../base/errors.ts";

/** Many times as many as the largest fleets have machines. What has more is the wrong file, or has no end. */
const MAX_LINES = 2_000_000;
/** The same for the bytes of a line. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** The same pieces of a list, as long as its lines can be those of machines. Then throws `CrossfadeError` (refused). */
export async function* withinMostLines(pieces: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
	const lines = [0, 0];
	let open = 0;
	let isFirst = true;
	for await (const piece of pieces) {
		if (isFirst) refuseOther(piece, file);
		isFirst = false;
		const [feeds, returns] = [endsIn(piece, LF), endsIn(piece, CR)];
		for (const [at, ends] of [feeds, returns].entries()) lines[at] = (lines[at] ?? 0) + ends.count;
		const last = Math.max(feeds.last, returns.last);
		open = last < 0 ? open + piece.length : piece.length - last;
		if (Math.max(...lines) > MAX_LINES) throw tooLong(file, `at most ${MAX_LINES.toLocaleString("en")} lines`);
		if (open > MAX_LINE_BYTES) throw tooLong(file, "lines with a line break at their end");
		yield piece;
	}
}

const [LF, CR] = [0x0a, 0x0d];

function endsIn(piece: Uint8Array, end: number): { count: number; last: number } {
	let [count, last] = [0, -1];
	for (let at = piece.indexOf(end); at >= 0; at = piece.indexOf(end, at + 1)) [count, last] = [count + 1, at];
	return { count, last };
}

/** How files begin that are no text with lines of machines. */
const OTHERS: readonly (readonly [begin: RegExp, what: string])[] = [
	[/^PK\x03\x04/, "an Excel workbook (.xlsx) or another ZIP archive"],
	[/^\xd0\xcf\x11\xe0/, "an Excel workbook (.xls)"],
	[/^\x1f\x8b/, "compressed with gzip"],
	[/^%PDF-/, "a PDF"],
	[/^(\xef\xbb\xbf)?\s*<(!doctype|html|head|body|table)\b/i, "an HTML page, such as a login page"],
	[/^(\xef\xbb\xbf)?\s*<\?xml\b/i, "XML"],
];

function refuseOther(piece: Uint8Array, file: string): void {
	const begin = Buffer.from(piece.subarray(0, 512)).toString("latin1");
	const got = OTHERS.find(([each]) => each.test(begin))?.[1];
	if (got === undefined) return;
	const fix = "export the list as CSV, or as JSON";
	throw new CrossfadeError("refused", {
		what: "it is no list",
		expected: "CSV, JSON or lines of text",
		got,
		where: { file },
		fix,
	});
}

function tooLong(file: string, expected: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the list is too long",
		expected,
		got: "more",
		where: { file },
		fix: "check that this is the right file, and that what writes it comes to an end",
	});
}
