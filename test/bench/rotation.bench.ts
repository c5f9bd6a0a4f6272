import { renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import { planFor } from "../contracts/collector.ts";
import { scratch } from "../harness/cli.ts";
import { startCollector } from "../harness/collector.ts";
import { startLoad } from "../harness/load.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { pause } from "../harness/wait.ts";
import { median, say } from "./measure.ts";

/** Bar: 1000 ms. The batch timeout is 1 ms here, so that the token's way is measured and not the batch's. */
test("from the rename of the token file to the first request on the new token", {
	...needs(otelcol),
	timeout: 120_000,
}, async () => {
	let seen: (header: string | undefined) => void = () => undefined;
	const provider = createServer((request, response) => {
		seen(request.headers.authorization);
		request.resume().on("end", () => response.end());
	});
	await new Promise<void>((done) => provider.listen(0, "127.0.0.1", done));
	onTestFinished(() => {
		provider.close();
	});
	const contrib = await loadDistribution("contrib");
	if (!contrib) throw new Error("contrib");
	const token = (round: number) => `the-token-of-round-${String(round).padStart(4, "0")}`;
	const file = join(scratch({ token: token(0) }), "token");
	const endpoint = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
	const config = renderConfig(planFor(contrib, { endpoint, tokenFile: file })).replace(
		"batch: {}",
		"batch: {timeout: 1ms}",
	);
	const collector = await startCollector(scratch(), config);
	const load = startLoad(collector.url, { recordsPerRequest: 1, connections: 1, pauseMs: 1 });
	const gaps: number[] = [];
	for (let round = 1; round <= 20; round++) {
		const arrived = new Promise<number>((done) => {
			seen = (header) => header === `Bearer ${token(round)}` && done(performance.now());
		});
		writeFileSync(`${file}.new`, token(round));
		const begin = performance.now();
		renameSync(`${file}.new`, file);
		gaps.push((await arrived) - begin);
		await pause(50);
	}
	await load.stop();
	say(
		`20 rotations, rename to first request on the new token: ${Math.min(...gaps).toFixed(0)} / ${median(gaps).toFixed(0)} / ${Math.max(...gaps).toFixed(0)} ms (min, median, max)`,
	);
});
