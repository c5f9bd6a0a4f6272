import {
	closeSync,
	constants,
	fchmodSync,
	fchownSync,
	fstatSync,
	fsyncSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	readSync,
	realpathSync,
	renameSync,
	rmSync,
	type Stats,
	statSync,
	unlinkSync,
	writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve, sep } from "node:path";
import { CrossfadeError } from "../../base/errors.ts";
import { ioError } from "../../base/io-error.ts";
import { holdsSecret } from "../../token/guard.ts";
import type { Secret } from "../../token/secret.ts";
import type { Files, FileToWrite, FolderEntry, ReadOptions, ReplaceOptions, SecretFileToWrite } from "./files.ts";

/** The real file system. */
export const nodeFiles: Files = {
	read: async (path, options) => readWhole(path, options),
	stream: (path) => pieces(path),
	replace: async (path, content, options) => replaceWhole(path, content, options),
	writeAll: async (folder, artefacts, options) => writeArtefacts(folder, artefacts, options.force),
	assertFree: async (paths) => {
		const taken = paths.map((path) => resolve(path)).filter(exists);
		if (taken.length > 0) throw wouldOverwrite(taken);
	},
	createSecret: async (path, secret) => {
		try {
			writeNew(path, Buffer.from(secret.reveal()), 0o600);
		} catch (error) {
			throw ioError(path, "create", error);
		}
	},
	writeFilled: async (folder, artefacts, { files, secret }, options) =>
		writeArtefacts(folder, [...artefacts, ...filledIn(artefacts, files, secret)], options.force),
	walk: async (folder) => entriesBelow(folder),
	replaceSecret: async (path, secret) => {
		try {
			const { mode } = lstatSync(path);
			const temporary = temporaryName(path);
			writeNew(temporary, Buffer.from(secret.reveal()), mode & 0o777);
			renameSync(temporary, path);
		} catch (error) {
			throw ioError(path, "replace", error);
		}
	},
	withTemporary: async (name, content, use) => {
		const folder = mkdtempSync(join(tmpdir(), "crossfade-"));
		try {
			const path = join(folder, name);
			writeNew(path, content, 0o600);
			return await use(path);
		} finally {
			rmSync(folder, { recursive: true, force: true });
		}
	},
	openFolder: async (path) => (await import("./folder.ts")).openFolder(path),
};

/** How each read problem differs from a plain file; `-` is standard input. */
function readWhole(path: string, { maxBytes }: ReadOptions): Uint8Array {
	const name = path === "-" ? "<stdin>" : path;
	let fd: number | undefined;
	try {
		// Opening must not hang on a FIFO without a writer.
		fd = path === "-" ? 0 : openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		const stats = fstatSync(fd);
		if (path !== "-" && !stats.isFile()) throw notRegular(name, stats);
		const bytes = readUpTo(fd, maxBytes + 1);
		if (bytes.length > maxBytes) throw tooLarge(name, maxBytes);
		return bytes;
	} catch (error) {
		throw error instanceof CrossfadeError ? error : ioError(name, "read", error);
	} finally {
		if (fd !== undefined && fd !== 0) closeSync(fd);
	}
}

async function* pieces(path: string): AsyncGenerator<Uint8Array> {
	const name = path === "-" ? "<stdin>" : path;
	let fd: number | undefined;
	try {
		fd = path === "-" ? 0 : openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		const stats = fstatSync(fd);
		if (path !== "-" && !stats.isFile()) throw notRegular(name, stats);
		for (;;) {
			const chunk = Buffer.allocUnsafe(1 << 16);
			const got = readSome(fd, chunk);
			if (got === 0) return;
			yield chunk.subarray(0, got);
		}
	} catch (error) {
		throw error instanceof CrossfadeError ? error : ioError(name, "read", error);
	} finally {
		if (fd !== undefined && fd !== 0) closeSync(fd);
	}
}

function readUpTo(fd: number, limit: number): Uint8Array {
	const chunks: Uint8Array[] = [];
	let total = 0;
	while (total < limit) {
		const chunk = Buffer.allocUnsafe(Math.min(1 << 16, limit - total));
		const got = readSome(fd, chunk);
		if (got === 0) break;
		chunks.push(chunk.subarray(0, got));
		total += got;
	}
	return Buffer.concat(chunks);
}

function readSome(fd: number, chunk: Buffer): number {
	for (;;) {
		try {
			return readSync(fd, chunk, 0, chunk.length, null);
		} catch (error) {
			const code = (error as NodeJS.ErrnoException).code;
			if (code === "EOF") return 0;
			if (code !== "EAGAIN") throw error;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
		}
	}
}

function notRegular(file: string, stats: Stats): CrossfadeError {
	const kinds = [
		[stats.isDirectory(), "a folder"],
		[stats.isFIFO(), "a named pipe"],
		[stats.isSocket(), "a socket"],
	] as const;
	const got = kinds.find(([is]) => is)?.[1] ?? "a device";
	const fix = "name the file itself, or use - for standard input";
	return new CrossfadeError("refused", {
		what: "cannot read this",
		expected: "a file",
		got,
		where: { file },
		fix,
	});
}

function tooLarge(file: string, maxBytes: number): CrossfadeError {
	const expected = `at most ${Math.round(maxBytes / 1024 / 1024)} MiB`;
	const fix = "check that this is the file you meant";
	return new CrossfadeError("refused", {
		what: "the file is too large",
		expected,
		got: "more",
		where: { file },
		fix,
	});
}

