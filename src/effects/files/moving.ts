import { promises, renameSync, rmSync } from "node:fs";
import { CrossfadeError } from "../../base/errors.ts";
import { isWindows } from "./system.ts";

/** What a rename waits for in all while another program holds a file open: 4.3 seconds. */
const PAUSES_MS = [10, 20, 40, 80, 160, 320, 640, 1000, 1000, 1000];
/** Codes of Windows for a file that a virus scanner, an indexer or an editor has open, and also for one that may not be changed. */
const HELD = new Set(["EPERM", "EACCES", "EBUSY"]);

/**
 * Does work again after a pause as long as a file is held open by another program. `pauses` are milliseconds; throws what the last attempt
 * threw, and at once what no pause helps against.
 */
export function patiently<T>(work: () => T, pause: (ms: number) => void, pauses: readonly number[]): T {
	for (const ms of pauses) {
		try {
			return work();
		} catch (error) {
			if (!isHeld(error)) throw error;
			pause(ms);
		}
	}
	return work();
}

/** The same for work that takes its time. */
export async function patientlyLater<T>(
	work: () => Promise<T>,
	pause: (ms: number) => Promise<void>,
	pauses: readonly number[],
): Promise<T> {
	for (const ms of pauses) {
		try {
			return await work();
		} catch (error) {
			if (!isHeld(error)) throw error;
			await pause(ms);
		}
	}
	return work();
}

const isHeld = (error: unknown) => HELD.has((error as NodeJS.ErrnoException).code ?? "");

/** What a file system says that has no second names for a file. */
const NO_LINKS = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL", "EMLINK", "EXDEV"]);

/** Whether making a second name failed because the file system has none, as exFAT and many network and user-space file systems. */
export function hasNoLinks(error: unknown): boolean {
	return NO_LINKS.has((error as NodeJS.ErrnoException).code ?? "");
}

/** Puts a file in the place of another. On Windows it waits for who holds that open; throws `CrossfadeError` (io) when it stays so. */
export function moveOver(from: string, to: string): void {
	try {
		patiently(() => renameSync(from, to), block, isWindows ? PAUSES_MS : []);
	} catch (error) {
		throw isWindows && isHeld(error) ? heldOpen(to, error) : error;
	}
}

/** `moveOver`, without blocking. */
export async function moveOverLater(from: string, to: string): Promise<void> {
	try {
		await patientlyLater(() => promises.rename(from, to), later, isWindows ? PAUSES_MS : []);
	} catch (error) {
		throw isWindows && isHeld(error) ? heldOpen(to, error) : error;
	}
}

/** Removes a file that is ours. On Windows one that is held open stays; who next writes in its place removes it. */
export function removeOurs(path: string): void {
	try {
		patiently(() => rmSync(path, { force: true }), block, isWindows ? PAUSES_MS : []);
	} catch (error) {
		if (!isWindows || !isHeld(error)) throw error;
	}
}

function block(ms: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const later = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

function heldOpen(file: string, cause: unknown): CrossfadeError {
	return new CrossfadeError(
		"io",
		{
			what: "Windows lets nobody replace the file; it is as it was",
			expected: "a file that no program holds open, and that is not read-only",
			where: { file },
			fix: "close the editor or the program that uses it, clear its read-only mark, and run the command again",
		},
		{ cause },
	);
}
