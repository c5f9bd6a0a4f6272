import { couldBeToken } from "../../base/mask.ts";
import type { Effects } from "../../effects/effects.ts";
import type { HttpFailure, HttpOutcome } from "../../effects/net/http.ts";
import type { FileTrouble, GatewayExporter } from "../judge/case.ts";
import type { LookedSeries } from "../overlap/observed.ts";
import type { GatewayView } from "../overlap/view.ts";
import { causes, transportCause } from "../probe/causes.ts";

/** The parameters of a reading. */
export type WatchEffects = Pick<Effects, "request" | "clock">;

/** A source of traffic counts, read repeatedly. Its readings go into the evidence folder. */
export interface TrafficSource {
	/** Never throws because of the server. */
	look(): Promise<SourceLook>;
	/** Resolves when all its readings are on disk. */
	close(): Promise<void>;
}

export interface SourceLook {
	readonly gateways: readonly GatewayView[];
	readonly looked: readonly LookedSeries[];
	readonly exporters: readonly GatewayExporter[];
	/** Problems with reading or storing that belong to no series. */
	readonly troubles: readonly FileTrouble[];
}

/** Why there is no usable response; undefined for status 200. */
export function trouble(outcome: HttpOutcome): string | undefined {
	if (outcome.kind === "failure") return failure(outcome);
	const { status, headers, body } = outcome;
	if (status === 401 || status === 403) return `it requires credentials (${status}), which crossfade does not send`;
	if (status >= 300 && status < 400) return `it answered ${status}, a redirect, which is not followed`;
	if (status !== 200) return `it answered ${status}`;
	const isPage = /^text\/html/i.test(headers["content-type"] ?? "") || /^\s*<(!doctype|html)/i.test(start(body));
	return isPage ? "it answered with an HTML page: probably a login page or a captive portal" : undefined;
}

function failure({ code, phase, proxy }: HttpFailure): string {
	if (code === "TOO_LARGE") return "its answer is too long";
	if (code === "TIMEOUT" && (phase === "answer" || phase === "body")) return "it did not answer in time";
	return causes[transportCause(code, phase, proxy !== undefined)].says;
}

function start(body: Uint8Array): string {
	return new TextDecoder().decode(body.subarray(0, 100));
}

/** A URL safe to show and store: without user info, query, fragment, and path segments that could be a token. */
export function shownUrl(text: string): string {
	const { origin, pathname } = new URL(text);
	const path = pathname.split("/").map((segment) => (couldBeToken(segment) ? "[token]" : segment));
	return `${origin}${path.join("/")}`;
}
