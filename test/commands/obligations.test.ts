import { appendFileSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type ObligationId, obligationIds } from "../../src/prove/judge/case.ts";
import { probeHost } from "../../src/prove/judge/own-probes.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { probed, sent } from "../harness/evidence.ts";
import { attributed, metricsPage } from "../harness/pages.ts";
import { httpText, rawServer } from "../harness/raw-server.ts";
import { at, moved, NEW, OLD, points, type RotationWorld, report } from "../harness/verdict.ts";

/**
 * What must be proven before the old token may be retired, point by point, by what the built program says of made-up evidence; through real
 * programs in test/real/obligations.test.ts. Each row is a world that lacks one thing, and the point that has to say so.
 */

const HOUR_MS = 3_600_000;
const STRANGER = canary().fingerprint;
const oldToken = canary();

/** What the point says, and the answer's exit code. */
type Says = readonly [code: 0 | 3 | 5 | 9, state: "proven" | "blocked" | "unknown", witness: RegExp];
type Row = readonly [what: string, world: RotationWorld | (() => Promise<RotationWorld>), ...Says];

/** A page of a gateway. */
const page = (text: string) => async (): Promise<RotationWorld> => ({
	traffic: moved,
	args: ["--gateway", `eu=${(await metricsPage(text)).url}`],
});

/** The export has one machine more than the list, or says something else of the one. */
const reported = (inventory: string, more: RotationWorld = {}): RotationWorld => ({
	traffic: moved,
	inventory,
	...more,
});
const line = (result: string, token: string, clis = "codex:ok") =>
	`crossfade ${result} fp=${token} cfg=1 cli=${clis} users=1,mac-1\n`;
const dated = (rows: string) => ({ columns: "Report,Computer Name,Last Inventory Update\n", inventory: rows });
const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();
const started = (hours: number) =>
	`hosts: { expected: [mac-1] }\nevery: 1h\noverlap: { started: "${ago(hours)}", lasts: 24h }\n`;

const evidenceFile = (cwd: string) => {
	const folder = join(cwd, "crossfade-evidence");
	const [name = ""] = readdirSync(folder).filter((each) => each.startsWith("traffic-"));
	return join(folder, name);
};

