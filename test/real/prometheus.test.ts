import { expect, test } from "vitest";
import { collectorStarts } from "../../src/prove/metrics/running-totals.ts";
import { canary } from "../harness/canary.ts";
import { crossfadeProcess, type RunningCli, scratch, startCrossfade } from "../harness/cli.ts";
import { freePorts, startCollector } from "../harness/collector.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { ask, prometheus, startPrometheus } from "../harness/prometheus.ts";
import { startProvider } from "../harness/provider.ts";
import { waitFor } from "../harness/wait.ts";

const [OLD, NEW] = [canary(), canary()];
const tokens = ["--token", `old=fp:${OLD.fingerprint}`, "--token", `new=fp:${NEW.fingerprint}`];

async function send(url: string, token: string, records: number): Promise<void> {
	const { status } = await fetch(`${url}/v1/logs`, {
		method: "POST",
		headers: { "content-type": "application/x-protobuf", authorization: `Bearer ${token}` },
		body: otlpRequest("logs", records),
	});
	// The provider behind a tap knows neither token, which is none of the tap's business.
	expect([200, 401]).toContain(status);
}

interface RunningTap {
	readonly process: RunningCli;
	readonly url: string;
}

async function startTap(upstream: string, metricsPort: number): Promise<RunningTap> {
	const args = ["tap", "--to", upstream, "--listen", "127.0.0.1:0", "--metrics", `127.0.0.1:${metricsPort}`];
	const process = startCrossfade(args, { canaries: [OLD, NEW] });
	return { process, url: await process.find(/tap +(http:\/\/127\.0\.0\.1:\d+) ->/) };
}

test(
	"a real Prometheus that scrapes a real tap: history, what comes live, a restart, and not a record more or less",
	needs(prometheus),
	async () => {
		const provider = await startProvider();
		const [metrics = 0] = await freePorts(1);
		const first = await startTap(provider.url, metrics);
		const server = await startPrometheus({ tap: [`127.0.0.1:${metrics}`] });
		await waitFor(
			"the tap to be scraped for a while",
			async () => (await ask(server, 'count_over_time(up{job="tap"}[1m])')) >= 12,
		);
		const cwd = scratch();
		const look = async () => {
			const { stdout, code } = await crossfadeProcess(["report", "--json", "--prometheus", server, ...tokens], {
				cwd,
				canaries: [OLD, NEW],
			});
			expect(code).toBe(0);
			return JSON.parse(stdout);
		};
		const nothing = await look();
		expect(nothing.judgement.fleet).toMatchObject({ safeToRetire: "not known" });
		expect(JSON.stringify(nothing.judgement.obligations)).toContain("no counters by token");

		await send(first.url, OLD.token, 7);
		await send(first.url, OLD.token, 5);
		const records = `sum(crossfade_tap_records_total)`;
		await waitFor("both requests to be scraped", async () => (await ask(server, records)) === 12);
		const seen = await look();
		expect(seen.judgement.tokens[0]).toMatchObject({
			role: "old",
			fingerprint: OLD.fingerprint,
			requests: 2,
			records: 12,
		});
		expect(seen.judgement.senders).toMatchObject([{ host: "tester", cli: "load", verdict: "OLD ONLY" }]);
		expect(seen.gateways).toMatchObject([{ place: `127.0.0.1:${metrics}`, state: "up" }]);
		// Watched since Prometheus has samples, which is before anybody of us came.
		expect(Date.parse(seen.rotation.watchSince ?? "") || seen.rotation.watchSince).toBeLessThan(
			Date.parse(nothing.rotation.now) || nothing.rotation.now,
		);

		// Of history the last two minutes are read in steps of 5 s: what lived longer than that is in it.
		await waitFor(
			"some samples more",
			async () => (await ask(server, "min(count_over_time(crossfade_tap_records_total[1m]))")) >= 9,
		);
		await first.process.stop();
		await waitFor("Prometheus to miss the tap", async () => (await ask(server, 'up{job="tap"}')) === 0);
		const down = await look();
		expect(down.gateways).toMatchObject([{ state: "down", detail: expect.stringContaining("cannot scrape it") }]);
		expect(down.judgement.tokens[0]).toMatchObject({ records: 12 });

		const second = await startTap(provider.url, metrics);
		await send(second.url, OLD.token, 20);
		await send(second.url, NEW.token, 1);
		await waitFor("the second tap to be scraped", async () => (await ask(server, records)) === 21);
		const again = await look();
		expect(again.judgement.tokens).toMatchObject([
			{ records: 32, requests: 3 },
			{ records: 1, requests: 1 },
		]);
		expect((await look()).judgement.tokens).toMatchObject([{ records: 32 }, { records: 1 }]);
		// Another evidence folder finds the same in the server's history.
		const fresh = await crossfadeProcess(["report", "--json", "--prometheus", server, ...tokens], { cwd: scratch() });
		expect(fresh).toMatchObject({ code: 0, stderr: "" });
		expect(JSON.parse(fresh.stdout).judgement.tokens).toMatchObject([{ records: 32 }, { records: 1 }]);
	},
);

test(
	"a real collector's own component counters, read directly and by Prometheus",
	needs(prometheus, otelcol),
	async () => {
		const begin = Date.now();
		const receiver = (id: string) => `  otlp/crossfade-fp-${id}: {protocols: {http: {}}}\n`;
		const collector = await startCollector(
			scratch(),
			`receivers:
  otlp: {protocols: {grpc: {}, http: {}}}
${receiver(OLD.fingerprint)}${receiver("other")}exporters: {debug: {}}
service:
  pipelines:
    logs: {receivers: [otlp, otlp/crossfade-fp-${OLD.fingerprint}, otlp/crossfade-fp-other], exporters: [debug]}
`,
		);
		const { host } = new URL(collector.metricsUrl);
		const server = await startPrometheus({ gateways: [host] });
		const folders = [scratch(), scratch()];
		const look = async (index: number) => {
			const source = index === 0 ? ["--gateway", `gw=${collector.metricsUrl}`] : ["--prometheus", server];
			const { stdout } = await crossfadeProcess(["report", "--json", ...source, ...tokens], {
				cwd: folders[index] ?? "",
			});
			return JSON.parse(stdout);
		};
		await waitFor(
			"the collector to be scraped for a while",
			async () => (await ask(server, 'count_over_time(up{job="gateways"}[1m])')) >= 12,
		);
		const before = await look(0);
		expect(before.gateways).toMatchObject([{ place: "gw", state: "up" }]);
		const [, doorOfOld = "", doorOfOthers = ""] = collector.urls;
		await send(doorOfOld, OLD.token, 30);
		await send(doorOfOthers, NEW.token, 4);
		await waitFor(
			"both to be scraped",
			async () => (await ask(server, '{__name__=~"otelcol_receiver_accepted_log_records(_total)?"}')) === 34,
		);
		const started = (await ask(server, collectorStarts)) * 1000;
		expect(started).toBeGreaterThanOrEqual(begin - 1_000);
		expect(started).toBeLessThanOrEqual(Date.now());
		for (const view of [await look(0), await look(1)]) {
			expect(view.judgement).toMatchObject({
				rateUnit: "records",
				tokens: [
					{ role: "old", records: 30 },
					{ role: "new", records: 0 },
					{ role: "other", fingerprint: "others", records: 4 },
				],
			});
		}
	},
);
