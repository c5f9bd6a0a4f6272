import { jsonEscape } from "./json.ts";
import { ownEntry } from "./lookup.ts";
import { withoutTriggerWords } from "./trigger-words.ts";

/** Quoting for every language we write. Each function takes any text and returns a safe literal in its target language. */

/** A POSIX shell word. */
export function sh(text: string): string {
	if (/^[A-Za-z0-9_./:=@%+,-]+$/.test(text)) return text;
	return `'${text.replaceAll("'", `'\\''`)}'`;
}

/**
 * A PowerShell string: one in single quotes, or in brackets the sum of several and of characters by number. It is ASCII, since Windows
 * PowerShell reads a file without a byte order mark in the machine's code page, on one line, and holds no word that makes PowerShell log the
 * script. https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_quoting_rules
 */
export function ps(text: string): string {
	const pieces = text.split(/([^ -~]+)/).flatMap((piece, index) => {
		if (index % 2 === 1) return [...Array(piece.length).keys()].map((at) => `[char]${piece.charCodeAt(at)}`);
		if (piece === "") return [];
		return withoutTriggerWords(piece, "\0")
			.split("\0")
			.map((part) => `'${part.replaceAll("'", "''")}'`);
	});
	const [first = "''", ...rest] = pieces;
	if (rest.length === 0 && first.startsWith("'")) return first;
	// A character first would make the sum one of numbers.
	return `(${[...(first.startsWith("'") ? [] : ["''"]), ...pieces].join(" + ")})`;
}

/** XML character data or attribute value; replaces characters that XML 1.0 does not allow. */
export function xml(text: string): string {
	const named: Record<string, string> = {
		"&": "&amp;",
		"<": "&lt;",
		">": "&gt;",
		'"': "&quot;",
		"'": "&#39;",
	};
	const legal = text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
	return legal.replace(/[&<>"']/g, (character) => ownEntry(named, character) ?? character);
}

/** A Markdown inline code span, with a fence longer than any run of backticks inside; line breaks become spaces. */
export function md(text: string): string {
	const line = text.replace(/\s+/g, " ");
	const runs = line.match(/`+/g) ?? [];
	const fence = "`".repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
	const pad = line.startsWith("`") || line.endsWith("`") ? " " : "";
	return `${fence}${pad}${line}${pad}${fence}`;
}

/** An Alloy string literal. https://grafana.com/docs/alloy/latest/get-started/configuration-syntax/expressions/types_and_values/ */
export function alloy(text: string): string {
	return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, jsonEscape);
}

/**
 * A YAML scalar that every YAML 1.1 and 1.2 parser reads as this string: plain if unambiguous, otherwise double-quoted.
 */
export function yaml(text: string): string {
	if (PLAIN_YAML.test(text) && !YAML_WORDS.test(text)) return text;
	return JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, jsonEscape);
}

/** Words, paths and URLs; durations and addresses, which begin with a digit but are not numbers. */
const PLAIN_YAML =
	/^([A-Za-z_/$][A-Za-z0-9_/.${}+@%()=-]*(:[A-Za-z0-9_/.${}+@%()=-]+)*|\d+(ms|s|m|h)|\d+\.\d+\.\d+\.\d+(:\d+)?)$/;
const YAML_WORDS = /^(y|n|yes|no|on|off|true|false|null|nan|inf)$/i;
