import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { table } from "../../src/base/table.ts";
import { columns, cut, fill, wrap } from "../../src/base/width.ts";

describe("columns", () => {
	test.each([
		["abc", 3],
		["開発", 4],
		["ｆｕｌｌ", 8],
		["ｶﾀｶﾅ", 4],
		["한글", 4],
		["\u1112\u1161\u11ab", 2],
		["e\u0301", 1],
		["ก็", 1],
		["👩‍💻", 2],
		["👨‍👩‍👧‍👦", 2],
		["🇩🇪", 2],
		["❤️", 2],
		["1️⃣", 2],
		["☺", 1],
		["a\u200bb", 2],
		["\u001b[1m\u001b[31mred\u001b[39m\u001b[22m", 3],
		["", 0],
	])("%j takes %i", (text, width) => expect(columns(text)).toBe(width));

	test("text is cut and filled to exactly the columns", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme" }), fc.nat(40), (text, width) => {
				expect(columns(cut(text, width))).toBeLessThanOrEqual(width);
				expect(columns(fill(text, width))).toBe(width);
				expect(columns(fill(text, width, "right"))).toBe(width);
			}),
		);
		expect(cut("開発用", 5)).toBe("開発…");
		expect([fill("発", 4), fill("発", 4, "right")]).toEqual(["発  ", "  発"]);
	});

	test("text is wrapped at blanks", () => {
		expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
		expect(wrap("unbreakable", 5)).toEqual(["unbr…"]);
		expect(wrap("an unbreakable word", 5, "whole")).toEqual(["an", "unbreakable", "word"]);
		expect(wrap("開発 用 x", 6)).toEqual(["開発", "用 x"]);
	});
});

describe("table", () => {
	const rows = [
		["host", "n"],
		["開発機", "10"],
		["👩‍💻-mac", "2"],
	];

	test("has straight columns in every script", () => {
		expect(table(rows, { columns: { 1: { side: "right" } } })).toEqual(["host     n", "開発機  10", "👩‍💻-mac   2"]);
		expect(table(rows, { gap: 1 })).toEqual(["host   n", "開発機 10", "👩‍💻-mac 2"]);
		expect(table([])).toEqual([]);
	});

	test("short rows are allowed, and no line ends with spaces", () => {
		expect(table([["a"], ["b", "c"], ["", ""]])).toEqual(["a", "b  c", ""]);
	});

	test("only flexible columns shrink, down to their minimum", () => {
		const wide = [["name", "a-long-place", "x"]];
		const style = (width: number) => ({ columns: { 1: { least: 6 } }, width });
		expect(table(wide, style(100))).toEqual(["name  a-long-place  x"]);
		expect(table(wide, style(19))).toEqual(["name  a-long-pl…  x"]);
		expect(table(wide, style(5))).toEqual(["name  a-lon…  x"]);
	});

	test("paint changes no width", () => {
		const paint = (cell: string, row: number, column: number) =>
			column === 0 && row > 0 ? `\u001b[31m${cell}\u001b[39m` : cell;
		const lines = table(rows, { paint });
		expect(lines[1]).toBe("\u001b[31m開発機\u001b[39m  10");
		expect(lines[2]).toBe("\u001b[31m👩‍💻-mac\u001b[39m  2");
	});
});
