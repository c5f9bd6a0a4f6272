import { CrossfadeError } from "../../base/errors.ts";

/** Many times as many as the largest fleets have machines. What has more is the wrong file, or has no end. */
const MAX_LINES = 2_000_000;
/** The same for the bytes of a line. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** The same pieces of a list, as long as its lines can be those of machines. Then throws `CrossfadeError` (refused). */
export async function* withinMostLines(pieces: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
	const lines = [0, 0];
	let open = 0;
	for await (const piece of pieces) {
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

function tooLong(file: string, expected: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the list is too long",
		expected,
		got: "more",
		where: { file },
		fix: "check that this is the right file, and that what writes it comes to an end",
	});
}
