import { type Signal, signals } from "../../adapters/providers/provider.ts";
import { CrossfadeError } from "../../base/errors.ts";
import { ownEntry } from "../../base/lookup.ts";
import type { TokenPath } from "../../spec/probe-plan.ts";
import type { Outcome, ProbeEvidence, Statement, TrafficCounter } from "./evidence.ts";
import type { Mark } from "./readings.ts";
import { wasTaken } from "./traffic.ts";

/** Incremented when older versions could not read the new format. */
const SCHEMA = 2;

/** A file's kind of content, which is also the start of its name. */
export interface Rows {
	readonly traffic: TrafficCounter;
	readonly probe: ProbeEvidence;
	readonly statement: Statement;
}

export type EvidenceKind = keyof Rows;

/** When its writer watched without a gap, in milliseconds since the epoch. */
export interface Watch {
	readonly since: number;
	readonly until: number;
}

/** For a file without an interval. */
const DEFAULT_INTERVAL_MS = 60_000;

export interface EvidenceFile<K extends EvidenceKind> extends Watch {
	readonly rows: readonly Rows[K][];
	/** How far the sources of these rows were read: in the same file, so that both always match. */
	readonly marks?: readonly Mark[] | undefined;
	/** The name in reports of the place where its writer counts. */
	readonly place?: string | undefined;
	/** Its writer stopped normally, and everything it counted is here. */
	readonly isClosed?: boolean | undefined;
	/** The longest time between two writes, in milliseconds. */
	readonly interval?: number | undefined;
	/** Limits that its writer reached, as sentences. */
	readonly limits?: readonly string[] | undefined;
	/** The id of the folder where it was written. */
	readonly folder?: string | undefined;
}

/** Why a file is not valid evidence; says where, never quotes it. */
export class CorruptEvidence extends Error {
	override readonly name = "CorruptEvidence";
}

/** `traffic-gateway-1.ndjson`: the kind, and the writer in characters valid on every file system. */
export function fileName(kind: EvidenceKind, writer: string): string {
	return `${kind}-${writer.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 100)}.ndjson`;
}

/** The kind of evidence from a file name; undefined for other files. */
export function kindOf(name: string): EvidenceKind | undefined {
	return /^(traffic|probe|statement)-.+\.ndjson$/.exec(name)?.[1] as EvidenceKind | undefined;
}

const ROWS_PER_CHUNK = 2_000;

/** A header line, one line per row and per mark; a few at a time. */
export function* encode<K extends EvidenceKind>(kind: K, file: EvidenceFile<K>): Generator<string> {
	const { rows, marks = [], ...about } = file;
	yield `${JSON.stringify({ kind, schema: SCHEMA, ...about, rows: rows.length, marks: marks.length })}\n`;
	for (let from = 0; from < rows.length; from += ROWS_PER_CHUNK) {
		const chunk = rows.slice(from, from + ROWS_PER_CHUNK);
		yield chunk.map((row) => `${JSON.stringify(row)}\n`).join("");
	}
	for (const { totals, ...mark } of marks) {
		const series = [...totals].map(([id, { value, isAway }]) => (isAway ? [id, value, 1] : [id, value]));
		yield `${JSON.stringify({ ...mark, totals: series })}\n`;
	}
}

/** Reads a file back. Throws `CorruptEvidence`, and `CrossfadeError` (refused) when a newer version wrote it. */
export function decode<K extends EvidenceKind>(kind: K, bytes: Uint8Array, path: string): EvidenceFile<K> {
	const [head = "", ...lines] = new TextDecoder().decode(bytes).split("\n");
	const header = parsed(head, 1);
	if (typeof header["schema"] === "number" && header["schema"] > SCHEMA) throw newer(path, header["schema"]);
	const { since, until, rows: count, marks: markCount = 0 } = header;
	const { place, isClosed, limits, folder, interval = DEFAULT_INTERVAL_MS } = header;
	const isAbout =
		isCount(interval) &&
		optional(isText)(place) &&
		optional(isFlag)(isClosed) &&
		optional(isTexts)(limits) &&
		optional(isText)(folder);
	const isOurs = header["kind"] === kind && isSchema(header["schema"]) && isCount(since) && isCount(until) && isAbout;
	if (!isOurs || !isCount(count) || !isCount(markCount)) throw new CorruptEvidence("its first line is not a header");
	const rest = lines.pop();
	if (rest !== "" || count + markCount !== lines.length) throw new CorruptEvidence("its end is missing");
	const rows = lines.slice(0, count).map((line, index) => {
		const row = upgraded(kind, parsed(line, index + 2));
		if (!fits(row, SHAPES[kind])) throw new CorruptEvidence(`line ${index + 2} is not ${kind} evidence`);
		return row as unknown as Rows[K];
	});
	return {
		since,
		until,
		rows,
		marks: lines.slice(count).map((line, index) => markOf(line, count + index + 2)),
		place: place as string | undefined,
		isClosed: isClosed as boolean | undefined,
		limits: limits as string[] | undefined,
		folder: folder as string | undefined,
		interval: interval as number,
	};
}

const isSchema = (value: unknown) => value === 1 || value === SCHEMA;

