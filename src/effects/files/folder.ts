import { randomBytes } from "node:crypto";
import {
	closeSync,
	constants,
	type Dirent,
	fstatSync,
	fsync,
	linkSync,
	mkdirSync,
	openSync,
	readSync,
	renameSync,
	statSync,
	unlinkSync,
	write as writeCallback,
	writeSync,
} from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { ioError } from "../../base/io-error.ts";
import { holdsSecret } from "../../token/guard.ts";
import { isAlive } from "./alive.ts";
import { asOwnerOf } from "./as-owner.ts";
import { hasNoLinks, moveOverLater } from "./moving.ts";
import { isWindows } from "./system.ts";
import { refuseOddName } from "./windows-names.ts";

/** A folder whose files only crossfade writes. Every failure is a `CrossfadeError` (io) that names the file. */
export interface Folder {
	readonly path: string;
	/** A new id for a folder, which no other folder has: not one on a machine of the same name and with the same path either. */
	newId(): string;
	/** Whether it exists. */
	exists(): Promise<boolean>;
	/**
	 * Its regular files, each with a stamp that changes with the content, and when it was last written, in milliseconds since the epoch by
	 * the clock of the file system.
	 */
	list(): Promise<{ readonly name: string; readonly stamp: string; readonly writtenAt: number }[]>;
	/** The names in it that are no regular files: links, folders, pipes. */
	oddities(): Promise<string[]>;
	/** A file's bytes; undefined if it does not exist. */
	read(name: string): Promise<Uint8Array | undefined>;
	/** Creates the folder if needed and replaces a file atomically. Yields to other work between chunks. */
	write(name: string, chunks: Iterable<string>): Promise<void>;
	/** Renames a file to `<name>.corrupt-<n>` and returns that name. */
	setAside(name: string): Promise<string>;
	/** Locks a name until it is released or this process ends; undefined if a living process holds it. */
	claim(name: string): Promise<Claim | undefined>;
}

export interface Claim {
	/** Whether it is still ours: a process that was stopped for long loses it to another. */
	isHeld(): Promise<boolean>;
	release(): Promise<void>;
}

/** A folder that need not exist yet; throws if the path is something else. */
export async function openFolder(path: string): Promise<Folder> {
	if (isWindows) refuseOddName(path);
	const root = resolve(path);
	const inside = <T>(verb: string, name: string, work: (full: string) => Promise<T>) =>
		work(join(root, name)).catch((error: unknown) => {
			throw (error as NodeJS.ErrnoException).code === undefined ? error : ioError(join(path, name), verb, error);
		});
	const exists = () => inside("open", "", isFolder);
	await exists();
	return {
		path,
		newId: () => randomBytes(6).toString("hex"),
		exists,
		list: () => inside("list", "", stamps),
		oddities: () => inside("list", "", irregular),
		read: (name) => inside("read", name, (full) => orUndefined("ENOENT", readRegular(full))),
		write: (name, chunks) => inside("write", name, (full) => writeWhole(full, chunks)),
		setAside: (name) => inside("set aside", name, (full) => renameAside(full, name)),
		async claim(name) {
			const taken = await inside("claim", `${name}.lock`, claim);
			return taken && { ...taken, isHeld: () => inside("claim", `${name}.lock`, taken.isHeld) };
		},
	};
}

async function orUndefined<T>(code: string, work: Promise<T>): Promise<T | undefined> {
	try {
		return await work;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === code) return undefined;
		throw error;
	}
}

/** No file of ours grows to this. */
const MAX_BYTES = 512 * 1024 * 1024;

/** Reads what has an end: a named pipe or a device in the place of a file would keep the reader for ever. */
async function readRegular(path: string): Promise<Uint8Array> {
	const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
	try {
		const stats = await file.stat();
		if (!stats.isFile()) throw notRegular();
		if (stats.size > MAX_BYTES) throw Object.assign(new Error("too large"), { code: "EFBIG" });
		return await file.readFile();
	} finally {
		await file.close();
	}
}

function notRegular(): Error {
	return Object.assign(new Error("not a regular file"), { code: "EFTYPE" });
}

