import { loadDistribution } from "../../adapters/collectors/registry.ts";
import { CrossfadeError } from "../../base/errors.ts";
import { shown, shownName } from "../../base/mask.ts";
import type { Effects } from "../../effects/effects.ts";
import type { RunningProgram } from "../../effects/process/running-program.ts";
import { type CollectorPlan, planCollector } from "../../generate/plan/collector.ts";
import type { Listening } from "../../generate/render/listening.ts";
import { otelcolConfig } from "../../generate/render/otelcol.ts";
import { yamlText } from "../../generate/render/yaml.ts";
import { parseExposition } from "../../prove/metrics/exposition.ts";
import { runningTotals } from "../../prove/metrics/running-totals.ts";
import { parseCollectorFlags } from "../../spec/collector.ts";
import type { Secret } from "../../token/secret.ts";
import { type DemoGateway, waitUntil } from "./gateway.ts";

/** A collector's settings: a contrib binary, a private folder, and the destination. */
export interface CollectorOptions {
	readonly path: string;
	readonly folder: string;
	readonly upstream: string;
	readonly token: Secret;
}

const HOST = "127.0.0.1";
/** The demo does not wait for batches to fill. */
const BATCH = { timeout: "10ms" };
/** A free port can be taken by the time the collector opens it. */
const ATTEMPTS = 3;
const IN_USE = /address already in use|only one usage of each socket address/i;
const MAX_REASON = 300;

/**
 * A real collector with the config of `crossfade collector -d contrib --attribute`, or why it did not start. Its log
 * stays in memory.
 */
export async function collectorGateway(fx: Effects, options: CollectorOptions): Promise<DemoGateway | string> {
	const { path, folder, token } = options;
	const tokenFile = `${folder}/gateway.token`;
	try {
		const title = await versionOf(fx, path);
		const plan = await planFor(options, tokenFile, /\d+\.\d+\.\d+/.exec(title)?.[0]);
		await fx.files.createSecret(tokenFile, token);
		for (let attempt = 1; ; attempt++) {
			const ports = await freePorts(fx);
			const program = await start(fx, options, plan, ports);
			if (program.isRunning())
				return running(fx, program, { title: `${title} (${shownName(path)})`, tokenFile, ports });
			if (attempt === ATTEMPTS || !IN_USE.test(program.output())) return reasonOf(program.output());
		}
	} catch (error) {
		if (!(error instanceof CrossfadeError)) throw error;
		const { what, got } = error.problems[0] ?? { what: error.message };
		return got === undefined ? what : `${what}: ${got}`;
	}
}

/** The program's version line, such as `otelcol-contrib version 0.155.0`. */
async function versionOf({ programs }: Effects, path: string): Promise<string> {
	const { stdout } = await programs.run(path, ["--version"], { timeoutMs: 30_000 }).catch(() => ({ stdout: "" }));
	return shown(stdout.trim().split("\n", 1)[0] || "a collector of an unknown version");
}

async function planFor(
	{ upstream }: CollectorOptions,
	tokenFile: string,
	targetVersion: string | undefined,
): Promise<CollectorPlan> {
	const distribution = await loadDistribution("contrib");
	const flags = { distribution: "contrib", endpoint: upstream, tokenFile, attribute: "senders", targetVersion };
	return planCollector(parseCollectorFlags(flags, distribution));
}

async function freePorts(fx: Effects): Promise<Listening> {
	const servers = await Promise.all(
		Array.from({ length: 5 }, () =>
			fx.serve({
				host: HOST,
				port: 0,
				maxBodyBytes: 0,
				answer: () => ({ status: 503, contentType: "text/plain", body: "" }),
			}),
		),
	);
	const [grpc = 0, http = 0, health = 0, counters = 0, metrics = 0] = servers.map(({ url }) =>
		Number(new URL(url).port),
	);
	for (const server of servers) await server.close();
	return { grpc, http, health, counters, metrics };
}

/** The program once it accepts data, has exited, or is no longer needed. */
async function start(
	fx: Effects,
	{ path, folder }: CollectorOptions,
	plan: CollectorPlan,
	ports: Listening,
): Promise<RunningProgram> {
	const config = otelcolConfig(plan, ports);
	const content = yamlText({ ...config, processors: { ...(config["processors"] as object), batch: BATCH } });
	const [file = ""] = await fx.files.writeAll(folder, [{ path: "collector.yaml", content }], { force: true });
	const program = await fx.programs.start(path, [`--config=${file}`]);
	try {
		await waitUntil(fx, "the collector to start", async () => {
			return !program.isRunning() || (await get(fx, `http://${HOST}:${ports.health}/`)) !== undefined;
		});
	} catch (error) {
		await program.stop();
		throw error;
	}
	return program;
}

function running(
	fx: Effects,
	program: RunningProgram,
	{ title, tokenFile, ports }: { title: string; tokenFile: string; ports: Listening },
): DemoGateway {
	const counters = `http://${HOST}:${ports.counters}/metrics`;
	return {
		title,
		other: "to use crossfade tap: --collector tap",
		url: `http://${HOST}:${ports.http}`,
		tokenFile,
		// The second page has the process start time.
		metrics: [counters, `http://${HOST}:${ports.metrics}/metrics`],
		counted: (records) =>
			waitUntil(fx, "the collector to count what was sent", async () => {
				if (!program.isRunning()) throw ended(program);
				const totals = runningTotals(parseExposition((await get(fx, counters)) ?? "").samples);
				return totals.reduce((sum, { value }) => sum + value, 0) >= records;
			}),
		close: () => program.stop(),
	};
}

async function get(fx: Effects, url: string): Promise<string | undefined> {
	const outcome = await fx.request({ method: "GET", url, timeoutMs: 10_000, maxBytes: 4 * 1024 * 1024 });
	return outcome.kind === "answer" && outcome.status === 200 ? new TextDecoder().decode(outcome.body) : undefined;
}

function ended(program: RunningProgram): CrossfadeError {
	return new CrossfadeError("partial", {
		what: "the collector exited during the demo",
		got: reasonOf(program.output()),
		fix: "run it again, or with --collector tap",
	});
}

/** The error in a collector's final output. */
function reasonOf(output: string): string {
	const said = /^Error: ([\s\S]*)/m.exec(output)?.[1] ?? output.trimEnd().split("\n").at(-1) ?? "";
	const line = shown(said.replaceAll(/\s+/g, " ").trim());
	return line === "" ? "it exited without a message" : line.slice(0, MAX_REASON);
}
