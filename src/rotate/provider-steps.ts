import type { ProviderCall, RotationStrategy } from "../adapters/providers/rotation.ts";
import { duration } from "../base/duration.ts";
import type { RotationSpec } from "../spec/rotation.ts";
import { rotateCommand, withRotation } from "../spec/rotation-command.ts";
import { Secret } from "../token/secret.ts";
import { tokenProblems } from "../token/shape.ts";
import { acceptanceOf } from "./acceptance.ts";
import { type Engine, labelOf, overlapOf, type StepOutcome } from "./engine.ts";
import { adminCredential, askProvider, callFate, outcomeText, providerOffset } from "./provider-call.ts";
import type { Captured, Facts } from "./record.ts";
import { sealAnswer, sealInto } from "./seal.ts";

/** The steps that ask the provider. Each makes at most one request that has an effect, and none twice. */

/** Space for every record of a rotation with a thousand stores would be more; an answer with a token needs little. */
const RESERVED_BYTES = 256 * 1024;
const MOST_SKEW_MS = 60_000;

export async function reserve({ journal }: Engine): Promise<StepOutcome> {
	await journal.reserve(RESERVED_BYTES);
	return { how: "done" };
}

/** A person is asked from now on: a click can have been made since, and the deadline counts from here. */
export async function ask(): Promise<StepOutcome> {
	return { how: "done" };
}

/** Only the provider is looked at; stores are in `store-steps.ts`. */
export async function prepareProvider(engine: Engine): Promise<StepOutcome> {
	const { fx, spec } = engine;
	const about = engine.about();
	const old = await engine.secret("old");
	const accepted = await acceptanceOf(engine, old, "old");
	if (accepted.is !== "accepted") {
		return notSafe(
			accepted.is === "refused"
				? "the provider refuses the token in use"
				: "it is not clear that the provider accepts the token in use",
			accepted.how,
			accepted.is === "refused"
				? "name the token that is in use now as current:, or start with --adopt"
				: (otherPath(spec) ?? "see why, with crossfade probe or the provider's page"),
		);
	}
	const facts: Record<string, string> = { same: JSON.stringify(accepted.same ?? {}) };
	const { prepare, prepared } = spec.strategy;
	if (prepare && prepared) {
		const outcome = await askProvider(fx, spec, prepare(about), await adminCredential(fx, spec));
		const found =
			outcome.kind === "answer" && callFate(outcome) === "done" ? prepared(text(outcome.body), about) : undefined;
		if (!found) {
			return notSafe(
				"the provider does not show the token that is to be rotated",
				outcomeText(outcome),
				"check token-id and the rights of the admin credential",
			);
		}
		facts["prepared"] = JSON.stringify(found);
	}
	return { how: "done", facts };
}

/** After a rotation by hand the old token may be dead: what it tells is compared with what the new one tells, as long as it does. */
export async function whatOldTells(engine: Engine): Promise<StepOutcome> {
	const isCompared = (engine.spec.rules.whoami?.(engine.about())?.same ?? []).length > 0;
	if (!isCompared) return { how: "done" };
	const { same = {} } = await acceptanceOf(engine, await engine.secret("old"), "old");
	return { how: "done", facts: { same: JSON.stringify(same) } };
}

/** Where the path of the provider's own endpoint is missing: everything is answered with 404 then. */
function otherPath({ issuer, endpoint }: RotationSpec): string | undefined {
	const own = "endpoint" in issuer ? new URL(String(issuer.endpoint)).pathname : "/";
	if (own === "/" || endpoint.endsWith(own)) return undefined;
	return `see whether endpoint: should end with ${own}, as ${issuer.title}'s own does`;
}

function notSafe(what: string, got: string, fix: string): StepOutcome {
	return { how: "no", note: what, problem: { what, got, fix } };
}

