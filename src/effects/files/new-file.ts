import {
	closeSync,
	constants,
	fchmodSync,
	fchownSync,
	fstatSync,
	fsyncSync,
	linkSync,
	openSync,
	readdirSync,
	statSync,
	unlinkSync,
	writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { ioError } from "../../base/io-error.ts";
import { holdsMoreSecrets } from "../../token/guard.ts";
import { restrict } from "./access.ts";
import { isAlive } from "./alive.ts";
import { hasNoLinks, removeOurs } from "./moving.ts";
import { isWindows } from "./system.ts";

/**
 * A free name in the same folder, so that renaming it does not leave the file system; nobody else has this process's number.
 */
export function temporaryName(path: string): string {
	removeLeft(path);
	return join(dirname(path), `.${basename(path)}.crossfade-${process.pid}`);
}

/** Removes what processes that were killed left beside a file, which can hold a token. */
export function removeLeft(path: string): void {
	const stem = `.${basename(path)}.crossfade-`;
	for (const name of namesIn(dirname(path))) {
		if (!name.startsWith(stem)) continue;
		const [, owner] = /^(\d+)(?:-before)?$/.exec(name.slice(stem.length)) ?? [];
		if (owner === undefined || (Number(owner) !== process.pid && isAlive(Number(owner)))) continue;
		removeOurs(join(dirname(path), name));
	}
}

/** Nothing where the folder may be written but not read. */
function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}

/** Refuses to write a live secret that the file did not contain before. */
export function refuseSecret(path: string, content: Uint8Array, before?: Uint8Array): void {
	const text = Buffer.from(content).toString("utf8");
	const old = before === undefined ? "" : Buffer.from(before).toString("utf8");
	if (holdsMoreSecrets(text, old)) throw new Error(`a token was about to be written to ${path}`);
}

/**
 * Creates a new file and syncs it to disk. `finish` completes it before it gets its mode. One that only its owner may read is nobody else's
 * before the first byte is in it, on Windows too.
 */
export function writeNew(
	path: string,
	content: Uint8Array,
	mode: number,
	owner?: { uid: number; gid: number },
	finish?: (fd: number) => void,
): void {
	const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
	try {
		if ((mode & 0o077) === 0) restrict(path);
		for (let at = 0; at < content.length; ) at += writeSync(fd, content, at);
		if (owner) keepOwner(fd, owner);
		finish?.(fd);
		fchmodSync(fd, mode);
		fsyncSync(fd);
	} catch (error) {
		closeSync(fd);
		unlinkSync(path);
		throw error;
	}
	closeSync(fd);
}

/** A new file for its owner alone, which is there with all of its content or not at all, where the file system has hard links. */
export function createWhole(path: string, content: Uint8Array): void {
	const temporary = temporaryName(path);
	writeNew(temporary, content, 0o600);
	try {
		linkSync(temporary, path);
	} catch (error) {
		if (!hasNoLinks(error)) throw error;
		writeNew(path, content, 0o600);
	} finally {
		removeOurs(temporary);
	}
	syncFolder(dirname(path));
}

/** Fails for a user who can write the file but cannot restore its owner: better no change than a changed owner. */
function keepOwner(fd: number, owner: { uid: number; gid: number }): void {
	const now = fstatSync(fd);
	if (now.uid !== owner.uid || now.gid !== owner.gid) fchownSync(fd, owner.uid, owner.gid);
}

/** Makes a rename durable. Windows cannot open a folder and does not need this. */
export function syncFolder(folder: string): void {
	if (isWindows) return;
	const fd = openSync(folder, constants.O_RDONLY);
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

export function exists(path: string): boolean {
	try {
		return statSync(path, { throwIfNoEntry: false }) !== undefined;
	} catch (error) {
		throw ioError(path, "look at", error);
	}
}
