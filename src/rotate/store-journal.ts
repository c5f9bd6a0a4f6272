import type { StoreRecord } from "../adapters/stores/store.ts";
import { limitConcurrency } from "../base/concurrency.ts";
import { CrossfadeError } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import type { Effects } from "../effects/effects.ts";
import type { Claim } from "../effects/files/claim.ts";
import type { JournalFolder } from "../effects/files/journal-folder.ts";
import type { StoreSpec } from "../spec/rotation.ts";
import { HeldDocument, type JournalFiles, writtenMeanwhile } from "./journal-record.ts";
import { storeReach } from "./reach.ts";

/** A journal for machines that do not outlive a run: one text in a store, each change of it written only if nobody else changed it meanwhile. */

/** How long the lock lasts without a word of its holder. Clocks of two machines have to differ by less. */
const LEASE_MS = 2 * 60_000;
const HEARTBEAT_MS = 20_000;

/** Opens the journal that a store keeps. Throws `CrossfadeError` if the store cannot be asked, or holds something else. */
export async function openStoreJournal(
	fx: Effects,
	{ kind, settings }: StoreSpec,
	rotation: string,
): Promise<JournalFolder> {
	const record = kind.record?.(settings, storeReach(fx));
	if (!record) throw new Error(`a journal in a store of kind ${kind.id}`);
	const machine = await fx.machine();
	return storeJournal(fx, record, rotation, `${machine.hostname} ${fx.random.token().slice(0, 8)}`);
}

/** The journal in a record, as `holder` works with it. Without the lock nothing is written: `destroy` leaves it to the next one who has it. */
export function storeJournal(
	{ clock, sleep }: Pick<Effects, "clock" | "sleep">,
	record: StoreRecord,
	rotation: string,
	holder: string,
): JournalFolder {
	const held = new HeldDocument(record, rotation, sleep);
	let isOurs = false;
	// One at a time: what the lock says so that it lasts is a change like others.
	const inTurn = limitConcurrency(1);
	const change = (edit: (files: JournalFiles) => JournalFiles) =>
		inTurn(async () => {
			if (!isOurs) throw writtenMeanwhile(record.place);
			const document = await held.known();
			await held.put({ ...document, files: edit(document.files), lease: lease() });
		});
	const lease = () => ({ holder, until: clock.now() + LEASE_MS });
	const release = async () => {
		isOurs = false;
		// Who takes over finds it free, or waits until it ends.
		await held.put({ ...(await held.known()), lease: undefined }).catch(() => undefined);
		await record.close?.();
	};
	return {
		path: record.place,
		isShared: true,
		leaseMs: LEASE_MS,
		list: () => inTurn(async () => Object.keys((await (isOurs ? held.known() : held.read())).files).sort()),
		read: (name) => inTurn(async () => bytesOf((await held.known()).files, name)),
		identity: async () => undefined,
		create: (name, content) => change((files) => withNew(files, name, content)),
		writeAt: (name, offset, content) => change((files) => withChange(record, files, name, offset, content)),
		destroy: async (name) => {
			if (isOurs) await change((files) => without(files, name));
		},
		claim: () =>
			inTurn(async (): Promise<Claim | undefined> => {
				const document = await held.read();
				const other = document.lease !== undefined && document.lease.holder !== holder;
				if (other && (document.lease?.until ?? 0) > clock.now()) return undefined;
				const isFree = await held.put({ ...document, lease: lease() }).then(() => true, outrun);
				if (!isFree) return undefined;
				isOurs = true;
				const stop = beating(clock, () => change((files) => files));
				return {
					isHeld: async () => isOurs && ((await held.known()).lease?.until ?? 0) > clock.now(),
					release: () => {
						stop();
						return inTurn(release);
					},
				};
			}),
	};
}

/** Does something every so often until it is stopped; what fails shows at the next record. */
function beating(clock: Effects["clock"], beat: () => Promise<void>): () => void {
	let isStopped = false;
	let cancel = () => {};
	const wait = () => {
		cancel = clock.after(HEARTBEAT_MS, () => {
			beat()
				.catch(() => undefined)
				.finally(() => isStopped || wait());
		});
	};
	wait();
	return () => {
		isStopped = true;
		cancel();
	};
}

/** Somebody else was faster. */
function outrun(error: unknown): false {
	if (error instanceof CrossfadeError && error.exit === "refused") return false;
	throw error;
}

function bytesOf(files: JournalFiles, name: string): Buffer | undefined {
	const text = ownEntry(files, name);
	return text === undefined ? undefined : Buffer.from(text, "base64");
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

function withNew(files: JournalFiles, name: string, content: Uint8Array): JournalFiles {
	if (Object.hasOwn(files, name)) throw new Error(`${name} is there already`);
	return { ...files, [name]: base64(content) };
}

function withChange(
	{ place, maxBytes }: StoreRecord,
	files: JournalFiles,
	name: string,
	offset: number,
	content: Uint8Array,
): JournalFiles {
	const before = bytesOf(files, name) ?? Buffer.alloc(0);
	const after = Buffer.alloc(Math.max(before.length, offset + content.length));
	before.copy(after);
	after.set(content, offset);
	// With the space that is to be reserved, which a store cannot keep.
	const kept = fitting(maxBytes, { ...files, [name]: base64(after) });
	if (kept) return { ...kept, [name]: base64(withoutZeros(after)) };
	throw new CrossfadeError("io", {
		what: "the journal is larger than this store takes",
		expected: `at most ${maxBytes} bytes`,
		where: { file: place },
		fix: "keep it in a folder: journal: in the rotation's block; or rotate fewer stores at once",
	});
}

function withoutZeros(bytes: Buffer): Buffer {
	let end = bytes.length;
	while (end > 0 && bytes[end - 1] === 0) end--;
	return bytes.subarray(0, end);
}

function without(files: JournalFiles, name: string): JournalFiles {
	return Object.fromEntries(Object.entries(files).filter(([each]) => each !== name));
}

/** More than the rest of the document. */
const AROUND = 1_000;
/** The newest operation, and the one before it, which a new one looks at. */
const NEWEST = 2;

/** Without the oldest operations, where the store does not take them all; undefined if it does not take the newest either. */
function fitting(maxBytes: number, files: JournalFiles): JournalFiles | undefined {
	const names = Object.keys(files).filter((name) => name.endsWith(".journal"));
	let kept = files;
	for (const name of ["", ...names.sort().slice(0, -NEWEST)]) {
		kept = without(kept, name);
		if (JSON.stringify(kept).length + AROUND <= maxBytes) return kept;
	}
	return undefined;
}
