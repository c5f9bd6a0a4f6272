import { ownEntry } from "./lookup.ts";

type Mistake = readonly [what: string, fix: string];

/** What the parser's error codes mean. https://eemeli.org/yaml/#errors */
const byCode: Readonly<Record<string, Mistake>> = {
	BAD_ALIAS: ["an alias or anchor without a proper name", "name it in letters and digits"],
	BAD_DQ_ESCAPE: ["a backslash in double quotes that starts no escape", "use single quotes, or double the backslash"],
	BAD_INDENT: ["wrong indentation", "align it with its siblings"],
	BAD_SCALAR_START: ["a value without quotes cannot start with this character", "put the value in quotes"],
	BLOCK_AS_IMPLICIT_KEY: ["a nested map on the same line as its key", "put it on a separate line, or quote the value"],
	BLOCK_IN_FLOW: [
		"a nested map or list inside [ ] or { }",
		"separate items with commas, or write the inner one in brackets",
	],
	DUPLICATE_KEY: ["duplicate key", "remove one of them"],
	MULTILINE_IMPLICIT_KEY: ["a key spans several lines", "check for a missing colon or quote in the line"],
	MULTIPLE_ANCHORS: ["a value has two anchors", "keep one of them"],
	MULTIPLE_TAGS: ["a value has two tags", "keep one of them"],
	RESOURCE_EXHAUSTION: ["the file is nested too deeply", "check that this is the config"],
	TAB_AS_INDENT: ["a tab is used as indentation", "use spaces"],
	UNEXPECTED_TOKEN: ["unexpected content", "check quotes, commas, colons and indentation"],
};

const UNCLOSED: Mistake = [
	"a [ or { is not closed, or what is in it is not indented",
	"close it, or indent what is in it",
];
const COMMA: Mistake = ["a comma is missing between two items", "add it"];

/** Where one code stands for different mistakes, the parser's message tells them apart. */
const byMessage: readonly (readonly [message: RegExp, mistake: Mistake])[] = [
	[/must be sufficiently indented and end with|must end with a/, UNCLOSED],
	[
		/keys need to be followed by map values/,
		["a key without a colon, or without a space after it", "write key: value"],
	],
	[/^Missing closing/, ["a closing quote is missing", "close it"]],
	[/^Missing , /, COMMA],
	[/^Comments must be separated/, ["a # without a space before it", "add the space, or put the value in quotes"]],
	[/^Tags and anchors must be separated/, ["a tag or an anchor without a space after it", "add the space"]],
];

/** What a mistake that the YAML parser found is, and how to mend it. */
export function yamlMistake({ code, message }: { readonly code: string; readonly message: string }): Mistake {
	const known = byMessage.find(([pattern]) => pattern.test(message))?.[1] ?? ownEntry(byCode, code);
	return known ?? ["invalid YAML", "check quotes, colons and indentation"];
}
