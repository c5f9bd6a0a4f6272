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
