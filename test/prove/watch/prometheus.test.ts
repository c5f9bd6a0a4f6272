import { createServer } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { openStore } from "../../../src/prove/evidence/store.ts";
import { collectorStarts, KEPT_IN } from "../../../src/prove/metrics/running-totals.ts";
import type { OverlapView } from "../../../src/prove/overlap/view.ts";
import { observe } from "../../../src/prove/watch/observe.ts";
import { canary } from "../../harness/canary.ts";
import { scratch } from "../../harness/cli.ts";
import { crossfade } from "../../harness/command.ts";
import { quietEffects } from "../../harness/effects.ts";
import { attributed, metricsPage, movableClock, watchedFleet } from "../../harness/pages.ts";
import { httpText, rawServer } from "../../harness/raw-server.ts";

const [OLD, NEW] = ["aaaaaaaaaaaa", "bbbbbbbbbbbb"];
const MIN = 60_000;

/** Records by fingerprint over time, of one instance: `undefined` where it was not scraped. */
interface InstanceHistory {
	readonly instance: string;
	readonly at: (time: number) => Readonly<Record<string, number>> | undefined;
	readonly started?: number;
	/** Starts of the collectors on its host, whose own pages are scraped apart. */
	readonly collectors?: readonly number[];
	/** The evidence folder in which it keeps its counters by itself, by its id. */
	readonly keptIn?: string;
	/** Whether the server tells that scraping failed. */
	readonly tellsDown?: boolean;
	/** Written to the server, which scrapes nothing: it has no `up`. */
	readonly isPushed?: boolean;
	/** What its exporter sent and dropped, on a page of its own. */
	readonly exported?: (time: number) => readonly [sent: number, dropped: number];
	/** When its newest sample came; the server repeats it for minutes. */
	readonly until?: number;
}

/**
 * A server that answers as Prometheus does from what it is told: `test/real/prometheus.test.ts` is against the real one, but no real one has
 * a history of a day in a test. `change` may spoil an answer.
 */
async function prometheusOf(
	told: readonly InstanceHistory[],
	change: (path: string) => { status: number; body: unknown } | undefined = () => undefined,
	clock?: () => number,
) {
	const asked: string[] = [];
	const server = createServer(async (request, response) => {
		let text = "";
		for await (const chunk of request) text += chunk;
		const path = request.url ?? "";
		asked.push(path);
		const form = new URLSearchParams(text);
		const { status, body } = change(path) ?? {
			status: 200,
			body: { status: "success", data: answer(path, form), warnings: [] },
		};
		// Its clock is not the one of the test, unless it is told.
		response.sendDate = false;
		const date = clock === undefined ? {} : { date: new Date(clock()).toUTCString() };
		response.writeHead(status, { "content-type": "application/json", ...date });
		response.end(typeof body === "string" ? body : JSON.stringify(body));
	});
	const answer = (path: string, form: URLSearchParams) => {
		const [from, to, step] = ["start", "end", "step"].map((key) => Math.round(Number(form.get(key)) * 1000));
		const times: number[] = [];
		for (let at = from ?? 0; at <= (to ?? 0) && times.length < 11_000; at += step || MIN) times.push(at);
		const labels = (each: InstanceHistory, name: string) => ({ __name__: name, instance: each.instance, job: "gw" });
		const senders = (each: InstanceHistory) => [...new Set(times.flatMap((at) => Object.keys(each.at(at) ?? {})))];
		const series = (each: InstanceHistory, sender: string) => ({
			...labels(each, "crossfade_gateway_log_records_total"),
			crossfade_fingerprint: sender,
			service_name: "codex_cli_rs",
			host_name: "mac-1",
		});
		if (path.endsWith("/series") && form.get("match[]")?.startsWith(KEPT_IN))
			return told.flatMap((each) => (each.keptIn ? [{ ...labels(each, KEPT_IN), folder: each.keptIn }] : []));
		if (path.endsWith("/series")) return told.flatMap((each) => senders(each).map((sender) => series(each, sender)));
		const query = form.get("query") ?? "";
		const result = (metric: object, value: (at: number) => number | undefined) => {
			const values = times.flatMap((at) => {
				const number = value(at);
				return number === undefined ? [] : [[at / 1000, String(number)]];
			});
			return values.length === 0 ? [] : [{ metric, values }];
		};
		const found = told.flatMap((each) => {
			const sampledAt = (at: number) => Math.min(at, each.until ?? at) / 1000;
			if (query.startsWith("timestamp(up"))
				return each.isPushed ? [] : result(labels(each, ""), (at) => (each.at(at) ? sampledAt(at) : undefined));
			if (query === collectorStarts)
				return (each.collectors ?? []).flatMap((begin, index) =>
					result({ instance: each.instance.replace(/:.*/, `:888${index}`), job: "own" }, (at) =>
						at >= begin ? begin / 1000 : undefined,
					),
				);
			if (query.startsWith("max by"))
				return each.isPushed && query.includes("crossfade_gateway")
					? result(labels(each, ""), (at) => (each.at(at) ? sampledAt(at) : undefined))
					: [];
			if (query.startsWith("up") && each.isPushed) return [];
			if (query.startsWith("up"))
				return result(labels(each, "up"), (at) => (each.at(at) ? 1 : each.tellsDown ? 0 : undefined));
			if (query.includes("process_start"))
				return result(labels(each, "process_start_time_seconds"), (at) =>
					each.at(at) && each.started ? each.started / 1000 : undefined,
				);
			if (query.includes("exporter_(?:sent")) {
				const own = { instance: each.instance.replace(/:.*/, ":8888"), job: "own", exporter: "otlp_http/torii" };
				return ["sent", "send_failed"].flatMap((name, index) =>
					each.exported
						? result(
								{ __name__: `otelcol_exporter_${name}_log_records_total`, ...own },
								(at) => each.exported?.(at)[index],
							)
						: [],
				);
			}
			if (!query.includes("crossfade_gateway")) return [];
			return senders(each).flatMap((sender) => result(series(each, sender), (at) => each.at(at)?.[sender]));
		});
		return { resultType: "matrix", result: found };
	};
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	onTestFinished(() => void server.close());
	return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, asked };
}

