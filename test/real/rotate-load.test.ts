import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { planFor } from "../contracts/collector.ts";
import { scratch } from "../harness/cli.ts";
import { startCollector } from "../harness/collector.ts";
import { startLoad } from "../harness/load.ts";
import { howMany } from "../harness/matrix.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { rotationWorld } from "../harness/rotate.ts";
import { waitFor } from "../harness/wait.ts";

const EVENTS = howMany(20_000, 500_000);
const ROTATIONS = 5;
/** How often the test waits for records to arrive: once before, once in each, twice more where the old token is put back. */
const STAGES = 1 + ROTATIONS + 2;
/** In the middle of this one the old token is put back. */
const ROLLED_BACK = 2;

test("five rotations in a row on the real otelcol under load, one rolled back: nothing lost, no restart", {
	...needs(otelcol),
	timeout: 900_000,
}, async () => {
	const world = await rotationWorld("torii", { store: "confirm: person, feeds: [gw], within: 1m" });
	const distribution = await loadDistribution("contrib");
	if (!distribution) expect.unreachable();
	const tokenFile = join(world.cwd, "live.token");
	const config = renderConfig(planFor(distribution, { endpoint: world.url, tokenFile, platform: "systemd" }));
	const collector = await startCollector(scratch(), config);
	world.write("crossfade.yaml", `${world.fleet}gateways: [{ name: gw, metrics: "${collector.metricsUrl}" }]\n`);
	const load = startLoad(collector.url);
	const recordsOf = async (token: string) => {
		const { traffic } = await world.status();
		const counted = traffic.filter((each) => each.accepted && each.fingerprint === fingerprint(token));
		return counted.reduce((sum, { records }) => sum + records, 0);
	};
	/** An eighth of all, and so more than our own test records. */
	const arrives = async (token: string) => {
		const before = await recordsOf(token);
		await waitFor("records with the token", async () => (await recordsOf(token)) >= before + EVENTS / STAGES);
	};
	let old = world.first;
	await arrives(old);
	for (let rotation = 0; rotation < ROTATIONS; rotation++) {
		await world.rotate("personNeeded", "start", "--accept-outage");
		const fresh = await world.click();
		await world.rotate("personNeeded", "resume", "--token", "file:new.token");
		await arrives(fresh);
		if (rotation === ROLLED_BACK) {
			await world.rotate("personNeeded", "rollback");
			await arrives(old);
			await world.rotate("personNeeded", "resume", "--forward");
			await arrives(fresh);
		}
		await world.rotate("waiting", "resume", "--confirmed", "file", "--because", "the provider counts it");
		await world.later("24h2m");
		await world.rotate("ok", "resume");
		old = fresh;
	}
	const during = load.sent;
	await waitFor(`${EVENTS} records`, () => load.sent >= EVENTS);
	await load.stop();
	const counted = () => collector.counter("otelcol_exporter_sent_", "otlp_http/torii");
	await waitFor("everything to be sent", async () => (await counted()) >= load.sent);
	const failed = await collector.counter("otelcol_exporter_send_failed_", "otlp_http/torii");
	const dropped = await collector.counter("otelcol_exporter_enqueue_failed_", "otlp_http/torii");
	expect({ sent: await counted(), failed, dropped, ended: collector.process.exitCode }).toEqual({
		sent: load.sent,
		failed: 0,
		dropped: 0,
		ended: null,
	});
	const folder = join(world.cwd, ".local/state/crossfade/rotations/it");
	const sizes = readdirSync(folder)
		.filter((name) => name.endsWith(".journal"))
		.map((name) => statSync(join(folder, name)).size);
	process.stdout.write(
		`rotate under load: ${load.sent} sent, ${load.sent - (await counted())} lost, ${during} of them before the last rotation ended, one process throughout, ${load.refused} requests sent again; journals of ${sizes.join(", ")} bytes\n`,
	);
});
