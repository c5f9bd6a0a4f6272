import {
	hostColumns,
	hostProblem,
	type MachineColumns,
	machineColumns,
	machineIn,
	type ReportingMachine,
} from "./columns.ts";
import type { CsvReader, CsvRecord } from "./csv.ts";
import type { InventoryRow } from "./evidence.ts";
import {
	delimiterOf,
	headBelowTitle,
	isComment,
	isTotals,
	plainName,
	SEPARATOR,
	type TableHead,
	withoutComments,
} from "./header.ts";
import { textFields } from "./json-fields.ts";
import { isJsonDocument, jsonList, MAX_DOCUMENT } from "./json-list.ts";
import { reportIn } from "./report-cells.ts";
import {
	DAMAGED,
	hasRemains,
	isSameReport,
	parseReportLine,
	plainReport,
	REPORT,
	REPORTS,
	type ReportLine,
} from "./report-line.ts";
import { reportTime } from "./report-time.ts";
import { firstLine, textOf } from "./text.ts";

/** How much of a file could be read. */
export interface Reading {
	/** Lines or records read, without the header. */
	readonly lines: number;
	/** Those that could not be used. */
	readonly bad: number;
	/** Those used despite an unclosed quote. */
	readonly mended: number;
	/** The first few of both; never their content. */
	readonly samples: readonly { readonly line: number; readonly why: string }[];
}

/** A fleet's report lines: the newest row per host. */
export interface Inventory extends Reading {
	readonly rows: readonly InventoryRow[];
	/** A row stands for a machine: two that disagree may be two machines. */
	readonly isRowPerMachine?: true;
	/** The headers of a CSV file in which no column has host names: none of its records could be used. */
	readonly unknownHeader?: readonly string[] | undefined;
}

/** Names of machines. */
export interface HostList extends Reading {
	readonly hosts: readonly string[];
}

/** State kept while reading: bounded by the number of hosts, not of lines. */
class Notes {
	lines = 0;
	bad = 0;
	mended = 0;
	readonly samples: { line: number; why: string }[] = [];
	unknownHeader: readonly string[] | undefined;
	isRowPerMachine = false;

	spoil(line: number, why: string): void {
		this.bad++;
		this.#sample(line, why);
	}

	/** `problem` is another problem of the record, which its unclosed quote may explain. */
	record({ line, mended }: CsvRecord, problem: string | undefined): void {
		this.lines++;
		if (mended === undefined) {
			if (problem !== undefined) this.spoil(line, problem);
			return;
		}
		if (problem === undefined) this.mended++;
		else this.bad++;
		this.#sample(line, "an unclosed quote");
	}

	reading(): Reading {
		return { lines: this.lines, bad: this.bad, mended: this.mended, samples: this.samples };
	}

	#sample(line: number, why: string): void {
		if (this.samples.length < MAX_SAMPLES) this.samples.push({ line, why });
	}
}

const A_TOTAL = "a total, not a machine";
const MAX_SAMPLES = 5;
/** No report line is longer. */
const MAX_LINE = 1 << 18;

type RowsByHost = Map<string, InventoryRow>;

/**
 * Reads report lines: CSV exports of MDMs (any column with the line, whatever its name), a JSON list, JSON lines, or plain lines `host crossfade ok …`. UTF-8 or UTF-16. Unusable lines are counted, never fatal.
 * `column` names the host column, or several of which a file has one, if the header does not identify it.
 */
export async function readInventory(
	pieces: AsyncIterable<Uint8Array>,
	options: { column?: string | readonly string[] | undefined } = {},
): Promise<Inventory> {
	const hosts: RowsByHost = new Map();
	const notes = new Notes();
	const known = hostColumns(options.column);
	let form: Form | undefined;
	for await (const text of textOf(pieces)) {
		form ??= await formOf(text, known, hosts, notes);
		form.push(text);
	}
	form?.end();
	const { unknownHeader, isRowPerMachine } = notes;
	const more = { ...(unknownHeader && { unknownHeader }), ...(isRowPerMachine && { isRowPerMachine }) };
	return { rows: [...hosts.values()], ...notes.reading(), ...more };
}

function tableIn(text: string, known: readonly string[]): TableHead | undefined {
	const head = withoutComments(text, known);
	const delimiter = delimiterOf(firstLine(head));
	return headBelowTitle(head, known) ?? (delimiter === undefined ? undefined : { delimiter, line: undefined });
}

interface Form {
	push(text: string): void;
	end(): void;
}

