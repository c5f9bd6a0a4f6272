import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fadeChart } from "../../../src/prove/web/chart.ts";
import { html } from "../../../src/prove/web/html.ts";
import { pageBody, pageTitle } from "../../../src/prove/web/page.ts";
import { reportHtml } from "../../../src/prove/web/report.ts";
import { chosen, type PageState, pageData } from "../../../src/prove/web/state.ts";
import { h, type PageElement, type PageNode } from "../../../src/prove/web/tree.ts";
import { demoOverlap, hostile, NEW, NOON, OLD } from "../../harness/overlap.ts";

const names = Object.values(hostile);
const state: PageState = {
	now: NOON,
	connection: "live",
	timeZone: "Europe/Berlin",
	filter: "",
	verdict: undefined,
	sort: "verdict",
	descending: false,
	rows: 25,
};

/** Every element of a tree. */
function elements(node: PageNode): PageElement[] {
	return typeof node === "string" ? [] : [node, ...node.children.flatMap(elements)];
}

function text(node: PageNode): string {
	return typeof node === "string" ? node : node.children.map(text).join("");
}

function hosts(senders: ReturnType<typeof chosen>): string[] {
	return senders.map(({ host }) => host);
}

describe("a tree", () => {
	test("as HTML holds text only as text, wherever it is put", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 40 }), (value) => {
				const out = html(h("p", { title: value }, value));
				const [, attribute, content] = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/s.exec(out) ?? [];
				expect(attribute).toBeDefined();
				expect(attribute).toBe(content);
				expect(content).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/);
			}),
		);
	});

	test("leaves out what is not there", () => {
		const piece = h("p", { hidden: true, id: undefined, title: false, class: "" }, undefined, ["a", [0, undefined]]);
		expect(html(piece)).toBe('<p hidden="" class="">a0</p>');
		expect(html(h("input", { id: "x" }))).toBe('<input id="x">');
	});
});

