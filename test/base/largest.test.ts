import { expect, test } from "vitest";
import { largest } from "../../src/base/largest.ts";

test("the largest of more numbers than fit on the stack, and of none", () => {
	const numbers = Array.from({ length: 1_000_000 }, (_, index) => (index === 7 ? 2_000_000 : index));
	expect(() => Math.max(...numbers)).toThrow(RangeError);
	expect(largest(numbers)).toBe(2_000_000);
	expect([largest([], 3), largest([2], 3), largest([-5, -9])]).toEqual([3, 3, -5]);
});
