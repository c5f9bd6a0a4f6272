import { CrossfadeError, type Problem } from "../base/errors.ts";
import { ownEntry } from "../base/lookup.ts";
import { shown, shownName } from "../base/mask.ts";
import { isLoopback } from "../spec/endpoint.ts";
import type { NoticeEvent, NotifySpec } from "../spec/notify.ts";
import { redact } from "../token/guard.ts";
import { refText, type TokenRef } from "../token/reference.ts";
import { slowestMs } from "./engine.ts";
import type { Journal } from "./journal.ts";
import type { Next } from "./next.ts";
import type { RotationPlace } from "./open.ts";
import { type RotationState, stateOfJournal } from "./state.ts";
import { statusOf } from "./status.ts";
import { timeText } from "./words.ts";

/** Notices of a rotation's events, each told once. None holds a token; one that cannot be sent is told, and stops nothing. */

interface Notice {
	readonly event: NoticeEvent;
	/** The same event again has the same key. */
	readonly key: string;
	/** One line. */
	readonly head: string;
}

const SEND_MS = 10_000;
const PROGRAM_MS = 60_000;
const MAX_ANSWER_BYTES = 64 * 1024;
/** A receiver that is away is tried again by later runs, but not for ever. */
const MOST_ATTEMPTS = 5;

/** What is to be told now. Pure. */
function dueNotices(
	{ spec, now }: { readonly spec: RotationPlace["spec"]; readonly now: number },
	state: RotationState,
	next: Next,
	problems: readonly Problem[],
): Notice[] {
	const found: Notice[] = [];
	const add = (event: NoticeEvent, key: string, head: string) => found.push({ event, key: `${event} ${key}`, head });
	if (state.closed) {
		const isWell = state.closed.how === "done" || state.closed.how === "rolled back";
		add(isWell ? "done" : "failed", state.closed.how, `is over: ${state.closed.how}`);
		return found;
	}
	if ("person" in next) {
		const round = next.person === "token" ? ` ${state.askedAt}` : ` ${state.direction}`;
		add("needs-a-person", `${next.person} ${next.store ?? ""}${round}`, "needs a person");
	}
	if ("alarm" in next) add("failed", next.alarm, `ALARM: ${next.alarm}`);
	for (const { what } of problems) add("failed", what, `failed: ${shown(what, 300)}`);
	const { deadline } = state;
	if (deadline && now < deadline.at && hasWork(state, spec, next)) {
		const since = state.fresh?.since ?? state.startedAt;
		const near = Math.max(2 * slowestMs(spec), (deadline.at - since) / 4);
		if (deadline.at - now <= near)
			add("deadline-near", `${deadline.at}`, `the old token ends ${timeText(deadline.at, now)}`);
	}
	return found;
}

/** Something is still to be done before the old token ends: on the way back everything is. */
function hasWork(
	{ direction, stores }: RotationState,
	spec: Pick<RotationPlace["spec"], "stores">,
	next: Next,
): boolean {
	if (direction === "back" || "person" in next) return true;
	return spec.stores.some(({ name }) => ownEntry(stores, name)?.confirm.is !== "done");
}

/** Tells each receiver what it does not know yet. */
export async function sendNotices(
	place: Pick<RotationPlace, "fx" | "spec" | "fleet">,
	journal: Journal,
	{ now, next, problems }: { readonly now: number; readonly next: Next; readonly problems: readonly Problem[] },
): Promise<void> {
	const { fx, spec, fleet } = place;
	if (fleet.notify.length === 0) return;
	const due = dueNotices({ spec, now }, stateOfJournal(journal.records), next, problems);
	for (const [index, receiver] of fleet.notify.entries()) {
		for (const notice of due) {
			if (!receiver.on.includes(notice.event)) continue;
			const key = `${index + 1} ${notice.key}`;
			if (!isOpen(journal, key)) continue;
			try {
				// On the disk before it is sent: after a crash it is not sent a second time.
				await journal.append({ is: "notice", key, event: notice.event, how: "begun" });
				const failure = await send(place, receiver, textsOf(place, journal, now, notice));
				if (failure === undefined) continue;
				await journal.append({ is: "notice", key, event: notice.event, how: "no", note: failure });
				tell(fx, index, failure);
			} catch (error) {
				if (!(error instanceof CrossfadeError)) throw error;
				tell(fx, index, error.problems.map(({ what }) => what).join("; "));
			}
		}
	}
}

