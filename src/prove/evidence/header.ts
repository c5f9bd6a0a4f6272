import { REPORT } from "./report-line.ts";

/** The first line of a file that names its delimiter, as spreadsheets read it. */
export const SEPARATOR = /^"?sep=(.)"?$/i;

/** How the table in a file begins. */
export interface TableHead {
	readonly delimiter: string;
	/** The line of the header, from 1; undefined if it is the first that has anything in it. */
	readonly line: number | undefined;
}

/** A tab, which no header has in a name, or else the most frequent one outside of quotes. */
export function delimiterOf(header: string): string | undefined {
	const named = SEPARATOR.exec(header.trim())?.[1];
	if (named !== undefined) return named;
	const bare = header.replaceAll(/"[^"]*"/g, "");
	const count = (each: string) => bare.split(each).length;
	if (count("\t") > 1) return "\t";
	const [best = ","] = [",", ";", "|"].sort((a, b) => count(b) - count(a));
	return count(best) > 1 ? best : [",", ";", "\t"].find((each) => header.includes(each));
}

/** The same text with blank lines for comments (`# our machines`), of which a header can begin with `#`, too. */
export function withoutComments(head: string, known: readonly string[]): string {
	if (!head.includes("#")) return head;
	return head
		.split("\n")
		.map((line) => (isComment(line) && !isHeader(line, known) ? "" : line))
		.join("\n");
}

export function isComment(line: string): boolean {
	return /^\s*#/.test(line);
}

export function plainName(name: string): string {
	return name
		.normalize("NFC")
		.toLowerCase()
		.replace(/[\s_"-]/g, "");
}

/** The position of the best known column name, or -1. */
export function bestOf(names: readonly string[], known: readonly string[]): number {
	const best = known.find((each) => names.includes(each));
	return best === undefined ? -1 : names.indexOf(best);
}

/**
 * Where the header of a table is: below a title and other lines of a program that exports it, it is the first line with a known
 * column and more filled cells than each line above it. Undefined if the first line is what it looks like.
 */
export function headBelowTitle(head: string, known: readonly string[]): TableHead | undefined {
	const lines = head.split("\n").map((text, index) => ({ text, line: index + 1 }));
	const [first, ...rest] = lines.filter(({ text }) => /[^\s,;]/.test(text));
	if (!first || SEPARATOR.test(first.text.trim()) || REPORT.test(first.text) || isHeader(first.text, known))
		return undefined;
	const above = [first.text];
	for (const { text, line } of rest) {
		const delimiter = delimiterOf(text);
		if (REPORT.test(text)) return undefined;
		if (delimiter !== undefined && isHeader(text, known)) {
			const isWidest = above.every((each) => filledCells(each, delimiter).length < filledCells(text, delimiter).length);
			return isWidest ? { delimiter, line } : undefined;
		}
		above.push(text);
	}
	return undefined;
}

/** Whether a line has several filled cells, one of which is the name of a known column. */
function isHeader(text: string, known: readonly string[]): boolean {
	const cells = filledCells(text, delimiterOf(text) ?? ",").map(plainName);
	return cells.length > 1 && bestOf(cells, known) >= 0;
}

function filledCells(text: string, delimiter: string): string[] {
	const cells: string[] = [];
	let isQuoted = false;
	let cell = "";
	for (const each of text) {
		if (each === '"') isQuoted = !isQuoted;
		if (each !== delimiter || isQuoted) cell += each;
		else {
			cells.push(cell);
			cell = "";
		}
	}
	return [...cells, cell].filter((each) => each.replaceAll('"', "").trim() !== "");
}

const TOTALS =
	/^((grand |sub-?)?totals?|sum|count|summe|gesamt|anzahl)\s*([:(#].*|\d+|(devices|computers|hosts|machines|records|rows|results)\b.*)?$|^\d+ (devices|computers|hosts|machines|records|rows|results)( total| found)?$/i;

/** Whether a record is the sum below a table and no machine: it is named so, and there is nothing else in it but numbers. */
export function isTotals(cells: readonly string[], host: string): boolean {
	const others = cells.map((cell) => cell.trim()).filter((cell) => cell !== "" && cell !== host);
	return TOTALS.test(host) && others.every((cell) => /^[\d.,' %]+$/.test(cell));
}
