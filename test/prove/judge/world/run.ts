import type { JudgementInput, Obligation, ObligationId } from "../../../../src/prove/judge/case.ts";
import { answerOf, obligationsOf } from "../../../../src/prove/judge/judge.ts";
import { type Degradation, degradations } from "./degrade.ts";
import { type Draft, EPOCH, judgeInput, observeWorld } from "./evidence.ts";
import { random } from "./random.ts";
import { DAY, END, HOUR, MINUTE, makeWorld, sendsOldAfter, type World } from "./world.ts";

/** A yes that the truth denies. */
export interface FalseYes {
	readonly seed: number;
	readonly now: number;
	readonly degraded: readonly string[];
	readonly why: string;
}

/** Whether anybody who is known would send the old token after that moment; says who. */
function truthAgainst(draft: Draft): string | undefined {
	if (draft.staleExporters) return "a gateway sends on with the old token";
	return draft.known.find(({ process }) => sendsOldAfter(process, draft.now))?.why;
}

interface Looked {
	readonly draft: Draft;
	readonly input: JudgementInput;
	readonly obligations: readonly Obligation[];
}

function look(world: World, now: number, seed: number, ways: readonly Degradation[], without?: ObligationId): Looked {
	const draft = observeWorld(world, now);
	const dice = random(seed ^ 0x5bd1e995);
	for (const way of ways) way.apply(draft, world, dice);
	const input = judgeInput(world, draft);
	return { draft, input, obligations: obligationsOf(input, without) };
}

/** Two looks into one world, whole or spoilt in one or two ways. */
export function tryWorld(seed: number): { readonly yes: number; readonly falseYes: readonly FalseYes[] } {
	const dice = random(seed * 2 + 1);
	const world = makeWorld(seed, dice.chance(0.6));
	const chosen = Array.from({ length: dice.whole(0, 2) }, () => dice.pick(degradations));
	const ways = degradations.filter((way) => chosen.includes(way));
	let yes = 0;
	const falseYes: FalseYes[] = [];
	for (const now of [dice.between(HOUR, 3 * DAY), dice.between(2 * DAY, END - DAY)]) {
		if (now <= world.watchFrom) continue;
		const { draft, obligations } = look(world, now, seed, ways);
		if (answerOf(obligations) !== "yes") continue;
		yes++;
		const why = truthAgainst(draft);
		if (why !== undefined) falseYes.push({ seed, now, degraded: ways.map(({ name }) => name), why });
	}
	return { yes, falseYes };
}

/** Worlds in which a part of the proof is needed: with it never a false yes, without it one is found. */
export function tryWithout(id: ObligationId, seeds: number): { readonly with: number; readonly without: number } {
	const ways = degradations.filter(({ noticedBy }) => noticedBy === id);
	const found = { with: 0, without: 0 };
	for (let seed = 1; seed <= seeds; seed++) {
		const world = makeWorld(seed, id !== "moved");
		const dice = random(seed);
		const way = dice.pick(ways);
		for (const now of [dice.between(2 * DAY, END - DAY), dice.between(4 * DAY, END - DAY)]) {
			const whole = look(world, now, seed, [way]);
			if (truthAgainst(whole.draft) === undefined) continue;
			if (answerOf(whole.obligations) === "yes") found.with++;
			if (answerOf(obligationsOf(whole.input, id)) === "yes") found.without++;
		}
	}
	return found;
}

/** If watching began after everybody had moved, nothing shows which token is the old one, and the owner says it. */
const confirmed: Degradation = {
	name: "the owner confirms the old token",
	noticedBy: "rotation",
	apply(draft) {
		const { old } = draft.tokens;
		if (draft.seen.some(({ fingerprint }) => fingerprint === old)) return;
		const said = { kind: "credential", says: "known", because: "it is the old one", actor: "anna" } as const;
		draft.statements.push({ ...said, name: old, at: EPOCH + draft.now, old });
	},
};

const LONG = 14 * DAY;

/** The longest time on the clock on the wall that any process lets pass between two requests. */
function longestGap({ machines }: World): number {
	let longest = 0;
	for (const { processes } of machines) {
		for (const { sends } of processes) {
			const edges = [0, ...sends.filter((at) => at > 0), LONG];
			for (let index = 1; index < edges.length; index++) {
				longest = Math.max(longest, (edges[index] ?? 0) - (edges[index - 1] ?? 0));
			}
		}
	}
	return longest;
}

/** An honest, whole world in which everybody moves: whether there is a yes in time, and if not, what is open. */
export function honest(seed: number): { readonly isYes: boolean; readonly open: readonly Obligation[] } | undefined {
	const world = makeWorld(seed, true, LONG);
	const every = world.every ?? DAY;
	// Longest interval and margin: it counts a quarter more, a sender is next heard up to an interval later, and laptops sleep, some for a day.
	const sleep = world.machines.some(({ isLaptop }) => isLaptop) ? 2 * DAY : 0;
	const now = Math.max(world.movedBy, world.watchFrom) + longestGap(world) + 2.25 * every + 15 * MINUTE + sleep;
	if (now > LONG - DAY) return undefined;
	const { obligations } = look(world, now, seed, [confirmed]);
	return { isYes: answerOf(obligations) === "yes", open: obligations.filter(({ state }) => state !== "proven") };
}

/** What is open in an honest, whole world after twelve days, if the owner says of these machines that they are gone. */
export function openAfterAll(seed: number, gone: readonly string[] = []): readonly Obligation[] {
	const says: Degradation = {
		name: "the owner says which machines are gone",
		noticedBy: "moved",
		apply(draft) {
			const { old } = draft.tokens;
			const said = {
				kind: "host",
				says: "gone",
				because: "retired",
				actor: "anna",
				at: EPOCH + draft.now,
				old,
			} as const;
			for (const name of gone) draft.statements.push({ ...said, name });
		},
	};
	const { obligations } = look(makeWorld(seed, true, LONG), 12 * DAY, seed, [confirmed, says]);
	return obligations.filter(({ state }) => state !== "proven");
}

/** Whether each sender of an honest world that was heard on the old token last is named by what is open, and nobody else is called blocked. */
export function namesTheTrue(seed: number): string | undefined {
	const dice = random(seed * 2 + 1);
	const world = makeWorld(seed, false);
	const now = Math.max(world.watchFrom + HOUR, dice.between(HOUR, 4 * DAY));
	const { draft, obligations } = look(world, now, seed, []);
	const blocked = obligations.filter(({ state, id }) => state === "blocked" && id === "moved");
	for (const { name, processes } of world.machines) {
		for (const { cli } of processes) {
			const rows = draft.seen.filter((each) => each.machine.name === name && each.process.cli === cli);
			const last = Math.max(...rows.map(({ at }) => at));
			const isOldLast = rows.some(({ at, fingerprint }) => at === last && fingerprint === draft.tokens.old);
			const isNamed = blocked.some(({ about }) => about === `${name}, ${cli}`);
			const everNew = rows.some(({ fingerprint }) => fingerprint === draft.tokens.new);
			const everOld = rows.some(({ fingerprint }) => fingerprint === draft.tokens.old);
			if (rows.length > 0 && isOldLast && !isNamed)
				return `${seed}: ${name}, ${cli} is on the old token and is not named`;
			if (isNamed && !everOld) return `${seed}: ${name}, ${cli} is named and never was on the old token (${everNew})`;
		}
	}
	return undefined;
}
