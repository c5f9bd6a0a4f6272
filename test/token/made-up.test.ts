import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMadeUp, madeUpToken } from "../../src/token/made-up.ts";
import { tokenProblems } from "../../src/token/shape.ts";
import { awkwardCanary, canary } from "../harness/canary.ts";

/** Every character by its kind. */
const shapeOf = (token: string) => token.replace(/[0-9]/g, "0").replace(/[a-z]/g, "a").replace(/[A-Z]/g, "A");

describe("a made-up token", () => {
	test.each([
		["of 43 characters", canary().token],
		["with words before it", `tok_live_${canary().token}`],
		["of many kinds of characters", awkwardCanary().token],
		["in hex", "0123456789abcdef0123456789abcdef01234567"],
		["in capital hex", "0123456789ABCDEF0123456789ABCDEF01234567"],
		["a UUID", "c01df00d-5eed-4ead-8eef-0123456789ab"],
		["of digits", "31415926535897932384626433832795"],
	])("has the shape of one %s, and nothing of it", (_what, token) => {
		const made = madeUpToken(token, "seed");
		expect(shapeOf(made)).toBe(shapeOf(token));
		expect(tokenProblems(made, "it")).toEqual([]);
		expect([made === token, isMadeUp(made), isMadeUp(token)]).toEqual([false, true, false]);
		expect(madeUpToken(token, "another seed")).not.toBe(made);
		if (!/[g-z]/i.test(token)) expect(made).not.toMatch(/[g-z]/i);
	});

	test("keeps what a format is known by", () => {
		expect(madeUpToken("tok_live_Abcdefghij0123456789", "seed")).toMatch(/^tok_live_[A-Z][a-z]{9}\d{10}$/);
		expect(madeUpToken("c01df00d-5eed-4ead-8eef-0123456789ab", "seed")).toMatch(/^.{14}4.{4}8/);
	});

	test("of a token that has no shape is as long", () => {
		const made = madeUpToken("!".repeat(24), "seed");
		expect([made.length, isMadeUp(made)]).toEqual([24, true]);
	});

	test("is known again, of any token and seed; no other is taken for one", () => {
		fc.assert(
			fc.property(fc.stringMatching(/^[!-~]{20,80}$/), fc.string(), (token, seed) => {
				const made = madeUpToken(token, seed);
				expect(isMadeUp(made)).toBe(true);
				expect(made.length).toBe(token.length);
				expect(isMadeUp(token)).toBe(false);
			}),
		);
	});
});
