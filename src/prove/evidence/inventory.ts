import { FINGERPRINT_LENGTH } from "../../token/fingerprint.ts";
import { csvSplitter } from "./csv.ts";
import type { InventoryRow } from "./evidence.ts";

/** What the report lines of a fleet say: one row a host, the newest, and what could not be used. */
export interface Inventory {
	readonly rows: readonly InventoryRow[];
	/** Lines or records read, the header not counted. */
	readonly lines: number;
	readonly bad: number;
	/** The first few that could not be used; never what they hold. */
	readonly samples: readonly { readonly line: number; readonly why: string }[];
}

const STATES = ["ok", "drift", "absent", "error"] as const;
const REPORT = new RegExp(
	`crossfade (ok|drift|absent|error) fp=([0-9a-f]{${FINGERPRINT_LENGTH}}|none|mixed|-) cfg=(\\S+) cli=(\\S*) users=(\\d{1,6})`,
);

/**
 * Reads `crossfade ok fp=… cfg=… cli=… users=…`, the one line that every MDM shows; undefined for anything else. A machine with several
 * tokens (`fp=mixed`) has no one fingerprint, and is not as it should be whatever else it says.
 */
export function parseReportLine(text: string): Omit<InventoryRow, "host" | "at"> | undefined {
	const [, word, id = "", , clis = "", users = "0"] = REPORT.exec(text) ?? [];
	const state = STATES.find((each) => each === word);
	if (!state) return undefined;
	const pairs = clis.split(",").flatMap((pair) => {
		const [, name, value] = /^([a-z][a-z0-9-]{0,40}):([a-z-]{1,20})$/.exec(pair) ?? [];
		return name && value ? [[name, value] as const] : [];
	});
	const fingerprint = id.length === FINGERPRINT_LENGTH ? id : undefined;
	const isMixed = id === "mixed" && state === "ok";
	return { state: isMixed ? "drift" : state, fingerprint, clis: Object.fromEntries(pairs), users: Number(users) };
}

/** Column names under which MDMs export a machine's name, the best first, compared without case, blanks and underscores. */
const HOST_COLUMNS = [
	"computername",
	"devicename",
	"manageddevicename",
	"hostname",
	"host",
	"host.name",
	"device",
	"machine",
	"name",
	"serialnumber",
	"serial",
];
/** The same for the time at which the line was reported. */
const TIME_COLUMNS = [
	"lastinventoryupdate",
	"lastaudit",
	"lastauditrun",
	"reportedat",
	"statusupdatetime",
	"laststatusupdate",
	"modifiedtime",
	"lastmodified",
	"laststateupdatedatetime",
	"lastcheckin",
	"lastseen",
	"timestamp",
	"time",
	"date",
];

type Reader = (line: string) => void;

/** What reading keeps: bounded by the number of hosts, not by the number of lines. */
interface Gathered {
	readonly hosts: Map<string, InventoryRow>;
	lines: number;
	bad: number;
	readonly samples: { line: number; why: string }[];
}

const MAX_SAMPLES = 5;
const MAX_HOST = 253;

/**
 * Reads report lines as they come: CSV exports of Jamf, Intune, Kandji (Iru) and others (any column that holds the line, whatever it is called),
 * JSON lines, or plain lines `host crossfade ok …`. UTF-8 or UTF-16 with a byte order mark. Lines that cannot be used are counted, never fatal.
 * `column` names the column with the host where the header does not tell.
 */
export async function readInventory(
	pieces: AsyncIterable<Uint8Array>,
	options: { column?: string | undefined } = {},
): Promise<Inventory> {
	const gathered: Gathered = { hosts: new Map(), lines: 0, bad: 0, samples: [] };
	let decoder: InstanceType<typeof TextDecoder> | undefined;
	let form: ReturnType<typeof formOf> | undefined;
	let head = "";
	for await (const piece of pieces) {
		decoder ??= new TextDecoder(piece[0] === 0xff && piece[1] === 0xfe ? "utf-16le" : "utf-8");
		const text = decoder.decode(piece, { stream: true });
		if (form) form.push(text);
		else {
			head += text;
			if (head.trimStart().includes("\n") || head.length > 1 << 16) {
				form = formOf(head, options.column, gathered);
				form.push(head);
			}
		}
	}
	if (!form) {
		form = formOf(head, options.column, gathered);
		form.push(head);
	}
	form.push(decoder?.decode() ?? "");
	form.end();
	return { rows: [...gathered.hosts.values()], lines: gathered.lines, bad: gathered.bad, samples: gathered.samples };
}

interface Form {
	push(text: string): void;
	end(): void;
}

function formOf(head: string, column: string | undefined, gathered: Gathered): Form {
	const first = head.trimStart().split(/\r?\n/, 1)[0] ?? "";
	if (first.startsWith("{")) return byLine(gathered, (line, at) => takeJson(line, at, gathered));
	const delimiter = [",", ";", "\t"].find((each) => first.includes(each));
	if (delimiter && !REPORT.test(first)) return csvForm(delimiter, column, gathered);
	return byLine(gathered, (line, at) => takePlain(line, at, gathered));
}

