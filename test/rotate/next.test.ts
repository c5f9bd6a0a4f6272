import { describe, expect, test } from "vitest";
import { rotations } from "../../src/adapters/providers/rotations.generated.ts";
import { type NextAbout, nextStep } from "../../src/rotate/next.ts";
import type { JournalEntry } from "../../src/rotate/record.ts";
import { stateOfJournal } from "../../src/rotate/state.ts";
import { openedWith, stateAfter } from "../harness/journal.ts";

const strategies = rotations.flatMap((rules) => rules.strategies.map((strategy) => ({ id: rules.id, strategy })));
const HOUR = 3_600_000;

const opened = openedWith("a", "b");

const sealed = (what: "old" | "new"): JournalEntry => ({ is: "sealed", what, sequence: 1, fingerprint: what, box: "" });
const ended = (step: string, how: "done" | "no" | "unknown" | "wait" = "done"): JournalEntry => ({
	is: "ended",
	step,
	how,
});
const begun = (step: string): JournalEntry => ({ is: "begun", step });

const storeOf = (name: string) => ({ name, hasApply: false, confirm: "person", withinMs: 1 }) as const;

/** What comes after these records, all written at time 0. */
function nextAfter(entries: readonly JournalEntry[], about: Partial<NextAbout> & Pick<NextAbout, "strategy">) {
	return nextStep(stateAfter([opened, ...entries]), {
		now: 1,
		overlapMs: HOUR,
		canary: undefined,
		skipped: new Set(),
		stores: ["a", "b"].map(storeOf),
		...about,
	});
}

const prepared = [sealed("old"), ended("prepare"), ended("fence")];
const captured: JournalEntry[] = [sealed("new"), { is: "captured", fingerprint: "new", since: 0, deadline: HOUR }];
const proven = [...prepared, ...captured, ended("prove-new")];
const spread = [...proven, ended("write:a"), ended("write:b"), ended("confirm:a"), ended("confirm:b")];

