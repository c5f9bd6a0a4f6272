import { expect, test } from "vitest";
import { reportTime } from "../../../src/prove/evidence/report-time.ts";

const HOUR = 3_600_000;
const TEN = Date.UTC(2026, 10, 30, 10);

test.each([
	["2026-11-30T10:00:00Z", TEN],
	["2026-11-30T10:00:00.000+00:00", TEN],
	["2026-11-30 19:00:00 +0900", TEN],
	["2026-11-30 10:00 UTC", TEN],
	["11/30/2026 10:00:00 AM +00:00", TEN],
	["Mon, 30 Nov 2026 10:00:00 GMT", TEN],
	["Nov 30 2026 05:00 EST", TEN],
	[`${TEN / 1000}`, TEN],
	[`${TEN}`, TEN],
])("%s is a moment", (text, at) => {
	expect(reportTime(text)).toEqual({ at, unsureMs: 0 });
});

test.each([
	["2026-11-30 10:00", 26],
	["2026-11-30T10:00:00", 26],
	["2026-11-30 10:00:00.0000000", 26],
	["Monday, November 30, 2026 10:00 AM", 26],
	["11/30/2026 10:00:00 AM", 26],
])("%s is in no zone: it is the earliest that it can be, wherever this runs", (text, hours) => {
	expect(reportTime(text)).toEqual({ at: TEN - 14 * HOUR, unsureMs: hours * HOUR });
});

test("a day alone can be any moment of it, too", () => {
	expect(reportTime("2026-11-30")).toEqual({ at: TEN - 24 * HOUR, unsureMs: 50 * HOUR });
});

test.each([
	"",
	"46356.5",
	"46356",
	"3",
	"2026",
	"-1",
	"11-12-2026",
	"11/12/2026 10:00",
	"1.2.2026",
	"12345-01-01",
	"vor 3 Tagen",
	"never",
	"1999-12-31T00:00:00Z",
])("%s is no time", (text) => {
	expect(reportTime(text)).toBeUndefined();
});
