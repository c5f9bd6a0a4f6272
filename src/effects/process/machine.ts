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
} from "node:fs";
import { homedir } from "node:os";
import { ownEntry } from "../../base/lookup.ts";

/** Read-only inspection of the machine; never throws because something is missing. */
export interface Machine {
	readonly os: "macos" | "linux" | "other";
	readonly uid: number;
	readonly home: string;
	readonly cwd: string;
	/** A file, following symbolic links. */
	look(path: string, maxBytes: number): Sight;
	/** The names in a folder, sorted; none if it is not a folder or cannot be read. */
	list(path: string): readonly string[];
	/** A symbolic link's target; undefined for anything else. */
	linkOf(path: string): string | undefined;
	/** The path with symbolic links resolved; undefined if it does not exist. */
	realPath(path: string): string | undefined;
}

export type Sight =
	| { readonly kind: "absent" | "folder" | "unreadable" | "other" | "large" }
	| {
			readonly kind: "file";
			readonly bytes: Uint8Array;
			/** Permission bits. */
			readonly mode: number;
			readonly uid: number;
			/** Last change of the content, in milliseconds since the epoch. */
			readonly changedAt: number;
	  };

const systems: Readonly<Record<string, Machine["os"]>> = { darwin: "macos", linux: "linux" };

export function nodeMachine(): Machine {
	return {
		os: ownEntry(systems, process.platform) ?? "other",
		uid: process.getuid?.() ?? -1,
		home: process.env["HOME"] || homedir(),
		cwd: process.cwd(),
		look,
		list: (path) => attempt(() => readdirSync(path).sort()) ?? [],
		linkOf: (path) => attempt(() => (lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined)),
		realPath: (path) => attempt(() => realpathSync(path)),
	};
}

function look(path: string, maxBytes: number): Sight {
	let fd: number;
	try {
		// Opening must not hang on a FIFO without a writer.
		fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
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
			mode: stats.mode & 0o777,
			uid: stats.uid,
			changedAt: stats.mtimeMs,
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
