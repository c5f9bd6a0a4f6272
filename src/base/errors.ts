import { shownFile, shownName } from "./mask.ts";

/**
 * The one table of exit codes. A code never changes its meaning; `crossfade exit-codes` and the README print this table.
 */
export const exitCodes = {
	ok: [0, "success"],
	internal: [1, "internal error (a bug in crossfade)"],
	usage: [2, "invalid flags, arguments or fleet file"],
	newRejected: [3, "the new token was rejected"],
	oldRejectedEarly: [4, "the old token was rejected before its deadline, or no deadline is known"],
	oldInUse: [5, "the old token is still in use"],
	unreachable: [6, "no usable response (network, TLS or proxy error)"],
	partial: [7, "data was only partly accepted, or was dropped; of a rotation: it is over, and left something behind"],
	retryLater: [8, "rate limited, or told to retry later"],
	noEvidence: [9, "not proven: there is not enough evidence"],
	findings: [10, "the check found errors"],
	refused: [11, "the input cannot be read or changed safely; nothing was changed"],
	io: [12, "a file or stream could not be read or written; nothing was changed"],
	missingPart: [13, "a required program is not installed"],
	notProven: [14, "replaced, but it is not proven that the new token is in use"],
	waiting: [15, "a rotation waits: nothing to do before the time that is shown"],
	personNeeded: [16, "a rotation needs a person: the words for that person are shown"],
	unknownState: [17, "a rotation is in a state that only a look at the provider or a store can settle"],
	unsafePlan: [18, "the rotation's plan is not safe; nothing was changed"],
	deadline: [124, "the deadline passed"],
	interrupted: [130, "interrupted"],
} as const satisfies Record<string, readonly [code: number, meaning: string]>;

export type ExitName = keyof typeof exitCodes;

/** A location: a file (or `<stdin>`, or a flag) and, if known, line and column, both counted from 1. */
export interface Place {
	readonly file: string;
	readonly line?: number | undefined;
	readonly column?: number | undefined;
}

/** One problem, in the form all errors share. No field ever contains a token. */
export interface Problem {
	/** What is wrong, as a sentence without a full stop. */
	readonly what: string;
	readonly expected?: string | undefined;
	readonly got?: string | undefined;
	readonly where?: Place | undefined;
	/** What to do next: a command or an edit. */
	readonly fix: string;
}

/** Thrown by a stage that cannot continue: all its problems at once, and the exit code. */
export class CrossfadeError extends Error {
	override readonly name = "CrossfadeError";
	readonly exit: ExitName;
	readonly problems: readonly Problem[];

	constructor(exit: ExitName, problems: Problem | readonly Problem[], options?: ErrorOptions) {
		const all = "what" in problems ? [problems] : problems;
		super(all.map((problem) => problem.what).join("; "), options);
		this.exit = exit;
		this.problems = all;
	}
}

/** `file:line:column`, as far as known. A name that is not a file could be a misplaced token, and is masked. */
function placeText(place: Place, exists: (name: string) => boolean): string {
	const { line, column } = place;
	const file = exists(place.file) ? shownFile(place.file) : shownName(place.file);
	if (line === undefined) return file;
	return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}

/** One problem as lines of text. `exists` tells whether a name is one of a file here. */
export function problemText(problem: Problem, exists: (name: string) => boolean = () => false): string {
	const head = problem.where ? `${placeText(problem.where, exists)}: ${problem.what}` : problem.what;
	const rows = [
		["expected", problem.expected],
		["got", problem.got],
		["fix", problem.fix],
	] as const;
	const details = rows.flatMap(([label, value]) => (value === undefined ? [] : [`  ${label.padEnd(9)}${value}`]));
	return [head, ...details].join("\n");
}
