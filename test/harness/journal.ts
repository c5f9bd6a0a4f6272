import type { JournalEntry, Opened } from "../../src/rotate/record.ts";
import { type RotationState, stateOfJournal } from "../../src/rotate/state.ts";

/** The first entry of a rotation to some stores. */
export const openedWith = (...stores: readonly string[]): Opened => ({
	is: "opened",
	format: 1,
	operation: "o",
	rotation: "it",
	provider: "p",
	strategy: "s",
	fleet: "/f",
	isLeaked: false,
	isAdopted: false,
	stores,
});

/** The state after these entries, all written at one time. */
export function stateAfter(entries: readonly JournalEntry[], at = 0): RotationState {
	return stateOfJournal(entries.map((entry) => ({ at, by: "me", host: "here", ...entry })));
}
