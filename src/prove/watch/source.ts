import { couldBeToken } from "../../base/mask.ts";
import type { Effects } from "../../effects/effects.ts";
import type { HttpFailure, HttpOutcome } from "../../effects/net/http.ts";
import type { FileTrouble, GatewayExporter } from "../judge/case.ts";
import type { LookedSeries } from "../overlap/observed.ts";
import type { GatewayView } from "../overlap/view.ts";
import { causes, transportCause } from "../probe/causes.ts";

/** What a source of traffic counts is asked with. */
export type WatchEffects = Pick<Effects, "request" | "clock">;

/** Somebody who counts traffic for us, and is asked again and again. Whatever it answers goes into the evidence folder. */
export interface TrafficSource {
	/** Never throws for what the other side does. */
	look(): Promise<SourceLook>;
	/** Everything it told is on the disk when this resolves. */
	close(): Promise<void>;
}

export interface SourceLook {
	readonly gateways: readonly GatewayView[];
	readonly looked: readonly LookedSeries[];
	readonly exporters: readonly GatewayExporter[];
	/** What cannot be read or kept, and belongs to no series. */
	readonly troubles: readonly FileTrouble[];
}

/** Why there is no answer to read, in words; undefined when there is one with status 200. */
export function trouble(outcome: HttpOutcome): string | undefined {
	if (outcome.kind === "failure") return failure(outcome);
	const { status, headers, body } = outcome;
	if (status === 401 || status === 403) return `it wants credentials (${status}); none are sent there`;
	if (status >= 300 && status < 400) return `it answered ${status}, a redirect, which is not followed`;
	if (status !== 200) return `it answered ${status}`;
	const isPage = /^text\/html/i.test(headers["content-type"] ?? "") || /^\s*<(!doctype|html)/i.test(start(body));
	return isPage ? "a page for people came: a login page or a captive portal is in between" : undefined;
}

function failure({ code, phase, proxy }: HttpFailure): string {
	if (code === "TOO_LARGE") return "its answer is too long";
	if (code === "TIMEOUT" && (phase === "answer" || phase === "body")) return "it did not answer in time";
	return causes[transportCause(code, phase, proxy !== undefined)].says;
}

function start(body: Uint8Array): string {
	return new TextDecoder().decode(body.subarray(0, 100));
}

/** A URL as it may be shown and kept: without user info, query, fragment, and path segments that could be a token. */
export function shownUrl(text: string): string {
	const { origin, pathname } = new URL(text);
	const path = pathname.split("/").map((segment) => (couldBeToken(segment) ? "[token]" : segment));
	return `${origin}${path.join("/")}`;
}
