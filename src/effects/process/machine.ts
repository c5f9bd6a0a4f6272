import {
	closeSync,
	constants,
	fstatSync,
	lstatSync,
	openSync,
	readdirSync,
	readlinkSync,
	readSync,
	realpathSync,
	type Stats,
	statSync,
} from "node:fs";
import { homedir, hostname } from "node:os";
import { ownEntry } from "../../base/lookup.ts";
import { accessOf } from "../files/access.ts";
import { isWindows, system } from "../files/system.ts";

/** Read-only inspection of the machine; never throws because something is missing. */
export interface Machine {
	readonly os: "macos" | "linux" | "windows" | "other";
	/** Whose eyes it looks with: this account, or as root the owner of the home. */
	readonly uid: number;
	/** Root looks at the home of another account. */
	readonly isOthers: boolean;
	readonly home: string;
	readonly hostname: string;
	readonly cwd: string;
	/** A file, following symbolic links; `unreadable` if that account may not read it, as far as modes and groups say. */
	look(path: string, maxBytes: number): Sight;
	/** The names in a folder, sorted; none if it is not a folder or cannot be read. */
	list(path: string): readonly string[];
	/** A symbolic link's target; undefined for anything else. */
	linkOf(path: string): string | undefined;
	/** The path with symbolic links resolved; undefined if it does not exist. */
	realPath(path: string): string | undefined;
	/** Whether other accounts can read a file, as far as its mode says, or on Windows its access list, where that can be seen. */
	access(path: string): "private" | "open" | "unknown";
}

export type Sight =
	| { readonly kind: "absent" | "folder" | "unreadable" | "other" | "large" }
	| {
			readonly kind: "file";
			readonly bytes: Uint8Array;
			/** Permission bits; undefined on Windows, which has none. */
			readonly mode: number | undefined;
			readonly uid: number;
			/** Last change of the content, the mode or the owner, in milliseconds since the epoch: a renamed or restored file keeps its mtime. */
			readonly changedAt: number;
	  };

const systems: Readonly<Record<string, Machine["os"]>> = { darwin: "macos", linux: "linux", win32: "windows" };

export function nodeMachine(): Machine {
	const home = (isWindows ? undefined : process.env["HOME"]) || homedir();
	const self = process.getuid?.() ?? -1;
	const other = self === 0 ? ownerOf(home) : undefined;
	const isVisible = (path: string) => other === undefined || mayRead(path, other);
	return {
		os: ownEntry(systems, system) ?? "other",
		uid: other?.uid ?? self,
		isOthers: other !== undefined,
		home,
		hostname: hostname(),
		cwd: process.cwd(),
		look: (path, maxBytes) => (isVisible(path) ? look(path, maxBytes) : { kind: "unreadable" }),
		list: (path) => (isVisible(path) ? (attempt(() => readdirSync(path).sort()) ?? []) : []),
		linkOf: (path) => attempt(() => (lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined)),
		realPath: (path) => attempt(() => realpathSync(path)),
		access: (path) => {
			if (isWindows) return accessOf(path);
			const mode = attempt(() => statSync(path).mode);
			return mode === undefined ? "unknown" : (mode & 0o077) === 0 ? "private" : "open";
		},
	};
}

/** An account, as far as modes of files ask. */
interface HomeOwner {
	readonly uid: number;
	readonly groups: readonly number[];
}

/** The owner of a home, if it is not root. */
function ownerOf(home: string): HomeOwner | undefined {
	const stats = attempt(() => statSync(home));
	if (stats === undefined || stats.uid === 0) return undefined;
	// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/id.html
	const { execFileSync } = process.getBuiltinModule("node:child_process");
	const groups = attempt(() => execFileSync("id", ["-G", String(stats.uid)], { encoding: "utf8", stdio: "pipe" }));
	return { uid: stats.uid, groups: groups?.trim().split(/\s+/).map(Number) ?? [stats.gid] };
}

/** Whether an account may enter every folder above a file and read it; true if there is no such file. */
function mayRead(path: string, account: HomeOwner): boolean {
	const real = attempt(() => realpathSync(path)) ?? path;
	const folders = [...new Set([path, real].flatMap(foldersAbove))];
	const permits = (each: string, bit: number) => {
		const stats = attempt(() => statSync(each));
		return stats === undefined || (modeFor(stats, account) & bit) !== 0;
	};
	return folders.every((folder) => permits(folder, constants.X_OK)) && permits(real, constants.R_OK);
}

function foldersAbove(path: string): string[] {
	const parts = path.split("/").slice(0, -1);
	return parts.map((_, index) => parts.slice(0, index + 1).join("/") || "/");
}

/** The three permission bits that count for an account. https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap04.html#tag_04_07 */
function modeFor({ mode, uid, gid }: Stats, account: HomeOwner): number {
	if (uid === account.uid) return mode >> 6;
	return account.groups.includes(gid) ? mode >> 3 : mode;
}

function look(path: string, maxBytes: number): Sight {
	let fd: number;
	try {
		// Opening must not hang on a FIFO without a writer.
		fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		return { kind: code === "ENOENT" || code === "ENOTDIR" ? "absent" : "unreadable" };
	}
	try {
		const stats = fstatSync(fd);
		if (!stats.isFile()) return { kind: stats.isDirectory() ? "folder" : "other" };
		if (stats.size > maxBytes) return { kind: "large" };
		return {
			kind: "file",
			bytes: content(fd, maxBytes),
			mode: isWindows ? undefined : stats.mode & 0o777,
			uid: stats.uid,
			changedAt: Math.max(stats.mtimeMs, stats.ctimeMs),
		};
	} catch {
		return { kind: "unreadable" };
	} finally {
		closeSync(fd);
	}
}

/** Reads to the end, ignoring the reported size, which is 0 for files in /proc. */
function content(fd: number, limit: number): Uint8Array {
	const pieces: Uint8Array[] = [];
	for (let total = 0; total <= limit; ) {
		const piece = Buffer.alloc(1 << 16);
		const got = readSync(fd, piece, 0, piece.length, null);
		if (got === 0) break;
		pieces.push(piece.subarray(0, got));
		total += got;
	}
	return Buffer.concat(pieces);
}

function attempt<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch {
		return undefined;
	}
}
