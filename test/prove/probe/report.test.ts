import { describe, expect, test } from "vitest";
import type { ProbeEvidence } from "../../../src/prove/evidence/evidence.ts";
import { probeJson, probeJunit, probeLines, probeText } from "../../../src/prove/probe/report.ts";
import { judgeRows, worstExit } from "../../../src/prove/probe/verdict.ts";

const NOW = Date.parse("2026-01-31T12:00:00Z");
const DEADLINE = NOW + 1000;
const plain = { color: false, width: 80 };

function row(evidence: Partial<ProbeEvidence> = {}, notes: string[] = []) {
	const token = evidence.token ?? "new";
	const outcome = evidence.outcome ?? "accepted";
	return {
		evidence: {
			kind: "probe" as const,
			token,
			fingerprint: token.padEnd(12, "0"),
			place: "https://otlp.example.com/base",
			path: "bearer" as const,
			signal: "logs" as const,
			at: NOW,
			outcome,
			status: outcome === "accepted" ? 200 : 401,
			latencyMs: 12,
			cause: outcome === "accepted" ? "accepted" : "http-401",
			detail: outcome === "accepted" ? "accepted" : "the token was refused",
			...evidence,
		},
		attempts: 1,
		timings: { connect: 1.234 },
		proxy: undefined,
		notes,
	};
}

function report(rows: ReturnType<typeof row>[], deadline: number | undefined = DEADLINE) {
	return {
		marker: "0123456789ab",
		now: NOW + 3_000,
		deadline,
		rows: judgeRows(rows, deadline),
		whoami: [],
		controls: [],
		leftOut: [],
	};
}

describe("verdicts and exit codes", () => {
	test.each<[what: string, rows: Partial<ProbeEvidence>[], exit: string, verdict: string]>([
		["all accepted", [{ token: "old" }, { token: "new" }], "ok", "ACCEPTED"],
		["new rejected", [{ outcome: "rejected" }], "newRejected", "NEW REJECTED"],
		["a token of another name rejected", [{ token: "third", outcome: "rejected" }], "newRejected", "REJECTED"],
		[
			"old rejected a second early",
			[{ token: "old", outcome: "rejected", at: DEADLINE - 1000 }],
			"oldRejectedEarly",
			"OLD ALREADY DEAD",
		],
		["old rejected at the deadline", [{ token: "old", outcome: "rejected", at: DEADLINE }], "ok", "REJECTED"],
		["old accepted a second before the deadline", [{ token: "old", at: DEADLINE - 1000 }], "ok", "ACCEPTED"],
		["old accepted at the deadline", [{ token: "old", at: DEADLINE }], "oldInUse", "OLD STILL ALIVE"],
		["no answer", [{ outcome: "unreachable" }], "unreachable", "UNREACHABLE"],
		["partly", [{ outcome: "partial" }], "partial", "PARTIAL"],
		["later", [{ outcome: "retry-later" }], "retryLater", "RATE LIMITED"],
		["nothing proven", [{ outcome: "inconclusive" }], "noEvidence", "INCONCLUSIVE"],
	])("%s", (_what, rows, exit, verdict) => {
		const { rows: judged } = report(rows.map((each) => row(each)));
		expect([judged[0]?.verdict, worstExit(judged)]).toEqual([verdict, exit]);
	});

	test("the worst row decides, the lowest code first", () => {
		const worstFirst: Partial<ProbeEvidence>[] = [
			{ outcome: "rejected" },
			{ token: "old", outcome: "rejected" },
			{ token: "old", at: DEADLINE },
			{ outcome: "unreachable" },
			{ outcome: "partial" },
			{ outcome: "retry-later" },
			{ outcome: "inconclusive" },
			{},
		];
		const names = [
			"newRejected",
			"oldRejectedEarly",
			"oldInUse",
			"unreachable",
			"partial",
			"retryLater",
			"noEvidence",
			"ok",
		];
		for (const [index, name] of names.entries()) {
			const { rows } = report(
				worstFirst
					.slice(index)
					.reverse()
					.map((each) => row(each)),
			);
			expect(worstExit(rows)).toBe(name);
		}
	});
});

