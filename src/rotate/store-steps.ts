import type { StoreWrite, StoreWritten } from "../adapters/stores/store.ts";
import { limitConcurrency } from "../base/concurrency.ts";
import type { Problem } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { shownName } from "../base/mask.ts";
import { openStore } from "../prove/evidence/store.ts";
import { isOwnProbe } from "../prove/judge/own-probes.ts";
import { observe } from "../prove/watch/observe.ts";
import { hasPair, type StoreSpec } from "../spec/rotation.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import type { Engine, StepOutcome } from "./engine.ts";
import { exportsNow } from "./exports.ts";
import { heldBy } from "./held.ts";
import type { Facts } from "./record.ts";
import { fleetOfRotation } from "./rotation-fleet.ts";

/** The steps that touch stores and those who read them. */

const PROGRAM_MS = 120_000;
/** How many stores are looked at at once. */
const AT_ONCE = 8;

/** What each store holds, and whether it can be written; nothing is changed. All problems at once. */
export async function prepareStores(
	engine: Pick<Engine, "spec" | "store">,
	old: readonly string[],
): Promise<{ readonly facts: Facts; readonly problems: readonly Problem[]; readonly unproven: readonly string[] }> {
	const limit = limitConcurrency(AT_ONCE);
	const all = await Promise.all(engine.spec.stores.map((spec) => limit(() => prepareStore(engine, spec, old))));
	return {
		facts: Object.assign({}, ...all.map(({ facts }) => facts)),
		problems: all.flatMap(({ problems }) => problems),
		unproven: all.flatMap(({ isUnproven, name }) => (isUnproven ? [name] : [])),
	};
}

async function prepareStore(engine: Pick<Engine, "store">, { name, kind, place }: StoreSpec, old: readonly string[]) {
	const facts: Record<string, string> = {};
	const problems: Problem[] = [];
	let isUnproven = false;
	const { store } = engine.store(name);
	const where = { file: `store ${name}` };
	const holds = await store.read();
	if (holds.is === "unreachable" || holds.is === "unusable") {
		problems.push({ what: `${place} cannot be read`, got: holds.why, where, fix: holds.nextStep });
	} else {
		const held = heldBy(holds);
		facts[`holds:${name}`] = held ?? "hidden";
		if (holds.is === "token" && holds.value.publicId !== undefined)
			Object.assign(facts, { [`public:${name}`]: holds.value.publicId });
		if (held !== undefined && held !== "nothing" && !old.includes(held)) {
			problems.push({
				what: `${place} holds another token than the one in use`,
				expected: `fp=${old[0]}`,
				got: `fp=${held}`,
				where,
				fix: "find out which of the two is in use, put that one there, and name it as current:",
			});
		}
		const check = await store.check();
		if (check.can === "no") {
			problems.push({
				what: `${place} cannot be written`,
				got: check.how,
				where,
				fix: check.nextStep ?? "give this account the right to write it",
			});
		} else if (check.can === "unknown" || kind.proof === "none") isUnproven = true;
		facts[`proof:${name}`] = `${check.can}: ${check.how}`;
	}
	return { name, facts, problems, isUnproven };
}

/** Puts the new token in use, or back the old one. What a write without an answer did is read from the store. */
export async function write(engine: Engine, name: string, direction: "forward" | "back"): Promise<StepOutcome> {
	const { store, spec } = engine.store(name);
	const after = await engine.secret(direction === "forward" ? "new" : "old");
	const expected = await expectedIn(engine, name, direction);
	const publicId = direction === "forward" ? engine.state().fresh?.publicId : oldPublicId(engine, name);
	const value = { token: after, ...(hasPair(spec) && publicId !== undefined ? { publicId } : {}) };
	const wanted: StoreWrite = { operation: engine.journal.operation, expected, value };
	const exported = direction === "forward" ? await exportsNow(engine, spec.feeds) : {};
	const written = await store.promote(wanted);
	const settledAs = await settled(engine, name, wanted, written);
	const outcome = { ...settledAs, facts: { ...settledAs.facts, exports: JSON.stringify(exported) } };
	if (outcome.how !== "done" || !spec.kind.readsBack) return outcome;
	const holds = await store.read();
	const isPair = holds.is !== "token" || value.publicId === undefined || holds.value.publicId === value.publicId;
	if (heldBy(holds) === after.fingerprint && isPair) return outcome;
	return {
		how: "unknown",
		note: "it was written, and reading it back gave something else",
		problem: {
			what: `${spec.place} does not show the token that was written`,
			got: heldBy(holds) === undefined ? holds.is : `fp=${heldBy(holds)}`,
			where: { file: `store ${name}` },
			fix: `look who else writes there, then: ${rotateCommand(engine.spec, "resume")}`,
		},
	};
}

