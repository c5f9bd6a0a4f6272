import type { Secret } from "../../token/secret.ts";
import type { Folder } from "./folder.ts";
import type { JournalFolder } from "./journal-folder.ts";

export interface ReadOptions {
	/** Largest accepted size, in bytes. */
	readonly maxBytes: number;
}

export interface ReplaceOptions {
	/** Keep the old content next to the file; the value is the suffix of the backup's name. */
	readonly backupSuffix?: string | undefined;
	/** The file's content when it was read; if it has changed since, nothing is written. */
	readonly expected: Uint8Array;
	/** The one token that the new content may hold, of which the old one had nothing. */
	readonly secret?: Secret | undefined;
}

/** A file to write. */
export interface FileToWrite {
	/** Relative to the output folder, with forward slashes. */
	readonly path: string;
	readonly content: string | Uint8Array;
	/** Permission bits; 0o644 if not given. */
	readonly mode?: number;
}

/** A file that contains a token. */
export interface SecretFileToWrite {
	/** Relative to the output folder; always named `*.secret.*`. */
	readonly path: string;
	/** The content, made from the token. */
	fill(token: string): string | Uint8Array;
}

/** One entry of a folder. */
export interface FolderEntry {
	/** Relative to the folder, with forward slashes. */
	readonly path: string;
	readonly kind: "file" | "link" | "other";
	/** Permission bits; on Windows 0o600 or 0o666 for a file named `*.secret.*`, by who has access, and undefined where nobody looked. */
	readonly mode: number | undefined;
	readonly size: number;
}

export interface Files {
	/** The bytes of a regular file, or of standard input for `-`. Throws `CrossfadeError` (refused or io). */
	read(path: string, options: ReadOptions): Promise<Uint8Array>;
	/** The bytes of a regular file, or of standard input for `-`, in chunks, up to 512 MiB. Throws `CrossfadeError` (refused or io). */
	stream(path: string): AsyncIterable<Uint8Array>;
	/**
	 * A stamp of a file that changes with its content, and when it was last written, in milliseconds since the epoch by the clock of the file
	 * system. Throws `CrossfadeError` (io).
	 */
	stamp(path: string): Promise<{ readonly stamp: string; readonly writtenAt: number }>;
	/** Replaces a file atomically: temporary file in the same folder, fsync, rename; keeps mode and owner. Returns the backup's path. */
	replace(path: string, content: Uint8Array, options: ReplaceOptions): Promise<string | undefined>;
	/** Writes artefacts below a folder, each atomically; returns their paths. If files with other content exist, it writes nothing unless `force`. */
	writeAll(folder: string, artefacts: readonly FileToWrite[], options: { force: boolean }): Promise<string[]>;
	/** Throws `CrossfadeError` (refused) when one of these paths is taken: for work that writes at its end and should not be in vain. */
	assertFree(paths: readonly string[]): Promise<void>;
	/** Writes a token to a new file, readable only by its owner, without a line break. */
	createSecret(path: string, secret: Pick<Secret, "reveal">): Promise<void>;
	/**
	 * Like `writeAll`, and also writes files that contain the token, readable only by their owner. With `createSecret` the
	 * only way a token gets into a file: it must be named `*.secret.*`, and the artefacts must include a `.gitignore`.
	 */
	writeFilled(
		folder: string,
		artefacts: readonly FileToWrite[],
		filled: { readonly files: readonly SecretFileToWrite[]; readonly secret: Secret },
		options: { force: boolean },
	): Promise<string[]>;
	/** Every file below a folder, in order; does not follow links. Throws `CrossfadeError` (io, or refused if there are far too many). */
	walk(folder: string): Promise<FolderEntry[]>;
	/** Whether a path, or as much of it as exists, is in the file system of the root folder: in a container that ends with it. */
	isWithRoot(path: string): boolean;
	/** Removes what killed processes left beside a file, which can hold a token. Never throws. */
	removeLeft(path: string): void;
	/** Writes and removes a file beside a path: whether its folder takes one. Throws `CrossfadeError` (io). */
	tryFolder(path: string): Promise<void>;
	/** The journal of rotations, in a folder that need not exist yet. Throws `CrossfadeError` (io) if it is not a folder. */
	openJournal(path: string): Promise<JournalFolder>;
	/** Runs `use` with the path of a private temporary copy, removed afterwards. */
	withTemporary<T>(name: string, content: Uint8Array, use: (path: string) => Promise<T>): Promise<T>;
	/** A folder with only our files; it need not exist yet. Throws `CrossfadeError` (io) if it is not a folder. */
	openFolder(path: string): Promise<Folder>;
}