async function watching(url: string, more: Parameters<typeof watchedFleet>[3] = {}) {
	const [clock, folder] = [movableClock(), scratch()];
	const observer = await observe(
		clock.fx,
		watchedFleet(folder, OLD, NEW, { prometheus: url, intervals: { fleet: 3_600_000, hosts: {}, clis: {} }, ...more }),
	);
	onTestFinished(() => observer.close());
	return { ...clock, look: () => observer.look(), folder };
}

/** What is open, as people read it; of one point, if it is named. */
function openPoints({ judgement }: OverlapView, of?: string): string[] {
	return judgement.obligations
		.filter(({ id, state }) => state !== "proven" && (of === undefined || id === of))
		.map(({ about, witness }) => `${about}: ${witness}`);
}

describe("history that Prometheus has", () => {
	test("counts from before anybody of us came: a machine that moved hours ago is migrated", async () => {
		const now = Date.now();
		const hours = (at: number) => (at - now) / MIN / 60;
		const { url } = await prometheusOf([
			{
				instance: "gw:9464",
				at: (at) => ({
					[OLD]: hours(at) < -5 ? Math.floor(1000 + hours(at) * 10) : 950,
					...(hours(at) > -5 && { [NEW]: Math.floor(100 + hours(at) * 10) }),
				}),
			},
		]);
		const { look } = await watching(url);
		const view = await look();
		expect(openPoints(view, "whole")).toEqual([]);
		expect(view.judgement.senders).toMatchObject([{ host: "mac-1", cli: "codex", verdict: "MIGRATED" }]);
		// Nothing says how much the gateway took, nor which token it sends on with.
		expect(openPoints(view).map((text) => text.slice(0, 40))).toEqual([
			expect.stringContaining("gw:9464: how much it received is unknown"),
			expect.stringContaining("gw:9464, its exporter"),
		]);
		expect((now - (view.rotation.watchSince ?? 0)) / MIN / 60).toBeGreaterThan(23);
		// A second look has nothing more to tell.
		expect((await look()).judgement.tokens.map(({ records }) => records)).toEqual(
			view.judgement.tokens.map(({ records }) => records),
		);
	});

	test("begins with the rotation, however long ago that is", async () => {
		const started = Date.now() - 72 * 60 * MIN;
		const { url } = await prometheusOf([
			{ instance: "gw:9464", at: (at) => ({ [OLD]: Math.floor((at - started) / MIN) }) },
		]);
		const { look } = await watching(url, { started });
		const [old] = (await look()).judgement.tokens;
		expect(old?.records).toBeGreaterThan(71 * 60);
		expect(old?.records).toBeLessThanOrEqual(72 * 60);
	});

	test("has gaps, and a gap is not silence", async () => {
		const now = Date.now();
		const isGap = (at: number) => at > now - 50 * MIN && at < now - 20 * MIN;
		const at = (time: number) => (isGap(time) ? undefined : { [OLD]: 5, [NEW]: Math.floor(time / MIN) - 29_000_000 });
		const gappy = await (await watching((await prometheusOf([{ instance: "gw:9464", at }])).url)).look();
		expect((now - (gappy.rotation.watchSince ?? 0)) / MIN).toBeLessThan(21);
		expect(gappy.judgement.senders).toMatchObject([{ verdict: "NEW SEEN" }]);
		// The same process counted through the gap: then the totals tell that there was nothing.
		const known = await (
			await watching((await prometheusOf([{ instance: "gw:9464", at, started: now - 99 * 60 * MIN }])).url)
		).look();
		expect(known.judgement.senders).toMatchObject([{ verdict: "MIGRATED" }]);
	});

	test("has resets, which are no negative traffic", async () => {
		const now = Date.now();
		const at = (time: number) => ({ [OLD]: time < now - 60 * MIN ? 500 : 7 });
		const { look } = await watching((await prometheusOf([{ instance: "gw:9464", at }])).url);
		expect((await look()).judgement.tokens[0]).toMatchObject({ records: 7 });
	});

	test.each<[string, (restart: number) => number[], number]>([
		["the only collector on its host is counted from zero", (restart) => [restart], 5],
		["one of two collectors on its host is not taken for its own", (restart) => [restart, restart - 1], 0],
	])("has restarts that no total shows: the start of %s", async (_, collectors, records) => {
		const restart = Date.now() - 30 * MIN;
		const { url } = await prometheusOf([
			{ instance: "gw:9464", at: () => ({ [OLD]: 5 }), collectors: collectors(restart) },
		]);
		const { look } = await watching(url);
		expect((await look()).judgement.tokens[0]?.records ?? 0).toBe(records);
	});

	test("of several instances is one place each; one that is down now is said, and its silence proves nothing", async () => {
		const now = Date.now();
		const { url } = await prometheusOf([
			{ instance: "a:9464", at: () => ({ [OLD]: 5, [NEW]: Math.floor((Date.now() - now) / MIN) }) },
			{
				instance: "b:9464",
				at: (time) => (time < now - 30 * MIN ? { [NEW]: Math.floor(time / MIN) - 29_000_000 } : undefined),
				tellsDown: true,
			},
		]);
		const view = await (await watching(url)).look();
		expect(view.gateways).toMatchObject([
			{ place: "a:9464", state: "up" },
			{ place: "b:9464", state: "down", detail: expect.stringContaining("cannot scrape") },
		]);
		expect(view.judgement.senders).toMatchObject([{ verdict: "MIGRATED" }]);
		expect(openPoints(view, "watched")).toEqual([expect.stringContaining("b:9464")]);
	});

	test("of a tap that keeps its counters in the same folder by itself is left to that", async () => {
		const folder = scratch();
		const keptIn = (await (await openStore(quietEffects(), folder)).id()) ?? "";
		const at = (time: number) => ({ [OLD]: Math.floor(time / MIN) });
		const { url } = await prometheusOf([
			{ instance: "tap:9464", at, keptIn },
			{ instance: "other:9464", at, keptIn: "000000000000" },
		]);
		const { look, pass } = await watching(url, { evidence: folder });
		await look();
		pass(10);
		const view = await look();
		expect(view.gateways).toMatchObject([{ place: "other:9464", state: "up" }]);
		expect(view.judgement.senders).toHaveLength(1);
		const { url: alone } = await prometheusOf([{ instance: "tap:9464", at, keptIn }]);
		const own = await watching(alone, { evidence: folder });
		expect((await own.look()).gateways).toEqual([]);
	});

	test("of a gateway whose page is read directly is left to that: nothing counts twice", async () => {
		const page = await metricsPage(attributed(OLD, 5));
		const instance = new URL(page.url).host;
		const { url } = await prometheusOf([{ instance, at: (time) => ({ [OLD]: Math.floor(time / MIN) - 29_000_000 }) }]);
		const { look } = await watching(url, { gateways: [{ name: "gw", metrics: [page.url] }] });
		await look();
		page.text = attributed(OLD, 8);
		expect((await look()).judgement.tokens[0]).toMatchObject({ records: 3 });
	});
});

