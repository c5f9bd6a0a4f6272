import { describe, expect, test } from "vitest";
import { type CounterReading, follow, MAX_BREAK_MS, type Mark } from "../../../src/prove/evidence/readings.ts";

const MIN = 60_000;
const START = 1_795_000_000_000;

/** A look some minutes after the start: values of series by their id. */
function reading(minute: number, values: Record<string, number>, more: Partial<CounterReading> = {}): CounterReading {
	return {
		source: "page",
		at: START + minute * MIN,
		started: undefined,
		isComplete: true,
		totals: Object.entries(values).map(([id, value]) => ({
			id,
			fingerprint: "0123456789ab",
			host: id,
			cli: "codex",
			version: "",
			signal: "logs",
			unit: "records",
			value,
		})),
		...more,
	};
}

/** What each look adds, by series, and the mark it leaves. */
function looks(readings: readonly CounterReading[], watchedSince?: number) {
	let mark: Mark | undefined;
	const grown = readings.map((each) => {
		const followed = follow(mark, each, { place: "gw", watchedSince });
		mark = followed.mark;
		return Object.fromEntries(followed.sightings.map(({ host, records }) => [host, records]));
	});
	return { grown, since: ((mark?.since ?? 0) - START) / MIN, mark };
}

describe("an address with several processes behind it", () => {
	test.each<[string, number, number]>([
		["another one, started earlier", -60, 2],
		["another one, started later, but before the last look", -1, 2],
		["the same one, as far as its uptime shows", -30.2, 0],
	])("is watched without a gap only as long as it is one: %s", (_, minutes, since) => {
		const started = (minute: number) => ({ started: START + minute * MIN });
		expect(
			looks([
				reading(0, { a: 5 }, started(-30)),
				reading(1, { a: 5 }, started(-30)),
				reading(2, { a: 5 }, started(minutes)),
			]).since,
		).toBe(since);
	});
});

