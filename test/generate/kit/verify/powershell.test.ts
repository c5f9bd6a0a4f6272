import { describe, expect, test } from "vitest";
import {
	type PowerShellTextOptions,
	powerShellTextProblems,
	powerShellTextRules,
} from "../../../../src/generate/kit/verify/powershell.ts";

const rendered: PowerShellTextOptions = { crlf: true, limit: 200 };
const found = (text: string, options = rendered) =>
	powerShellTextProblems(Buffer.from(text, "latin1"), options).map(({ rule, line }) => [rule, line]);

const wrong: [what: string, text: string, rule: keyof typeof powerShellTextRules, line?: number][] = [
	["UTF-8's mark", "\xef\xbb\xbf$a = 1\r\n", "bom", 1],
	["UTF-16's mark, little end first", "\xff\xfe$a\r\n", "bom", 1],
	["UTF-16's mark, big end first", "\xfe\xff$a\r\n", "bom", 1],
	["a letter of UTF-8 in a comment", "$a = 1\r\n# gr\xc3\xbcn\r\n", "ascii", 2],
	["such a letter at the very beginning", "\xe9\r\n", "ascii", 1],
	["a NUL", "$a = 1\r\n\0\r\n", "control", 2],
	["an escape", "$a = '\x1b[0m'\r\n", "control", 1],
	["LF alone", "$a = 1\r\n$b = 2\n$c = 3\r\n", "crlf", 2],
	["CR alone", "$a = 1\r$b = 2\r\n", "crlf", 1],
	["a last line that does not end", "$a = 1\r\n$b = 2", "crlf", 2],
	["one byte too many", `#${"x".repeat(198)}\r\n`, "size"],
	["a word of the list in a comment", "$a = 1\r\n# its properties\r\n", "trigger", 2],
	["one in another word", "'remitted'\r\n", "trigger", 1],
	["one in any case", "-executionpolicy bYpAsS\r\n", "trigger", 1],
	["one that 7 does not look for, but 5.1 does", "$a = 'kernel32'\r\n", "trigger", 1],
	["another", "[Convert]::FromBase64String($x)\r\n", "trigger", 1],
];

describe("the text of a PowerShell script", () => {
	test.each(wrong)("%s", (_what, text, rule, line) => {
		expect(found(text)).toEqual([[rule, line]]);
	});

	test("every rule has a text that breaks it", () => {
		expect(new Set(wrong.map(([, , rule]) => rule))).toEqual(new Set(Object.keys(powerShellTextRules)));
	});

	test.each(["", "$a = 1\r\n", "#\tx\r\n\r\n", `#${"x".repeat(197)}\r\n`])("nothing is wrong with %j", (text) => {
		expect(found(text)).toEqual([]);
	});

	test("without a limit and with lines as they are in a repository, neither size nor LF is wrong", () => {
		expect(found(`# ${"x".repeat(300)}\n$a = 1`, { crlf: false })).toEqual([]);
	});

	test("each trigger word is named once, every rule for itself", () => {
		const text = "\xef\xbb\xbf# Methods, methods\n# \xe9 IntPtr\n";
		expect(found(text)).toEqual([
			["bom", 1],
			["ascii", 2],
			["crlf", 1],
			["trigger", 1],
			["trigger", 2],
		]);
	});
});
