import {
	closeSync,
	constants,
	fstatSync,
	linkSync,
	openSync,
	readFileSync,
	readlinkSync,
	readSync,
	statSync,
	writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { isAlive } from "./alive.ts";
import {
	byName,
	CREATE,
	makeFolders,
	namesBehind,
	notRegular,
	remove,
	rename,
	tryToRemove,
	unless,
} from "./by-name.ts";
import { hasNoLinks } from "./moving.ts";
import { isWindows } from "./system.ts";

export interface Claim {
	/** Whether it is still ours: a process that was stopped for long loses it to another. */
	isHeld(): Promise<boolean>;
	release(): Promise<void>;
}

/** Locks held by this process, to tell whether a lock with our pid is ours or an earlier process's. */
const ours = new Set<string>();

/** The owner of a lock says so often that it lives; one that was not heard of for so long is gone, wherever it ran. */
const HEARTBEAT_MS = 10_000;
export const LEASE_MS = 60_000;

/**
 * A lock file with its owner in it, which the owner writes anew while it lives: a crash leaves nothing that lasts. That of a dead owner on
 * this machine is taken over at once, any other when it was silent for the time of a lease, by the clock of the file system. Two processes
 * that try this at once lock each other out with a second file.
 */
export async function claim(lock: string): Promise<Claim | undefined> {
	await makeFolders(dirname(lock));
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
	await sweep(lock);
	let heardAt = Date.now();
	const isHeld = async () => {
		const owner = ownerOf(lock);
		if (owner !== undefined) return owner === OWNER;
		// After so long another may have taken it, worked, and released it: also while it is made again.
		const isSilent = () => Math.abs(Date.now() - heardAt) > LEASE_MS;
		if (isSilent()) return false;
		// Where the folder went away nobody else has it, and it is made again with what is written next.
		await makeFolders(dirname(lock));
		if (!create(lock)) return false;
		if (isSilent()) await takeAway(lock, OWNER);
		return !isSilent();
	};
	const beat = async () => {
		const at = Date.now();
		if ((await isHeld()) && inLock(lock, constants.O_RDWR, sayAlive)) heardAt = at;
	};
	const timer = setInterval(() => void beat().catch(() => undefined), HEARTBEAT_MS).unref();
	return {
		isHeld,
		release: async () => {
			clearInterval(timer);
			ours.delete(key);
			try {
				if (ownerOf(lock) === OWNER) await takeAway(lock, OWNER);
			} catch {
				// Whoever comes next takes it over.
			}
		},
	};
}

/** What stands behind the name of a lock in the names of the second lock and of the files that become, became or measure one. */
const BESIDE = /^(?:\.next|\.\d+\.(?:new|now|old))+$/;

/** Removes what processes that were killed left beside a lock that is ours now. Whoever lives keeps theirs. */
async function sweep(lock: string): Promise<void> {
	for (const path of namesBehind(lock, BESIDE)) {
		try {
			const stale = ownerOf(path) === OWNER ? undefined : staleOwner(path);
			if (stale === undefined) continue;
			if (path.endsWith(".next")) await takeAway(path, stale);
			else tryToRemove(path);
		} catch {
			// It harms nobody, and whoever comes next looks again.
		}
	}
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
		return staleOwner(lock) === stale && (await takeAway(lock, stale)) && create(lock);
	} finally {
		await takeAway(next, OWNER);
	}
}

/**
 * Removes a lock of which a look showed this owner. Since the look this process may have slept for longer than a lease, and the lock may be
 * another's: so it gets a name of our own first, and what is not that owner's is put back. For that moment the other has no lock, and makes
 * it again when it looks, unless a third has it then.
 */
async function takeAway(lock: string, owner: string): Promise<boolean> {
	const taken = `${lock}.${process.pid}.old`;
	remove(taken);
	const isThere = await rename(lock, taken).then(
		() => true,
		(error: NodeJS.ErrnoException) => {
			if (error.code === "ENOENT") return false;
			throw error;
		},
	);
	if (!isThere) return false;
	try {
		const found = ownerOf(taken);
		if (found === owner) return true;
		if (found !== undefined) giveName(taken, lock, found);
		return false;
	} finally {
		tryToRemove(taken);
	}
}

/**
 * A number of a process means something in one table of processes alone: each start of a machine and each container has its own, and two of
 * them may have one host name. https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
 */
const TABLE = processTable();
const OWNER = `${process.pid} ${hostname()}${TABLE === undefined ? "" : ` ${TABLE}`}\n`;

function processTable(): string | undefined {
	try {
		return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${readlinkSync("/proc/self/ns/pid")}`;
	} catch {
		return undefined;
	}
}

/** More than any owner's line. */
const LOCK_BYTES = 1_024;

function ownerOf(lock: string): string | undefined {
	return inLock(lock, constants.O_RDONLY, textOf);
}

function textOf(fd: number): string {
	const bytes = Buffer.alloc(LOCK_BYTES);
	return bytes.toString("utf8", 0, readSync(fd, bytes, 0, LOCK_BYTES, 0));
}

/**
 * Says that its owner lives, in a file that says that we are the owner. Between the two this process may sleep for longer than a lease: who
 * takes the lock over puts another file in its place, and this one is nobody's.
 */
function sayAlive(fd: number): boolean {
	if (textOf(fd) !== OWNER) return false;
	writeSync(fd, OWNER, 0);
	return true;
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
	writeOwner(ready, OWNER);
	try {
		return giveName(ready, path, OWNER);
	} finally {
		tryToRemove(ready);
	}
}

/** Gives a lock file its name, unless one has it: the file itself, or one that says the same where a file has one name only. */
function giveName(from: string, path: string, owner: string): boolean {
	try {
		const link = () => {
			linkSync(from, path);
			return true;
		};
		return unless("EEXIST", () => byName(path, link)) ?? false;
	} catch (error) {
		if (!hasNoLinks(error)) throw error;
		return unless("EEXIST", () => writeOwner(path, owner)) ?? false;
	}
}

function writeOwner(path: string, owner: string): true {
	const fd = byName(path, () => openSync(path, CREATE, 0o644));
	try {
		writeSync(fd, owner);
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
	const [pid = "", host = "", table = TABLE] = text.trim().split(" ");
	const isHere = host === hostname() && table === TABLE;
	if (isHere && (Number(pid) === process.pid || !isAlive(Number(pid)))) return text;
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