/** Not sent yet, as far as the journal knows, and not tried too often. */
function isOpen({ records }: Journal, key: string): boolean {
	const before = records.filter((each) => each.is === "notice" && each.key === key);
	const last = before.at(-1);
	return last === undefined || (last.is === "notice" && last.how === "no" && before.length < 2 * MOST_ATTEMPTS);
}

function tell({ terminal }: RotationPlace["fx"], index: number, got: string): void {
	terminal.warn({
		what: `notice receiver ${index + 1} could not be told; the rotation goes on`,
		got,
		where: { file: "notify" },
		fix: "correct it; the next run tries again",
	});
}

/** The notice as text and as data, without a token in any of the forms that are known. */
function textsOf({ spec }: Pick<RotationPlace, "spec">, journal: Journal, now: number, { event, head }: Notice) {
	const { phase, next, deadline, old, new: fresh, operation } = statusOf(spec, journal, now);
	const lines = [`crossfade: rotation ${shownName(spec.name)} (${spec.issuer.title}) ${head}`, ...next];
	const text = redact(lines.join("\n"));
	const data = {
		text: text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
		event,
		rotation: spec.name,
		provider: spec.issuer.id,
		operation,
		phase,
		old,
		new: fresh,
		deadline: deadline && new Date(deadline.at).toISOString(),
		next,
	};
	return { text, event, json: redact(JSON.stringify(data)) };
}

/** Undefined if it arrived; otherwise why not, in words without the URL. https://api.slack.com/messaging/webhooks */
async function send(
	{ fx }: Pick<RotationPlace, "fx">,
	{ webhook, command }: NotifySpec,
	{ text, event, json }: ReturnType<typeof textsOf>,
): Promise<string | undefined> {
	if (webhook) {
		const url = await urlOf(fx, webhook);
		if (url === undefined) return `${refText(webhook)} cannot be read, or has no URL`;
		if (!isSafe(url)) return `${refText(webhook)} has no https URL`;
		const outcome = await fx.request({
			method: "POST",
			url,
			headers: { "content-type": "application/json" },
			body: Buffer.from(json),
			timeoutMs: SEND_MS,
			maxBytes: MAX_ANSWER_BYTES,
			proxy: "environment",
		});
		if (outcome.kind === "failure") return `the webhook could not be reached (${outcome.code})`;
		return outcome.status >= 200 && outcome.status < 300
			? undefined
			: `the webhook answered with status ${outcome.status}`;
	}
	const [program = "", ...args] = command ?? [];
	const path = fx.programs.find(program);
	if (path === undefined) return `${shownName(program)} is not installed`;
	const variables = { CROSSFADE_EVENT: event, CROSSFADE_TEXT: text, CROSSFADE_NOTICE: json };
	try {
		const { code, timedOut } = await fx.programs.run(path, args, { timeoutMs: PROGRAM_MS, variables });
		if (code === 0) return undefined;
		return timedOut ? `${shownName(program)} took too long` : `${shownName(program)} ended with ${code ?? "a signal"}`;
	} catch {
		return `${shownName(program)} cannot be run`;
	}
}

async function urlOf({ readToken }: RotationPlace["fx"], webhook: TokenRef): Promise<string | undefined> {
	try {
		return (await readToken(webhook, "secret")).reveal();
	} catch (error) {
		if (error instanceof CrossfadeError) return undefined;
		throw error;
	}
}

/** Its path is often a credential: in clear text only to this machine. */
function isSafe(text: string): boolean {
	const url = URL.canParse(text) ? new URL(text) : undefined;
	return url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
}