const rows: Readonly<Record<ObligationId, readonly Row[]>> = {
	watched: [
		["watched until now", { traffic: moved }, 0, "proven", /without a gap .* until now/],
		[
			"ended four hours ago",
			{ traffic: moved, evidence: { until: Date.now() - 4 * HOUR_MS } },
			9,
			"unknown",
			/it was last watched 4 h/,
		],
		[
			"was never readable",
			{ traffic: moved, args: ["--gateway", "eu=http://127.0.0.1:1/metrics"] },
			9,
			"unknown",
			/it could never be read/,
		],
		["a login page", page("<!doctype html><title>Sign in</title>"), 9, "unknown", /it could never be read/],
		[
			"another program's metrics",
			page("node_cpu_seconds_total 5\nnode_load1 0.2\n"),
			9,
			"unknown",
			/could never be read|does not count by token/,
		],
		[
			"a page that wants credentials",
			async () => {
				const { url } = await rawServer((socket) => socket.end(httpText("401 Unauthorized")));
				return { traffic: moved, args: ["--gateway", `eu=${url}/metrics`] };
			},
			9,
			"unknown",
			/could never be read: .*credentials/,
		],
		["an empty page", page(""), 9, "unknown", /it does not count by token/],
		[
			"a collector that does not count by token",
			page('otelcol_exporter_sent_log_records_total{exporter="otlp"} 5\n'),
			9,
			"unknown",
			/it does not count by token/,
		],
	],
	complete: [
		["all of it was counted", { traffic: moved }, 0, "proven", /everything it received was counted by token/],
		[
			"a signal that is not counted",
			page(`${attributed(OLD, 5)}otelcol_receiver_accepted_spans_total{receiver="otlp"} 4\n`),
			9,
			"unknown",
			/4 of 4 records of traces were not counted/,
		],
		[
			"metrics pass while logs are counted",
			page(`${attributed(OLD, 5)}otelcol_receiver_accepted_metric_points_total{receiver="otlp"} 7\n`),
			9,
			"unknown",
			/7 of 7 .*metrics were not counted/,
		],
		[
			"a receiver beside the one that counts",
			page(`${attributed(OLD, 5)}otelcol_receiver_accepted_log_records_total{receiver="otlp/2"} 3\n`),
			9,
			"unknown",
			/3 of 8 records of logs were not counted/,
		],
	],
	seen: [
		["the old token was counted", { traffic: moved }, 0, "proven", /the old token was counted here/],
		[
			"it never was",
			{ traffic: at(NEW, [160, 120, 80, 40, 2]) },
			9,
			"unknown",
			/never counted here, .* not swapped, .*\(echo\)/,
		],
		[
			"a marked test record with it was",
			{
				traffic: [
					...at(NEW, [160, 120, 80, 40, 2]),
					...at(OLD, [190], { host: probeHost(OLD), cli: "crossfade-probe" }),
				],
			},
			9,
			"proven",
			/the old token was counted here/,
		],
		[
			"a second place where it never was",
			{
				traffic: [...moved, ...at(NEW, [30], { place: "gw-2" })],
				args: ["--gateway", "gw-2=http://127.0.0.1:1/metrics"],
			},
			9,
			"proven",
			/the old token was counted here/,
		],
		[
			"a stranger's credential in the row of a sender that moved",
			{ traffic: [...moved, ...at(STRANGER, [30])] },
			9,
			"unknown",
			/neither token, and could be the old one in another form/,
		],
		[
			"the old token with a line break",
			{
				tokens: `{ old: "file:old.token", new: "fp:${NEW}" }`,
				files: { "old.token": oldToken.token },
				traffic: [
					...at(oldToken.fingerprint, [190]),
					...at(NEW, [160, 120, 80, 40, 2]),
					...at(fingerprint(`${oldToken.token}\n`), [30]),
				],
			},
			5,
			"blocked",
			/old token.*line break/,
		],
	],
	moved: [
		["longer than its longest pause", { traffic: moved }, 0, "proven", /for longer than their longest pause/],
		[
			"not long enough",
			{ traffic: [...at(OLD, [100]), ...at(NEW, [60, 20])] },
			9,
			"unknown",
			/on the new token only for/,
		],
		[
			"a laptop that slept through the hours between",
			{ traffic: [...at(OLD, [600]), ...at(NEW, [590, 5])] },
			9,
			"unknown",
			/on the new token only for 10 min/,
		],
		["the old token after the new one", { traffic: [...moved, ...at(OLD, [30])] }, 5, "blocked", /old token/],
		["never the new token", { traffic: at(OLD, [190, 3]) }, 5, "blocked", /never sent with the new token/],
		[
			"fewer signs than its declared interval needs",
			{ traffic: moved, fleet: "hosts: { expected: [mac-1], intervals: { mac-1: 7d } }\nevery: 1h\n" },
			9,
			"unknown",
			/it sends at least every 168 h/,
		],
		[
			"records without a host's name",
			{ traffic: [...moved, ...at(OLD, [190], { host: "" }), ...at(NEW, [160, 120, 80, 40, 2], { host: "" })] },
			9,
			"unknown",
			/several machines|no host/,
		],
		[
			"a machine that is silent",
			{ traffic: moved, fleet: "hosts: { expected: [mac-1, mac-7] }\nevery: 1h\n" },
			9,
			"unknown",
			/no data was seen/,
		],
	],
	accepted: [
		["answers that took the records", { traffic: moved }, 0, "proven", /records of 1 sender were accepted/],
		[
			"a probe of the new token was rejected",
			{ traffic: moved, evidence: { probes: [probed(NEW, { outcome: "rejected" })] } },
			3,
			"blocked",
			/the new token is rejected/,
		],
		[
			"some of it is refused",
			{ traffic: [...moved, ...at(NEW, [1], { lastStatus: 401, refused: 1, lastAccepted: 0 })] },
			5,
			"blocked",
			/is refused: 1 request lost/,
		],
	],
	gateways: [
		[
			"its metrics show the new token",
			page(`${attributed(OLD, 5)}crossfade_exporter_token_info{fingerprint="${NEW}"} 1\n`),
			9,
			"proven",
			/its metrics show/,
		],
		[
			"its metrics show the old token",
			page(`${attributed(OLD, 5)}crossfade_exporter_token_info{fingerprint="${OLD}"} 1\n`),
			5,
			"blocked",
			/its metrics show that it forwards with/,
		],
		["nothing shows it", page(attributed(OLD, 5)), 9, "unknown", /the token of its exporter is unknown/],
		[
			"a probe through it was counted behind it",
			async () => {
				const arrived = at(NEW, [3], { host: `gateway eu with ${OLD}`, cli: "crossfade-probe" });
				return { ...(await page(attributed(OLD, 5))()), traffic: [...moved, ...arrived] };
			},
			9,
			"proven",
			/a probe through it was counted by gw with/,
		],
	],
	inventory: [
		["it agrees", reported(report("mac-1", NEW)), 0, "proven", /every report agrees/],
		["the old token", reported(report("mac-1", OLD)), 5, "blocked", /it reports the old token/],
		["several tokens", reported(line("drift", "mixed")), 9, "unknown", /it reports several tokens/],
		["drift", reported(line("drift", NEW, "codex:drift")), 9, "unknown", /it reports drift/],
		["an error", reported(line("error", NEW)), 9, "unknown", /it reports error/],
		["refused", reported(line("refused", NEW)), 9, "unknown", /it reports refused/],
		["a process that holds the old token", reported(line("ok", NEW, "codex:stale")), 9, "unknown", /codex:stale/],
		["another token", reported(report("mac-1", STRANGER)), 9, "unknown", /which is neither token/],
		[
			"a report from before the rotation",
			{ traffic: moved, fleet: started(4), ...dated(`${line("ok", NEW).trim()},${ago(9)}\n`) },
			9,
			"unknown",
			/it last reported 5 h before the rotation/,
		],
		[
			"of two reports the newer counts, in whatever order",
			{
				traffic: moved,
				fleet: started(4),
				...dated(`${line("ok", OLD).trim()},${ago(1)}\n${line("ok", NEW).trim()},${ago(2)}\n`),
			},
			5,
			"blocked",
			/it reports the old token/,
		],
		[
			"a machine that only the export knows",
			reported(report("mac-1", NEW) + report("mac-2", NEW)),
			9,
			"proven",
			/every report agrees/,
		],
		[
			"a machine that only the traffic knows",
			{
				traffic: [...moved, ...at(OLD, [190], { host: "mac-9" }), ...at(NEW, [160, 120, 80, 40, 2], { host: "mac-9" })],
			},
			9,
			"unknown",
			/it is on no list/,
		],
	],
	lists: [
		["every record was read", { traffic: moved }, 0, "proven", /every record was read/],
		["none", { traffic: moved, fleet: "every: 1h\n" }, 9, "unknown", /there is no list of expected machines/],
		["a blank cell", reported(`${report("mac-1", NEW)}${report("", NEW)}`), 9, "unknown", /no host name/],
		[
			"a name that is too long",
			reported(`${report("mac-1", NEW)}${report("x".repeat(254), NEW)}`),
			9,
			"unknown",
			/longer than 253|too long/,
		],
		["a header alone", reported(""), 9, "unknown", /no records/],
		["a half-filled column", reported(`${report("mac-1", NEW)},mac-2\n`), 9, "proven", /every record was read/],
		[
			"line ends of CR",
			reported(`${report("mac-1", NEW)}`.replaceAll("\n", "\r"), { columns: "Report,Computer Name\r" }),
			0,
			"proven",
			/every record/,
		],
	],
	identity: [
		["one machine a name", { traffic: moved }, 0, "proven", /each name stands for one machine/],
		[
			"two reports of one name that differ",
			reported(report("mac-1", NEW) + report("mac-1", OLD)),
			5,
			"unknown",
			/reports of this name differ/,
		],
		[
			"two serial numbers",
			reported(
				`crossfade ok fp=${NEW} cfg=1 cli=codex:ok users=1,mac-1,C02A\ncrossfade ok fp=${NEW} cfg=1 cli=codex:ok users=1,mac-1,C02B\n`,
				{
					columns: "Report,Computer Name,Serial Number\n",
				},
			),
			9,
			"unknown",
			/2 machines have this name: C02A, C02B/,
		],
		[
			"the domain, the case, the dot at the end and .local are of the same machine",
			{
				traffic: [
					...at(OLD, [190], { host: "MAC-1.local" }),
					...at(NEW, [160, 120, 80, 40, 2], { host: "mac-1.example.com." }),
				],
			},
			0,
			"proven",
			/each name stands for one machine/,
		],
	],
	whole: [
		["every file", { traffic: moved }, 0, "proven", /every file was read completely/],
		[
			"a limit was reached",
			{ traffic: moved, evidence: { limits: ["too many senders"] } },
			9,
			"unknown",
			/too many senders/,
		],
		[
			"a file that is cut off",
			{
				traffic: moved,
				before: (cwd) => truncateSync(evidenceFile(cwd), readFileSync(evidenceFile(cwd)).length - 20),
			},
			9,
			"unknown",
			/its end is missing/,
		],
		[
			"a file with something else in it",
			{ traffic: moved, before: (cwd) => appendFileSync(evidenceFile(cwd), "no JSON\n") },
			9,
			"unknown",
			/its end is missing/,
		],
		[
			"a counter that dropped series",
			page(`${attributed(OLD, 5)}otelcol_deltatocumulative_datapoints_total{error="limit"} 4\n`),
			9,
			"unknown",
			/its accumulator was full/,
		],
	],
	rotation: [
		["both tokens", { traffic: moved }, 0, "proven", /both tokens are given/],
		["one alone", { traffic: moved, tokens: `{ new: "fp:${NEW}" }` }, 9, "unknown", /the old token is not given/],
		[
			"swapped, before anybody moved",
			{ traffic: at(NEW, [160, 120, 80, 40, 2]) },
			9,
			"unknown",
			/no sender was ever seen with the old token/,
		],
		["of another rotation", { traffic: moved, fleet: started(1) }, 9, "unknown", /in use .* before the rotation/],
	],
	clocks: [
		["they agree", { traffic: moved }, 0, "proven", /they differ by at most/],
		[
			"a tap three hours ahead",
			{ traffic: [...moved, sent(NEW, -180, { place: "gw" })] },
			9,
			"unknown",
			/its clock is (3 h|1(79|80) min) ahead/,
		],
		[
			"a report from the future",
			{ traffic: moved, ...dated(`${line("ok", NEW).trim()},${ago(-3)}\n`) },
			9,
			"unknown",
			/ahead of ours/,
		],
	],
};

describe.each(obligationIds.map((id, index) => [index + 1, id] as const))("%i. %s:", (_, id) => {
	test.each(rows[id].map((row) => [row[0], row] as const))("%s", async (_what, [, world, code, state, witness]) => {
		const said = await points(typeof world === "function" ? await world() : world);
		const own = said.points.filter((point) => point.id === id);
		expect(own).toContainEqual(expect.objectContaining({ state, witness: expect.stringMatching(witness) }));
		expect({ code: said.code, isYes: said.answer === "yes" }).toEqual({ code, isYes: code === 0 });
		const open = said.points.filter((point) => point.state !== "proven");
		expect(open.length === 0).toBe(code === 0);
		expect(open.filter(({ nextStep }) => nextStep === "")).toEqual([]);
	});
});
