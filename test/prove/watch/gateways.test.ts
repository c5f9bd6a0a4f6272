import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { openStore } from "../../../src/prove/evidence/store.ts";
import type { OverlapView } from "../../../src/prove/overlap/view.ts";
import { newTapMetrics } from "../../../src/prove/tap/metrics.ts";
import { observe } from "../../../src/prove/watch/observe.ts";
import { canary } from "../../harness/canary.ts";
import { CLI, scratch, startCrossfade } from "../../harness/cli.ts";
import { crossfade } from "../../harness/command.ts";
import { quietEffects } from "../../harness/effects.ts";
import { attributed, metricsPage, movableClock, watchedFleet } from "../../harness/pages.ts";
import { flood, httpText, rawServer } from "../../harness/raw-server.ts";
import { waitFor } from "../../harness/wait.ts";

const [OLD, NEW, OTHER] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"];

/** The same process since long ago: what it counts has no gap, however seldom somebody looks. */
const ALIVE = "process_start_time_seconds 1\n";

/** A gateway that is looked at while its page changes and time passes. */
async function gateway(pages: readonly string[] = [""]) {
	const [clock, folder] = [movableClock(), scratch()];
	const served = await Promise.all(pages.map((text) => metricsPage(text)));
	const fleet = watchedFleet(folder, OLD, NEW, {
		gateways: [{ name: "gw", metrics: served.map(({ url }) => url) }],
		intervals: { fleet: 3_600_000, hosts: {}, clis: {} },
	});
	let observer = await observe(clock.fx, fleet);
	onTestFinished(() => observer.close());
	return {
		...clock,
		folder,
		pages: served,
		look: () => observer.look(),
		/** The page is set, time passes, and somebody looks. */
		async later(minutes: number, ...texts: string[]) {
			for (const [index, text] of texts.entries()) Object.assign(served[index] ?? {}, { text });
			clock.pass(minutes);
			return observer.look();
		},
		async restart() {
			await observer.close();
			observer = await observe(clock.fx, fleet);
		},
	};
}

/** What is open, as people read it; of one point, if it is named. */
function openPoints({ judgement }: OverlapView, of?: string): string[] {
	return judgement.obligations
		.filter(({ id, state }) => state !== "proven" && (of === undefined || id === of))
		.map(({ about, witness }) => `${about}: ${witness}`);
}

describe("verdicts from a collector's attribution:", () => {
	test.each<[string, [minutes: number, page: string][], string, RegExp]>([
		[
			"new seen, the old one silent for an hour",
			[
				[1, attributed(OLD, 5)],
				[1, attributed(OLD, 6)],
				[1, attributed(OLD, 6) + attributed(NEW, 1)],
				[70, attributed(OLD, 6) + attributed(NEW, 9)],
				[70, attributed(OLD, 6) + attributed(NEW, 10)],
			],
			"MIGRATED",
			/on the new token only for 2 h/,
		],
		[
			"new seen, the watch too young",
			[
				[1, attributed(OLD, 5)],
				[9, attributed(OLD, 5) + attributed(NEW, 1)],
			],
			"NEW SEEN",
			/seen on the new token only for/,
		],
		[
			"both in one look",
			[
				[1, ""],
				[1, attributed(OLD, 5) + attributed(NEW, 1)],
			],
			"MIXED",
			/both tokens/,
		],
		[
			"the old one last",
			[
				[1, attributed(NEW, 1)],
				[1, attributed(NEW, 2)],
				[9, attributed(OLD, 1) + attributed(NEW, 2)],
			],
			"MIXED",
			/last request was with the old/,
		],
		[
			"the old one alone",
			[
				[1, attributed(OLD, 5)],
				[1, attributed(OLD, 6)],
			],
			"OLD ONLY",
			/never sent with the new/,
		],
		[
			"neither",
			[
				[1, attributed(OTHER, 5)],
				[1, attributed(OTHER, 6)],
			],
			"UNATTRIBUTED",
			/neither token/,
		],
		[
			"nothing since the first look",
			[
				[1, attributed(OLD, 5)],
				[90, attributed(OLD, 5)],
			],
			"SILENT",
			/no data was seen/,
		],
	])("%s", async (_, steps, verdict, reason) => {
		const { later } = await gateway();
		let view = await later(0, (steps[0]?.[1] ?? "") + ALIVE);
		for (const [minutes, page] of steps) view = await later(minutes, page + ALIVE);
		const row = view.judgement.senders.find(({ host }) => host === "mac-1");
		expect(row).toMatchObject({ verdict, reason: expect.stringMatching(reason) });
		if (verdict !== "SILENT") expect(row).toMatchObject({ cli: "codex", version: "1.0" });
	});
});

