import type { Action } from "../../adapters/vehicles/mode.ts";

/** What the top of a script says depends on. */
export interface HeaderFacts {
	readonly action: Action;
	readonly actions: readonly Action[];
	readonly titles: string;
	readonly names: string;
	readonly provider: string;
	readonly scope: string;
	readonly users: string;
	readonly host: string;
	readonly helper: string;
	readonly endpoint: string;
	/** CLIs that can take the token from a program. */
	readonly helped: string;
	readonly says: boolean;
	readonly hasDaemon: boolean;
	readonly language: "sh" | "ps1";
	/** It writes whole files of the machine and edits none. */
	readonly compact: boolean;
	/** Exit codes that become others, `[action, ours, the vehicle's]`. */
	readonly codes: readonly (readonly [string, string, number])[];
}

const WIDTH = 130;

const purposes: Readonly<Record<Action, (facts: HeaderFacts) => string>> = {
	install: ({ titles, provider }) =>
		`Makes ${titles} on this machine send their telemetry to ${provider} with the current token.`,
	report: ({ titles }) =>
		`Reports whether ${titles} on this machine are set, and with which token. It changes nothing.`,
	uninstall: ({ titles }) =>
		`Removes from ${titles} on this machine what the install script set; what was there before comes back.`,
};

const steps: Readonly<Record<Action, string>> = {
	install:
		"What it does, in this order: reads the token; finds the accounts of people; finds their CLIs and releases from files, without running any; works out what each configuration file should hold; checks that it can parse the file; backs it up before a change; replaces it whole; prints one line.",
	report:
		"What it does, in this order: finds the accounts of people; finds their CLIs and releases from files, without running any; compares each configuration file with what it should hold; prints one line.",
	uninstall:
		"What it does, in this order: finds the accounts of people; takes back each change that is recorded in a file beside the configuration file; replaces that file whole; prints one line.",
};

const promise =
	"It works in a user's home as that user, follows no symbolic link, downloads nothing and sends nothing.";
/** SYSTEM cannot work as somebody else without their password. */
const promiseOnWindows =
	"It keeps owner and access list of every file, follows no link, downloads nothing and sends nothing.";
const changes = "It changes nothing but its own settings; a second run changes nothing.";

/** What the file is for, in one line. */
export const purposeOf = (facts: HeaderFacts): string => purposes[facts.action](facts);

const compactSteps: Readonly<Record<Action, string>> = {
	install:
		"What it does, in this order: reads the token; finds the CLIs and their releases from files, without running any; writes the machine's file for each, whole; prints one line. It has no editor: it refuses a file that it did not write, or that was changed since. A release that does not obey the machine's file is reported as old.",
	report:
		"What it does, in this order: finds the CLIs and their releases from files, without running any; compares the file of the machine for each, byte for byte, with what the install script writes; prints one line.",
	uninstall:
		"What it does: removes each file of the machine that the install script wrote and that was not changed since; prints one line.",
};

export function stepsOf({ action, compact, language }: HeaderFacts): string[] {
	return wrapped(
		[
			(compact ? compactSteps : steps)[action],
			compact ? "It downloads nothing and sends nothing." : language === "ps1" ? promiseOnWindows : promise,
			...(action === "report" ? [] : [changes]),
		].join(" "),
	);
}

/** One option: its words, what it does, and the actions it means something for. */
interface Option {
	readonly words: string;
	readonly does: (facts: HeaderFacts) => string;
	readonly for: readonly Action[];
	readonly if?: (facts: HeaderFacts) => boolean;
}

const all: readonly Action[] = ["install", "report", "uninstall"];
const setting: readonly Action[] = ["install", "report"];

const options: readonly Option[] = [
	{
		words: "install | report | uninstall",
		does: ({ action }) => `what to do (in this file: ${action})`,
		for: all,
		if: ({ actions }) => actions.length > 1,
	},
	{ words: "help", does: () => "show this text", for: all },
	{
		words: "self-test",
		does: () => "try the editor on made-up files in a scratch folder",
		for: ["install"],
		if: ({ compact }) => !compact,
	},
	{ words: "dry-run", does: () => "say what would change, change nothing", for: ["install", "uninstall"] },
	{ words: "clis=NAME,NAME", does: ({ names }) => `which of ${names} (all)`, for: all },
	{
		words: "scope=system | scope=user",
		does: ({ scope }) =>
			`files for the whole machine, which users cannot override and every account can read, or files in the homes (${scope})`,
		for: all,
		if: ({ compact }) => !compact,
	},
	{
		words: "users=all | users=self",
		does: ({ users }) => `every person's account, or the one this runs as (${users})`,
		for: all,
	},
	{ words: "endpoint=URL", does: ({ endpoint }) => `where to send (${endpoint})`, for: setting },
	{ words: "host | no-host", does: ({ host }) => `send the machine's name and id too (${host})`, for: setting },
	{
		words: "helper | no-helper",
		does: ({ helped, helper }) =>
			`${helped}: the token is in a file of its own, so that running sessions follow a change (${helper})`,
		for: setting,
		if: ({ helped }) => helped !== "",
	},
	{
		words: "prompts, responses, tools",
		does: () => "send prompts, answers, tool inputs too (none of them)",
		for: setting,
	},
	{
		words: "restart",
		does: () => "restart a background process of a CLI that still has the old token (no)",
		for: ["install"],
		if: ({ hasDaemon, compact, language }) => hasDaemon && !compact && language === "sh",
	},
	{ words: "expect=FINGERPRINT", does: () => "which token it should be", for: ["report"] },
	{
		words: "records",
		does: () => "print fields with tabs between, for a program: kind, CLI, file, text",
		for: all,
		if: ({ says }) => says,
	},
];

