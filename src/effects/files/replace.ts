import {
	closeSync,
	constants,
	fstatSync,
	linkSync,
	lstatSync,
	openSync,
	readFileSync,
	realpathSync,
	type Stats,
} from "node:fs";
import { dirname } from "node:path";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import { ioError } from "../../base/io-error.ts";
import { secretForms } from "../../token/forms.ts";
import type { Secret } from "../../token/secret.ts";
import { keepAccess, tell } from "./access.ts";
import { exchangeNames } from "./exchange.ts";
import type { ReplaceOptions } from "./files.ts";
import { hasNoLinks, moveOver, removeOurs } from "./moving.ts";
import { exists, refuseSecret, syncFolder, temporaryName, writeNew } from "./new-file.ts";
import { runTool } from "./programs.ts";
import { fileHoldsJust } from "./regular.ts";
import { isWindows, system } from "./system.ts";

/** See `Files.replace`. */
export function replaceWhole(path: string, content: Uint8Array, options: ReplaceOptions): string | undefined {
	try {
		// Removes what is left of killed runs, which can be a second name of the file.
		const temporary = temporaryName(path);
		const stats = lstatSync(path);
		if (stats.isSymbolicLink()) throw symlinkTarget(path);
		if (stats.nlink > 1) throw severalNames(path, stats.nlink);
		refuseSecret(path, options.secret ? withoutToken(content, options.secret) : content, options.expected);
		if (!fileHoldsJust(path, options.expected)) throw changedMeanwhile(path);
		const before = `${temporary}-before`;
		const backup = options.backupSuffix === undefined ? undefined : freeName(`${path}${options.backupSuffix}`);
		try {
			// Not even for a moment for others, before it gets the access list of the old one.
			const mode = isWindows && options.secret ? 0o600 : stats.mode & 0o7777;
			writeNew(temporary, content, mode, stats, (fd) => keepAttributes(path, stats, temporary, fd));
			if (backup !== undefined) writeNew(backup, options.expected, 0o600, stats);
			takePlace(path, temporary, before, options);
		} catch (error) {
			for (const file of [temporary, ...(backup === undefined ? [] : [backup])]) removeOurs(file);
			throw error;
		} finally {
			removeOurs(before);
		}
		removeOurs(temporary);
		syncFolder(dirname(path));
		return backup;
	} catch (error) {
		if (error instanceof CrossfadeError) throw error;
		throw strangerIn(path, error) ?? ioError(path, "replace", error);
	}
}

/** What else stands there: the token itself may. */
function withoutToken(content: Uint8Array, secret: Secret): Uint8Array {
	let text = Buffer.from(content).toString("utf8");
	for (const form of secretForms(secret.reveal())) text = text.replaceAll(form, "");
	return Buffer.from(text);
}

/** The error where root has only the rights of the folder's account, see `asOwnerOf`, and the file is another's or out of its reach. */
function strangerIn(file: string, error: unknown): CrossfadeError | undefined {
	const { code } = error as NodeJS.ErrnoException;
	const [us, owner] = [process.geteuid?.(), ownerOf(file)];
	const isRoot = process.getuid?.() === 0 && us !== 0;
	if (!isRoot || owner === us || (code !== "EPERM" && code !== "EACCES")) return undefined;
	return new CrossfadeError("refused", {
		what: "root changes it with the rights of the account that owns its folder, which may not; nothing was changed",
		expected: `a file of account ${us}`,
		got: owner === undefined ? "a file that this account cannot reach" : `a file of account ${owner}`,
		where: { file },
		fix: `give the folder to root (chown root FOLDER), or the file to account ${us} (chown ${us} FILE), and run this again`,
	});
}

/** Nothing where it cannot be reached. */
function ownerOf(file: string): number | undefined {
	try {
		return lstatSync(file).uid;
	} catch {
		return undefined;
	}
}

/**
 * Puts the new file in the place of the old one. What somebody else put or wrote there meanwhile comes back, and is an error; so does the old
 * file where the folder cannot be written to the disk. Where two names can be exchanged in one step, whatever was there is looked at; elsewhere
 * a file that is put there between a look and the rename, within microseconds, is lost.
 */
