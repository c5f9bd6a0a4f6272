import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import type { Flags } from "../../src/spec/flags.ts";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { planFor } from "../contracts/collector.ts";
import { filesBelow, leaks } from "../harness/canary.ts";
import { scratch } from "../harness/cli.ts";
import { startCollector } from "../harness/collector.ts";
import { type Load, startLoad } from "../harness/load.ts";
import { needs, otelcol } from "../harness/parts.ts";
import { type RunningProvider, startProvider } from "../harness/provider.ts";
import { pause, waitFor } from "../harness/wait.ts";

/** Each way of rotating is proven over at least this many events. */
const EVENTS = 100_000;

/** The config crossfade generates for a distribution, for a provider on this machine. */
async function configFor(id: string, provider: RunningProvider, tokenFile: string, flags: Flags = {}): Promise<string> {
	const distribution = await loadDistribution(id);
	if (!distribution) throw new Error(id);
	return renderConfig(planFor(distribution, { endpoint: provider.url, tokenFile, platform: "systemd", ...flags }));
}

/** Replaces a token file as our scripts do: a new file beside it, renamed over it. */
function replaceToken(path: string, token: string): void {
	writeFileSync(`${path}.new`, token);
	chmodSync(`${path}.new`, 0o400);
	renameSync(`${path}.new`, path);
}

/** Waits for the first record that arrives with a token; returns the milliseconds since `since`. */
async function firstArrival(provider: RunningProvider, token: string, since: number): Promise<number> {
	return waitFor("the first event on the new token", async () => {
		const { traffic } = await provider.status();
		const seen = traffic.find((each) => each.accepted && each.fingerprint === fingerprint(token));
		return seen && Date.parse(seen.firstSeen) - since;
	});
}

/** Sends until enough was taken, stops, and waits until the provider has it all. */
async function finishLoad(load: Load, provider: RunningProvider): Promise<void> {
	await waitFor(`${EVENTS} events`, () => load.sent >= EVENTS);
	await load.stop();
	await waitFor("everything to arrive", async () => (await provider.records()) >= load.sent);
}

function report(name: string, facts: Record<string, unknown>): void {
	process.stdout.write(`rotation: ${name}: ${JSON.stringify(facts)}\n`);
}

describe("a rotation on the real otelcol under load", needs(otelcol), () => {
	test("watched file, renamed, three times in a row: nothing lost, no restart", async () => {
		const provider = await startProvider();
		const tokenFile = join(scratch({ token: provider.token }), "token");
		const collector = await startCollector(scratch(), await configFor("contrib", provider, tokenFile));
		const load = startLoad(collector.url);
		const gaps: number[] = [];
		await waitFor("a first quarter", () => load.sent >= EVENTS / 4);
		for (let round = 0; round < 3; round++) {
			const token = await provider.rotate();
			const renamed = Date.now();
			replaceToken(tokenFile, token);
			gaps.push(await firstArrival(provider, token, renamed));
		}
		await finishLoad(load, provider);
		expect(await provider.records()).toBe(load.sent);
		expect(load.refused).toBe(0);
		expect(collector.process.exitCode).toBeNull();
		report("watched file, renamed", { sent: load.sent, received: await provider.records(), gapsMs: gaps });
	});

	test("Kubernetes: the ..data link of a mounted Secret is swapped, twice", async () => {
		const provider = await startProvider();
		const mount = scratch();
		const swap = (name: string, token: string) => {
			mkdirSync(join(mount, name));
			writeFileSync(join(mount, name, "torii.token"), token, { mode: 0o440 });
			symlinkSync(name, join(mount, "..data_tmp"));
			renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
		};
		swap("..2026_01", provider.token);
		symlinkSync("..data/torii.token", join(mount, "torii.token"));
		const config = await configFor("k8s", provider, join(mount, "torii.token"), { platform: "kubernetes" });
		const collector = await startCollector(scratch(), config);
		const load = startLoad(collector.url);
		const gaps: number[] = [];
		await waitFor("a first quarter", () => load.sent >= EVENTS / 4);
		for (const round of [2, 3]) {
			const token = await provider.rotate();
			const swapped = Date.now();
			swap(`..2026_0${round}`, token);
			rmSync(join(mount, `..2026_0${round - 1}`), { recursive: true });
			gaps.push(await firstArrival(provider, token, swapped));
		}
		await finishLoad(load, provider);
		expect(await provider.records()).toBe(load.sent);
		expect(load.refused).toBe(0);
		report("Kubernetes ..data swap", { sent: load.sent, received: await provider.records(), gapsMs: gaps });
	});

	test("${file:} and a validated reload, as ADOT needs it: nothing acknowledged is lost, but clients are refused for a moment", async () => {
		const provider = await startProvider();
		const tokenFile = join(scratch({ token: provider.token }), "token");
		const collector = await startCollector(scratch(), await configFor("adot", provider, tokenFile));
		const load = startLoad(collector.url);
		await waitFor("a first half", () => load.sent >= EVENTS / 2);
		const token = await provider.rotate();
		const renamed = Date.now();
		replaceToken(tokenFile, token);
		collector.process.kill("SIGHUP");
		const gap = await firstArrival(provider, token, renamed);
		await finishLoad(load, provider);
		// A request that was cut off may have been taken all the same and is sent again, so more can arrive than was acknowledged.
		expect(await provider.records()).toBeGreaterThanOrEqual(load.sent);
		expect(collector.process.exitCode).toBeNull();
		report("${file:} and reload", {
			sent: load.sent,
			received: await provider.records(),
			refusedRequests: load.refused,
			gapMs: gap,
		});
	});

	test("no token reaches the collector's log, its queue on disk or its printed config", async () => {
		const provider = await startProvider();
		const folder = scratch({ token: provider.token });
		const queue = scratch();
		const generated = await configFor("contrib", provider, join(folder, "token"), { queue: "persistent" });
		const collector = await startCollector(scratch(), generated.replace(/directory: .*/, `directory: ${queue}/q`));
		const load = startLoad(collector.url, { pauseMs: 20 });
		await waitFor("some events", () => load.sent >= 5_000);
		const token = await provider.rotate();
		replaceToken(join(folder, "token"), token);
		await firstArrival(provider, token, Date.now());
		// The old token dies under the collector's feet, so that errors about it are logged, too.
		await provider.advance("25h");
		replaceToken(join(folder, "token"), provider.token);
		await waitFor(
			"exports to fail",
			async () => (await collector.counter("otelcol_exporter_send_failed_", "otlp_http/torii")) > 0,
		);
		await load.stop();
		const reloaded = join(scratch(), "reloaded.yaml");
		writeFileSync(reloaded, await configFor("adot", provider, join(folder, "token")));
		const printed = printConfig(collector.configPath) + printConfig(reloaded);
		expect(printed).toContain("[REDACTED]");
		const canaries = [provider.token, token].map((each) => ({ token: each, fingerprint: fingerprint(each) }));
		const metrics = await (await fetch(collector.metricsUrl)).text();
		expect(Object.keys(filesBelow(queue)).length).toBeGreaterThan(0);
		expect(leaks(canaries, { log: collector.log(), printed, metrics, ...filesBelow(queue) })).toEqual([]);
		expect(collector.log()).toContain("401");
	});
});