describe("the fleet's answer", () => {
	test("is yes once all moved, with records where requests are not told", async () => {
		const { later, folder } = await gateway();
		const said = { name: "gw", says: "moved", because: "its file was replaced", actor: "anna", old: OLD } as const;
		await (await openStore(quietEffects(), folder)).addStatement({ ...said, kind: "gateway", at: 1 });
		await later(0, attributed(OLD, 5));
		await later(1, attributed(OLD, 9));
		await later(20, attributed(OLD, 9) + attributed(NEW, 1) + ALIVE);
		await later(70, attributed(OLD, 9) + attributed(NEW, 6) + ALIVE);
		const { judgement } = await later(70, attributed(OLD, 9) + attributed(NEW, 7) + ALIVE);
		expect(judgement.fleet).toMatchObject({ safeToRetire: "yes", behind: 0, silent: 0, statements: 1 });
		expect(judgement).toMatchObject({ rateUnit: "records", oldRate: expect.arrayContaining([4]) });
		expect(judgement.tokens).toMatchObject([
			{ role: "old", requests: 0, records: 4, lastStatus: undefined, recentShare: 0 },
			{ role: "new", requests: 0, records: 7, recentShare: 1 },
		]);
	});

	test("says that component counters do not tell hosts", async () => {
		const page = (old: number, fresh: number) =>
			[OLD, NEW]
				.map(
					(id, index) =>
						`otelcol_receiver_accepted_log_records{receiver="otlp/crossfade-fp-${id}"} ${[old, fresh][index]}\n`,
				)
				.join("");
		const { later } = await gateway();
		await later(0, page(5, 0));
		await later(10, page(6, 1));
		const { judgement } = await later(80, page(6, 9));
		expect(judgement.fleet).toMatchObject({ safeToRetire: "not known" });
		expect(judgement.senders).toMatchObject([
			{ host: "", verdict: "MIXED", reason: expect.stringContaining("without a host name") },
			{ host: "mac-1", verdict: "SILENT" },
		]);
		expect(judgement.tokens).toMatchObject([{ records: 1 }, { records: 9 }]);
	});

	test("is no evidence where nothing tells tokens apart", async () => {
		const { later } = await gateway();
		const view = await later(1, 'otelcol_receiver_accepted_log_records{receiver="otlp"} 7\n');
		expect(view.judgement.fleet.safeToRetire).toBe("not known");
		expect(openPoints(view)).toContainEqual(expect.stringContaining("gw (http"));
		expect(openPoints(view).join()).toContain("it does not count by token");
	});

	test("does not become yes while the gateway cannot be read: silence then proves nothing", async () => {
		const { later, pages } = await gateway();
		await later(0, attributed(OLD, 5));
		await later(30, attributed(OLD, 5) + attributed(NEW, 5));
		const [page] = pages;
		const view = await later(90, "<html>sign in</html>");
		expect(view.gateways).toMatchObject([{ state: "down", detail: expect.stringContaining("an HTML page") }]);
		expect(view.judgement.fleet.safeToRetire).toBe("not known");
		expect(openPoints(view, "watched")).toHaveLength(1);
		expect(view.judgement.senders[0]?.verdict).toBe("NEW SEEN");
		Object.assign(page ?? {}, { text: `${attributed(OLD, 5)}${attributed(NEW, 9)}${ALIVE}` });
		expect(openPoints(await later(1), "watched")).toEqual([]);
	});
});

