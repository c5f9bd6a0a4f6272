import type { Effects } from "../../effects/effects.ts";
import type { ServerAnswer, ServerRequest, ServerStream } from "../../effects/net/http-server.ts";
import { redact } from "../../token/guard.ts";
import type { OverlapView } from "../overlap/view.ts";
import { newAccess } from "./access.ts";
import { liveDocument } from "./document.ts";
import { type AnswerAge, FIRST_ROWS, pageData } from "./state.ts";

export interface WatchPage {
	/** With the one-time key. */
	readonly url: string;
	/** Shows another view; does not resend views that differ only in time, or anything to a page that lags. */
	update(view: OverlapView): void;
	/** Tells every page that the watch ended, and stops serving. */
	close(): Promise<void>;
}

interface WatchPageOptions {
	/** A loopback address by default. */
	readonly host: string;
	/** 0 for any free one. */
	readonly port: number;
	readonly view: OverlapView;
	/** How long an answer holds without another look, in milliseconds; undefined if looks have no interval. */
	readonly holdsMs?: number | undefined;
}

/** How often pages are told of looks that changed nothing, at most. */
const QUIET_MS = 1_000;

/** More pages than this are told to come again later: each may hold one view that it has not taken yet, and no more. */
const MAX_PAGES = 100;

const SAFE_HEADERS = {
	"cache-control": "no-store",
	"x-content-type-options": "nosniff",
	"referrer-policy": "no-referrer",
	"x-frame-options": "DENY",
	"cross-origin-opener-policy": "same-origin",
	"cross-origin-resource-policy": "same-origin",
};

/** Serves the live page of an overlap until closed. Throws `CrossfadeError` (io) when the address cannot be taken. */
export async function startWatchPage(fx: Effects, { host, port, view, holdsMs }: WatchPageOptions): Promise<WatchPage> {
	const access = newAccess(fx.random.token(), fx.random.token(), host);
	const feed = newFeed(fx.clock, view, holdsMs);
	const documentOf = newDocuments();
	const server = await fx.serve({ host, port, maxBodyBytes: 0, answer });
	return {
		url: `${server.url}/?key=${access.key}`,
		update: feed.update,
		async close() {
			feed.end();
			await server.close();
		},
	};

	function answer(request: ServerRequest): ServerAnswer | ServerStream {
		const { method, path } = request;
		if (method !== "GET") return plainAnswer(405, "Only GET is answered here.");
		const headers = path === "/" || path === "/events" ? access.admit(request) : "refused";
		if (headers === "refused") {
			return plainAnswer(403, "This link was used already, or belongs to another watch. A new watch prints a new one.");
		}
		if (path === "/events" && feed.isFull()) return plainAnswer(503, "Too many pages are open. Close some and reload.");
		return path === "/" ? page(headers) : { ...feed.stream(), headers: { ...SAFE_HEADERS, ...headers } };
	}

	function page(headers: Readonly<Record<string, string>>): ServerAnswer {
		const { body, policy } = documentOf(feed.view(), feed.isCurrent());
		const all = { ...SAFE_HEADERS, "content-security-policy": policy, ...headers };
		return { status: 200, contentType: "text/html; charset=utf-8", headers: all, body };
	}
}

/** Drawn once for each view, so that those who ask and do not read share its bytes. */
function newDocuments() {
	interface Drawn {
		readonly view: OverlapView;
		readonly isCurrent: boolean;
		readonly policy: string;
		readonly body: Buffer;
	}
	let last: Drawn | undefined;
	return (view: OverlapView, isCurrent: boolean): Drawn => {
		if (last?.view === view && last.isCurrent === isCurrent) return last;
		const { body, policy } = liveDocument(pageData(view), {
			now: view.rotation.now,
			connection: isCurrent ? "live" : "lost",
			timeZone: "UTC",
			filter: "",
			verdict: undefined,
			sort: "verdict",
			descending: false,
			rows: FIRST_ROWS,
		});
		last = { view, isCurrent, policy, body: Buffer.from(redact(body)) };
		return last;
	};
}

function plainAnswer(status: number, body: string): ServerAnswer {
	return { status, contentType: "text/plain; charset=utf-8", headers: SAFE_HEADERS, body: `${body}\n` };
}

/** The newest view with the time of its look, and every connected page with the last one it received. */
function newFeed(clock: Effects["clock"], initial: OverlapView, holdsMs: number | undefined) {
	let view = initial;
	let content = withoutClock(initial);
	let lookedAt = clock.now();
	let toldAt = lookedAt;
	const pages = new Map<(text: string) => number, string>();
	const age = (): AnswerAge => ({ ageMs: Math.max(0, clock.now() - lookedAt), holdsMs });
	const event = () => redact(`event: view\ndata: ${JSON.stringify({ ...pageData(view), ...age() })}\n\n`);
	const here = () => `event: here\ndata: ${JSON.stringify(age())}\n\n`;
	return {
		view: () => view,
		isCurrent: () => holdsMs === undefined || age().ageMs <= holdsMs,
		isFull: () => pages.size >= MAX_PAGES,
		update(next: OverlapView) {
			view = next;
			content = withoutClock(next);
			lookedAt = clock.now();
			const ready = [...pages].filter(([write]) => write("") === 0);
			const behind = ready.filter(([, sent]) => sent !== content);
			if (behind.length > 0) {
				const text = event();
				for (const [write] of behind) {
					write(text);
					pages.set(write, content);
				}
			}
			if (lookedAt - toldAt < QUIET_MS) return;
			toldAt = lookedAt;
			for (const [write] of ready) write(here());
		},
		stream: (): ServerStream => ({
			contentType: "text/event-stream; charset=utf-8",
			heartbeat: here,
			start(write) {
				pages.set(write, content);
				write(event());
				return () => pages.delete(write);
			},
		}),
		end() {
			for (const write of pages.keys()) write("event: end\ndata:\n\n");
		},
	};
}

/** What a page shows of a view: when a gateway was last read is no part of it, and changes at every look. */
function withoutClock(view: OverlapView): string {
	const gateways = view.gateways.map(({ at: _, ...gateway }) => gateway);
	const series = view.series.map(({ until: _, ...each }) => each);
	return JSON.stringify({ ...view, gateways, series, rotation: { ...view.rotation, now: 0 } });
}