async function isFolder(path: string): Promise<boolean> {
	const stats = await orUndefined("ENOENT", stat(path));
	if (stats && !stats.isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
	return stats !== undefined;
}

async function entriesOf(path: string): Promise<Dirent[]> {
	return (await orUndefined("ENOENT", readdir(path, { withFileTypes: true }))) ?? [];
}

async function irregular(path: string): Promise<string[]> {
	return (await entriesOf(path)).filter((entry) => !entry.isFile()).map(({ name }) => name);
}

async function stamps(path: string): Promise<{ name: string; stamp: string; writtenAt: number }[]> {
	const files = (await entriesOf(path)).filter((entry) => entry.isFile()).map(({ name }) => name);
	const found = await Promise.all(
		files.sort().map(async (name) => ({ name, stats: await orUndefined("ENOENT", stat(join(path, name))) })),
	);
	return found.flatMap(({ name, stats }) =>
		stats ? [{ name, stamp: `${stats.ino} ${stats.mtimeMs} ${stats.size}`, writtenAt: stats.mtimeMs }] : [],
	);
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Makes, replaces or removes what has a name: by root in another account's folder with that account's rights. What is open stays open. */
function byName<T>(path: string, work: () => T): T {
	return asOwnerOf(dirname(path), work, "allowed");
}

/** What was done, or undefined where the system says `code`. */
function unless<T>(code: string, work: () => T): T | undefined {
	try {
		return work();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === code) return undefined;
		throw error;
	}
}

const remove = (path: string) => unless("ENOENT", () => byName(path, () => unlinkSync(path)));

/** After another error, which says more. */
function tryToRemove(path: string): void {
	try {
		remove(path);
	} catch {
		// It is removed when one of its name is made again.
	}
}

async function rename(from: string, to: string): Promise<void> {
	if (isWindows) await moveOverLater(from, to);
	else byName(to, () => renameSync(from, to));
}

/** Creates a folder and its parents. Node's own recursive mkdir never ends where the system returns ENOENT, as below /proc. */
async function makeFolder(path: string): Promise<void> {
	const make = () => {
		try {
			byName(path, () => mkdirSync(path));
			return undefined;
		} catch (error) {
			return error as NodeJS.ErrnoException;
		}
	};
	let failure = make();
	if (failure?.code === "ENOENT" && dirname(path) !== path) {
		await makeFolder(dirname(path));
		failure = make();
	}
	if (failure && !(await orUndefined("ENOENT", isFolder(path)))) throw failure;
}

async function writeWhole(path: string, chunks: Iterable<string>): Promise<void> {
	const temporary = `${path}.${process.pid}.tmp`;
	await makeFolder(dirname(path));
	// No other process has our pid, so this file is left over from an earlier one.
	remove(temporary);
	const fd = byName(temporary, () => openSync(temporary, CREATE, 0o644));
	let isOpen = true;
	try {
		for (const chunk of chunks) {
			if (holdsSecret(chunk)) throw new Error(`a token was about to be written to ${path}`);
			await writeAll(fd, chunk);
		}
		await sync(fd);
		isOpen = false;
		closeSync(fd);
		await rename(temporary, path);
	} catch (error) {
		if (isOpen) closeSync(fd);
		tryToRemove(temporary);
		throw error;
	}
	await syncFolder(dirname(path));
}

const [write, sync] = [promisify(writeCallback), promisify(fsync)];

async function writeAll(fd: number, text: string): Promise<void> {
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; ) at += (await write(fd, bytes, at, bytes.length - at, null)).bytesWritten;
}

/** Makes a rename durable. Windows cannot open a folder and does not need this. */
async function syncFolder(path: string): Promise<void> {
	if (isWindows) return;
	const folder = await open(path, constants.O_RDONLY);
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}

async function renameAside(path: string, name: string): Promise<string> {
	for (let number = 1; ; number++) {
		const aside = `.corrupt-${number}`;
		if (await orUndefined("ENOENT", stat(path + aside))) continue;
		await rename(path, path + aside);
		return name + aside;
	}
}

/** Locks held by this process, to tell whether a lock with our pid is ours or an earlier process's. */
const ours = new Set<string>();

/** The owner of a lock says so often that it lives; one that was not heard of for so long is gone, wherever it ran. */
const HEARTBEAT_MS = 10_000;
export const LEASE_MS = 60_000;

/**
 * A lock file with its owner in it, which the owner writes anew while it lives: a crash leaves nothing that lasts. That of a dead owner on
 * this machine is taken over at once, any other when it was silent for the time of a lease, by the clock of the file system. Two processes
 * that try this at once lock each other out with a second file, which becomes the lock by a rename.
 */
