import { describe, expect, test } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { crossfadeProcess, scratch, startCrossfade } from "../harness/cli.ts";
import { type MovedConfig, onFreePorts, type RunningCollector, runCollector } from "../harness/collector.ts";
import { otlpRequest } from "../harness/otlp.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { ask, prometheus, startPrometheus } from "../harness/prometheus.ts";
import { type RunningProvider, startProvider } from "../harness/provider.ts";
import { waitFor } from "../harness/wait.ts";

const [OLD, NEW, UNKNOWN] = [canary(), canary(), canary()];
const canaries = [OLD, NEW, UNKNOWN];
const known = ["--token", `old=fp:${OLD.fingerprint}`, "--token", `new=fp:${NEW.fingerprint}`];

interface RecordedSender {
	readonly token: string;
	readonly host: string;
	readonly service: string;
	/** Its name in reports. */
	readonly cli: string;
	readonly version: string;
}

const senders: readonly RecordedSender[] = [
	{ token: OLD.token, host: "mac-1", service: "claude-code", cli: "claude-code", version: "2.1.83" },
	{ token: OLD.token, host: "mac-2", service: "codex_cli_rs", cli: "codex", version: "0.166.0" },
	{ token: NEW.token, host: "mac-2", service: "codex_cli_rs", cli: "codex", version: "0.166.0" },
	{ token: NEW.token, host: "mac-3", service: "claude-code", cli: "claude-code", version: "2.1.83" },
	{ token: UNKNOWN.token, host: "build-box", service: "nightly", cli: "nightly", version: "3" },
];

/** What `crossfade collector -d contrib --attribute` prints, for the release that the real collector here is built from. */
async function gatewayConfig(provider: RunningProvider): Promise<MovedConfig> {
	const cwd = scratch({ "own.token": provider.token });
	const flags = ["-d", "contrib", "--attribute", "--target-version", "0.155.0", "--platform", "systemd"];
	const args = ["collector", ...flags, "--endpoint", provider.url, "--token-file", `${cwd}/own.token`];
	const { code, stdout } = await crossfadeProcess(args, { cwd, canaries });
	expect(code).toBe(0);
	return onFreePorts(stdout);
}

/** Each sender sends a request of as many records as its place in the list says, times so much. */
async function sendAll(url: string, times: number): Promise<void> {
	for (const [index, { token, host, service, version }] of senders.entries()) {
		const resource = { "host.name": host, "service.name": service, "service.version": version };
		const { status } = await fetch(`${url}/v1/logs`, {
			method: "POST",
			headers: { "content-type": "application/x-protobuf", authorization: `Bearer ${token}` },
			body: Buffer.from(otlpRequest("logs", (index + 1) * times, "protobuf", resource)),
		});
		expect(status).toBe(200);
	}
}

const ONE_ROUND = senders.reduce((sum, _, index) => sum + index + 1, 0);

async function counted({ pageUrl }: RunningCollector): Promise<number> {
	const lines = (await (await fetch(pageUrl)).text()).split("\n");
	const counters = lines.filter((line) => line.startsWith("crossfade_gateway_log_records"));
	return counters.reduce((sum, line) => sum + Number(/} (\d+)/.exec(line)?.[1]), 0);
}

/** What a report has to say after so many rounds: exact, by token, host and CLI. */
function expectRounds(view: { judgement: Record<string, unknown> }, rounds: number): void {
	const sum = (token: string) =>
		senders.reduce((all, sender, index) => all + (sender.token === token ? (index + 1) * rounds : 0), 0);
	expect(view.judgement).toMatchObject({
		rateUnit: "records",
		tokens: [
			{ role: "old", fingerprint: OLD.fingerprint, records: sum(OLD.token) },
			{ role: "new", fingerprint: NEW.fingerprint, records: sum(NEW.token) },
			{ role: "other", fingerprint: UNKNOWN.fingerprint, records: sum(UNKNOWN.token) },
		],
	});
	const rows = view.judgement["senders"] as { host: string; cli: string; version: string; verdict: string }[];
	const told = rows.map(({ host, cli, version, verdict }) => [host, cli, version, verdict].join(" ")).sort();
	expect(told).toEqual([
		"build-box nightly 3 UNATTRIBUTED",
		"mac-1 claude-code 2.1.83 OLD ONLY",
		"mac-2 codex 0.166.0 MIXED",
		"mac-3 claude-code 2.1.83 NEW SEEN",
	]);
}