describe("what another program reads into the same folder", () => {
	const tokens = ["--token", `old=fp:${OLD}`, "--token", `new=fp:${NEW}`];
	const gatewayFacts = (view: OverlapView) =>
		view.judgement.obligations
			.filter(({ id }) => id === "gateways" || id === "complete" || id === "whole")
			.map(({ id, about, state, witness }) => `${id} ${about} ${state}: ${witness}`);

	test("is judged as there: its exporter, what it did not count, and its limits", async () => {
		const { later, folder } = await gateway();
		const limited = `otelcol_deltatocumulative_datapoints{error="limit"} 1\n`;
		const more = 'otelcol_receiver_accepted_spans{receiver="otlp"} 4\n';
		const page = `${attributed(OLD, 5)}${limited}${more}${ALIVE}`;
		const view = await later(0, page);
		expect(gatewayFacts(view)).toEqual([
			"complete gw unknown: 4 of 4 records of traces were not counted by token",
			"gateways gw, its exporter unknown: the token of its exporter is unknown",
			"whole gw unknown: its accumulator was full: counts of more senders were dropped",
		]);
		const { stdout } = await crossfade(["report", "--json", ...tokens, "--evidence", folder], { cwd: scratch() });
		expect(gatewayFacts(JSON.parse(stdout))).toEqual(gatewayFacts(view));
	});

	test.each([
		["a count that is no number", (page: string) => page.replace(/(crossfade_gateway\S+) \d+/, "$1 NaN")],
		["a count that is too large", (page: string) => page.replace(/(crossfade_gateway\S+) \d+/, "$1 1e300")],
		[
			"a line that is not in the format",
			(page: string) => page.replace('{crossfade_fingerprint="', "{crossfade_fingerprint="),
		],
	])("leaves open who else sent with %s", async (_name, spoil) => {
		const { later } = await gateway();
		const view = await later(0, `${attributed(NEW, 5)}${spoil(attributed(OLD, 1, "mac-2"))}${ALIVE}`);
		expect(gatewayFacts(view)).toContain("whole gw unknown: some of its counters by token could not be read");
	});

	test("is unknown where nobody noted it", async () => {
		const { later, folder } = await gateway();
		await later(0, attributed(OLD, 5) + ALIVE);
		const file = join(folder, "traffic-gateway-gw.ndjson");
		const kept = readFileSync(file, "utf8").replace(/"shown":\{[^}]*\},/, "");
		writeFileSync(file, kept);
		const { stdout } = await crossfade(["report", "--json", ...tokens, "--evidence", folder], { cwd: scratch() });
		expect(gatewayFacts(JSON.parse(stdout)).slice(0, 2)).toEqual([
			"complete gw unknown: how much it received was not recorded: give the URL of its metrics here too",
			"gateways gw, its exporter unknown: the token of its exporter is unknown",
		]);
	});
});

describe("a gateway's own token", () => {
	const info = (...fingerprints: string[]) =>
		fingerprints.map((each) => `crossfade_exporter_token_info{fingerprint="${each}"} 1\n`).join("");
	const tap = `crossfade_tap_requests_total{fingerprint="${OLD}",signal="logs",host="mac-1",cli="codex"} 1\n`;

	test.each<[string, string[], string[]]>([
		["is what its page says", [info(NEW)], ["proven"]],
		["is each that its pages say", [info(NEW, OLD)], ["proven", "blocked"]],
		["is not known if a page says something else", [info(NEW, "a token")], ["unknown"]],
		["is the senders' own in a tap", [tap], ["proven"]],
		["is not known of a collector behind a tap", [tap, attributed(OLD, 1)], ["unknown"]],
		["is what the collector behind a tap says", [tap, info(OLD)], ["blocked"]],
	])("%s", async (_, pages, states) => {
		const { later } = await gateway(pages);
		const { judgement } = await later(1, ...pages);
		expect(judgement.obligations.filter(({ id }) => id === "gateways").map(({ state }) => state)).toEqual(states);
	});
});