describe("what a gateway's exporter loses, by the server's word", () => {
	const counts = (time: number) => ({ [OLD]: 5, [NEW]: Math.floor(time / MIN) - 29_000_000 });
	const minutes = (time: number, now: number) => Math.max(0, Math.floor((time - now) / MIN));

	test.each<[string, (ago: number) => readonly [number, number], string[]]>([
		[
			"everything since its start",
			() => [0, 9],
			["gw:9464, its exporter: otlp_http/torii sent nothing and dropped 9 records"],
		],
		[
			"everything for the last half hour",
			(ago) => [Math.min(70, 100 - ago), Math.max(0, 30 - ago)],
			["gw:9464, its exporter: otlp_http/torii sent nothing and dropped 1 record"],
		],
		[
			"everything half an hour ago, and nothing came since",
			(ago) => [Math.min(70, 130 - ago), Math.min(5, Math.max(0, 50 - ago))],
			["gw:9464, its exporter: otlp_http/torii sent nothing and dropped 1 record"],
		],
		["everything an hour ago, and it sends again", (ago) => [ago > 60 ? 5 : 100 - ago, ago > 60 ? 0 : 7], []],
		["nothing", (ago) => [1_000 - ago, 0], []],
	])("is told where that is %s", async (_, exported, open) => {
		const now = Date.now();
		const { url } = await prometheusOf([
			{ instance: "gw:9464", at: counts, exported: (time) => exported(Math.ceil((now - time) / MIN)) },
			{ instance: "other:9464", at: counts, exported: (time) => [1 + minutes(time, now), 0] },
		]);
		const folder = scratch();
		const { look, pass } = await watching(url, { evidence: folder, started: now - 120 * MIN });
		expect(openPoints(await look(), "accepted")).toEqual(open);
		// A second look has hardly anything new, and another program only reads the folder.
		pass(1);
		expect(openPoints(await look(), "accepted")).toEqual(open);
		const reader = await observe(quietEffects(), watchedFleet(folder, OLD, NEW, {}));
		expect(openPoints(await reader.look(), "accepted")).toEqual(open);
		await reader.close();
	});
});

