import { describe, expect, test } from "vitest";
import { duration } from "../../../src/base/duration.ts";
import type { InventoryRow, ProbeEvidence, TrafficCounter } from "../../../src/prove/evidence/evidence.ts";
import type { JudgementInput } from "../../../src/prove/judge/case.ts";
import { judge, probeVerdict } from "../../../src/prove/judge/judge.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const now = Date.parse("2026-02-01T12:00:00Z");
const [OLD, NEW, OTHER] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"];

/** Traffic of a sender with a token, some minutes ago. */
function sent(fingerprint: string, minutesAgo: number, more: Partial<TrafficCounter> = {}): TrafficCounter {
	const lastSeen = now - minutesAgo * MIN;
	return {
		fingerprint,
		place: "gw",
		host: "mac-1",
		cli: "codex",
		signal: "logs",
		minute: Math.floor(lastSeen / MIN),
		span: 1,
		requests: 1,
		records: 10,
		bytes: 100,
		lastSeen,
		lastStatus: 200,
		version: "1.0",
		...more,
	};
}

function facts(more: Partial<JudgementInput> = {}): JudgementInput {
	return {
		now,
		tokens: { old: OLD, new: NEW },
		deadline: now + 6 * HOUR,
		watchSince: now - 20 * HOUR,
		expectedHosts: ["mac-1"],
		expectedClis: ["codex"],
		traffic: [],
		inventory: [],
		probes: [],
		...more,
	};
}

const machine = (host: string, fingerprint: string | undefined, clis: Record<string, string> = {}): InventoryRow => ({
	host,
	state: "ok",
	fingerprint,
	clis,
	users: 1,
	at: undefined,
});

const probe = (more: Partial<ProbeEvidence>): ProbeEvidence => ({
	kind: "probe",
	token: "x",
	fingerprint: OLD,
	place: "gw",
	path: "bearer",
	signal: "logs",
	at: now,
	outcome: "accepted",
	latencyMs: 1,
	cause: "",
	detail: "",
	...more,
});

