import { describe, expect, test } from "vitest";
import { gatewayCounters, gatewayReading } from "../../../src/prove/metrics/counters.ts";
import { type ExporterChoice, followDelivery } from "../../../src/prove/probe/gateway.ts";
import { type Canary, canary } from "../../harness/canary.ts";
import { probeWith } from "../../harness/probe.ts";
import { httpText, otlpTaken, rawServer } from "../../harness/raw-server.ts";

interface Counts {
	readonly accepted?: number;
	readonly sent?: number;
	readonly failed?: number;
	readonly full?: number;
	readonly queue?: number;
	/** Of a second exporter. */
	readonly other?: number;
}

/** A collector's metrics page. */
function page({ accepted = 0, sent = 0, failed = 0, full = 0, queue = 0, other }: Counts): string {
	const lines = [
		`otelcol_receiver_accepted_log_records{receiver="otlp"} ${accepted}`,
		`otelcol_exporter_sent_log_records{exporter="otlp_http/torii"} ${sent}`,
		`otelcol_exporter_send_failed_log_records{exporter="otlp_http/torii",error_type="Unauthenticated"} ${failed}`,
		`otelcol_exporter_enqueue_failed_log_records{exporter="otlp_http/torii"} ${full}`,
		`otelcol_exporter_queue_size{exporter="otlp_http/torii",data_type="logs"} ${queue}`,
		...(other === undefined ? [] : [`otelcol_exporter_sent_log_records{exporter="debug"} ${other}`]),
	];
	return `${lines.join("\n")}\n`;
}

describe("what became of a record", () => {
	test.each<[before: Counts, after: Counts, state: string, words: string]>([
		[{}, { accepted: 1, sent: 1 }, "sent", "forwarded by its exporter otlp_http/torii"],
		[{ accepted: 5, sent: 5 }, { accepted: 6, sent: 6 }, "sent", ""],
		[{ accepted: 5, sent: 3 }, { accepted: 6, sent: 4 }, "waiting", "2 older records were not seen leaving either"],
		[{ accepted: 5, sent: 3 }, { accepted: 6, sent: 6 }, "sent", ""],
		[{ accepted: 5, sent: 2, failed: 2 }, { accepted: 6, sent: 3, failed: 2 }, "waiting", "1 older record was not"],
		[{ accepted: 5, sent: 4 }, { accepted: 6, sent: 4, failed: 1 }, "mixed", "ours cannot be identified"],
		[{}, { accepted: 1 }, "waiting", "not seen leaving"],
		[{}, { accepted: 1, queue: 1 }, "waiting", "wait in its queue"],
		[{}, {}, "waiting", ""],
		[{}, { accepted: 3, sent: 2 }, "waiting", ""],
		[{}, { sent: 1 }, "waiting", ""],
		[{}, { accepted: 1, failed: 1 }, "failed", "otlp_http/torii: Unauthenticated"],
		[{ failed: 7 }, { accepted: 1, failed: 7 }, "waiting", ""],
		[{}, { accepted: 1, full: 1 }, "failed", "dropped by its exporter"],
		[{}, { accepted: 2, sent: 1, failed: 1 }, "mixed", "cannot be identified"],
		[{ accepted: 9, sent: 9 }, { accepted: 1, sent: 1 }, "unknown", "restarted"],
		[{ sent: 9 }, { accepted: 1, sent: 1 }, "unknown", "restarted"],
		[{}, { accepted: 1, sent: 0, other: 1 }, "waiting", "by otlp_http/torii"],
		[{ accepted: 5, sent: 9 }, { accepted: 6, sent: 10 }, "uneven", "4 more than the gateway received"],
		[{ accepted: 5, sent: 9 }, { accepted: 6, sent: 9, failed: 1 }, "mixed", "cannot be identified"],
		[{ accepted: 5, sent: 9 }, { accepted: 6, sent: 9 }, "waiting", "not seen leaving"],
		[{ queue: 3 }, { accepted: 1, sent: 3, queue: 1 }, "uneven", "from before its start"],
		[{ accepted: 5, sent: 4, queue: 2 }, { accepted: 6, sent: 6 }, "uneven", "from before its start"],
		[{ accepted: 5, sent: 4, queue: 1 }, { accepted: 6, sent: 6 }, "sent", ""],
	])("%j -> %j: %s", (before, after, state, words) => {
		const delivery = followDelivery(gatewayCounters(page(before)), gatewayCounters(page(after)), "logs");
		expect(delivery).toMatchObject({ state, detail: expect.stringContaining(words) });
	});
});

