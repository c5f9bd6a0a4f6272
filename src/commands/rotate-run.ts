import { CrossfadeError, type ExitName, problemText } from "../base/errors.ts";
import { shownName } from "../base/mask.ts";
import { outcomeOf } from "../prove/overlap/outcome.ts";
import { checklist } from "../prove/overlap/view.ts";
import { observe } from "../prove/watch/observe.ts";
import { acceptanceOf } from "../rotate/acceptance.ts";
import { advance, type Halt } from "../rotate/advance.ts";
import { aboutOf, type Engine, nextAbout, slowestMs } from "../rotate/engine.ts";
import { type Journal, journalNamed } from "../rotate/journal.ts";
import { leftBehind, letGo, MAY_EXIST } from "../rotate/let-go.ts";
import { nextStep } from "../rotate/next.ts";
import { sendNotices } from "../rotate/notices.ts";
import {
	beginOperation,
	heldJournalOf,
	journalOf,
	knownTokenId,
	learnClock,
	lockPlace,
	newOperation,
	openEngine,
	type RotationPlace,
	wentBackFrom,
} from "../rotate/open.ts";
import { lostJournalProblem } from "../rotate/outlives.ts";
import { safetyProblems } from "../rotate/plan-safety.ts";
import { capture } from "../rotate/provider-steps.ts";
import type { Opened } from "../rotate/record.ts";
import { fleetOfRotation } from "../rotate/rotation-fleet.ts";
import { sealInto } from "../rotate/seal.ts";
import { isDone, type RotationState, stateOfJournal } from "../rotate/state.ts";
import { exitOf } from "../rotate/status.ts";
import { turnedBack, turnedBackProblems } from "../rotate/store-steps.ts";
import { pastReturn } from "../rotate/way-back.ts";
import { nextLines, overText, planLines, stepLine } from "../rotate/words.ts";
import type { FlagReader } from "../spec/flags.ts";
import { rotateCommand, withRotation } from "../spec/rotation-command.ts";
import type { Secret } from "../token/secret.ts";
import { noClick, paste, publicIdOf, readCurrent, readNew, reason, takeWords, timeFlag } from "./rotate-input.ts";

/** What would happen. Reads the file and the journal; asks nobody and changes nothing. */
export async function plan(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	const { fx, spec } = place;
	const now = fx.clock.now();
	const isLeaked = flags.isSet("leaked");
	const journal = await journalOf(place);
	const before = journal && stateOfJournal(journal.records);
	const about = { settings: spec.settings, operation: "", attempt: 1, slowestMs: slowestMs(spec), isLeaked };
	const lost = lostJournalProblem(fx, spec, place.folder);
	const problems = [
		...(lost ? [lost] : []),
		...safetyProblems(spec, { now, clockOffsetMs: undefined, isLeaked, before: before?.closed && before }),
	];
	if (before?.closed?.left.includes(MAY_EXIST)) fx.terminal.note(POSSIBLE);
	const lines = planLines(spec, about, now);
	if (flags.isSet("json")) {
		const report = {
			schema: 1,
			rotation: spec.name,
			provider: spec.issuer.id,
			strategy: spec.strategy.id,
			plan: lines,
			problems,
		};
		fx.terminal.print(`${JSON.stringify(report, undefined, 2)}\n`);
	} else {
		fx.terminal.print(`${lines.join("\n")}\n`);
		for (const problem of problems) fx.terminal.note(`not safe: ${problemText(problem)}`);
	}
	return problems.length > 0 ? "unsafePlan" : "ok";
}

/** About the operation before, when the next one begins. */
const POSSIBLE =
	"the operation before may have made a new token that no store has: look for it on the provider's page, and end it there unless you use it";

export interface StartOptions {
	/** It takes the place of an operation that cannot end well. */
	readonly replaces?: { readonly because: string };
	/** Asked with the lock: another may have rotated since the first look. */
	readonly isDue?: () => Promise<boolean>;
}

