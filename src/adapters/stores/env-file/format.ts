/**
 * How the programs that read a file of variables understand it: which lines assign, where the value stands, what it is, and how a value may
 * be written. Each follows the program itself: systemd's EnvironmentFile, the npm package dotenv, `docker run --env-file`, a POSIX shell.
 *
 * Sources: https://github.com/systemd/systemd/blob/v252/src/basic/env-file.c (states of the parser),
 * https://github.com/motdotla/dotenv/blob/v17.4.2/lib/main.js (parse), https://github.com/docker/cli/blob/v28.0.0/pkg/kvfile/kvfile.go,
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02 (quoting).
 */

/** One assignment, as its reader sees it. */
export interface Assignment {
	readonly key: string;
	/** Undefined where the file does not say it: a shell computes it, Docker takes it from its own environment. */
	readonly value: string | undefined;
	/** Where the value as written begins and ends in the text, without the space around it. */
	readonly from: number;
	readonly to: number;
	/** Counted from 1. */
	readonly line: number;
}

/** What a reader makes of a text, or why nobody can say it. */
export type EnvScan =
	| { readonly assignments: readonly Assignment[] }
	| { readonly unclear: string; readonly line: number };

export interface EnvReader {
	/** Who reads, as the subject of a sentence. */
	readonly title: string;
	/** Whether the last of several assignments counts; if not, releases differ. */
	readonly lastCounts: boolean;
	scan(text: string): EnvScan;
	/** Ways to write a value, the plainest first. One that the reader would take for something else does no harm: it is read back. */
	spellings(value: string): readonly string[];
}

const lineAt = (text: string, offset: number) => text.slice(0, offset).split(/\r\n|\r|\n/).length;

/** Without the white space around the value as written. */
function assignment(text: string, key: string, value: string | undefined, from: number, to: number): Assignment {
	const raw = text.slice(from, to);
	const start = from + raw.length - raw.trimStart().length;
	return { key, value, from: start, to: Math.max(start, from + raw.trimEnd().length), line: lineAt(text, from) };
}

const doubleQuoted = (value: string, escaped: RegExp) => `"${value.replaceAll(escaped, "\\$&")}"`;