describe("a sender", () => {
	test.each<[string, TrafficCounter[], string, Partial<JudgementInput>?]>([
		["that sends with the new token, and not with the old one for an hour", [sent(OLD, 90), sent(NEW, 5)], "MIGRATED"],
		["that was never seen with the old token since the watch began", [sent(NEW, 5)], "MIGRATED"],
		["exactly an hour after its last old request", [sent(OLD, 60), sent(NEW, 5)], "MIGRATED"],
		["a minute before that", [sent(OLD, 59), sent(NEW, 5)], "MIXED"],
		[
			"with an old request long before its first new one, but too recent to be sure",
			[sent(OLD, 58), sent(NEW, 57), sent(NEW, 0)],
			"MIXED",
		],
		[
			"first seen with the new token when the watch is young",
			[sent(NEW, 5)],
			"NEW SEEN",
			{ watchSince: now - 30 * MIN },
		],
		["with both tokens in the same minutes", [sent(OLD, 3), sent(NEW, 2)], "MIXED"],
		["whose last request was with the old token, however long ago", [sent(NEW, 300), sent(OLD, 200)], "MIXED"],
		["only with the old token", [sent(OLD, 500)], "OLD ONLY"],
		["expected, and never seen", [], "SILENT"],
		["with a third credential only", [sent(OTHER, 1)], "UNATTRIBUTED"],
		["while nobody watched", [sent(NEW, 5)], "NEW SEEN", { watchSince: undefined }],
	])("%s", (_, traffic, verdict, more = {}) => {
		expect(judge(facts({ traffic, ...more })).senders).toMatchObject([{ host: "mac-1", cli: "codex", verdict }]);
	});

	test("that usually sends every two hours must be silent with the old token for six", () => {
		const rhythm = [10, 8, 6, 4].map((hours) => sent(OLD, hours * 60));
		const verdictAt = (quietHours: number) =>
			judge(
				facts({
					traffic: [...rhythm.filter((each) => each.lastSeen <= now - quietHours * HOUR), sent(NEW, 120), sent(NEW, 0)],
				}),
			).senders[0]?.verdict;
		expect(verdictAt(4)).toBe("MIXED");
		expect(verdictAt(8)).toBe("MIGRATED");
	});

	test("that is asleep is SILENT and not migrated, also when the new token is configured there", () => {
		const [row] = judge(facts({ inventory: [machine("mac-1", NEW)] })).senders;
		expect(row).toMatchObject({ verdict: "SILENT", configured: NEW, reason: expect.stringContaining("configured") });
	});

	test("a CLI not yet seen on a known machine is a row of its own; one that is not installed is none", () => {
		const { senders } = judge(
			facts({
				traffic: [sent(NEW, 5)],
				expectedClis: ["codex", "gemini", "claude-code"],
				inventory: [machine("mac-1", NEW, { "claude-code": "absent" })],
			}),
		);
		expect(senders.map(({ cli, verdict }) => [cli, verdict])).toEqual([
			["gemini", "SILENT"],
			["codex", "MIGRATED"],
		]);
	});

	test("is the same host whatever its name's case and .local", () => {
		const { senders } = judge(
			facts({ traffic: [sent(NEW, 5, { host: "Mac-1.local" })], inventory: [machine("MAC-1", NEW)] }),
		);
		expect(senders).toMatchObject([{ host: "mac-1", configured: NEW, verdict: "MIGRATED" }]);
	});

	test("without a list of CLIs a host that sends has no row of silence beside", () => {
		const { senders } = judge(facts({ traffic: [sent(NEW, 5)], expectedClis: [], expectedHosts: ["mac-1", "mac-2"] }));
		expect(senders.map(({ host, cli, verdict }) => [host, cli, verdict])).toEqual([
			["mac-2", "", "SILENT"],
			["mac-1", "codex", "MIGRATED"],
		]);
	});

	test("carries its newest version and both tokens' counts", () => {
		const traffic = [sent(OLD, 90, { version: "1.0", requests: 3 }), sent(NEW, 5, { version: "1.1", requests: 4 })];
		expect(judge(facts({ traffic })).senders).toMatchObject([
			{ version: "1.1", oldRequests: 3, newRequests: 4, lastOld: now - 90 * MIN, lastNew: now - 5 * MIN },
		]);
	});
});

describe("safe to retire", () => {
	const migrated = [sent(OLD, 90), sent(NEW, 5)];

	test.each<[string, Partial<JudgementInput>, string, RegExp]>([
		["yes", { traffic: migrated }, "yes", /every expected sender/],
		["nobody watched", { watchSince: undefined, traffic: migrated }, "no evidence", /nobody watched/],
		["nothing was seen", {}, "no evidence", /no traffic/],
		["no list of hosts", { traffic: migrated, expectedHosts: [] }, "no evidence", /which hosts to expect/],
		["one is behind", { traffic: [sent(OLD, 5)] }, "not yet", /^1 sender still on the old token$/],
		[
			"one is behind, one silent",
			{ traffic: [sent(OLD, 5)], expectedHosts: ["mac-1", "mac-2"] },
			"not yet",
			/1 sender still.*1 silent/,
		],
		["one is silent", { traffic: migrated, expectedHosts: ["mac-1", "mac-2"] }, "not yet", /1 expected sender silent/],
		["hosts are not told", { traffic: [sent(NEW, 5, { host: "", cli: "" })] }, "not yet", /does not tell hosts/],
		["one moved too recently", { traffic: [sent(NEW, 5)], watchSince: now - 30 * MIN }, "not yet", /too recently/],
		[
			"the new token is rejected",
			{ traffic: migrated, probes: [probe({ fingerprint: NEW, outcome: "rejected" })] },
			"not yet",
			/stop the rollout/,
		],
		[
			"an unexpected host is behind",
			{ traffic: [...migrated, sent(OLD, 3, { host: "who" })] },
			"not yet",
			/1 sender still/,
		],
	])("%s", (_, more, answer, reason) => {
		expect(judge(facts(more)).fleet).toMatchObject({ safeToRetire: answer, reason: expect.stringMatching(reason) });
	});

	test("a newer accepted probe clears the alarm", () => {
		const rejected = probe({ fingerprint: NEW, outcome: "rejected", at: now - MIN });
		const { fleet, probes } = judge(facts({ traffic: migrated, probes: [probe({ fingerprint: NEW }), rejected] }));
		expect(fleet.safeToRetire).toBe("yes");
		expect(probes).toHaveLength(1);
	});

	test("says how much longer silence must last, and whether that is before the deadline", () => {
		const traffic = [sent(OLD, 20), sent(NEW, 5)];
		expect(judge(facts({ traffic })).fleet).toMatchObject({ silenceNeededMs: 40 * MIN, fits: true });
		expect(judge(facts({ traffic, deadline: now + 39 * MIN })).fleet.fits).toBe(false);
		expect(judge(facts({ traffic, deadline: undefined })).fleet.fits).toBeUndefined();
	});
});

