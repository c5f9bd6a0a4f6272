import {
	closeSync,
	fstatSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	type Stats,
	statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve, sep } from "node:path";
import { CrossfadeError } from "../../base/errors.ts";
import { ioError } from "../../base/io-error.ts";
import type { Secret } from "../../token/secret.ts";
import { accessOf, restrict } from "./access.ts";
import { asOwnerOf } from "./as-owner.ts";
import { atOnce, fromDescriptor } from "./descriptor.ts";
import type { Files, FileToWrite, FolderEntry, ReadOptions, SecretFileToWrite } from "./files.ts";
import { moveOver, removeOurs } from "./moving.ts";
import { createWhole, exists, refuseSecret, removeLeft, temporaryName, writeNew } from "./new-file.ts";
import { holdsJust, openRegular, readWhole, tooLarge } from "./regular.ts";
import { replaceWhole } from "./replace.ts";
import { isWindows } from "./system.ts";
import { refuseOddName } from "./windows-names.ts";

/** The same path, if it names a file on this system too. */
function named(path: string): string {
	if (isWindows && path !== "-") refuseOddName(path);
	return path;
}

/** The real file system. */
export const nodeFiles: Files = {
	read: async (path, options) => (path === "-" ? readInput(options) : readWhole(named(path), options)),
	stream: (path) => pieces(path),
	stamp: async (path) => {
		try {
			const { ino, mtimeMs, size } = statSync(named(path));
			return { stamp: `${ino} ${mtimeMs} ${size}`, writtenAt: mtimeMs };
		} catch (error) {
			throw ioError(path, "read", error);
		}
	},
	replace: async (path, content, options) =>
		asOwnerOf(dirname(named(path)), () => replaceWhole(path, content, options)),
	writeAll: async (folder, artefacts, options) => writeArtefacts(folder, artefacts, options.force),
	assertFree: async (paths) => {
		const taken = paths.map((path) => resolve(named(path))).filter(exists);
		if (taken.length > 0) throw wouldOverwrite(taken);
	},
	createSecret: async (path, secret) => {
		try {
			asOwnerOf(dirname(named(path)), () => createWhole(path, Buffer.from(secret.reveal())));
		} catch (error) {
			throw error instanceof CrossfadeError ? error : ioError(path, "create", error);
		}
	},
	writeFilled: async (folder, artefacts, { files, secret }, options) =>
		writeArtefacts(folder, [...artefacts, ...filledIn(artefacts, files, secret)], options.force),
	walk: async (folder) => entriesBelow(folder),
	isWithRoot: (path) => deviceOf(resolve(path)) === deviceOf("/"),
	removeLeft: (path) => {
		try {
			asOwnerOf(dirname(path), () => removeLeft(path));
		} catch {
			// Who may not remove it did not leave it.
		}
	},
	tryFolder: async (path) => {
		try {
			asOwnerOf(dirname(named(path)), () => {
				const temporary = temporaryName(path);
				writeNew(temporary, new Uint8Array(), 0o600);
				rmSync(temporary);
			});
		} catch (error) {
			throw error instanceof CrossfadeError ? error : ioError(dirname(path), "write into", error);
		}
	},
	openJournal: async (path) => (await import("./journal-folder.ts")).openJournalFolder(path),
	withTemporary: async (name, content, use) => {
		const folder = mkdtempSync(join(tmpdir(), "crossfade-"));
		try {
			restrict(folder, true);
			const path = join(folder, name);
			writeNew(path, content, 0o600);
			return await use(path);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	},
	openFolder: async (path) => (await import("./folder.ts")).openFolder(path),
};

/** The name of standard input in messages. */
const INPUT = "<stdin>";

async function readInput({ maxBytes }: ReadOptions): Promise<Uint8Array> {
	const pieces: Uint8Array[] = [];
	for await (const piece of bounded(fromDescriptor(0), INPUT, maxBytes)) pieces.push(piece);
	return Buffer.concat(pieces);
}

/** No inventory of a fleet is larger; beyond it is the wrong file, or one that has no end. */
const MAX_STREAM_BYTES = 512 * 1024 * 1024;

async function* pieces(path: string): AsyncGenerator<Uint8Array> {
	if (path === "-") {
		yield* bounded(fromDescriptor(0), INPUT, MAX_STREAM_BYTES);
		return;
	}
	named(path);
	let fd: number | undefined;
	try {
		fd = openRegular(path);
		if (fstatSync(fd).size > MAX_STREAM_BYTES) throw tooLarge(path, MAX_STREAM_BYTES);
		yield* bounded(atOnce(fd), path, MAX_STREAM_BYTES);
	} catch (error) {
		throw error instanceof CrossfadeError ? error : ioError(path, "read", error);
	} finally {
		if (fd !== undefined) closeSync(fd);
	}
}

/** The same pieces, until they are more than they may be. */
async function* bounded(pieces: AsyncIterable<Uint8Array>, name: string, maxBytes: number): AsyncGenerator<Uint8Array> {
	let total = 0;
	try {
		for await (const piece of pieces) {
			total += piece.length;
			if (total > maxBytes) throw tooLarge(name, maxBytes);
			yield piece;
		}
	} catch (error) {
		throw error instanceof CrossfadeError ? error : ioError(name, "read", error);
	}
}

/** An artefact that is meant to contain a token. */
interface SecretArtefact extends FileToWrite {
	readonly holdsToken: true;
}

function filledIn(
	artefacts: readonly FileToWrite[],
	files: readonly SecretFileToWrite[],
	secret: Secret,
): SecretArtefact[] {
	if (!artefacts.some(({ path }) => path === ".gitignore"))
		throw new Error("a file that contains a token needs a .gitignore");
	return files.map(({ path, fill }) => {
		if (!/^[^/]+\.secret\.\w+$/.test(path)) throw new Error(`a token was about to be written to ${path}`);
		return { path, content: fill(secret.reveal()), mode: 0o600, holdsToken: true };
	});
}

function writeArtefacts(
	folder: string,
	artefacts: readonly (FileToWrite | SecretArtefact)[],
	force: boolean,
): string[] {
	const root = resolve(named(folder));
	const targets = artefacts.map((artefact) => {
		const path = resolve(root, artefact.path);
		if (!path.startsWith(root.endsWith(sep) ? root : root + sep))
			throw new Error(`an artefact outside the output folder: ${artefact.path}`);
		return { ...artefact, path, bytes: Buffer.from(artefact.content) };
	});
	for (const { path } of targets) named(path);
	for (const target of targets) if (!("holdsToken" in target)) refuseSecret(target.path, target.bytes);
	const different = targets.filter(({ path, bytes }) => !sameContent(path, bytes));
	const taken = different.filter(({ path }) => exists(path));
	// A file with a token is always rewritten: the existing one may be readable by others.
	const pending = targets.filter((target) => different.includes(target) || "holdsToken" in target);
	if (taken.length > 0 && !force) throw wouldOverwrite(taken.map(({ path }) => path));
	for (const { path, bytes, mode } of pending) {
		try {
			const folder = dirname(path);
			asOwnerOf(folder, () => mkdirSync(folder, { recursive: true }));
			// Somebody else may have made it first.
			asOwnerOf(folder, () => renameNew(path, bytes, mode ?? 0o644));
		} catch (error) {
			throw error instanceof CrossfadeError ? error : ioError(path, "write", error);
		}
	}
	return targets.map(({ path }) => path);
}

/** Puts a new file in the place of whatever has this name, and leaves nothing beside it. */
function renameNew(path: string, bytes: Uint8Array, mode: number): void {
	const temporary = temporaryName(path);
	writeNew(temporary, bytes, mode);
	try {
		moveOver(temporary, path);
	} catch (error) {
		removeOurs(temporary);
		throw error;
	}
}

/** Of the path, or of the folder above it that is there. */
function deviceOf(path: string): number | undefined {
	try {
		return statSync(path).dev;
	} catch {
		return dirname(path) === path ? undefined : deviceOf(dirname(path));
	}
}

/** A folder with more files than this is surely the wrong one. */
const MAX_ENTRIES = 2_000;

function entriesBelow(folder: string): FolderEntry[] {
	const found: FolderEntry[] = [];
	const look = (below: string): void => {
		for (const name of readdirSync(join(folder, below)).sort()) {
			const path = below === "" ? name : `${below}/${name}`;
			const stats = lstatSync(join(folder, path));
			if (stats.isDirectory()) look(path);
			else {
				const kind = stats.isFile() ? "file" : stats.isSymbolicLink() ? "link" : "other";
				found.push({ path, kind, mode: modeOf(join(folder, path), stats), size: stats.size });
			}
			if (found.length > MAX_ENTRIES) throw tooMany(folder);
		}
	};
	try {
		look("");
		return found;
	} catch (error) {
		throw error instanceof CrossfadeError ? error : ioError(folder, "look into", error);
	}
}

/** Windows has no modes; who has access is looked up for files that are meant to hold a token. */
function modeOf(path: string, stats: Stats): number | undefined {
	if (!isWindows) return stats.mode & 0o7777;
	const access = path.includes(".secret.") ? accessOf(path) : "unknown";
	return access === "unknown" ? undefined : access === "private" ? 0o600 : 0o666;
}

function tooMany(file: string): CrossfadeError {
	const expected = `at most ${MAX_ENTRIES} files`;
	const fix = "name the folder that crossfade created";
	return new CrossfadeError("refused", { what: "too many files in the folder", expected, where: { file }, fix });
}

function wouldOverwrite(paths: readonly string[]): CrossfadeError {
	const problems = paths.map((file) => ({
		what: "a different file already exists",
		expected: "no such file, or the same content",
		where: { file },
		fix: "choose another name, or add --force to overwrite it",
	}));
	return new CrossfadeError("refused", problems);
}

function sameContent(path: string, bytes: Uint8Array): boolean {
	try {
		const fd = openRegular(path);
		try {
			return holdsJust(fd, bytes);
		} finally {
			closeSync(fd);
		}
	} catch {
		return false;
	}
}
