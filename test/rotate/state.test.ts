import { expect, test } from "vitest";
import type { JournalEntry, JournalRecord } from "../../src/rotate/record.ts";
import { stateOfJournal } from "../../src/rotate/state.ts";
import { openedWith } from "../harness/journal.ts";

test("S6: a person is asked since the first question, whatever was asked or answered after it", () => {
	const entries: readonly JournalEntry[] = [
		openedWith("a"),
		{ is: "begun", step: "ask" },
		{ is: "ended", step: "ask", how: "done" },
		{ is: "sealed", what: "new", sequence: 4, fingerprint: "new", box: "" },
		{ is: "captured", fingerprint: "new", since: 0 },
		{ is: "ended", step: "prove-new", how: "no" },
		{ is: "word", about: "lost" },
		{ is: "begun", step: "ask" },
		{ is: "ended", step: "ask", how: "done" },
	];
	const records = entries.map((entry, at): JournalRecord => ({ at, by: "me", host: "here", ...entry }));
	const askedAfter = (count: number) => stateOfJournal(records.slice(0, count)).askedAt;
	expect(records.map((_, index) => askedAfter(index + 1))).toEqual([undefined, ...Array(8).fill(1)]);
});
