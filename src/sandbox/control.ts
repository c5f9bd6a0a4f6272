import { durationMs } from "../spec/duration.ts";
import type { Ledger, SandboxEvent } from "./ledger.ts";
import type { Answer, ReceivedRequest } from "./receiver.ts";

/** The clock of a sandbox: the real one, moved by what a user asked for. */
export interface SandboxClock {
	now(): number;
	set(to: number): void;
}

/** What the control paths work on. */
export interface Controlled {
	readonly ledger: Ledger;
	readonly clock: SandboxClock;
	/** A fresh random token. */
	readonly mint: () => string;
	readonly log: (event: SandboxEvent) => void;
}

export const CONTROL = "/_sandbox";

/** Answers the paths below `/_sandbox`: status, rotate, clock. The event tail is a stream and lives in the server. */
export function control(request: ReceivedRequest, accept: string, { ledger, clock, mint, log }: Controlled): Answer {
	const now = clock.now();
	const at = new Date(now).toISOString();
	switch (`${request.method} ${request.path}`) {
		case `GET ${CONTROL}`:
			return json(200, ledger.status(now));
		case `GET ${CONTROL}/health`:
			return json(200, { status: "ok" });
		case `POST ${CONTROL}/rotate`: {
			const token = mint();
			const { fingerprint, oldEndsAt } = ledger.rotate(token, now);
			log({ at, kind: "rotate", fingerprint });
			if (accept.startsWith("text/plain")) return { status: 200, contentType: "text/plain", body: token };
			const ends = oldEndsAt === undefined ? {} : { oldEndsAt: new Date(oldEndsAt).toISOString() };
			return json(200, { token, fingerprint, ...ends });
		}
		case `POST ${CONTROL}/clock`: {
			const to = newTime(Buffer.from(request.body).toString("utf8"), now);
			if (to === undefined) return json(400, { message: 'send {"advance": "23h"} or {"at": "2026-01-31T12:00:00Z"}' });
			clock.set(to);
			log({ at: new Date(to).toISOString(), kind: "clock" });
			return json(200, { now: new Date(to).toISOString() });
		}
		default:
			return json(404, { message: `there is ${CONTROL}, ${CONTROL}/events, ${CONTROL}/rotate and ${CONTROL}/clock` });
	}
}

function newTime(body: string, now: number): number | undefined {
	try {
		const { advance, at } = JSON.parse(body) as { advance?: unknown; at?: unknown };
		const by = typeof advance === "string" ? durationMs(advance) : undefined;
		if (by !== undefined) return now + by;
		const to = typeof at === "string" ? Date.parse(at) : Number.NaN;
		return Number.isNaN(to) ? undefined : to;
	} catch {
		return undefined;
	}
}

function json(status: number, value: unknown): Answer {
	return { status, contentType: "application/json", body: `${JSON.stringify(value)}\n` };
}