/** The one request that issues the token. Its answer is sealed, byte for byte, before anything reads it. */
export async function call(engine: Engine): Promise<StepOutcome> {
	const { fx, spec } = engine;
	const { issue } = spec.strategy;
	if (!issue) throw new Error("a strategy by API without its call");
	const request = issue(engine.about());
	const credential = request.by === "admin" ? await adminCredential(fx, spec) : await engine.secret("old");
	const outcome = await askProvider(fx, spec, request, credential);
	const bytes = outcome.kind === "answer" ? outcome.body : outcome.partial;
	const isRefusal = outcome.kind === "answer" && callFate(outcome) === "no";
	if (bytes && bytes.length > 0 && !isRefusal) await sealAnswer(engine, bytes);
	const offset = providerOffset(outcome, fx.clock.now());
	const facts: Facts = {
		...(outcome.kind === "answer" ? { status: outcome.status } : { code: outcome.code }),
		...(offset === undefined ? {} : { clockOffsetMs: offset }),
	};
	const fate = callFate(outcome);
	if (fate === "done") return { how: "done", facts };
	const note = outcomeText(outcome);
	const goOn = rotateCommand(spec, "resume");
	const problem =
		fate === "no"
			? {
					what: "the provider did not issue a token",
					got: note,
					fix: `correct that; nothing was changed. Then: ${goOn}`,
				}
			: {
					what: "it is not known whether the provider issued a token",
					got: note,
					fix: `go on by the provider's rules: ${goOn}`,
				};
	return { how: fate, note, facts, problem };
}

/** Finds the token in the sealed answer. */
export async function readAnswer(engine: Engine): Promise<StepOutcome> {
	const { journal, sealer, spec } = engine;
	const { answer, call: sent, opened } = engine.state();
	if (!answer) return { how: "no", note: "there is no answer" };
	const bytes = await sealer.open(labelOf(opened.operation, answer), answer.box);
	const about = engine.about();
	const issued =
		answer.what === "new" ? { token: text(bytes), at: undefined } : spec.strategy.issued?.(text(bytes), about);
	const [wrong] = issued === undefined ? [] : tokenProblems(issued.token, "the new token");
	if (issued === undefined || wrong) {
		const what = wrong?.what ?? "the provider's answer has no token in it, or not all of it";
		return {
			how: "no",
			note: what,
			problem: {
				what,
				fix: `go on: ${rotateCommand(spec, "resume")}; the answer as it came: ${rotateCommand(spec, "export --out FILE --yes")}`,
			},
		};
	}
	const fresh = Secret.of(issued.token);
	if (fresh.fingerprint === engine.state().old?.fingerprint) {
		return {
			how: "no",
			note: "the answer has the old token",
			problem: { what: "the provider's answer has the old token", fix: "ask the provider" },
		};
	}
	if (answer.captured) {
		await journal.append({ is: "captured", ...answer.captured });
		return { how: "done" };
	}
	const began = journal.records.findLast((each) => each.is === "begun" && each.step === "call");
	// A record has the provider's time as far as it was known then; the answer may be the first that tells it.
	const ours = (began?.at ?? sent.at) - (began?.ahead ?? 0);
	const offset = Number(sent.facts?.["clockOffsetMs"] ?? began?.ahead ?? 0);
	await journal.append({
		is: "captured",
		...captured(engine, {
			fingerprint: fresh.fingerprint,
			since: Math.min(issued.at ?? Number.POSITIVE_INFINITY, ours + offset),
			until: "oldEnds" in issued ? issued.oldEnds : undefined,
			source: "the provider's answer",
		}),
		...("publicId" in issued && issued.publicId !== undefined ? { publicId: issued.publicId } : {}),
		...("id" in issued && issued.id !== undefined ? { id: issued.id } : {}),
		...("facts" in issued && issued.facts !== undefined ? { facts: issued.facts } : {}),
	});
	return { how: "done" };
}

/** Seals a new token that a person gave, and writes down since when it is. */
export async function capture(
	engine: Pick<Engine, "journal" | "sealer" | "spec" | "about">,
	fresh: Secret,
	{ publicId, ...times }: { since: number; until: number | undefined; publicId: string | undefined },
): Promise<void> {
	const known: Captured = {
		...captured(engine, { fingerprint: fresh.fingerprint, ...times }),
		...(publicId === undefined ? {} : { publicId }),
	};
	await sealInto(engine, "new", Buffer.from(fresh.reveal()), known);
	await engine.journal.append({ is: "captured", ...known });
}

