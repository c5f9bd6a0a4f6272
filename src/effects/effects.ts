import type { Problem } from "../errors.ts";
import type { Secret } from "../secret.ts";
import type { TokenRef } from "../spec/token-ref.ts";
import type { TlsFiles } from "./connection.ts";
import type { Folder } from "./folder.ts";
import type { Forwarder, ForwarderOptions } from "./forwarder.ts";
import type { HttpOutcome, HttpRequest } from "./http-client.ts";
import type { ServeOptions, Server } from "./http-server.ts";
import type { Machine } from "./machine.ts";
import type { RunningProgram } from "./running-program.ts";
import type { TlsLook } from "./tls-look.ts";

/** The world as commands see it. `node.ts` is the real one; stages never touch anything else. */
export interface Effects {
	readonly files: Files;
	readonly terminal: Terminal;
	readonly programs: Programs;
	readonly clock: Clock;
	readonly random: Random;
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** The machine this runs on, to look at and not to touch. */
	machine(): Promise<Machine>;
	/** Serves HTTP until closed. */
	serve(options: ServeOptions): Promise<Server>;
	/** Forwards HTTP until closed, and lets somebody watch. */
	forward(options: ForwarderOptions): Promise<Forwarder>;
	/** Sends one HTTP request; whatever the other side does is an outcome, not an error. */
	request(request: HttpRequest): Promise<HttpOutcome>;
	/** A handshake with the host of an https URL and nothing else, to see what its TLS is like. */
	lookAtTls(url: string, tls: TlsFiles | undefined, timeoutMs: number): Promise<TlsLook>;
	/** Reads a token from where a reference says. Throws `CrossfadeError` (refused or io) without quoting it. */
	readToken(ref: TokenRef): Promise<Secret>;
	/** Resolves after some milliseconds, or at once when the signal fires. */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
	/** Resolves with true when somebody asks the process to stop, or with false after some milliseconds, if they are given. */
	stopped(withinMs?: number): Promise<boolean>;
}

export interface Random {
	/** A fresh token of 43 characters of the alphabet that every CLI carries: 256 random bits. */
	token(): string;
}

export interface Clock {
	/** Milliseconds since the epoch. */
	now(): number;
	/** Calls once after some milliseconds, unless the process ends first; returns what calls it off. */
	after(ms: number, call: () => void): () => void;
}

export interface ReadOptions {
	/** Refuse anything larger, in bytes. */
	readonly maxBytes: number;
}

export interface ReplaceOptions {
	/** Keep the old content beside the file; the value is the backup's file name suffix. */
	readonly backupSuffix?: string | undefined;
	/** What the file held when it was read; if it holds something else by now, nothing is written. */
	readonly expected: Uint8Array;
}

/** A file to write, as a stage describes it. */
export interface Artefact {
	/** Relative to the output folder, with forward slashes. */
	readonly path: string;
	readonly content: string | Uint8Array;
	/** Permission bits; 0o644 if not given. */
	readonly mode?: number;
}

/** A file that has a token in it. */
export interface FilledArtefact {
	/** Relative to the output folder; its name says what is in it: `*.secret.*`. */
	readonly path: string;
	/** The content, made from the token. */
	fill(token: string): string;
}

/** One entry of a folder. */
export interface Entry {
	/** Relative to the folder, with forward slashes. */
	readonly path: string;
	readonly kind: "file" | "link" | "other";
	/** Permission bits. */
	readonly mode: number;
	readonly size: number;
}

export interface Files {
	/** The bytes of a regular file, or of standard input for `-`. Throws `CrossfadeError` (refused or io). */
	read(path: string, options: ReadOptions): Promise<Uint8Array>;
	/** The bytes of a regular file, or of standard input for `-`, piece by piece; however long it is. Throws `CrossfadeError` (refused or io). */
	stream(path: string): AsyncIterable<Uint8Array>;
	/** Replaces a file whole or not at all: temporary file in the same folder, fsync, rename; mode and owner are kept. Returns the backup's path. */
	replace(path: string, content: Uint8Array, options: ReplaceOptions): Promise<string | undefined>;
	/** Writes artefacts below a folder, each whole or not at all; returns their paths. Existing different files stop it before the first write unless `force`. */
	writeAll(folder: string, artefacts: readonly Artefact[], options: { force: boolean }): Promise<string[]>;
	/** Writes a token to a file that must not exist yet, readable by its owner only, without a line break. */
	createSecret(path: string, secret: Secret): Promise<void>;
	/**
	 * Like `writeAll`, and besides files with the token in them, readable by their owner only. With `createSecret` and `replaceSecret` the
	 * one way a token gets into a file: it must be named `*.secret.*`, and a `.gitignore` must be among the artefacts.
	 */
	writeFilled(
		folder: string,
		artefacts: readonly Artefact[],
		filled: { readonly files: readonly FilledArtefact[]; readonly secret: Secret },
		options: { force: boolean },
	): Promise<string[]>;
	/** Everything below a folder but folders, in order; links are not followed. Throws `CrossfadeError` (io, or refused when it is far too much). */
	walk(folder: string): Promise<Entry[]>;
	/** Puts a token in the place of the one that a file holds, by renaming a new file over it. */
	replaceSecret(path: string, secret: Secret): Promise<void>;
	/** Runs `use` with the path of a private temporary copy, removed afterwards. */
	withTemporary<T>(name: string, content: Uint8Array, use: (path: string) => Promise<T>): Promise<T>;
	/** A folder of files that are ours alone; it need not exist yet. Throws `CrossfadeError` (io) when it is no folder. */
	openFolder(path: string): Promise<Folder>;
}

export interface RunOptions {
	readonly timeoutMs: number;
	/** The one way a token gets to a child process. */
	readonly input?: Secret | undefined;
}

export interface RunResult {
	/** The exit code; undefined when it was ended by a signal or the time limit. */
	readonly code: number | undefined;
	readonly stdout: string;
	readonly stderr: string;
	readonly timedOut: boolean;
}

export interface Programs {
	/** The path of a program on PATH, or undefined. */
	find(name: string): string | undefined;
	/** Runs a program, never through a shell; with no standard input, or with a secret and a line break as all of it. */
	run(path: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
	/** Starts a program that is to run beside us, never through a shell. Throws `CrossfadeError` (io) when it cannot be started. */
	start(path: string, args: readonly string[]): Promise<RunningProgram>;
}

/** Output for people and for pipes. Every write passes the output guard. */
export interface Terminal {
	/** Whether standard output is a terminal that wants colour. */
	readonly color: boolean;
	readonly quiet: boolean;
	readonly verbose: boolean;
	/** Columns of the terminal that standard output is; undefined when it is none. */
	width(): number | undefined;
	/** The result, to standard output, as it is. */
	print(text: string): void;
	/** A file of the user's own, given back to them byte for byte: the one thing no guard looks into. */
	printBytes(bytes: Uint8Array): void;
	/** Waits for work, and says what is awaited if that takes over two seconds. */
	progress<T>(what: string, work: Promise<T>): Promise<T>;
	/** A line about what happened, to standard error; not when quiet. */
	note(line: string): void;
	/** A line for those who asked for more, to standard error. */
	detail(line: string): void;
	/** A warning, to standard error, even when quiet. */
	warn(problem: Problem): void;
}
