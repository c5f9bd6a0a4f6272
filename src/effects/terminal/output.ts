import type { Problem } from "../../base/errors.ts";

/** Output for people and for pipes. Every write passes the output guard. */
export interface Terminal {
	/** Whether standard output is a terminal that wants colour. */
	readonly color: boolean;
	readonly quiet: boolean;
	readonly verbose: boolean;
	/** Columns of the terminal on standard output; undefined if it is not a terminal. */
	width(): number | undefined;
	/** Its lines; undefined if it is not a terminal. */
	height(): number | undefined;
	/** The result, to standard output, unchanged. */
	print(text: string): void;
	/** A user's own file, returned byte for byte: the only output that bypasses the guard. */
	printBytes(bytes: Uint8Array): void;
	/** Waits for work, and says what it waits for after two seconds. */
	progress<T>(what: string, work: Promise<T>): Promise<T>;
	/** A progress line, to standard error; not when quiet. */
	note(line: string): void;
	/** A line for verbose mode, to standard error. */
	detail(line: string): void;
	/** A warning, to standard error, even when quiet. */
	warn(problem: Problem): void;
}
