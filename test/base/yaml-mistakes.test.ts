import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { yamlMistake } from "../../src/base/yaml-mistakes.ts";

describe("the first mistake of a text is called by its name", () => {
	test.each([
		["a: [\nb: 1\n", "a [ or { is not closed"],
		["a: {x: 1,\n  y: 2\nb: 1\n", "a [ or { is not closed"],
		["{ a: 1\n", "a [ or { is not closed"],
		["a: 1\nreceivers\n", "a key without a colon"],
		["a: 1\nreceivers\nb: 2\n", "a key spans several lines"],
		["a: 1\nb:2\n", "a key without a colon, or without a space after it"],
		['a: "x\nb: 1\n', "a closing quote is missing"],
		["a: {x: 1 y: 2}\n", "a nested map or list inside"],
		['a: ["x" "y"]\n', "a comma is missing"],
		["a: [[x] [y]]\n", "unexpected content"],
		['a: "x"#y\n', "a # without a space before it"],
		["a: &x[1]\nb: *x\n", "a tag or an anchor without a space after it"],
		['path: "C:\\logs"\n', "a backslash in double quotes"],
		["a: @x\n", "cannot start with this character"],
		["a: 1\n  b: 2\n", "a nested map on the same line as its key"],
		["a:\n    b: 1\n  c: 2\n", "wrong indentation"],
		["a:\n\tb: 1\n", "a tab is used as indentation"],
		["a: 1\na: 2\n", "duplicate key"],
		["a: *\n", "without a proper name"],
		["a: &x &y 1\n", "a value has two anchors"],
		["a: 1\n]\n", "unexpected content"],
	])("%j", (text, what) => {
		const error = parseAllDocuments(text, { prettyErrors: false }).flatMap(({ errors }) => errors)[0];
		expect(error).toBeDefined();
		if (error) expect(yamlMistake(error)[0]).toContain(what);
	});

	test("one that nobody has named is invalid YAML", () => {
		expect(yamlMistake({ code: "constructor", message: "" })).toEqual([
			"invalid YAML",
			"check quotes, colons and indentation",
		]);
	});
});
