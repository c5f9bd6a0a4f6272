import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { devNull } from "node:os";
import { isatty, ReadStream, WriteStream } from "node:tty";
import { CrossfadeError, type Problem } from "../../base/errors.ts";
import { ioError } from "../../base/io-error.ts";
import { ownEntry } from "../../base/lookup.ts";
import { refText, type TokenRef } from "../../token/reference.ts";
import { Secret } from "../../token/secret.ts";
import { isSafeAlphabet, tokenProblems } from "../../token/shape.ts";
import { accessWarning } from "../files/access.ts";
import { fromDescriptor } from "../files/descriptor.ts";
import { isWindows } from "../files/system.ts";
import { refuseOddName } from "../files/windows-names.ts";
import type { Terminal } from "./output.ts";

/** Maximum size of a token file. */
const MAX_BYTES = 64 * 1024;
/** How long a pipe may take to give one. */
const WITHIN_MS = 10_000;

/** Reads a token from a reference and removes one trailing line break. Its errors never quote the token. */
export async function readToken(
	ref: TokenRef,
	{ environment, terminal }: { readonly environment: Readonly<NodeJS.ProcessEnv>; readonly terminal: Terminal },
	what: "token" | "secret" = "token",
	called = "Token",
): Promise<Secret> {
	const origin = refText(ref);
	const text = ref.kind === "prompt" ? await askHidden(`${called}: `) : await rawToken(ref, environment);
	const value = text.replace(/\r?\n$/, "");
	const problems = tokenProblems(value, origin);
	if (problems.length > 0) throw new CrossfadeError("refused", problems);
	const secret = Secret.of(value);
	for (const warning of [...(what === "token" ? alphabetWarning(value, origin) : []), ...modeWarning(ref)])
		terminal.warn(warning);
	return secret;
}

async function rawToken(
	ref: Exclude<TokenRef, { readonly kind: "prompt" }>,
	environment: Readonly<NodeJS.ProcessEnv>,
): Promise<string> {
	if (ref.kind === "env") {
		const value = ownEntry(environment, ref.name);
		if (value !== undefined) return value;
		throw new CrossfadeError("refused", {
			what: `${ref.name} is not set`,
			expected: "a token",
			fix: isWindows ? `set it first: $env:${ref.name} = Read-Host -MaskInput` : `export ${ref.name} first`,
		});
	}
	try {
		return ref.kind === "file" ? readFileBounded(ref) : await readDescriptor(ref.fd, refText(ref));
	} catch (error) {
		throw error instanceof CrossfadeError ? error : ioError(refText(ref), "read", error);
	}
}

/** A person or a program may take its time; Ctrl-C ends the wait. */
async function readDescriptor(fd: number, origin: string): Promise<string> {
	const pieces: Uint8Array[] = [];
	let total = 0;
	for await (const piece of fromDescriptor(fd)) {
		total += piece.length;
		if (total > MAX_BYTES) throw tooLarge(origin);
		pieces.push(piece);
	}
	return Buffer.concat(pieces).toString("utf8");
}

function readFileBounded(ref: TokenRef & { readonly kind: "file" }): string {
	if (isWindows) refuseOddName(ref.path);
	const fd = opened(ref);
	try {
		return readBounded(fd, refText(ref));
	} finally {
		closeSync(fd);
	}
}

/** Opening a named pipe must not wait for a writer. */
function opened(ref: TokenRef & { readonly kind: "file" }): number {
	try {
		return openSync(ref.path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
	} catch (error) {
		throw ioError(refText(ref), "read", error);
	}
}

/** What a pipe or a device gives may have no end, or never come: no more than a token file holds, and no longer than a while. */
function readBounded(fd: number, origin: string): string {
	const bytes = Buffer.alloc(MAX_BYTES + 1);
	const end = performance.now() + WITHIN_MS;
	let total = 0;
	while (total < bytes.length) {
		try {
			const got = readSync(fd, bytes, total, bytes.length - total, null);
			if (got === 0) return bytes.toString("utf8", 0, total);
			total += got;
		} catch (error) {
			const { code } = error as NodeJS.ErrnoException;
			if (code === "EOF") return bytes.toString("utf8", 0, total);
			if (code !== "EAGAIN") throw error;
			if (performance.now() > end) throw nothingCame(origin);
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
		}
	}
	throw tooLarge(origin);
}

function nothingCame(file: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "no token came within 10 seconds",
		expected: "one line and its end",
		where: { file },
		fix: "see whether what writes there runs, or name a file",
	});
}

function tooLarge(file: string): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the token file is too large",
		expected: "one line",
		where: { file },
		fix: "name a file that contains only the token",
	});
}

function alphabetWarning(value: string, origin: string): Problem[] {
	if (isSafeAlphabet(value)) return [];
	const fix = "if a CLI uses it, get a token of letters, digits, '.', '_', '~' and '-' only";
	return [{ what: `${origin}: the token has characters that some CLIs change`, fix }];
}

