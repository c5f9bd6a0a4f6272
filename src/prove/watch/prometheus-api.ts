import { duration } from "../../base/duration.ts";
import { shown } from "../../base/mask.ts";
import { CLOCK_BOUND_MS } from "../judge/known.ts";
import type { Labels } from "../metrics/exposition.ts";
import { trouble, type WatchEffects } from "./source.ts";

/** The HTTP API of a Prometheus server, or of a compatible one. https://prometheus.io/docs/prometheus/latest/querying/api/ */
export interface PrometheusApi {
	/** Label sets of matching series with samples in a time span. */
	series(selectors: readonly string[], from: number, to: number): Promise<Labels[]>;
	/** Values at the steps of a time span, by series. */
	range(query: string, from: number, to: number, stepMs: number): Promise<Series[]>;
	/** The server's warnings about incomplete results. */
	readonly warnings: ReadonlySet<string>;
}

export interface Series {
	readonly labels: Labels;
	/** `[milliseconds since the epoch, value]` */
	readonly values: readonly (readonly [at: number, value: number])[];
}

/** Why the server could not be queried, as a sentence. */
export class PrometheusTrouble extends Error {
	override readonly name = "PrometheusTrouble";
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const REQUEST_MS = 10_000;
const MAX_WARNINGS = 5;

/** `end` is when the reading must finish, in milliseconds since the epoch. */
export function prometheusApi(fx: WatchEffects, base: string, end: number): PrometheusApi {
	const warnings = new Set<string>();
	const ask = async (path: string, form: [string, string][]): Promise<unknown> => {
		const timeoutMs = Math.min(REQUEST_MS, end - fx.clock.now());
		if (timeoutMs <= 0) throw new PrometheusTrouble("it takes too long; the rest is read next time");
		const outcome = await fx.request({
			method: "POST",
			url: `${base.replace(/\/+$/, "")}/api/v1/${path}`,
			headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
			body: new TextEncoder().encode(new URLSearchParams(form).toString()),
			timeoutMs,
			maxBytes: MAX_ANSWER_BYTES,
			proxy: "environment",
			polled: true,
		});
		const body = outcome.kind === "answer" ? parsed(outcome.body) : undefined;
		// 400, 422 and 503 have a JSON body with more details.
		if (typeof body?.["error"] === "string") throw new PrometheusTrouble(`it says: ${shown(body["error"])}`);
		const wrong = trouble(outcome);
		if (outcome.kind === "answer") checkClock(outcome.headers["date"], fx.clock.now());
		if (wrong !== undefined) throw new PrometheusTrouble(wrong);
		if (body?.["status"] !== "success") throw new PrometheusTrouble("it is not a Prometheus server");
		// `infos` are advice on a query; `warnings` mean that results are incomplete.
		for (const each of listOf(body["warnings"])) {
			if (typeof each === "string" && warnings.size < MAX_WARNINGS) warnings.add(shown(each));
		}
		return body["data"];
	};
	return {
		async series(selectors, from, to) {
			const form = selectors.map((selector): [string, string] => ["match[]", selector]);
			const data = await ask("series", [...form, ["start", seconds(from)], ["end", seconds(to)]]);
			return listOf(data).map(labelsOf);
		},
		async range(query, from, to, stepMs) {
			const span: [string, string][] = [
				["start", seconds(from)],
				["end", seconds(to)],
				["step", seconds(stepMs)],
			];
			const data = await ask("query_range", [["query", query], ...span]);
			return listOf((data as { result?: unknown } | null)?.result).map(seriesOf);
		},
		warnings,
	};
}

/** A server whose clock is ahead answers a question about now with samples from before. */
function checkClock(date: string | undefined, now: number): void {
	const ahead = Date.parse(date ?? "") - now;
	if (!(Math.abs(ahead) > CLOCK_BOUND_MS)) return;
	throw new PrometheusTrouble(`its clock is ${duration(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} ours`);
}

function parsed(bytes: Uint8Array): Record<string, unknown> | undefined {
	try {
		const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
		return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}

function listOf(value: unknown): readonly unknown[] {
	return Array.isArray(value) ? value : [];
}

function labelsOf(value: unknown): Labels {
	if (typeof value !== "object" || value === null) return {};
	const texts = Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string");
	return Object.fromEntries(texts);
}

function seriesOf(value: unknown): Series {
	const { metric, values } = (value ?? {}) as { metric?: unknown; values?: unknown };
	const points = listOf(values).flatMap((point) => {
		const [at, text] = listOf(point);
		const number = typeof text === "string" ? Number(text) : Number.NaN;
		return typeof at === "number" && Number.isFinite(at) ? [[Math.round(at * 1000), number] as const] : [];
	});
	return { labels: labelsOf(metric), values: points };
}

function seconds(ms: number): string {
	return String(ms / 1000);
}
