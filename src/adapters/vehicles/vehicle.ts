import type { Os } from "../clis/cli.ts";
import type { Action, Mode } from "./mode.ts";

/** Placeholder for the token in an embedded script. It is not a valid token, so an unfilled script refuses to run. */
export const TOKEN_PLACEHOLDER = "@TOKEN@";

/** Placeholder for the fingerprint of the expected token, which is not secret. */
export const FINGERPRINT_PLACEHOLDER = "@FINGERPRINT@";

/** Exit codes of a report for vehicles that show its line only if it exits 0; the line says what is wrong. */
export const ALWAYS_ZERO: Readonly<Record<number, number>> = { 1: 0, 2: 0, 9: 0, 10: 0, 11: 0, 12: 0, 13: 0, 130: 0 };

/**
 * What starts an endpoint script: an MDM, or a person. Its lines of sh come first in the file, with tracing off and PATH fixed; everything
 * after them is the same for every vehicle. One with the language `ps1` has lines of PowerShell instead, which set `$run.Options` (words) and
 * `$run.Endpoint`, and `$run.Token`; they have `$given`, the script's arguments, and may call `Read-TokenFile`, `Read-TokenInput` and
 * `Read-TokenPrompt`; one for a person also `Get-Words` for such arguments as `-DryRun`, and has `$SCRIPT_PATH`, which is empty where it is
 * run as text.
 */
export interface Vehicle {
	readonly id: string;
	readonly title: string;
	/** Its place in lists, the lowest first. */
	readonly order: number;
	/** The same for vehicles of one product on different systems, of which the system decides. */
	readonly family?: string;
	/** The language of its scripts; sh if not given. */
	readonly language?: "ps1";
	/** Operating systems it supports; all those of sh if not given. */
	readonly os?: readonly Os[];
	/**
	 * Lines of sh that run first, with the script's arguments: they may set `ENDPOINT` and `OPTIONS` (words, see the top of the script),
	 * and `token` if it comes as an argument or in the environment. Unset values keep their rendered defaults.
	 */
	readonly options: readonly string[];
	/**
	 * By mode, the preferred one first: lines of sh that set `token`, run only when it is needed; no child process may see it. Only files
	 * that install contain them.
	 */
	readonly token: Readonly<Partial<Record<Mode, readonly string[]>>>;
	/** By mode, what to do where a token is missing, as a command: `set TOKEN`. */
	readonly tokenHint?: Readonly<Partial<Record<Mode, string>>>;
	/** Whose CLIs are configured, and in which layer, unless the options say otherwise. */
	readonly users: "all" | "self";
	readonly scope: "system" | "user";
	/** Whether it prints progress for a person, or only the report line. */
	readonly says: boolean;
	/** Text around the report line of the report action, e.g. `<result>` and `</result>`. */
	readonly line: { readonly before: string; readonly after: string };
	/** Lines of sh that store the outcome where the vehicle reads it: `$1` is the state, `line` the report line. */
	readonly trace?: readonly string[];
	/** Exit codes to translate, by action: ours -> the vehicle's. Others stay the same. */
	readonly codes: Readonly<Partial<Record<Action, Readonly<Record<number, number>>>>>;
	/** Longest value it passes in mode `param`, in characters, if it silently truncates longer ones. */
	readonly longestToken?: number;
	/** Comment lines for the top of every file: how to run it. */
	readonly notes: readonly string[];
	/** The same for files that take the token: how it gets there, who can see it. */
	readonly tokenNotes: readonly string[];
	/** Headers of the columns in what its console or API exports, the best first: the name of the machine, and when it reported. */
	readonly columns?: { readonly host: readonly string[]; readonly time: readonly string[] };
	readonly sources: readonly string[];
}
