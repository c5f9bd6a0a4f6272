import {
	type Emulation,
	jsonAnswer,
	Refused,
	type SandboxProvider,
	stateOf,
	type TokenRecord,
	type TokenRequest,
} from "../../adapters/providers/sandbox.ts";
import { durationMs } from "../../base/duration.ts";
import type { Problem } from "../../base/errors.ts";
import { ownEntry } from "../../base/lookup.ts";
import type { ServerAnswer, ServerRequest } from "../../effects/net/http-server.ts";
import { jsonObject } from "./api.ts";
import { type Faults, readFault } from "./faults.ts";
import type { Ledger, SandboxEvent, SandboxStatus } from "./ledger.ts";
import type { StatusCards } from "./status-cards.ts";

/** A sandbox's clock: the real one plus the user's offset. */
export interface SandboxClock {
	now(): number;
	/** What answers say in their Date header. */
	date(): number;
	/** With `showsDate` the Date header goes with it, from then on. */
	set(to: number, showsDate: boolean): void;
}

/** State for the control paths. */
export interface ControlContext {
	readonly provider: SandboxProvider;
	readonly emulation: Emulation;
	readonly ledger: Ledger;
	readonly clock: SandboxClock;
	readonly faults: Faults;
	/** A new random token. */
	readonly newToken: () => string;
	/** The newest token that was made here, for a portal that shows it again. Of a token that a user brought there is only the digest. */
	readonly shown: { token?: string };
	/** Of a provider whose page has them. */
	readonly cards: StatusCards | undefined;
	readonly log: (event: SandboxEvent) => void;
}

export const CONTROL = "/_sandbox";

interface ControlRequest {
	readonly now: number;
	readonly body: TokenRequest;
	/** Whether to return only the token, as text. */
	readonly plain: boolean;
}

type ControlAction = (context: ControlContext, asked: ControlRequest) => ServerAnswer;

/** The paths below `/_sandbox`. The event tail is a stream and lives in the server. */
const actions: Readonly<Record<string, ControlAction>> = {
	[`GET ${CONTROL}`]: ({ provider, emulation, ledger, faults, cards }, { now }) => {
		const { overlapMs } = emulation;
		const status: SandboxStatus = {
			provider: provider.id,
			now: iso(now),
			...(overlapMs === undefined ? {} : { overlapMs }),
			...ledger.status(now),
			...(cards && { cards: cards.list(now) }),
			faults: faults.list(),
		};
		return jsonAnswer(200, status);
	},
	[`GET ${CONTROL}/health`]: () => jsonAnswer(200, { status: "ok" }),
	[`POST ${CONTROL}/rotate`]: ({ emulation, ledger, newToken, shown }, { now, body, plain }) => {
		const token = newToken();
		const old = chosen(ledger, body, now);
		const made = emulation.rotate(old, token, body, now);
		shown.token = token;
		return issued(made, token, plain, old);
	},
	[`POST ${CONTROL}/copy`]: (context, { plain }) => {
		mustOffer(context, "copy");
		const [newest] = context.ledger.tokens;
		const { token } = context.shown;
		if (newest === undefined || token === undefined)
			throw new Refused(409, "rotate first: the first token is not kept");
		return issued(newest, token, plain);
	},
	[`POST ${CONTROL}/mint`]: (context, { now, body, plain }) => {
		mustOffer(context, "mint");
		const token = context.newToken();
		return issued(context.emulation.mint(token, body, now), token, plain);
	},
	[`POST ${CONTROL}/revoke`]: (context, { now, body }) => {
		mustOffer(context, "revoke");
		if (typeof body["token"] !== "string") throw new Refused(400, NAME_IT);
		const token = chosen(context.ledger, body, now);
		context.ledger.revoke(token, now);
		return jsonAnswer(200, { id: token.id, fingerprint: token.fingerprint });
	},
	[`POST ${CONTROL}/clock`]: ({ clock, log }, { now, body }) => {
		const to = newTime(body, now);
		if (to === undefined) throw new Refused(400, 'send {"advance": "23h"} or {"at": "2026-01-31T12:00:00Z"}');
		clock.set(to, body["date"] === true);
		log({ at: iso(to), kind: "clock" });
		return jsonAnswer(200, { now: iso(to) });
	},
	[`POST ${CONTROL}/fault`]: ({ faults, log }, { now, body: { fault: name, ...rest } }) => {
		if (name === "off") faults.clear();
		else {
			const problems: Problem[] = [];
			const given = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, String(value)]));
			const fault = readFault(String(name), given, "fault", (problem) => problems.push(problem));
			if (!fault) throw new Refused(400, problems.map(({ what, expected }) => `${what}: ${expected}`).join("; "));
			faults.add(fault);
		}
		log({ at: iso(now), kind: "fault" });
		return jsonAnswer(200, { faults: faults.list() });
	},
};

const THERE_IS = [...Object.keys(actions), `GET ${CONTROL}/events`].join(", ");

/** Handles the paths below `/_sandbox`, except the event tail. */
export function control(request: ServerRequest, context: ControlContext): ServerAnswer {
	const line = `${request.method} ${request.path}`;
	const action = ownEntry(actions, line);
	if (!action) return jsonAnswer(404, { message: `available: ${THERE_IS}` });
	try {
		const plain = String(request.headers["accept"] ?? "").startsWith("text/plain");
		return action(context, { now: context.clock.now(), body: jsonObject(request.body), plain });
	} catch (error) {
		if (error instanceof Refused) return jsonAnswer(error.status, { message: error.message });
		throw error;
	}
}

const NAME_IT = 'name it: {"token": "<id or fingerprint>"}';

/** The token with this id or fingerprint; otherwise the newest accepted one, otherwise the newest. */
function chosen(ledger: Ledger, { token: name }: TokenRequest, now: number): TokenRecord {
	const newest = ledger.tokens.find((each) => stateOf(each, now) === "active") ?? ledger.tokens[0];
	const found = name === undefined ? newest : ledger.find(String(name));
	if (!found) throw new Refused(404, `no such token; ${NAME_IT}`);
	return found;
}

function mustOffer({ emulation, provider }: ControlContext, what: "mint" | "revoke" | "copy"): void {
	if (!emulation.portal.includes(what)) throw new Refused(409, `${provider.title} has no way to ${what} a token`);
}

function issued(record: TokenRecord, token: string, plain: boolean, old?: TokenRecord): ServerAnswer {
	if (plain) return { status: 200, contentType: "text/plain", body: token };
	const ends = old && Number.isFinite(old.endsAt) ? { oldEndsAt: iso(old.endsAt) } : {};
	return jsonAnswer(200, { token, fingerprint: record.fingerprint, id: record.id, ...ends });
}

/** The latest clock time, which leaves room for every overlap and expiry. */
const LAST_TIME = Date.UTC(9000, 0);

function newTime({ advance, at }: TokenRequest, now: number): number | undefined {
	const by = typeof advance === "string" ? durationMs(advance) : undefined;
	const to = by === undefined ? Date.parse(String(at)) : now + by;
	return Math.abs(to) < LAST_TIME ? to : undefined;
}

function iso(time: number): string {
	return new Date(time).toISOString();
}
