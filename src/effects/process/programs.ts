import type { Secret } from "../../token/secret.ts";
import type { RunningProgram } from "./running-program.ts";

export interface RunOptions {
	readonly timeoutMs: number;
	/** The only way to pass a token to a child process. */
	readonly input?: Secret | undefined;
	/** Environment variables besides those it inherits; never a secret. */
	readonly variables?: Readonly<Record<string, string>> | undefined;
}

export interface RunResult {
	/** The exit code; undefined if it was killed by a signal or timed out. */
	readonly code: number | undefined;
	readonly stdout: string;
	readonly stderr: string;
	readonly timedOut: boolean;
}

export interface Programs {
	/** The path of a program on PATH, or undefined. */
	find(name: string): string | undefined;
	/** Runs a program, never through a shell, without standard input or with only a secret and a line break. */
	run(path: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
	/** Starts a background program, never through a shell. Throws `CrossfadeError` (io) if it cannot be started. */
	start(path: string, args: readonly string[]): Promise<RunningProgram>;
}
