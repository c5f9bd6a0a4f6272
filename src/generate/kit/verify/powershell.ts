import { triggerWords } from "../../../base/trigger-words.ts";

/** The rules for the text of a PowerShell script that no PowerShell is needed for. */
export const powerShellTextRules = {
	bom: "it begins without a byte order mark: fetched and run as text, such a script ends with exit code 0 and did nothing",
	ascii: "it is ASCII: Windows PowerShell 5.1 reads other bytes by the code page of the machine",
	control: "it has no control character but tabs and line ends",
	crlf: "every line ends with CR and LF, the last one too",
	size: "it is not larger than what its vehicle takes",
	trigger: "no word in it makes PowerShell write it to the event log although logging is off",
} as const;

export interface PowerShellTextProblem {
	readonly rule: keyof typeof powerShellTextRules;
	/** Counted from 1; undefined where it is about the whole file. */
	readonly line: number | undefined;
	readonly what: string;
}

export interface PowerShellTextOptions {
	/** Whether lines must end with CR and LF; so do those of rendered files. */
	readonly crlf: boolean;
	/** The most bytes that the vehicle takes; undefined where it names no limit. */
	readonly limit?: number | undefined;
}

const MARK = /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)/;
const hex = (byte: string) => `0x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;

/**
 * What is wrong with the bytes of a PowerShell script: the first place for each rule, for `trigger` the first place of each word. That it is
 * empty says nothing of syntax. The line of a byte counts LF only, as editors do.
 */
export function powerShellTextProblems(bytes: Uint8Array, options: PowerShellTextOptions): PowerShellTextProblem[] {
	const text = Buffer.from(bytes).toString("latin1");
	const lineOf = (at: number) => text.slice(0, at).split("\n").length;
	const problems: PowerShellTextProblem[] = [];
	const first = (rule: PowerShellTextProblem["rule"], pattern: RegExp, what: (found: string) => string, from = 0) => {
		const found = pattern.exec(text.slice(from));
		if (found) problems.push({ rule, line: lineOf(from + found.index), what: what(found[0]) });
	};
	const [mark = ""] = MARK.exec(text) ?? [];
	first("bom", MARK, () => "it begins with a byte order mark");
	first("ascii", /[\x80-\xff]/, (byte) => `a byte that is not ASCII: ${hex(byte)}`, mark.length);
	first("control", /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/, (byte) => `a control character: ${hex(byte)}`);
	if (options.crlf) first("crlf", /(?<!\r)\n|\r(?!\n)|[^\n]$(?!\n)/, () => "a line that does not end with CR and LF");
	if (options.limit !== undefined && bytes.length > options.limit) {
		problems.push({ rule: "size", line: undefined, what: `${bytes.length} bytes, more than ${options.limit}` });
	}
	return [...problems, ...triggers(text, lineOf)];
}

function triggers(text: string, lineOf: (at: number) => number): PowerShellTextProblem[] {
	const words = new Map(triggerWords(text).map((word) => [word.toLowerCase(), word]));
	return [...words.values()].map((word) => ({
		rule: "trigger",
		line: lineOf(text.indexOf(word)),
		what: `${word}, also as a part of a longer word or a comment`,
	}));
}
