import { createHash } from "node:crypto";
import type { JournalRecord } from "./record.ts";

/** The form of a journal on disk: one line a record, `<sequence> <hash> <json>`, and behind the last one zeros as reserved space. */

/** What a journal's bytes hold. */
export interface JournalContent {
	readonly records: readonly JournalRecord[];
	/** Where the next record goes. */
	readonly end: number;
	/** The hash that the next one continues. */
	readonly chain: string;
	/** Bytes of a record behind the end that was not written whole, because the machine stopped: it never counted. */
	readonly torn: number;
	/** Reserved bytes behind the end. */
	readonly reserved: number;
}

/** Why a journal cannot be trusted. */
export interface JournalFault {
	readonly fault: "edited" | "newer" | "not a journal";
	readonly line: number;
}

const FIRST = "crossfade journal";

/** A record as its line, and the hash that the next one continues. */
export function recordLine(record: JournalRecord, sequence: number, chain: string): { line: string; chain: string } {
	const json = JSON.stringify(record);
	const hash = linkOf(chain, sequence, json);
	return { line: `${sequence} ${hash} ${json}\n`, chain: hash };
}

/** The chain's first link. */
export const CHAIN_START = FIRST;

function linkOf(chain: string, sequence: number, json: string): string {
	return createHash("sha256").update(`${chain}\n${sequence} ${json}`).digest("hex").slice(0, 32);
}

/**
 * Reads a journal. A last record that is not whole is torn: a machine that stops can leave a part of it, and zeros within. Any other record
 * whose hash is wrong was changed by somebody.
 */
export function readJournal(bytes: Uint8Array): JournalContent | JournalFault {
	const text = Buffer.from(bytes);
	const records: JournalRecord[] = [];
	let [end, chain] = [0, CHAIN_START];
	while (end < text.length && text[end] !== 0) {
		const stop = text.indexOf(0x0a, end);
		const line = stop === -1 ? undefined : text.subarray(end, stop);
		// Zeros inside: not all of its blocks reached the disk.
		if (line === undefined || line.includes(0)) break;
		const record = recordIn(line.toString("utf8"), records.length + 1, chain);
		if (typeof record === "string") return { fault: record, line: records.length + 1 };
		records.push(record.record);
		chain = record.chain;
		end = stop + 1;
	}
	const rest = text.subarray(end);
	const torn = rest.length - countZerosAtEnd(rest);
	// Every record is on the disk before the next one begins, so nothing comes after one that is torn.
	const stop = rest.indexOf(0x0a);
	if (stop !== -1 && stop < torn - 1) return { fault: "edited", line: records.length + 1 };
	return { records, end, chain, torn, reserved: rest.length };
}

function countZerosAtEnd(bytes: Buffer): number {
	let count = 0;
	while (count < bytes.length && bytes[bytes.length - 1 - count] === 0) count++;
	return count;
}

function recordIn(
	line: string,
	sequence: number,
	chain: string,
): { record: JournalRecord; chain: string } | JournalFault["fault"] {
	const [, number, hash, json = ""] = /^(\d+) ([0-9a-f]{32}) (\{.*\})$/s.exec(line) ?? [];
	if (number === undefined) return sequence === 1 ? "not a journal" : "edited";
	if (Number(number) !== sequence || linkOf(chain, sequence, json) !== hash) return "edited";
	const record = JSON.parse(json) as JournalRecord;
	if (sequence === 1 && record.is !== "opened") return "not a journal";
	if (record.is === "opened" && record.format !== 1) return "newer";
	return { record, chain: hash };
}
