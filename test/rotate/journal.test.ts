import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CrossfadeError } from "../../src/base/errors.ts";
import { openJournalFolder } from "../../src/effects/files/journal-folder.ts";
import { newestJournal, startJournal } from "../../src/rotate/journal.ts";
import { CHAIN_START, readJournal, recordLine } from "../../src/rotate/journal-text.ts";
import type { JournalRecord, Opened } from "../../src/rotate/record.ts";
import { newAgeKey, sealer } from "../../src/rotate/sealing.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary, filesBelow } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";

const stamp = { at: 1, by: "me", host: "here" };
const opened: Opened = {
	is: "opened",
	format: 1,
	operation: "0190-1",
	rotation: "it",
	provider: "p",
	strategy: "s",
	fleet: "/srv/crossfade.yaml",
	isLeaked: false,
	isAdopted: false,
	stores: ["a"],
};

/** A journal with these records, as bytes, and where each ends. */
function journal(records: readonly JournalRecord[]): { bytes: Buffer; ends: number[] } {
	let [chain, text] = [CHAIN_START, ""];
	const ends: number[] = [];
	for (const [index, record] of records.entries()) {
		const written = recordLine(record, index + 1, chain);
		chain = written.chain;
		text += written.line;
		ends.push(text.length);
	}
	return { bytes: Buffer.from(text), ends };
}

const records: JournalRecord[] = [
	{ ...stamp, ...opened },
	{ ...stamp, is: "begun", step: "call" },
	{ ...stamp, is: "ended", step: "call", how: "done" },
];

