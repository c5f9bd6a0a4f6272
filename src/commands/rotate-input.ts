import { CrossfadeError, type Problem } from "../base/errors.ts";
import { asksEnd, type Engine, nextAbout } from "../rotate/engine.ts";
import { nextStep } from "../rotate/next.ts";
import type { RotationPlace } from "../rotate/open.ts";
import { capture } from "../rotate/provider-steps.ts";
import { storeReach } from "../rotate/reach.ts";
import type { Word } from "../rotate/record.ts";
import { type PersonSays, unfit } from "../rotate/said.ts";
import type { FlagReader } from "../spec/flags.ts";
import { hasPair } from "../spec/rotation.ts";
import { rotateCommand } from "../spec/rotation-command.ts";
import { parseTokenRef } from "../token/reference.ts";
import type { Secret } from "../token/secret.ts";

/** The token in use, by the rotation's reference. */
export async function readCurrent(place: Pick<RotationPlace, "fx" | "fleet" | "spec">): Promise<Secret> {
	return ofThisKind(place.spec, await inUse(place));
}

async function inUse({ fx, fleet, spec }: Pick<RotationPlace, "fx" | "fleet" | "spec">): Promise<Secret> {
	const { current } = spec;
	if (!("store" in current)) return fx.readToken(current, "token", "Token in use");
	const found = fleet.stores.find(({ name }) => name === current.store);
	const store = found?.kind.open(found.settings, storeReach(fx));
	const holds = await store?.read();
	await store?.close?.();
	if (holds?.is === "token") return holds.value.token;
	throw new CrossfadeError("refused", {
		what: `the token in use cannot be read from store ${current.store}`,
		expected: "a store that shows the token",
		got: holds === undefined ? "no such store" : "why" in holds ? holds.why : holds.is,
		fix: holds !== undefined && "nextStep" in holds ? holds.nextStep : "name another place as current:",
	});
}

export async function readNew(
	{ fx, spec }: Pick<RotationPlace, "fx" | "spec">,
	text: string,
	old: string | undefined,
): Promise<Secret> {
	const ref = parseTokenRef(text, "--token");
	if ("what" in ref) throw new CrossfadeError("usage", ref);
	const secret = ofThisKind(spec, await fx.readToken(ref, "token", "New token"));
	if (secret.fingerprint !== old) return secret;
	throw new CrossfadeError("refused", {
		what: "this is the old token",
		expected: "the new one",
		got: `fp=${secret.fingerprint}`,
		fix: "copy the new one from the provider's page, and give that",
	});
}

/** Throws `CrossfadeError` (refused) for a token of another kind, which the provider would be said to refuse. */
function ofThisKind({ issuer, rules }: RotationPlace["spec"], token: Secret): Secret {
	const other = rules.otherKinds?.find(({ starts }) => token.reveal().startsWith(starts));
	if (!other) return token;
	throw new CrossfadeError("refused", {
		what: `this is no token that can be rotated here: ${other.is}`,
		got: `a token of ${issuer.title} that starts with ${other.starts}`,
		fix: other.fix,
	});
}

/** A pasted token: sealed before anything is shown, and its deadline counted from the earliest moment of the click. */
export async function paste(place: RotationPlace, engine: Engine, flags: FlagReader, ref: string): Promise<void> {
	const state = engine.state();
	const since = timeFlag(flags, "since", "--since");
	const until = timeFlag(flags, "oldEnds", "--old-ends");
	const fresh = await readNew(place, ref, state.old?.fingerprint);
	// The same paste again, after a crash: it is known already.
	if (state.fresh?.fingerprint === fresh.fingerprint) return;
	// Not after now: the clock can have been set back since.
	const began = Math.min(state.askedAt ?? state.startedAt, engine.now());
	const from = since ?? began;
	const isEndKnown = until !== undefined || !asksEnd(engine.spec, engine.about());
	const next = nextStep(state, nextAbout(engine, new Set()));
	const isAsked = "person" in next && (next.person === "token" || next.person === "console");
	const publicId = publicIdOf(place, flags, fresh);
	const problems: Problem[] = [
		...flags.problems,
		...(state.fresh === undefined
			? []
			: [
					{
						what: "there is a new token already",
						expected: `fp=${state.fresh.fingerprint}`,
						got: `fp=${fresh.fingerprint}`,
						fix: `if that one is lost: ${rotateCommand(engine.spec, "resume --lost")}; then give this one`,
					},
				]),
		...(isAsked || state.fresh !== undefined
			? []
			: [{ what: "no new token is asked for now", fix: `see ${rotateCommand(engine.spec, "status")}` }]),
		// The click was before the operation, and nobody knows how long.
		...(state.opened.isAdopted && engine.spec.strategy.ends === "clock" && since === undefined && until === undefined
			? [noClick()]
			: []),
		...(isEndKnown
			? []
			: [
					{
						what: "when the old token ends is not known",
						expected: "--old-ends with the time that its page shows",
						where: { file: "--old-ends" },
						fix: "add it: 2026-01-31T12:00:00Z",
					},
				]),
		// One that ended with the click is right, and its places need the new one all the sooner. A page shows minutes.
		...(until !== undefined && until < from - 120_000
			? [
					{
						what: "the old token's end is in the past, before the new token was asked for",
						where: { file: "--old-ends" },
						fix: "look at the page again; if it ended at a click before that, add --since with the time of the click",
					},
				]
			: []),
	];
	if (problems.length > 0) throw new CrossfadeError("usage", problems);
	await capture(engine, fresh, { since: from, until, publicId });
}

