import { describe, expect, test } from "vitest";
import { duration } from "../../../src/base/duration.ts";
import type {
	InventoryRow,
	KnownPod,
	ProbeEvidence,
	Statement,
	TrafficCounter,
} from "../../../src/prove/evidence/evidence.ts";
import type { JudgementInput, ObligationId, WatchedSeries } from "../../../src/prove/judge/case.ts";
import { answerOf, judge } from "../../../src/prove/judge/judge.ts";
import { probeHost } from "../../../src/prove/judge/own-probes.ts";
import { probeVerdict } from "../../../src/prove/judge/probes.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const now = Date.parse("2026-02-01T12:00:00Z");
const [OLD, NEW, OTHER] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"];

/** Traffic of a sender with a token, some minutes ago. */
/** One of our own test records. */
function probed(fingerprint: string, minutesAgo: number): TrafficCounter {
	return sent(fingerprint, minutesAgo, { host: probeHost(fingerprint), cli: "crossfade-probe" });
}

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
		refused: 0,
		lastAccepted: lastSeen,
		version: "1.0",
		...more,
	};
}

/** Every ten minutes, from and to so many minutes ago. */
function often(fingerprint: string, from: number, to: number, more: Partial<TrafficCounter> = {}): TrafficCounter[] {
	return Array.from({ length: Math.floor((from - to) / 10) + 1 }, (_, index) =>
		sent(fingerprint, from - index * 10, more),
	);
}

const refused = { lastStatus: 401, refused: 1, lastAccepted: 0 };
const moved = [...often(OLD, 600, 200), ...often(NEW, 190, 0)];

function watched(place: string, more: Partial<WatchedSeries> = {}): WatchedSeries {
	return {
		place,
		source: place,
		since: now - 20 * HOUR,
		until: now,
		toleranceMs: 5 * MIN,
		isAttributed: true,
		isClosed: false,
		...more,
	};
}

type Facts = Partial<JudgementInput> & { readonly watchSince?: number };

