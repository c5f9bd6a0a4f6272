import { CrossfadeError, type ExitName, type Problem } from "../base/errors.ts";
import { type Engine, failed, nextAbout, type StepOutcome } from "./engine.ts";
import { tokensLeft } from "./let-go.ts";
import { type Next, nextStep, type StepName } from "./next.ts";
import { findOrphan, unlessOrphaned } from "./orphans.ts";
import {
	ask,
	call,
	lookAtOld,
	prepareProvider,
	proveNew,
	proveOldDead,
	readAnswer,
	reserve,
	revokeNew,
	revokeOld,
	whatOldTells,
} from "./provider-steps.ts";
import { sealInto } from "./seal.ts";
import { apply, confirm, lastCopy, prepareStores, turnedBack, turnedBackProblems, write } from "./store-steps.ts";
import { turnBackIfBroken } from "./way-back.ts";

/** Where a run stopped, and why. */
export interface Halt {
	readonly next: Next;
	/** Problems of steps that failed in this run. */
	readonly problems: readonly Problem[];
	readonly exit: ExitName | undefined;
}

/** What a run may need of the person who started it. */
export interface AdvanceOptions {
	/** The token in use, for the first step. */
	readonly readCurrent: () => Promise<Uint8Array>;
	/** Stores whose write nothing can prove beforehand are accepted. */
	readonly acceptUnproven: boolean;
	readonly acceptOutage: boolean;
	/** Called before and after every step. */
	readonly tell: (step: StepName, store: string | undefined, outcome?: StepOutcome) => void;
}

type Perform = (engine: Engine, options: AdvanceOptions, store: string) => Promise<StepOutcome>;

const performers: Readonly<Record<StepName, Perform>> = {
	"seal-old": async (engine, { readCurrent }) => {
		await sealInto(engine, "old", await readCurrent());
		return { how: "done" };
	},
	prepare,
	fence: takeFence,
	reserve,
	ask,
	call: (engine) => fenced(engine, () => call(engine)),
	"read-answer": readAnswer,
	"look-at-old": lookAtOld,
	"find-orphan": (engine) => findOrphan(engine),
	"prove-new": proveNew,
	write: (engine, _, store) => fenced(engine, () => write(engine, store, "forward")),
	apply: (engine, _, store) => apply(engine, store),
	confirm: (engine, _, store) => confirm(engine, store),
	revoke: (engine) => fenced(engine, () => revokeOld(engine)),
	"prove-old-dead": proveOldDead,
	"back-write": (engine, _, store) => fenced(engine, () => write(engine, store, "back")),
	"back-apply": (engine, _, store) => apply(engine, store),
	"revoke-new": (engine) => fenced(engine, () => unlessTurnedBack(engine, "back", () => revokeNew(engine))),
	close: (engine) =>
		unlessTurnedBack(engine, "forward", () =>
			unlessLast(engine, () => unlessOrphaned(engine, () => finish(engine, "done"))),
		),
	"close-back": (engine) => unlessOrphaned(engine, () => finish(engine, "rolled back")),
};

/** Goes as far as it can now. Each step is in the journal before it has its effect and after; one that failed is not tried twice in a run. */
export async function advance(engine: Engine, options: AdvanceOptions): Promise<Halt> {
	const skipped = new Set<string>();
	const tried = new Set<string>();
	const ran = new Set<StepName>();
	const problems: Problem[] = [];
	let exit: ExitName | undefined;
	for (;;) {
		const next = nextStep(engine.state(), nextAbout(engine, skipped, ran));
		if (!("do" in next)) {
			const broken = await turnBackIfBroken(engine);
			if (broken) problems.push(broken.problem);
			if (broken?.turned) {
				exit = "newRejected";
				continue;
			}
			return { next, problems, exit };
		}
		const { do: name, store = "" } = next;
		const step = store === "" ? name : `${name}:${store}`;
		// Another answer can be read, but no call is made twice in a run.
		const attempt = name === "read-answer" ? `${step} ${engine.state().call.attempt}` : step;
		if (tried.has(attempt)) return { next, problems, exit };
		ran.add(name);
		for (const { store: each, outcome } of await performAll(engine, options, name, [
			store,
			...besides(engine, next, skipped),
		])) {
			problems.push(...(outcome.problem ? [outcome.problem] : []), ...(outcome.problems ?? []));
			exit = outcome.exit ?? exit;
			if (outcome.how === "done" || outcome.how === "wait") continue;
			tried.add(each === "" ? attempt : `${name}:${each}`);
			if (each !== "") skipped.add(each);
		}
	}
}