/** Begins an operation and goes as far as it can. */
export async function start(
	place: RotationPlace,
	flags: FlagReader,
	{ replaces, isDue }: StartOptions = {},
): Promise<ExitName> {
	const { fx, spec } = place;
	const lock = await lockPlace(place);
	try {
		if (isDue && !(await isDue())) return "waiting";
		const since = timeFlag(flags, "since", "--since");
		const until = timeFlag(flags, "oldEnds", "--old-ends");
		const isLeaked = flags.isSet("leaked");
		const before = await heldJournalOf(place);
		const earlier = before && stateOfJournal(before.records);
		// Its successor never began: the machine stopped between the two.
		const isCutOff = earlier?.closed?.how === "superseded";
		const superseded =
			earlier && (!earlier.closed || isCutOff)
				? await supersede(place, earlier, isLeaked || replaces !== undefined || isCutOff)
				: undefined;
		const current = superseded?.current ?? (await readCurrent(place));
		const adopted = flags.text("adopt");
		const fresh = adopted === undefined ? undefined : await readNew(place, adopted, current.fingerprint);
		const publicId = fresh && publicIdOf(place, flags, fresh);
		const clockOffsetMs = await learnClock(place);
		const lost = adopted === undefined ? lostJournalProblem(fx, spec, place.folder) : undefined;
		const problems = [
			...flags.problems,
			...(lost ? [lost] : []),
			...(adopted !== undefined && since === undefined && spec.strategy.ends === "clock" && until === undefined
				? [noClick()]
				: []),
			...(flags.isSet("acceptOutage") || adopted !== undefined
				? []
				: safetyProblems(spec, {
						now: fx.clock.now() + clockOffsetMs,
						clockOffsetMs,
						isLeaked,
						before: earlier && (earlier.closed || replaces) ? earlier : undefined,
					})),
		];
		if (problems.length > 0) throw new CrossfadeError(flags.problems.length > 0 ? "usage" : "unsafePlan", problems);
		const operation = newOperation(fx, before?.operation);
		const tokenId = (await knownTokenId(place, current.fingerprint)) ?? spec.settings["token-id"];
		if (superseded && earlier && before && !isCutOff) {
			await letGo(place, earlier);
			await endBefore(place, before, superseded, replaces);
		}
		const journal = await beginOperation(place, {
			is: "opened",
			format: 1,
			operation,
			rotation: spec.name,
			provider: spec.issuer.id,
			strategy: spec.strategy.id,
			fleet: place.file,
			...(tokenId === undefined ? {} : { tokenId }),
			isLeaked,
			isAdopted: fresh !== undefined,
			...(await ofBefore(place, fresh, superseded?.left ?? earlier?.closed?.left ?? [])),
			stores: spec.stores.map(({ name }) => name),
			...(superseded ? { supersedes: superseded.operation, alsoHeld: superseded.also } : {}),
		});
		const engine = await openEngine(place, journal);
		if (fresh) {
			await sealInto(engine, "old", Buffer.from(current.reveal()));
			await capture(engine, fresh, { since: since ?? engine.now(), until, publicId });
		}
		const exit = await run(engine, flags, current, superseded === undefined);
		// What it supersedes is over: its new token is sealed here alone, and kept.
		if (isDone(engine.state(), "prepare") || superseded) return exit;
		// Nothing was asked of anybody: there is nothing to go on with.
		await journal.append({ is: "closed", how: "rolled back", left: [] });
		await journal.destroyKey();
		fx.terminal.print("nothing was changed; start again when that is settled\n");
		return exit;
	} finally {
		await lock.release();
	}
}

/** Goes on from where it stopped, with what a person brings. */
export async function resume(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	const moved = flags.isSet("moved") ? reason(flags, "because") : undefined;
	const goOn = async (engine: Engine) => {
		await takeWords(engine, flags);
		const ref = flags.text("token");
		if (ref !== undefined) await paste(place, engine, flags, ref);
		return run(engine, flags, await inherited(place, engine.state()));
	};
	return underWay(place, goOn, moved);
}

