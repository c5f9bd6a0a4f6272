import { closeSync, constants, fstatSync, openSync, type Stats } from "node:fs";
import { CrossfadeError } from "../../base/errors.ts";
import { ioError } from "../../base/io-error.ts";
import { readSome } from "./descriptor.ts";
import type { ReadOptions } from "./files.ts";

/** All of a regular file. Throws `CrossfadeError`: refused for anything else and for more than `maxBytes`, io for what the system says. */
export function readWhole(path: string, { maxBytes }: ReadOptions): Uint8Array {
	let fd: number | undefined;
	try {
		fd = openRegular(path);
		const bytes = readUpTo(fd, maxBytes + 1);
		if (bytes.length > maxBytes) throw tooLarge(path, maxBytes);
		return bytes;
	} catch (error) {
		throw error instanceof CrossfadeError ? error : ioError(path, "read", error);
	} finally {
		if (fd !== undefined) closeSync(fd);
	}
}

/** Opening must not hang on a FIFO without a writer. */
export function openRegular(path: string): number {
	const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const stats = fstatSync(fd);
	if (stats.isFile()) return fd;
	closeSync(fd);
	throw notRegular(path, stats);
}

/** Whether an open file holds just these bytes. Of anything else than a regular file nothing is read. */
export function holdsJust(fd: number, content: Uint8Array): boolean {
	const stats = fstatSync(fd);
	return (
		stats.isFile() && stats.size === content.length && Buffer.from(content).equals(readUpTo(fd, content.length + 1))
	);
}

/** The same of what has a name now; of a link it is not looked where that leads. Throws what the system says. */
export function fileHoldsJust(path: string, content: Uint8Array): boolean {
	let fd: number | undefined;
	try {
		fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0));
		return holdsJust(fd, content);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw error;
		return false;
	} finally {
		if (fd !== undefined) closeSync(fd);
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

function notRegular(file: string, stats: Stats): CrossfadeError {
	const kinds = [
		[stats.isDirectory(), "a folder"],
		[stats.isFIFO(), "a named pipe"],
		[stats.isSocket(), "a socket"],
	] as const;
	const got = kinds.find(([is]) => is)?.[1] ?? "a device";
	const fix = "name the file itself, or use - for standard input";
	return new CrossfadeError("refused", {
		what: "cannot read it",
		expected: "a file",
		got,
		where: { file },
		fix,
	});
}

export function tooLarge(file: string, maxBytes: number): CrossfadeError {
	const expected = `at most ${Math.round(maxBytes / 1024 / 1024)} MiB`;
	const fix = "check that this is the right file";
	return new CrossfadeError("refused", {
		what: "the file is too large",
		expected,
		got: "more",
		where: { file },
		fix,
	});
}