/** How many stores are written at once: servers limit requests, and most of the time goes by waiting for them. */
const AT_ONCE = 8;
/** Steps that do not depend on those of other stores. */
const ALIKE: readonly StepName[] = ["write", "back-write"];

/** Stores for which the same step comes next, if this one's is left out of account: never the one that holds the lock, which is asked meanwhile. */
function besides(engine: Engine, next: Next, skipped: ReadonlySet<string>): string[] {
	if (!("do" in next) || !ALIKE.includes(next.do) || next.store === undefined) return [];
	const holder = holderOf(engine);
	const found: string[] = [];
	if (next.store === holder) return found;
	const left = new Set([...skipped, next.store]);
	const documents = new Set([documentOf(engine, next.store)]);
	while (found.length < AT_ONCE - 1) {
		const then = nextStep(engine.state(), nextAbout(engine, left));
		if (!("do" in then) || then.do !== next.do || then.store === undefined) break;
		left.add(then.store);
		const document = documentOf(engine, then.store);
		if (then.store !== holder && !documents.has(document)) found.push(then.store);
		documents.add(document);
	}
	return found;
}

/** Settings that name a field of a document. */
const FIELDS = ["field", "public-field", "key", "public-key", "parameter"];

/** What a write of a store replaces as a whole: two fields of it are written one after the other. */
function documentOf(engine: Engine, name: string): string {
	const { kind, settings } = engine.store(name).spec;
	return JSON.stringify([kind.id, Object.entries(settings).filter(([key]) => !FIELDS.includes(key))]);
}

/** The same step for several stores. All of them have ended when this returns or throws. */
async function performAll(engine: Engine, options: AdvanceOptions, name: StepName, stores: readonly string[]) {
	const ended = await Promise.allSettled(
		stores.map(async (store) => ({ store, outcome: await perform(engine, options, name, store) })),
	);
	return ended.map((each) => {
		if (each.status === "rejected") throw each.reason;
		return each.value;
	});
}

async function perform(engine: Engine, options: AdvanceOptions, name: StepName, store: string): Promise<StepOutcome> {
	const step = store === "" ? name : `${name}:${store}`;
	const named = store === "" ? undefined : store;
	options.tell(name, named);
	// What only looks and waits again and again leaves no record of its beginning.
	if (name !== "confirm") await engine.journal.append({ is: "begun", step });
	const outcome = await performers[name](engine, options, store).catch(failed);
	const { how, note, facts } = outcome;
	const isClosed = engine.state().closed !== undefined;
	if (!isClosed) {
		await engine.journal.append({
			is: "ended",
			step,
			how,
			...(note === undefined ? {} : { note }),
			...(facts === undefined ? {} : { facts }),
		});
	}
	options.tell(name, named, outcome);
	return outcome;
}

