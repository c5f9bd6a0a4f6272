import type { RotationStrategy } from "../adapters/providers/rotation.ts";
import { ownEntry } from "../base/lookup.ts";
import { isDone, NEVER, type RotationState, type StoreState } from "./state.ts";

/** What comes next. Pure: the same journal, time and fleet file give the same answer. */
export type Next =
	/** Something that this machine does now. */
	| { readonly do: StepName; readonly store?: string }
	/** Nothing before that time. */
	| { readonly wait: string; readonly due: number; readonly store?: string }
	/** A person has to act. */
	| { readonly person: Person; readonly store?: string }
	/** The old token is accepted though it should have ended. */
	| { readonly alarm: string }
	/** The step of a store failed in this run, and nothing else can go on. */
	| { readonly blocked: string }
	| { readonly over: string };

/** Steps of the engine, in the order in which they come. A store's steps are journalled with its name behind a colon. */
export type StepName =
	| "seal-old"
	| "prepare"
	| "fence"
	| "reserve"
	| "ask"
	| "call"
	| "read-answer"
	| "look-at-old"
	| "find-orphan"
	| "prove-new"
	| "write"
	| "apply"
	| "confirm"
	| "revoke"
	| "prove-old-dead"
	| "back-write"
	| "back-apply"
	| "revoke-new"
	| "close"
	| "close-back";

/** Why a person is needed. */
export type Person =
	| "token"
	| "console"
	| "written"
	| "confirmed"
	| "identity"
	| "retire"
	| "revoke"
	| "revoke-new"
	| "removed-store"
	| "paused";

/** What the decision looks at besides the journal. */
export interface NextAbout {
	readonly now: number;
	readonly strategy: RotationStrategy;
	/** How long a call that got no answer can still arrive, plus the overlap: before that the old token shows nothing. */
	readonly overlapMs: number | undefined;
	/** The stores of the fleet file now, the canary first. */
	readonly stores: readonly NextStore[];
	readonly canary: string | undefined;
	/** Stores whose step failed in this run: the others go on. */
	readonly skipped: ReadonlySet<string>;
	/** Steps of this run, which looks at everything anew; undefined where nobody can look. */
	readonly ran?: ReadonlySet<StepName>;
}

export interface NextStore {
	readonly name: string;
	readonly hasApply: boolean;
	readonly confirm: "traffic" | "person" | "program";
	readonly withinMs: number;
}

/** How long after its end a clock's token is asked about: clocks differ, and ends are not to the second. */
const AFTER_END_MS = 60_000;
/** A yes is about the moment of the look: after a crash the old token is not ended on one of yesterday. */
const ALLOWED_MS = 10 * 60_000;
/** How soon a place that did not confirm yet is looked at again. */
const LOOK_AGAIN_MS = 60_000;

export function nextStep(state: RotationState, about: NextAbout): Next {
	if (state.closed) return { over: state.closed.how };
	if (state.old === undefined) return { do: "seal-old" };
	if (!isDone(state, "prepare")) return { do: "prepare" };
	if (!isDone(state, "fence")) return { do: "fence" };
	return removedStores(state, about) ?? (state.direction === "forward" ? forward(state, about) : back(state, about));
}

/** A store that left the fleet file in the middle would be forgotten with what it holds. */
function removedStores({ opened, stores, removed }: RotationState, about: NextAbout): Next | undefined {
	const known = new Set(about.stores.map(({ name }) => name));
	const gone = [...opened.stores, ...Object.keys(stores)].find(
		(name) => !known.has(name) && !Object.hasOwn(removed, name),
	);
	return gone === undefined ? undefined : { person: "removed-store", store: gone };
}

function forward(state: RotationState, about: NextAbout): Next {
	return (
		newToken(state, about) ??
		(isDone(state, "prove-new") ? undefined : { do: "prove-new" as const }) ??
		identityStep(state) ??
		spread(state, about) ??
		endOld(state, about)
	);
}

function newToken(state: RotationState, about: NextAbout): Next | undefined {
	if (state.fresh) return undefined;
	if (state.answer) return { do: "read-answer" };
	const { strategy } = about;
	const byHand =
		strategy.by === "person" ||
		// It was made already: another call would end it, or make a second one.
		state.opened.isAdopted ||
		state.steps["console"]?.is === "done" ||
		state.askedAt !== undefined;
	if (byHand) return state.askedAt === undefined ? { do: "ask" } : { person: "token" };
	if (!isDone(state, "reserve")) return { do: "reserve" };
	const { call } = state;
	if (call.is === "never" || call.is === "no") return { do: "call" };
	if (call.is === "done") return { do: "read-answer" };
	return unanswered(state, about);
}

/** A call was sent, or may have been, and nothing came back: by the provider's row, and never by a guess. */
function unanswered(state: RotationState, { strategy, overlapMs, now }: NextAbout): Next {
	const { call, steps } = state;
	if (strategy.again === "yes") return { do: "call" };
	const since = (step: string) => {
		const found = ownEntry(steps, step) ?? NEVER;
		return found.at >= call.at ? found : NEVER;
	};
	if (strategy.again === "orphan") return since("find-orphan").is === "done" ? { do: "call" } : { do: "find-orphan" };
	if (strategy.again === "no") return { person: "console" };
	const seen = since("look-at-old");
	const due = call.at + (overlapMs ?? 0) + AFTER_END_MS;
	if (now < due)
		return { wait: "the call got no answer; after the overlap the old token shows whether it was done", due };
	if (seen.is === "done") return { do: "call" };
	return seen.is === "no" ? { do: "ask" } : { do: "look-at-old" };
}