function byLine(gathered: Gathered, take: (line: string, at: number) => void): Form {
	let rest = "";
	let at = 0;
	const one: Reader = (line) => {
		at++;
		if (line.trim() === "") return;
		gathered.lines++;
		take(line, at);
	};
	return {
		push(text) {
			const lines = (rest + text).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) one(line);
		},
		end: () => {
			if (rest !== "") one(rest);
		},
	};
}

function csvForm(delimiter: string, column: string | undefined, gathered: Gathered): Form {
	const splitter = csvSplitter(delimiter);
	let columns: { host: number; time: number } | undefined;
	const take = (records: ReturnType<typeof splitter.push>) => {
		for (const { line, cells } of records) {
			if (!columns) {
				const names = cells.map(plainName);
				columns = {
					host: column === undefined ? bestOf(names, HOST_COLUMNS) : names.indexOf(plainName(column)),
					time: bestOf(names, TIME_COLUMNS),
				};
				continue;
			}
			gathered.lines++;
			const report = cells.map(parseReportLine).find((found) => found !== undefined);
			keep(gathered, line, cells[columns.host], report, cells[columns.time]);
		}
	};
	return { push: (text) => take(splitter.push(text)), end: () => take(splitter.end()) };
}

function plainName(name: string): string {
	return name.toLowerCase().replace(/[\s_"-]/g, "");
}

/** The position of the best known name among the columns, or -1. */
function bestOf(names: readonly string[], known: readonly string[]): number {
	const best = known.find((each) => names.includes(each));
	return best === undefined ? -1 : names.indexOf(best);
}

function takeJson(line: string, at: number, gathered: Gathered): void {
	let fields: [string, unknown][];
	try {
		const value: unknown = JSON.parse(line);
		fields = Object.entries(typeof value === "object" && value !== null ? value : {});
	} catch {
		spoil(gathered, at, "no JSON object");
		return;
	}
	const texts = fields.filter((field): field is [string, string] => typeof field[1] === "string");
	const field = (known: readonly string[]) =>
		texts[
			bestOf(
				texts.map(([name]) => plainName(name)),
				known,
			)
		]?.[1];
	const report = texts.map(([, text]) => parseReportLine(text)).find((found) => found !== undefined);
	keep(gathered, at, field(HOST_COLUMNS), report, field(TIME_COLUMNS));
}

function takePlain(line: string, at: number, gathered: Gathered): void {
	const begin = line.search(REPORT);
	const host =
		begin < 0
			? undefined
			: line
					.slice(0, begin)
					.trim()
					.split(/\s+/)[0]
					?.replace(/[:,;|]+$/, "");
	keep(gathered, at, host, parseReportLine(line), undefined);
}

function keep(
	gathered: Gathered,
	line: number,
	name: string | undefined,
	report: ReturnType<typeof parseReportLine>,
	time: string | undefined,
): void {
	const host = (name ?? "").trim();
	const wrong = report ? hostProblem(host) : "no report line in it";
	if (!report || wrong) {
		spoil(gathered, line, wrong ?? "");
		return;
	}
	const parsed = Date.parse(time ?? "");
	const at = Number.isNaN(parsed) ? undefined : parsed;
	const known = gathered.hosts.get(host);
	if (known?.at !== undefined && at !== undefined && at < known.at) return;
	gathered.hosts.set(host, { host, ...report, at });
}

function hostProblem(host: string): string | undefined {
	if (host === "") return "no host name beside the report line";
	return host.length > MAX_HOST ? "a host name that is too long" : undefined;
}

function spoil(gathered: Gathered, line: number, why: string): void {
	gathered.bad++;
	if (gathered.samples.length < MAX_SAMPLES) gathered.samples.push({ line, why });
}

/** Host names from a CSV file: the column that is named, or the one whose header an MDM uses for it. Undefined when no column fits. */
export async function readHosts(
	pieces: AsyncIterable<Uint8Array>,
	column: string | undefined,
): Promise<string[] | undefined> {
	const decoder = new TextDecoder();
	const hosts = new Set<string>();
	let splitter: ReturnType<typeof csvSplitter> | undefined;
	let index: number | undefined;
	const take = (records: readonly { readonly cells: string[] }[]) => {
		for (const { cells } of records) {
			if (index === undefined) {
				const names = cells.map(plainName);
				index = column === undefined ? bestOf(names, HOST_COLUMNS) : names.indexOf(plainName(column));
			} else {
				const host = cells[index]?.trim() ?? "";
				if (host !== "" && host.length <= MAX_HOST) hosts.add(host);
			}
		}
	};
	for await (const piece of pieces) {
		const text = decoder.decode(piece, { stream: true });
		splitter ??= csvSplitter([",", ";", "\t"].find((each) => text.split("\n", 1)[0]?.includes(each)) ?? ",");
		take(splitter.push(text));
	}
	take(splitter?.end() ?? []);
	return index === undefined || index < 0 ? undefined : [...hosts];
}
