import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TrafficCounter } from "../../../src/prove/evidence/evidence.ts";
import { newTrafficLedger, rollUp } from "../../../src/prove/evidence/traffic.ts";

const MINUTE = 60_000;
const NOW = 30_000_000 * MINUTE;

const counter = fc.record({
	fingerprint: fc.constantFrom("aaaaaaaaaaaa", "bbbbbbbbbbbb", "none"),
	place: fc.constantFrom("gw-1", "gw-2"),
	host: fc.constantFrom("", "a", "b\n", "\nb"),
	cli: fc.constantFrom("", "codex", "x\ty"),
	signal: fc.constantFrom("logs", "metrics", "traces" as const),
	minute: fc.integer({ min: NOW / MINUTE - 5_000, max: NOW / MINUTE }),
	span: fc.constant(1),
	requests: fc.nat(9),
	records: fc.nat(999),
	bytes: fc.nat(9_999),
	lastSeen: fc.integer({ min: NOW - 5_000 * MINUTE, max: NOW }),
	lastStatus: fc.constantFrom(200, 401, 0),
	version: fc.constantFrom("", "1.2"),
}) as fc.Arbitrary<TrafficCounter>;
const counters = fc.array(counter, { maxLength: 300 });

/** Totals and the last sight of whatever some fields tell apart. */
function totals(rows: readonly TrafficCounter[], ...fields: (keyof TrafficCounter)[]) {
	const sums = new Map<string, number[]>();
	for (const row of rows) {
		const key = JSON.stringify(fields.map((field) => row[field]));
		const [requests = 0, records = 0, bytes = 0, last = 0] = sums.get(key) ?? [];
		sums.set(key, [requests + row.requests, records + row.records, bytes + row.bytes, Math.max(last, row.lastSeen)]);
	}
	return Object.fromEntries([...sums].sort());
}

test("the time of the first request is kept, through merging and old minutes, and is unknown where one counter lacks it", () => {
	const ledger = newTrafficLedger();
	const seen = {
		fingerprint: "a",
		place: "gw",
		host: "h",
		cli: "c",
		version: "",
		signal: "logs",
		requests: 1,
	} as const;
	for (const at of [NOW + 40_000, NOW + 20_000, NOW + 59_000]) {
		ledger.add({ ...seen, records: 1, bytes: 1, lastStatus: 200, at });
	}
	const [one] = ledger.counters();
	expect(one).toMatchObject({ minute: NOW / MINUTE, firstSeen: NOW + 20_000, lastSeen: NOW + 59_000 });
	const rows = [one, { ...one, minute: NOW / MINUTE + 1, firstSeen: NOW + 70_000 }] as TrafficCounter[];
	expect(rollUp(rows, NOW + 300 * MINUTE)).toMatchObject([{ span: 15, firstSeen: NOW + 20_000 }]);
	const [old] = rows.map(({ firstSeen: _, ...row }) => row);
	expect(rollUp([...rows, old as TrafficCounter], NOW)[0]?.firstSeen).toBeUndefined();
});