describe("the report as HTML", () => {
	const report = reportHtml(demoOverlap({ names }));

	test("shows a rotation that is followed: its phase, its stores and what is next, as text", () => {
		const operation = {
			name: hostile.html,
			provider: "Torii",
			phase: "writing stores",
			stores: [{ name: hostile.script, place: "secret/otel", state: "has the old token" }],
			next: ["a person is needed:", "  Choose Rotate and confirm."],
		};
		const page = reportHtml(demoOverlap({ change: { operation } }));
		for (const part of ["writing stores", "secret/otel", "has the old token", "Choose Rotate and confirm."])
			expect(page).toContain(part);
		expect(page).not.toContain("<img src=x");
		expect(page).not.toContain("<script>");
		expect(reportHtml(demoOverlap())).not.toContain('id="operation"');
	});

	test("needs nothing but itself, and says so to the browser", () => {
		const style = /<style>(.*)<\/style>/s.exec(report)?.[1] ?? "";
		const hash = createHash("sha256").update(style).digest("base64");
		const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(report)?.[1];
		expect(policy?.replaceAll("&#39;", "'")).toBe(
			`default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`,
		);
		const tags = report.replace(style, "").match(/<[a-z][^<>]*>/g) ?? [];
		expect(tags.length).toBeGreaterThan(500);
		expect(tags.join("")).not.toMatch(
			/<(script|img|iframe|form|base|object)|<a [^>]*href="[^#]|\ssrc=|\sstyle=|\son[a-z]+=/,
		);
		expect(style).not.toMatch(/url\(|@import|expression/);
		expect(report.indexOf("Content-Security-Policy")).toBeLessThan(report.indexOf("<style>"));
	});

	test("says everything the terminal says", () => {
		for (const expected of [
			"<strong>not yet</strong>",
			"16 h 34 min",
			"2026-05-05 04:43 UTC",
			"Torii&#39;s rule",
			OLD,
			NEW,
			"gw-eu-2",
			"RATE LIMITED",
			"ci-runner-47",
			"0.128.0",
			"Credentials that are neither token",
			"48 machines reported",
			"2.4 s ahead of ours",
		]) {
			expect(report).toContain(expected);
		}
	});

	test("shows hostile names as text that steers nothing", () => {
		expect(report).toContain("&lt;img src=x onerror=&quot;document.title=1&quot;&gt;");
		expect(report).toContain("laptop-\\u202egnp.exe");
		expect(report).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
	});

	test("holds no control of a live page", () => {
		expect(report).not.toMatch(/<(button|input)|data-action|aria-live|role="(status|timer)"/);
	});

	test("of an overlap of which nothing is known is still a page", () => {
		const view = demoOverlap();
		const judgement = { ...view.judgement, tokens: [], senders: [], probes: [], oldRate: [0] };
		const bare = reportHtml({ ...view, rotation: { now: NOON }, judgement, gateways: [] });
		expect(bare).toContain("No deadline known");
		expect(bare).toContain("No senders seen yet");
		expect(bare).not.toMatch(/undefined|NaN|Infinity/);
	});

	test("a very large fleet is cut, and the cut is told", () => {
		const view = demoOverlap();
		const [row] = view.judgement.senders;
		if (!row) throw new Error("the demo has senders");
		const senders = Array.from({ length: 5_100 }, (_each, index) => ({ ...row, host: `host-${index}` }));
		const large = reportHtml({ ...view, judgement: { ...view.judgement, senders } });
		expect(large).toContain("host-4999<");
		expect(large).not.toContain("host-5000<");
		expect(large).toContain("5,100 senders of 5,100 remaining");
		expect(large).toContain("Of 5,100, the 5,000 that need you most are here; the CSV has all.");
	});
});

describe("the live page", () => {
	const view = demoOverlap({ names: ["mbp-10", "mbp-9"] });
	const data = pageData(view);

	test("the answer's sentence is whole, and what is not plain in it is shown as text", () => {
		const reason = `${"each part says something that was not seen; ".repeat(12)}with \u001b2 statements`;
		const { judgement } = view;
		const shown = pageData({ ...view, judgement: { ...judgement, fleet: { ...judgement.fleet, reason } } }).view;
		expect(shown.judgement.fleet.reason).toBe(reason.replace("\u001b", "\\u001b"));
	});

	test("senders are filtered by words and verdict, and sorted naturally", () => {
		const { senders } = data.view.judgement;
		expect(hosts(chosen(senders, { ...state, filter: " MBP  codex only " }))).toEqual(["mbp-10", "mbp-9"]);
		expect(hosts(chosen(senders, { ...state, filter: "mbp only", sort: "host" }))).toEqual([
			"mbp-9",
			"mbp-10",
			"mbp-yuki-48",
		]);
		expect(hosts(chosen(senders, { ...state, verdict: "SILENT", sort: "host", descending: true }))).toEqual([
			"mbp-on-holiday",
			"desk-reception",
		]);
		const seen = chosen(senders, { ...state, sort: "lastOld" }).map(({ lastOld }) => lastOld ?? 0);
		expect(seen).toEqual([...seen].sort((a, b) => b - a));
		expect(chosen(senders, state)).toEqual(senders);
	});

	test("shows so many rows, how many there are, and a button for more", () => {
		const body = pageBody(data, state).flatMap(elements);
		expect(body.filter(({ attributes }) => attributes["role"] === "row")).toHaveLength(1 + 25);
		expect(body.filter(({ attributes }) => attributes["data-action"] === "more")).toHaveLength(1);
		expect(body.map(text)).toContain("25 of 54 shown.");
	});

	test("says when nothing fits the filter", () => {
		const found = pageBody(data, { ...state, filter: "nobody" }).flatMap(elements);
		expect(found.map(text)).toContain("No sender is like that.");
	});

	test("each id is there once, each label and heading leads to one, and every control has a name", () => {
		const all = pageBody(data, state).flatMap(elements);
		const ids = all.flatMap(({ attributes }) => attributes["id"] ?? []);
		expect(new Set(ids).size).toBe(ids.length);
		for (const { attributes } of all) {
			for (const name of ["aria-labelledby", "for"]) if (attributes[name]) expect(ids).toContain(attributes[name]);
			if (attributes["href"]) expect(ids).toContain(attributes["href"].slice(1));
		}
		for (const button of all.filter(({ tag }) => tag === "button")) expect(text(button).trim()).not.toBe("");
		expect(all.filter(({ tag }) => tag === "h1")).toHaveLength(1);
	});

	test("the countdown is in no live region, so that it is not read out each minute", () => {
		const live = pageBody(data, state)
			.flatMap(elements)
			.filter(({ attributes }) => "aria-live" in attributes);
		expect(live.map(text)).toEqual([
			expect.stringMatching(
				/^Safe to retire the old token: not yet7 senders still on the old token \(\d+ points open\)\.$/,
			),
		]);
	});

	test.each(["lost", "ended"] as const)("has no answer, in title and body, when its connection is %s", (connection) => {
		const body = pageBody(data, { ...state, connection })
			.map(text)
			.join(" ");
		expect(body).toContain("Safe to retire the old token: no answer");
		expect(body).not.toMatch(/token: (yes|not yet|not known)/);
		expect(pageTitle(data.view, { ...state, connection })).toMatch(/^no answer/);
		expect(pageTitle(data.view, { ...state, connection: "live" })).toMatch(/^not yet/);
	});
});

describe("the chart", () => {
	const view = demoOverlap();
	const at = (projectedZero: number | undefined, now = NOON) =>
		fadeChart({ ...view, judgement: { ...view.judgement, projectedZero } }, now);

	test("shows the rate, now, the deadline, and where it is going", () => {
		const chart = at(NOON + 6 * 3_600_000);
		expect(text(chart)).toBe("nowMon 04:45zero at Mon 18:09dies Tue 04:43");
		expect(elements(chart).some(({ attributes }) => attributes["class"] === "ahead")).toBe(true);
		expect(chart.attributes["aria-label"]).toMatch(
			/^Requests with the old token per 15 minutes, from 2026-05-04 04:45 UTC: most \d+, now \d+; at this trend zero at 2026-05-04 18:09 UTC$/,
		);
	});

	test("draws no trend where there is none or after the deadline", () => {
		for (const zero of [undefined, NOON - 1, (view.rotation.deadline ?? 0) + 1]) {
			expect(elements(at(zero)).some(({ attributes }) => attributes["class"] === "ahead")).toBe(false);
		}
	});

	test("every coordinate is a number inside the plot", () => {
		const rates = fc.array(fc.nat(100_000), { minLength: 1, maxLength: 96 });
		const times = fc.option(fc.integer({ min: -200, max: 200 }), { nil: undefined });
		fc.assert(
			fc.property(rates, times, times, (oldRate, zero, deadline) => {
				const on = (hours: number | undefined) => (hours === undefined ? undefined : NOON + hours * 3_600_000);
				const chart = fadeChart(
					{
						...view,
						rotation: { ...view.rotation, deadline: on(deadline) },
						judgement: { ...view.judgement, oldRate, projectedZero: on(zero) },
					},
					NOON,
				);
				for (const { attributes } of elements(chart)) {
					for (const pair of attributes["points"]?.split(" ") ?? []) {
						const [x = NaN, y = NaN] = pair.split(",").map(Number);
						expect(x >= 0 && x <= 1000 && y >= 0 && y <= 100).toBe(true);
					}
				}
			}),
		);
	});
});