describe("a probe", () => {
	const deadline = now;
	const cases: [Partial<ProbeEvidence>, string][] = [
		[{ fingerprint: NEW, outcome: "rejected" }, "NEW REJECTED"],
		[{ outcome: "rejected", at: deadline - 1000 }, "OLD ALREADY DEAD"],
		[{ outcome: "rejected", at: deadline }, "REJECTED"],
		[{ outcome: "rejected", at: deadline + 1000 }, "REJECTED"],
		[{ outcome: "accepted", at: deadline - 1000 }, "ACCEPTED"],
		[{ outcome: "accepted", at: deadline }, "OLD STILL ALIVE"],
		[{ outcome: "accepted", at: deadline + 1000 }, "OLD STILL ALIVE"],
		[{ outcome: "accepted", fingerprint: NEW, at: deadline + 1000 }, "ACCEPTED"],
		[{ outcome: "rejected", fingerprint: OTHER }, "REJECTED"],
		[{ outcome: "partial" }, "PARTIAL"],
		[{ outcome: "retry-later" }, "RATE LIMITED"],
		[{ outcome: "unreachable" }, "UNREACHABLE"],
		[{ outcome: "inconclusive" }, "INCONCLUSIVE"],
	];
	test.each(cases)("%j is %s", (more, verdict) => {
		expect(probeVerdict(probe(more), { tokens: { old: OLD, new: NEW }, deadline })).toBe(verdict);
	});

	test("without a deadline a rejected old token died early, and an accepted one is no alarm", () => {
		const unknown = { tokens: { old: OLD, new: NEW }, deadline: undefined };
		expect(probeVerdict(probe({ outcome: "rejected" }), unknown)).toBe("OLD ALREADY DEAD");
		expect(probeVerdict(probe({}), unknown)).toBe("ACCEPTED");
	});
});

describe("tokens side by side", () => {
	test("with totals, first and last seen, and their share of the last quarter of an hour", () => {
		const traffic = [sent(OLD, 90), sent(OLD, 10), sent(NEW, 5, { requests: 3, lastStatus: 401 }), sent(OTHER, 600)];
		expect(judge(facts({ traffic })).tokens).toMatchObject([
			{ role: "old", requests: 2, records: 20, recentShare: 0.25, lastSeen: now - 10 * MIN },
			{ role: "new", requests: 3, lastStatus: 401, recentShare: 0.75 },
			{ role: "other", fingerprint: OTHER, requests: 1, recentShare: 0 },
		]);
	});

	test("a token that was never seen has its row too", () => {
		expect(judge(facts()).tokens).toMatchObject([
			{ role: "old", requests: 0, firstSeen: undefined, lastSeen: undefined },
			{ role: "new", requests: 0 },
		]);
	});
});

describe("a place that cannot be read", () => {
	const moved = [sent(OLD, 200), sent(NEW, 1)];
	test("makes what came before it the last that is known", () => {
		expect(judge(facts({ traffic: moved })).fleet.safeToRetire).toBe("yes");
		expect(judge(facts({ traffic: moved, blindSince: now - 100 * MIN })).fleet.safeToRetire).toBe("yes");
		const { senders, fleet } = judge(facts({ traffic: [sent(OLD, 100), sent(NEW, 1)], blindSince: now - 90 * MIN }));
		expect(senders[0]).toMatchObject({ verdict: "NEW SEEN", reason: expect.stringContaining("50 min more") });
		expect(fleet.silenceNeededMs).toBe(50 * MIN);
	});
});