describe("nothing is lost, and nothing counted twice", () => {
	const records = (view: Awaited<ReturnType<Awaited<ReturnType<typeof gateway>>["look"]>>) =>
		view.judgement.tokens.find(({ role }) => role === "old")?.records;

	test("when watch is started again, with traffic in between", async () => {
		const { later, restart } = await gateway();
		await later(0, attributed(OLD, 5));
		expect(records(await later(1, attributed(OLD, 15)))).toBe(10);
		await restart();
		expect(records(await later(1, attributed(OLD, 15)))).toBe(10);
		await restart();
		expect(records(await later(2, attributed(OLD, 18)))).toBe(13);
	});

	test("when the gateway starts anew", async () => {
		const { later } = await gateway();
		await later(0, attributed(OLD, 50));
		expect(records(await later(1, attributed(OLD, 3)))).toBe(3);
	});

	test("when it has two pages: its own tells when it started", async () => {
		const { later } = await gateway(["", ""]);
		const own = (seconds: number) => `otelcol_process_uptime ${seconds}\n`;
		await later(0, attributed(OLD, 5), own(100));
		const view = await later(1, attributed(OLD, 6), own(10));
		expect(records(view)).toBe(6);
		expect(view.gateways).toMatchObject([{ place: "gw", state: "up" }]);
	});

	test("when report runs now and then, and when watch is killed", async () => {
		const page = await metricsPage(attributed(OLD, 5));
		const cwd = scratch();
		const args = ["--token", `old=fp:${OLD}`, "--token", `new=fp:${NEW}`, "--gateway", `gw=${page.url}`];
		const report = async () => {
			const { stdout, code, stderr } = await crossfade(["report", "--json", ...args], { cwd });
			expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
			return JSON.parse(stdout).judgement.tokens[0].records;
		};
		expect(await report()).toBe(0);
		page.text = attributed(OLD, 7);
		expect(await report()).toBe(2);
		expect(await report()).toBe(2);
		const child = spawn(process.execPath, [CLI, "watch", "--every", "100ms", ...args], { cwd, stdio: "ignore" });
		onTestFinished(() => void child.kill("SIGKILL"));
		page.text = attributed(OLD, 17);
		const file = join(cwd, "crossfade-evidence", "traffic-gateway-gw.ndjson");
		await waitFor("the counters to be written", () => readFileSync(file, "utf8").includes(",17]"));
		// While it lives, nobody else counts the same page.
		expect(await report()).toBe(12);
		child.kill("SIGKILL");
		await new Promise((done) => child.on("close", done));
		page.text = attributed(OLD, 18);
		expect(await report()).toBe(13);
	});
});

test("what was not counted by token in the last hours is missed, however seldom somebody looks", async () => {
	const { later } = await gateway();
	const more = (records: number) => `otelcol_receiver_accepted_spans{receiver="otlp"} ${records}\n`;
	const counted = (records: number) =>
		`crossfade_gateway_spans_total{crossfade_fingerprint="${OLD}",host_name="mac-1"} ${records}\n`;
	await later(0, more(100) + counted(100) + ALIVE);
	expect(openPoints(await later(1, more(110) + counted(105) + ALIVE), "complete")).toEqual([]);
	expect(openPoints(await later(240, more(500) + counted(110) + ALIVE), "complete")).toEqual([
		"gw: 390 of 500 records of traces were not counted by token",
	]);
});

