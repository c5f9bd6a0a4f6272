import { test } from "vitest";
import type { InventoryRow, TrafficCounter } from "../../src/prove/evidence/evidence.ts";
import type { JudgementInput } from "../../src/prove/judge/case.ts";
import { judge } from "../../src/prove/judge/judge.ts";
import { NEW, NOON, OLD } from "../harness/overlap.ts";
import { median, say } from "./measure.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STARTED = NOON - 23 * HOUR;
const CLIS = ["claude-code", "codex", "gemini"];
const LOOKS = 9;

const hostsOf = (count: number) => Array.from({ length: count }, (_each, index) => `mbp-${index}`);

function caseOf(hosts: readonly string[], more: Partial<JudgementInput>): JudgementInput {
	return {
		now: NOON,
		tokens: { old: OLD, new: NEW },
		started: STARTED,
		deadline: STARTED + 24 * HOUR,
		series: [],
		exporters: [],
		expectedHosts: hosts,
		expectedClis: CLIS,
		directHosts: "all",
		intervals: { fleet: HOUR, hosts: {}, clis: {} },
		traffic: [],
		inventory: [],
		probes: [],
		statements: [],
		listTroubles: [],
		evidenceTroubles: [],
		lookalikes: {},
		...more,
	};
}

function report(host: string, index: number): InventoryRow {
	const clis = Object.fromEntries(CLIS.map((cli) => [cli, "ok"]));
	return { host, serial: `C02X${index}`, fingerprint: NEW, state: "ok", clis, users: 1, at: NOON - HOUR };
}

function counter(host: string, cli: string, fingerprint: string, at: number): TrafficCounter {
	const lastSeen = at + 59 * MINUTE;
	const sums = { requests: 60, records: 540, bytes: 200_000, refused: 0, lastStatus: 200 };
	const place = { place: "gw-eu-1", host, cli, version: "1.0.0", signal: "logs" } as const;
	return {
		fingerprint,
		...place,
		minute: Math.floor(at / MINUTE),
		span: 60,
		...sums,
		lastSeen,
		lastAccepted: lastSeen,
	};
}

/** The CPU time of one look, over several of them: the first one is cold. */
function measure(what: string, input: JudgementInput): void {
	const looks: number[] = [];
	for (let look = 0; look < LOOKS; look++) {
		const before = process.cpuUsage();
		judge(input);
		const { user, system } = process.cpuUsage(before);
		looks.push((user + system) / 1000);
	}
	const [first = 0] = looks;
	say(`${what}: ${median(looks).toFixed(0)} ms of CPU a look, the first ${first.toFixed(0)}`);
}

/** Bar: 500 ms of CPU on a machine that does nothing else. */
test("one verdict on a large fleet", () => {
	const all = hostsOf(100_000);
	measure("100,000 machines with 3 CLIs each, by inventory", caseOf(all, { inventory: all.map(report) }));
	// As many counters as an evidence folder holds.
	const heard = hostsOf(33_000);
	const traffic = heard.flatMap((host) =>
		CLIS.flatMap((cli) => [counter(host, cli, OLD, STARTED), counter(host, cli, NEW, STARTED + 12 * HOUR)]),
	);
	const series = {
		place: "gw-eu-1",
		source: "gw-eu-1",
		since: STARTED,
		until: NOON,
		toleranceMs: 5 * MINUTE,
		isAttributed: true,
		isClosed: false,
	};
	measure(
		"33,000 machines with 3 CLIs each, by traffic",
		caseOf(heard, { traffic, series: [series], directHosts: [] }),
	);
});
