import { ownEntry } from "../base/lookup.ts";
import type { Captured, Ending, Facts, JournalRecord, Opened, Sealed } from "./record.ts";

/** What a journal says, as one value. Pure. */
export interface RotationState {
	readonly opened: Opened;
	readonly startedAt: number;
	readonly old: Sealed | undefined;
	/** The new token that counts: not one that was lost or refused. */
	readonly fresh: (Captured & { readonly sealed: Sealed }) | undefined;
	/** Fingerprints of new tokens that do not count any more, and that stores may hold. */
	readonly spent: readonly string[];
	/** Fingerprints of tokens that stores held or a person declared lost, and that nobody ended. */
	readonly mayLive: readonly string[];
	/** The provider's answer that holds it, if it was not read yet. */
	readonly answer: Sealed | undefined;
	/** Since when a person is asked for the new token. */
	readonly askedAt: number | undefined;
	/** A new token was there, if only until it was refused or declared lost. */
	readonly wasGiven: boolean;
	/** The last attempt to issue a token by API. */
	readonly call: StepState & { readonly attempt: number };
	readonly steps: Readonly<Record<string, StepState>>;
	/** Stores by name, with the direction that counts. */
	readonly stores: Readonly<Record<string, StoreState>>;
	/** Stores that were taken off the list, with the reason; one that is on it again gets the new token all the same. */
	readonly removed: Readonly<Record<string, string>>;
	readonly direction: "forward" | "back";
	/** When it went forward again, by this machine's clock: until then places may have got the old token back. */
	readonly forwardAt: number | undefined;
	readonly deadline: { readonly at: number; readonly source: string } | undefined;
	/** When a verdict or a person allowed to end the old token; undefined if nobody did. */
	readonly retireAllowedAt: number | undefined;
	readonly closed: { readonly how: string; readonly left: readonly string[]; readonly at: number } | undefined;
}

/** How a step stands: never begun, begun without an end (the machine stopped), or ended. */
export interface StepState {
	readonly is: "never" | "begun" | Ending;
	/** When it began, or ended, by the provider's clock. */
	readonly at: number;
	/** The same by this machine's clock, which evidence has. */
	readonly localAt?: number | undefined;
	readonly note?: string | undefined;
	readonly facts?: Facts | undefined;
}

/** A store in the direction of the rotation. */
export interface StoreState {
	readonly write: StepState;
	readonly apply: StepState;
	readonly confirm: StepState;
	/** It was ever asked to take the new token. */
	readonly wasTouched: boolean;
}

export const NEVER: StepState = { is: "never", at: 0 };

/** The state after all records. Throws if the first is not `opened`, which the reader of a journal has made sure of. */
export function stateOfJournal(records: readonly JournalRecord[]): RotationState {
	const [opened] = records;
	if (opened?.is !== "opened") throw new Error("a journal without its first record");
	return records.reduce(after, {
		opened,
		startedAt: opened.at,
		old: undefined,
		fresh: undefined,
		spent: [],
		mayLive: [],
		answer: undefined,
		askedAt: undefined,
		wasGiven: false,
		call: { ...NEVER, attempt: 0 },
		steps: {},
		stores: {},
		removed: {},
		direction: "forward",
		forwardAt: opened.isAgain ? opened.at - (opened.ahead ?? 0) : undefined,
		deadline: undefined,
		retireAllowedAt: undefined,
		closed: undefined,
	});
}

/** The state after further records. */
export function continued(state: RotationState, more: readonly JournalRecord[]): RotationState {
	return more.reduce(after, state);
}

function after(state: RotationState, record: JournalRecord): RotationState {
	if (record.is === "sealed") return afterSealed(state, record);
	if (record.is === "begun") return afterStep(state, record.step, { is: "begun", at: record.at, note: record.note });
	if (record.is === "ended") {
		const { how, at, ahead = 0, note, facts } = record;
		return afterStep(state, record.step, { is: how, at, localAt: at - ahead, note, facts });
	}
	if (record.is === "captured") return afterCaptured(state, record);
	if (record.is === "word") return afterWord(state, record);
	if (record.is === "closed") {
		return { ...state, closed: { how: record.how, left: record.left, at: record.at } };
	}
	return state;
}

function afterSealed(state: RotationState, record: Sealed): RotationState {
	if (record.what === "old") return { ...state, old: record };
	if (record.what === "answer") return { ...state, answer: record };
	// A new token counts once it is captured, which is the next record.
	return { ...state, answer: record };
}

function afterCaptured(state: RotationState, captured: Captured): RotationState {
	if (state.answer === undefined) return state;
	const { deadline, source = "the provider's rule" } = captured;
	return {
		...state,
		fresh: { ...captured, sealed: state.answer },
		wasGiven: true,
		answer: undefined,
		deadline: deadline === undefined ? state.deadline : { at: deadline, source },
	};
}

