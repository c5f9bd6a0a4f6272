import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import { planFor } from "../contracts/collector.ts";
import { scratch } from "../harness/cli.ts";
import { startCollector } from "../harness/collector.ts";
import { needs, otelcol, telemetrygen } from "../harness/parts.ts";
import { startProvider } from "../harness/provider.ts";
import { waitFor } from "../harness/wait.ts";

test(
	"logs, metrics and traces of OpenTelemetry's own generator, over gRPC, arrive at the provider through a generated config",
	needs(otelcol, telemetrygen),
	async () => {
		const provider = await startProvider();
		const contrib = await loadDistribution("contrib");
		if (!contrib) throw new Error("contrib");
		const tokenFile = join(scratch({ token: provider.token }), "token");
		const flags = { endpoint: provider.url, tokenFile, signals: "logs,metrics,traces" };
		const collector = await startCollector(scratch(), renderConfig(planFor(contrib, flags)));
		const { grpc } = parse(readFileSync(collector.configPath, "utf8")).receivers.otlp.protocols;
		for (const [signal, count] of [
			["logs", 500],
			["metrics", 300],
			["traces", 200],
		] as const) {
			const args = [
				signal,
				"--otlp-insecure",
				"--otlp-endpoint",
				grpc.endpoint,
				`--${signal}`,
				String(count),
				"--workers",
				"1",
				"--rate",
				"0",
			];
			const { status, stderr } = spawnSync(telemetrygen.path, args, { encoding: "utf8", timeout: 120_000 });
			expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
		}
		const counts = async () => {
			const { traffic } = await provider.status();
			return Object.fromEntries(traffic.map(({ signal, records }) => [signal, records]));
		};
		// A trace of the generator is two spans.
		const expected = { logs: 500, metrics: 300, traces: 400 };
		await waitFor(
			"everything to arrive",
			async () =>
				JSON.stringify(await counts()).length > 0 && Object.values(await counts()).reduce((a, b) => a + b, 0) >= 1_200,
		);
		expect(await counts()).toEqual(expected);
	},
);
