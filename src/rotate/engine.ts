import type { RotationAbout } from "../adapters/providers/rotation.ts";
import type { Store } from "../adapters/stores/store.ts";
import { limitConcurrency } from "../base/concurrency.ts";
import { CrossfadeError, type ExitName, type Problem } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import type { Fleet } from "../spec/fleet.ts";
import type { RotationSpec, StoreSpec } from "../spec/rotation.ts";
import { Secret } from "../token/secret.ts";
import { type Journal, JournalFailure } from "./journal.ts";
import type { NextAbout, StepName } from "./next.ts";
import { storeReach } from "./reach.ts";
import type { Ending, Facts, Sealed } from "./record.ts";
import type { Sealer } from "./sealing.ts";
import { continued, type RotationState, stateOfJournal } from "./state.ts";

/** All that a step works with. */
export interface Engine {
	readonly fx: Effects;
	readonly fleet: Fleet;
	readonly spec: RotationSpec;
	readonly journal: Journal;
	readonly sealer: Sealer;
	/** The provider's time now, in milliseconds since the epoch. */
	readonly now: () => number;
	/** A stored or sealed token, opened once. */
	readonly secret: (which: "old" | "new") => Promise<Secret>;
	/** An open store by its name. */
	readonly store: (name: string) => { readonly spec: StoreSpec; readonly store: Store };
	readonly state: () => RotationState;
	readonly about: () => RotationAbout;
	/** Asks the store that holds the lock: two of its methods are never called at once. */
	readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
	readonly close: () => Promise<void>;
}

/** How a step went. A problem says what to do; it is shown, and the step is tried again at the next run. */
export interface StepOutcome {
	readonly how: Ending;
	readonly note?: string | undefined;
	readonly facts?: Facts | undefined;
	readonly problem?: Problem | undefined;
	/** More of them. */
	readonly problems?: readonly Problem[] | undefined;
	/** The exit code of a failure that has its own. */
	readonly exit?: ExitName | undefined;
}

export interface EngineParts {
	readonly fleet: Fleet;
	readonly spec: RotationSpec;
	readonly journal: Journal;
	readonly sealer: Sealer;
	/** The provider's clock minus ours. */
	readonly clockOffsetMs: number;
}

export function newEngine(fx: Effects, { fleet, spec, journal, sealer, clockOffsetMs }: EngineParts): Engine {
	const opened = new Map<string, Secret>();
	const stores = new Map<string, Store>();
	const reach = storeReach(fx);
	// Of a thousand stores the journal has thousands of records: each is read once.
	let known = { count: journal.records.length, state: stateOfJournal(journal.records) };
	const state = () => {
		const { records } = journal;
		if (records.length > known.count)
			known = { count: records.length, state: continued(known.state, records.slice(known.count)) };
		return known.state;
	};
	const secret = async (which: "old" | "new"): Promise<Secret> => {
		const sealed = which === "old" ? state().old : state().fresh?.sealed;
		if (!sealed) throw new Error(`the ${which} token is not sealed yet`);
		const before = opened.get(sealed.box);
		if (before) return before;
		const bytes = await sealer.open(labelOf(journal.operation, sealed), sealed.box);
		const found = tokenOf(bytes, sealed, spec, aboutOf(spec, state()));
		opened.set(sealed.box, found);
		return found;
	};
	return {
		fx,
		fleet,
		spec,
		journal,
		sealer,
		now: () => fx.clock.now() + clockOffsetMs,
		secret,
		state,
		about: () => aboutOf(spec, state()),
		store(name) {
			const found = spec.stores.find((each) => each.name === name);
			if (!found) throw new Error(`no store ${name}`);
			const store = stores.get(name) ?? found.kind.open(found.settings, reach);
			stores.set(name, store);
			return { spec: found, store };
		},
		inTurn: limitConcurrency(1),
		close: async () => {
			for (const store of stores.values()) await store.close?.();
		},
	};
}

export function labelOf(operation: string, { sequence, what, fingerprint }: Omit<Sealed, "is" | "box">) {
	return { operation, sequence, what, fingerprint };
}

/** A token that was sealed alone, or within the provider's answer. */
function tokenOf(bytes: Uint8Array, sealed: Sealed, spec: RotationSpec, about: RotationAbout): Secret {
	const text = Buffer.from(bytes).toString("utf8");
	const token = sealed.what === "answer" ? spec.strategy.issued?.(text, about)?.token : text;
	if (token === undefined) throw new Error("a sealed answer without a token");
	return Secret.of(token);
}

export function slowestMs({ stores }: RotationSpec): number {
	return Math.max(0, ...stores.map(({ withinMs }) => withinMs));
}

export function aboutOf(spec: RotationSpec, state: RotationState): RotationAbout {
	const prepared = state.steps["prepare"]?.facts?.["prepared"];
	return {
		settings: spec.settings,
		operation: state.opened.operation,
		attempt: Math.max(1, state.call.attempt),
		tokenId: state.opened.tokenId ?? spec.settings["token-id"],
		...(state.fresh?.publicId === undefined ? {} : { publicId: state.fresh.publicId }),
		prepared: typeof prepared === "string" ? (JSON.parse(prepared) as Readonly<Record<string, unknown>>) : undefined,
		slowestMs: slowestMs(spec),
		isLeaked: state.opened.isLeaked,
	};
}

export function overlapOf(spec: RotationSpec, about: RotationAbout): number | undefined {
	return spec.overlapMs ?? spec.strategy.overlapMs?.(about);
}

/** Whether only a person can say when the old token ends: not where the overlap is given, or there is none. */
export function asksEnd(spec: RotationSpec, about: RotationAbout): boolean {
	return spec.strategy.asksEnd === true && spec.overlapMs === undefined && overlapOf(spec, about) !== 0;
}

/** What `nextStep` looks at, now. */
export function nextAbout(
	{ spec, now, about }: Pick<Engine, "spec" | "now" | "about">,
	skipped: ReadonlySet<string>,
	ran?: ReadonlySet<StepName>,
): NextAbout {
	return {
		now: now(),
		strategy: spec.strategy,
		overlapMs: overlapOf(spec, about()),
		canary: spec.canary,
		skipped,
		...(ran && { ran }),
		stores: spec.stores.map(({ name, apply, confirm, withinMs }) => ({
			name,
			withinMs,
			hasApply: apply !== "watch",
			confirm: typeof confirm === "string" ? confirm : "program",
		})),
	};
}

/** The outcome of a failed look or write, from what was thrown; what the journal does not know is none. */
export function failed(error: unknown): StepOutcome {
	if (!(error instanceof CrossfadeError) || error instanceof JournalFailure) throw error;
	const note = error.problems.map(({ what }) => what).join("; ");
	return { how: "no", note, problems: error.problems, exit: error.exit };
}
