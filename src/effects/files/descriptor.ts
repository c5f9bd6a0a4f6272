import { fstatSync, readSync, type Stats } from "node:fs";
import { CrossfadeError } from "../../base/errors.ts";

const PIECE_BYTES = 1 << 16;
const taken = new Set<number>();

/**
 * What an open descriptor gives, in pieces, until its end or until nobody takes the next one. A pipe, a socket or a terminal that gives
 * nothing is waited for without blocking the process, so that Ctrl-C ends it. The descriptor can be read once. Throws `CrossfadeError`
 * (refused) the second time, and what the system throws.
 */
export async function* fromDescriptor(fd: number): AsyncGenerator<Uint8Array> {
	if (taken.has(fd)) throw readBefore(fd);
	taken.add(fd);
	yield* mayBlock(fd) ? asItComes(fd) : atOnce(fd);
}

/** Where the system does not say what it is, reading it shows whether it is anything. */
function mayBlock(fd: number): boolean {
	let stats: Stats;
	try {
		stats = fstatSync(fd);
	} catch {
		return false;
	}
	return stats.isFIFO() || stats.isSocket() || (stats.isCharacterDevice() && isTerminal(fd));
}

async function* asItComes(fd: number): AsyncGenerator<Uint8Array> {
	const { ReadStream } = await import("node:tty");
	const { Socket } = await import("node:net");
	const stream = isTerminal(fd) ? new ReadStream(fd) : new Socket({ fd, readable: true, writable: false });
	try {
		for await (const piece of stream) yield piece;
	} finally {
		stream.destroy();
	}
}

/** Loads `node:tty` and with it `node:net` on use: both slow every start. */
function isTerminal(fd: number): boolean {
	return process.getBuiltinModule("node:tty").isatty(fd);
}

/** What is left of an open file, in pieces. */
export async function* atOnce(fd: number): AsyncGenerator<Uint8Array> {
	for (;;) {
		const piece = Buffer.allocUnsafe(PIECE_BYTES);
		const got = readSome(fd, piece);
		if (got === 0) return;
		yield piece.subarray(0, got);
	}
}

/** Reads into a buffer, as many bytes as there are; 0 at the end. */
export function readSome(fd: number, into: Uint8Array): number {
	for (;;) {
		try {
			return readSync(fd, into, 0, into.length, null);
		} catch (error) {
			const code = (error as NodeJS.ErrnoException).code;
			if (code === "EOF") return 0;
			if (code !== "EAGAIN") throw error;
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
		}
	}
}

function readBefore(fd: number): CrossfadeError {
	return new CrossfadeError("refused", {
		what: fd === 0 ? "standard input is named twice" : `descriptor ${fd} is named twice`,
		expected: "one option that reads it",
		fix: "give one of the two a file",
	});
}