describe("what the server has of now", () => {
	const counts = (time: number) => ({ [OLD]: 5, [NEW]: Math.floor(time / MIN) - 29_000_000 });

	test.each([true, false])(
		"is as old as its newest sample, which it repeats for minutes (pushed: %s)",
		async (isPushed) => {
			const now = Date.now();
			const { url } = await prometheusOf([{ instance: "gw:9464", at: counts, isPushed, until: now - 4 * MIN }]);
			const { look } = await watching(url);
			expect(openPoints(await look(), "watched")).toEqual([expect.stringMatching(/gw:9464.*last watched \d+ min ago/)]);
			expect(openPoints(await look(), "watched")).toHaveLength(1);
		},
	);

	test.each([
		[180, "ahead of ours"],
		[-180, "behind ours"],
	])("is nothing if its clock is wrong by %d minutes", async (minutes, text) => {
		const { url } = await prometheusOf(
			[{ instance: "gw:9464", at: counts }],
			() => undefined,
			() => Date.now() + minutes * MIN,
		);
		expect(openPoints(await (await watching(url)).look(), "watched")).toEqual([
			expect.stringMatching(`its clock is (2 h 60 min|3 h|3 h 1 min) ${text}`),
		]);
	});

	test("is read with a clock that differs by a minute", async () => {
		const { url } = await prometheusOf(
			[{ instance: "gw:9464", at: counts }],
			() => undefined,
			() => Date.now() + MIN,
		);
		expect(openPoints(await (await watching(url)).look(), "watched")).toEqual([]);
	});

	test("is unclear where several targets have one name: one that is gone is hidden by another", async () => {
		const { url } = await prometheusOf([
			{ instance: "gw:9464", at: counts },
			{ instance: "gw:9464", at: counts },
		]);
		expect(openPoints(await (await watching(url)).look(), "watched")).toEqual([
			expect.stringContaining("several targets have this job and instance"),
		]);
	});
});