test("only the exporter that is meant says that a record left", () => {
	const page = (torii: number, eu: number) =>
		gatewayCounters(
			[
				`otelcol_receiver_accepted_log_records{receiver="otlp"} 1`,
				`otelcol_exporter_sent_log_records{exporter="otlp_http/torii"} ${torii}`,
				`otelcol_exporter_sent_log_records{exporter="otlp_http/eu"} ${eu}`,
			].join("\n"),
		);
	const none = gatewayCounters("");
	const state = (torii: number, eu: number, choice: ExporterChoice) =>
		followDelivery(none, page(torii, eu), "logs", choice).state;
	expect(state(1, 0, { provider: "custom" })).toBe("unnamed");
	expect(state(1, 0, { provider: "torii" })).toBe("sent");
	expect(state(0, 1, { provider: "torii" })).toBe("waiting");
	expect(state(1, 0, { named: "otlp_http/eu", provider: "torii" })).toBe("waiting");
	expect(state(0, 1, { named: "otlp_http/eu" })).toBe("sent");
	expect(state(1, 1, { named: "otlp_http/us" })).toBe("waiting");
});

/** Lines that say which process wrote a page. */
const by = {
	instance: (id: string) => `target_info{service_instance_id="${id}"} 1\n`,
	uptime: (seconds: number) => `otelcol_process_uptime_seconds_total ${seconds}\n`,
	start: (seconds: number) => `process_start_time_seconds ${seconds}\n`,
};

test.each([
	["the same instance", "sent", by.instance("a"), by.instance("a")],
	["another instance", "unknown", by.instance("a"), by.instance("b")],
	["two instances, then one of them", "unknown", by.instance("a") + by.instance("b"), by.instance("b")],
	["an uptime that goes on", "sent", by.uptime(100), by.uptime(101)],
	["a longer uptime than there was time for", "unknown", by.uptime(100), by.uptime(5_000)],
	["a shorter uptime", "unknown", by.uptime(5_000), by.uptime(100)],
	["one start time", "sent", by.start(1_000), by.start(1_000)],
	["a later start time", "unknown", by.start(1_000), by.start(1_600)],
	["nothing, then a start", "sent", "", by.start(1_000)],
])("two readings with %s: %s", (_what, state, before, after) => {
	const now = 10_000_000;
	const delivery = followDelivery(
		gatewayReading(page({ accepted: 100, sent: 100 }) + before, now),
		gatewayReading(page({ accepted: 4_000, sent: 4_000 }) + after, now + 1_000),
		"logs",
	);
	expect(delivery.state).toBe(state);
});

/** A gateway that takes everything, and metrics pages that come one after the other. */
async function gateway(
	pages: readonly string[],
	flags: Record<string, string> = {},
	tokens: Record<string, Canary> = { old: canary(), new: canary() },
) {
	const { url } = await rawServer((socket) => socket.end(otlpTaken));
	let index = 0;
	const metrics = await rawServer((socket) => socket.end(pages[Math.min(index++, pages.length - 1)] ?? ""));
	let now = 0;
	const { rows } = await probeWith(
		{ via: [`gw=${url}`], metrics: [`gw=${metrics.url}/metrics`], ...flags },
		{
			tokens,
			round: { readGateway: gatewayReading },
			fx: {
				clock: { now: () => now, after: () => () => undefined },
				sleep: async (ms) => {
					now += ms;
				},
			},
		},
	);
	return rows.map(({ evidence, notes }) => ({ ...evidence, notes, waitedMs: now }));
}

const ok = (counts: Counts) => httpText("200 OK", {}, page(counts));