function replaceWhole(path: string, content: Uint8Array, options: ReplaceOptions): string | undefined {
	try {
		const stats = lstatSync(path);
		if (stats.isSymbolicLink()) throw symlinkTarget(path);
		refuseSecret(path, content, options.expected);
		if (!Buffer.from(readFileSync(path)).equals(options.expected)) throw changedMeanwhile(path);
		const temporary = temporaryName(path);
		const backup = options.backupSuffix === undefined ? undefined : freeName(`${path}${options.backupSuffix}`);
		try {
			writeNew(temporary, content, stats.mode & 0o7777, stats);
			if (backup !== undefined) writeNew(backup, options.expected, 0o600, stats);
			renameSync(temporary, path);
		} catch (error) {
			rmSync(temporary, { force: true });
			throw error;
		}
		syncFolder(dirname(path));
		return backup;
	} catch (error) {
		throw error instanceof CrossfadeError ? error : ioError(path, "replace", error);
	}
}

/** In the same folder, so that renaming it does not leave the file system. */
function temporaryName(path: string): string {
	return join(dirname(path), `.${basename(path)}.crossfade-${process.pid}`);
}

/** The name itself, or with a number behind it where two changes fell into one second. */
function freeName(path: string): string {
	for (let number = 1; ; number++) {
		const name = number === 1 ? path : `${path}-${number}`;
		if (!exists(name)) return name;
	}
}

/** A live secret that the file did not hold before must never get into it by us. */
function refuseSecret(path: string, content: Uint8Array, before?: Uint8Array): void {
	const text = Buffer.from(content).toString("utf8");
	const old = before === undefined ? "" : Buffer.from(before).toString("utf8");
	if (holdsSecret(text) && !holdsSecret(old)) throw new Error(`a token was about to be written to ${path}`);
}

function symlinkTarget(file: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the file to write is a symbolic link",
		expected: "a regular file, so that replacing it does not cut the link",
		got: `a link to ${realpathSync(file)}`,
		where: { file },
		fix: `name the file itself: ${realpathSync(file)}`,
	});
}

function changedMeanwhile(file: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the file changed while it was being worked on",
		where: { file },
		fix: "run the command again",
	});
}

/** Creates a file that must not exist, with its bytes safely on the disk. */
function writeNew(path: string, content: Uint8Array, mode: number, owner?: { uid: number; gid: number }): void {
	const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
	try {
		for (let at = 0; at < content.length; ) at += writeSync(fd, content, at);
		if (owner) keepOwner(fd, owner);
		fchmodSync(fd, mode);
		fsyncSync(fd);
	} catch (error) {
		unlinkSync(path);
		throw error;
	} finally {
		closeSync(fd);
	}
}

/** Fails for a user who may write the file but not give it away: better no change than a changed owner. */
function keepOwner(fd: number, owner: { uid: number; gid: number }): void {
	const now = fstatSync(fd);
	if (now.uid !== owner.uid || now.gid !== owner.gid) fchownSync(fd, owner.uid, owner.gid);
}

function syncFolder(folder: string): void {
	const fd = openSync(folder, constants.O_RDONLY);
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

/** An artefact that is meant to hold a token. */
interface SecretArtefact extends FileToWrite {
	readonly holdsToken: true;
}

function filledIn(
	artefacts: readonly FileToWrite[],
	files: readonly SecretFileToWrite[],
	secret: Secret,
): SecretArtefact[] {
	if (!artefacts.some(({ path }) => path === ".gitignore")) throw new Error("a file with a token needs a .gitignore");
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
	const root = resolve(folder);
	const targets = artefacts.map((artefact) => {
		const path = resolve(root, artefact.path);
		if (!path.startsWith(root + sep)) throw new Error(`an artefact outside the output folder: ${artefact.path}`);
		return { ...artefact, path, bytes: Buffer.from(artefact.content) };
	});
	for (const target of targets) if (!("holdsToken" in target)) refuseSecret(target.path, target.bytes);
	const different = targets.filter(({ path, bytes }) => !sameContent(path, bytes));
	const taken = different.filter(({ path }) => exists(path));
	// One that holds a token is written anew in any case: what is there may be readable by others.
	const pending = targets.filter((target) => different.includes(target) || "holdsToken" in target);
	if (taken.length > 0 && !force) throw wouldOverwrite(taken.map(({ path }) => path));
	for (const { path, bytes, mode } of pending) {
		try {
			mkdirSync(dirname(path), { recursive: true });
			const temporary = temporaryName(path);
			writeNew(temporary, bytes, mode ?? 0o644);
			renameSync(temporary, path);
		} catch (error) {
			throw error instanceof CrossfadeError ? error : ioError(path, "write", error);
		}
	}
	return targets.map(({ path }) => path);
}

/** A folder with more in it than this is not what was meant. */
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
				found.push({ path, kind, mode: stats.mode & 0o7777, size: stats.size });
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

function tooMany(file: string): CrossfadeError {
	const expected = `at most ${MAX_ENTRIES} files`;
	const fix = "name the folder that crossfade wrote";
	return new CrossfadeError("refused", { what: "the folder holds too much", expected, where: { file }, fix });
}

function wouldOverwrite(paths: readonly string[]): CrossfadeError {
	const problems = paths.map((file) => ({
		what: "a different file is already there",
		expected: "a free name, or the same content",
		where: { file },
		fix: "choose another folder, or add --force to replace it",
	}));
	return new CrossfadeError("refused", problems);
}

function exists(path: string): boolean {
	try {
		return statSync(path, { throwIfNoEntry: false }) !== undefined;
	} catch (error) {
		throw ioError(path, "look at", error);
	}
}

function sameContent(path: string, bytes: Uint8Array): boolean {
	try {
		return statSync(path).isFile() && Buffer.from(readFileSync(path)).equals(bytes);
	} catch {
		return false;
	}
}