/** What the collector prints of a config, secrets redacted as it thinks right. */
function printConfig(path: string): string {
	const { status, stdout, stderr } = spawnSync(otelcol.path, ["print-config", `--config=${path}`], {
		encoding: "utf8",
	});
	expect({ status, stderr }).toMatchObject({ status: 0 });
	return stdout + stderr;
}

describe("the failure table: each trap on the real otelcol, and found by check", needs(otelcol), () => {
	const findings = async (config: string, id = "contrib") => {
		const { offlineFindings } = await import("../../src/generate/check/check.ts");
		const distribution = await loadDistribution(id);
		if (!distribution) throw new Error(id);
		return offlineFindings(config, "config.yaml", { distribution, own: [0, 155, 0] }).map(({ rule }) => rule);
	};

	test("row 3: an environment variable and SIGHUP stay on the old token", async () => {
		const provider = await startProvider();
		const config = await configFor("contrib", provider, "/unused", { delivery: "env" });
		const collector = await startCollector(scratch(), config, { TORII_INGEST_TOKEN: provider.token });
		const load = startLoad(collector.url, { pauseMs: 20 });
		await waitFor("some events", async () => (await provider.records()) > 1_000);
		const token = await provider.rotate();
		collector.process.kill("SIGHUP");
		await waitFor("the reload", () => collector.log().split("Everything is ready").length > 2);
		const before = await provider.records();
		await waitFor("more events after the reload", async () => (await provider.records()) > before + 1_000);
		await load.stop();
		expect(await provider.records(token)).toBe(0);
		expect(await findings(config)).toContain("token-from-env");
	});

	test("row 4: a line break at the end of a ${file:} token: validate passes and nothing is ever sent", async () => {
		const provider = await startProvider();
		const tokenFile = join(scratch({ token: `${provider.token}\n` }), "token");
		const config = await configFor("adot", provider, tokenFile);
		const collector = await startCollector(scratch(), config);
		const load = startLoad(collector.url, { pauseMs: 20 });
		await waitFor("the complaint", () => collector.log().includes("invalid header field value"));
		await load.stop();
		expect(await provider.records()).toBe(0);
		expect(collector.log()).not.toContain(provider.token);
		expect(await findings(config)).toContain("file-newline");
	});

	test("row 6: a reload of a broken config ends the collector", async () => {
		const provider = await startProvider();
		const tokenFile = join(scratch({ token: provider.token }), "token");
		const collector = await startCollector(scratch(), await configFor("contrib", provider, tokenFile));
		const broken = readFileSync(collector.configPath, "utf8").replace(
			/exporters:\n\s+- otlp_http\/torii/,
			"exporters:\n        - otlp_http/gone",
		);
		writeFileSync(collector.configPath, broken);
		collector.process.kill("SIGHUP");
		expect(await collector.ended).not.toBe(0);
		expect(await findings(broken)).toContain("missing-reference");
	});

	test("row 7: a rejected token permanently drops everything, whatever the retry and queue settings", async () => {
		const provider = await startProvider();
		const tokenFile = join(scratch({ token: "an-old-token-that-nobody-takes" }), "token");
		const generated = await configFor("contrib", provider, tokenFile, { queue: "persistent" });
		const collector = await startCollector(scratch(), generated.replace(/directory: .*/, `directory: ${scratch()}/q`));
		const load = startLoad(collector.url, { pauseMs: 20 });
		await waitFor("some events", () => load.sent >= 10_000);
		await load.stop();
		const dropped = () => collector.counter("otelcol_exporter_send_failed_", "otlp_http/torii");
		await waitFor("all of them to be dropped", async () => (await dropped()) === load.sent);
		replaceToken(tokenFile, provider.token);
		await pause(3_000);
		expect(await provider.records()).toBe(0);
		expect(await dropped()).toBe(load.sent);
	});
});