/** The other half of a pair, where a store has a field for it; both are written together. */
export function publicIdOf(
	{ spec }: Pick<RotationPlace, "spec">,
	flags: FlagReader,
	token: Secret,
): string | undefined {
	const given = flags.text("publicId");
	const wanted = spec.stores.filter((store) => hasPair(store)).map(({ name }) => name);
	if (given === undefined && wanted.length > 0) {
		flags.wrong("--public-id", {
			what: `the public id of the new token is missing: store ${wanted.join(", ")} has a field for it`,
			fix: "add --public-id ID, as the provider's page shows it beside the token",
		});
	}
	if (given !== undefined && wanted.length === 0) {
		flags.wrong("--public-id", {
			what: "no store has a field for a public id",
			fix: "leave it out, or name the field",
		});
	}
	const isToken =
		given !== undefined &&
		(given === token.reveal() || token.reveal().includes(given) || given.includes(token.reveal()));
	if (isToken || (given !== undefined && !/^[\w.~-]{1,200}$/.test(given))) {
		flags.wrong("--public-id", {
			what: isToken ? "this is the token, or a part of it" : "not a public id",
			expected: "the public half of the pair: letters, digits, dots, dashes",
			got: `${given?.length} characters`,
			fix: "copy the other field",
		});
	}
	return given;
}

/** What a person says with flags, written down. */
export async function takeWords(engine: Engine, flags: FlagReader): Promise<void> {
	const { journal, spec } = engine;
	const store = (flag: "written" | "confirmed" | "removed") => {
		const name = flags.text(flag);
		if (name === undefined) return undefined;
		const { opened, stores } = engine.state();
		const ofFile = spec.stores.map((each) => each.name);
		const known = flag === "removed" ? [...new Set([...opened.stores, ...Object.keys(stores), ...ofFile])] : ofFile;
		return flags.choice(name, known, `--${flag}`, "store");
	};
	const [written, confirmed, removed] = [store("written"), store("confirmed"), store("removed")];
	const needsReason = confirmed !== undefined || removed !== undefined;
	const because = needsReason ? reason(flags, "because") : "";
	if (flags.problems.length > 0) throw new CrossfadeError("usage", flags.problems);
	const { direction } = engine.state();
	const ended = direction === "forward" ? "revoke" : "revoke-new";
	const said: readonly (readonly [said: PersonSays, about: Word, subject: string | undefined, because?: string])[] = [
		...(flags.isSet("lost") ? [["lost", "lost", undefined] as const] : []),
		...(written === undefined ? [] : [["written", "written", written, because] as const]),
		...(confirmed === undefined ? [] : [["confirmed", "confirmed", confirmed, because] as const]),
		...(removed === undefined ? [] : [["removed", "removed", removed, because] as const]),
		...(flags.isSet("same") ? [["same", "identity", undefined] as const] : []),
		...(flags.isSet("ended") ? [["ended", "ended", ended] as const] : []),
	];
	const problems: Problem[] = [];
	for (const [word, , subject] of said) {
		// One that the same command says to be written is.
		if (word !== "confirmed" || subject !== written) problems.push(...(await unfit(engine, word, subject)));
	}
	if (problems.length > 0) throw new CrossfadeError("refused", problems);
	if (flags.isSet("forward") && direction !== "forward") await journal.append({ is: "word", about: "forward" });
	for (const [, about, subject, why] of said) {
		await journal.append({
			is: "word",
			about,
			...(subject === undefined ? {} : { subject }),
			...(why === undefined ? {} : { because: why }),
		});
	}
}

export function reason(flags: FlagReader, flag: "because" | "despite"): string {
	const text = flags.text(flag) ?? "";
	if (/\S/.test(text) && text.length <= 500) return text;
	throw new CrossfadeError("usage", {
		what: "the reason is missing",
		expected: "at most 500 characters, for the log",
		where: { file: `--${flag}` },
		fix: `add --${flag} "…"`,
	});
}

/** A time with its zone, in milliseconds since the epoch. */
export function timeFlag(flags: FlagReader, name: string, flag: string): number | undefined {
	const text = flags.text(name);
	if (text === undefined) return undefined;
	const at = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
	if (!Number.isNaN(at)) return at;
	flags.wrong(flag, {
		what: "not a time",
		expected: "a time with zone, such as 2026-01-31T12:00:00Z",
		fix: "write it like that",
	});
	return undefined;
}

export function noClick(): Problem {
	return {
		what: "when the person rotated is not known",
		expected: "--since with the time of the click, or --old-ends",
		where: { file: "--since" },
		fix: "add the earliest time at which it can have been: the deadline counts from there",
	};
}