describe("as text", () => {
	test("a row each, what is wrong once, and how it ends", () => {
		const refused = { outcome: "rejected", fix: "check it" } as const;
		const text = probeText(
			report([row({ token: "old" }), row(refused), row({ ...refused, signal: "traces" }, ["few left"])]),
			plain,
		);
		expect(text).toBe(`TOKEN PATH   SIGNAL PLACE            VERDICT      STATUS  TIME AGE
old   bearer logs   otlp.example.com ACCEPTED        200 12 ms 3 s
new   bearer logs   otlp.example.com NEW REJECTED    401 12 ms 3 s
new   bearer traces otlp.example.com NEW REJECTED    401 12 ms 3 s

otlp.example.com: the token was refused [http-401]
  rows     new bearer logs, traces
  fix      check it
otlp.example.com: few left
  rows     new bearer traces

to find the test records: crossfade.probe.id = 0123456789ab
exit 3: the new token was rejected; the old token ends 2026-01-31T12:00:01.000Z
`);
	});

	test("never wider than the terminal, whatever the place is called", () => {
		const rows = [
			row({ place: "g".repeat(200), outcome: "unreachable", token: "a-rather-long-token-name", latencyMs: 123_456 }),
		];
		const [head = "", first = ""] = probeText(report(rows), plain).split("\n");
		expect(Math.max(head.length, first.length)).toBeLessThanOrEqual(80);
		expect(first).toContain("…");
	});

	test("hostile names cannot control the terminal", () => {
		const text = probeText(report([row({ place: "\u001b[31m\u202eevil", token: "new" })]), plain);
		expect(text).not.toMatch(/[\u001b\u202e]/);
	});

	test("colour only on verdicts", () => {
		const text = probeText(report([row(), row({ outcome: "rejected" }), row({ outcome: "inconclusive" })]), {
			color: true,
			width: 80,
		});
		expect(text.match(/\u001b\[\d+m[A-Z]+( [A-Z]+)? *\u001b\[39m/g)).toHaveLength(3);
	});

	test("how far the clock of a place is off, where it is", () => {
		const off = (clockOffsetMs: number) => probeText(report([row({ clockOffsetMs })]), plain);
		expect(off(-7_200_000)).toContain(
			"\nthe clock of otlp.example.com is 2 h behind ours; the deadline is by that clock\n",
		);
		expect(off(3_000)).toContain("is 3 s ahead of ours");
		expect(off(999)).not.toContain("clock");
	});

	test("ages and whoami", () => {
		const rows = report([row({ at: NOW - 300_000 }), row({ at: NOW - 9_000_000 })]);
		const reading = { outcome: "accepted", cause: "accepted", detail: "accepted" } as const;
		const text = probeText({ ...rows, whoami: [{ token: "new", place: "https://a.example", reading }] }, plain);
		expect(text).toMatch(/ 5 min\n.* 3 h\n/s);
		expect(text).toContain("whoami new at a.example: accepted");
	});
});

describe("what was left out", () => {
	const token = { what: "skipping the token named new", got: "only its fingerprint 0123456789ab", fix: "add it" };
	const meant = { what: "the old token is not sent", fix: "later", isMeant: true };

	test("is unproven, in text, JSON, JUnit and the exit code, however well the rest went", () => {
		const partly = { ...report([row({ token: "old" })]), leftOut: [token] };
		expect(worstExit(partly.rows, partly.leftOut)).toBe("noEvidence");
		const text = probeText(partly, plain);
		expect(text).toContain("\nnot asked: skipping the token named new (only its fingerprint 0123456789ab)\n");
		expect(text).toContain("\nexit 9: ");
		expect(JSON.parse(probeJson(partly))).toMatchObject({ leftOut: [token], exit: { code: 9 } });
		expect(probeJunit(partly)).toContain('tests="2" failures="1" skipped="0"');
	});

	test("a row that went worse comes first", () => {
		expect(worstExit([...report([row({ outcome: "rejected" })]).rows], [token])).toBe("newRejected");
	});

	test("what is left out on purpose is told, and changes nothing", () => {
		const whole = { ...report([row()]), leftOut: [meant] };
		expect(worstExit(whole.rows, whole.leftOut)).toBe("ok");
		expect(probeText(whole, plain)).toMatch(/\nnot asked: the old token is not sent\n.*\nexit 0: /s);
		expect(JSON.parse(probeJson(whole))).toMatchObject({ leftOut: [meant], exit: { code: 0 } });
		expect(probeJunit(whole)).toContain('tests="2" failures="0" skipped="1"');
	});

	test("a probe that asked nothing is no success in any form", () => {
		const nothing = report([]);
		expect(worstExit([])).toBe("noEvidence");
		expect(probeText(nothing, plain)).toContain("\nexit 9: ");
		expect(JSON.parse(probeJson(nothing))).toMatchObject({ rows: [], exit: { code: 9 } });
		expect(probeJunit(nothing)).toContain('tests="1" failures="1" skipped="0"');
	});
});

describe("for programs", () => {
	test("JSON", () => {
		const parsed = JSON.parse(
			probeJson(report([row(), row({ outcome: "rejected", clockOffsetMs: 5, confirmed: false })])),
		);
		expect(parsed).toMatchObject({
			schema: 1,
			probeId: "0123456789ab",
			at: "2026-01-31T12:00:03.000Z",
			deadline: "2026-01-31T12:00:01.000Z",
			rows: [
				{ verdict: "ACCEPTED", token: "new", at: "2026-01-31T12:00:00.000Z", ageMs: 3000, timingsMs: { connect: 1.2 } },
				{ verdict: "NEW REJECTED", status: 401, clockOffsetMs: 5, confirmed: false },
			],
			exit: { name: "newRejected", code: 3 },
		});
	});

	test("a line each", () => {
		const lines = probeLines(report([row(), row({ signal: "traces" })]))
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line));
		expect(lines).toMatchObject([
			{ schema: 1, verdict: "ACCEPTED", signal: "logs" },
			{ schema: 1, signal: "traces" },
		]);
	});

	test("JUnit: failures, also of what proves nothing, and text that stays text", () => {
		const rows = [
			row(),
			row({ outcome: "rejected", detail: `]]><x a="'">`, place: "<gw>" }),
			row({ outcome: "inconclusive", detail: "?" }),
		];
		const text = probeJunit(report(rows));
		expect(text).toContain('tests="3" failures="2" skipped="0"');
		expect(text).toContain("]]&gt;&lt;x a=&quot;&#39;&quot;&gt;");
		expect(text).not.toContain("<gw>");
		expect(text).toContain('name="new bearer logs" time="0.012"/>');
	});
});
