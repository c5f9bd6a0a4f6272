import type { Problem } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { shownName } from "../base/mask.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { acceptanceOf } from "./acceptance.ts";
import { type Engine, nextAbout } from "./engine.ts";
import { nextStep } from "./next.ts";
import { isDone } from "./state.ts";

/** Words of a person that may be said in some states alone, by their options; a store's have its name. */
export type PersonSays = "lost" | "written" | "confirmed" | "removed" | "same" | "ended";

type WhyUnfit = (engine: Engine, store: string) => Problem | undefined | Promise<Problem | undefined>;

/**
 * Why a word does not fit where the rotation stands; undefined if it does. A word about what is still to come would later be taken for one about
 * what has come.
 */
const UNFIT: Readonly<Record<PersonSays, WhyUnfit>> = {
	lost,
	written(engine, name) {
		const write = ownEntry(engine.state().stores, name)?.write;
		if (write !== undefined && write.is !== "never") return undefined;
		return {
			what: `nobody is asked to write store ${shownName(name)} now, so nothing in it can be what belongs there`,
			fix: seeStatus(engine),
		};
	},
	confirmed(engine, name) {
		if (ownEntry(engine.state().stores, name)?.write.is === "done") return undefined;
		return {
			what: "the new token was not written there yet",
			fix: `run ${rotateCommand(engine.spec, "resume")} first`,
		};
	},
	removed({ spec }, name) {
		if (!spec.stores.some((each) => each.name === name)) return undefined;
		return {
			what: `store ${shownName(name)} is in the fleet file, so it gets the new token`,
			fix: "take it off the rotation's stores: there first, if it needs nothing more",
		};
	},
	same(engine) {
		if (engine.state().steps["prove-new"]?.facts?.["undisclosed"] === true) return undefined;
		return { what: "nobody is asked to compare the two tokens now", fix: seeStatus(engine) };
	},
	async ended(engine) {
		const state = engine.state();
		const next = nextStep(state, nextAbout(engine, new Set()));
		const which = state.direction === "forward" ? "old" : "new";
		if (which === "old" ? state.retireAllowedAt === undefined : "do" in next || state.fresh === undefined) {
			return {
				what: `the ${which} token is not to be ended yet`,
				fix: `see what is missing: ${rotateCommand(engine.spec, "status")}`,
			};
		}
		// Whether the old one is dead is looked at in a step of its own.
		return which === "old" ? undefined : alive(engine);
	},
};

export async function unfit(engine: Engine, said: PersonSays, store = ""): Promise<readonly Problem[]> {
	const problem = await UNFIT[said](engine, store);
	return problem === undefined ? [] : [{ ...problem, where: { file: `--${said}` } }];
}

/** On the way back nothing asks about the new token after this word: it is believed where the provider refuses that token. */
async function alive(engine: Engine): Promise<Problem | undefined> {
	const { is, how } = await acceptanceOf(engine, await engine.secret("new"), "new");
	if (is === "refused") return undefined;
	return {
		what: "the provider does not clearly refuse the new token",
		expected: "a token that was ended",
		got: how,
		fix: `look which token was ended, end the new one, and say it again; where it cannot be ended: ${rotateCommand(engine.spec, "close --stranded --because REASON")}`,
	};
}

function seeStatus({ spec }: Engine): string {
	return `see what is asked for: ${rotateCommand(spec, "status")}`;
}

/** What is declared lost is asked for again, and where the provider can, it is ended: never one that is sealed here and works. */
async function lost(engine: Engine): Promise<Problem | undefined> {
	const { direction, fresh, answer } = engine.state();
	const goOn = rotateCommand(engine.spec, "resume");
	if (direction === "back") {
		return {
			what: "on the way back no new token is asked for",
			fix: `go on: ${goOn}; forward again: ${goOn} --forward`,
		};
	}
	if (answer) {
		return {
			what: "nothing is lost: the provider's answer is sealed here, and was not read yet",
			fix: `read it: ${goOn}`,
		};
	}
	if (fresh?.sealed.what !== "answer") return undefined;
	const { is, how } = await acceptanceOf(engine, await engine.secret("new"), "new");
	if (is === "refused") return undefined;
	return {
		what: "nothing is lost: the new token is sealed here, and the provider does not refuse it",
		got: how,
		fix: isDone(engine.state(), "prove-new")
			? `go on: ${goOn}; get rid of it: ${rotateCommand(engine.spec, "rollback")}; see it: ${rotateCommand(engine.spec, "export --out FILE --yes")}`
			: `go on: ${goOn}`,
	};
}
