import { describe, expect, test } from "vitest";
import { obligationIds } from "../../../src/prove/judge/case.ts";
import { honest, namesTheTrue, openAfterAll, tryWithout, tryWorld } from "./world/run.ts";

/** A sixth of the worlds in a short run. `CROSSFADE_WORLDS=200000` for the whole; the first seed is 1. */
const SHARE = process.env["CROSSFADE_MATRIX"] === "full" ? 1 : 1 / 6;
const WORLDS = Number(process.env["CROSSFADE_WORLDS"] ?? 1_500 * SHARE);

/** Figures, for who runs it to learn them. */
function say(line: string): void {
	process.stdout.write(`${line}\n`);
}

describe("made-up worlds", () => {
	test(`never a yes while a known sender would send the old token again, in ${WORLDS} worlds`, {
		timeout: 7_200_000,
	}, () => {
		let yes = 0;
		const wrong: unknown[] = [];
		for (let seed = 1; seed <= WORLDS; seed++) {
			const tried = tryWorld(seed);
			yes += tried.yes;
			wrong.push(...tried.falseYes);
		}
		say(`${WORLDS} worlds, ${yes} times yes, ${wrong.length} of them false`);
		expect(wrong.slice(0, 5)).toEqual([]);
		// Who never says yes is never wrong.
		expect(yes).toBeGreaterThan(WORLDS / 20);
	});

	test("a yes comes within the longest interval and a margin in at least 95 of 100 honest, whole worlds", () => {
		const tried = Array.from({ length: 1_000 * SHARE }, (_, index) => honest(index + 1)).filter(
			(each) => each !== undefined,
		);
		const late = tried.filter(({ isYes }) => !isYes);
		say(`${tried.length} honest worlds, ${tried.length - late.length} times yes in time`);
		expect(late.length, JSON.stringify(late.slice(0, 3), undefined, 1)).toBeLessThanOrEqual(tried.length * 0.05);
		expect(tried.length).toBeGreaterThan(300 * SHARE);
	});

	// The only program of mac-3 does not send in all the fourteen days of this world: nothing ever shows which token it has.
	test("a listed machine that never sends is what is open in world 112145, until its owner says what it is", () => {
		expect(openAfterAll(112_145)).toMatchObject([
			{ id: "moved", about: "mac-3, any CLI", state: "unknown", witness: expect.stringContaining("no data was seen") },
		]);
		expect(openAfterAll(112_145, ["mac-3"])).toEqual([]);
	});

	// One machine that sends past the only place and reports its token: nothing but the names of the two tokens says which is the old one.
	test.each([89_508, 129_808, 140_053, 159_474])(
		"swapped tokens are no yes in world %i, where no sender is ever heard",
		(seed) => {
			expect(tryWorld(seed)).toEqual({ yes: 0, falseYes: [] });
		},
	);

	test("what is said to be in the way is in the way", () => {
		const wrong = Array.from({ length: 600 * SHARE }, (_, index) => namesTheTrue(index + 1)).filter(
			(each) => each !== undefined,
		);
		expect(wrong).toEqual([]);
	});

	test.each(obligationIds)("without %s there is a false yes, with it none", (id) => {
		const { with: kept, without } = tryWithout(id, 450 * SHARE);
		say(`${id}: ${without} false yes without it, ${kept} with it`);
		expect(kept).toBe(0);
		expect(without).toBeGreaterThan(0);
	});
});