function facts({ watchSince = now - 20 * HOUR, ...more }: Facts = {}): JudgementInput {
	return {
		now,
		tokens: { old: OLD, new: NEW },
		started: now - 12 * HOUR,
		deadline: now + 6 * HOUR,
		series: [watched("gw", { since: watchSince })],
		exporters: [],
		expectedHosts: ["mac-1"],
		expectedClis: ["codex"],
		directHosts: [],
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

const machine = (host: string, fingerprint: string | undefined, more: Partial<InventoryRow> = {}): InventoryRow => ({
	host,
	state: "ok",
	fingerprint,
	clis: { codex: "ok" },
	users: 1,
	at: now - HOUR,
	...more,
});

const word = (name: string, says: Statement["says"], more: Partial<Statement> = {}): Statement => ({
	kind: "host",
	name,
	says,
	because: "stolen in May",
	actor: "anna",
	at: now - HOUR,
	old: OLD,
	...more,
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

/** What is open, as `id: state`, and the answer. */
function open(input: JudgementInput): string[] {
	const { obligations, fleet } = judge(input);
	const points = obligations.filter(({ state }) => state !== "proven").map(({ id, state }) => `${id}: ${state}`);
	return [...new Set(points), fleet.safeToRetire];
}

describe("a fleet that has moved", () => {
	test("is a yes, with every point proven, and none beside it", () => {
		const { fleet, obligations, senders } = judge(facts({ traffic: moved }));
		expect(fleet).toMatchObject({ safeToRetire: "yes", behind: 0, silent: 0, statements: 0, silenceNeededMs: 0 });
		expect(obligations.every(({ state, nextStep }) => state === "proven" && nextStep === "")).toBe(true);
		expect(senders).toMatchObject([{ host: "mac-1", cli: "codex", verdict: "MIGRATED", state: "proven" }]);
	});

	test.each<[string, Facts, string[]]>([
		[
			"1 a place that was watched until four hours ago",
			{ series: [watched("gw", { until: now - 4 * HOUR })] },
			["watched: unknown"],
		],
		[
			"1 a place that never could be read",
			{ series: [watched("gw"), watched("eu", { since: undefined, until: undefined })] },
			["watched: unknown", "seen: unknown", "moved: unknown"],
		],
		[
			"1 a page for people instead of metrics",
			{ series: [watched("gw", { trouble: "it answered with an HTML page" })] },
			["watched: unknown"],
		],
		[
			"1 one series of two that stopped, however new the other is",
			{ series: [watched("gw"), watched("gw", { source: "pod-2", until: now - HOUR })] },
			["watched: unknown"],
		],
		[
			"1 a tap that ended in order, with nobody in its place",
			{ series: [watched("gw", { isClosed: true, until: now - HOUR })] },
			["watched: unknown"],
		],
		["1 nobody who watches at all", { series: [] }, ["watched: unknown", "moved: unknown"]],
		[
			"2 a place that took more than it told apart",
			{ series: [watched("gw", { unattributed: ["4 of 9 records of metrics"] })] },
			["complete: unknown"],
		],
		[
			"3 a second place that never counted the old token",
			{ series: [watched("gw"), watched("eu")] },
			["seen: unknown"],
		],
		[
			"2 the old token in a request that is no export",
			{ traffic: [...moved, sent(OLD, 0, { signal: "other", records: 0 })] },
			["moved: blocked"],
		],
		["3 a stranger's credential beside the new token", { traffic: [...moved, sent(OTHER, 50)] }, ["seen: unknown"]],
		[
			"3 the old token with a line break",
			{ traffic: [...moved, sent(OTHER, 50)], lookalikes: { [OTHER]: "it is the old token with a line break" } },
			["seen: blocked"],
		],
		[
			"5 a new token that was only ever answered 401",
			{ traffic: [...often(OLD, 600, 200), ...often(NEW, 190, 0, refused)] },
			["accepted: blocked"],
		],
		[
			"5 a probe that says so",
			{ probes: [probe({ fingerprint: NEW, outcome: "rejected" })], traffic: moved },
			["accepted: blocked"],
		],
		[
			"5 a host whose records come second in requests that are refused",
			{ traffic: [...often(OLD, 600, 200), ...often(NEW, 190, 0, { ...refused, requests: 0, refused: 0 })] },
			["accepted: blocked"],
		],
		[
			"5 such a host that was accepted at first",
			{ traffic: [...moved, ...often(NEW, 20, 0, { ...refused, requests: 0, refused: 0, signal: "traces" })] },
			["accepted: blocked"],
		],
		[
			"4 a machine that is called as a gateway is, with the old token",
			{
				expectedHosts: ["mac-1", "gw-eu.example.com"],
				series: [watched("gw"), watched("gw-eu", { group: "gw" })],
				traffic: [...moved, ...moved.map((each) => ({ ...each, host: "gw-eu.example.com", place: "gw-eu" }))],
			},
			["moved: unknown"],
		],
		[
			"4 an interval that is declared under the machine's other name",
			{ traffic: moved, intervals: { fleet: HOUR, hosts: { "MAC-1.example.com": 24 * HOUR }, clis: {} } },
			["moved: unknown"],
		],
		[
			"6 a gateway's own exporter on the old token",
			{ exporters: [{ gateway: "gw", fingerprint: OLD, witness: "", at: now }] },
			["gateways: blocked"],
		],
		[
			"6 a gateway's own exporter that nobody knows",
			{ exporters: [{ gateway: "gw", fingerprint: undefined, witness: "", at: now }] },
			["gateways: unknown"],
		],
		["7 an inventory that says fp=OLD", { inventory: [machine("mac-1", OLD)] }, ["inventory: blocked"]],
		[
			"7 several tokens on one machine",
			{ inventory: [machine("mac-1", undefined, { isMixed: true, state: "drift" })] },
			["inventory: unknown"],
		],
		[
			"7 the new token, and a file that a person has to change",
			{ inventory: [machine("mac-1", NEW, { state: "refused" })] },
			["inventory: unknown"],
		],
		[
			"7 a report from before the rotation",
			{ inventory: [machine("mac-1", NEW, { at: now - 13 * HOUR })] },
			["inventory: unknown"],
		],
		[
			"7 a machine that no list names",
			{ traffic: [...moved, ...often(NEW, 190, 0, { host: "mac-9" })] },
			["inventory: unknown"],
		],
		[
			"8 a list with a line that names nobody",
			{ listTroubles: [{ where: "h.csv", what: "line 3", fix: "" }] },
			["lists: unknown"],
		],
		[
			"7 two reports without a time that disagree, the newer file last",
			{ inventory: [machine("mac-1", OLD, { at: undefined }), machine("mac-1", NEW, { at: undefined })] },
			["inventory: blocked"],
		],
		[
			"7 the same, the newer file first",
			{ inventory: [machine("mac-1", NEW, { at: undefined }), machine("mac-1", OLD, { at: undefined })] },
			["inventory: blocked"],
		],
		["8 no list at all", { expectedHosts: [] }, ["inventory: unknown", "lists: unknown"]],
		[
			"9 two machines of one name",
			{ inventory: [machine("mac-1", NEW, { serial: "A" }), machine("mac-1", NEW, { serial: "B" })] },
			["identity: unknown"],
		],
		[
			"9 rows of one name that disagree, without a serial number",
			{ inventory: [machine("mac-1", NEW, { rows: 2 })] },
			["identity: unknown"],
		],
		[
			"9 a name that is two machines in two domains",
			{ expectedHosts: ["mac-1", "mac-1.eu.example.com", "mac-1.us.example.com"] },
			["moved: unknown", "identity: unknown"],
		],
		[
			"10 an evidence file that is cut",
			{ evidenceTroubles: [{ where: "x", what: "its end is missing", fix: "" }] },
			["whole: unknown"],
		],
		["10 a table that was full", { series: [watched("gw", { limits: ["50,000 names"] })] }, ["whole: unknown"]],
		[
			"3 a stranger's credential that was last told to try again, within the interval",
			{ traffic: [...moved, sent(OTHER, 50, { ...refused, lastStatus: 503 })] },
			["seen: unknown"],
		],
		[
			"3 a stranger's credential of which some records were accepted, perhaps",
			{ traffic: [...moved, sent(OTHER, 300, { ...refused, lastStatus: 200 })] },
			["seen: unknown"],
		],
		[
			"10 a place that reached a limit before another one replaced it",
			{
				series: [
					watched("gw"),
					watched("gw", { source: "gw-2", isClosed: true, until: now - HOUR, limits: ["too many senders"] }),
				],
			},
			["whole: unknown"],
		],
		["10 too many credentials", { traffic: [...moved, sent("others", 40)] }, ["whole: unknown"]],
		[
			"11 a new token that was taken back and spread again: what was seen before that",
			{ spreadFrom: now - 20 * MIN },
			["moved: unknown"],
		],
		["11 a new token that is taken back", { isTakenBack: true }, ["rotation: blocked"]],
		[
			"6 a gateway that was seen on the new token before that was taken back and spread again",
			{
				spreadFrom: now - 3 * HOUR,
				exporters: [{ gateway: "gw", fingerprint: NEW, witness: "a probe", at: now - 4 * HOUR }],
			},
			["gateways: unknown"],
		],
		["11 a new token that was there before the rotation", { started: now - HOUR }, ["rotation: unknown"]],
		[
			"11 old and new that are swapped, before anybody moved",
			{ tokens: { old: NEW, new: OLD }, traffic: [...often(OLD, 600, 0), probed(NEW, 300)] },
			["rotation: unknown"],
		],
		["11 no token called old", { tokens: { old: undefined, new: NEW } }, ["seen: unknown", "rotation: unknown"]],
		[
			"12 a place whose clock is three hours ahead",
			{ series: [watched("gw", { until: now + 3 * HOUR })] },
			["clocks: unknown"],
		],
		[
			"12 a tap that stopped, with a clock that was behind: what it saw was later",
			{
				series: [
					watched("gw", { since: now - 20 * HOUR }),
					watched("gw", { source: "gw-2", isClosed: true, until: now - 3 * HOUR, skewMs: -3 * HOUR }),
				],
			},
			["clocks: unknown"],
		],
		[
			"12 clocks of two places that may differ by more than is left",
			{
				traffic: [...often(OLD, 600, 100), ...often(NEW, 88, 18)],
				series: [watched("gw", { toleranceMs: 4 * MIN })],
			},
			["moved: unknown"],
		],
		[
			"5 a gateway whose exporter loses everything",
			{ exporters: [{ gateway: "gw", fingerprint: NEW, witness: "", at: now, losing: "it dropped 7 records" }] },
			["accepted: blocked"],
		],
		["12 evidence from the future", { traffic: [...moved, sent(NEW, -180)] }, ["clocks: unknown"]],
	])("is none with %s", (_, more, points) => {
		const answer = points.some((each) => each.endsWith("blocked")) ? "not yet" : "not known";
		expect(open(facts({ traffic: moved, ...more }))).toEqual([...points, answer]);
	});

	test.each<[string, Facts]>([
		[
			"1 a tap that ended in order while another of its place was there",
			{ series: [watched("gw"), watched("gw", { source: "gw-2", isClosed: true, until: now - HOUR })] },
		],
		[
			"3 another instance of a job, one of which counted the old token",
			{ series: [watched("gw", { group: "otel" }), watched("gw-b", { group: "otel" })] },
		],
		[
			"3 made-up credentials that were refused",
			{ traffic: [...moved, ...often("dddddddddddd", 90, 0, { ...refused, host: "mac-8" })] },
		],
		...[400, 404, 405, 413].map((lastStatus): [string, Facts] => [
			`3 made-up credentials that are answered ${lastStatus}`,
			{ traffic: [...moved, ...often("dddddddddddd", 90, 0, { ...refused, lastStatus, host: "mac-8" })] },
		]),
		...[0, 302, 429, 500, 503].map((lastStatus): [string, Facts] => [
			`3 made-up credentials that were answered ${lastStatus}, longer ago than anybody is silent`,
			{ traffic: [...moved, ...often("pending", 190, 80, { ...refused, lastStatus, host: "mac-8" })] },
		]),
		[
			"5 requests that were lost long ago",
			{ traffic: [...often(OLD, 900, 500), ...often(NEW, 490, 480, refused), ...often(NEW, 470, 0)] },
		],
		[
			"7 a machine without a CLI",
			{
				expectedHosts: ["mac-1", "mac-2"],
				inventory: [machine("mac-2", undefined, { state: "absent", clis: { codex: "absent" } })],
				directHosts: ["mac-2"],
			},
		],
		[
			"9 the same machine by its other names",
			{
				expectedHosts: ["Ann’s Mac"],
				traffic: [...often(OLD, 600, 200, { host: "Anns-Mac.local" }), ...often(NEW, 190, 0, { host: "ANNS-MAC" })],
			},
		],
		[
			"9 the same machine in capitals, with two dashes together",
			{
				expectedHosts: ["mac--1"],
				traffic: [...often(OLD, 600, 200, { host: "MAC--1" }), ...often(NEW, 190, 0, { host: "Mac--1.local" })],
			},
		],
		[
			"2 the new token in a request that is no export, and was answered 404",
			{ traffic: [...moved, sent(NEW, 5, { ...refused, host: "", cli: "", signal: "other", lastStatus: 404 })] },
		],
		["own probes with the old token", { traffic: [...moved, probed(OLD, 1)] }],
	])("is one all the same with %s", (_, more) => {
		expect(open(facts({ traffic: moved, ...more }))).toEqual(["yes"]);
	});

	test.each(["", "mac-1", "mac-9", "probe", `probe with ${NEW}`, "gateway gw"])(
		"is none with the old token from a sender that only has the name of our probes, of the host %j",
		(host) => {
			const traffic = [...moved, sent(OLD, 1, { host, cli: "crossfade-probe" })];
			expect(open(facts({ traffic }))[0]).not.toBe("yes");
		},
	);
});

test("150,000 machines in traffic, list and inventory are judged, and each is found", () => {
	const names = Array.from({ length: 150_000 }, (_, index) => `pc-${index}`);
	const traffic = names.map((host) => sent(OLD, 30, { host }));
	const inventory = names.map((host) => machine(host, OLD));
	const { fleet, obligations } = judge(facts({ traffic, inventory, expectedHosts: names, expectedClis: [] }));
	expect(fleet).toMatchObject({ safeToRetire: "not yet", behind: 150_000 });
	expect(obligations.filter(({ id }) => id === "inventory")).toHaveLength(150_000);
});

describe("a sender (4)", () => {
	test.each<[string, string, TrafficCounter[], Facts?]>([
		["that was on the new token alone for longer than it declares", "MIGRATED", moved],
		["that sent with the new token for an hour only", "NEW SEEN", [...often(OLD, 600, 70), ...often(NEW, 60, 0)]],
		["that was never seen on the old token, and watched for long enough", "MIGRATED", often(NEW, 190, 0)],
		[
			"first seen with the new token when the watch is young",
			"NEW SEEN",
			often(NEW, 190, 0),
			{ watchSince: now - 30 * MIN },
		],
		["that slept through the hours of silence", "NEW SEEN", [...often(OLD, 600, 400), sent(NEW, 390), sent(NEW, 5)]],
		[
			"that sends every five hours, whatever it declares",
			"NEW SEEN",
			[sent(OLD, 1000), sent(OLD, 700), ...often(NEW, 690, 400, { cli: "x" }), sent(NEW, 650), sent(NEW, 560)],
			{ intervals: { fleet: 6 * HOUR, hosts: {}, clis: {} } },
		],
		[
			"that declares a day, in three hours",
			"NEW SEEN",
			moved,
			{ intervals: { hosts: { "mac-1": 24 * HOUR }, clis: {} } },
		],
		["of which nothing is declared, in three hours", "NEW SEEN", moved, { intervals: { hosts: {}, clis: {} } }],
		["with the old token after the new one", "MIXED", [...moved, sent(OLD, 30), sent(NEW, 20)]],
		[
			"that moved hours ago within the quarter hour that both tokens' minutes were merged into",
			"NEW SEEN",
			[
				sent(OLD, 186, { minute: sent(OLD, 195).minute, span: 15, firstSeen: now - 195 * MIN }),
				sent(NEW, 181, { minute: sent(NEW, 195).minute, span: 15, firstSeen: now - 185 * MIN }),
				...often(NEW, 171, 0),
			],
			{ intervals: { hosts: { "mac-1": 24 * HOUR }, clis: {} } },
		],
		["with both tokens in one request", "MIXED", [sent(OLD, 3), sent(NEW, 3)]],
		["whose last request was with the old token, however long ago", "MIXED", [sent(NEW, 300), sent(OLD, 200)]],
		["only with the old token", "OLD ONLY", [sent(OLD, 500)]],
		["expected, and never seen", "SILENT", []],
		["with a third credential only", "UNATTRIBUTED", [sent(OTHER, 1)]],
	])("%s is %s", (_, verdict, traffic, more = {}) => {
		const { senders } = judge(facts({ traffic, ...more }));
		expect(senders.find(({ cli }) => cli === "codex")).toMatchObject({ host: "mac-1", verdict });
	});

	test("without a host name never clears by time", () => {
		const { senders } = judge(facts({ traffic: moved.map((each) => ({ ...each, host: "" })) }));
		expect(senders.map(({ host, verdict, state }) => [host, verdict, state])).toEqual([
			["", "MIXED", "unknown"],
			["mac-1", "SILENT", "unknown"],
		]);
	});

	test("has a row for each CLI that is expected, but for those that its machine calls absent since the rotation", () => {
		const rows = (at: number) =>
			judge(
				facts({
					traffic: moved,
					expectedClis: ["codex", "gemini", "claude-code"],
					inventory: [machine("mac-1", NEW, { at, clis: { codex: "ok", "claude-code": "absent" } })],
				}),
			).senders.map(({ cli, verdict }) => `${cli} ${verdict}`);
		expect(rows(now - HOUR)).toEqual(["gemini SILENT", "codex MIGRATED"]);
		expect(rows(now - 13 * HOUR)).toEqual(["claude-code SILENT", "gemini SILENT", "codex MIGRATED"]);
	});

	test("is told with its newest version, both tokens' counts, what was lost, and its other names", () => {
		const traffic = [
			sent(OLD, 90, { requests: 3 }),
			sent(NEW, 5, { version: "1.1", requests: 4, refused: 2, host: "MAC-1.local" }),
		];
		expect(judge(facts({ traffic })).senders).toMatchObject([
			{
				version: "1.1",
				oldRequests: 3,
				newRequests: 4,
				refused: 2,
				alsoCalled: ["MAC-1.local"],
				lastOld: now - 90 * MIN,
			},
		]);
	});
});

describe("machines that send past every place", () => {
	const export_ = (more: Facts = {}) =>
		facts({ series: [], expectedHosts: [], inventory: [machine("mac-1", NEW), machine("mac-2", NEW)], ...more });

	test("are proven by an export and nothing else, and the answer says what it cannot see", () => {
		const { fleet } = judge(export_());
		expect(fleet).toMatchObject({
			safeToRetire: "yes",
			reason: expect.stringMatching(
				/^by inventory: 2 reports with the new token; not visible: traffic, running processes that still use the old token, whether old and new are swapped, and whether the provider accepts the new one$/,
			),
		});
	});

	test.each<[string, InventoryRow[], string]>([
		["one on the old token", [machine("mac-2", OLD)], "inventory: blocked"],
		[
			"one that reports nothing",
			[machine("mac-2", undefined, { state: "unreported", clis: {} })],
			"inventory: unknown",
		],
		["one that reported before the rotation", [machine("mac-2", NEW, { at: now - 13 * HOUR })], "inventory: unknown"],
		["one whose report is of tomorrow", [machine("mac-2", NEW, { at: now + 24 * HOUR })], "inventory: unknown"],
		[
			"one whose report, in no zone, can be from before the rotation",
			[machine("mac-2", NEW, { at: now - 13 * HOUR, unsureMs: 26 * HOUR })],
			"inventory: unknown",
		],
		["a CLI of which its report says nothing", [machine("mac-2", NEW, { clis: {} })], "inventory: unknown"],
		[
			"one whose report left out an account",
			[machine("mac-2", NEW, { leavesOpen: "left out 1" })],
			"inventory: unknown",
		],
		[
			"a CLI that still holds the earlier token",
			[machine("mac-2", NEW, { clis: { codex: "stale" } })],
			"inventory: unknown",
		],
	])("are none with %s", (_, rows, point) => {
		expect(open(export_({ inventory: [machine("mac-1", NEW), ...rows] }))).toContain(point);
	});

	test.each([
		["that surely is the newer one", { at: now - 40 * HOUR, unsureMs: 26 * HOUR }, ["yes"]],
		[
			"in no zone, which can be the newer one",
			{ at: now - 20 * HOUR, unsureMs: 26 * HOUR },
			["moved: blocked", "inventory: blocked", "not yet"],
		],
	])("are shown by the report %s", (_, time, answer) => {
		const inventory = [
			machine("mac-1", NEW),
			machine("mac-2", OLD, time),
			machine("mac-2", NEW, { at: now - 2 * HOUR }),
		];
		expect(open(export_({ inventory }))).toEqual(answer);
	});

	test("without a CLI prove nothing by a report that may be from before the rotation", () => {
		const absent = machine("mac-2", undefined, { state: "absent", clis: { codex: "absent" } });
		const inventory = [machine("mac-1", NEW), absent];
		expect(open(export_({ inventory }))).toEqual(["yes"]);
		expect(open(export_({ inventory, started: undefined }))).toEqual([
			"moved: unknown",
			"inventory: unknown",
			"not known",
		]);
	});

	test("prove nothing by a report from before the new token was spread again, after a way back", () => {
		const inventory = [machine("mac-1", NEW), machine("mac-2", NEW, { at: now - 10 * MIN })];
		expect(open(export_({ inventory }))).toEqual(["yes"]);
		expect(open(export_({ inventory, spreadFrom: now - 30 * MIN }))).toEqual([
			"moved: unknown",
			"inventory: unknown",
			"not known",
		]);
		expect(open(export_({ inventory, spreadFrom: now - 2 * HOUR }))).toEqual(["yes"]);
	});

	test("are shown as their reports and names are, never as moved where these leave it open", () => {
		const said = (at: number): Statement => ({
			kind: "host",
			name: "mac-1",
			says: "moved",
			because: "seen",
			actor: "anna",
			at,
			old: OLD,
		});
		const row = (more: Facts) => {
			const { senders, obligations, fleet } = judge(export_(more));
			const point = obligations.find(({ id, about }) => id === "moved" && about.startsWith("mac-1"));
			const { verdict, state, reason } = senders.find(({ host }) => host === "mac-1") ?? {};
			expect({ state: point?.state ?? "proven" }).toEqual({ state });
			return [verdict, state, reason, fleet.behind];
		};
		const old = "it reports the old token, 1 h ago";
		const onOld = [machine("mac-1", OLD, { clis: { codex: "ok", gemini: "ok" } }), machine("mac-2", NEW)];
		expect(row({ inventory: onOld })).toEqual(["OLD ONLY", "blocked", old, 1]);
		expect(row({ inventory: onOld, expectedClis: ["codex", "gemini"] })[3]).toBe(2);
		expect(row({ inventory: onOld, statements: [said(now - HOUR / 2)] })).toEqual([
			"MIGRATED",
			"proven",
			"moved, says anna: seen",
			0,
		]);
		expect(row({ inventory: onOld, statements: [said(now - 2 * HOUR)] })).toEqual([
			"OLD ONLY",
			"blocked",
			`${old}; a statement says moved, but it reported after that`,
			1,
		]);
		expect(row({ inventory: [machine("mac-1", NEW, { rows: 2 }), machine("mac-2", NEW)] })).toEqual([
			"INCONCLUSIVE",
			"unknown",
			"2 reports of this name differ, and no time or serial number tells them apart",
			0,
		]);
	});

	test("that report the same are one point of those without traffic", () => {
		const inventory = [1, 2, 3].map((index) => machine(`mac-${index}`, OLD));
		const points = judge(export_({ inventory })).obligations.filter(({ id }) => id === "moved");
		expect(points).toMatchObject([{ about: "mac-1, codex, and 2 more", state: "blocked" }]);
	});

	test("beside a gateway need both kinds of proof, each for its own senders", () => {
		const both = { traffic: moved, expectedHosts: ["mac-1", "mac-2"], inventory: [machine("mac-2", NEW)] };
		expect(open(facts(both))).toEqual(["moved: unknown", "not known"]);
		expect(judge(facts({ ...both, directHosts: ["mac-2"] })).fleet).toMatchObject({
			safeToRetire: "yes",
			reason: expect.stringContaining("1 machine by inventory, because it sends directly"),
		});
	});

	// Reports cannot tell swapped tokens from a finished rollout: before anybody moved, all show what is called the new one.
	describe("beside a gateway that no sender uses", () => {
		const canaries = [probed(OLD, 300), probed(NEW, 290)];
		const unheard = facts({ traffic: canaries, inventory: [machine("mac-1", NEW)], directHosts: "all" });
		const confirmed = word(OLD, "known", { kind: "credential" });

		test.each<[string, JudgementInput, string[]]>([
			["nothing but reports and own probes", unheard, ["rotation: unknown", "not known"]],
			[
				"tokens that are swapped, and reports of what is called the new one",
				{ ...unheard, tokens: { old: NEW, new: OLD }, inventory: [machine("mac-1", OLD)] },
				["rotation: unknown", "not known"],
			],
			[
				"a place that is gone",
				{ ...unheard, statements: [word("gw", "gone", { kind: "gateway" })] },
				["rotation: unknown", "not known"],
			],
			[
				"a machine of which only a statement says that it moved",
				{ ...unheard, inventory: [], directHosts: [], statements: [word("mac-1", "moved")] },
				["rotation: unknown", "not known"],
			],
			[
				"a machine that was on the old token, and is gone since",
				{
					...unheard,
					expectedHosts: ["mac-1", "mac-2"],
					traffic: [...canaries, ...often(OLD, 600, 200, { host: "mac-2" })],
					statements: [word("mac-2", "gone")],
				},
				["yes"],
			],
			["the owner's word on the old token", { ...unheard, statements: [confirmed] }, ["yes"]],
			["no gateway", { ...unheard, series: [], traffic: [] }, ["yes"]],
		])("%s", (_, input, points) => {
			expect(open(input)).toEqual(points);
		});

		test("the next step is the statement, and the yes says that nobody was seen", () => {
			const row = judge(unheard).obligations.find(({ id }) => id === "rotation");
			expect(row?.nextStep).toContain(`crossfade attest credential ${OLD} known`);
			expect(judge({ ...unheard, statements: [confirmed] }).fleet.reason).toMatch(
				/^no sender was seen on the new token, and every place was watched until now; 1 machine by inventory, .*, with 1 statement$/,
			);
		});
	});
});

describe("a statement", () => {
	const silent: Facts = { traffic: moved, expectedHosts: ["mac-1", "mac-7"] };
	/** The new token was taken back for a while; mac-1 has moved since. */
	const again: Facts = { spreadFrom: now - 3 * HOUR };

	test("proves what evidence cannot, and the yes says so", () => {
		expect(open(facts(silent))).toEqual(["moved: unknown", "not known"]);
		expect(judge(facts({ ...silent, statements: [word("mac-7", "gone")] })).fleet).toMatchObject({
			safeToRetire: "yes",
			statements: 1,
			reason: expect.stringMatching(/, with 1 statement$/),
		});
	});

	test.each<[string, Facts]>([
		[
			"is revoked by what is heard after it",
			{ ...silent, traffic: [...moved, ...often(OLD, 50, 0, { host: "mac-7" })], statements: [word("mac-7", "gone")] },
		],
		["of another rotation does not count", { ...silent, statements: [word("mac-7", "gone", { old: OTHER })] }],
		["known says nothing about a machine's token", { ...silent, statements: [word("mac-7", "known")] }],
		[
			"that a machine moved is revoked by its own report",
			{ inventory: [machine("mac-1", OLD, { at: now })], statements: [word("mac-1", "moved")] },
		],
		[
			"that a machine moved is revoked by its report without a time",
			{ inventory: [machine("mac-1", OLD, { at: undefined })], statements: [word("mac-1", "moved")] },
		],
		[
			"that a machine moved is revoked by its report of several tokens",
			{
				inventory: [machine("mac-1", undefined, { isMixed: true, state: "drift", at: now })],
				statements: [word("mac-1", "moved")],
			},
		],
		[
			"that a machine is gone is revoked by any report after it",
			{
				...silent,
				inventory: [machine("mac-7", undefined, { state: "error", at: now })],
				statements: [word("mac-7", "gone")],
			},
		],
		[
			"that a gateway counts as expected says nothing about its own token",
			{
				exporters: [{ gateway: "gw", fingerprint: undefined, witness: "", at: now }],
				statements: [word("gw", "known", { kind: "gateway" })],
			},
		],
		[
			"that a gateway moved says nothing about what it counts",
			{ series: [watched("gw"), watched("eu")], statements: [word("eu", "moved", { kind: "gateway" })] },
		],
		[
			"about a credential does not count where that is proven to be the old token",
			{
				traffic: [...moved, sent(OTHER, 50)],
				lookalikes: { [OTHER]: "it is the old token in quotes" },
				statements: [word(OTHER, "known", { kind: "credential" })],
			},
		],
		[
			"that a gateway is gone is revoked when it is read again",
			{
				series: [watched("gw"), watched("eu", { trouble: "401" })],
				statements: [word("eu", "gone", { kind: "gateway" })],
			},
		],
		[
			"that a machine moved does not hold after the new token was taken back and spread again",
			{
				...silent,
				spreadFrom: now - HOUR / 2,
				traffic: [],
				statements: [word("mac-1", "moved"), word("mac-7", "gone")],
			},
		],
		[
			"that a machine moved is not of a token that was issued later",
			{ ...silent, started: now - HOUR / 2, statements: [word("mac-7", "moved")] },
		],
		[
			"that a machine moved is not of another new token",
			{ ...silent, started: undefined, statements: [word("mac-7", "moved", { new: OTHER })] },
		],
		[
			"that a gateway moved does not hold after the new token was spread again",
			{
				...again,
				exporters: [{ gateway: "gw", fingerprint: undefined, witness: "", at: now }],
				statements: [word("gw", "moved", { kind: "gateway", at: now - 4 * HOUR })],
			},
		],
		[
			"that the two tokens are not swapped is of those two",
			{
				traffic: [...often(NEW, 190, 0), probed(OLD, 300)],
				statements: [word(OLD, "known", { kind: "credential", new: OTHER })],
			},
		],
		[
			"that a credential is gone does not hold after the new token was spread again",
			{
				...again,
				traffic: [...moved, sent(OTHER, 300)],
				statements: [word(OTHER, "gone", { kind: "credential", at: now - 4 * HOUR })],
			},
		],
	])("%s", (_, more) => {
		expect(answerOf(judge(facts({ traffic: moved, ...more })).obligations)).not.toBe("yes");
	});

	test("of a token that does not hold any more is told where it would have counted", () => {
		const input = facts({ ...silent, ...again, statements: [word("mac-7", "moved", { at: now - 4 * HOUR })] });
		expect(judge(input).obligations.find(({ about }) => about === "mac-7, codex")?.witness).toContain(
			"; it was said to be moved, but before the new token was spread",
		);
	});

	test.each<[string, Facts]>([
		["that it moved, said since", { statements: [word("mac-7", "moved")] }],
		["that it is gone, said before", { statements: [word("mac-7", "gone", { at: now - 4 * HOUR })] }],
	])("holds after the new token was spread again: %s", (_, more) => {
		expect(open(facts({ ...silent, ...again, ...more }))).toEqual(["yes"]);
	});

	test.each<[string, ObligationId, Facts]>([
		[
			"gateway",
			"watched",
			{
				series: [watched("gw"), watched("eu", { until: now - 2 * HOUR })],
				statements: [word("eu", "gone", { kind: "gateway" })],
			},
		],
		[
			"gateway's exporter",
			"gateways",
			{
				exporters: [{ gateway: "gw", fingerprint: undefined, witness: "", at: now }],
				statements: [word("gw", "moved", { kind: "gateway" })],
			},
		],
		[
			"gateway that moved and counts as expected",
			"seen",
			{
				series: [watched("gw"), watched("eu")],
				exporters: [{ gateway: "eu", fingerprint: undefined, witness: "", at: now }],
				statements: [word("eu", "moved", { kind: "gateway" }), word("eu", "known", { kind: "gateway", at: now })],
			},
		],
		[
			"credential that was the old token with a line break",
			"seen",
			{
				traffic: [...moved, sent(OTHER, 120)],
				lookalikes: { [OTHER]: "it is the old token with a line break" },
				statements: [word(OTHER, "gone", { kind: "credential" })],
			},
		],
		[
			"pair of tokens that are not swapped",
			"rotation",
			{
				traffic: [...often(NEW, 190, 0), probed(OLD, 300)],
				statements: [word(OLD, "known", { kind: "credential" })],
			},
		],
		[
			"credential",
			"seen",
			{ traffic: [...moved, sent(OTHER, 50)], statements: [word(OTHER, "known", { kind: "credential" })] },
		],
		[
			"unlisted machine",
			"inventory",
			{ traffic: [...moved, ...often(NEW, 190, 0, { host: "mac-9" })], statements: [word("mac-9", "known")] },
		],
	])("about a %s proves %s", (_, id, more) => {
		const { obligations, fleet } = judge(facts({ traffic: moved, ...more }));
		expect(fleet.safeToRetire).toBe("yes");
		expect(obligations.filter(({ byStatement }) => byStatement).map((each) => each.id)).toContain(id);
	});
});

describe("a pod that the API server says is gone", () => {
	const pod = (host: string, more: Partial<KnownPod> = {}): KnownPod => ({
		host,
		workload: "Deployment prod/web",
		family: 1,
		created: now - 11 * HOUR,
		endedBy: now - HOUR,
		...more,
	});
	const lives = { endedBy: undefined };
	const [first, second] = [{ host: "web-1" }, { host: "web-2" }];
	const oldOnly = often(OLD, 600, 400, first);
	/** What is open of a fleet with such pods besides a machine that has moved. */
	const openOf = (traffic: TrafficCounter[], pods: KnownPod[], more: Facts = {}) =>
		open(facts({ traffic: [...moved, ...traffic], pods, expectedClis: [], ...more }));

	test.each<[string, TrafficCounter[], KnownPod[], Facts?]>([
		[
			"if another pod of its workload sent with the new token since",
			[...oldOnly, ...often(NEW, 390, 0, second)],
			[pod("web-1"), pod("web-2", lives)],
		],
		["if that one has ended, too", [...oldOnly, ...often(NEW, 390, 380, second)], [pod("web-1"), pod("web-2")]],
		["if it was on the new token at last itself", [...oldOnly, ...often(NEW, 390, 380, first)], [pod("web-1")]],
		["if it only ever sent with the new token, for minutes", often(NEW, 90, 80, first), [pod("web-1")]],
		[
			"if it is expected and was never heard",
			often(NEW, 390, 0, second),
			[pod("web-1"), pod("web-2", lives)],
			{ expectedHosts: ["mac-1", "web-1"] },
		],
		[
			"whatever it lost at its end",
			[...oldOnly, ...often(NEW, 390, 380, { ...first, ...refused }), ...often(NEW, 370, 0, second)],
			[pod("web-1"), pod("web-2", lives)],
		],
	])("needs no statement %s", (_, traffic, pods, more) => {
		expect(openOf(traffic, pods, more)).toEqual(["yes"]);
	});

	test.each<[string, TrafficCounter[], KnownPod[], string[], Facts?]>([
		["its workload has no other pod", oldOnly, [pod("web-1")], ["moved: blocked", "not yet"]],
		[
			"the others were not heard",
			oldOnly,
			[pod("web-1"), pod("web-2", lives)],
			["moved: blocked", "moved: unknown", "not yet"],
		],
		[
			"another pod of it lives, and was not heard",
			[...oldOnly, ...often(NEW, 390, 0, second)],
			[pod("web-1"), pod("web-2", lives), pod("web-3", lives)],
			["moved: unknown", "not known"],
		],
		[
			"the other one used the old token after it",
			[...oldOnly, ...often(OLD, 390, 300, second), ...often(NEW, 290, 0, second)],
			[pod("web-1"), pod("web-2", lives)],
			["moved: blocked", "not yet"],
		],
		[
			"what the other one sends is refused",
			[...oldOnly, ...often(NEW, 390, 0, { ...second, ...refused })],
			[pod("web-1"), pod("web-2")],
			["moved: blocked", "accepted: blocked", "not yet"],
		],
		[
			"the other one is another program",
			[...oldOnly, ...often(NEW, 390, 0, { ...second, cli: "sidecar" })],
			[pod("web-1"), pod("web-2", lives)],
			["moved: blocked", "not yet"],
		],
		[
			"the other one is of another workload",
			[...oldOnly, ...often(NEW, 390, 0, second)],
			[pod("web-1"), pod("web-2", { ...lives, family: 2 })],
			["moved: blocked", "not yet"],
		],
		[
			"it was heard after the list was made",
			[...oldOnly, sent(OLD, 30, first), ...often(NEW, 390, 0, second)],
			[pod("web-1"), pod("web-2", lives)],
			["moved: blocked", "not yet"],
		],
		[
			"a pod of its name lives elsewhere",
			[...oldOnly, ...often(NEW, 390, 0, second)],
			[pod("web-1"), pod("web-1", { ...lives, family: 2 }), pod("web-2", lives)],
			["moved: blocked", "not yet"],
		],
		[
			"it sent with another credential",
			[...often(OTHER, 600, 590, first), ...often(NEW, 390, 0, second)],
			[pod("web-1"), pod("web-2", lives)],
			["seen: unknown", "not known"],
		],
		[
			"the new token was taken back after all of its pods",
			[...oldOnly, ...often(NEW, 390, 200, second)],
			[pod("web-1"), pod("web-2")],
			["moved: blocked", "moved: unknown", "not yet"],
			{ spreadFrom: now - 3 * HOUR },
		],
		[
			"it is on no list of pods",
			[...oldOnly, ...often(NEW, 390, 0, second)],
			[pod("web-2", lives)],
			["moved: blocked", "inventory: unknown", "not yet"],
		],
	])("is open where %s", (_, traffic, pods, points, more) => {
		expect(openOf(traffic, pods, more)).toEqual(points);
	});

	test("is told as one that ended, by name in the list of senders, and as a number in the answer", () => {
		const traffic = [...moved, ...oldOnly, ...often(NEW, 390, 0, second)];
		const { fleet, senders, obligations } = judge(
			facts({ traffic, pods: [pod("web-1"), pod("web-2", lives)], expectedClis: [] }),
		);
		expect(fleet).toMatchObject({ reason: expect.stringContaining("; 1 sender ended"), statements: 0 });
		expect(senders.find(({ host }) => host === "web-1")?.reason).toBe(
			"it ended, and Deployment prod/web, which started it, has sent since with the new token",
		);
		expect(obligations.filter(({ id }) => id === "moved").map(({ about, witness }) => `${about}: ${witness}`)).toEqual([
			"2 senders: on the new token only, for longer than their longest pause",
			"1 sender: ended pods, whose workloads have sent with the new token since",
		]);
	});

	test("says what to wait for as long as nothing of its workload has moved", () => {
		const { obligations } = judge(facts({ traffic: [...moved, ...oldOnly], pods: [pod("web-1")], expectedClis: [] }));
		expect(obligations.find(({ id, about }) => id === "moved" && about.startsWith("web-1"))).toMatchObject({
			witness: expect.stringContaining("it ended, but no pod of Deployment prod/web was seen with the new token since"),
			nextStep: expect.stringMatching(/^wait until another pod of it sends, .* attest host "web-1" gone/),
		});
	});
});

describe("a gateway's own token, by a probe through it that is counted behind it (6)", () => {
	const unknown = [{ gateway: "gw", fingerprint: undefined, witness: "", at: now }];
	const arrived = (sentWith: string, as: string, minutesAgo = 3, place = "tap") =>
		sent(as, minutesAgo, { host: `gateway gw with ${sentWith}`, cli: "crossfade-probe", place });
	const gateways = (...rows: TrafficCounter[]) =>
		judge(facts({ exporters: unknown, traffic: [...moved, ...rows] }))
			.obligations.filter(({ id }) => id === "gateways")
			.map(({ state, witness }) => `${state}: ${witness}`);

	test.each<[string, TrafficCounter[], string[]]>([
		[
			"is the token that replaced the probe's",
			[arrived(OLD, NEW)],
			["proven: a probe through it was counted by tap with bbbb"],
		],
		[
			"is the old one if that replaced it",
			[arrived(NEW, OLD)],
			["blocked: a probe through it was counted by tap with aaaa"],
		],
		["is what the newest probe shows", [arrived(NEW, OLD, 60), arrived(OLD, NEW)], ["proven:"]],
		[
			"is each one's, with several gateways in a row",
			[arrived(OTHER, OLD), arrived(OTHER, NEW)],
			["blocked:", "proven:"],
		],
		["stays unknown if the record arrived with its own token", [arrived(NEW, NEW), arrived(OLD, OLD)], ["unknown:"]],
		[
			"stays unknown by probes through another",
			[sent(NEW, 3, { host: `gateway eu with ${OLD}`, cli: "crossfade-probe" })],
			["unknown:"],
		],
		["stays unknown by a sender of that name", [sent(NEW, 3, { host: `gateway gw with ${OLD}` })], ["unknown:"]],
	])("%s", (_, rows, expected) => {
		expect(gateways(...rows)).toEqual(expected.map((text) => expect.stringMatching(`^${text}`)));
	});
});

describe("a sender with nothing but a credential of its own", () => {
	const import9 = { host: "mac-1", cli: "nightly-import" };
	const traffic = [...moved, sent(OTHER, 50, import9), sent("none", 40, import9)];
	const about = (name: string, more: Partial<Statement> = {}) => word(name, "known", { kind: "credential", ...more });

	test("is proven once every one of them is explained, and not before", () => {
		expect(open(facts({ traffic, statements: [about(OTHER)] }))).toContain("moved: unknown");
		expect(open(facts({ traffic, statements: [about(OTHER), about("none")] }))).toEqual(["yes"]);
		const gone = about(OTHER, { says: "gone" });
		expect(open(facts({ traffic, statements: [gone, about("none")] }))).toContain("moved: unknown");
	});

	test("is not explained where there were too many to tell apart", () => {
		const flood = [...moved, sent("others", 50, import9)];
		expect(open(facts({ traffic: flood, statements: [about("others")] }))).toContain("moved: unknown");
	});
});

describe("the end of the old token", () => {
	const past = {
		deadline: now - HOUR,
		traffic: [...moved, ...often(OLD, 600, 90, { host: "mac-2" })],
		expectedHosts: ["mac-1", "mac-2"],
	};

	test("that a probe shows after the deadline is the end of the question, and who was still on it is said", () => {
		expect(judge(facts({ ...past, probes: [probe({ outcome: "rejected", at: now - 30 * MIN })] })).fleet).toMatchObject(
			{
				safeToRetire: "over",
				reason: "the old token expired 1 h ago: 1 sender still on it (mac-2 codex)",
			},
		);
	});

	test("is not there as long as nothing shows it, or it was taken since", () => {
		expect(judge(facts(past)).fleet.safeToRetire).toBe("not yet");
		const probes = [probe({ outcome: "rejected", at: now - 30 * MIN }), probe({ at: now - 20 * MIN })];
		expect(judge(facts({ ...past, probes })).fleet.safeToRetire).toBe("not yet");
	});

	test("is not there as long as another place, path or signal takes it, or somebody's data with it was accepted since", () => {
		const refused = probe({ outcome: "rejected", at: now - 10 * MIN });
		const answer = (probes: readonly ProbeEvidence[], traffic = past.traffic) =>
			judge(facts({ ...past, traffic, probes })).fleet.safeToRetire;
		for (const other of [{ place: "https://eu.example" }, { path: "url" }, { signal: "metrics" }] as const) {
			const taken = probe({ at: now - 20 * MIN, ...other });
			expect(answer([refused, taken])).toBe("not yet");
			expect(answer([refused, taken, probe({ outcome: "rejected", at: now - 15 * MIN, ...other })])).toBe("over");
		}
		expect(answer([refused], [...past.traffic, sent(OLD, 30, { host: "mac-2" })])).toBe("not yet");
		expect(answer([refused, probe({ at: now - 20 * MIN, place: "gw", confirmed: true })])).toBe("over");
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
		[{ outcome: "accepted", at: deadline + 1000, clockOffsetMs: -1_001 }, "ACCEPTED"],
		[{ outcome: "accepted", at: deadline + 1000, clockOffsetMs: -999 }, "OLD STILL ALIVE"],
		[{ outcome: "accepted", at: deadline - 3_600_000, clockOffsetMs: 3_600_000 }, "OLD STILL ALIVE"],
		[{ outcome: "rejected", at: deadline - 3_600_000, clockOffsetMs: 3_600_000 }, "REJECTED"],
		[{ outcome: "rejected", at: deadline + 1000, clockOffsetMs: -3_600_000 }, "OLD ALREADY DEAD"],
		[{ outcome: "rejected", fingerprint: OTHER }, "REJECTED"],
		[{ outcome: "partial" }, "PARTIAL"],
		[{ outcome: "retry-later" }, "RATE LIMITED"],
		[{ outcome: "unreachable" }, "UNREACHABLE"],
		[{ outcome: "inconclusive" }, "INCONCLUSIVE"],
	];
	test.each(cases)("%j is %s", (more, verdict) => {
		expect(probeVerdict(probe(more), { tokens: { old: OLD, new: NEW }, deadline })).toBe(verdict);
	});

	test("without a deadline nothing is said to be before it, and an accepted old token is no alarm", () => {
		const unknown = { tokens: { old: OLD, new: NEW }, deadline: undefined };
		expect(probeVerdict(probe({ outcome: "rejected" }), unknown)).toBe("REJECTED");
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