describe("a page without metrics is a warning, and loses no evidence", () => {
	/** Of those that keep silent, so that nobody waits long for them. */
	const soon = { pageMs: 800 };
	/** Of one that says more and more until it was too much, which takes a busy machine a while. */
	const late = { pageMs: 50_000 };
	const answers: [string, (socket: Socket) => void, RegExp, typeof soon?][] = [
		["that hangs", () => {}, /did not answer in time/, soon],
		[
			"that drips",
			(socket) => {
				socket.write("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
				const drip = setInterval(() => socket.write("#"), 100);
				socket.on("close", () => clearInterval(drip));
			},
			/did not answer in time/,
			soon,
		],
		[
			"that never ends",
			(socket) => {
				socket.write("HTTP/1.1 200 OK\r\n\r\n");
				flood(socket, `# ${"x".repeat(1 << 16)}\n`);
			},
			/too long/,
			late,
		],
		[
			"that lies about its length",
			(socket) => socket.end(httpText("200 OK", { "content-length": "9" }, "a 1\n")),
			/was truncated/,
		],
		[
			"of a captive portal",
			(socket) => socket.end(httpText("200 OK", { "content-type": "text/html" }, "<p>sign in</p>")),
			/an HTML page/,
		],
		["that redirects", (socket) => socket.end(httpText("302 Found", { location: "http://127.0.0.1:1/" })), /redirect/],
		["that wants credentials", (socket) => socket.end(httpText("401 Unauthorized")), /requires credentials/],
		["that fails", (socket) => socket.end(httpText("503 Service Unavailable")), /answered 503/],
		["that is JSON", (socket) => socket.end(httpText("200 OK", {}, '{"a": 1}')), /not in the format of Prometheus/],
		[
			"that is noise",
			(socket) => socket.end(httpText("200 OK", {}, "\u0000\u0001{{{\n".repeat(99))),
			/not in the format of Prometheus/,
		],
		[
			"that ends in the middle of a number",
			(socket) => socket.end(httpText("200 OK", {}, `${attributed(OLD, 12).trimEnd()}`)),
			/its page is cut off/,
		],
		["that breaks off", (socket) => socket.destroy(), /closed the connection/],
	];
	test.each(answers)("%s", async (_, answer, why, options) => {
		const bad = await rawServer((socket) => answer(socket));
		const good = await metricsPage(attributed(OLD, 1));
		const [clock, folder] = [movableClock(), scratch()];
		const gateways = [
			{ name: "bad", metrics: [`${bad.url}/metrics`] },
			{ name: "good", metrics: [good.url] },
		];
		const observer = await observe(clock.fx, watchedFleet(folder, OLD, NEW, { gateways }), options);
		await observer.look();
		good.text = attributed(OLD, 3);
		const view = await observer.look();
		await observer.close();
		expect(view.gateways).toMatchObject([
			{ place: "bad", state: "down", detail: expect.stringMatching(why) },
			{ place: "good", state: "up" },
		]);
		expect(openPoints(view, "watched")).toMatchObject([expect.stringMatching(why)]);
		expect(view.judgement.tokens[0]).toMatchObject({ role: "old", records: 2 });
	});

	test("that is not there, in the command's own words", async () => {
		const cwd = scratch();
		const args = ["--token", `old=fp:${OLD}`, "--gateway", "gw=http://127.0.0.1:1/metrics"];
		const { code, stdout, stderr } = await crossfade(["report", ...args], { cwd });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		expect(stdout).toMatch(/gw +down/);
		expect(stdout).toContain("nothing listens on that port");
	});

	test("a gateway whose counters another has locked is down until there are some", async () => {
		const page = await metricsPage(attributed(OLD, 1));
		const folder = scratch({ "traffic-gateway-gw.ndjson.lock": "1 another-host\n" });
		const { fx } = movableClock();
		const fleet = watchedFleet(folder, OLD, NEW, { gateways: [{ name: "gw", metrics: [page.url] }] });
		const late = await observe(fx, fleet);
		const view = await late.look();
		expect(view.gateways).toMatchObject([{ state: "down" }]);
		expect(openPoints(view, "whole").join()).toContain("another process has locked them, and has written none");
		expect(openPoints(view, "watched").join()).toContain("its counters are not in the evidence folder");
		rmSync(join(folder, "traffic-gateway-gw.ndjson.lock"));
		const first = await observe(fx, fleet);
		await first.look();
		// The first one only observes now, and finds what the other has written.
		expect((await late.look()).gateways).toMatchObject([{ state: "up" }]);
		await Promise.all([first.close(), late.close()]);
	});

	test("a gateway whose evidence cannot be kept is down, and it is said why", async () => {
		const page = await metricsPage(attributed(OLD, 1));
		const folder = scratch();
		mkdirSync(join(folder, "traffic-gateway-gw.ndjson"));
		const { fx } = movableClock();
		const observer = await observe(
			fx,
			watchedFleet(folder, OLD, NEW, { gateways: [{ name: "gw", metrics: [page.url] }] }),
		);
		const view = await observer.look();
		await observer.close();
		expect(view.gateways).toMatchObject([{ state: "down" }]);
		expect(openPoints(view, "whole").join()).toContain("the counters of gw cannot be saved");
	});
});

test("a gateway's state comes from its own counters: what it drops, and how full its queue is", async () => {
	const page = (failed: number, queue: number) => `otelcol_receiver_accepted_log_records{receiver="otlp"} 100
otelcol_receiver_refused_log_records{receiver="otlp"} 2
otelcol_exporter_sent_log_records{exporter="otlp_http/torii"} 90
otelcol_exporter_send_failed_log_records{exporter="otlp_http/torii",error_type="Unauthenticated"} ${failed}
otelcol_exporter_queue_size{exporter="otlp_http/torii",data_type="logs"} ${queue}
otelcol_exporter_queue_capacity{exporter="otlp_http/torii",data_type="logs"} 1000
`;
	const { later } = await gateway();
	expect((await later(1, page(3, 0))).gateways).toMatchObject([
		{
			state: "up",
			detail: "since its start took 100, refused 2; otlp_http/torii sent 90, dropped 3 (Unauthenticated 3)",
		},
	]);
	expect((await later(1, page(7, 900))).gateways).toMatchObject([
		{
			state: "degraded",
			detail: expect.stringMatching(/dropped 4 just now: Unauthenticated; the queue of otlp_http\/torii is 90 % full/),
		},
	]);
	expect((await later(1, page(7, 0))).gateways).toMatchObject([{ state: "up" }]);
});

describe("what a gateway's exporter loses", () => {
	const page = (sent: number, failed: number, reason = "Unauthenticated") =>
		`otelcol_receiver_accepted_log_records{receiver="otlp"} 100
otelcol_exporter_sent_log_records{exporter="otlp_http/torii"} ${sent}
otelcol_exporter_send_failed_log_records{exporter="otlp_http/torii"${reason === "" ? "" : `,error_type="${reason}"`}} ${failed}\n`;
	const lost = (view: OverlapView) => openPoints(view, "accepted");

	test.each<[string, [sent: number, failed: number, reason?: string][], number | undefined]>([
		["everything since its start", [[0, 9]], 9],
		[
			"everything since the last look",
			[
				[50, 9],
				[50, 12],
			],
			3,
		],
		["everything, for a reason that it does not tell", [[0, 9, ""]], 9],
		[
			"everything after a restart",
			[
				[50, 9],
				[0, 2],
			],
			2,
		],
		[
			"some, and sends some",
			[
				[50, 9],
				[60, 12],
			],
			undefined,
		],
		[
			"everything, and then nothing at all",
			[
				[50, 9],
				[50, 12],
				[50, 12],
			],
			3,
		],
		[
			"everything, until it sends again",
			[
				[50, 9],
				[50, 12],
				[51, 12],
				[51, 12],
			],
			undefined,
		],
		[
			"nothing more",
			[
				[50, 9],
				[50, 9],
			],
			undefined,
		],
		["everything while the backend is down", [[0, 9, "Unavailable"]], undefined],
	])("is told where that is %s", async (_, pages, records) => {
		const { later } = await gateway();
		let view = await later(0, page(0, 0) + ALIVE);
		for (const each of pages) view = await later(1, page(...each) + ALIVE);
		if (records === undefined) expect(lost(view)).toEqual([]);
		else expect(lost(view).join()).toContain(`otlp_http/torii sent nothing and dropped ${records} records`);
	});
});

test("no token gets into evidence, readings or messages, whatever a page and its URL hold", async () => {
	const secret = canary();
	const page = await metricsPage();
	const cwd = scratch({ "old.token": secret.token });
	const url = `${page.url}/${secret.token}?key=${secret.token}`;
	const options = { cwd, canaries: [secret], holders: ["old.token"], seenInArguments: true };
	const args = ["--token", "old=file:old.token", "--gateway", `gw=${url}`];
	expect((await crossfade(["report", ...args], options)).code).toBe(0);
	page.text = attributed(secret.fingerprint, 3, secret.token, secret.token);
	const { code, stdout } = await crossfade(["report", ...args], options);
	expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("OLD ONLY") });
});