/** With the deadline where a clock ends the old token: counted from the earliest moment at which the new one can have been issued. */
function captured(
	{ spec, about }: Pick<Engine, "spec" | "about">,
	{
		fingerprint: id,
		since,
		until,
		source = "as a person read it on the provider's page",
	}: { fingerprint: string; since: number; until?: number | undefined; source?: string },
): Captured {
	const overlap = overlapOf(spec, about());
	const base = { fingerprint: id, since };
	if (spec.strategy.ends !== "clock") return base;
	if (until !== undefined) return { ...base, deadline: until, source };
	if (overlap === undefined) return base;
	return { ...base, deadline: since + overlap, source: `${duration(overlap)} from the rotation` };
}

/** After a call without an answer, when the overlap is over: an old token that lives shows that nothing was rotated. */
export async function lookAtOld(engine: Engine): Promise<StepOutcome> {
	const { is, how } = await acceptanceOf(engine, await engine.secret("old"), "old");
	if (is === "accepted") return { how: "done", note: `the old token is accepted, so nothing was rotated: ${how}` };
	if (is === "refused")
		return { how: "no", note: `the old token is refused, so it was rotated, and the new one is lost: ${how}` };
	return {
		how: "unknown",
		note: how,
		problem: {
			what: "it is not clear whether the old token is accepted",
			got: how,
			fix: "run crossfade rotate resume again",
		},
	};
}

/** Nobody knows how it went: the next run looks again. */
export function unclear({ spec }: Engine, what: string, got: string, or = ""): StepOutcome {
	const fix = `look again: ${rotateCommand(spec, "resume")}${or}`;
	return { how: "unknown", note: `${what}: ${got}`, problem: { what, got, fix } };
}

/** What to do about an old token that lives, by what should have ended it. */
const STILL_ALIVE: Readonly<Record<RotationStrategy["ends"], readonly [what: string, command: string]>> = {
	clock: ["ask the provider; if its support gave it more time", "reopen --until TIME"],
	revoke: ["look which token was ended, end this one, then", "resume"],
	"at-once": ["ask the provider, then", "resume"],
};

/** The new token is accepted, and belongs where the old one does. */
export async function proveNew(engine: Engine): Promise<StepOutcome> {
	const fresh = await engine.secret("new");
	const goOn = rotateCommand(engine.spec, "resume");
	const isByApi = engine.state().fresh?.sealed.what === "answer";
	const { publicId } = engine.about();
	const { is, how, same = {}, undisclosed } = await acceptanceOf(engine, fresh, "new", { everyWay: true });
	if (is === "refused") {
		const what = "the provider refuses the new token";
		return {
			how: "no",
			note: what,
			facts: { refused: fresh.fingerprint },
			problem: {
				what,
				got: how,
				fix: isByApi
					? `ask again: ${goOn}; if it stays so: ${goOn} --lost`
					: `copy it again, in the same environment as the old one${publicId === undefined ? "" : ", and its public id from the same row"}: ${goOn} --token REF${publicId === undefined ? "" : " --public-id ID"}`,
			},
		};
	}
	if (is === "unclear") {
		const without = engine.spec.rules.withoutIngests;
		const or = without === undefined ? "" : `; a way in that you do not use is left out by ${without} in its block`;
		return unclear(engine, "it is not clear whether the provider accepts the new token", how, or);
	}
	const before = JSON.parse(String(engine.state().steps["prepare"]?.facts?.["same"] ?? "{}")) as Record<string, string>;
	const other = Object.keys(before).find((name) => same[name] !== undefined && same[name] !== before[name]);
	if (other !== undefined) {
		const what = `the new token is not like the old one: its ${other} differs`;
		return {
			how: "no",
			note: what,
			problem: {
				what,
				expected: `${other} ${before[other]}`,
				got: `${other} ${same[other]}`,
				fix: isByApi
					? `correct the rotation's settings after ${rotateCommand(engine.spec, "rollback")}, and start again`
					: `end that token, and get one like the old one. Then: ${goOn} --token REF`,
			},
		};
	}
	// A field that the new token alone tells was not compared.
	const fields = [...undisclosed, ...Object.keys(same).filter((name) => before[name] === undefined)];
	return { how: "done", note: how, facts: { undisclosed: fields.length > 0, undisclosedFields: fields } };
}

