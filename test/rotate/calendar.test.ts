import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { calendar } from "../../src/rotate/calendar.ts";
import { parseFleet } from "../../src/spec/fleet.ts";
import { rotationWorld } from "../harness/rotate.ts";

type Properties = Record<string, string>;

/** Reads a calendar by RFC 5545: unfolds, splits at the first colon, and unescapes texts; fails at what is not of that form. */
function events(text: string): Properties[] {
	for (const line of text.split("\r\n")) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
	expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
	expect(text.endsWith("END:VCALENDAR\r\n")).toBe(true);
	const lines = text.replaceAll("\r\n ", "").split("\r\n").slice(0, -1);
	const found: Properties[] = [];
	const open: string[] = [];
	for (const line of lines) {
		const [, name = "", value = ""] = /^([A-Z-]+):(.*)$/s.exec(line) ?? expect.unreachable(line);
		if (name === "BEGIN") open.push(value);
		if (name === "BEGIN" && value === "VEVENT") found.push({});
		if (name === "END") expect(open.pop()).toBe(value);
		else if (open.at(-1) === "VEVENT" && name !== "BEGIN")
			Object.assign(found.at(-1) ?? {}, { [name]: unescaped(value) });
	}
	expect(open).toEqual([]);
	return found;
}

const unescaped = (text: string) => text.replaceAll(/\\(.)/g, (_, what: string) => (/n/i.test(what) ? "\n" : what));

describe("schedule calendar", () => {
	test("has the end of the old token and a person's step, each under one id, and cancels them at the end", async () => {
		const world = await rotationWorld("torii");
		await world.rotate("personNeeded", "start");
		const asked = events(await world.rotateAny("ok", "schedule", "calendar"));
		expect(asked.map(({ SUMMARY }) => SUMMARY)).toEqual(["Token rotation it needs a person"]);
		expect(asked[0]?.["DESCRIPTION"]).toContain(
			"Choose Rotate and confirm. Once only: never a second time within 24 hours.",
		);
		await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		const open = events(await world.rotateAny("ok", "schedule", "calendar"));
		expect(open.map(({ UID }) => UID?.replace(/^.*-(?=\w+@)/, ""))).toEqual([
			"deadline@otel-crossfade",
			"person@otel-crossfade",
		]);
		expect(open[1]?.["UID"]).toBe(asked[0]?.["UID"]);
		expect(Number(open[1]?.["SEQUENCE"])).toBeGreaterThan(Number(asked[0]?.["SEQUENCE"]));
		expect(open[0]?.["DTSTART"]).toMatch(/^\d{8}T\d{6}Z$/);
		// The same journal gives the same bytes.
		expect(await world.rotateAny("ok", "schedule", "calendar")).toBe(
			await world.rotateAny("ok", "schedule", "calendar"),
		);
		await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "seen");
		await world.later("24h2m");
		await world.rotate("ok", "resume");
		const over = events(await world.rotateAny("ok", "schedule", "calendar", "it", "--every", "90d"));
		expect(over.map(({ STATUS }) => STATUS)).toEqual(["CANCELLED", "CANCELLED", "CONFIRMED"]);
		expect(over[2]?.["SUMMARY"]).toBe("Rotate the token of it (Torii)");
		await world.rotateAny("ok", "schedule", "calendar", "it", "--every", "90d", "--out", ".");
		expect(events(world.read("it.ics"))).toHaveLength(3);
	});

	test("without a step is refused: a calendar cannot be empty", async () => {
		const world = await rotationWorld("torii");
		expect(await world.rotateAny("refused", "schedule", "calendar")).toContain("add --every 30d");
	});

	test("folds and escapes any text so that it comes back", () => {
		const text = ["version: 1", "stores: { s: { kind: token-file, path: t, confirm: person } }", "rotations:"];
		const block = "  it: { provider: torii, current: 'store:s', stores: [s], key: 'file:k' }";
		const [spec] = parseFleet([...text, block, ""].join("\n"), "f", "/").rotations;
		if (!spec) expect.unreachable();
		const everyMs = 86_400_000;
		fc.assert(
			fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (title) => {
				const strange = { ...spec, issuer: { ...spec.issuer, title } };
				const [event] = events(calendar({ spec: strange, journal: undefined, states: [], now: 0, everyMs }));
				expect(event?.["SUMMARY"]).toBe(`Rotate the token of it (${title})`);
			}),
		);
		const [event] = events(
			calendar({
				spec: { ...spec, issuer: { ...spec.issuer, title: "a\r\nEND:VCALENDAR\r\n\tb;c,d\\e" } },
				journal: undefined,
				states: [],
				now: 0,
				everyMs,
			}),
		);
		expect(event?.["SUMMARY"]).toBe("Rotate the token of it (a\nEND:VCALENDAR\n b;c,d\\e)");
	});
});