/** Ends the old token, if a look at the evidence now says yes. */
export async function retire(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	return underWay(place, async (engine) => {
		const { fx, spec, journal } = engine;
		const state = engine.state();
		const next = nextStep(state, nextAbout(engine, new Set()));
		// One that a person ends is looked at again, too: an earlier yes was about that moment.
		if (!("person" in next && (next.person === "retire" || next.person === "revoke"))) {
			if (state.retireAllowedAt !== undefined) return run(engine, flags, undefined);
			if (spec.strategy.ends !== "revoke") {
				fx.terminal.note("the old token ends by itself here: there is nothing to retire");
			}
			return report(engine, { next, problems: [], exit: undefined });
		}
		const found = await turnedBack(engine, "forward");
		if (found.length > 0) {
			fx.terminal.note(
				turnedBackProblems(engine, found, "old")
					.map((problem) => `error: ${problemText(problem)}`)
					.join("\n"),
			);
			return run(engine, flags, undefined);
		}
		const despite = flags.text("despite");
		const observer = await observe(fx, fleetOfRotation(place.fleet, state));
		const view = await observer.look().finally(() => observer.close());
		const { safeToRetire } = view.judgement.fleet;
		if (safeToRetire === "yes") await journal.append({ is: "word", about: "retire", because: "the verdict was yes" });
		else if (despite !== undefined) {
			await journal.append({ is: "word", about: "despite", because: reason(flags, "despite"), subject: safeToRetire });
		} else {
			fx.terminal.print(`the verdict is: ${safeToRetire}. The old token was not ended.\n`);
			if (state.retireAllowedAt !== undefined) {
				await journal.append({ is: "word", about: "withdrawn", because: `the verdict is ${safeToRetire}` });
				fx.terminal.note("do not end it, although an earlier look allowed that");
			}
			for (const { asks, open } of checklist(view)) {
				if (open.length > 0) fx.terminal.print(`open: ${asks} (${open.length})\n`);
			}
			fx.terminal.note(
				`see all of it: ${withRotation(spec, "report")}; override it: ${rotateCommand(spec, "retire --despite REASON")}`,
			);
			const exit = outcomeOf(view, { requireMigrated: true });
			return exit === "ok" ? "noEvidence" : exit;
		}
		return run(engine, flags, undefined);
	});
}

/** Back to the old token everywhere, while the provider takes it. */
export async function rollback(place: RotationPlace, flags: FlagReader): Promise<ExitName> {
	return underWay(place, async (engine) => {
		const { spec, journal } = engine;
		const state = engine.state();
		const tooLate = pastReturn(engine, state);
		if (tooLate !== undefined)
			throw new CrossfadeError("refused", {
				what: "there is no way back any more",
				got: tooLate,
				fix: `go forward: ${rotateCommand(spec, "resume")}`,
			});
		if (state.old) {
			const { is, how } = await acceptanceOf(engine, await engine.secret("old"), "old");
			if (is !== "accepted") {
				throw new CrossfadeError("refused", {
					what: "the provider does not clearly accept the old token",
					got: how,
					fix: `go forward: ${rotateCommand(spec, "resume")}`,
				});
			}
		}
		if (state.direction === "forward") {
			await journal.append({ is: "word", about: "rollback", because: flags.text("because") ?? "", subject: spec.name });
		}
		return run(engine, flags, undefined);
	});
}

/** With the lock and the engine of the open operation. */
async function underWay(
	place: RotationPlace,
	work: (engine: Engine) => Promise<ExitName>,
	moved?: string,
): Promise<ExitName> {
	const lock = await lockPlace(place);
	try {
		const journal = await heldJournalOf(place, moved);
		const state = journal && stateOfJournal(journal.records);
		if (!journal || state?.closed) {
			const how = state?.closed?.how;
			place.fx.terminal.print(`no rotation is under way${how === undefined ? "" : `; ${overText(place.spec, how)}`}\n`);
			return how === "superseded" ? "personNeeded" : "ok";
		}
		const engine = await openEngine(place, journal);
		try {
			return await work(engine);
		} finally {
			await engine.close();
		}
	} finally {
		await lock.release();
	}
}

/** With `mayEndHere` an operation that was not prepared is over: nothing comes next. */
async function run(
	engine: Engine,
	flags: FlagReader,
	current: Secret | undefined,
	mayEndHere = false,
): Promise<ExitName> {
	const { fx } = engine;
	const halt = await advance(engine, {
		readCurrent: async () => Buffer.from((current ?? (await readCurrent(engine))).reveal()),
		acceptUnproven: flags.isSet("acceptUnproven"),
		acceptOutage: flags.isSet("acceptOutage"),
		tell: (step, store, outcome) => {
			if (outcome) fx.terminal.note(stepLine(step, store, outcome));
		},
	});
	return report(engine, halt, !mayEndHere || isDone(engine.state(), "prepare"));
}