/** What a backslash keeps as it is between double quotes, in systemd and in a shell. */
const ESCAPED_IN_DOUBLE = /["\\`$]/g;
const NEWLINE = /[\n\r]/;

/** A value from where it begins, and where it ends; quotes may be left open at the end of the text. */
function systemdValue(text: string, from: number): { readonly value: string; readonly to: number } {
	let value = "";
	// Space before and after unquoted text is not part of it; how long the value is without what may be trailing space.
	let kept = 0;
	let isPlain = false;
	let at = from;
	for (; at < text.length && !NEWLINE.test(text[at] ?? ""); at++) {
		const character = text[at] ?? "";
		const quote = isPlain ? undefined : /['"]/.exec(character)?.[0];
		if (quote !== undefined) {
			for (at++; at < text.length && text[at] !== quote; at++) {
				if (quote === '"' && text[at] === "\\") {
					at++;
					const next = text[at] ?? "";
					value += next === "\n" ? "" : next.replace(/^[^"\\`$]/, "\\$&");
				} else value += text[at];
			}
			kept = value.length;
		} else if (character === "\\") {
			isPlain = true;
			at++;
			if (!NEWLINE.test(text[at] ?? "\n")) value += text[at];
			kept = value.length;
		} else if (!/[ \t]/.test(character)) {
			isPlain = true;
			value += character;
			kept = value.length;
		} else if (isPlain) value += character;
	}
	return { value: value.slice(0, kept), to: Math.min(at, text.length) };
}

function scanSystemd(text: string): EnvScan {
	const assignments: Assignment[] = [];
	let at = 0;
	while (at < text.length) {
		if (/[ \t\n\r]/.test(text[at] ?? "")) at++;
		else if (/[#;]/.test(text[at] ?? "")) {
			const [comment = ""] = /^[^\n\r]*/.exec(text.slice(at)) ?? [];
			at += comment.length;
			const next = /^(?:\r\n|\n|\r)([^\n\r]*)/.exec(text.slice(at))?.[1]?.trim() ?? "";
			// Up to release 253 such a comment takes the next line with it. https://github.com/systemd/systemd/blob/v254/NEWS
			if (/(^|[^\\])(\\\\)*\\$/.test(comment) && !/^([#;]|$)/.test(next))
				return {
					unclear: "a comment that ends with a backslash hides the next line in some releases",
					line: lineAt(text, at),
				};
		} else {
			// The first character is part of the name, an equals sign too.
			const [key = ""] = /^.[^=\n\r]*/s.exec(text.slice(at)) ?? [];
			at += key.length;
			if (text[at] !== "=") continue;
			const { value, to } = systemdValue(text, at + 1);
			assignments.push(assignment(text, key.trimEnd(), value, at + 1, to));
			at = to;
		}
	}
	return { assignments };
}

/** The key, and a value in quotes of one kind or up to a number sign; what comes before it on the line is ignored. */
const DOTENV_LINE =
	/^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/dgm;

function dotenvValue(raw: string): string {
	const bare = raw.trim().replaceAll(/\r\n?/g, "\n");
	const value = /^(['"`])([\s\S]*)\1$/.exec(bare)?.[2] ?? bare;
	return bare.startsWith('"') ? value.replaceAll("\\n", "\n").replaceAll("\\r", "\r") : value;
}

function scanDotenv(text: string): EnvScan {
	const found = [...text.matchAll(DOTENV_LINE)].map(({ 1: key = "", 2: raw = "", indices }) => {
		const end = (indices?.[1]?.[1] ?? 0) + 1;
		const [from, to] = indices?.[2] ?? [end, end];
		return assignment(text, key, dotenvValue(raw), from, to);
	});
	return { assignments: found };
}

function scanDocker(text: string): EnvScan {
	const assignments: Assignment[] = [];
	let at = 0;
	for (const line of text.split("\n")) {
		const content = line.replace(/\r$/, "").replace(at === 0 ? /^\ufeff/ : /^(?!)/, "");
		const shift = at === 0 && line.startsWith("\ufeff") ? 1 : 0;
		const trimmed = content.trimStart();
		const begin = at + shift + content.length - trimmed.length;
		if (trimmed !== "" && !trimmed.startsWith("#")) {
			const [key = ""] = trimmed.split("=", 1);
			const from = begin + key.length + 1;
			const hasValue = trimmed.length > key.length;
			const to = hasValue ? begin + trimmed.length : from - 1;
			// What follows the sign is the value, quotes and space too.
			const value = hasValue ? text.slice(from, to) : undefined;
			assignments.push({ key: key.trimEnd(), value, from: Math.min(from, to), to, line: lineAt(text, begin) });
		}
		at += line.length + 1;
	}
	return { assignments };
}

/** A word of a shell from where it begins; no value where the shell would compute one. */
function shellWord(
	text: string,
	from: number,
): { readonly value: string | undefined; readonly to: number } | undefined {
	let value = "";
	let isComputed = false;
	let at = from;
	for (; at < text.length && !/[\s;&|<>()]/.test(text[at] ?? ""); at++) {
		const character = text[at] ?? "";
		if (character === "'") {
			const end = text.indexOf("'", at + 1);
			if (end < 0) return undefined;
			value += text.slice(at + 1, end);
			at = end;
		} else if (character === '"') {
			for (at++; text[at] !== '"'; at++) {
				if (at >= text.length) return undefined;
				if (text[at] === "\\" && /["\\`$\n]/.test(text[at + 1] ?? "")) {
					at++;
					if (text[at] !== "\n") value += text[at];
				} else if (/[`$]/.test(text[at] ?? "")) isComputed = true;
				else value += text[at];
			}
		} else if (character === "\\") {
			at++;
			if (text[at] !== "\n") value += text[at] ?? "";
		} else if (/[`$]/.test(character) || (character === "~" && value === "")) isComputed = true;
		else value += character;
	}
	return { value: isComputed ? undefined : value, to: at };
}

/** A line without a value of ours: nothing, a comment, names to export, the switch that exports all. */
const SHELL_OTHER =
	/[ \t]*(?:#[^\n]*|export(?:[ \t]+[A-Za-z_]\w*)+[ \t]*;?[ \t]*(?:#[^\n]*)?|set [-+](?:a|o allexport)[ \t]*)?(?:\n|$)/y;
const SHELL_ASSIGNMENT = /[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=/y;
const SHELL_REST = /[ \t]*;?(?:[ \t]*export(?:[ \t]+[A-Za-z_]\w*)+[ \t]*;?)?(?:[ \t]+#[^\n]*)?[ \t]*(?:\n|$)/y;

function scanShell(text: string): EnvScan {
	const assignments: Assignment[] = [];
	if (text.includes("\r"))
		return { unclear: "a shell takes the carriage returns of its lines for part of the values", line: 1 };
	const matched = (pattern: RegExp, at: number) => {
		pattern.lastIndex = at;
		return pattern.exec(text);
	};
	let at = 0;
	while (at < text.length) {
		const other = matched(SHELL_OTHER, at);
		if (other && other[0] !== "") {
			at += other[0].length;
			continue;
		}
		const head = matched(SHELL_ASSIGNMENT, at);
		const from = at + (head?.[0].length ?? 0);
		const word = head ? shellWord(text, from) : undefined;
		const rest = word ? matched(SHELL_REST, word.to) : undefined;
		if (!word || !rest) return { unclear: "this is more than a list of variables", line: lineAt(text, at) };
		assignments.push({ key: head?.[1] ?? "", value: word.value, from, to: word.to, line: lineAt(text, at) });
		at = word.to + rest[0].length;
	}
	return { assignments };
}

/** Who reads the file, by the word in the settings. */
export const readers = {
	systemd: {
		title: "systemd",
		lastCounts: true,
		scan: scanSystemd,
		spellings: (value) => [value, `'${value}'`, doubleQuoted(value, ESCAPED_IN_DOUBLE)],
	},
	dotenv: {
		title: "dotenv",
		lastCounts: true,
		scan: scanDotenv,
		spellings: (value) => [value, `'${value}'`, `"${value}"`, `\`${value}\``],
	},
	docker: {
		title: "docker --env-file",
		lastCounts: false,
		scan: scanDocker,
		spellings: (value) => [value],
	},
	sh: {
		title: "a shell",
		lastCounts: true,
		scan: scanShell,
		spellings: (value) => [
			...(/^[A-Za-z0-9_./:=@%+,-]+$/.test(value) ? [value] : []),
			`'${value.replaceAll("'", `'\\''`)}'`,
			doubleQuoted(value, ESCAPED_IN_DOUBLE),
		],
	},
} as const satisfies Readonly<Record<string, EnvReader>>;