describe.each(strategies)("$id, $strategy.id", ({ strategy }) => {
	test("the provider is not asked before the old token is sealed, everything is prepared and the lock is held", () => {
		expect(nextAfter([], { strategy })).toEqual({ do: "seal-old" });
		expect(nextAfter([sealed("old")], { strategy })).toEqual({ do: "prepare" });
		expect(nextAfter([sealed("old"), ended("prepare", "no")], { strategy })).toEqual({ do: "prepare" });
		expect(nextAfter([sealed("old"), ended("prepare")], { strategy })).toEqual({ do: "fence" });
	});

	test("a call whose answer nobody has is never made again at once, unless that does no harm", () => {
		if (strategy.by === "person") {
			expect(nextAfter(prepared, { strategy })).toEqual({ do: "ask" });
			expect(nextAfter([...prepared, ended("ask")], { strategy })).toEqual({ person: "token" });
			return;
		}
		for (const fate of [begun("call"), ended("call", "unknown")]) {
			const next = nextAfter([...prepared, ended("reserve"), begun("call"), fate], { strategy });
			if (strategy.again === "yes") expect(next).toEqual({ do: "call" });
			else if (strategy.again === "orphan") expect(next).toEqual({ do: "find-orphan" });
			else if (strategy.again === "no") expect(next).toEqual({ person: "console" });
			else expect(next).toMatchObject({ due: HOUR + 60_000 });
		}
		// Space for the answer comes first, and a definite refusal had no effect.
		expect(nextAfter(prepared, { strategy })).toEqual({ do: "reserve" });
		expect(nextAfter([...prepared, ended("reserve"), begun("call"), ended("call", "no")], { strategy })).toEqual({
			do: "call",
		});
	});

	test("S9: what was found out about one call without an answer says nothing about the next", () => {
		if (strategy.again !== "if-old-lives" && strategy.again !== "orphan")
			return expect(strategy.again).toMatch(/^(yes|no)$/);
		const look = strategy.again === "orphan" ? "find-orphan" : "look-at-old";
		const second = 2 * HOUR;
		const times: readonly (readonly [at: number, entry: JournalEntry])[] = [
			[0, opened],
			...[...prepared, ended("reserve"), ended("call", "unknown")].map((entry) => [1, entry] as const),
			[second - 1, ended(look)],
			[second, begun("call")],
			[second + 1, ended("call", "unknown")],
		];
		const state = (count: number) =>
			stateOfJournal(times.slice(0, count).map(([at, entry]) => ({ at, by: "me", host: "here", ...entry })));
		const about = {
			strategy,
			overlapMs: HOUR,
			canary: undefined,
			skipped: new Set<string>(),
			stores: ["a", "b"].map(storeOf),
		};
		expect(nextStep(state(times.length - 2), { ...about, now: second })).toEqual({ do: "call" });
		const due = second + 1 + HOUR + 60_000;
		expect(nextStep(state(times.length), { ...about, now: due })).toEqual({ do: look });
		return undefined;
	});

	test("S12: a store that was taken off the list is neither written nor waited for", () => {
		const removed: JournalEntry = { is: "word", about: "removed", subject: "a", because: "sold" };
		const stores = [storeOf("b")];
		expect(nextAfter([...proven, removed], { strategy, stores })).toEqual({ do: "write", store: "b" });
		const rest = [...proven, removed, ended("write:b"), ended("confirm:b")];
		expect(nextAfter(rest, { strategy, stores })).not.toHaveProperty("store");
		// On the list again, it gets the new token.
		expect(nextAfter(rest, { strategy })).toEqual({ do: "write", store: "a" });
	});

	test("forward again, the new token is proven again before any store gets it, and ended again on a second way back", () => {
		const turned = (about: "rollback" | "forward"): JournalEntry => ({ is: "word", about });
		const again = [...spread, turned("rollback"), ended("back-write:a"), ended("revoke-new"), turned("forward")];
		expect(nextAfter(again, { strategy })).toEqual({ do: "prove-new" });
		const back = [...again, ended("prove-new"), turned("rollback"), ended("back-write:a"), ended("back-write:b")];
		if (strategy.ends === "revoke") expect(nextAfter(back, { strategy })).not.toEqual({ do: "close-back" });
	});

	test("S12: a store that was never at the beginning, and one on the way back, is not forgotten when it leaves the file", () => {
		const later = [...proven, ended("write:a"), ended("write:c")];
		expect(nextAfter(later, { strategy })).toEqual({ person: "removed-store", store: "c" });
		const back: JournalEntry[] = [...proven, begun("write:a"), { is: "word", about: "rollback" }];
		const stores = [storeOf("b")];
		expect(nextAfter(back, { strategy, stores })).toEqual({ person: "removed-store", store: "a" });
	});

	test("no store is written before the new token is proven, and the old one is not ended before each store is confirmed", () => {
		expect(nextAfter([...prepared, ...captured], { strategy })).toEqual({ do: "prove-new" });
		expect(nextAfter([...prepared, ...captured, ended("prove-new", "unknown")], { strategy })).toEqual({
			do: "prove-new",
		});
		expect(nextAfter(proven, { strategy })).toEqual({ do: "write", store: "a" });
		expect(nextAfter([...proven, begun("write:a")], { strategy })).toEqual({ do: "write", store: "a" });
		expect(nextAfter([...proven, ended("write:a")], { strategy })).toEqual({ do: "write", store: "b" });
		expect(nextAfter([...proven, ended("write:a")], { strategy, canary: "a" })).toEqual({
			person: "confirmed",
			store: "a",
		});
		expect(nextAfter([...proven, ended("write:a"), ended("write:b"), ended("confirm:a")], { strategy })).toEqual({
			person: "confirmed",
			store: "b",
		});
	});

	test("a store may have the name of something that every object has", () => {
		const stores = ["constructor", "toString"].map(
			(name) => ({ name, hasApply: false, confirm: "person", withinMs: 1 }) as const,
		);
		const next = (entries: readonly JournalEntry[]) => nextAfter([...proven, ...entries], { strategy, stores });
		expect(next([])).toEqual({ person: "removed-store", store: "a" });
		const removed = ["a", "b"].map((subject): JournalEntry => ({ is: "word", about: "removed", subject }));
		expect(next(removed)).toEqual({ do: "write", store: "constructor" });
		expect(next([...removed, ended("write:constructor")])).toEqual({ do: "write", store: "toString" });
	});

	test("the old token's end is waited for, asked for or proven, by what ends it", () => {
		const next = nextAfter(spread, { strategy });
		if (strategy.ends === "clock") expect(next).toMatchObject({ due: HOUR + 60_000 });
		else expect(next).toEqual(strategy.ends === "revoke" ? { person: "retire" } : { do: "prove-old-dead" });
		const alive = [...spread, { is: "word", about: "retire" }, ended("revoke"), ended("prove-old-dead", "no")] as const;
		expect(nextAfter([...alive], { strategy, now: strategy.ends === "clock" ? 1 : 2 })).toHaveProperty(
			strategy.ends === "clock" ? "wait" : "alarm",
		);
		const dead = [...spread, { is: "word", about: "retire" }, ended("revoke"), ended("prove-old-dead")] as const;
		expect(nextAfter([...dead], { strategy })).toEqual({ do: "close" });
	});

	test("S4: a yes ends the old token at once or not at all: after an hour it is looked at again", () => {
		if (strategy.ends !== "revoke") return expect(strategy.revoke).toBeUndefined();
		const allowed: JournalEntry[] = [...spread, { is: "word", about: "retire" }];
		const byUs = strategy.revoke !== undefined;
		expect(nextAfter(allowed, { strategy })).toEqual(byUs ? { do: "revoke" } : { person: "revoke" });
		for (const entries of [allowed, [...allowed, begun("revoke")], [...allowed, ended("revoke", "unknown")]]) {
			// An hour later, or with the clock set back by one.
			for (const now of [HOUR, -HOUR]) {
				expect(nextAfter(entries, { strategy, now })).toEqual({ person: byUs ? "retire" : "revoke" });
			}
		}
	});

	test("going back writes what was touched, and then ends the new token or pauses", () => {
		const back: JournalEntry = { is: "word", about: "rollback" };
		expect(nextAfter([...proven, ended("write:a"), back], { strategy })).toEqual({ do: "back-write", store: "a" });
		// A write that may have been made counts as made.
		expect(nextAfter([...proven, begun("write:b"), back], { strategy })).toEqual({ do: "back-write", store: "b" });
		const written = [...proven, begun("write:a"), back, ended("back-write:a")];
		const slow = ["a", "b"].map((name) => ({ ...storeOf(name), withinMs: 1_000 }));
		const late =
			strategy.ends === "revoke"
				? { wait: expect.stringContaining("time to go back"), due: 1_000 }
				: { person: "paused" };
		expect(nextAfter(written, { strategy, stores: slow })).toEqual(late);
		expect(nextAfter(written, { strategy })).toEqual({ person: strategy.ends === "revoke" ? "revoke-new" : "paused" });
	});
});

test("a store whose step failed does not stop the others, and a store that is gone stops everything", () => {
	const [{ strategy } = { strategy: undefined }] = strategies;
	if (!strategy) throw new Error("no strategy");
	expect(nextAfter(proven, { strategy, skipped: new Set(["a"]) })).toEqual({ do: "write", store: "b" });
	const rest = [...proven, ended("write:b"), ended("confirm:b")];
	expect(nextAfter(rest, { strategy, skipped: new Set(["a"]) })).toEqual({ blocked: "a" });
	expect(nextAfter(proven, { strategy, stores: [] })).toEqual({ person: "removed-store", store: "a" });
});

test("S4: a yes is forgotten with the token that it was about: one declared lost, or a way back", () => {
	const yes: JournalEntry = { is: "word", about: "retire" };
	const allowedAfter = (...more: JournalEntry[]) => stateAfter([opened, ...spread, yes, ...more], 7).retireAllowedAt;
	expect(allowedAfter()).toBe(7);
	for (const about of ["lost", "rollback", "withdrawn"] as const) {
		expect(allowedAfter({ is: "word", about }), about).toBeUndefined();
	}
});