describe("a tap that keeps its counters in the evidence folder itself", () => {
	/** A tap's page; the tap keeps its counters in these folders. */
	const tapPage = async (...folders: string[]) => {
		const ids = await Promise.all(folders.map(async (folder) => (await openStore(quietEffects(), folder)).id()));
		return (records: number) => {
			const metrics = newTapMetrics(1000);
			for (const id of ids) metrics.keptIn(id ?? "");
			const sighting = {
				fingerprint: OLD,
				place: "tap",
				host: "mac-1",
				cli: "codex",
				version: "",
				signal: "logs" as const,
			};
			metrics.add({ ...sighting, requests: 1, records, bytes: 10, lastStatus: 200, at: 1 });
			return metrics.text();
		};
	};

	test("is a state of that gateway and not counted again, by whatever path the folder is named", async () => {
		const { later, folder } = await gateway();
		const link = join(scratch(), "link");
		symlinkSync(folder, link);
		const page = await tapPage(link);
		await later(0, page(5));
		const view = await later(1, page(9));
		const { gateways, judgement } = view;
		expect(gateways).toMatchObject([{ state: "up", detail: "it stores its counters in this evidence folder itself" }]);
		expect(judgement.tokens[0]).toMatchObject({ role: "old", records: 0 });
		expect(openPoints(view, "whole")).toEqual([]);
	});

	test("counts where it keeps them in another", async () => {
		const { later } = await gateway();
		const page = await tapPage(scratch());
		await later(0, page(5));
		const { gateways, judgement } = await later(1, page(9));
		expect(gateways).toMatchObject([{ state: "up", detail: "" }]);
		expect(judgement.tokens[0]).toMatchObject({ role: "old", records: 4 });
	});
});