describe("rolling up", () => {
	test("keeps totals by source and is done once", () => {
		fc.assert(
			fc.property(counters, (rows) => {
				const rolled = rollUp(rows, NOW);
				const source = ["fingerprint", "place", "host", "cli", "signal"] as const;
				expect(totals(rolled, ...source)).toEqual(totals(rows, ...source));
				expect(rollUp(rolled, NOW).length).toBe(rolled.length);
			}),
		);
	});

	test("leaves the last two hours as they were, and covers each minute by the span it went into", () => {
		fc.assert(
			fc.property(counters, (rows) => {
				for (const row of rollUp(rows, NOW)) {
					const age = NOW / MINUTE - row.minute;
					if (row.span === 1) expect(age).toBeLessThanOrEqual(120);
					else expect([row.minute % row.span, age > 120 - row.span]).toEqual([0, true]);
				}
			}),
		);
	});

	test("stays below a limit, and then loses hosts and CLIs but no token's totals", () => {
		fc.assert(
			fc.property(counters, fc.integer({ min: 80, max: 150 }), (rows, most) => {
				const rolled = rollUp(rows, NOW, { most });
				expect(rolled.length).toBeLessThanOrEqual(most);
				const token = ["fingerprint", "place", "signal"] as const;
				expect(totals(rolled, ...token)).toEqual(totals(rows, ...token));
			}),
		);
	});

	test("then keeps the hosts of a rotation's tokens, however long they were silent, and says that others were lost", () => {
		const one = (fingerprint: string, host: string, ago: number): TrafficCounter => {
			const lastSeen = NOW - ago * MINUTE;
			const sums = {
				requests: 1,
				records: 1,
				bytes: 1,
				refused: 0,
				lastStatus: 200,
				lastAccepted: lastSeen,
				version: "",
			};
			return {
				fingerprint,
				place: "gw",
				host,
				cli: "x",
				signal: "logs",
				minute: lastSeen / MINUTE,
				span: 1,
				lastSeen,
				...sums,
			};
		};
		const old = Array.from({ length: 30 }, (_, index) => one("aaaaaaaaaaaa", `old-${index}`, 4_000));
		const flood = Array.from({ length: 300 }, (_, index) => one("cccccccccccc", `flood-${index}`, index % 60));
		let losses = 0;
		const options = { most: 100, kept: new Set(["aaaaaaaaaaaa"]), onLoss: () => losses++ };
		const rolled = rollUp([...old, ...flood], NOW, options);
		const hosts = (rows: readonly TrafficCounter[]) =>
			rows.filter(({ fingerprint }) => fingerprint === "aaaaaaaaaaaa").map(({ host }) => host);
		expect(hosts(rolled)).toEqual(hosts(old));
		expect(losses).toBeGreaterThan(0);
		expect(rolled.length).toBeLessThanOrEqual(100);
		// A rotation's own tokens cannot fill the memory either.
		expect(rollUp([...old, ...flood], NOW, { ...options, most: 40 }).length).toBeLessThanOrEqual(40);
		losses = 0;
		rollUp(old, NOW, options);
		expect(losses).toBe(0);
	});

	test("does not touch what it was given", () => {
		fc.assert(
			fc.property(counters, (rows) => {
				const before = structuredClone(rows);
				rollUp(rows, NOW, { most: 80 });
				expect(rows).toEqual(before);
			}),
		);
	});
});

test("a ledger that was compacted at any time says the same as one that never was", () => {
	fc.assert(
		fc.property(counters, fc.array(fc.nat(300)), (rows, times) => {
			const [one, other] = [newTrafficLedger(), newTrafficLedger()];
			for (const [index, { minute, span, ...row }] of rows.entries()) {
				one.add({ ...row, at: minute * MINUTE });
				other.add({ ...row, at: minute * MINUTE });
				if (times.includes(index)) other.compact(NOW);
			}
			other.compact(NOW);
			const source = ["fingerprint", "place", "host", "cli", "signal"] as const;
			expect(totals(other.counters(), ...source)).toEqual(totals(one.counters(), ...source));
			expect(other.size).toBeLessThanOrEqual(one.size);
		}),
	);
});

test("the newest request decides status and version, in whatever order they come", () => {
	const base = { fingerprint: "none", place: "p", host: "h", cli: "c", signal: "logs", records: 1, bytes: 1 } as const;
	const ledger = newTrafficLedger();
	ledger.add({ ...base, requests: 1, lastStatus: 401, version: "2", at: NOW + 5 });
	ledger.add({ ...base, requests: 1, lastStatus: 200, version: "1", at: NOW + 3 });
	ledger.add({ ...base, requests: 1, lastStatus: 503, version: "", at: NOW + 9 });
	expect(ledger.counters()).toMatchObject([{ requests: 3, lastStatus: 503, version: "2", lastSeen: NOW + 9 }]);
});
