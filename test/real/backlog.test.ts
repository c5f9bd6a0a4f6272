import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
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

// biome-ignore lint/suspicious/noExplicitAny: a parsed config
type Change = (config: any, exporter: any) => void;

async function backlog(flags: Flags, isBatched = false, change: Change = () => undefined, waitingRequests = WAITING) {
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
	const parsed = parse(isBatched ? config : config.replaceAll("[memory_limiter, batch]", "[memory_limiter]"));
	change(parsed, parsed.exporters["otlp_http/torii"]);
	const moved = await onFreePorts(stringify(parsed));
	const collector = await runCollector(folder, moved);
	const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "x" } }] }] }] });
	const headers = { "content-type": "application/json" };
	const send = async () => (await fetch(`${collector.url}/v1/logs`, { method: "POST", headers, body })).status;
	for (let sent = 0; sent < waitingRequests; sent++) expect(await send()).toBe(200);
	return { collector, folder, moved, tokenFile, away, send };
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

/** The script of a plan for a running collector with a reload, and what it says. */
async function rotate(s: { readonly collector: RunningCollector; readonly tokenFile: string }) {
	const script = join(scratch(), "rotate.sh");
	const made = ["collector", "-d", "contrib", "--platform", "systemd", "--delivery", "reload", "--queue", "persistent"];
	const flags = [...made, "--token-file", s.tokenFile, "--rotate-script"];
	writeFileSync(script, (await crossfadeProcess(flags)).stdout);
	const apply = ["--validate", "", "--apply", `kill -HUP ${s.collector.process.pid}`];
	const args = ["--metrics", s.collector.metricsUrl, ...apply, "--no-precheck", "--wait", "2"];
	const { token } = canary();
	return runScript(dash, script, args, { stdin: `${token}\n`, canaries: [named(token)] });
}

const persistent: Flags = { delivery: "reload", queue: "persistent" };

describe("what a reload does besides", { ...needs(otelcol), ...needs(program("curl")) }, () => {
	test("it drops what another exporter has in memory: the script names it, and changes nothing", async () => {
		const other = await answering(503);
		const s = await backlog(persistent, false, (config, ours) => {
			config.exporters["otlp_http/other"] = { ...ours, endpoint: other.url, sending_queue: {} };
			for (const pipeline of Object.values<{ exporters: string[] }>(config.service.pipelines))
				pipeline.exporters.push("otlp_http/other");
		});
		const left = () => s.collector.counter("otelcol_exporter_queue_size", "otlp_http/other");
		await waitFor("the queue", async () => (await left()) >= WAITING - 10);
		const outcome = await rotate(s);
		expect(outcome.stderr).toContain("data waits for other exporters (otlp_http/other)");
		expect(outcome.code).toBe(11);
		s.collector.process.kill("SIGHUP");
		await waitFor("the reload", () => s.collector.log().split("Everything is ready").length > 2);
		expect(await waitFor("its metrics", async () => `${await left().catch(() => "")}`)).toBe("0");
	});

	test("it does not end while a full queue holds senders up: the script waits for room", async () => {
		const full = (_: unknown, ours: { sending_queue: object }) =>
			Object.assign(ours.sending_queue, { queue_size: 20, block_on_overflow: true });
		const s = await backlog(persistent, false, full, 20);
		const held = s.send();
		const outcome = await rotate(s);
		expect(outcome.stderr).toContain("the queue is full: until there is room, a reload or restart may not end");
		expect(outcome.code).toBe(11);
		s.collector.process.kill("SIGHUP");
		await waitFor("the end of what runs", () => s.collector.log().includes("Starting shutdown"));
		expect(s.collector.log().split("Everything is ready")).toHaveLength(2);
		await answering(200, s.away);
		expect(await held).toBe(200);
		await waitFor("the reload", () => s.collector.log().split("Everything is ready").length > 2);
	});

	test("of what it drops, its metrics tell what the backend refused from what nobody took in time", async () => {
		const short = (_: unknown, ours: { retry_on_failure: object }) =>
			Object.assign(ours.retry_on_failure, {
				initial_interval: "100ms",
				max_interval: "100ms",
				max_elapsed_time: "200ms",
			});
		const s = await backlog({}, false, short, 1);
		const dropped = (labels: string) =>
			waitFor(labels, async () => (await page(s.collector)).includes(`send_failed_log_records{${labels}`));
		await dropped('error_permanent="false"');
		await answering(401, s.away);
		await s.send();
		expect(await dropped('error_permanent="true",error_type="Unauthenticated"')).toBe(true);
	});
});

/** A backend that gives everything the same answer. */
async function answering(status: number, port = 0): Promise<{ readonly url: string }> {
	const server = createServer((request, response) => {
		request.resume();
		request.on("end", () => response.writeHead(status).end());
	}).listen(port, "127.0.0.1");
	await new Promise((done) => server.on("listening", done));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}` };
}

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
			stderr: expect.stringMatching(/data still waits in a queue of 25.*--despite-queue/s),
		});
		expect(s.content()).toBe(s.old.token);
	});

	test("and waits until it is empty", async () => {
		let looks = 0;
		const s = await scene(() => Math.max(0, 30 - 10 * looks++), "--delivery", "reload");
		expect(await s.run("--wait", "3")).toMatchObject({
			stdout: expect.stringMatching(/waiting {3}for a queue of \d+/),
		});
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
			stderr: expect.stringContaining("data still waits in a queue of 2:"),
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
		expect(outcome.stderr).toMatch(/data waits in a queue of 25: a reload/);
		expect(s.content()).toBe(s.token);
	});

	test.each([
		["a watched file", []],
		["a queue on disk", ["--delivery", "reload", "--queue", "persistent"]],
	])("and need not wait with %s", async (_, flags) => {
		const s = await scene(() => 25, ...flags);
		expect(await s.run("--wait", "2")).toMatchObject({
			stdout: expect.stringMatching(/25 in the queue.*does not lose/),
		});
		expect(s.content()).toBe(s.token);
	});

	test.each([
		["Unavailable", "false", 0, "proven"],
		["InvalidArgument", "true", 11, "none of them because a token was refused"],
		["Unauthenticated", "true", 3, "exports fail with the new token"],
	])(
		"and of what is dropped meanwhile, blames the token only for what was refused: %s",
		async (type, isPermanent, code, says) => {
			let looks = 0;
			const labels = `error_permanent="${isPermanent}",error_type="${type}",exporter="otlp_http/torii"`;
			const page = () => {
				looks += 1;
				return `0\notelcol_exporter_send_failed_log_records{${labels}} ${looks}`;
			};
			const s = await scene(page);
			const outcome = await s.run();
			expect(outcome.stdout + outcome.stderr).toContain(says);
			expect(outcome.code).toBe(code);
			expect(s.content()).toBe(code === 0 ? s.token : s.old.token);
		},
	);
});
