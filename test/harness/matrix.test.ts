import { expect, test } from "vitest";
import { aThird, pairs } from "./matrix.ts";

test("a part of a matrix holds every row and every column, the whole of it every pair", () => {
	const [rows, columns] = [
		["a", "b", "c"],
		[1, 2],
	];
	const part = pairs(rows, columns, false);
	expect(part).toEqual([
		["a", 1],
		["b", 2],
		["c", 1],
	]);
	expect(pairs(rows, columns, true)).toHaveLength(6);
	expect(new Set(pairs(columns, rows, false).map(([, row]) => row))).toEqual(new Set(rows));
});

test("a third of a list, or the whole of it", () => {
	expect(aThird([1, 2, 3, 4, 5], false)).toEqual([1, 4]);
	expect(aThird([1, 2, 3, 4, 5], false, 1)).toEqual([3]);
	expect(aThird([1, 2, 3, 4, 5], true)).toEqual([1, 2, 3, 4, 5]);
});
