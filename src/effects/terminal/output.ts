import type { Problem } from "../../base/errors.ts";

/** Output for people and for pipes. Every write passes the output guard. */
export interface Terminal {
	/** Whether standard output is a terminal that wants colour. */
	readonly color: boolean;
	readonly quiet: boolean;
	readonly verbose: boolean;
	/** Columns of the terminal that standard output is; undefined when it is none. */
	width(): number | undefined;
	/** Lines of it; undefined when it is none. */
	height(): number | undefined;
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