describe("a journal", () => {
	test("cut at any byte has the records that were whole, and none else", () => {
		const { bytes, ends } = journal(records);
		for (let length = 0; length < bytes.length; length++) {
			for (const zeros of [0, 5]) {
				const found = readJournal(Buffer.concat([bytes.subarray(0, length), Buffer.alloc(zeros)]));
				const whole = ends.filter((end) => end <= length).length;
				expect(found, `cut at ${length}`).toMatchObject({
					records: records.slice(0, whole),
					end: ends[whole - 1] ?? 0,
				});
			}
		}
	});

	test("of which a block did not reach the disk has no half record", () => {
		const { bytes, ends } = journal(records);
		for (let from = ends[1] ?? 0; from < bytes.length - 3; from++) {
			const holed = Buffer.from(bytes).fill(0, from, from + 3);
			expect(readJournal(holed)).toMatchObject({ records: records.slice(0, 2) });
		}
	});

	test("with a hole before its last record was not torn, and is refused", () => {
		const { bytes, ends } = journal(records);
		const [first = 0, second = 0] = ends;
		for (let from = first; from < second - 3; from++) {
			const holed = Buffer.from(bytes).fill(0, from, from + 3);
			expect(readJournal(holed), `a hole at ${from}`).toEqual({ fault: "edited", line: 2 });
		}
	});

	test("that somebody edited is refused, whichever byte of a record it was", () => {
		const { bytes, ends } = journal(records);
		for (let at = 0; at < bytes.length; at++) {
			const edited = Buffer.from(bytes);
			edited[at] = edited[at] === 0x41 ? 0x42 : 0x41;
			// Without its line break the last record is taken for torn.
			if (ends.includes(at + 1)) continue;
			expect(readJournal(edited), `byte ${at}`).toHaveProperty("fault");
		}
	});

	test("of a newer version, and a file that is none, are told apart", () => {
		expect(readJournal(journal([{ ...stamp, ...opened, format: 2 as 1 }]).bytes)).toEqual({ fault: "newer", line: 1 });
		expect(readJournal(Buffer.from("hello\nworld\n"))).toEqual({ fault: "not a journal", line: 1 });
	});

	test("goes on after a torn record, in reserved space, and nothing of it is left", async () => {
		const cwd = scratch();
		const folder = await openJournalFolder(join(cwd, "j"));
		const first = await startJournal(folder, opened, Buffer.from("wrapped"), () => stamp);
		await first.reserve(4096);
		const path = join(cwd, "j", "0190-1.journal");
		const { length } = readFileSync(path);
		const torn = readFileSync(path);
		torn.write("2 0123", torn.indexOf(0));
		writeFileSync(path, torn);
		const again = await newestJournal(folder, () => stamp, opened);
		await again?.append({ is: "begun", step: "call" });
		const found = await newestJournal(folder, () => stamp, opened);
		expect(found?.records.map(({ is }) => is)).toEqual(["opened", "begun"]);
		expect(readFileSync(path)).toHaveLength(length);
		expect(statSync(path).mode & 0o777).toBe(0o600);
	});

	test("of another fleet file, or in a folder that others can write, is refused", async () => {
		const cwd = scratch();
		const folder = await openJournalFolder(join(cwd, "j"));
		await startJournal(folder, opened, Buffer.from("wrapped"), () => stamp);
		await expect(newestJournal(folder, () => stamp, { ...opened, fleet: "/other.yaml" })).rejects.toThrow(
			/another fleet file/,
		);
		chmodSync(join(cwd, "j"), 0o777);
		await expect(openJournalFolder(join(cwd, "j"))).rejects.toThrow(/others can write/);
	});

	test("is locked by one process at a time", async () => {
		const folder = await openJournalFolder(join(scratch(), "j"));
		const lock = await folder.claim();
		expect(await folder.claim()).toBeUndefined();
		await lock?.release();
		expect(await folder.claim()).toBeDefined();
	});

	test("S3: who lost the lock to another while it was stopped writes and destroys nothing more", async () => {
		const path = join(scratch(), "j");
		const folder = await openJournalFolder(path);
		const lock = await folder.claim();
		const journal = await startJournal(folder, opened, Buffer.from("wrapped"), () => stamp);
		await journal.append({ is: "begun", step: "call" });
		const before = filesBelow(path);
		writeFileSync(join(path, "rotation.lock"), "1 another-host\n");
		const lost = { exit: "refused", problems: [{ what: expect.stringContaining("took this rotation over") }] };
		await expect(journal.append({ is: "ended", step: "call", how: "done" })).rejects.toMatchObject(lost);
		await expect(journal.reserve(4096)).rejects.toMatchObject(lost);
		await expect(journal.destroyKey()).rejects.toMatchObject(lost);
		await expect(folder.create("x", Buffer.from("x"))).rejects.toMatchObject(lost);
		expect(filesBelow(path)).toEqual({ ...before, [join(path, "rotation.lock")]: "1 another-host\n" });
		await lock?.release();
	});

	test("holds no token that is not sealed", async () => {
		const { token } = canary();
		const { Secret } = await import("../../src/token/secret.ts");
		Secret.of(token);
		const folder = await openJournalFolder(join(scratch(), "j"));
		await expect(folder.create("x", Buffer.from(`a ${token}`))).rejects.toThrow(/about to be written/);
	});
});

describe("S13: a sealed record", () => {
	test("opens under its own label only: not that of another operation, place or token", async () => {
		const mine = sealer(await newAgeKey());
		const secret = randomBytes(30);
		const label = { operation: "o", sequence: 3, what: "old", fingerprint: fingerprint(secret) };
		const box = await mine.seal(label, secret);
		expect(Buffer.from(await mine.open(label, box))).toEqual(secret);
		for (const other of [{ operation: "p" }, { sequence: 4 }, { what: "new" }, { fingerprint: "0".repeat(12) }]) {
			await expect(mine.open({ ...label, ...other }, box)).rejects.toThrow(CrossfadeError);
		}
		// One that says the right fingerprint and holds another secret.
		const forged = await mine.seal(label, randomBytes(30));
		await expect(mine.open(label, forged)).rejects.toThrow(/not the one that this rotation wrote/);
		await expect(sealer(await newAgeKey()).open(label, box)).rejects.toThrow(/not the one that this rotation wrote/);
	});
});
