import type { ExitName } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import type { Flags } from "../spec/flags.ts";

export interface OptionSpec {
	/** As in the help: `-d, --distribution <id>`. */
	readonly flags: string;
	readonly description: string;
	/** The possible values, for help and completion; the command validates them. */
	readonly choices?: readonly string[];
	/** Completes to file names. */
	readonly files?: boolean;
	/** Repeatable; the command gets all values, in order. */
	readonly repeatable?: boolean;
	/** Former name: still accepted, but not in help or completion. Only for options without a value. */
	readonly formerly?: string;
}

export interface ArgumentSpec {
	/** As in the help: `<file>` if required, `[file]` if optional. */
	readonly name: string;
	readonly description: string;
}

/** The parsed command line: option values by camel-case name (lists for repeatable ones), and arguments. */
export interface Invocation {
	readonly options: Flags;
	readonly args: readonly string[];
	/** Every command, for completion. */
	readonly commands: () => Promise<Command[]>;
}

/** One subcommand: options, help and implementation. */
export interface Command {
	readonly name: string;
	readonly description: string;
	readonly arguments?: readonly ArgumentSpec[];
	readonly options: readonly OptionSpec[];
	/** Pairs of a command line and what it does. */
	readonly examples: readonly (readonly [line: string, what: string])[];
	run(fx: Effects, invocation: Invocation): Promise<ExitName>;
}
