import { existsSync, fstatSync, statSync, writeSync } from "node:fs";
import { devNull } from "node:os";
import { problemText } from "../../base/errors.ts";
import { ioError } from "../../base/io-error.ts";
import { type OutputGuard, outputGuard } from "../../token/guard.ts";
import { isWindows } from "../files/system.ts";
import type { Terminal } from "./output.ts";

interface TerminalOptions {
	readonly quiet: boolean;
	readonly verbose: boolean;
	readonly color: boolean;
}

/** Delay before a progress message. */
const PROGRESS_AFTER_MS = 2_000;

/** Output of a run. */
export interface Output {
	/** Writes all bytes to standard output (1) or standard error (2) before it returns. */
	write(fd: 1 | 2, bytes: Uint8Array): void;
	/** Columns of the terminal on standard output; undefined if it is not a terminal. */
	columns(): number | undefined;
	/** Its lines; undefined if it is not a terminal. */
	lines(): number | undefined;
	/** Whether a name in an error is one of a file on this machine. */
	exists(path: string): boolean;
}

/** The process's own streams. */
export const nodeOutput: Output = {
	write: writeAll,
	columns: () => (isTerminal(1) ? (process.stdout.columns ?? 80) : undefined),
	lines: () => (isTerminal(1) ? (process.stdout.rows ?? 24) : undefined),
	exists: existsSync,
};

/** A terminal on an output, plus `close`, which flushes what the guards hold back. */
export function nodeTerminal(options: TerminalOptions, output: Output = nodeOutput): Terminal & { close(): void } {
	const out = guardedStream(1, output);
	const err = guardedStream(2, output);
	const note = (line: string) => {
		if (!options.quiet) err.write(`${line}\n`);
	};
	return {
		...options,
		width: output.columns,
		height: output.lines,
		print: (text) => out.write(text),
		printBytes: (bytes) => output.write(1, bytes),
		async progress(what, work) {
			const timer = setTimeout(() => note(`${what} …`), PROGRESS_AFTER_MS);
			return work.finally(() => clearTimeout(timer));
		},
		note,
		detail: (line) => {
			if (options.verbose) err.write(`${line}\n`);
		},
		warn: (problem) => err.write(`warning: ${problemText(problem, output.exists)}\n`),
		close: () => {
			out.close();
			err.close();
		},
	};
}

/** Writes a text immediately, outside any command: help to standard output (1), a final error to standard error (2). */
export function printAtOnce(fd: 1 | 2, text: string, output: Output): void {
	const stream = guardedStream(fd, output);
	stream.write(text);
	stream.close();
}

/** Whether a stream is a terminal. Uses the file system, because loading `process.stdout` slows every start. */
function isTerminal(fd: 1 | 2): boolean {
	if (isWindows) return process.getBuiltinModule("node:tty").isatty(fd);
	try {
		const stats = fstatSync(fd);
		return stats.isCharacterDevice() && stats.rdev !== statSync(devNull, { throwIfNoEntry: false })?.rdev;
	} catch {
		return false;
	}
}

/** Whether this stream is a terminal and colour was not disabled. https://no-color.org */
export function wantsColor(environment: Readonly<Record<string, string | undefined>>, isTTY: boolean): boolean {
	if (environment["NO_COLOR"]) return false;
	if (environment["FORCE_COLOR"] && environment["FORCE_COLOR"] !== "0") return true;
	return isTTY && environment["TERM"] !== "dumb";
}

function guardedStream(fd: 1 | 2, output: Output) {
	const guard: OutputGuard = outputGuard();
	return {
		write: (text: string) => output.write(fd, Buffer.from(guard.push(text), "utf8")),
		close: () => output.write(fd, Buffer.from(guard.flush(), "utf8")),
	};
}

/**
 * The console of Windows takes bytes in a code page of its own, and has to be told to colour. Node's stream does both, and has written when
 * it returns. https://learn.microsoft.com/windows/console/console-virtual-terminal-sequences
 */
function writeToConsole(fd: 1 | 2, bytes: Uint8Array): void {
	(fd === 1 ? process.stdout : process.stderr).write(bytes);
}

/**
 * Writes synchronously, so that nothing is lost when the process ends; a closed pipe stops the writing, not the program. If standard
 * error cannot be written, as on a full disk, the exit code alone tells what happened.
 */
function writeAll(fd: 1 | 2, whole: Uint8Array): void {
	if (isWindows && isTerminal(fd)) {
		writeToConsole(fd, whole);
		return;
	}
	let bytes = whole;
	while (bytes.length > 0) {
		try {
			bytes = bytes.subarray(writeSync(fd, bytes));
		} catch (error) {
			const code = (error as NodeJS.ErrnoException).code;
			if (code === "EPIPE" || (fd === 2 && code !== "EAGAIN")) return;
			if (code !== "EAGAIN") throw ioError("standard output", "write to", error);
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
		}
	}
}