/** Steps of a store are `write:NAME`, `apply:NAME` and `confirm:NAME`; going back they are `back-…`. */
const OF_STORE = /^(back-)?(write|apply|confirm):(.+)$/;

function afterStep(state: RotationState, step: string, now: StepState): RotationState {
	const steps = { ...state.steps, [step]: now };
	if (step === "ask") return { ...state, steps, askedAt: state.askedAt ?? now.at };
	if (step === "call") {
		const attempt = state.call.attempt + (now.is === "begun" ? 1 : 0);
		return { ...state, steps, call: { ...now, attempt } };
	}
	if (step === "read-answer" && now.is === "no") {
		// It is kept for export; what became of the call is not known.
		return { ...state, steps, answer: undefined, call: { ...state.call, is: "unknown", at: now.at } };
	}
	// A person gives another one. What came by API is asked about again: it may be accepted a moment later, and nobody else has it.
	if (step === "prove-new" && now.is === "no" && state.fresh?.sealed.what !== "answer") {
		return withoutFresh({ ...state, steps }, false);
	}
	const [, back, kind, name = ""] = OF_STORE.exec(step) ?? [];
	if (kind === undefined) return { ...state, steps };
	if ((back !== undefined) !== (state.direction !== "forward")) return { ...state, steps };
	const before = ownEntry(state.stores, name) ?? { write: NEVER, apply: NEVER, confirm: NEVER, wasTouched: false };
	const changed = { ...before, [kind]: now, wasTouched: before.wasTouched || (back === undefined && kind === "write") };
	return { ...state, steps, stores: { ...state.stores, [name]: changed } };
}

/**
 * The new token does not count any more: it was refused, or its value is lost. A person is asked again, and the click can have been made
 * since the first time. What was found out about that token says nothing about the next one.
 */
function withoutFresh(state: RotationState, isLost: boolean): RotationState {
	const { fresh, spent, mayLive, steps, stores } = state;
	const looks = ["prove-new", "prove-old-dead"].map((step) => ownEntry(steps, step)?.facts?.["refused"]);
	const isRefused = fresh !== undefined && looks.includes(fresh.fingerprint);
	const isOut = fresh !== undefined && Object.values(stores).some(({ wasTouched }) => wasTouched);
	return {
		...state,
		fresh: undefined,
		spent: isOut ? [...spent, fresh.fingerprint] : spent,
		mayLive: fresh !== undefined && (isOut || isLost) && !isRefused ? [...mayLive, fresh.fingerprint] : mayLive,
		answer: undefined,
		retireAllowedAt: undefined,
		stores: turned(state),
		steps: {
			...steps,
			...(isDone(state, "prove-new") ? { "prove-new": NEVER } : {}),
			"prove-old-dead": NEVER,
			identity: NEVER,
		},
	};
}

function afterWord(state: RotationState, word: JournalRecord & { readonly is: "word" }): RotationState {
	const { about, subject = "", because = "", until, at } = word;
	const done: StepState = { is: "done", at, localAt: at - (word.ahead ?? 0), note: because };
	const ofStore = (kind: "write" | "confirm") => {
		const back = state.direction === "forward" ? "" : "back-";
		return afterStep(state, `${back}${kind}:${subject}`, done);
	};
	switch (about) {
		case "written":
			return ofStore("write");
		case "confirmed":
			return ofStore("confirm");
		case "ended":
			return { ...state, steps: { ...state.steps, [subject]: done } };
		case "lost":
			return withoutFresh(state, true);
		case "removed":
			return { ...state, removed: { ...state.removed, [subject]: because } };
		case "retire":
		case "despite":
			return { ...state, retireAllowedAt: at };
		case "withdrawn":
			return { ...state, retireAllowedAt: undefined };
		case "rollback":
			return { ...state, direction: "back", stores: turned(state), retireAllowedAt: undefined };
		case "forward":
			// What was accepted before the way back need not be any more.
			return {
				...state,
				direction: "forward",
				forwardAt: at - (word.ahead ?? 0),
				stores: turned(state),
				steps: { ...state.steps, "prove-new": NEVER, "revoke-new": NEVER },
			};
		case "reopen":
			return until === undefined
				? state
				: { ...state, deadline: { at: until, source: "the provider's support, as a person said" } };
		case "identity":
			return { ...state, steps: { ...state.steps, identity: done } };
		case "moved":
			return state;
	}
}

/** Every store that may hold the other token has to be written again. */
function turned({ stores }: RotationState): RotationState["stores"] {
	return Object.fromEntries(
		Object.entries(stores).map(([name, { wasTouched }]) => [
			name,
			{ write: NEVER, apply: NEVER, confirm: NEVER, wasTouched },
		]),
	);
}

/** A step that ended well. */
export function isDone(state: RotationState, step: string): boolean {
	return ownEntry(state.steps, step)?.is === "done";
}
