/** How the token gets to the script: handed over when it runs, or written into a copy of it. */
export type Mode = "param" | "embedded";

/** What a rendered file does when nothing else is asked for. */
export type Action = "install" | "report" | "uninstall";

/** What stands in an embedded script until a token is put there; no token can look like it, so an unfilled script refuses to run. */
export const TOKEN_PLACEHOLDER = "@TOKEN@";

/**
 * What starts an endpoint script: an MDM, or a person. Its lines of sh stand at the top of the file, tracing off and PATH fixed; all
 * below them is the same for every vehicle.
 */
export interface Vehicle {
	readonly id: string;
	readonly title: string;
	/**
	 * Lines of sh that run with the script's arguments: they may set `ENDPOINT` and `OPTIONS` (words, see the top of the script). Values
	 * they do not set stay as rendered.
	 */
	readonly options: readonly string[];
	/** By mode, lines of sh that set `token`, run only when one is wanted; no child process may see it. */
	readonly token: Readonly<Partial<Record<Mode, readonly string[]>>>;
	/** Whose CLIs are configured, and in which layer, unless the options say otherwise. */
	readonly users: "all" | "self";
	readonly scope: "system" | "user";
	/** Whether it tells a person what it does, or prints the report line alone. */
	readonly says: boolean;
	/** What stands around the report line of the report action, e.g. `<result>` and `</result>`. */
	readonly line: { readonly before: string; readonly after: string };
	/** Exit codes that mean something else to the vehicle, by action: ours -> the vehicle's. Codes left out stay as they are. */
	readonly codes: Readonly<Partial<Record<Action, Readonly<Record<number, number>>>>>;
	/** Longest value it hands over, in characters, where it cuts longer ones without a word. */
	readonly longestToken?: number;
	/** Comment lines for the top of the file: how to run it there, who can see the token. */
	readonly notes: readonly string[];
	readonly sources: readonly string[];
}
