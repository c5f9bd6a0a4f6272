import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffMs, retryAfterMs } from "../../../src/prove/probe/retry.ts";
import { probeOnce } from "../../harness/probe.ts";
import { httpText, otlpTaken, rawServer } from "../../harness/raw-server.ts";

const NOW = Date.parse("2026-01-31T12:00:00Z");

describe("Retry-After", () => {
	test.each([
		["0", 0],
		["7", 7_000],
		[" 7 ", 7_000],
		["Sat, 31 Jan 2026 12:00:30 GMT", 30_000],
		["Saturday, 31-Jan-26 12:00:30 GMT", 30_000],
		["Sat, 31 Jan 2026 11:00:00 GMT", 0],
		["-5", undefined],
		["1.5", undefined],
		["soon", undefined],
		["1e3", undefined],
		["", undefined],
		["99999999999", undefined],
		[undefined, undefined],
	])("%j is %s ms", (value, ms) => {
		expect(retryAfterMs(value, NOW)).toBe(ms);
	});

	test("never throws and is never negative", () => {
		fc.assert(
			fc.property(fc.string(), (value) => {
				expect(retryAfterMs(value, NOW) ?? 0).toBeGreaterThanOrEqual(0);
			}),
		);
	});
});

test("the wait doubles, up to half a minute, and is never shorter than half of it", () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 20 }), fc.string(), (attempt, seed) => {
			const most = Math.min(30_000, 1000 * 2 ** (attempt - 1));
			const ms = backoffMs(attempt, seed);
			expect(ms).toBeLessThanOrEqual(most);
			expect(ms).toBeGreaterThanOrEqual(most / 2);
		}),
	);
});

/** A server that gives one answer after the other, and a world in which waiting takes no time but is written down. */
async function series(answers: readonly string[], flags: Record<string, string> = {}) {
	let index = 0;
	const { url, received } = await rawServer((socket) =>
		socket.end(answers[Math.min(index++, answers.length - 1)] ?? ""),
	);
	const waits: number[] = [];
	let now = NOW;
	const sleep = async (ms: number) => {
		waits.push(ms);
		now += ms;
	};
	const clock = { now: () => now, after: () => () => undefined };
	const row = await probeOnce(url, { retry: "3", ...flags }, { fx: { sleep, clock } });
	return { row, waits, received };
}

const busy = (headers: Record<string, string> = {}) => httpText("503 Busy", headers);
const fine = otlpTaken;

describe("another attempt", () => {
	test.each(["429", "502", "503", "504"])("after %s, with the whole body each time", async (status) => {
		const { row, received } = await series([httpText(`${status} Later`), fine]);
		expect(row).toMatchObject({ outcome: "accepted", attempts: 2 });
		const bodies = received.map((text) => text.slice(text.indexOf("\r\n\r\n") + 4));
		expect(bodies[0]?.length).toBeGreaterThan(50);
		expect(bodies[1]).toBe(bodies[0]);
	});

	test.each(["400", "401", "403", "404", "408", "413", "500", "501"])("not after %s", async (status) => {
		const { row, waits } = await series([httpText(`${status} No`), fine]);
		expect({ attempts: row.attempts, waits }).toEqual({ attempts: 1, waits: [] });
	});

	test("not after partial success, and not unless asked for", async () => {
		const partly = httpText(
			"200 OK",
			{ "content-type": "application/json" },
			'{"partialSuccess":{"rejectedLogRecords":1}}',
		);
		expect((await series([partly, fine])).row).toMatchObject({ outcome: "partial", attempts: 1 });
		expect((await series([busy(), fine], { retry: "0" })).row).toMatchObject({ outcome: "unreachable", attempts: 1 });
	});

	test("waits as long as it is told", async () => {
		const date = new Date(NOW + 9_000).toUTCString();
		const { waits } = await series([busy({ "retry-after": "2" }), busy({ "retry-after": date }), fine]);
		expect(waits).toEqual([2_000, 7_000]);
	});

	test.each(["soon", "-1", ""])("Retry-After %j is no reason not to wait", async (value) => {
		const { waits } = await series([busy({ "retry-after": value }), fine]);
		expect(waits[0]).toBeGreaterThanOrEqual(500);
	});

	test("ends with the attempts, and with the time", async () => {
		expect((await series([busy({ "retry-after": "1" })])).row).toMatchObject({ outcome: "retry-later", attempts: 4 });
		const { row, waits } = await series([busy({ "retry-after": "20" })], { timeout: "30s" });
		expect({ attempts: row.attempts, waits }).toEqual({ attempts: 2, waits: [20_000] });
		const late = await series([busy({ "retry-after": "3600" })], { timeout: "30s" });
		expect(late.waits).toEqual([]);
	});
});
