import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { OverlapView } from "../../src/prove/overlap/view.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { canary } from "../harness/canary.ts";
import { crossfadeProcess, scratch, startCrossfade } from "../harness/cli.ts";
import { startCollector } from "../harness/collector.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { startProvider } from "../harness/provider.ts";
import { waitFor } from "../harness/wait.ts";

/** A gateway that sends on with a token of its own. */
const config = (backend: string, token: string) => `receivers:
  otlp:
    protocols: {grpc: {}, http: {}}
exporters:
  otlp_http/backend:
    endpoint: ${backend}
    headers: {Authorization: "Bearer ${token}"}
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
  otlp_http/queued:
    endpoint: ${backend}
    headers: {Authorization: "Bearer ${token}"}
service:
  pipelines:
    logs: {receivers: [otlp], exporters: [otlp_http/queued]}
    metrics: {receivers: [otlp], exporters: [otlp_http/queued]}
    traces: {receivers: [otlp], exporters: [otlp_http/backend]}
`;

async function gateway(token?: string) {
	const provider = await startProvider();
	const collector = await startCollector(scratch(), config(provider.url, token ?? provider.token));
	const grpc = `http://${parse(readFileSync(collector.configPath, "utf8")).receivers.otlp.protocols.grpc.endpoint}`;
	return { provider, collector, grpc };
}

const mine = canary();

async function ask(...args: string[]) {
	const cwd = scratch({ "new.token": mine.token });
	const flags = ["probe", "--token", "file:new.token", "--json", ...args];
	const { code, stdout } = await crossfadeProcess(flags, { cwd, canaries: [mine], holders: ["new.token"] });
	return { code, rows: JSON.parse(stdout).rows as Record<string, unknown>[] };
}

test("a real collector: its own counters say that each record left", needs(otelcol), async () => {
	const { provider, collector } = await gateway();
	const via = ["--via", `gw=${collector.url}`, "--metrics", `gw=${collector.metricsUrl}`, "--exporter"];
	const args = [...via, "otlp_http/queued", "--signals", "logs,metrics", "--no-control"];
	const { code, rows } = await ask(...args);
	expect(rows).toMatchObject(
		["logs", "metrics"].map((signal) => ({
			signal,
			verdict: "ACCEPTED",
			confirmed: true,
			cause: "gateway-sent",
		})),
	);
	expect(code).toBe(0);
	expect(await provider.records()).toBe(2);
	const json = await ask(...args, "--protocol", "http/json", "--gzip", "--as", "gemini", "--path", "bearer");
	expect(json.rows.map(({ confirmed }) => confirmed)).toEqual([true, true]);
	// A gateway with a token of its own takes any: its counters say that a record left, and nothing of our token.
	const own = await ask(...via, "otlp_http/queued", "--signals", "logs");
	expect(own).toMatchObject({
		code: 9,
		rows: [{ verdict: "INCONCLUSIVE", confirmed: true, cause: "takes-any-token" }],
	});
	// The traces leave by another exporter.
	const other = await ask(...via, "otlp_http/queued", "--signals", "traces", "--timeout", "2s");
	expect(other).toMatchObject({ code: 9, rows: [{ verdict: "INCONCLUSIVE", confirmed: false }] });
});

test(
	"a real collector that checks tokens itself refuses a made-up one in its own words, which proves that it does",
	needs(otelcol),
	async () => {
		const collector = await startCollector(
			scratch(),
			`extensions:
  bearertokenauth: {token: "${mine.token}"}
receivers:
  otlp:
    protocols:
      grpc: {auth: {authenticator: bearertokenauth}}
      http: {auth: {authenticator: bearertokenauth}}
exporters: {debug: {}}
service:
  extensions: [bearertokenauth]
  pipelines:
    logs: {receivers: [otlp], exporters: [debug]}
`,
		);
		const grpc = `http://${parse(readFileSync(collector.configPath, "utf8")).receivers.otlp.protocols.grpc.endpoint}`;
		const signals = ["--signals", "logs"];
		for (const args of [
			["--endpoint", collector.url],
			["--endpoint", collector.url, "--protocol", "http/json"],
			["--endpoint", grpc, "--protocol", "grpc"],
		]) {
			const { code, rows } = await ask(...args, ...signals);
			expect({ args, code, rows }).toMatchObject({ args, code: 0, rows: [{ verdict: "ACCEPTED", cause: "accepted" }] });
		}
	},
);

