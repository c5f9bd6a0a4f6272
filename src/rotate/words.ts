import type { RotationAbout } from "../adapters/providers/rotation.ts";
import { duration } from "../base/duration.ts";
import { ownEntry } from "../base/lookup.ts";
import { shown, shownName } from "../base/mask.ts";
import { sh } from "../base/quote.ts";
import { hasPair, type RotationSpec } from "../spec/rotation.ts";
import { type NamedRotation, rotateCommand } from "../spec/rotation-command.ts";
import { asksEnd, overlapOf, type StepOutcome, slowestMs } from "./engine.ts";
import { MAY_EXIST } from "./let-go.ts";
import type { Next, Person, StepName } from "./next.ts";
import type { JournalRecord } from "./record.ts";
import type { RotationState, StoreState } from "./state.ts";

/** What a rotation says to people. Never a token; names from a file or a server are shown so that they cannot steer a terminal. */

/** A time in UTC, and how far away it is. */
export function timeText(at: number, now: number): string {
	const away = at >= now ? `in ${duration(at - now)}` : `${duration(now - at)} ago`;
	return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC (${away})`;
}

const STEPS: Readonly<Record<StepName, string>> = {
	"seal-old": "seal the token in use, for the way back",
	prepare: "look whether everything can be written and read",
	fence: "take the lock",
	reserve: "reserve space for the answer",
	ask: "ask for the new token",
	call: "ask the provider for the new token, once",
	"read-answer": "read the sealed answer",
	"look-at-old": "see whether the old token still works",
	"find-orphan": "look for a token that nobody has",
	"prove-new": "prove the new token at the provider",
	write: "write the new token",
	apply: "make its readers take it",
	confirm: "look for evidence that it is in use",
	revoke: "end the old token",
	"prove-old-dead": "prove that the old token is refused",
	"back-write": "put the old token back",
	"back-apply": "make its readers take it",
	"revoke-new": "end the new token",
	close: "close the operation, and destroy its key",
	"close-back": "close the operation, and destroy its key",
};

/** A step and how it went, as one line. */
export function stepLine(step: StepName, store: string | undefined, outcome: StepOutcome): string {
	const marks = { done: "done", no: "FAILED", unknown: "UNKNOWN", wait: "not yet" } as const;
	const where = store === undefined ? "" : ` (${shownName(store)})`;
	const note = outcome.note === undefined || outcome.note.includes("\n") ? "" : `: ${shown(outcome.note, 300)}`;
	return `${marks[outcome.how].padEnd(8)} ${STEPS[step]}${where}${note}`;
}

/** The phase in a few words, of the stores that the fleet file names now. */
export function phaseOf(state: RotationState, { stores }: Pick<RotationSpec, "stores">): string {
	if (state.closed) return state.closed.how;
	if (state.direction === "back") return "going back to the old token";
	if (state.fresh === undefined) {
		if (state.call.is === "unknown" || state.call.is === "begun") return "unknown: a call got no answer";
		return state.askedAt === undefined ? "preparing" : "waiting for the new token";
	}
	if (state.steps["prove-new"]?.is !== "done") return "proving the new token";
	const all = stores.map(({ name }) => ownEntry(state.stores, name));
	if (all.some((store) => store?.write.is !== "done")) return "writing stores";
	if (all.some((store) => store?.confirm.is !== "done")) return "waiting for evidence from each store";
	if (state.steps["prove-old-dead"]?.is === "done") return "everybody is on the new token, and the old one is dead";
	return state.steps["revoke"]?.is === "done"
		? "proving that the old token is dead"
		: "everybody is on the new token; the old one still lives";
}

export function storeText(state: RotationState, store: StoreState | undefined): string {
	const which = state.direction === "forward" ? "new" : "old";
	if (store?.write.is === "never" && store.wasTouched)
		return `${which} token not written yet; it may hold the one before`;
	if (store === undefined || store.write.is === "never") return "has the old token";
	if (store.write.is === "begun" || store.write.is === "unknown") return "unknown: a write got no answer";
	if (store.write.is === "no") return `not written: ${shown(store.write.note ?? "it failed", 200)}`;
	if (store.write.is === "wait") return "waits for a person who writes it";
	if (store.confirm.is === "done")
		return `${which} token, confirmed: ${shown(store.confirm.note ?? "by a person", 200)}`;
	if (store.confirm.is === "wait") return `${which} token written, unproven: ${shown(store.confirm.note ?? "", 200)}`;
	return `${which} token written, unproven`;
}

/** How it goes on after an end that was none. A superseded one is the newest if the machine stopped before the next one had begun. */
const AFTER: Readonly<Record<string, readonly [what: string, command: string]>> = {
	superseded: ["the one in its place did not begin", "start --leaked"],
	stranded: ["the next rotation", "start"],
};

/** How the last operation ended. */
export function overText(spec: NamedRotation, how: string): string {
	return `the last one is over: ${how}${afterText(spec, how)}`;
}

function afterText(spec: NamedRotation, how: string): string {
	const after = ownEntry(AFTER, how);
	return after ? `; ${after[0]}: ${rotateCommand(spec, after[1])}` : "";
}

/** Lines for what comes next. */
export function nextLines(next: Next, about: WordsAbout): string[] {
	if ("over" in next) {
		const left = about.state.closed?.left ?? [];
		return [
			`this operation is over: ${next.over}${afterText(about.spec, next.over)}`,
			...(left.length === 0 ? [] : [`left behind: ${left.map((each) => shownName(each)).join("; ")}`]),
			...(left.includes(MAY_EXIST) ? [`if it was made: ${command(about, "start --adopt REF --since TIME")}`] : []),
		];
	}
	if ("alarm" in next) return [`ALARM: ${next.alarm}`, ...alarmLines(about).map((line) => `  ${line}`)];
	if ("wait" in next) return [`waiting: ${next.wait}`, `next look: ${timeText(next.due, about.now)}`];
	if ("blocked" in next) return [`store ${shownName(next.blocked)} did not take it; the errors say why`];
	if ("do" in next) {
		const where = next.store === undefined ? "" : ` (${shownName(next.store)})`;
		return [`next: ${STEPS[next.do]}${where}`, `  Then: ${command(about, "resume")}`];
	}
	return ["a person is needed:", ...personLines(next.person, next.store ?? "", about).map((line) => `  ${line}`)];
}

export interface WordsAbout {
	readonly now: number;
	readonly spec: RotationSpec;
	readonly state: RotationState;
	readonly about: RotationAbout;
}

/** A command of this rotation, for a person to type. */
function command({ spec }: WordsAbout, rest: string): string {
	return rotateCommand(spec, rest);
}

/** What to do about an old token that lives. */
function alarmLines(about: WordsAbout): readonly string[] {
	const { ends, askRevoke } = about.spec.strategy;
	const then = `Then: ${command(about, "resume")}`;
	const byHand = [
		`Look at the provider which token was ended, and end the old one, fp=${about.state.old?.fingerprint}.`,
	];
	if (ends === "revoke") return [...(askRevoke?.(about.about, "old") ?? byHand), then];
	if (ends !== "clock") return ["Ask the provider.", then];
	return ["Ask the provider.", `If its support gave it more time: ${command(about, "reopen --until TIME")}`];
}

/** A token that a person brought, and that was not sealed before the machine stopped, or does not count any more. */
function adoptedLines(about: WordsAbout, publicId: string): readonly string[] {
	const { spec } = about;
	const end = asksEnd(spec, about.about) ? " --old-ends TIME" : spec.strategy.ends === "clock" ? " --since TIME" : "";
	return [
		"A person has rotated already, and there is no new token from that here. Copy it again, and do not rotate a second time.",
		`Then: ${command(about, `resume --token prompt${end}${publicId}`)}`,
		`If it cannot be had any more: ${command(about, "close --stranded --because REASON")}`,
	];
}

function personLines(person: Person, store: string, about: WordsAbout): readonly string[] {
	const { spec, state } = about;
	const { strategy } = spec;
	const named = sh(store);
	const publicId = spec.stores.some(hasPair) ? " --public-id ID" : "";
	const words: Readonly<Record<Person, () => readonly string[]>> = {
		token: () =>
			state.opened.isAdopted
				? adoptedLines(about, publicId)
				: [
						...(state.wasGiven
							? [`If a new one was made since this was asked first: ${strategy.lost}. Otherwise:`]
							: []),
						...(state.opened.mayExist
							? [
									"The operation before may have made a new token. If it did, give that one, with --since and the time of the click, and make no second one. Otherwise:",
								]
							: []),
						...(strategy.ask?.(about.about) ?? []),
						`Then: ${command(about, `resume --token prompt${asksEnd(spec, about.about) ? " --old-ends TIME" : ""}${publicId}`)}`,
						"If you clicked before this moment, add --since TIME: the time of the click.",
					],
		console: () => [
			`The new token may be lost. ${strategy.lost}.`,
			`Then: ${command(about, `resume --token prompt${publicId}`)}`,
		],
		written: () => [
			...(ownEntry(state.stores, store)?.write.note ?? "Write the new token there.").split("\n"),
			`Then: ${command(about, `resume --written ${named}`)}`,
		],
		confirmed: () => [
			`See that what reads store ${shownName(store)} uses the new token, fp=${state.fresh?.fingerprint ?? "unknown"}.`,
			`Then: ${command(about, `resume --confirmed ${named} --because REASON`)}`,
		],
		identity: () => [
			`The provider did not say of both tokens: ${String(state.steps["prove-new"]?.facts?.["undisclosedFields"] ?? "what they belong to")}. Compare them on its page.`,
			`Then: ${command(about, "resume --same")}`,
		],
		retire: () => [
			"Every store is confirmed. The old token still lives, and ending it cannot be undone.",
			`When the verdict is yes: ${command(about, "retire")}`,
		],
		revoke: () => [
			...(strategy.askRevoke?.(about.about, "old") ?? ["End the old token."]),
			`Then: ${command(about, "resume --ended")}`,
		],
		"revoke-new": () => [
			...(strategy.askRevoke?.(about.about, "new") ?? ["End the new token."]),
			`Then: ${command(about, "resume --ended")}`,
		],
		"removed-store": () => [
			`Store ${shownName(store)} is no longer in the fleet file, and may hold a token of this rotation.`,
			`Add it again, or: ${command(about, `resume --removed ${named} --because REASON`)}`,
		],
		paused: () => {
			const { deadline } = state;
			const forward = command(about, "resume --forward");
			if (deadline && deadline.at <= about.now) {
				const ended = timeText(deadline.at, about.now);
				return [`The old token is back in every store, and it ended ${ended}.`, `Now: ${forward}`];
			}
			return [
				"The old token is back in every store. Its clock runs on, so this is a pause and no end.",
				...(deadline ? [`It ends ${timeText(deadline.at, about.now)}.`] : []),
				`Before that: ${forward}`,
			];
		},
	};
	return words[person]();
}

/** What will happen, in which order, until when, and where it cannot be undone. */
export function planLines(spec: RotationSpec, about: RotationAbout, now: number): string[] {
	const { strategy, issuer } = spec;
	const overlap = overlapOf(spec, about);
	const slowest = slowestMs(spec);
	const lasts =
		overlap === undefined
			? "is accepted until it is revoked"
			: overlap === 0
				? "ends with the call"
				: `is accepted for ${duration(overlap)}`;
	const apart = strategy.ends === "at-once" ? "ATTENTION: until a place has the new token it is refused" : undefined;
	return [
		`rotation ${shownName(spec.name)}: ${issuer.title}, ${strategy.id}`,
		`  ${strategy.title}`,
		`  the old token ${lasts}${overlap !== undefined && overlap > 0 ? `; if it began now, until ${timeText(now + overlap, now)}` : ""}`,
		`  no way back after: ${strategy.noReturn}`,
		`  if the new token is lost: ${strategy.lost}`,
		...(apart === undefined ? [] : [`  ${apart}`]),
		"",
		"steps:",
		`  1. ${STEPS["seal-old"]}; ${STEPS.prepare}`,
		`  2. ${strategy.by === "person" ? "a person gets the new token:" : STEPS.call}`,
		...(strategy.by === "person" ? (strategy.ask?.(about) ?? []).map((line) => `     ${line}`) : []),
		`  3. ${STEPS["prove-new"]}`,
		...spec.stores.map(
			({ name, place, confirm, withinMs }, index) =>
				`  ${index + 4}. ${STEPS.write}: store ${shownName(name)}, ${shownName(place)}; confirmed by ${typeof confirm === "string" ? confirm : "a program"}, within ${duration(withinMs)}${name === spec.canary ? " (first, alone)" : ""}`,
		),
		`  ${spec.stores.length + 4}. ${strategy.ends === "revoke" ? (strategy.revoke ? "retire: ended by API when the verdict is yes" : "retire: ended by a person when the verdict is yes") : strategy.ends === "clock" ? "the old token ends by itself" : "the old token is dead already"}; ${STEPS["prove-old-dead"]}`,
		"",
		`slowest place: ${duration(slowest)}`,
	];
}

/** A record for `rotate log`, as one line. */
export function recordText(record: JournalRecord): string {
	const head = `${new Date(record.at).toISOString()} ${shown(record.by)}@${shown(record.host)}`;
	return `${head} ${entryText(record)}`;
}

function entryText(record: JournalRecord): string {
	const note =
		"note" in record && record.note !== undefined ? `: ${shown(record.note.replaceAll("\n", "; "), 300)}` : "";
	switch (record.is) {
		case "opened":
			return `opened ${record.operation} (${record.provider}, ${record.strategy}${record.isLeaked ? ", leaked" : ""})`;
		case "sealed":
			return record.what === "answer"
				? "sealed the provider's answer"
				: `sealed the ${record.what} token fp=${record.fingerprint}`;
		case "begun":
			return `begun ${shownName(record.step)}${note}`;
		case "ended":
			return `ended ${shownName(record.step)}: ${record.how}${note}`;
		case "captured":
			return `new token fp=${record.fingerprint}${record.deadline === undefined ? "" : `; the old one ends ${new Date(record.deadline).toISOString()}, ${shown(record.source ?? "")}`}`;
		case "word":
			return `${record.about}${record.subject === undefined ? "" : ` ${shownName(record.subject)}`}${record.because ? `: ${shown(record.because, 300)}` : ""}`;
		case "notice":
			return record.how === "no" ? `notice ${record.event} did not arrive${note}` : `notice ${record.event}`;
		case "closed":
			return `closed: ${record.how}${record.left.length === 0 ? "" : `; left behind: ${record.left.map((each) => shownName(each)).join(", ")}`}`;
	}
}