describe("what a tap's page says of the answers", () => {
	const row = (fingerprint: string) => `fingerprint="${fingerprint}",signal="logs",host="mac-1",cli="codex"`;
	const page = (fingerprint: string, answers: Readonly<Record<string, number>>) => {
		const requests = Object.values(answers).reduce((sum, each) => sum + each, 0);
		const told = Object.entries(answers).map(
			([status, count]) =>
				`crossfade_tap_answers_total{${row(fingerprint)},status="${Number.parseInt(status, 10)}",accepted="${status === "200"}"} ${count}\n`,
		);
		return `crossfade_tap_requests_total{${row(fingerprint)}} ${requests}\ncrossfade_tap_records_total{${row(fingerprint)}} ${requests * 10}\n${told.join("")}`;
	};
	/** A machine that used the old token, and then the new one with these answers, one page every ten minutes. */
	const answered = async (...answers: Readonly<Record<string, number>>[]) => {
		const { later } = await gateway();
		let view = await later(0, page(OLD, { "200": 1 }));
		view = await later(1, page(OLD, { "200": 2 }));
		for (const each of answers) view = await later(4, page(OLD, { "200": 2 }) + page(NEW, each));
		return view;
	};
	const growing = (count: number, of: (index: number) => Readonly<Record<string, number>>) =>
		Array.from({ length: count }, (_, index) => of(index + 1));

	test("is who was accepted: a new token that is only answered 401 has not moved anybody", async () => {
		const view = await answered(...growing(25, (index) => ({ "401": index })));
		expect(openPoints(view, "accepted")).toEqual([
			"mac-1, codex: nothing that it sent with the new token was accepted",
		]);
		expect(view.judgement.tokens.find(({ role }) => role === "new")).toMatchObject({ refused: 25, lastStatus: 401 });
	});

	test.each<[string, (index: number) => Readonly<Record<string, number>>, string[]]>([
		["all of it accepted", (index) => ({ "200": index }), []],
		[
			"some refused now",
			(index) => ({ "200": index, "401": index }),
			["mac-1, codex: some of what it sends with the new token is refused: 25 requests lost"],
		],
		[
			"some answered 200 and rejected",
			(index) => ({ "200": index, "200 in part": index }),
			["mac-1, codex: some of what it sends with the new token is refused: 25 requests lost"],
		],
		["one refused long ago", (index) => ({ "200": index, "503": 1 }), []],
	])("with %s", async (_, answers, open) => {
		expect(openPoints(await answered(...growing(25, answers)), "accepted")).toEqual(open);
	});
});

test("the same with crossfade tap as the gateway, live", async () => {
	const page = await metricsPage();
	const cwd = scratch();
	writeFileSync(join(cwd, "hosts.csv"), "host\nmac-1\n");
	const tap = (records: number) =>
		`crossfade_tap_requests_total{fingerprint="${OLD}",signal="logs",host="mac-1",cli="codex"} ${records / 10}
crossfade_tap_records_total{fingerprint="${OLD}",signal="logs",host="mac-1",cli="codex"} ${records}
crossfade_tap_answers_total{fingerprint="${OLD}",signal="logs",host="mac-1",cli="codex",status="200",accepted="true"} ${records / 10}\n`;
	const args = ["--token", `old=fp:${OLD}`, "--gateway", `gw=${page.url}`, "--hosts", "hosts.csv"];
	const watch = startCrossfade(["watch", "--every", "100ms", "--verbose", ...args], { cwd });
	await watch.printed(/not-known/);
	page.text = tap(30);
	await watch.printed(/behind=1.*old_requests_15m=3 /);
	expect((await watch.stop()).code).toBe(0);
});
