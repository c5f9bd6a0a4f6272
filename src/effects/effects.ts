import type { TokenRef } from "../token/reference.ts";
import type { Secret } from "../token/secret.ts";
import type { Files } from "./files/files.ts";
import type { Forwarder } from "./net/forwarder.ts";
import type { ForwarderOptions } from "./net/forwarding.ts";
import type { HttpOutcome, HttpRequest } from "./net/http.ts";
import type { ServeOptions, Server } from "./net/http-server.ts";
import type { TlsFiles } from "./net/phase.ts";
import type { TlsLook } from "./net/tls-look.ts";
import type { Machine } from "./process/machine.ts";
import type { Programs } from "./process/programs.ts";
import type { Terminal } from "./terminal/output.ts";

/** All I/O available to commands. `node.ts` is the real implementation; stages use nothing else. */
export interface Effects {
	readonly files: Files;
	readonly terminal: Terminal;
	readonly programs: Programs;
	readonly clock: Clock;
	readonly random: Random;
	readonly environment: Readonly<Record<string, string | undefined>>;
	/** Read-only access to this machine. */
	machine(): Promise<Machine>;
	/** Serves HTTP until closed. */
	serve(options: ServeOptions): Promise<Server>;
	/** Forwards HTTP until closed, with an observer. */
	forward(options: ForwarderOptions): Promise<Forwarder>;
	/** Sends one HTTP request; whatever the server does is an outcome, not an error. */
	request(request: HttpRequest): Promise<HttpOutcome>;
	/** Inspects a server's TLS: only a handshake with the host of an https URL. */
	lookAtTls(url: string, tls: TlsFiles | undefined, timeoutMs: number): Promise<TlsLook>;
	/**
	 * Reads a token from a reference; `secret` is another secret, which no CLI sends. A person is asked for it as `called`. Throws
	 * `CrossfadeError` (refused or io) without quoting it.
	 */
	readToken(ref: TokenRef, what?: "token" | "secret", called?: string): Promise<Secret>;
	/** Resolves after the given milliseconds, or at once when the signal fires. */
	sleep(ms: number, signal?: AbortSignal): Promise<void>;
	/** Resolves with true when the process is asked to stop, or with false after the given milliseconds, if any. */
	stopped(withinMs?: number): Promise<boolean>;
}

export interface Random {
	/** A new token of 43 characters that every CLI sends unchanged: 256 random bits. */
	token(): string;
}

export interface Clock {
	/** Milliseconds since the epoch. */
	now(): number;
	/** Calls back once after the given milliseconds, unless the process ends first; returns a function that cancels it. */
	after(ms: number, call: () => void): () => void;
}
