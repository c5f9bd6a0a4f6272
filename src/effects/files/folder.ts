import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, realpath, rename, stat, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ioError } from "../../base/io-error.ts";
import { fingerprint } from "../../token/fingerprint.ts";
import { holdsSecret } from "../../token/guard.ts";

/** A folder whose files only this tool writes. Every failure is a `CrossfadeError` (io) that names the file. */
export interface Folder {
	readonly path: string;
	/** The same for whoever opens it on this machine, by whatever path, once it is there; it tells the path to nobody. */
	id(): Promise<string>;
	/** Whether it is there. */
	exists(): Promise<boolean>;
	/** Its regular files with a stamp that changes when the content does. */
	list(): Promise<{ readonly name: string; readonly stamp: string }[]>;
	/** A file's bytes; undefined when it is not there. */
	read(name: string): Promise<Uint8Array | undefined>;
	/** Makes the folder if need be and replaces a file whole or not at all. Lets other work go on between two chunks. */
	write(name: string, chunks: Iterable<string>): Promise<void>;
	/** Renames a file to `<name>.corrupt-<n>` and returns that name. */
	setAside(name: string): Promise<string>;
	/** Makes a name ours until it is released or this process ends; undefined when a living process has it. */
	claim(name: string): Promise<Claim | undefined>;
}

export interface Claim {
	/** Whether it is still ours: a process that was stopped for long loses it to another. */
	isHeld(): Promise<boolean>;
	release(): Promise<void>;
}