function takePlace(path: string, temporary: string, before: string, { expected, secret }: ReplaceOptions): void {
	const assertSame = (file: string) => {
		if (!fileHoldsJust(file, expected)) throw changedMeanwhile(path);
	};
	const settle = (old: string) =>
		orPutBack(path, old, () => {
			assertSame(old);
			// The old token stays in no second file for longer than it takes to look at it.
			if (secret !== undefined) return;
			// Who has the old file open still writes to it.
			syncFolder(dirname(path));
			assertSame(old);
		});
	assertSame(path);
	// Not a token: the collector watches the file itself, and takes its new name for no change. Seen: otelcol 0.155.0 reads no new token then.
	if (secret === undefined && exchangeNames(temporary, path)) {
		settle(temporary);
		return;
	}
	const held = secondName(path, before);
	try {
		assertSame(path);
		moveOver(temporary, path);
		if (held === undefined) settle(before);
		else putBackIfWritten(path, temporary, held, expected);
	} finally {
		if (held !== undefined) closeSync(held);
	}
}

/**
 * Makes a second name for a file, by which it can be looked at after it was replaced. Where the file system has none, what is returned is the
 * open file, which can be read after it lost its name.
 */
function secondName(path: string, name: string): number | undefined {
	try {
		linkSync(path, name);
		return undefined;
	} catch (error) {
		if (!hasNoLinks(error)) throw error;
		// There an open file cannot be replaced.
		if (isWindows) throw noSecondName(path);
		return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
	}
}

function noSecondName(file: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "this file system has no hard links, so a change by another program meanwhile could be lost; nothing was changed",
		expected: "NTFS",
		where: { file },
		fix: "keep the file on a disk with NTFS, or write the output to another file",
	});
}

/** The same for a file that has no name any more: what was written to it since gets the name again. */
function putBackIfWritten(path: string, temporary: string, held: number, expected: Uint8Array): void {
	const content = readFileSync(held);
	if (content.equals(expected)) return;
	writeNew(temporary, content, fstatSync(held).mode & 0o7777, fstatSync(held));
	moveOver(temporary, path);
	throw changedMeanwhile(path);
}

/** Gives a file its name back if work fails. */
function orPutBack(path: string, before: string, work: () => void): void {
	try {
		work();
	} catch (error) {
		moveOver(before, path);
		throw error;
	}
}

function severalNames(file: string, names: number): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the file has other names, which would stay what it was",
		expected: "a file with one name",
		got: `${names} hard links`,
		where: { file },
		fix: "cut it loose first (cp FILE NEW, mv NEW FILE), or change it where it is made",
	});
}

/**
 * Gives a new file the access list, extended attributes and security label of another. Node has no call for them, GNU's cp has; where it is
 * not here, a file that ls marks as having any is not replaced. cp gets both files open: whoever owns the folder could put a link in the
 * place of a name, and have somebody else's file changed.
 */
function keepAttributes(path: string, stats: Stats, temporary: string, fd: number): void {
	if (isWindows) {
		keepAccess(path, temporary);
		return;
	}
	let isKept = false;
	const from = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
	try {
		const { dev, ino } = fstatSync(from);
		if (dev !== stats.dev || ino !== stats.ino) throw changedMeanwhile(path);
		const options = ["--attributes-only", "--preserve=all", "--no-preserve=timestamps", "--"];
		isKept = runTool("cp", [...options, "/dev/fd/3", "/dev/fd/4"], [from, fd]).status === 0;
	} finally {
		closeSync(from);
	}
	const [was, is] = [path, temporary].map((each) => (runTool("ls", ["-ld", each]).stdout ?? "").slice(10, 11).trim());
	if (was === is) {
		// The ls of macOS marks them.
		if (!isKept && system !== "darwin") tell(unkept(path));
		return;
	}
	throw new CrossfadeError("refused", {
		what: "the file has an access list or extended attributes that cannot be kept",
		where: { file: path },
		fix: "write the output to another file, and copy it over this one with a program that keeps them",
	});
}

/** Not every ls marks extended attributes, and Node has no call that shows them. */
function unkept(file: string): Problem {
	return {
		what: "whether the file had extended attributes is unknown; if it had, it lost them: no cp here keeps them",
		where: { file },
		fix: "set them again, or install GNU coreutils and write the file from its backup",
	};
}

/** The name, with a number appended if two changes fall within one second. */
function freeName(path: string): string {
	for (let number = 1; ; number++) {
		const name = number === 1 ? path : `${path}-${number}`;
		if (!exists(name)) return name;
	}
}

function symlinkTarget(file: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the file to write is a symbolic link",
		expected: "a regular file, because replacing it would break the link",
		got: `a link to ${realpathSync(file)}`,
		where: { file },
		fix: `name the file itself: ${realpathSync(file)}`,
	});
}

function changedMeanwhile(file: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the file changed in the meantime",
		where: { file },
		fix: "run the command again",
	});
}