async function formOf(head: string, known: readonly string[], hosts: RowsByHost, notes: Notes): Promise<Form> {
	const first = firstLine(withoutComments(head, known));
	const jsonLines = () => byLine(notes, (line) => takeJson(line, known, hosts));
	if (/^[[{]/.test(first)) return isJsonDocument(first) ? jsonForm(known, hosts, notes, jsonLines()) : jsonLines();
	const table = tableIn(head, known);
	if (table && !REPORT.test(first)) return csvForm(table, known, hosts, notes);
	return byLine(notes, (line) => takePlain(line, hosts));
}

/** One document with all machines; what is none is read by `otherwise`. */
function jsonForm(known: readonly string[], hosts: RowsByHost, notes: Notes, otherwise: Form): Form {
	let text = "";
	let isTooLong = false;
	return {
		push(piece) {
			if (isTooLong) return otherwise.push(piece);
			text += piece;
			if (text.length <= MAX_DOCUMENT) return;
			isTooLong = true;
			otherwise.push(text);
			text = "";
		},
		end() {
			const list = isTooLong ? undefined : jsonList(text);
			if (!list) {
				otherwise.push(text);
				return otherwise.end();
			}
			notes.isRowPerMachine = true;
			for (const record of list.records) {
				notes.lines++;
				const problem = takeFields(record, known, hosts, true);
				if (problem !== undefined) notes.spoil(notes.lines, problem);
			}
			if (list.cut !== undefined) notes.spoil(notes.lines, list.cut);
		},
	};
}

/** `take` returns a line's problem. */
function byLine(notes: Notes, take: (line: string) => string | undefined): Form {
	let rest = "";
	let at = 0;
	const one = (line: string) => {
		at++;
		if (line.trim() === "") return;
		notes.lines++;
		const problem = line.length > MAX_LINE ? "a line that is too long" : take(line);
		if (problem !== undefined) notes.spoil(at, problem);
	};
	return {
		push(text) {
			const lines = (rest + text).split("\n");
			// No more of a line than shows that it is too long: what has no line break must not be copied again and again.
			rest = (lines.pop() ?? "").slice(0, MAX_LINE + 1);
			for (const line of lines) one(line);
		},
		end: () => {
			if (rest !== "") one(rest);
		},
	};
}

async function csvForm(table: TableHead, known: readonly string[], hosts: RowsByHost, notes: Notes): Promise<Form> {
	let titles: readonly string[] = [];
	return csvReader(
		table,
		known,
		(names, { host }, header) => {
			titles = names;
			notes.isRowPerMachine = true;
			if (host.length === 0) notes.unknownHeader = header;
		},
		(record, machine) => {
			const { cells, mended = "" } = record;
			const found = reportIn(cells, titles);
			const report = found.report ?? parseReportLine(mended);
			if (!report && isTotals(cells, machine.host)) return notes.record(record, A_TOTAL);
			notes.record(
				record,
				keep(hosts, machine, report ?? UNREPORTED, true) ?? (report === found.report ? found.problem : undefined),
			);
		},
	);
}

/** Reads the header, then each record with its machine. */
async function csvReader(
	{ delimiter, line }: TableHead,
	known: readonly string[],
	header: (names: readonly string[], columns: MachineColumns, titles: readonly string[]) => void,
	take: (record: CsvRecord, machine: ReportingMachine) => void,
): Promise<CsvReader> {
	const csv = await import("./csv.ts");
	let columns: MachineColumns | undefined;
	return new csv.CsvReader(delimiter, (record) => {
		const { cells } = record;
		if (columns) {
			return take(
				record,
				machineIn(columns, record.mended === undefined ? cells : cells.map((cell) => cell.replaceAll('"', ""))),
			);
		}
		// A line that names the delimiter, or has none but empty cells, is before the header.
		if (cells.every((cell) => cell.trim() === "" || SEPARATOR.test(`${cell}${delimiter}`))) return undefined;
		if (line !== undefined && record.line < line) return undefined;
		const names = cells.map(plainName);
		if (isComment(cells[0] ?? "") && machineColumns(names, known).host.length === 0) return undefined;
		columns = machineColumns(names, known);
		header(names, columns, cells);
	});
}

function takeJson(line: string, known: readonly string[], hosts: RowsByHost): string | undefined {
	try {
		return takeFields(JSON.parse(line), known, hosts, false);
	} catch {
		return "no JSON object";
	}
}

function takeFields(
	value: unknown,
	known: readonly string[],
	hosts: RowsByHost,
	isRowPerMachine: boolean,
): string | undefined {
	const fields = textFields(value);
	const names = fields.map(([name]) => name);
	const values = fields.map(([, text]) => text);
	const { report, problem } = reportIn(values, names);
	const machine = machineIn(machineColumns(names, known), values);
	return keep(hosts, machine, report ?? (machine.host === "" ? undefined : UNREPORTED), isRowPerMachine) ?? problem;
}

function takePlain(text: string, hosts: RowsByHost): string | undefined {
	const line = plainReport(text);
	const begin = line.search(REPORT);
	if (begin < 0) return hasRemains(line) ? DAMAGED : "no report line";
	// What stands between two of them may be the name of another machine.
	if ([...line.matchAll(REPORTS)].length > 1) return "several report lines";
	const before = line
		.slice(0, begin)
		.trim()
		.replace(/(<result>|[\s:,;|])+$/, "");
	const quoted = /^"([^"]+)"$/.exec(before)?.[1];
	if (quoted === undefined && /[,;|]/.test(before)) return "a row of a table whose header was not found";
	if (quoted === undefined && /\s/.test(before))
		return "more than a host name before the report line; one with blanks needs quotes";
	return keep(hosts, { host: quoted ?? before.replace(/^"/, "") }, parseReportLine(text));
}

/** For a machine without a report line, such as one that never ran the script. */
const UNREPORTED: ReportLine = { state: "unreported", fingerprint: undefined, clis: {}, users: 0 };

/**
 * Keeps the newest report of a machine, by its time; the same name with different serial numbers means two machines. Reports that disagree
 * are counted where nothing tells which is newer, and without serial numbers also where they may be of several machines: rows of an export
 * (`isRowPerMachine`). Returns why a line is unusable.
 */
function keep(
	hosts: RowsByHost,
	{ host, time, serial, unclear }: ReportingMachine,
	report: ReportLine | undefined,
	isRowPerMachine = false,
): string | undefined {
	if (!report) return "no report line";
	const problem = hostProblem(host);
	if (problem !== undefined) return problem;
	const { at, unsureMs = 0 } = reportTime(time ?? "") ?? {};
	const key = `${host}\n${serial ?? ""}`;
	const known = hosts.get(key);
	const isNewer = known?.at === undefined || (at ?? 0) >= known.at;
	const kept = isNewer
		? { host, ...report, at, ...(unsureMs > 0 && { unsureMs }), ...(serial !== undefined && { serial }) }
		: known;
	const mayBeSeveral = isRowPerMachine && serial === undefined;
	const isUnclear = known && !isSameReport(known, report) && (mayBeSeveral || !hasOrder(known, at, unsureMs));
	const rows = (known?.rows ?? 1) + (isUnclear ? 1 : 0);
	hosts.set(key, { ...kept, ...(rows > 1 && { rows }) });
	return unclear;
}

/** Whether it is sure which of two times is later. Those of one form are in one zone. */
function hasOrder(known: InventoryRow, at: number | undefined, unsureMs: number): boolean {
	if (at === undefined || known.at === undefined) return false;
	return (known.unsureMs ?? 0) === unsureMs
		? at !== known.at
		: at > known.at + (known.unsureMs ?? 0) || known.at > at + unsureMs;
}

/** Host names from a CSV file: from the named column, or one with a known MDM header. The header's cells if no column fits. Lines that begin with `#` are comments. */
export async function readHosts(
	pieces: AsyncIterable<Uint8Array>,
	column: string | readonly string[] | undefined,
): Promise<HostList | { readonly unknownHeader: readonly string[] }> {
	const hosts = new Map<string, number>();
	const notes = new Notes();
	const names = hostColumns(column);
	let host: readonly number[] = [];
	let titles: readonly string[] = [];
	let reader: CsvReader | undefined;
	for await (const text of textOf(pieces)) {
		reader ??= await csvReader(
			tableIn(text, names) ?? { delimiter: ",", line: undefined },
			names,
			(_names, columns, header) => {
				host = columns.host;
				titles = header;
			},
			(record, machine) => {
				if (isComment(record.cells[0] ?? "") && isNamedFirst(host, record.cells)) return;
				const before = hosts.get(machine.host);
				const again = before === undefined ? undefined : `the same name as in line ${before}`;
				const total = isTotals(record.cells, machine.host) ? A_TOTAL : undefined;
				const problem = total ?? hostProblem(machine.host) ?? again;
				if (problem === undefined) hosts.set(machine.host, record.line);
				notes.record(record, problem ?? machine.unclear);
			},
		);
		reader.push(text);
	}
	reader?.end();
	return host.length > 0 ? { hosts: [...hosts.keys()], ...notes.reading() } : { unknownHeader: titles };
}

/** Whether a record begins with the host's name, or has nothing else: what begins with `#` is then a comment, and not a number. */
function isNamedFirst(host: readonly number[], cells: readonly string[]): boolean {
	return host.includes(0) || cells.slice(1).every((cell) => cell.trim() === "");
}
