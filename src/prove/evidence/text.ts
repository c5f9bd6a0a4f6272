/** Enough of a file to see a byte order mark, or the zero bytes that UTF-16 has without one. */
const MARK_BYTES = 2;
/** How much to read in search of the first lines. */
const MAX_HEAD = 1 << 16;
/** No export has more lines above its header. */
const HEAD_LINES = 20;

/**
 * A file's text in chunks: UTF-8, or UTF-16 in either byte order, with or without a byte order mark. CRLF and CR become LF.
 * The first chunk contains the first 20 lines that are not blank, unless they are very long. https://encoding.spec.whatwg.org/#bom-sniff
 */
export async function* textOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	let head: string | undefined = "";
	for await (const text of withLineFeeds(decoded(pieces))) {
		if (head === undefined) yield text;
		else {
			head += text;
			if (!hasHead(head) && head.length < MAX_HEAD) continue;
			yield head;
			head = undefined;
		}
	}
	if (head !== undefined) yield head;
}

function hasHead(text: string): boolean {
	const [, ...whole] = text.split("\n").reverse();
	return whole.filter((line) => line.trim() !== "").length >= HEAD_LINES;
}

/** The first non-blank line. */
export function firstLine(head: string): string {
	return head.trimStart().split("\n", 1)[0] ?? "";
}

async function* decoded(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	let begin = new Uint8Array();
	let decoder: InstanceType<typeof TextDecoder> | undefined;
	for await (const piece of pieces) {
		let bytes = piece;
		if (!decoder) {
			begin = Buffer.concat([begin, piece]);
			if (begin.length < MARK_BYTES) continue;
			decoder = new TextDecoder(encodingOf(begin));
			bytes = begin;
		}
		yield decoder.decode(bytes, { stream: true });
	}
	yield (decoder ?? new TextDecoder()).decode(decoder ? undefined : begin);
}

function encodingOf([first, second]: Uint8Array): string {
	if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return "utf-16le";
	if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return "utf-16be";
	return "utf-8";
}

/** A CR at the end of a chunk waits for the next character. */
async function* withLineFeeds(texts: AsyncIterable<string>): AsyncGenerator<string> {
	let rest = "";
	for await (const text of texts) {
		const whole = rest + text;
		rest = whole.endsWith("\r") ? "\r" : "";
		yield whole.slice(0, whole.length - rest.length).replace(/\r\n?/g, "\n");
	}
	if (rest !== "") yield "\n";
}