describe("a server that is not Prometheus, or is empty, is one sentence, and never a yes", () => {
	test.each<[string, { status: number; body: unknown }, RegExp]>([
		[
			"an error of its own",
			{ status: 400, body: { status: "error", errorType: "bad_data", error: "no such thing" } },
			/it says: .*no such thing/,
		],
		[
			"a query it cannot do",
			{
				status: 422,
				body: { status: "error", errorType: "execution", error: "query processing would load too many samples" },
			},
			/too many samples/,
		],
		[
			"an aborted query",
			{ status: 503, body: { status: "error", errorType: "timeout", error: "query timed out" } },
			/timed out/,
		],
		["503 from a load balancer", { status: 503, body: "no healthy upstream" }, /answered 503/],
		["a wrong URL", { status: 404, body: "404 page not found" }, /answered 404/],
		["credentials wanted", { status: 401, body: "Unauthorized" }, /requires credentials/],
		["a login page", { status: 200, body: "<!doctype html><p>sign in" }, /an HTML page/],
		["another JSON API", { status: 200, body: { data: [] } }, /not a Prometheus server/],
		[
			"an answer of another shape",
			{ status: 200, body: { status: "success", data: { result: "x" } } },
			/no counters by token/,
		],
		["none of our series", { status: 200, body: { status: "success", data: [] } }, /no counters by token/],
	])("%s", async (_, spoiled, why) => {
		const { url } = await prometheusOf([], () => spoiled);
		const view = await (await watching(url)).look();
		expect(openPoints(view, "watched")).toEqual([expect.stringMatching(why)]);
		expect(view.judgement.fleet).toMatchObject({ safeToRetire: "not known" });
	});

	test("nothing listens, or it hangs up", async () => {
		const broken = await rawServer((socket) => socket.destroy());
		for (const url of ["http://127.0.0.1:1", broken.url]) {
			const view = await (await watching(url)).look();
			expect(openPoints(view, "watched").join()).toMatch(/could never be read: (nothing listens|the server closed)/);
		}
	});

	test("what it warns of beside an answer is passed on", async () => {
		const body = { status: "success", data: [], warnings: ["one store is down\u001b[2J"] };
		const { url } = await prometheusOf([], () => ({ status: 200, body }));
		expect(openPoints(await (await watching(url)).look(), "whole").join()).toContain("one store is down");
	});

	test("an outage after some time: what was known stays, and silence stops", async () => {
		let isBroken = false;
		const { url } = await prometheusOf([{ instance: "gw:9464", at: () => ({ [OLD]: 5, [NEW]: 5 }) }], () =>
			isBroken ? { status: 503, body: "" } : undefined,
		);
		const { look, pass } = await watching(url);
		const before = await look();
		isBroken = true;
		pass(120);
		const view = await look();
		expect(view.judgement.tokens).toEqual(before.judgement.tokens.map((token) => ({ ...token, recentShare: 0 })));
		expect(view.gateways).toEqual([]);
		expect(openPoints(view, "watched").join()).toContain("answered 503");
	});
});

test("no token gets out, whatever the server says", async () => {
	const secret = canary();
	const server = await rawServer((socket) =>
		socket.end(httpText("400 Bad Request", {}, JSON.stringify({ status: "error", error: `no ${secret.token}` }))),
	);
	const cwd = scratch({ "old.token": secret.token });
	const args = ["report", "--token", "old=file:old.token", "--prometheus", server.url];
	const { code, stdout } = await crossfade(args, { cwd, canaries: [secret], holders: ["old.token"] });
	expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("it says: ") });
});
