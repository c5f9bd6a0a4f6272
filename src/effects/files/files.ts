import type { Secret } from "../../token/secret.ts";
import type { Folder } from "./folder.ts";

export interface ReadOptions {
	/** Refuse anything larger, in bytes. */
	readonly maxBytes: number;
}

export interface ReplaceOptions {
	/** Keep the old content beside the file; the value is the backup's file name suffix. */
	readonly backupSuffix?: string | undefined;
	/** What the file held when it was read; if it holds something else by now, nothing is written. */
	readonly expected: Uint8Array;
}

/** A file to write, as a stage describes it. */
export interface FileToWrite {
	/** Relative to the output folder, with forward slashes. */
	readonly path: string;
	readonly content: string | Uint8Array;
	/** Permission bits; 0o644 if not given. */
	readonly mode?: number;
}

/** A file that has a token in it. */
export interface SecretFileToWrite {
	/** Relative to the output folder; its name says what is in it: `*.secret.*`. */
	readonly path: string;
	/** The content, made from the token. */
	fill(token: string): string;
}

/** One entry of a folder. */
export interface FolderEntry {
	/** Relative to the folder, with forward slashes. */
	readonly path: string;
	readonly kind: "file" | "link" | "other";
	/** Permission bits. */
	readonly mode: number;
	readonly size: number;
}

export interface Files {
	/** The bytes of a regular file, or of standard input for `-`. Throws `CrossfadeError` (refused or io). */
	read(path: string, options: ReadOptions): Promise<Uint8Array>;
	/** The bytes of a regular file, or of standard input for `-`, piece by piece; however long it is. Throws `CrossfadeError` (refused or io). */
	stream(path: string): AsyncIterable<Uint8Array>;
	/** Replaces a file whole or not at all: temporary file in the same folder, fsync, rename; mode and owner are kept. Returns the backup's path. */
	replace(path: string, content: Uint8Array, options: ReplaceOptions): Promise<string | undefined>;
	/** Writes artefacts below a folder, each whole or not at all; returns their paths. Existing different files stop it before the first write unless `force`. */
	writeAll(folder: string, artefacts: readonly FileToWrite[], options: { force: boolean }): Promise<string[]>;
	/** Throws `CrossfadeError` (refused) when one of these paths is taken: for work that writes at its end and should not be in vain. */
	assertFree(paths: readonly string[]): Promise<void>;
	/** Writes a token to a file that must not exist yet, readable by its owner only, without a line break. */
	createSecret(path: string, secret: Secret): Promise<void>;
	/**
	 * Like `writeAll`, and besides files with the token in them, readable by their owner only. With `createSecret` and `replaceSecret` the
	 * one way a token gets into a file: it must be named `*.secret.*`, and a `.gitignore` must be among the artefacts.
	 */
	writeFilled(
		folder: string,
		artefacts: readonly FileToWrite[],
		filled: { readonly files: readonly SecretFileToWrite[]; readonly secret: Secret },
		options: { force: boolean },
	): Promise<string[]>;
	/** Everything below a folder but folders, in order; links are not followed. Throws `CrossfadeError` (io, or refused when it is far too much). */
	walk(folder: string): Promise<FolderEntry[]>;
	/** Puts a token in the place of the one that a file holds, by renaming a new file over it. */
	replaceSecret(path: string, secret: Secret): Promise<void>;
	/** Runs `use` with the path of a private temporary copy, removed afterwards. */
	withTemporary<T>(name: string, content: Uint8Array, use: (path: string) => Promise<T>): Promise<T>;
	/** A folder of files that are ours alone; it need not exist yet. Throws `CrossfadeError` (io) when it is no folder. */
	openFolder(path: string): Promise<Folder>;
}
