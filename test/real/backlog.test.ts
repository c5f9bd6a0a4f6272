import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { renderConfig } from "../../src/generate/render/collector.ts";
import type { Flags } from "../../src/spec/flags.ts";
import { planFor } from "../contracts/collector.ts";
import { canary } from "../harness/canary.ts";
import { crossfadeProcess, scratch } from "../harness/cli.ts";
import { freePorts, onFreePorts, type RunningCollector, runCollector } from "../harness/collector.ts";
import { needs, otelcol, program } from "../harness/parts.ts";
import { named, standIn, takesAtOnce } from "../harness/rotation.ts";
import { runScript, shells, type TestShell } from "../harness/shells.ts";
import { waitFor } from "../harness/wait.ts";

const [dash] = shells as [TestShell];

/** A collector whose backend is away, with this many requests waiting: more than its queue has consumers. */
const WAITING = 40;

async function backlog(flags: Flags, isBatched = false) {
	const distribution = await loadDistribution("contrib");
	if (!distribution) throw new Error("contrib");
	const tokenFile = join(scratch({ token: canary().token }), "token");
	const [away = 0] = await freePorts(1);
	const plan = planFor(distribution, {
		endpoint: `http://127.0.0.1:${away}`,
		tokenFile,
		platform: "systemd",
		...flags,
	});
	const folder = scratch();
	const config = renderConfig(plan)
		.replaceAll(plan.queueFolder, join(folder, "queue"))
		.replace(/^ {6}- batch\n/gm, "");
	const moved = await onFreePorts(
		isBatched ? config : config.replaceAll("[memory_limiter, batch]", "[memory_limiter]"),
	);
	const collector = await runCollector(folder, moved);
	const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "x" } }] }] }] });
	for (let sent = 0; sent < WAITING; sent++) {
		const headers = { "content-type": "application/json" };
		const answer = await fetch(`${collector.url}/v1/logs`, { method: "POST", headers, body });
		expect(answer.status).toBe(200);
	}
	return { collector, folder, moved, tokenFile };
}

/** How many requests wait, by its own metrics. */
const waiting = (collector: RunningCollector) => collector.counter("otelcol_exporter_queue_size", "otlp_http/torii");

/** The same for the script, and for people: the command of the runbook shows this line. */
async function page(collector: RunningCollector): Promise<string> {
	return (await fetch(collector.metricsUrl)).text();
}

describe("what waits in the queue while the backend is away", needs(otelcol), () => {
	test.each<[string, Flags, "watch" | "reload" | "restart", boolean]>([
		["is kept by a watched file, in memory", {}, "watch", true],
		["is lost by a reload, in memory", { delivery: "reload" }, "reload", false],
		["is kept over a reload, on disk", { delivery: "reload", queue: "persistent" }, "reload", true],
		["is lost by a restart, in memory", { delivery: "reload" }, "restart", false],
		["is kept over a restart, on disk", { delivery: "reload", queue: "persistent" }, "restart", true],
	])("%s", async (_, flags, way, isKept) => {
		const s = await backlog(flags);
		await waitFor("the queue", async () => (await waiting(s.collector)) >= WAITING - 10);
		expect(await page(s.collector)).toMatch(/^otelcol_exporter_queue_size\{[^}]*exporter="otlp_http\/torii"/m);
		writeFileSync(`${s.tokenFile}.new`, canary().token);
		chmodSync(`${s.tokenFile}.new`, 0o400);
		renameSync(`${s.tokenFile}.new`, s.tokenFile);
		let after = s.collector;
		if (way === "watch") await waitFor("the token", () => after.log().includes("refresh token"));
		if (way === "reload") {
			after.process.kill("SIGHUP");
			const starts = () => after.log().match(/Everything is ready/g)?.length ?? 0;
			await waitFor("the reload", () => starts() > 1);
		}
		if (way === "restart") {
			after.process.kill("SIGTERM");
			await after.ended;
			after = await runCollector(s.folder, s.moved);
		}
		const left = () => waiting(after).catch(() => -1);
		if (isKept) await waitFor("what was waiting", async () => (await left()) >= WAITING - 10);
		else expect(await waitFor("its metrics", async () => ((await left()) >= 0 ? `${await left()}` : false))).toBe("0");
	});

	test("is lost by a reload, in memory, also with the batch processor of our config before it", async () => {
		const s = await backlog({ delivery: "reload" }, true);
		const left = async () => waiting(s.collector);
		await waitFor("the batch", async () => (await left()) > 0);
		const starts = () => s.collector.log().match(/Everything is ready/g)?.length ?? 0;
		s.collector.process.kill("SIGHUP");
		await waitFor("the reload", () => starts() > 1);
		expect(await waitFor("its metrics", async () => `${await left().catch(() => "")}`)).toBe("0");
	});
});