/** A folder that need not exist yet; throws when something else is there. */
export async function openFolder(path: string): Promise<Folder> {
	const root = resolve(path);
	const inside = <T>(verb: string, name: string, work: (full: string) => Promise<T>) =>
		work(join(root, name)).catch((error: unknown) => {
			throw (error as NodeJS.ErrnoException).code === undefined ? error : ioError(join(path, name), verb, error);
		});
	const exists = () => inside("open", "", isFolder);
	await exists();
	return {
		path,
		id: async () => fingerprint(`${hostname()}\n${(await orUndefined("ENOENT", realpath(root))) ?? root}`),
		exists,
		list: () => inside("list", "", stamps),
		read: (name) => inside("read", name, (full) => orUndefined("ENOENT", readRegular(full))),
		write: (name, chunks) => inside("write", name, (full) => writeWhole(full, chunks)),
		setAside: (name) => inside("set aside", name, (full) => renameAside(full, name)),
		claim: (name) => inside("claim", name, (full) => claim(`${full}.lock`)),
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

/** Reads what has an end: a named pipe or a device in the place of a file would keep the reader for ever. */
async function readRegular(path: string): Promise<Uint8Array> {
	const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
	try {
		if (!(await file.stat()).isFile()) throw Object.assign(new Error("not a regular file"), { code: "EINVAL" });
		return await file.readFile();
	} finally {
		await file.close();
	}
}

async function isFolder(path: string): Promise<boolean> {
	const stats = await orUndefined("ENOENT", stat(path));
	if (stats && !stats.isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
	return stats !== undefined;
}

async function stamps(path: string): Promise<{ name: string; stamp: string }[]> {
	const entries = (await orUndefined("ENOENT", readdir(path, { withFileTypes: true }))) ?? [];
	const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
	const found = await Promise.all(
		files.sort().map(async (name) => ({ name, stats: await orUndefined("ENOENT", stat(join(path, name))) })),
	);
	return found.flatMap(({ name, stats }) =>
		stats ? [{ name, stamp: `${stats.ino} ${stats.mtimeMs} ${stats.size}` }] : [],
	);
}

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Makes a folder and those above it. Node's own way to do that never ends where the system answers ENOENT for a place like /proc. */
async function makeFolder(path: string): Promise<void> {
	const make = () => mkdir(path).catch((error: NodeJS.ErrnoException) => error);
	let failure = await make();
	if (failure?.code === "ENOENT" && dirname(path) !== path) {
		await makeFolder(dirname(path));
		failure = await make();
	}
	if (failure && !(await orUndefined("ENOENT", isFolder(path)))) throw failure;
}

async function writeWhole(path: string, chunks: Iterable<string>): Promise<void> {
	const temporary = `${path}.${process.pid}.tmp`;
	await makeFolder(dirname(path));
	// Nobody else has this process's number: what lies there is left from an earlier one.
	await orUndefined("ENOENT", unlink(temporary));
	const file = await open(temporary, CREATE, 0o644);
	try {
		for (const chunk of chunks) {
			if (holdsSecret(chunk)) throw new Error(`a token was about to be written to ${path}`);
			await file.writeFile(chunk);
		}
		await file.sync();
		await file.close();
		await rename(temporary, path);
	} catch (error) {
		await file.close().catch(() => undefined);
		await unlink(temporary).catch(() => undefined);
		throw error;
	}
	await syncFolder(dirname(path));
}

/** Makes a rename last. Windows cannot open a folder, and needs no such thing. */
async function syncFolder(path: string): Promise<void> {
	if (process.platform === "win32") return;
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

/** Claims of this process, so that an owner with our own number is known to be an earlier process or ourselves. */
const ours = new Set<string>();

/** The owner of a lock says so often that it lives; one that was not heard of for so long is gone, wherever it ran. */
const HEARTBEAT_MS = 10_000;
const LEASE_MS = 60_000;

/**
 * A lock file with its owner in it, which the owner writes anew while it lives: a crash leaves nothing that lasts. That of a dead owner on
 * this machine is taken over at once, any other when it was silent for the time of a lease, by the clock of the file system. Two processes
 * that try so at once exclude each other by a second file, which becomes the lock by a rename.
 */
async function claim(lock: string): Promise<Claim | undefined> {
	await makeFolder(dirname(lock));
	if (ours.has(lock)) return undefined;
	// At once: a lock file with our own number that is not among ours counts as left by an earlier process.
	ours.add(lock);
	let isTaken = false;
	try {
		isTaken = await take(lock);
	} finally {
		if (!isTaken) ours.delete(lock);
	}
	if (!isTaken) return undefined;
	// Where the folder went away nobody else has it, and it is made again with what is written next.
	const isHeld = async () => {
		const owner = await ownerOf(lock);
		if (owner !== undefined) return owner === OWNER;
		await makeFolder(dirname(lock));
		return create(lock);
	};
	const timer = setInterval(() => {
		isHeld()
			.then((held) => (held ? writeFile(lock, OWNER, { flag: "r+" }) : undefined))
			.catch(() => undefined);
	}, HEARTBEAT_MS).unref();
	return {
		isHeld,
		release: async () => {
			clearInterval(timer);
			ours.delete(lock);
			if ((await ownerOf(lock).catch(() => undefined)) === OWNER) await unlink(lock).catch(() => undefined);
		},
	};
}

/** Makes the lock file ours, if nobody who lives has it. */
async function take(lock: string): Promise<boolean> {
	if (await create(lock)) return true;
	if (!(await isStale(lock))) return false;
	const next = `${lock}.next`;
	if (!(await create(next))) {
		if (!(await isStale(next))) return false;
		await orUndefined("ENOENT", unlink(next));
		if (!(await create(next))) return false;
	}
	if (!(await isStale(lock))) {
		await unlink(next);
		return false;
	}
	await rename(next, lock);
	return true;
}

const OWNER = `${process.pid} ${hostname()}\n`;

function ownerOf(lock: string): Promise<string | undefined> {
	return orUndefined("ENOENT", readFile(lock, "utf8"));
}

async function create(path: string): Promise<boolean> {
	const file = await orUndefined("EEXIST", open(path, CREATE, 0o644));
	try {
		await file?.writeFile(OWNER);
	} catch (error) {
		await unlink(path).catch(() => undefined);
		throw error;
	} finally {
		await file?.close();
	}
	return file !== undefined;
}

async function isStale(lock: string): Promise<boolean> {
	const text = await ownerOf(lock);
	if (text === undefined) return false;
	const [pid = "", host = ""] = text.trim().split(" ");
	if (host === hostname() && (Number(pid) === process.pid || !isAlive(Number(pid)))) return true;
	return (await silence(lock)) > LEASE_MS;
}

/** How long a file was not written, in milliseconds, measured with a file that is written now: a server's clock need not be ours. */
async function silence(path: string): Promise<number> {
	const probe = `${path}.${process.pid}.now`;
	await orUndefined("ENOENT", unlink(probe));
	const file = await open(probe, CREATE, 0o644);
	try {
		await file.writeFile(OWNER);
		const now = (await file.stat()).mtimeMs;
		const then = (await orUndefined("ENOENT", stat(path)))?.mtimeMs ?? now;
		return now - then;
	} finally {
		await file.close();
		await unlink(probe).catch(() => undefined);
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
