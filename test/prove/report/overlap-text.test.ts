import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plain } from "../../../src/base/mask.ts";
import { columns } from "../../../src/base/width.ts";
import type { OverlapView } from "../../../src/prove/overlap/view.ts";
import { ago, bytes, count, percent, until } from "../../../src/prove/overlap/wording.ts";
import { reportLine, reportText } from "../../../src/prove/report/overlap-text.ts";
import { sparkline, squeeze } from "../../../src/prove/report/sparkline.ts";
import { demoOverlap, hostile, NEW, NOON, OLD } from "../../harness/overlap.ts";

const STEERING = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;
const HOUR = 3_600_000;

describe("text for a terminal", () => {
	const lines = reportText(demoOverlap(), { timeZone: "Europe/Berlin" });

	test("says the verdict, the deadline with its source, both tokens, gateways, who remains, strangers and what is open", () => {
		const text = lines.join("\n");
		for (const expected of [
			"Safe to retire the old token: not yet",
			"Old token expires in 16 h 34 min  2026-05-05 04:43 UTC, Tue, 06:43 CEST",
			"deadline from Torii's rule: 24 h after the rotation",
			"the provider's clock is 2.4 s ahead of ours",
			OLD,
			NEW,
			"tap-office         down",
			"RATE LIMITED     429 traces by bearer",
			"the gateway asks to come back in 30 s",
			"10 senders of 52 remaining",
			"OLD ONLY 3  MIXED 2  UNATTRIBUTED 2  SILENT 2  NEW SEEN 1  MIGRATED 42",
			"Credentials that are neither token: 2",
			"43 on the new token, 4 on the old, 1 on another",
			"Proven: 9 of 12 points",
			"x Each sender has moved: no",
			"mbp-yuki-12: it reports the old token, 1 h ago",
		]) {
			expect(text).toContain(expected);
		}
		expect(text).toMatch(/OLD ONLY +ci-runner-47 +codex +0\.128\.0 +\d+ min ago +never/);
	});

	test("says before the deadline which tools the provider's page will show as stale", () => {
		const note = (change: Partial<OverlapView["rotation"]>) => {
			const view = demoOverlap();
			const onOld = view.judgement.senders.find(({ verdict }) => verdict === "OLD ONLY");
			if (!onOld) throw new Error("a sender with the old token only");
			const alone = { ...onOld, cli: "a-tool-of-its-own" };
			const refused = { ...alone, cli: "refused-tool", verdict: "NEW REJECTED" as const, lastNew: NOON };
			const judgement = { ...view.judgement, senders: [...view.judgement.senders, alone, refused] };
			const rotation = { ...view.rotation, staleAfterMs: 14 * 60_000, ...change };
			return reportText({ ...view, judgement, rotation }, { width: 200 }).find((line) => line.includes("stale"));
		};
		expect(note({})?.trim()).toBe(
			"stale on Torii's page 14 min after the old token ended, as nothing of it came with the new token: a-tool-of-its-own, refused-tool",
		);
		expect(note({ deadline: NOON })).toBeUndefined();
		expect(note({ staleAfterMs: undefined })).toBeUndefined();
	});

	test("the answer's sentence is whole, however many parts it has", () => {
		const view = demoOverlap();
		const reason = `${"each part says something that was not seen; ".repeat(12)}with 2 statements`;
		const whole = { ...view, judgement: { ...view.judgement, fleet: { ...view.judgement.fleet, reason } } };
		expect(reportText(whole).join(" ").replaceAll(/\s+/g, " ")).toContain(reason);
		expect(reportLine(whole)).toContain(reason);
	});

	test.each([40, 60, 80, 132, 200])("no line is wider than %i columns, and nothing from outside steers", (width) => {
		const names = Object.values(hostile);
		const gateways = names.map((place) => ({ place, url: place, state: "down" as const, detail: place }));
		const hostileView = demoOverlap({ names, change: { gateways } });
		for (const line of reportText(hostileView, { width, senders: 100 })) {
			expect(columns(line)).toBeLessThanOrEqual(width);
			expect(line).not.toMatch(STEERING);
		}
	});

	test("colour adds only colour", () => {
		const painted = reportText(demoOverlap(), { color: true, timeZone: "Europe/Berlin" });
		const bare = painted.map((line) => line.replace(/\u001b\[[0-9;]*m/g, "").trimEnd());
		expect(painted.join()).not.toBe(bare.join());
		expect(bare).toEqual(lines);
	});

	test.each([
		[13, [32]],
		[12, [33]],
		[4, [1, 33]],
		[1, [1, 31]],
		[0, [1, 7, 31]],
	])("with %i h left the countdown has the colours %j", (hours, codes) => {
		const view = demoOverlap();
		const now = (view.rotation.deadline ?? 0) - hours * HOUR;
		const line = reportText(view, { color: true, now }).find((each) => each.includes("Old token expire"));
		const begin = codes.map((code) => `\u001b\\[${code}m`).join("");
		expect(line).toMatch(new RegExp(`\u001b\\[22m${begin}(in \\d|1 min ago)`));
	});

	test("an overlap without a deadline, tokens, senders or a watch says so", () => {
		const view = demoOverlap();
		const judgement = { ...view.judgement, tokens: [], senders: [], probes: [] };
		const bare = { ...view, rotation: { now: NOON }, judgement, gateways: [], inventory: undefined };
		const text = reportText(bare).join("\n");
		expect(text).toContain("expiry time unknown");
		expect(text).toContain("not known");
		expect(text).not.toMatch(/undefined|NaN/);
	});

	test("more senders than fit are counted", () => {
		const text = reportText(demoOverlap({ names: Array.from({ length: 30 }, (_e, n) => `late-${n}`) }), {
			senders: 12,
		});
		expect(text.at(text.findIndex((line) => line.includes("verdict")) + 13)).toBe("  … 28 more");
	});

	test("the line for pipes is one line of known keys", () => {
		const view = demoOverlap();
		const line = reportLine({
			...view,
			judgement: { ...view.judgement, fleet: { ...view.judgement.fleet, reason: 'a "b"\n=c' } },
		});
		expect(line).toMatch(
			/^2026-05-04T12:09:20\.000Z safe=not-yet behind=5 silent=2 old_share=0\.\d\d new_share=0\.\d\d old_requests_15m=\d+ unknown=2 left_s=59640 open=\d+ reason="a \\"b\\"\\\\u000a=c"$/,
		);
	});
});

describe("wording", () => {
	test("plain text is one line that steers nothing, however it comes", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
				const safe = plain(text, 80);
				expect(safe).not.toMatch(STEERING);
				expect(Buffer.from(safe, "utf8").toString("utf8")).toBe(safe);
				expect(safe.length).toBeLessThanOrEqual(80);
			}),
		);
	});

	test.each([
		"ip-10-0-12-123.eu-central-1.compute.internal",
		"MacBook-Pro-von-Maximilian-Mustermann-2023.local",
		"DESKTOP-4F7A2B1-ENGINEERING",
		"3f1a7c52-9d1e-4c60-8f6e-0b1f6f9ad1c2",
		"gateway-7d9f8b6c5d-x2x4z",
	])("a host keeps its name: %s", (host) => expect(plain(host)).toBe(host));

	test("what looks like a token is not shown", () => {
		expect(plain("host k8Qz4bT1xLw09PaYc7VdEr2S")).toBe("host [24 characters]");
	});

	test.each([
		[0, "now"],
		[59_000, "59 s ago"],
		[61_000, "1 min ago"],
		[119 * 60_000, "119 min ago"],
		[2 * HOUR, "2 h ago"],
		[49 * HOUR, "2 d ago"],
		[-HOUR, "now"],
	])("%i ms back is %s", (ms, text) => expect(ago(NOON - ms, NOON)).toBe(text));

	test.each([
		[59_999, "in 59 s"],
		[120_000, "in 2 min"],
		[HOUR - 1, "in 59 min"],
		[-1, "1 min ago"],
	])("%i ms ahead is %s", (ms, text) => expect(until(ms)).toBe(text));

	test("numbers", () => {
		expect([count(1234567), count(999)]).toEqual(["1,234,567", "999"]);
		expect([bytes(0), bytes(999), bytes(4_100), bytes(123_456_789)]).toEqual(["0 B", "999 B", "4.1 kB", "123 MB"]);
		expect([percent(0), percent(0.001), percent(0.999), percent(1)]).toEqual(["0 %", "<1 %", "99 %", "100 %"]);
	});
});

describe("sparkline", () => {
	test("a sparkline keeps peaks and shows silence as silence", () => {
		expect(sparkline([0, 1, 8], 10)).toBe("·▂█");
		expect(sparkline([0, 0, 0], 10)).toBe("···");
		expect(squeeze([1, 9, 2, 3, 0, 4], 3)).toEqual([9, 3, 4]);
		expect(squeeze([5], 0)).toEqual([]);
	});
});
