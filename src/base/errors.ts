import { shownName } from "./mask.ts";

/**
 * The one table of exit codes. A code never changes its meaning; `crossfade exit-codes` and the README print this table.
 */
export const exitCodes = {
	ok: [0, "all as wanted"],
	internal: [1, "internal error: a bug of ours"],
	usage: [2, "wrong flags, arguments or fleet file"],
	newRejected: [3, "the new token was rejected"],
	oldRejectedEarly: [4, "the old token was rejected before its deadline, or no deadline is known"],
	oldInUse: [5, "the old token is still in use"],
	unreachable: [6, "endpoint, TLS or proxy trouble: no answer to judge by"],
	partial: [7, "data was only partly accepted, or dropped"],
	retryLater: [8, "rate limited, or asked to come back later"],
	noEvidence: [9, "nothing was seen, so nothing is proven"],
	findings: [10, "a check found errors in the file"],
	refused: [11, "the input cannot be read or changed safely; nothing was changed"],
	io: [12, "a file or stream could not be read or written; nothing was changed"],
	missingPart: [13, "a program this needs is not on this machine"],
	notProven: [14, "replaced, but nothing tells that the new token is the one in use: not proven"],
	deadline: [124, "the deadline passed first"],
	interrupted: [130, "interrupted"],
} as const satisfies Record<string, readonly [code: number, meaning: string]>;

export type ExitName = keyof typeof exitCodes;

/** Where something is: a file (or `<stdin>`, or a flag) and, where there is one, a line and column, both from 1. */
export interface Place {
	readonly file: string;
	readonly line?: number | undefined;
	readonly column?: number | undefined;
}

/** One thing that is wrong, in the one style every error of the tool has. No field ever holds a token. */
export interface Problem {
	/** What is wrong, a sentence without a final stop. */
	readonly what: string;
	readonly expected?: string | undefined;
	readonly got?: string | undefined;
	readonly where?: Place | undefined;
	/** What to do next: a command or an edit. */
	readonly fix: string;
}

/** What a stage throws when it cannot go on: all its problems at once, and the exit code they lead to. */
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

/** `file:line:column`, with as much of it as is known; a file name can be a token that was put in the wrong place. */
function placeText(place: Place): string {
	const { line, column } = place;
	const file = shownName(place.file);
	if (line === undefined) return file;
	return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}

/** One problem as lines of text for a person. */
export function problemText(problem: Problem): string {
	const head = problem.where ? `${placeText(problem.where)}: ${problem.what}` : problem.what;
	const rows = [
		["expected", problem.expected],
		["got", problem.got],
		["fix", problem.fix],
	] as const;
	const details = rows.flatMap(([label, value]) => (value === undefined ? [] : [`  ${label.padEnd(9)}${value}`]));
	return [head, ...details].join("\n");
}
