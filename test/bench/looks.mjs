// Looks at one large fleet with the built package's judge, and prints the CPU time of each look in milliseconds. Started by judge.bench.ts.
import process from "node:process";

/** @type {typeof import("../../src/index.ts")} */
const { fingerprint, judge } = await import(new URL("../../dist/index.js", import.meta.url).href);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOON = Date.parse("2026-05-04T12:00:00Z");
const STARTED = NOON - 23 * HOUR;
const LOOKS = 9;
const [OLD, NEW] = [fingerprint("the-old-ingest-token"), fingerprint("the-new-ingest-token")];
const CLIS = ["claude-code", "codex", "gemini"];

/** @param {number} count */
const hostsOf = (count) => Array.from({ length: count }, (_each, index) => `mbp-${index}`);

const empty = {
	now: NOON,
	tokens: { old: OLD, new: NEW },
	started: STARTED,
	deadline: STARTED + 24 * HOUR,
	series: [],
	exporters: [],
	expectedClis: CLIS,
	directHosts: /** @type {const} */ ("all"),
	intervals: { fleet: HOUR, hosts: {}, clis: {} },
	traffic: [],
	inventory: [],
	probes: [],
	statements: [],
	listTroubles: [],
	evidenceTroubles: [],
	lookalikes: {},
};

/** 100,000 machines with 3 CLIs each, all by their reports. */
function byInventory() {
	const expectedHosts = hostsOf(100_000);
	const clis = Object.fromEntries(CLIS.map((cli) => [cli, "ok"]));
	const inventory = expectedHosts.map((host, index) => {
		return {
			host,
			serial: `C02X${index}`,
			fingerprint: NEW,
			state: /** @type {const} */ ("ok"),
			clis,
			users: 1,
			at: NOON - HOUR,
		};
	});
	return { ...empty, expectedHosts, inventory };
}

/** 33,000 machines with 3 CLIs each, all heard with both tokens: as many counters as an evidence folder holds. */
function byTraffic() {
	const expectedHosts = hostsOf(33_000);
	/**
	 * @param {string} host
	 * @param {string} cli
	 * @param {string} token
	 * @param {number} at
	 */
	const counter = (host, cli, token, at) => {
		const sums = { requests: 60, records: 540, bytes: 200_000, refused: 0, lastStatus: 200 };
		const place = { place: "gw-eu-1", host, cli, version: "1.0.0", signal: /** @type {const} */ ("logs") };
		const lastSeen = at + 59 * MINUTE;
		const minute = Math.floor(at / MINUTE);
		return { fingerprint: token, ...place, minute, span: 60, ...sums, lastSeen, lastAccepted: lastSeen };
	};
	const traffic = expectedHosts.flatMap((host) =>
		CLIS.flatMap((cli) => [counter(host, cli, OLD, STARTED), counter(host, cli, NEW, STARTED + 12 * HOUR)]),
	);
	const watched = { since: STARTED, until: NOON, toleranceMs: 5 * MINUTE, isAttributed: true, isClosed: false };
	return {
		...empty,
		expectedHosts,
		directHosts: [],
		traffic,
		series: [{ place: "gw-eu-1", source: "gw-eu-1", ...watched }],
	};
}

const fleet = process.argv[2] === "inventory" ? byInventory() : byTraffic();
for (let look = 0; look < LOOKS; look++) {
	const before = process.cpuUsage();
	judge(fleet);
	const { user, system } = process.cpuUsage(before);
	process.stdout.write(`${(user + system) / 1000}\n`);
}