/** The fingerprint of what a write may replace: the other token, what stood there before, or a new token that does not count any more. */
async function expectedIn(engine: Engine, name: string, direction: "forward" | "back"): Promise<string> {
	const { old, fresh, spent, steps } = engine.state();
	const other = (direction === "forward" ? old : fresh)?.fingerprint;
	const before = ownEntry(steps["prepare"]?.facts, `holds:${name}`);
	const isKnown = typeof before === "string" && before !== "hidden";
	// Only before the first write; an earlier one of ours put there what is expected.
	const isFirst = direction === "forward" && ownEntry(steps, `back-write:${name}`) === undefined;
	const expected = isFirst && isKnown ? before : (other ?? "nothing");
	if (spent.length === 0 && expected === other) return expected;
	const now = heldBy(await engine.store(name).store.read());
	return now !== undefined && (now === other || spent.includes(now)) ? now : expected;
}

/**
 * Stores in which somebody put back the token that is about to end, or to be forgotten, after they were written: they are to be written and
 * confirmed again. What cannot be read is not looked at.
 */
export async function turnedBack(engine: Engine, direction: "forward" | "back"): Promise<readonly string[]> {
	const { old, fresh, stores } = engine.state();
	const ending = (direction === "forward" ? old : fresh)?.fingerprint;
	const limit = limitConcurrency(AT_ONCE);
	const isWritten = (name: string) => ownEntry(stores, name)?.write.is === "done";
	const names = engine.spec.stores.map(({ name }) => name).filter(isWritten);
	const held = await Promise.all(names.map((name) => limit(async () => heldBy(await engine.store(name).store.read()))));
	const found = names.filter((_, index) => held[index] !== undefined && held[index] === ending);
	const prefix = direction === "forward" ? "" : "back-";
	for (const name of found) {
		for (const kind of ["write", "confirm"]) {
			const note = "somebody put the other token back";
			await engine.journal.append({ is: "ended", step: `${prefix}${kind}:${name}`, how: "no", note });
		}
	}
	return found;
}

/**
 * Why the journal must not forget the new token: every store could be looked at, and none has it, so that the sealed one is the last. Undefined
 * if a store has it, or may have it.
 */
export async function lastCopy(engine: Engine): Promise<Problem | undefined> {
	const fresh = engine.state().fresh?.fingerprint;
	const limit = limitConcurrency(AT_ONCE);
	const names = engine.spec.stores.map(({ name }) => name);
	const look = async (name: string) => {
		const holds = await engine.store(name).store.read();
		return holds.is === "unusable" ? "no token" : heldBy(holds);
	};
	const held = await Promise.all(names.map((name) => limit(() => look(name))));
	if (fresh === undefined || names.length === 0) return undefined;
	if (held.some((each) => each === undefined || each === fresh)) return undefined;
	const command = (rest: string) => rotateCommand(engine.spec, rest);
	const shows = (each: string | undefined) => (/^[0-9a-f]{12}$/.test(each ?? "") ? `fp=${each}` : each);
	return {
		what: "no store has the new token any more, so the one that is sealed here is the last, and is not forgotten",
		expected: `fp=${fresh} in a store`,
		got: names.map((name, index) => `store ${shownName(name)}: ${shows(held[index])}`).join(", "),
		fix: `put it back (${command("export --out FILE --yes")}), then: ${command("resume")}; if it is not needed: ${command("close --stranded --because REASON")}`,
	};
}

/** For the person who has to find out who does that. */
export function turnedBackProblems(
	{ spec }: Engine,
	names: readonly string[],
	which: "old" | "new",
): readonly Problem[] {
	return names.map((name) => ({
		what: `it holds the ${which} token again, which was about to be ended: it is written once more`,
		where: { file: `store ${name}` },
		fix: `find out what puts it back, such as a program that manages the machine's files; then: ${rotateCommand(spec, "resume")}`,
	}));
}

/** The public half of the old pair, as the store had it before. */
function oldPublicId(engine: Engine, name: string): string | undefined {
	const fact = ownEntry(engine.state().steps["prepare"]?.facts, `public:${name}`);
	return typeof fact === "string" ? fact : undefined;
}

const SHOWN = "written, as reading it shows";