test(
	"the token of a real collector's exporter is known by a probe through it, which a tap behind it counts",
	needs(otelcol),
	async () => {
		const provider = await startProvider();
		const cwd = scratch({ "old.token": mine.token });
		const options = { cwd, canaries: [mine], holders: ["old.token"] };
		const tap = startCrossfade(["tap", "--to", provider.url, "--listen", "127.0.0.1:0", "--evidence", "seen"], options);
		const collector = await startCollector(scratch(), config(await tap.find(/tap {7}(http:\S+) ->/), provider.token));
		const exporter = async () => {
			const tokens = ["--token", "old=file:old.token", "--token", `new=fp:${fingerprint(provider.token)}`];
			const pages = ["--gateway", `gw=${collector.metricsUrl}`, "--evidence", "seen"];
			const { stdout } = await crossfadeProcess(["report", "--json", ...tokens, ...pages], options);
			const { obligations, senders } = (JSON.parse(stdout) as OverlapView).judgement;
			expect(senders).toEqual([]);
			return obligations.find(({ id, about }) => id === "gateways" && about === "gw, its exporter");
		};
		expect(await exporter()).toMatchObject({ state: "unknown" });
		const probe = ["probe", "--token", "old=file:old.token", "--via", `gw=${collector.url}`, "--signals", "logs"];
		await crossfadeProcess([...probe, "--evidence", "seen"], options);
		const known = await waitFor("the tap to have counted the probe", async () => {
			const found = await exporter();
			return found?.state === "proven" ? found : undefined;
		});
		expect(known.witness).toMatch(
			new RegExp(`a probe through it was counted by .* with ${fingerprint(provider.token)}`),
		);
		expect((await tap.stop()).code).toBe(0);
	},
);

test(
	"a real collector whose own token is refused: a 200 in front, and the loss behind it is said",
	needs(otelcol),
	async () => {
		const { collector } = await gateway(canary().token);
		const without = await ask("--via", collector.url, "--signals", "logs");
		expect(without).toMatchObject({ code: 9, rows: [{ verdict: "INCONCLUSIVE", cause: "gateway-taken" }] });
		const args = ["--via", collector.url, "--metrics", collector.metricsUrl, "--signals", "logs"];
		expect(await ask(...args)).toMatchObject({
			code: 7,
			rows: [
				{
					verdict: "PARTIAL",
					confirmed: false,
					cause: "gateway-failed",
					detail: expect.stringContaining("otlp_http/queued"),
				},
			],
		});
		// Without a queue in between, the collector passes the refusal on.
		const refused = await ask("--via", collector.url, "--signals", "traces");
		expect(refused).toMatchObject({
			code: 3,
			rows: [{ status: 401, fix: expect.stringContaining("the gateway's own token") }],
		});
	},
);

test("gRPC to a real collector, and its HTTP port mistaken for one", needs(otelcol), async () => {
	const { provider, collector, grpc } = await gateway();
	const { code, rows } = await ask(
		"--via",
		`gw=${grpc}`,
		"--metrics",
		collector.metricsUrl,
		"--protocol",
		"grpc",
		"--no-control",
	);
	expect(rows.map(({ cause }) => cause)).toEqual(["gateway-sent", "gateway-sent", "gateway-sent"]);
	expect(code).toBe(0);
	expect(await provider.records()).toBe(3);
	expect(await ask("--via", collector.url, "--protocol", "grpc", "--signals", "logs")).toMatchObject({ code: 6 });
	expect(await ask("--via", grpc, "--signals", "logs")).toMatchObject({ code: 6, rows: [{ cause: "not-http" }] });
});
