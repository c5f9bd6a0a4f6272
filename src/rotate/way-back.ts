import { CrossfadeError, type Problem } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { acceptanceOf } from "./acceptance.ts";
import type { Engine } from "./engine.ts";
import { brokenExports } from "./exports.ts";
import type { RotationState } from "./state.ts";

/** Why there is no way back to the old token any more; undefined while there is one. */
export function pastReturn({ spec, now }: Pick<Engine, "spec" | "now">, state: RotationState): string | undefined {
	const { ends } = spec.strategy;
	if (ends === "at-once" && state.call.is !== "never" && state.call.is !== "no")
		return "the old token ended with the call";
	if (ends === "clock" && state.deadline && now() >= state.deadline.at) return "the old token's time is over";
	if (ends === "revoke" && state.steps["revoke"] !== undefined) return "the old token was ended, or may have been";
	if (state.fresh === undefined && (state.call.is === "unknown" || state.call.is === "begun"))
		return "it is not known whether the provider issued a token";
	return undefined;
}

/**
 * Turns back when a store's readers exported before they got the new token, and do not since: journals the word, and returns what to tell.
 * Undefined if nothing of that shows. Past the point of no return it only tells.
 */
export async function turnBackIfBroken(
	engine: Engine,
): Promise<{ readonly problem: Problem; readonly turned: boolean } | undefined> {
	const state = engine.state();
	if (state.direction !== "forward" || state.closed || !state.fresh || !state.old) return undefined;
	const goOn = rotateCommand(engine.spec, "resume");
	for (const { name, feeds } of engine.spec.stores) {
		const store = ownEntry(state.stores, name);
		if (!store || store.confirm.is === "done") continue;
		const got = await brokenExports(engine, feeds, store).catch(unreadable);
		if (got === undefined) continue;
		const where = { file: `store ${name}` };
		const what = "since this store has the new token, what reads it exports nothing";
		const tooLate = pastReturn(engine, state) ?? (await refusedOld(engine));
		if (tooLate !== undefined) {
			const fix = `see why the provider refuses what it sends; then: ${goOn}`;
			return { turned: false, problem: { what: `${what}, and there is no way back: ${tooLate}`, got, where, fix } };
		}
		await engine.journal.append({ is: "word", about: "rollback", subject: name, because: `${what}: ${got}` });
		const fix = `see why the provider refuses what it sends; then: ${goOn} --forward; or start again`;
		return { turned: true, problem: { what: `${what}: the old token is put back`, got, where, fix } };
	}
	return undefined;
}

/** Evidence that cannot be read shows nothing; whoever needs it says so. */
function unreadable(error: unknown): undefined {
	if (!(error instanceof CrossfadeError)) throw error;
}

async function refusedOld(engine: Engine): Promise<string | undefined> {
	const { is, how } = await acceptanceOf(engine, await engine.secret("old"), "old");
	return is === "accepted" ? undefined : `the provider does not clearly accept the old token: ${how}`;
}
