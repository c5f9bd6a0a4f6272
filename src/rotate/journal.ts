import { limitConcurrency } from "../base/concurrency.ts";
import { CrossfadeError, type ExitName } from "../base/errors.ts";
import { shownName } from "../base/mask.ts";
import { isSameFile } from "../effects/files/copies.ts";
import type { JournalFolder } from "../effects/files/journal-folder.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { CHAIN_START, type JournalContent, type JournalFault, readJournal, recordLine } from "./journal-text.ts";
import type { JournalEntry, JournalRecord, Opened, Stamp } from "./record.ts";

/** A record that is not on the disk: nothing more may be done, as it would be forgotten. The next run goes on from the last one that is. */
export class JournalFailure extends CrossfadeError {}

/** The journal of one operation, open for more. */
export interface Journal {
	readonly operation: string;
	readonly records: readonly JournalRecord[];
	/** The machine that wrote it last, where this is a copy of what that one wrote, or was moved; undefined if it is the same file. */
	readonly copyOf: string | undefined;
	/** The sequence that the next record will have. */
	readonly next: number;
	/** Writes a record; it is on the disk when this returns. Throws `JournalFailure` (io, or refused where another took the lock over). */
	append(entry: JournalEntry): Promise<JournalRecord>;
	/** Makes sure that so many bytes can be written whatever else fills the disk. Throws `JournalFailure` (io). */
	reserve(bytes: number): Promise<void>;
	/** The operation's identity, sealed; undefined once it was destroyed. */
	key(): Promise<Uint8Array | undefined>;
	destroyKey(): Promise<void>;
}

const END = ".journal";
const KEY = ".key";

/** Whose journal it has to be; `fleet` is undefined where it may be that of another fleet file. */
export interface JournalOwner {
	readonly rotation: string;
	readonly fleet: string | undefined;
	/** The fleet file as it was named, if it is not the usual one: for the command that an error proposes. */
	readonly fleetFile?: string | undefined;
}

/**
 * What a journal's folder holds: the newest operation, open or closed; undefined if there is none yet. Throws `CrossfadeError` (refused) if it
 * is another rotation's, or another fleet file's.
 */
export async function newestJournal(
	folder: JournalFolder,
	stamp: () => Stamp,
	{ rotation, fleet, fleetFile }: JournalOwner,
): Promise<Journal | undefined> {
	const names = await folder.list();
	for (const name of names.filter((each) => each.endsWith(END)).reverse()) {
		const content = await contentOf(folder, name);
		const [first] = content.records;
		// Its first record never got whole: nothing had happened yet.
		if (first?.is !== "opened") continue;
		const file = `${folder.path}/${name}`;
		if (first.rotation !== rotation) throw otherRotation(rotation, first.rotation, file);
		if (!folder.isShared && fleet !== undefined) refuseOtherFleet(content.records, fleet, { first, file, fleetFile });
		return await openJournal(folder, first.operation, content, stamp);
	}
	return undefined;
}

/** The journal of one operation; undefined if there is none. */
export async function journalNamed(
	folder: JournalFolder,
	operation: string,
	stamp: () => Stamp,
): Promise<Journal | undefined> {
	const content = await contentOf(folder, operation + END);
	return content.records.length === 0 ? undefined : await openJournal(folder, operation, content, stamp);
}

/** Every operation's records, the oldest first, for `rotate log`. */
export async function allRecords(folder: JournalFolder): Promise<readonly (readonly JournalRecord[])[]> {
	const names = (await folder.list()).filter((each) => each.endsWith(END));
	const all: (readonly JournalRecord[])[] = [];
	for (const name of names) all.push((await contentOf(folder, name)).records);
	return all.filter((records) => records.length > 0);
}

/** Destroys the keys of all other operations: what they sealed is not needed once a newer one has proven the token in use. */
export async function destroyOtherKeys(folder: JournalFolder, operation: string): Promise<void> {
	const others = (await folder.list()).filter((name) => name.endsWith(KEY) && name !== operation + KEY);
	for (const name of others) await folder.destroy(name);
}

