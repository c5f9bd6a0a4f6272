import { randomBytes } from "node:crypto";
import { closeSync, constants, type Dirent, fsync, openSync, write as writeCallback } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { ioError } from "../../base/io-error.ts";
import { holdsSecret } from "../../token/guard.ts";
import {
	byName,
	CREATE,
	isFolder,
	makeFolders,
	namesBehind,
	notRegular,
	orUndefined,
	remove,
	rename,
	tryToRemove,
} from "./by-name.ts";
import { type Claim, claim } from "./claim.ts";
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
			// Only who has the lock writes.
			if (taken) for (const left of namesBehind(join(root, name), TEMPORARY)) tryToRemove(left);
			return taken && { ...taken, isHeld: () => inside("claim", `${name}.lock`, taken.isHeld) };
		},
	};
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

/** The end of the name under which a file is written. */
const TEMPORARY = /^\.\d+\.tmp$/;

async function writeWhole(path: string, chunks: Iterable<string>): Promise<void> {
	const temporary = `${path}.${process.pid}.tmp`;
	await makeFolders(dirname(path));
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