/** Ends a token by API. A token that is already gone is as good. */
async function end(engine: Engine, id: string | undefined): Promise<StepOutcome> {
	const { fx, spec } = engine;
	const { revoke } = spec.strategy;
	if (!revoke || id === undefined) return { how: "wait", note: "a person ends it" };
	const request: ProviderCall = revoke(engine.about(), id);
	const outcome = await askProvider(fx, spec, request, await adminCredential(fx, spec));
	if (callFate(outcome) === "done" || (outcome.kind === "answer" && outcome.status === 404)) return { how: "done" };
	return unclear(engine, "it is not known whether the token was ended", outcomeText(outcome));
}

export const revokeOld = (engine: Engine) => end(engine, engine.about().tokenId);
export const revokeNew = (engine: Engine) => end(engine, engine.state().fresh?.id);

/** At the end: the old token is refused, and the new one is not. The other way round, the wrong one was ended. */
export async function proveOldDead(engine: Engine): Promise<StepOutcome> {
	const goOn = rotateCommand(engine.spec, "resume");
	const fresh = await acceptanceOf(engine, await engine.secret("new"), "new");
	const old = await acceptanceOf(engine, await engine.secret("old"), "old");
	if (fresh.is === "refused" && old.is === "accepted") {
		await engine.journal.append({
			is: "ended",
			step: "revoke-new",
			how: "done",
			note: "the new token was ended in place of the old one",
		});
		await engine.journal.append({
			is: "word",
			about: "rollback",
			because: "the new token is dead and the old one lives: the wrong one was ended",
		});
		const what = "the new token was ended in place of the old one";
		return {
			how: "no",
			note: what,
			problem: {
				what,
				fix: `the old token goes back everywhere; if a store does not take it: ${goOn}; then start again`,
			},
		};
	}
	if (fresh.is === "refused" && engine.spec.strategy.by === "person") {
		const what = "the provider refuses the new token: it was rotated once more, or ended";
		const fix = `get the one that is valid now, then: ${goOn} --lost; and: ${goOn} --token REF`;
		return {
			how: "wait",
			note: `the new token: ${fresh.how}`,
			facts: { refused: engine.state().fresh?.fingerprint ?? "" },
			problem: { what, got: fresh.how, fix },
		};
	}
	if (fresh.is !== "accepted")
		return {
			how: "wait",
			note: `the new token: ${fresh.how}`,
			problem: {
				what: "it is not clear that the new token is accepted",
				got: fresh.how,
				fix: `see why: ${withRotation(engine.spec, "probe")}; then: ${goOn}`,
			},
		};
	if (old.is === "refused") return { how: "done", note: old.how };
	if (old.is === "accepted") {
		const [whatToDo, command] = STILL_ALIVE[engine.spec.strategy.ends];
		return {
			how: "no",
			note: "OLD STILL ALIVE",
			problem: {
				what: "the old token is still accepted, though it should have ended",
				got: old.how,
				fix: `${whatToDo}: ${rotateCommand(engine.spec, command)}`,
			},
		};
	}
	return { how: "wait", note: old.how };
}

/** A clock that is far off makes every deadline wrong. */
export function skewProblem(offsetMs: number | undefined, overlapMs: number | undefined): string | undefined {
	if (offsetMs === undefined || Math.abs(offsetMs) <= MOST_SKEW_MS) return undefined;
	const isTooMuch = overlapMs !== undefined && overlapMs > 0 && Math.abs(offsetMs) > overlapMs / 10;
	return isTooMuch ? `this machine's clock differs from the provider's by ${duration(Math.abs(offsetMs))}` : undefined;
}

function text(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("utf8");
}