async function report(engine: Engine, { next, problems, exit }: Halt, goesOn = true): Promise<ExitName> {
	const { fx, spec, journal } = engine;
	const state = engine.state();
	if (problems.length > 0) fx.terminal.note(problems.map((problem) => `error: ${problemText(problem)}`).join("\n"));
	const about = aboutOf(spec, state);
	if (goesOn) fx.terminal.print(`${nextLines(next, { now: engine.now(), spec, state, about }).join("\n")}\n`);
	await sendNotices(engine, journal, { now: engine.now(), next, problems });
	if (exit !== undefined) return exit;
	if (!("do" in next || "blocked" in next)) return exitOf(next, state);
	const isUnknown = Object.values(state.steps).some(({ is }) => is === "unknown");
	return isUnknown ? "unknownState" : "personNeeded";
}

/** What the operation before leaves behind is in its journal, and told. */
async function endBefore(
	{ fx, spec }: RotationPlace,
	before: Journal,
	{ left, also }: Superseded,
	replaces: { readonly because: string } | undefined,
): Promise<void> {
	if (replaces) await before.append({ is: "word", about: "removed", subject: "operation", because: replaces.because });
	await before.append({ is: "closed", how: replaces ? "stranded" : "superseded", left });
	const lost =
		spec.strategy.ends === "clock" && also !== undefined
			? [
					`what still sends with the token before, fp=${also}, may be refused at once: nobody documents what a second rotation does to it`,
				]
			: [];
	const lines = [
		`the operation before is closed. Left behind: ${left.map((each) => shownName(each)).join("; ") || "nothing"}`,
		...lost,
	];
	fx.terminal.note(lines.join("\n"));
}

/** What the operation before means for the next one's new token. */
async function ofBefore(
	place: RotationPlace,
	fresh: Secret | undefined,
	left: readonly string[],
): Promise<Pick<Opened, "isAgain" | "mayExist">> {
	if (fresh) return (await wentBackFrom(place, fresh.fingerprint)) ? { isAgain: true } : {};
	if (!left.includes(MAY_EXIST)) return {};
	place.fx.terminal.note(POSSIBLE);
	return { mayExist: true };
}

interface Superseded {
	readonly current: Secret | undefined;
	readonly operation: string;
	/** The fingerprint that stores may hold besides the token in use. */
	readonly also: string | undefined;
	readonly left: readonly string[];
}

/**
 * A leak, or a person, ends an open operation. Its new token is the one in use then, if every store has it; on the way back it is the old one.
 * Where its key is gone, what is in use is read from its reference.
 */
async function supersede(place: RotationPlace, state: RotationState, isWanted: boolean): Promise<Superseded> {
	const journal = await heldJournalOf(place);
	if (!isWanted || !journal) {
		throw new CrossfadeError("refused", {
			what: "a rotation is under way already",
			got: `operation ${state.opened.operation}`,
			fix: `go on with it: ${rotateCommand(place.spec, "resume")}; for a leak: ${rotateCommand(place.spec, "start --leaked")}`,
		});
	}
	const { opened, old, fresh, direction } = state;
	const other = direction === "forward" || !fresh ? old : fresh;
	const current = (await inUse(place, journal)) ?? (await inherited(place, state));
	return {
		current,
		operation: opened.operation,
		also: other?.fingerprint ?? opened.alsoHeld,
		left: leftBehind(state, place.spec),
	};
}

/** The token that an operation brought into use, as it sealed it; undefined if it brought none, or its key is gone. */
async function inUse(place: RotationPlace, journal: Journal): Promise<Secret | undefined> {
	const { fresh, direction } = stateOfJournal(journal.records);
	if (!fresh || (await journal.key()) === undefined) return undefined;
	const engine = await openEngine(place, journal);
	return engine.secret(direction === "forward" ? "new" : "old").finally(() => engine.close());
}

/** The same of the operation before, for one that was stopped before it had sealed that itself. */
async function inherited(place: RotationPlace, { old, opened }: RotationState): Promise<Secret | undefined> {
	if (old || opened.supersedes === undefined) return undefined;
	const before = await journalNamed(place.folder, opened.supersedes, place.stamp);
	if (!before) return undefined;
	return (await inUse(place, before)) ?? (await inherited(place, stateOfJournal(before.records)));
}