export function optionsOf(facts: HeaderFacts): string[] {
	const used = options.filter(
		(option) => option.for.some((action) => facts.actions.includes(action)) && (option.if?.(facts) ?? true),
	);
	const width = Math.max(...used.map(({ words }) => words.length)) + 2;
	return used.flatMap(({ words, does }) =>
		wrapped(does(facts), WIDTH - width - 4).map((line, index) => (index === 0 ? words : "").padEnd(width) + line),
	);
}

interface Exit {
	readonly code: number;
	readonly means: string;
	readonly for: readonly Action[];
	/** The language of the only scripts that have it. */
	readonly in?: HeaderFacts["language"];
}

const exits: readonly Exit[] = [
	{ code: 0, means: "success", for: all },
	{ code: 1, means: "a bug", for: all },
	{ code: 2, means: "an option is wrong", for: all },
	{ code: 9, means: "report: no CLI that was found is set", for: ["report"] },
	{ code: 10, means: "report: drift; the install script ends it", for: ["report"] },
	{
		code: 11,
		means: "refused: the token, or a file that cannot be parsed or safely replaced",
		for: ["install"],
	},
	{ code: 11, means: "refused: a file that cannot be read or parsed", for: ["report"] },
	{
		code: 11,
		means: "refused: a file that cannot be parsed or safely replaced",
		for: ["uninstall"],
	},
	{ code: 12, means: "a file could not be written; such files are unchanged", for: all },
	{ code: 13, means: "a program is missing", for: all, in: "sh" },
	{
		code: 13,
		means: "this system, or PowerShell as it is restricted here, cannot run the script",
		for: all,
		in: "ps1",
	},
	{ code: 130, means: "interrupted", for: all, in: "sh" },
];

/** What the words of the report line mean. */
export function reportWordsOf({ action, compact, hasDaemon, language }: HeaderFacts): string[] {
	const states = [
		"ok",
		"drift (set differently)",
		"absent (not found)",
		"old (a release that cannot be set)",
		...(hasDaemon ? ["stale (set, but a background process still has the old token)"] : []),
		...(compact && action !== "report" ? [] : ["unknown (it may not start)"]),
		"refused (a person must change its file)",
		"error",
	];
	return wrapped(
		`fp: the first 12 hex digits of SHA-256 over the token. State of a CLI: ${states.join("; ")}. users: accounts looked at; skipped: homes that could not be looked at; ${
			language === "ps1"
				? "gone: homes that were removed; wsl: accounts with a Linux in WSL, whose CLIs are not looked at"
				: "late: accounts that took too long"
		}.`,
	);
}

/** The exit codes, and those that the vehicle gets instead. */
export function exitCodesOf(facts: HeaderFacts): string[] {
	const seen = new Set<number>();
	const own = exits.filter(
		(exit) =>
			exit.for.some((action) => facts.actions.includes(action)) &&
			(exit.in ?? facts.language) === facts.language &&
			!seen.has(exit.code) &&
			seen.add(exit.code),
	);
	const text = `Exit codes: ${own.map(({ code, means }) => `${code} ${means}`).join("; ")}.`;
	const changed = facts.codes.filter(([action]) => facts.actions.some((each) => each === action));
	if (changed.length === 0) return wrapped(text);
	return [
		...wrapped(`${text} Here they become:`),
		...changed.map(([action, ours, theirs]) => `  ${action}: ${ours} becomes ${theirs}`),
	];
}

/** Lines of at most so many characters. */
function wrapped(text: string, width = WIDTH): string[] {
	const lines: string[] = [];
	for (const word of text.split(" ")) {
		const line = lines.at(-1);
		if (line !== undefined && line.length + word.length < width) lines[lines.length - 1] = `${line} ${word}`;
		else lines.push(word);
	}
	return lines;
}

/** The sections of a script with the line each begins at. */
export function contentsOf(script: string): string[] {
	return script.split("\n").flatMap((line, index) => {
		const [, title] = /^# ---- (.*) ----$/.exec(line) ?? [];
		return title === undefined ? [] : [`${String(index + 1).padStart(4)}  ${title}`];
	});
}
