import {
	closeSync,
	constants,
	fchmodSync,
	fstatSync,
	fsyncSync,
	lstatSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	unlinkSync,
	writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CrossfadeError } from "../../base/errors.ts";
import { ioError } from "../../base/io-error.ts";
import { holdsSecret } from "../../token/guard.ts";
import { refuseOpenFolder, restrict } from "./access.ts";
import { type Claim, LEASE_MS } from "./claim.ts";
import { fileIdentity } from "./copies.ts";
import { openFolder } from "./folder.ts";
import { syncFolder } from "./new-file.ts";
import { isWindows } from "./system.ts";
import { refuseOddName } from "./windows-names.ts";

/**
 * A folder with files that outlive a crash: every write is on the disk before the call returns. Only its owner may read it. Every failure is
 * a `CrossfadeError` (io, or refused) that names the file.
 */
export interface JournalFolder {
	/** Where it is, for messages. */
	readonly path: string;
	/** Other machines use it too, which have the fleet file elsewhere. */
	readonly isShared: boolean;
	/** How long another machine that holds the lock may be silent, in milliseconds, before it is taken over. */
	readonly leaseMs: number;
	/** Names of its regular files, sorted; none if the folder does not exist. */
	list(): Promise<readonly string[]>;
	read(name: string): Promise<Uint8Array | undefined>;
	/** Which file it is, so that a copy of it is another, see `fileIdentity`; undefined if it cannot be copied, or is not there. */
	identity(name: string): Promise<string | undefined>;
	/** Makes a new file, and the folder if needed. Throws if the name is taken. */
	create(name: string, content: Uint8Array): Promise<void>;
	/** Writes at an offset of a file that exists. */
	writeAt(name: string, offset: number, content: Uint8Array): Promise<void>;
	/** Overwrites a file with zeros and removes it; nothing if it does not exist. */
	destroy(name: string): Promise<void>;
	/**
	 * Locks the folder until it is released or this process ends; undefined if a living process holds it. Who lost the lock to another, while it
	 * was stopped, writes nothing more: that fails with refused.
	 */
	claim(): Promise<Claim | undefined>;
}

const NO_LINK = constants.O_NOFOLLOW ?? 0;

export async function openJournalFolder(path: string): Promise<JournalFolder> {
	if (isWindows) refuseOddName(path);
	const root = resolve(path);
	const inside = <T>(verb: string, name: string, work: (full: string) => T): T => {
		try {
			return work(join(root, name));
		} catch (error) {
			if (error instanceof CrossfadeError || (error as NodeJS.ErrnoException).code === undefined) throw error;
			throw ioError(join(path, name), verb, error);
		}
	};
	inside("open", "", (full) => refuseOthers(full));
	let held: Claim | undefined;
	const refuseLost = async () => {
		if (!held || (await held.isHeld())) return;
		throw new CrossfadeError("refused", {
			what: "another crossfade took this rotation over while this one was stopped, so nothing more is done here",
			where: { file: root },
			fix: "see in the log of the rotation what that one did, then run the command again",
		});
	};
	return {
		path: root,
		isShared: false,
		leaseMs: LEASE_MS,
		list: async () => inside("list", "", (full) => orNothing(() => regularFiles(full)) ?? []),
		read: async (name) => inside("read", name, (full) => orNothing(() => readRegularFile(full))),
		identity: async (name) => inside("read", name, (full) => orNothing(() => fileIdentity(full))),
		async create(name, content) {
			await refuseLost();
			inside("create", name, (full) => {
				makePrivate(root);
				write(full, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_LINK, 0, content);
				syncFolder(root);
			});
		},
		async writeAt(name, offset, content) {
			await refuseLost();
			inside("write", name, (full) => write(full, constants.O_WRONLY | NO_LINK, offset, content));
		},
		async destroy(name) {
			await refuseLost();
			inside("remove", name, (full) => {
				const before = orNothing(() => lstatSync(full));
				if (before === undefined) return;
				if (before.isFile()) write(full, constants.O_WRONLY | NO_LINK, 0, new Uint8Array(before.size));
				unlinkSync(full);
				syncFolder(root);
			});
		},
		async claim() {
			inside("open", "", (full) => makePrivate(full));
			const taken = await (await openFolder(root)).claim("rotation");
			if (!taken) return undefined;
			held = taken;
			const release = async () => {
				held = undefined;
				await taken.release();
			};
			return { ...taken, release };
		},
	};
}

function orNothing<T>(look: () => T): T | undefined {
	try {
		return look();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
}

function regularFiles(folder: string): string[] {
	const entries = readdirSync(folder, { withFileTypes: true });
	return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort();
}

function readRegularFile(path: string): Uint8Array {
	const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | NO_LINK);
	try {
		if (!fstatSync(fd).isFile()) throw notRegular();
		return readFileSync(fd);
	} finally {
		closeSync(fd);
	}
}

function notRegular(): Error {
	return Object.assign(new Error("not a regular file"), { code: "EINVAL" });
}

/** Makes the folder and those above it, readable only by its owner. */
function makePrivate(folder: string, isLast = true): void {
	if (orNothing(() => lstatSync(folder)) === undefined) {
		if (dirname(folder) !== folder && orNothing(() => lstatSync(dirname(folder))) === undefined) {
			makePrivate(dirname(folder), false);
			makeUnlessThere(folder);
		} else if (makeUnlessThere(folder)) {
			// What is made in it inherits that.
			restrict(folder, true);
		}
		syncFolder(dirname(folder));
	}
	if (isLast || !isWindows) refuseOthers(folder);
}

/** Two processes may begin at once. */
function makeUnlessThere(folder: string): boolean {
	try {
		mkdirSync(folder, { mode: 0o700 });
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
		return false;
	}
}

/** Who may write into the folder could put another journal there. */
function refuseOthers(folder: string): void {
	const stats = orNothing(() => lstatSync(folder));
	if (stats === undefined) return;
	if (!stats.isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
	if (isWindows) {
		refuseOpenFolder(folder);
		return;
	}
	const us = process.geteuid?.();
	const isOurs = us === undefined || stats.uid === us;
	if (isOurs && (stats.mode & 0o022) === 0) return;
	throw new CrossfadeError("refused", {
		what: "others can write into the folder of the journal",
		expected: "a folder of this account that only it may write",
		got: isOurs ? `mode 0${(stats.mode & 0o777).toString(8)}` : `a folder of account ${stats.uid}`,
		where: { file: folder },
		fix: isOurs ? `chmod 0700 ${folder}` : "name another folder, or run this as that account",
	});
}

function write(path: string, flags: number, offset: number, content: Uint8Array): void {
	if (holdsSecret(Buffer.from(content).toString("latin1")))
		throw new Error(`a token was about to be written to ${path}`);
	const fd = openSync(path, flags | constants.O_NONBLOCK, 0o600);
	try {
		if (!fstatSync(fd).isFile()) throw notRegular();
		if ((flags & constants.O_CREAT) !== 0 && !isWindows) fchmodSync(fd, 0o600);
		for (let at = 0; at < content.length; ) at += writeSync(fd, content, at, content.length - at, offset + at);
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}