async function claim(lock: string): Promise<Claim | undefined> {
	await makeFolder(dirname(lock));
	const key = isWindows ? lock.toLowerCase() : lock;
	if (ours.has(key)) return undefined;
	// At once: a lock file with our own number that is not among ours counts as left by an earlier process.
	ours.add(key);
	let isTaken = false;
	try {
		isTaken = await take(lock);
	} finally {
		if (!isTaken) ours.delete(key);
	}
	if (!isTaken) return undefined;
	// Where the folder went away nobody else has it, and it is made again with what is written next.
	const isHeld = async () => {
		const owner = ownerOf(lock);
		if (owner !== undefined) return owner === OWNER;
		await makeFolder(dirname(lock));
		return create(lock);
	};
	const timer = setInterval(() => {
		isHeld()
			.then((held) => (held ? inLock(lock, constants.O_WRONLY, (fd) => writeSync(fd, OWNER, 0)) : undefined))
			.catch(() => undefined);
	}, HEARTBEAT_MS).unref();
	return {
		isHeld,
		release: async () => {
			clearInterval(timer);
			ours.delete(key);
			try {
				if (ownerOf(lock) === OWNER) remove(lock);
			} catch {
				// Whoever comes next takes it over.
			}
		},
	};
}

/** Makes the lock file ours, if nobody who lives has it. */
async function take(lock: string): Promise<boolean> {
	if (create(lock)) return true;
	const stale = staleOwner(lock);
	if (stale === undefined) return false;
	const next = `${lock}.next`;
	if (!(await take(next))) return false;
	try {
		// Since the first look its owner may have released it, and another taken it.
		if (staleOwner(lock) === stale) {
			await rename(next, lock);
			return true;
		}
	} catch (error) {
		tryToRemove(next);
		throw error;
	}
	remove(next);
	return false;
}

const OWNER = `${process.pid} ${hostname()}\n`;

/** More than any owner's line. */
const LOCK_BYTES = 1_024;

function ownerOf(lock: string): string | undefined {
	return inLock(lock, constants.O_RDONLY, (fd) => {
		const bytes = Buffer.alloc(LOCK_BYTES);
		return bytes.toString("utf8", 0, readSync(fd, bytes, 0, LOCK_BYTES, 0));
	});
}

/** Works on a lock file, if there is one. A link, a pipe or a device in its place is an error, which would lead elsewhere or keep us waiting. */
function inLock<T>(lock: string, mode: number, work: (fd: number) => T): T | undefined {
	const flags = mode | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
	const fd = unless("ENOENT", () => byName(lock, () => openSync(lock, flags)));
	if (fd === undefined) return undefined;
	try {
		if (!fstatSync(fd).isFile()) throw notRegular();
		return work(fd);
	} finally {
		closeSync(fd);
	}
}

/**
 * Makes a lock file with its owner in it, in one step where the file system can: one without an owner, of a process that was killed between
 * two steps, would keep everybody out for the time of a lease.
 */
function create(path: string): boolean {
	const ready = `${path}.${process.pid}.new`;
	remove(ready);
	writeOwner(ready);
	try {
		const link = () => {
			linkSync(ready, path);
			return true;
		};
		return unless("EEXIST", () => byName(path, link)) ?? false;
	} catch (error) {
		if (!hasNoLinks(error)) throw error;
		return unless("EEXIST", () => writeOwner(path)) ?? false;
	} finally {
		tryToRemove(ready);
	}
}

function writeOwner(path: string): true {
	const fd = byName(path, () => openSync(path, CREATE, 0o644));
	try {
		writeSync(fd, OWNER);
		return true;
	} catch (error) {
		tryToRemove(path);
		throw error;
	} finally {
		closeSync(fd);
	}
}

/** What a lock file says of an owner that is gone. */
function staleOwner(lock: string): string | undefined {
	const text = ownerOf(lock);
	if (text === undefined) return undefined;
	const [pid = "", host = ""] = text.trim().split(" ");
	if (host === hostname() && (Number(pid) === process.pid || !isAlive(Number(pid)))) return text;
	// One from the future was last written before the clock was set back.
	return Math.abs(silence(lock)) > LEASE_MS ? text : undefined;
}

/** How long a file was not written, in milliseconds, measured with a file that is written now: a server's clock need not be ours. */
function silence(path: string): number {
	const probe = `${path}.${process.pid}.now`;
	remove(probe);
	const fd = byName(probe, () => openSync(probe, CREATE, 0o644));
	try {
		writeSync(fd, OWNER);
		const now = fstatSync(fd).mtimeMs;
		const then = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now;
		return now - then;
	} finally {
		closeSync(fd);
		tryToRemove(probe);
	}
}
