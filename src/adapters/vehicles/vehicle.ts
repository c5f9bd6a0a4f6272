import type { Os } from "../clis/cli.ts";
import type { Kit } from "./kit.ts";

/** How the token gets to the script: handed over when it runs, or written into a copy of it. */
export type Mode = "param" | "embedded";

/** What a rendered file does when nothing else is asked for. */
export type Action = "install" | "report" | "uninstall";

/** What stands in an embedded script until a token is put there; no token can look like it, so an unfilled script refuses to run. */
export const TOKEN_PLACEHOLDER = "@TOKEN@";

/** What stands where the fingerprint of the token that machines should have belongs. It is no secret. */
export const FINGERPRINT_PLACEHOLDER = "@FINGERPRINT@";

/** Exit codes of a report for vehicles that show its line only when it exits 0: the line says what is wrong. */
export const ALWAYS_ZERO: Readonly<Record<number, number>> = { 1: 0, 2: 0, 9: 0, 10: 0, 11: 0, 12: 0, 13: 0, 130: 0 };

/**
 * What starts an endpoint script: an MDM, or a person. Its lines of sh stand at the top of the file, tracing off and PATH fixed; all
 * below them is the same for every vehicle.
 */
export interface Vehicle {
	readonly id: string;
	readonly title: string;
	/** Operating systems it reaches; every one we know of if not given. */
	readonly os?: readonly Os[];
	/**
	 * Lines of sh that run first and with the script's arguments: they may set `ENDPOINT` and `OPTIONS` (words, see the top of the script),
	 * and `token` where it comes as an argument or in the environment. Values they do not set stay as rendered.
	 */
	readonly options: readonly string[];
	/**
	 * By mode, the preferred one first, lines of sh that set `token`, run only when one is wanted; no child process may see it. They get
	 * into files that install alone.
	 */
	readonly token: Readonly<Partial<Record<Mode, readonly string[]>>>;
	/** By mode, what to do where a token is missing, as a command: `set TOKEN`. */
	readonly tokenHint?: Readonly<Partial<Record<Mode, string>>>;
	/** Whose CLIs are configured, and in which layer, unless the options say otherwise. */
	readonly users: "all" | "self";
	readonly scope: "system" | "user";
	/** Whether it tells a person what it does, or prints the report line alone. */
	readonly says: boolean;
	/** What stands around the report line of the report action, e.g. `<result>` and `</result>`. */
	readonly line: { readonly before: string; readonly after: string };
	/** Lines of sh that leave the outcome where the vehicle looks for it: `$1` is the state, `line` the report line. */
	readonly trace?: readonly string[];
	/** Exit codes that mean something else to the vehicle, by action: ours -> the vehicle's. Codes left out stay as they are. */
	readonly codes: Readonly<Partial<Record<Action, Readonly<Record<number, number>>>>>;
	/** Longest value it hands over in mode `param`, in characters, where it cuts longer ones without a word. */
	readonly longestToken?: number;
	/** Comment lines for the top of every file: how to run it there. */
	readonly notes: readonly string[];
	/** The same for files that take the token: how it gets there, who can see it. */
	readonly tokenNotes: readonly string[];
	/** What `crossfade mdm` writes for it; not there where nothing is to be uploaded. */
	readonly kit?: Kit;
	readonly sources: readonly string[];
}