/** Everything that has to be right before the provider is asked for anything. All problems at once; nothing is changed. */
async function prepare(engine: Engine, { acceptUnproven, acceptOutage }: AdvanceOptions): Promise<StepOutcome> {
	const old = await engine.secret("old");
	const { opened, fresh } = engine.state();
	const { isAdopted, alsoHeld } = opened;
	// A person who rotated by hand may have written it already.
	const known = [old.fingerprint, ...[alsoHeld, fresh?.fingerprint].filter((each) => each !== undefined)];
	const stores = await prepareStores(engine, known);
	const refused = acceptOutage ? undefined : engine.spec.rules.refuses?.(engine.about());
	const problems = [
		...stores.problems,
		...(acceptUnproven
			? []
			: stores.unproven.map((name) => ({
					what: `nothing proves beforehand that store ${name} can be written`,
					where: { file: `store ${name}` },
					fix: "add --accept-unproven if you know that it can",
				}))),
		...(refused === undefined ? [] : [{ what: refused, fix: "choose another strategy, or add --accept-outage" }]),
	];
	const provider = await (isAdopted ? whatOldTells(engine) : prepareProvider(engine));
	const all = [...problems, ...(provider.problem ? [provider.problem] : [])];
	if (all.length > 0) throw new CrossfadeError("unsafePlan", all);
	return { how: "done", facts: { ...stores.facts, ...provider.facts } };
}

/** The first store that can lock holds the record of who works on the token. */
async function takeFence(engine: Engine): Promise<StepOutcome> {
	for (const { name } of engine.spec.stores) {
		const { fence } = engine.store(name).store;
		if (!fence) continue;
		const { operation } = engine.journal;
		const taken = await fence.take(operation, engine.state().opened.rotation);
		if (taken.is === "held") return { how: "done", facts: { store: name } };
		const got = taken.is === "other" ? `operation ${taken.operation} of ${taken.holder}` : taken.is;
		const problem: Problem = {
			what: `store ${name} says that another rotation works on this token`,
			got,
			fix: taken.is === "unreachable" ? taken.nextStep : "wait for it, or close it where it was started",
		};
		return { how: "no", note: got, problem };
	}
	return { how: "done", note: "no store can lock: only this machine may run it" };
}

/** Looks at the lock again before an effect: a machine that slept may have lost it. */
async function fenced(engine: Engine, effect: () => Promise<StepOutcome>): Promise<StepOutcome> {
	const holder = holderOf(engine);
	const fence = holder === undefined ? undefined : engine.store(holder).store.fence;
	const held = fence && (await engine.inTurn(() => fence.holds(engine.journal.operation)));
	if (held === undefined || held.is === "held") return effect();
	const what = "this rotation no longer holds its lock";
	return { how: "no", note: what, problem: { what, got: held.is, fix: "see who holds it; nothing was written" } };
}

/** Looks at the stores before a token ends, or the journal forgets the only other copy of the new one. */
async function unlessTurnedBack(
	engine: Engine,
	direction: "forward" | "back",
	effect: () => Promise<StepOutcome>,
): Promise<StepOutcome> {
	const found = await turnedBack(engine, direction);
	if (found.length === 0) return effect();
	const which = direction === "forward" ? "old" : "new";
	return {
		how: "no",
		note: `the ${which} token is back in a store`,
		problems: turnedBackProblems(engine, found, which),
	};
}

/** Keeps the sealed token when it is in no store any more. */
async function unlessLast(engine: Engine, effect: () => Promise<StepOutcome>): Promise<StepOutcome> {
	const problem = await lastCopy(engine);
	return problem === undefined ? effect() : { how: "no", note: problem.what, problem };
}

/** The store with the record of who works on the token. */
function holderOf(engine: Engine): string | undefined {
	const holder = engine.state().steps["fence"]?.facts?.["store"];
	return typeof holder === "string" ? holder : undefined;
}

async function finish(engine: Engine, how: "done" | "rolled back"): Promise<StepOutcome> {
	const holder = holderOf(engine);
	if (holder !== undefined) await engine.store(holder).store.fence?.release(engine.journal.operation);
	await engine.journal.append({ is: "closed", how, left: tokensLeft(engine.state()) });
	// From here on nothing opens the sealed tokens again.
	await engine.journal.destroyKey();
	return { how: "done" };
}
