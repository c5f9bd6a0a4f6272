import type { Engine, StepOutcome } from "./engine.ts";
import { adminCredential, askProvider, callFate, outcomeText } from "./provider-call.ts";
import { unclear } from "./provider-steps.ts";

/** A token that a lost call made has a name of its own: it is found by that, and ended. */
export async function findOrphan(engine: Engine, about = engine.about()): Promise<StepOutcome> {
	const { fx, spec, journal } = engine;
	const { orphan, orphaned, revoke } = spec.strategy;
	if (!orphan || !orphaned || !revoke) throw new Error("a strategy without a way to find an orphan");
	const admin = await adminCredential(fx, spec);
	const outcome = await askProvider(fx, spec, orphan(about), admin);
	const id =
		outcome.kind === "answer" && callFate(outcome) === "done"
			? orphaned(Buffer.from(outcome.body).toString("utf8"), about)
			: undefined;
	if (id === undefined) return unclear(engine, "it is not known whether a token was made", outcomeText(outcome));
	if (id === "none") return { how: "done", note: "no token was made" };
	if (id === about.tokenId) throw new Error("an orphan with the id of the token in use");
	await journal.append({ is: "begun", step: "end-orphan", note: id });
	const ended = await askProvider(fx, spec, revoke(about, id), admin);
	const isEnded = callFate(ended) === "done" || (ended.kind === "answer" && ended.status === 404);
	await journal.append({
		is: "ended",
		step: "end-orphan",
		how: isEnded ? "done" : "unknown",
		note: outcomeText(ended),
	});
	return isEnded
		? { how: "done", note: "the token that nobody has was ended" }
		: unclear(engine, "a token that nobody has may still live", outcomeText(ended));
}

/**
 * A call that got no answer can arrive after its token was looked for: before the end that is done once more, for each attempt but the last,
 * whose token is the new one.
 */
export async function unlessOrphaned(engine: Engine, effect: () => Promise<StepOutcome>): Promise<StepOutcome> {
	const { spec, state, about } = engine;
	if (spec.strategy.again !== "orphan") return effect();
	for (let attempt = 1; attempt < state().call.attempt; attempt++) {
		const found = await findOrphan(engine, { ...about(), attempt });
		if (found.how !== "done") return found;
	}
	return effect();
}