describe("a real collector that attributes by sender", needs(otelcol), () => {
	test("is read to the record: by token, host and CLI, and over a restart", async () => {
		const config = await gatewayConfig(await startProvider());
		const [folder, cwd] = [scratch(), scratch()];
		const first = await runCollector(folder, config);
		const source = [first.pageUrl, first.metricsUrl].flatMap((url) => ["--gateway", `gw=${url}`]);
		const report = async () => {
			const { code, stdout } = await crossfadeProcess(["report", "--json", ...source, ...known], { cwd, canaries });
			expect(code).toBe(0);
			return JSON.parse(stdout);
		};
		expect((await report()).judgement.fleet).toMatchObject({ safeToRetire: "not known" });
		await sendAll(first.url, 1);
		await waitFor("the first round to be counted", async () => (await counted(first)) === ONE_ROUND);
		expectRounds(await report(), 1);
		expectRounds(await report(), 1);
		await first.stop();
		expect((await report()).gateways).toMatchObject([{ place: "gw", state: "down" }]);
		// More than before it, so that only its start tells that it counts anew.
		const second = await runCollector(folder, config);
		await sendAll(second.url, 5);
		await waitFor("the second round to be counted", async () => (await counted(second)) === 5 * ONE_ROUND);
		const last = await report();
		expectRounds(last, 6);
		expect(last.gateways).toMatchObject([{ place: "gw", state: "up", detail: expect.stringContaining("sent") }]);
	});

	test("is the same through a real Prometheus, over a restart too", needs(prometheus), async () => {
		const config = await gatewayConfig(await startProvider());
		const [folder, cwd] = [scratch(), scratch()];
		const first = await runCollector(folder, config);
		const server = await startPrometheus({
			gateway: [first.pageUrl, first.metricsUrl].map((url) => new URL(url).host),
		});
		const report = async () => {
			const { code, stdout } = await crossfadeProcess(["report", "--json", "--prometheus", server, ...known], {
				cwd,
				canaries,
			});
			expect(code).toBe(0);
			return JSON.parse(stdout);
		};
		const scraped = async (records: number) =>
			(await ask(server, '{__name__=~"crossfade_gateway_log_records(_total)?"}')) === records;
		// Of what went before the first sample of a page nobody knows whether it is new.
		await waitFor("the empty page to be scraped", async () => (await ask(server, "count_over_time(up[1m])")) >= 24);
		await report();
		await sendAll(first.url, 3);
		await waitFor("the first round to be scraped", () => scraped(3 * ONE_ROUND));
		expectRounds(await report(), 3);
		await first.stop();
		await waitFor("Prometheus to miss it", async () => (await ask(server, "sum(up)")) === 0);
		// The page with the counters does not tell when its process started: that they are lower does.
		const second = await runCollector(folder, config);
		await sendAll(second.url, 2);
		await waitFor("the second round to be scraped", () => scraped(2 * ONE_ROUND));
		expectRounds(await report(), 5);
		expectRounds(await report(), 5);
	});

	test("probe says whether it was counted, and is confirmed by the collector's own counters", async () => {
		const provider = await startProvider();
		const collector = await runCollector(scratch(), await gatewayConfig(provider));
		await sendAll(collector.url, 1);
		await waitFor("the page to have counters", async () => (await counted(collector)) === ONE_ROUND);
		const cwd = scratch({ "new.token": NEW.token });
		const metrics = [collector.metricsUrl, collector.pageUrl].flatMap((url) => ["--metrics", `gw=${url}`]);
		const args = [
			"probe",
			"--token",
			"file:new.token",
			"--via",
			`gw=${collector.url}`,
			...metrics,
			"--signals",
			"logs",
			// The collector has a token of its own, and takes any.
			"--no-control",
		];
		const { code, stdout } = await crossfadeProcess([...args, "--json"], { cwd, canaries, holders: ["new.token"] });
		expect(code).toBe(0);
		expect(JSON.parse(stdout).rows).toMatchObject([
			{
				verdict: "ACCEPTED",
				confirmed: true,
				cause: "gateway-sent",
				notes: [`the gateway counted it as traffic of fp=${NEW.fingerprint}`],
			},
		]);
	});
});

test("a real tap that keeps its counters in the folder a report reads, and is its gateway too: every request counts once", async () => {
	const provider = await startProvider();
	const cwd = scratch();
	const listen = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
	const tap = startCrossfade(["tap", "--to", provider.url, ...listen, "--evidence", "crossfade-evidence"], { cwd });
	const [url, metrics] = [await tap.find(/tap +(\S+) ->/), await tap.find(/metrics +(\S+)/)];
	await tap.find(/stop with/);
	const args = ["report", "--json", "--token", `old=fp:${fingerprint(provider.token)}`, "--gateway", `gw=${metrics}`];
	const report = async () => JSON.parse((await crossfadeProcess(args, { cwd })).stdout);
	const send = async () => {
		const headers = { "content-type": "application/x-protobuf", authorization: `Bearer ${provider.token}` };
		await (await fetch(`${url}/v1/logs`, { method: "POST", headers, body: otlpRequest("logs", 3) })).arrayBuffer();
	};
	await report();
	await send();
	await send();
	await waitFor("the tap's page to have both", async () => / 6$/m.test(await (await fetch(metrics)).text()));
	// What is read from a page counts at once; what the tap keeps itself is there when it has ended, at the latest.
	expect((await report()).gateways).toMatchObject([{ place: "gw", state: "up" }]);
	await tap.stop();
	const { judgement, gateways } = await report();
	expect(judgement.tokens[0]).toMatchObject({ records: 6, requests: 2 });
	expect(gateways).toMatchObject([{ place: "gw", state: "down" }]);
});