function modeWarning(ref: TokenRef): Problem[] {
	if (ref.kind !== "file") return [];
	if (isWindows) return accessWarning(ref.path);
	const mode = statSync(ref.path).mode & 0o777;
	if ((mode & 0o004) === 0) return [];
	return [
		{
			what: "every user on this machine can read the token file",
			got: `mode 0${mode.toString(8)}`,
			where: { file: ref.path },
			fix: `chmod 0600 ${ref.path}`,
		},
	];
}

/**
 * Prompts without echoing: on the terminal itself, whatever standard input and output are, and on Windows on standard input and error, which
 * must be the console.
 */
async function askHidden(question: string): Promise<string> {
	let fds: readonly [input: number, output: number];
	try {
		fds = terminalDescriptors();
	} catch (error) {
		const fix = "use a file or a variable: file:PATH, env:NAME";
		throw new CrossfadeError(
			"refused",
			{ what: "cannot prompt for the token: there is no terminal", fix },
			{ cause: error },
		);
	}
	const [from, to] = fds;
	const output = new WriteStream(to);
	const input = new ReadStream(from);
	// A terminal that was closed takes neither the question nor the end of the line.
	output.on("error", () => {});
	// Before the question, so that early typing is not shown either.
	input.setRawMode(true);
	output.write(question);
	try {
		return await typed(input);
	} finally {
		input.on("error", letGoOfTerminal);
		input.setRawMode(false);
		output.write("\n");
		input.destroy();
		output.destroy();
		if (!isWindows) closeQuietly(from);
	}
}

/**
 * Node resets the terminals that it began with when it ends, and aborts with a core file, which has the token, where one was closed meanwhile.
 * What was opened in its place it leaves alone. https://github.com/nodejs/node/blob/v20.20.2/src/node.cc (ResetStdio)
 */
function letGoOfTerminal(): void {
	if (isWindows) return;
	for (const fd of [0, 1, 2]) {
		try {
			if (!fstatSync(fd).isCharacterDevice()) continue;
		} catch {
			continue; // It was closed by whoever started us.
		}
		closeSync(fd);
		// It gets the lowest free number: the one that was just given back, unless one before it was never open.
		let opened: number;
		do opened = openSync(devNull, "r+");
		while (opened < fd);
	}
}

function terminalDescriptors(): readonly [input: number, output: number] {
	if (isWindows) {
		if (isatty(0) && isatty(2)) return [0, 2];
		throw new Error("standard input or standard error is not the console");
	}
	const fd = openSync("/dev/tty", "r+");
	return [fd, fd];
}

/** The text after a key, the whole line, or why there will be none. */
type Typed = string | { readonly entered: string } | { readonly left: CrossfadeError };

/**
 * What a key does to the text. A terminal in raw mode hands on the keys that it otherwise acts on itself.
 * https://man7.org/linux/man-pages/man3/termios.3.html
 */
const KEYS: ReadonlyMap<string, (text: string) => Typed> = new Map([
	["\r", entered],
	["\n", entered],
	["\u007f", backspace],
	["\b", backspace],
	// Ctrl-U begins again.
	["\u0015", (): Typed => ""],
	// Ctrl-C and Ctrl-\.
	["\u0003", (): Typed => ({ left: interrupted() })],
	["\u001c", (): Typed => ({ left: interrupted() })],
	// Ctrl-D, and Ctrl-Z: the end of input on Windows, and elsewhere a stop, after which nothing would be shown of what is typed.
	["\u0004", (): Typed => ({ left: endedInput() })],
	["\u001a", (): Typed => ({ left: endedInput() })],
]);

function entered(line: string): Typed {
	return { entered: line };
}

function backspace(text: string): Typed {
	return text.slice(0, -1);
}

/** Signals on which Node ends at once, and SIGHUP leaves a terminal that shows nothing of what is typed. Ctrl-C is a key here. */
const ENDING: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP"];

/** One line. Throws `CrossfadeError`: interrupted, or refused where the input ends before the line does. */
async function typed(input: ReadStream): Promise<string> {
	let interrupt = () => {};
	try {
		return await new Promise((done, fail) => {
			interrupt = () => fail(interrupted());
			for (const signal of ENDING) process.on(signal, interrupt);
			const end = () => fail(endedInput());
			input.on("error", end).on("end", end).on("close", end);
			let text = "";
			input.setEncoding("utf8");
			input.on("data", (chunk: string) => {
				for (const key of chunk) {
					const now = KEYS.get(key)?.(text) ?? text + key;
					if (typeof now === "string") text = now;
					else if ("left" in now) return fail(now.left);
					else return done(now.entered);
				}
			});
		});
	} finally {
		for (const signal of ENDING) process.off(signal, interrupt);
	}
}

function interrupted(): CrossfadeError {
	return new CrossfadeError("interrupted", { what: "interrupted", fix: "run the command again" });
}

function endedInput(): CrossfadeError {
	return new CrossfadeError("refused", {
		what: "the input ended before a token was entered",
		expected: "the token, and the Enter key",
		fix: "run the command again",
	});
}

function closeQuietly(fd: number): void {
	try {
		closeSync(fd);
	} catch {
		// the streams already closed it
	}
}
