import { largest } from "../../base/largest.ts";
import { rateText, trafficText } from "../overlap/phrases.ts";
import type { OverlapView } from "../overlap/view.ts";
import { utc } from "../overlap/wording.ts";
import { h, type PageElement } from "./tree.ts";

const QUARTER_MS = 15 * 60_000;
/** Where the plot ends and its labels begin, in pixels. */
const PLOT = { top: 18, height: 112 };

/** The old token's traffic from the start of the watch to the deadline, with its trend. */
export function fadeChart(view: OverlapView, now: number): PageElement {
	const { judgement, rotation } = view;
	const { oldRate, projectedZero } = judgement;
	const end = (Math.floor(now / QUARTER_MS) + 1) * QUARTER_MS;
	const start = end - oldRate.length * QUARTER_MS;
	const last = Math.max(rotation.deadline ?? 0, end);
	const at = (time: number) => Math.min(1, Math.max(0, (time - start) / (last - start)));
	const most = largest(oldRate, 1);
	const points = oldRate.map((value, index) => [at(start + (index + 0.5) * QUARTER_MS), 1 - value / most] as const);
	const line = points.map(([x, y]) => `${round(x * 1000)},${round(y * 100)}`).join(" ");
	const [first, final] = [points[0], points.at(-1)];
	const from = final ?? [0, 1];
	const zero = projectedZero !== undefined && projectedZero <= last ? at(projectedZero) : undefined;
	const text = `${trafficText(view)} with the old token per 15 minutes, from ${utc(start)}: ${rateText(view)}`;
	return h(
		"svg",
		{ class: "fade", role: "img", "aria-label": text, height: PLOT.top + PLOT.height + 24 },
		h(
			"svg",
			{
				"aria-hidden": "true",
				viewBox: "0 0 1000 100",
				preserveAspectRatio: "none",
				y: PLOT.top,
				width: "100%",
				height: PLOT.height,
			},
			h("polygon", {
				class: "area",
				points: `${round((first?.[0] ?? 0) * 1000)},100 ${line} ${round(from[0] * 1000)},100`,
			}),
			h("polyline", { class: "rate", points: line }),
			zero !== undefined && zero > at(now)
				? h("polyline", {
						class: "ahead",
						points: `${round(from[0] * 1000)},${round(from[1] * 100)} ${round(zero * 1000)},100`,
					})
				: undefined,
			h("line", { class: "base", x1: 0, x2: 1000, y1: 100, y2: 100 }),
		),
		mark("now", at(now), "now", "below"),
		at(now) > 0.2 ? label(0, clock(start), "below") : undefined,
		zero !== undefined && zero > at(now) + 0.2
			? label(zero, `zero at ${clock(projectedZero ?? 0)}`, "below")
			: undefined,
		rotation.deadline !== undefined && rotation.deadline >= start
			? mark("deadline", at(rotation.deadline), at(now) < 0.75 ? `dies ${clock(rotation.deadline)}` : "dies", "above")
			: undefined,
	);
}

function mark(name: string, x: number, text: string, side: "above" | "below"): PageElement {
	const share = `${round(x * 100)}%`;
	const line = h("line", { class: name, x1: share, x2: share, y1: PLOT.top, y2: PLOT.top + PLOT.height });
	return h("g", { class: name }, line, label(x, text, side));
}

/** Text next to a place on the time axis, aligned inwards at the edges. */
function label(x: number, text: string, side: "above" | "below"): PageElement {
	const anchor = x < 0.12 ? "start" : x > 0.85 ? "end" : "middle";
	const y = side === "above" ? PLOT.top - 6 : PLOT.top + PLOT.height + 17;
	return h("text", { x: `${round(x * 100)}%`, y, "text-anchor": anchor }, text);
}

/** `Mon 05:00` in UTC: the axis has no room for a date. */
function clock(at: number): string {
	return `${new Date(at).toUTCString().slice(0, 3)} ${utc(at).slice(11, 16)}`;
}

function round(value: number): number {
	return Math.round(value * 100) / 100;
}

/** Shares of a whole as one bar, in the order given. */
export function shareBar(shares: readonly (readonly [name: string, share: number])[]): PageElement {
	let x = 0;
	return h(
		"svg",
		{ class: "shares", "aria-hidden": "true", height: 10 },
		h("rect", { class: "none", width: "100%", height: 10 }),
		shares.map(([name, share]) => {
			const piece = h("rect", { class: name, x: `${round(x * 100)}%`, width: `${round(share * 100)}%`, height: 10 });
			x += share;
			return piece;
		}),
	);
}