/** A row of schema 1 has only the newest status, not what was accepted. */
function upgraded(kind: EvidenceKind, row: Record<string, unknown>): Record<string, unknown> {
	if (kind !== "traffic" || row["lastAccepted"] !== undefined) return row;
	const { lastStatus, lastSeen } = row;
	return { ...row, refused: 0, lastAccepted: typeof lastStatus === "number" && wasTaken(lastStatus) ? lastSeen : 0 };
}

function markOf(line: string, number: number): Mark {
	const mark = parsed(line, number);
	const { source, at, since, interval = DEFAULT_INTERVAL_MS, isAttributed, totals, place = source } = mark;
	const { group, accepted, started, shown } = mark;
	const isSeries = (each: unknown): each is [string, number, 1?] =>
		Array.isArray(each) && isText(each[0]) && isCount(each[1]);
	const isMark =
		isText(source) &&
		isCount(at) &&
		isCount(since) &&
		isCount(interval) &&
		isFlag(isAttributed) &&
		Array.isArray(totals);
	const isTold = optional(isCounts)(accepted) && optional(isNumber)(started) && optional(isShown)(shown);
	const isPlaced = isText(place) && optional(isText)(group) && isTold;
	if (!isMark || !isPlaced || !totals.every(isSeries)) throw new CorruptEvidence(`line ${number} is not a mark`);
	const series = totals.map(([id, value, away]) => [id, { value, isAway: away === 1 }] as const);
	return {
		source,
		at,
		since,
		interval,
		isAttributed,
		place,
		group: group as string | undefined,
		accepted: accepted as Mark["accepted"],
		started: started as number | undefined,
		shown: shown as Mark["shown"],
		totals: new Map(series),
	};
}

function parsed(line: string, number: number): Record<string, unknown> {
	try {
		const value: unknown = JSON.parse(line);
		if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
	} catch {
		// said below
	}
	throw new CorruptEvidence(`line ${number} is not JSON`);
}

function newer(file: string, schema: number): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "this evidence was written by a newer version of crossfade",
		expected: `schema ${SCHEMA}`,
		got: `schema ${schema}`,
		where: { file },
		fix: "use that version here too, or name another folder",
	});
}

type Check = (value: unknown) => boolean;
type Shape = Readonly<Record<string, Check>>;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber: Check = (value) => typeof value === "number";
const isText = (value: unknown): value is string => typeof value === "string";
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isTexts: Check = (value) => Array.isArray(value) && value.every(isText);
const isCounts: Check = (value) => typeof value === "object" && value !== null && Object.values(value).every(isCount);
const isShown: Check = (value) => {
	if (typeof value !== "object" || value === null) return false;
	const { tallies, ...texts } = value as Record<string, unknown>;
	const isWhole = ["exporters", "unattributed", "limits"].every((key) => isTexts(ownEntry(texts, key)));
	return isWhole && optional((each) => Array.isArray(each) && each.every(isTally))(tallies);
};
const isTally: Check = (value) => {
	const { id, sent, dropped, losing } = (value ?? {}) as Record<string, unknown>;
	return isText(id) && isNumber(sent) && isNumber(dropped) && optional(isText)(losing);
};
const isFingerprint: Check = (value) => typeof value === "string" && /^([0-9a-f]{12}|[a-z-]{1,20})$/.test(value);
const oneOf = (words: readonly string[]): Check => {
	const known = new Set<unknown>(words);
	return (value) => known.has(value);
};
const optional =
	(check: Check): Check =>
	(value) =>
		value === undefined || check(value);

const isSignal = oneOf(signals satisfies readonly Signal[]);
const isCountedSignal = oneOf([...signals, "other"]);
const OUTCOMES: readonly Outcome[] = ["accepted", "partial", "rejected", "retry-later", "unreachable", "inconclusive"];
const PATHS: readonly TokenPath[] = ["bearer", "url"];

const SHAPES: { readonly [K in EvidenceKind]: { readonly [F in keyof Required<Rows[K]>]: Check } } = {
	traffic: {
		fingerprint: isFingerprint,
		place: isText,
		host: isText,
		cli: isText,
		signal: isCountedSignal,
		minute: isCount,
		span: isCount,
		requests: isCount,
		records: isCount,
		bytes: isCount,
		lastSeen: isNumber,
		lastStatus: isCount,
		refused: isCount,
		lastAccepted: isNumber,
		version: isText,
		firstSeen: optional(isNumber),
	},
	probe: {
		kind: oneOf(["probe"]),
		token: isText,
		fingerprint: isFingerprint,
		place: isText,
		path: oneOf(PATHS),
		signal: isSignal,
		at: isNumber,
		outcome: oneOf(OUTCOMES),
		status: optional(isCount),
		latencyMs: isNumber,
		cause: isText,
		detail: isText,
		fix: optional(isText),
		clockOffsetMs: optional(isNumber),
		confirmed: optional(isFlag),
	},
	statement: {
		kind: oneOf(["host", "gateway", "credential"] satisfies readonly Statement["kind"][]),
		name: isText,
		says: oneOf(["gone", "moved", "known"] satisfies readonly Statement["says"][]),
		because: isText,
		actor: isText,
		at: isCount,
		old: isFingerprint,
		new: optional(isFingerprint),
	},
};

function fits(row: Record<string, unknown>, shape: Shape): boolean {
	for (const field in shape) if (!ownEntry(shape, field)?.(ownEntry(row, field))) return false;
	return true;
}
