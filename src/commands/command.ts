import type { ExitName } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import type { Flags } from "../spec/flags.ts";

export interface OptionSpec {
	/** As in the help: `-d, --distribution <id>`. */
	readonly flags: string;
	readonly description: string;
	/** The values there are, for help and completion; checking them is the command's. */
	readonly choices?: readonly string[];
	/** Completes to file names. */
	readonly files?: boolean;
	/** May be given more than once; the command sees all its values, in order. */
	readonly repeatable?: boolean;
	/** What it was called before: still taken, and in no help or completion. Only for an option without a value. */
	readonly formerly?: string;
}

export interface ArgumentSpec {
	/** As in the help: `<file>` when it must be given, `[file]` when it may. */
	readonly name: string;
	readonly description: string;
}

/** What the command line held: option values by camel-cased name (lists for repeatable ones), and the arguments. */
export interface Invocation {
	readonly options: Flags;
	readonly args: readonly string[];
	/** Every command there is, for the one that writes about them. */
	readonly commands: () => Promise<Command[]>;
}

/** One verb of the tool: what it takes, how it is explained, what it does. */
export interface Command {
	readonly name: string;
	readonly description: string;
	readonly arguments?: readonly ArgumentSpec[];
	readonly options: readonly OptionSpec[];
	/** Each a command line and what it does. */
	readonly examples: readonly (readonly [line: string, what: string])[];
	run(fx: Effects, invocation: Invocation): Promise<ExitName>;
}