describe("looks at running totals", () => {
	test.each<[string, CounterReading[], Record<string, number>[]]>([
		["the first is where counting begins", [reading(0, { a: 5 }), reading(1, { a: 7 })], [{}, { a: 2 }]],
		["nothing new is nothing", [reading(0, { a: 5 }), reading(1, { a: 5 })], [{}, {}]],
		["a new series is new traffic", [reading(0, { a: 5 }), reading(1, { a: 5, b: 3 })], [{}, { b: 3 }]],
		["a new series on an empty page is, too", [reading(0, {}), reading(1, { a: 3 })], [{}, { a: 3 }]],
		["after a restart it counts from zero", [reading(0, { a: 5 }), reading(1, { a: 2 })], [{}, { a: 2 }]],
		[
			"one total that fell shows a restart, after which others may have passed their old total, or have reached it again",
			[reading(0, { a: 50, b: 5, c: 7 }), reading(1, { a: 2, b: 9, c: 7 })],
			[{}, { a: 2, b: 9, c: 7 }],
		],
		[
			"one total that fell is that of one sender, where the others could not have been counted again since",
			[reading(0, { a: 50, b: 5000, c: 7 }), reading(1, { a: 2, b: 5009, c: 7 })],
			[{}, { a: 2, b: 9 }],
		],
		[
			"a restart is known by the process, too, if the total is higher than before",
			[reading(0, { a: 5 }), reading(1, { a: 6 }, { started: START + 1 })],
			[{}, { a: 6 }],
		],
		[
			"a restart is known by the only collector of its host, too, which cannot show that the process is the same",
			[
				reading(0, { a: 5 }),
				reading(1, { a: 5 }, { hostStarted: START + 1 }),
				reading(2, { a: 3 }, { hostStarted: START + 1 }),
			],
			[{}, { a: 5 }, { a: 3 }],
		],
		[
			"the page's own start counts for more than that of its host",
			[reading(0, { a: 5 }), reading(1, { a: 6 }, { started: START, hostStarted: START + 1 })],
			[{}, { a: 1 }],
		],
		[
			"the same process is not taken for a restart",
			[reading(0, { a: 5 }), reading(1, { a: 6 }, { started: START })],
			[{}, { a: 1 }],
		],
		[
			"who was away and is back was sent to",
			[reading(0, { a: 5 }), reading(1, {}), reading(2, { a: 5 })],
			[{}, {}, { a: 5 }],
		],
		["away and back with more", [reading(0, { a: 5 }), reading(1, {}), reading(2, { a: 7 })], [{}, {}, { a: 2 }]],
		[
			"away on a page that was not whole is not away",
			[reading(0, { a: 5 }), reading(1, {}, { isComplete: false }), reading(2, { a: 5 })],
			[{}, {}, {}],
		],
		[
			"missing since an ended process",
			[reading(0, { a: 5 }), reading(1, {}, { started: START + 1 }), reading(2, { a: 6 })],
			[{}, {}, { a: 6 }],
		],
	])("%s", (_, readings, expected) => {
		expect(looks(readings).grown).toEqual(expected);
	});

	test("a process that was started while we watched is counted from zero, and is no break", () => {
		const { grown, since } = looks([reading(9, { a: 4 }, { started: START + 8 * MIN })], START);
		expect({ grown, since }).toEqual({ grown: [{ a: 4 }], since: 0 });
		expect(looks([reading(9, { a: 4 }, { started: START - MIN })], START)).toMatchObject({ grown: [{}], since: 9 });
	});

	const long = MAX_BREAK_MS / MIN + 1;
	test.each<[string, CounterReading[], number]>([
		[
			"a long pause, after which totals are there that a new process could not have counted again",
			[reading(0, { a: 900, b: 4 }), reading(long, { a: 940, b: 4 }), reading(2 * long, { a: 980, b: 4, c: 1 })],
			0,
		],
		[
			"a long pause in which as much could have been counted again",
			[reading(0, { a: 900 }), reading(long, { a: 1900 })],
			long,
		],
		[
			"a pause of hours, in which a process can count anything again",
			[reading(0, { a: 900 }), reading(180, { a: 901 })],
			180,
		],
		["a long pause after which a sender is missing", [reading(0, { a: 900, b: 4 }), reading(long, { a: 901 })], long],
		[
			"one total that fell, where the others show the same process",
			[reading(0, { a: 900, b: 4 }), reading(3, { a: 901, b: 1 })],
			0,
		],
		["short pauses", [reading(0, { a: 1 }), reading(3, { a: 1 })], 0],
		["a long pause in which a restart would not have shown", [reading(0, { a: 1 }), reading(long, { a: 1 })], long],
		[
			"a long pause through which the same process counted",
			[reading(0, { a: 1 }), reading(long, { a: 1 }, { started: START - 1 })],
			0,
		],
		[
			"a long pause with a restart, of which the time since is known",
			[reading(0, { a: 1 }), reading(long, { a: 1 }, { started: START + 5 * MIN })],
			5,
		],
		[
			"a restart, however short the pause: what was counted before it was not read",
			[reading(0, { a: 5 }), reading(3, { a: 6 }, { started: START + 2 * MIN })],
			2,
		],
		[
			"a restart, of which the host's only collector says the time",
			[reading(0, { a: 5 }), reading(3, { a: 6 }, { hostStarted: START + 2 * MIN })],
			2,
		],
		["a total that fell, where nothing says when the process started", [reading(0, { a: 5 }), reading(3, { a: 2 })], 3],
		[
			"a total that fell in a process that says it is the same",
			[reading(0, { a: 5 }), reading(3, { a: 2 }, { started: START - MIN })],
			0,
		],
		["the first time that it tells tokens apart", [reading(0, {}), reading(2, { a: 1 })], 2],
		[
			"or its start, if it was the same process before",
			[reading(0, {}), reading(2, { a: 1 }, { started: START - MIN })],
			0,
		],
	])("watched since, after %s", (_, readings, expected) => {
		expect(looks(readings).since).toBe(expected);
	});

	test.each<[string, CounterReading[], number]>([
		["one reading", [reading(0, { a: 1 })], 0],
		["the longest of several", [reading(0, {}), reading(1, {}), reading(4, {}), reading(5, {})], 3],
		["a break is none", [reading(0, {}), reading(1, {}), reading(1 + long, {}, { started: START - MIN })], 1],
	])("the longest interval: %s", (_, readings, minutes) => {
		expect((looks(readings).mark?.interval ?? -1) / MIN).toBe(minutes);
	});

	test("a page without our series is read, not watched", () => {
		expect(looks([reading(0, {})]).mark?.isAttributed).toBe(false);
	});
});
