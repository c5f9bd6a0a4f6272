import type { Secret } from "../../token/secret.ts";
import type { RunningProgram } from "./running-program.ts";

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
