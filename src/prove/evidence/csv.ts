import Papa from "papaparse";

/** One record of a CSV file. */
export interface CsvRecord {
	/** The line it begins on, from 1; of a record with a quote that is not closed, the line of that quote. */
	readonly line: number;
	readonly cells: readonly string[];
	/** Set if a quote is not closed: the text, ignoring quotes. The cells are a best guess. */
	readonly mended?: string;
}

/** A longer record must have an unclosed quote. */
const MAX_RECORD = 1 << 20;
/** After this many unclosed quotes, quotes are plain characters for the rest of the file, because searching for their ends is slow. */
const MAX_MENDED = 100;

/**
 * Splits CSV text, in chunks with LF line ends, into records. A quote is special only at the start of a cell
 * (https://www.rfc-editor.org/rfc/rfc4180). An unclosed quote ends with its line, so that later records are not lost.
 */
export class CsvReader {
	readonly #delimiter: string;
	readonly #take: (record: CsvRecord) => void;
	#rest = "";
	#line = 1;
	#mended = 0;

	constructor(delimiter: string, take: (record: CsvRecord) => void) {
		this.#delimiter = delimiter;
		this.#take = take;
	}

	push(piece: string): void {
		const text = this.#rest + piece;
		const lastBreak = text.lastIndexOf("\n");
		const whole = lastBreak < 0 && text.length > MAX_RECORD ? text.length : lastBreak + 1;
		this.#rest = this.#read(text.slice(0, whole), false) + text.slice(whole);
	}

	end(): void {
		this.#read(this.#rest, true);
		this.#rest = "";
	}

	/** Takes complete records, and returns the start of an incomplete one. */
	#read(text: string, isFinal: boolean): string {
		let rest = text;
		while (rest !== "") {
			const { taken, fault } = this.#takeSound(rest);
			rest = rest.slice(taken);
			if (!fault) return "";
			if (fault.mayClose && !isFinal && rest.length <= MAX_RECORD) return rest;
			rest = rest.slice(this.#mend(rest, fault.quote - taken));
		}
		return "";
	}

	/** Takes the records before the first broken one. `quote` is the position of the unclosed quote. */
	#takeSound(text: string): { taken: number; fault?: { quote: number; mayClose: boolean } } {
		let taken = 0;
		let fault: { quote: number; mayClose: boolean } | undefined;
		const isPlain = this.#mended >= MAX_MENDED;
		Papa.parse<string[]>(text, {
			...this.#format,
			fastMode: isPlain || undefined,
			step: ({ data, errors, meta }, parser) => {
				const [error] = errors;
				if (error) {
					fault = { quote: (error.index ?? 1) - 1, mayClose: error.code === "MissingQuotes" };
					parser.abort();
					return;
				}
				const record = text.slice(taken, meta.cursor);
				const isMended = isPlain && record.includes('"');
				this.#give(record, isMended ? data.map(unquoted) : data, isMended);
				taken = meta.cursor;
			},
		});
		return { taken, ...(fault && { fault }) };
	}

	/** Takes a record that ends with the line of its unclosed quote, and returns its length. */
	#mend(text: string, quote: number): number {
		const lineBreak = text.indexOf("\n", quote);
		const end = lineBreak < 0 ? text.length : lineBreak + 1;
		const record = text.slice(0, end);
		const without = (text.slice(0, quote) + text.slice(quote + 1, end)).trimEnd();
		const { data, errors } = Papa.parse<string[]>(without, this.#format);
		const cells = errors.length === 0 ? data.flat() : without.split(this.#delimiter).map(unquoted);
		this.#mended++;
		this.#line += breaksIn(text.slice(0, quote));
		this.#give(record.slice(record.lastIndexOf("\n", quote) + 1), cells, true);
		return end;
	}

	#give(text: string, cells: readonly string[], isMended: boolean): void {
		const line = this.#line;
		this.#line += breaksIn(text);
		if (text.trim() !== "") this.#take({ line, cells, ...(isMended && { mended: text }) });
	}

	get #format() {
		return { delimiter: this.#delimiter, newline: "\n" } as const;
	}
}

function unquoted(cell: string): string {
	return cell.replace(/^\s*"|"\s*$/g, "");
}

function breaksIn(text: string): number {
	let count = 0;
	for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
	return count;
}