describe("the rotation script looks at the queue first", needs(program("curl")), () => {
	/** A page that shows a queue, and a script for a plan that loses it, or not. */
	async function scene(queued: () => number | string, ...flags: readonly string[]) {
		const old = canary();
		const tokenFile = join(scratch({ "torii.token": old.token }), "torii.token");
		chmodSync(tokenFile, 0o400);
		const collector = await standIn(() => {
			const now = queued();
			// Its name, and that of older releases: a script reads one of them.
			return ["otlp_http", "otlphttp"]
				.map((type) => `otelcol_exporter_queue_size{exporter="${type}/torii"} ${now}\n`)
				.join("");
		});
		const script = join(scratch(), "rotate.sh");
		const made = ["collector", "-d", "contrib", "--platform", "systemd", "--token-file", tokenFile, "--rotate-script"];
		writeFileSync(script, (await crossfadeProcess([...made, ...flags])).stdout);
		const args = ["--metrics", collector.url, "--validate", "", "--apply", "", "--no-precheck", ...takesAtOnce()];
		const { token } = canary();
		return {
			old,
			token,
			content: () => readFileSync(tokenFile, "utf8"),
			run: (...more: readonly string[]) =>
				runScript(dash, script, [...args, ...more], { stdin: `${token}\n`, canaries: [named(token), old] }),
		};
	}

	test("and changes nothing while a reload would lose what waits", async () => {
		const s = await scene(() => 25, "--delivery", "reload");
		const outcome = await s.run("--wait", "2");
		expect(outcome).toMatchObject({
			code: 11,
			stderr: expect.stringMatching(/25 requests still wait.*--despite-queue/s),
		});
		expect(s.content()).toBe(s.old.token);
	});

	test("and waits until it is empty", async () => {
		let looks = 0;
		const s = await scene(() => Math.max(0, 30 - 10 * looks++), "--delivery", "reload");
		expect(await s.run("--wait", "3")).toMatchObject({ stdout: expect.stringMatching(/waiting {3}for \d+ requests/) });
		expect(s.content()).toBe(s.token);
	});

	test("and is not content with an export that works, while a few requests may wait for their next try", async () => {
		let looks = 0;
		const page = () => {
			looks += 1;
			return `2\notelcol_exporter_sent_log_records{exporter="otlp_http/torii"} ${looks * 1_000}`;
		};
		const s = await scene(page, "--delivery", "reload");
		expect(await s.run("--wait", "3")).toMatchObject({
			code: 11,
			stderr: expect.stringContaining("2 requests still wait"),
		});
		expect(s.content()).toBe(s.old.token);
	});

	test.each([
		["0.119.0", 11],
		["0.120.0", 9],
	])("and takes a queue of 0 for empty only where its size counts what is tried again: %s", async (release, code) => {
		const s = await scene(() => 0, "--delivery", "reload", "--target-version", release);
		const outcome = await s.run("--wait", "2");
		expect(outcome.stderr).not.toContain("the metrics do not show the queue");
		expect(outcome.code).toBe(code);
		expect(outcome.stderr.includes("does not count the requests that it is trying again")).toBe(code === 11);
		expect(s.content()).toBe(code === 11 ? s.old.token : s.token);
	});

	test("and goes on with --despite-queue, with a warning", async () => {
		const s = await scene(() => 25, "--delivery", "reload");
		const outcome = await s.run("--despite-queue", "--wait", "2");
		expect(outcome.stderr).toMatch(/25 requests wait in the queue: a reload/);
		expect(s.content()).toBe(s.token);
	});

	test.each([
		["a watched file", []],
		["a queue on disk", ["--delivery", "reload", "--queue", "persistent"]],
	])("and need not wait with %s", async (_, flags) => {
		const s = await scene(() => 25, ...flags);
		expect(await s.run("--wait", "2")).toMatchObject({ stdout: expect.stringMatching(/25 requests.*does not lose/) });
		expect(s.content()).toBe(s.token);
	});
});
