import { constants, mkdirSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { asOwnerOf } from "./as-owner.ts";
import { moveOverLater } from "./moving.ts";
import { isWindows } from "./system.ts";

/** What is done to the files and folders that have a name; nothing here reads or writes what is in them. */

export async function orUndefined<T>(code: string, work: Promise<T>): Promise<T | undefined> {
	try {
		return await work;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === code) return undefined;
		throw error;
	}
}

/** The error for a link, a pipe or a device in the place of a file. */
export function notRegular(): Error {
	return Object.assign(new Error("not a regular file"), { code: "EFTYPE" });
}

/** Whether there is a folder; throws ENOTDIR for anything else. */
export async function isFolder(path: string): Promise<boolean> {
	const stats = await orUndefined("ENOENT", stat(path));
	if (stats && !stats.isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
	return stats !== undefined;
}

/** Flags for a file that must not exist yet; no link is followed. */
export const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/** Makes, replaces or removes what has a name: by root in another account's folder with that account's rights. What is open stays open. */
export function byName<T>(path: string, work: () => T): T {
	return asOwnerOf(dirname(path), work, "allowed");
}

/** What was done, or undefined where the system says `code`. */
export function unless<T>(code: string, work: () => T): T | undefined {
	try {
		return work();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === code) return undefined;
		throw error;
	}
}

/** Removes a file; nothing if there is none. */
export const remove = (path: string) => unless("ENOENT", () => byName(path, () => unlinkSync(path)));

/** After another error, which says more. */
export function tryToRemove(path: string): void {
	try {
		remove(path);
	} catch {
		// It is removed when one of its name is made again.
	}
}

/** Files whose names begin as this one's and go on as `rest` says; none where the folder cannot be listed. */
export function namesBehind(path: string, rest: RegExp): string[] {
	const [folder, stem] = [dirname(path), basename(path)];
	try {
		const names = readdirSync(folder).filter((name) => name.startsWith(stem) && rest.test(name.slice(stem.length)));
		return names.map((name) => join(folder, name));
	} catch {
		return [];
	}
}

/** Moves a file over another, at once. */
export async function rename(from: string, to: string): Promise<void> {
	if (isWindows) await moveOverLater(from, to);
	else byName(to, () => renameSync(from, to));
}

/** Creates a folder and its parents. Node's own recursive mkdir never ends where the system returns ENOENT, as below /proc. */
export async function makeFolders(path: string): Promise<void> {
	const make = () => {
		try {
			byName(path, () => mkdirSync(path));
			return undefined;
		} catch (error) {
			return error as NodeJS.ErrnoException;
		}
	};
	let failure = make();
	if (failure?.code === "ENOENT" && dirname(path) !== path) {
		await makeFolders(dirname(path));
		failure = make();
	}
	if (failure && !(await orUndefined("ENOENT", isFolder(path)))) throw failure;
}