describe("through a gateway", () => {
	test("without its metrics, a 200 is a record that was taken, and proves no more", async () => {
		const { url } = await rawServer((socket) => socket.end(otlpTaken));
		const { rows } = await probeWith({ via: [url] });
		expect(rows[0]?.evidence).toMatchObject({
			outcome: "inconclusive",
			confirmed: false,
			cause: "gateway-taken",
			detail: "received by the gateway, not confirmed",
			place: new URL(url).host,
		});
	});

	test("confirmed as soon as the counters say so, one token after the other", async () => {
		const pages = [{}, { accepted: 1 }, { accepted: 1, sent: 1 }, { accepted: 1, sent: 1 }, { accepted: 2, sent: 2 }];
		const rows = await gateway(pages.map(ok));
		expect(rows).toMatchObject([
			{ token: "old", outcome: "accepted", confirmed: true, cause: "gateway-sent" },
			{ token: "new", outcome: "accepted", confirmed: true, cause: "gateway-sent" },
		]);
		expect(rows[0]?.fix).toBeUndefined();
	});

	test("dropped behind the gateway is not accepted", async () => {
		const [row] = await gateway([{}, { accepted: 1, failed: 1 }].map(ok));
		expect(row).toMatchObject({ outcome: "partial", confirmed: false, cause: "gateway-failed" });
	});

	test("not seen leaving proves nothing, and the wait is limited", async () => {
		const [row] = await gateway([{}, { accepted: 1, queue: 1 }].map(ok), { timeout: "5s" });
		expect(row).toMatchObject({ outcome: "inconclusive", confirmed: false, cause: "gateway-waiting" });
	});

	test.each([
		["no page", [httpText("404 Not Found")], "cannot read its metrics: status 404"],
		["a captive portal's page", [httpText("200 OK", {}, "<html><title>Sign in</title>")], "not a collector's"],
		["nobody", ["garbage\r\n"], "cannot read its metrics: "],
	])("where its metrics are %s it says so", async (_what, pages, note) => {
		const [row] = await gateway(pages);
		expect(row).toMatchObject({
			outcome: "inconclusive",
			confirmed: false,
			cause: "gateway-taken",
			detail: expect.stringContaining(note),
		});
	});

	test("where its metrics go away meanwhile, nothing is proven", async () => {
		const [row] = await gateway([ok({}), httpText("500 Down")]);
		expect(row).toMatchObject({
			outcome: "inconclusive",
			detail: expect.stringContaining("cannot read its metrics: status 500"),
		});
	});
});

describe("through a gateway that counts by token", () => {
	const old = canary();
	/** Its page, when it counted so many records of the old token. */
	const counted = (counts: Counts, records: number, fingerprint = old.fingerprint) =>
		httpText(
			"200 OK",
			{},
			`${page(counts)}crossfade_gateway_log_records_total{crossfade_fingerprint="${fingerprint}",host_name="mac-1"} ${records}\n`,
		);
	const sent = { accepted: 1, sent: 1 };

	test("it says that it was counted, also where that comes a little later than the rest", async () => {
		const pages = [counted({}, 7), counted(sent, 7), counted(sent, 7), counted(sent, 8)];
		const [row] = await gateway(pages, {}, { old });
		expect(row).toMatchObject({
			outcome: "accepted",
			confirmed: true,
			notes: [`the gateway counted it as traffic of fp=${old.fingerprint}`],
		});
	});

	test("it says that it was not counted, and does not wait for that until the time is up", async () => {
		const [row] = await gateway([counted({}, 7), counted(sent, 7)], { timeout: "60s" }, { old });
		expect(row).toMatchObject({
			outcome: "accepted",
			confirmed: true,
			cause: "gateway-sent",
			notes: [`the gateway did not count it as traffic of fp=${old.fingerprint}, so watch would not see this sender`],
		});
		expect(row?.waitedMs).toBeLessThan(30_000);
	});

	test("what others send meanwhile is not taken for it", async () => {
		const other = "0123456789ab";
		const [row] = await gateway([counted({}, 7, other), counted(sent, 9, other)], {}, { old });
		expect(row?.notes.join()).toContain("did not count it");
	});
});
