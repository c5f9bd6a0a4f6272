/** A record longer than this is no record: a quote that never closes must not eat the whole file. */
const MAX_RECORD = 1 << 20;

/** Splits CSV text into records as it comes in pieces. https://www.rfc-editor.org/rfc/rfc4180 */
export interface CsvSplitter {
	/** Records that the piece completes, each with the line it begins on. */
	push(piece: string): { readonly line: number; readonly cells: string[] }[];
	/** What is left at the end of the text. */
	end(): { readonly line: number; readonly cells: string[] }[];
}

export function csvSplitter(delimiter: string): CsvSplitter {
	let rest = "";
	let line = 1;
	const take = (final: boolean) => {
		const records: { line: number; cells: string[] }[] = [];
		for (;;) {
			const end = recordEnd(rest);
			if (end === undefined && !(final && rest !== "") && rest.length <= MAX_RECORD) return records;
			const record = rest.slice(0, end ?? MAX_RECORD);
			if (record.trim() !== "") records.push({ line, cells: cellsOf(record, delimiter) });
			line += record.split("\n").length - (end === undefined ? 1 : 0);
			rest = rest.slice(end === undefined ? MAX_RECORD : end + 1);
		}
	};
	return {
		push(piece) {
			rest += piece;
			return take(false);
		},
		end: () => take(true),
	};
}

/** Where the first record ends: the first line break outside quotes. */
function recordEnd(text: string): number | undefined {
	let from = 0;
	for (;;) {
		const end = text.indexOf("\n", from);
		if (end < 0) return undefined;
		const quote = text.indexOf('"', from);
		if (quote < 0 || quote > end) return end;
		const close = text.indexOf('"', quote + 1);
		if (close < 0) return undefined;
		from = close + 1;
	}
}

function cellsOf(record: string, delimiter: string): string[] {
	const text = record.replace(/\r$/, "");
	if (!text.includes('"')) return text.split(delimiter);
	const cells: string[] = [];
	let at = 0;
	while (at <= text.length) {
		if (text[at] === '"') {
			const quoted = /"((?:[^"]|"")*)"?/y;
			quoted.lastIndex = at;
			const [whole = "", inner = ""] = quoted.exec(text) ?? [];
			cells.push(inner.replaceAll('""', '"'));
			const next = text.indexOf(delimiter, at + whole.length);
			at = next < 0 ? text.length + 1 : next + 1;
		} else {
			const next = text.indexOf(delimiter, at);
			const end = next < 0 ? text.length : next;
			cells.push(text.slice(at, end));
			at = end + 1;
		}
	}
	return cells;
}