/** Facts that the provider did not tell of both tokens, and a person has to compare. */
function identityStep(state: RotationState): Next | undefined {
	const asked = state.steps["prove-new"]?.facts?.["undisclosed"] === true;
	return asked && !isDone(state, "identity") ? { person: "identity" } : undefined;
}

/** The canary alone until it is confirmed, then all: written, taken, confirmed. */
function spread(state: RotationState, about: NextAbout): Next | undefined {
	const first = about.stores.filter(({ name }) => name === about.canary);
	for (const group of [first, about.stores]) {
		const able = group.filter(({ name }) => !about.skipped.has(name));
		const open = written(state, able) ?? confirmed(state, able, about.now);
		if (open) return open;
		const [stuck] = group.filter(({ name }) => about.skipped.has(name));
		if (stuck) return { blocked: stuck.name };
	}
	return undefined;
}

const UNTOUCHED: StoreState = { write: NEVER, apply: NEVER, confirm: NEVER, wasTouched: false };

const stateOfStore = (state: RotationState, name: string) => ownEntry(state.stores, name) ?? UNTOUCHED;

function written(state: RotationState, group: readonly NextStore[]): Next | undefined {
	for (const { name, hasApply } of group) {
		const { write, apply } = stateOfStore(state, name);
		if (write.is === "wait") return { person: "written", store: name };
		if (write.is !== "done") return { do: "write", store: name };
		if (hasApply && apply.is !== "done") return { do: "apply", store: name };
	}
	return undefined;
}

/** Something that can be looked at comes before a person, and a person before waiting. */
function confirmed(state: RotationState, group: readonly NextStore[], now: number): Next | undefined {
	const open = group.filter(({ name }) => stateOfStore(state, name).confirm.is !== "done");
	const due = (name: string) => {
		const { confirm } = stateOfStore(state, name);
		// After a clock was set back the last look seems to be still to come.
		return confirm.is === "wait" && confirm.at <= now ? confirm.at + LOOK_AGAIN_MS : 0;
	};
	const ready = open.find(({ name, confirm }) => confirm !== "person" && due(name) <= now);
	if (ready) return { do: "confirm", store: ready.name };
	const asked = open.find(({ confirm }) => confirm === "person");
	if (asked) return { person: "confirmed", store: asked.name };
	const [first] = open.sort((a, b) => due(a.name) - due(b.name));
	if (!first) return undefined;
	return { wait: "no evidence yet that the new token is in use there", due: due(first.name), store: first.name };
}

function endOld(state: RotationState, about: NextAbout): Next {
	const { strategy, now } = about;
	const dead = state.steps["prove-old-dead"] ?? NEVER;
	if (dead.is === "done") return { do: "close" };
	if (strategy.ends === "revoke") {
		const { retireAllowedAt } = state;
		const isByUs = strategy.revoke !== undefined && state.steps["revoke"]?.is !== "wait";
		if (!isDone(state, "revoke")) {
			// A clock that was set back makes it seem to be still to come.
			const isAllowed = retireAllowedAt !== undefined && (!isByUs || Math.abs(now - retireAllowedAt) <= ALLOWED_MS);
			if (!isAllowed) return { person: "retire" };
			return isByUs ? { do: "revoke" } : { person: "revoke" };
		}
	}
	const due = strategy.ends === "clock" ? (state.deadline?.at ?? 0) + AFTER_END_MS : 0;
	if (now < due) return { wait: "the old token ends by itself", due };
	const again = dead.at + LOOK_AGAIN_MS;
	const wasSeen = about.ran ? about.ran.has("prove-old-dead") : now < again;
	if (dead.is === "no" && wasSeen) return { alarm: "the old token is still accepted, though it should have ended" };
	if (dead.is === "wait" && wasSeen)
		return { wait: "it could not be seen whether the old token is refused", due: again };
	return { do: "prove-old-dead" };
}

/** Back to the old token. Where a clock ends that, it is only a pause. */
function back(state: RotationState, about: NextAbout): Next {
	for (const { name, hasApply } of about.stores) {
		const { write, apply, wasTouched } = stateOfStore(state, name);
		if (!wasTouched || about.skipped.has(name)) continue;
		if (write.is === "wait") return { person: "written", store: name };
		if (write.is !== "done") return { do: "back-write", store: name };
		if (hasApply && apply.is !== "done") return { do: "back-apply", store: name };
	}
	const [stuck] = about.skipped;
	if (stuck !== undefined) return { blocked: stuck };
	if (about.strategy.ends !== "revoke") {
		return state.fresh === undefined && state.deadline === undefined ? { do: "close-back" } : { person: "paused" };
	}
	if (state.fresh && !isDone(state, "revoke-new")) {
		const due = followedBackAt(state, about);
		if (about.now < due)
			return {
				wait: "the new token is not ended before the readers of the stores had time to go back to the old one",
				due,
			};
		return about.strategy.revoke && state.fresh.id !== undefined ? { do: "revoke-new" } : { person: "revoke-new" };
	}
	return { do: "close-back" };
}

/** When everybody who may have taken the new token from a store has had its time to follow back: ended earlier, it would be refused. */
function followedBackAt(state: RotationState, { stores }: NextAbout): number {
	const times = stores.map(({ name, withinMs }) => {
		const { write, apply, wasTouched } = stateOfStore(state, name);
		return wasTouched ? Math.max(write.at, apply.at) + withinMs : 0;
	});
	return Math.max(0, ...times);
}