/** A new operation's journal, with its first record; the sealed identity is written before it. */
export async function startJournal(
	folder: JournalFolder,
	opened: Opened,
	wrappedKey: Uint8Array,
	stamp: () => Stamp,
): Promise<Journal> {
	const { operation } = opened;
	await folder.create(operation + KEY, wrappedKey);
	await folder.create(operation + END, new Uint8Array());
	const empty: JournalContent = { records: [], end: 0, chain: CHAIN_START, torn: 0, reserved: 0 };
	const journal = await openJournal(folder, operation, empty, stamp);
	await journal.append(opened);
	return journal;
}

async function openJournal(
	folder: JournalFolder,
	operation: string,
	content: JournalContent,
	stamp: () => Stamp,
): Promise<Journal> {
	const name = operation + END;
	const records = [...content.records];
	const place = await folder.identity(name);
	const last = records.at(-1);
	const isCopy = place !== undefined && last?.place !== undefined && !isSameFile(last.place, place);
	let { end, chain, reserved } = content;
	let isTorn = content.torn > 0;
	// Each record has the hash of the one before it.
	const inTurn = limitConcurrency(1);
	const write = async (bytes: Uint8Array) => {
		try {
			await folder.writeAt(name, end, bytes);
		} catch (error) {
			// A part of it can be there.
			isTorn = true;
			reserved = Math.max(reserved, bytes.length);
			if (!(error instanceof CrossfadeError)) throw error;
			throw new JournalFailure(error.exit, error.problems, { cause: error });
		}
	};
	const mend = async () => {
		if (isTorn) await write(new Uint8Array(reserved));
		isTorn = false;
	};
	return {
		operation,
		records,
		copyOf: isCopy ? last.host : undefined,
		get next() {
			return records.length + 1;
		},
		append: (entry) =>
			inTurn(async () => {
				const record: JournalRecord = { ...stamp(), ...(place === undefined ? {} : { place }), ...entry };
				const written = recordLine(record, records.length + 1, chain);
				const bytes = Buffer.from(written.line);
				await mend();
				await write(bytes);
				records.push(record);
				end += bytes.length;
				chain = written.chain;
				reserved = Math.max(0, reserved - bytes.length);
				return record;
			}),
		reserve: (bytes) =>
			inTurn(async () => {
				await mend();
				if (reserved >= bytes) return;
				await write(new Uint8Array(bytes));
				reserved = bytes;
			}),
		key: () => folder.read(operation + KEY),
		destroyKey: () => folder.destroy(operation + KEY),
	};
}

async function contentOf(folder: JournalFolder, name: string): Promise<JournalContent> {
	const content = readJournal((await folder.read(name)) ?? new Uint8Array());
	if ("fault" in content) throw faultError(content, `${folder.path}/${name}`);
	return content;
}

const FAULTS: Readonly<Record<JournalFault["fault"], readonly [what: string, fix: string]>> = {
	edited: [
		"the journal was changed by something else than crossfade",
		"bring back the file from before; until then nothing that it says can be trusted",
	],
	newer: ["the journal is of a newer version of crossfade", "run it with that version"],
	"not a journal": ["this is not a journal of crossfade", "move the file away, or name another folder with journal:"],
};

function faultError({ fault, line }: JournalFault, file: string): CrossfadeError {
	const [what, fix] = FAULTS[fault];
	const exit: ExitName = "refused";
	return new CrossfadeError(exit, { what, where: { file, line }, fix });
}

function otherRotation(rotation: string, known: string, file: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the journal is of another rotation, with another token",
		expected: shownName(rotation),
		got: shownName(known),
		where: { file },
		fix: "give each rotation a folder of its own (journal: FOLDER); one that was given another name: give it back the one before",
	});
}

function refuseOtherFleet(
	records: readonly JournalRecord[],
	fleet: string,
	{ first, file, fleetFile }: { readonly first: Opened; readonly file: string; readonly fleetFile: string | undefined },
): void {
	const goOn = rotateCommand({ name: first.rotation, fleetFile }, "resume --moved --because REASON");
	const moved = records.findLast((record) => record.is === "word" && record.about === "moved");
	const known = (moved?.is === "word" ? moved.subject : undefined) ?? first.fleet;
	if (known === fleet) return;
	throw new CrossfadeError("refused", {
		what: "the journal is of another fleet file",
		expected: fleet,
		got: known,
		where: { file },
		fix: `give the rotation another name, or its block a folder of its own (journal: FOLDER); if the file was moved: ${goOn}`,
	});
}