async function settled(engine: Engine, name: string, wanted: StoreWrite, written: StoreWritten): Promise<StepOutcome> {
	const { store, spec } = engine.store(name);
	const where = { file: `store ${name}` };
	switch (written.did) {
		case "written":
		case "already":
			return { how: "done", note: written.did };
		case "person":
			return { how: "wait", note: written.words.join("\n") };
		case "refused": {
			// It can fail after the write, and say so of all of it.
			const isThere = spec.kind.readsBack && heldBy(await store.read()) === wanted.value.token.fingerprint;
			if (isThere) return { how: "done", note: SHOWN };
			const problem = { what: `${spec.place} was not written`, got: written.why, where, fix: written.nextStep };
			return { how: "no", note: written.why, problem };
		}
		case "conflict": {
			// What was already there may be an empty field that was written by an earlier attempt of ours.
			if (written.holds === wanted.value.token.fingerprint) return { how: "done", note: "already" };
			const fix = "find out who wrote it: if a person rotated, close this operation and start with --adopt";
			const problem = {
				what: `${spec.place} holds a token of somebody else`,
				expected: `fp=${wanted.expected}`,
				got: `fp=${written.holds}`,
				where,
				fix,
			};
			return { how: "no", note: "conflict", problem };
		}
		case "ambiguous": {
			const holds = await store.read();
			if (heldBy(holds) === wanted.value.token.fingerprint) return { how: "done", note: SHOWN };
			const problem = {
				what: `it is not known whether ${spec.place} was written`,
				got: written.why,
				where,
				fix: `writing it again does no harm: ${rotateCommand(engine.spec, "resume")}`,
			};
			return { how: holds.is === "token" ? "no" : "unknown", note: written.why, problem };
		}
	}
}

/** Runs what makes the readers take the new token. */
export async function apply(engine: Engine, name: string): Promise<StepOutcome> {
	const { spec } = engine.store(name);
	if (spec.apply === "watch") return { how: "done" };
	const { code, output } = await run(engine, spec.apply);
	if (code === 0) return { how: "done" };
	const what = `the program that makes the readers of ${spec.place} take the token failed`;
	return {
		how: "no",
		note: what,
		problem: {
			what,
			got: output,
			where: { file: `store ${name}` },
			fix: `run it by hand to see why, then: ${rotateCommand(engine.spec, "resume")}`,
		},
	};
}

async function run(
	{ fx }: Engine,
	[program = "", ...args]: readonly string[],
): Promise<{ code: number | undefined; stdout: string; output: string }> {
	const path = fx.programs.find(program);
	if (path === undefined) return { code: undefined, stdout: "", output: `${program} is not installed` };
	try {
		const { code, stdout, timedOut } = await fx.programs.run(path, args, { timeoutMs: PROGRAM_MS });
		return { code, stdout, output: timedOut ? "it took more than 2 minutes" : `exit code ${code}` };
	} catch {
		return { code: undefined, stdout: "", output: "it cannot be run" };
	}
}

/** Evidence for the new token in particular, since it was written, and of a sender: anything less is not confirmed, nor are our own probes. */
export async function confirm(engine: Engine, name: string): Promise<StepOutcome> {
	const { spec } = engine.store(name);
	const fresh = engine.state().fresh?.fingerprint ?? "";
	const since = ownEntry(engine.state().stores, name)?.write.localAt ?? Number.POSITIVE_INFINITY;
	if (spec.confirm === "person") return { how: "wait", note: "a person confirms it" };
	if (spec.confirm !== "traffic") {
		const { code, stdout, output } = await run(engine, spec.confirm);
		if (code === 0 && new RegExp(`(?<![0-9a-f])${fresh}(?![0-9a-f])`).test(stdout)) {
			return { how: "done", note: "its program printed the new token's fingerprint" };
		}
		return {
			how: "wait",
			note: code === 0 ? "its program did not print the new token's fingerprint" : `its program: ${output}`,
		};
	}
	const { fx, fleet } = engine;
	const observer = await observe(fx, fleetOfRotation(fleet, engine.state()));
	try {
		await observer.look();
	} finally {
		await observer.close();
	}
	const evidence = await (await openStore(fx, fleet.evidence, [fresh])).read();
	const missing = spec.feeds.filter(
		(place) =>
			!evidence.traffic.some(
				(each) => each.place === place && each.fingerprint === fresh && each.lastAccepted >= since && !isOwnProbe(each),
			),
	);
	if (missing.length === 0)
		return { how: "done", note: `records with the new token were accepted at ${spec.feeds.join(", ")}` };
	return {
		how: "wait",
		note: `nothing accepted with the new token was counted at ${missing.join(", ")} since it was written`,
	};
}