describe("rates", () => {
	test("count requests, or records as soon as a place does not tell requests", () => {
		const tap = [sent(OLD, 20, { requests: 2 }), sent(OLD, 20, { requests: 0, host: "mac-2" })];
		expect(judge(facts({ traffic: tap }))).toMatchObject({ rateUnit: "requests" });
		const both = [...tap, sent(OLD, 20, { requests: 0, place: "collector", lastStatus: 0 })];
		const { rateUnit, oldRate } = judge(facts({ traffic: both, watchSince: now - HOUR }));
		expect({ rateUnit, oldRate }).toEqual({ rateUnit: "records", oldRate: [0, 0, 30, 0, 0] });
	});
});

describe("the old token's rate", () => {
	const falling = (counts: readonly number[]) =>
		counts.map((requests, index) => sent(OLD, (counts.length - index) * 15, { requests }));

	test("by quarter hours, oldest first", () => {
		expect(judge(facts({ traffic: falling([8, 6, 4]), watchSince: now - 45 * MIN })).oldRate).toEqual([8, 6, 4, 0]);
	});

	test("that falls steadily is projected to zero; one that rises, or is zero, is not", () => {
		expect(judge(facts({ traffic: falling([8, 6, 4]), watchSince: now - 45 * MIN })).projectedZero).toBe(
			now + 15 * MIN,
		);
		expect(judge(facts({ traffic: falling([4, 6, 8]), watchSince: now - 45 * MIN })).projectedZero).toBeUndefined();
		expect(judge(facts({ traffic: falling([4, 2, 0]), watchSince: now - 45 * MIN })).projectedZero).toBeUndefined();
	});

	const day = (rate: (quarter: number) => number) =>
		judge(
			facts({ traffic: falling(Array.from({ length: 95 }, (_, index) => rate(index))), watchSince: now - 24 * HOUR }),
		);
	const hoursToZero = (rate: (quarter: number) => number) => {
		const { projectedZero } = day(rate);
		return projectedZero === undefined ? undefined : (projectedZero - now) / HOUR;
	};

	test("is projected from the recent hours", () => {
		// Level for 20 hours, then a rollout that takes 10 off in each quarter of an hour: at 50 it has 1¼ hours to go.
		const rollout = (quarter: number) => (quarter < 80 ? 200 : 200 - (quarter - 79) * 10);
		expect(hoursToZero(rollout)).toBeGreaterThan(0.5);
		expect(hoursToZero(rollout)).toBeLessThan(3);
		// It rose in the morning and falls since noon: over the whole day it only rises.
		const workday = (quarter: number) => (quarter < 60 ? quarter * 4 : 240 - (quarter - 60) * 6);
		expect(hoursToZero(workday)).toBeGreaterThan(0);
		expect(hoursToZero(workday)).toBeLessThan(4);
	});

	test("of a rollout that ends in a long tail is not zero at once", () => {
		const tail = (quarter: number) => Math.round(400 * 0.9 ** Math.max(0, quarter - 60)) + 3;
		expect(hoursToZero(tail)).toBeGreaterThan(0);
	});

	test.each<[string, (quarter: number) => number]>([
		[
			"that fell in the morning and has been level since",
			(quarter) => (quarter < 30 ? 300 - quarter * 9 : 20 + (quarter % 2)),
		],
		["that hardly falls: no date in the far future", (quarter) => 1000 - quarter / 10],
		["that rises again in the last hours", (quarter) => (quarter < 80 ? 200 - quarter * 2 : 40 + (quarter - 80) * 5)],
	])("%s is not projected", (_, rate) => {
		expect(hoursToZero(rate)).toBeUndefined();
	});

	test("of a long watch shows the last day only", () => {
		expect(judge(facts({ watchSince: now - 100 * HOUR })).oldRate).toHaveLength(96);
	});
});

test.each([
	[0, "1 min"],
	[59 * MIN, "59 min"],
	[60 * MIN, "1 h"],
	[61 * MIN + 1, "1 h 2 min"],
])("%d ms read as %s", (ms, text) => {
	expect(duration(ms)).toBe(text);
});
