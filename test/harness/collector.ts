import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { otelcol } from "./parts.ts";
import { waitFor } from "./wait.ts";

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<number[]> {
	const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
	await Promise.all(servers.map((server) => new Promise((done) => server.on("listening", done))));
	const ports = servers.map((server) => (server.address() as { port: number }).port);
	await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
	return ports;
}

export interface RunningCollector {
	readonly process: ChildProcess;
	/** Where it takes OTLP over HTTP. */
	readonly url: string;
	/** Its own metrics. */
	readonly metricsUrl: string;
	readonly configPath: string;
	/** Everything it logged so far. */
	log(): string;
	/** The sum of a family of counters for an exporter, e.g. `otelcol_exporter_sent_`. */
	counter(prefix: string, exporter: string): Promise<number>;
	/** Resolves with the exit code when it ends. */
	readonly ended: Promise<number | null>;
	stop(): Promise<void>;
}

/** Moves a generated config to free ports; nothing else of it changes. */
export async function onFreePorts(config: string): Promise<{ config: string; http: number; metrics: number }> {
	const [grpc = 0, http = 0, metrics = 0, health = 0] = await freePorts(4);
	const parsed = parse(config);
	parsed.receivers.otlp.protocols = {
		grpc: { endpoint: `127.0.0.1:${grpc}` },
		http: { ...parsed.receivers.otlp.protocols.http, endpoint: `127.0.0.1:${http}` },
	};
	if (parsed.extensions?.health_check !== undefined)
		parsed.extensions.health_check = { endpoint: `127.0.0.1:${health}` };
	parsed.service.telemetry = {
		...parsed.service.telemetry,
		metrics: {
			...parsed.service.telemetry?.metrics,
			readers: [
				{
					pull: {
						exporter: {
							prometheus: { host: "127.0.0.1", port: metrics, without_type_suffix: true, without_units: true },
						},
					},
				},
			],
		},
	};
	return { config: stringify(parsed), http, metrics };
}

/** Starts the real collector with a config, moved to free ports, and waits until it takes data. It is killed after the test in any case. */
export async function startCollector(
	folder: string,
	generated: string,
	env: Record<string, string> = {},
): Promise<RunningCollector> {
	const { config, http, metrics } = await onFreePorts(generated);
	const configPath = join(folder, "collector.yaml");
	writeFileSync(configPath, config);
	const child = spawn(otelcol.path, [`--config=${configPath}`], {
		env: { PATH: process.env["PATH"], ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let log = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8");
		stream.on("data", (chunk: string) => {
			log += chunk;
		});
	}
	let over = false;
	const ended = new Promise<number | null>((done) =>
		child.on("close", (code) => {
			over = true;
			done(code);
		}),
	);
	onTestFinished(() => {
		child.kill("SIGKILL");
	});
	const metricsUrl = `http://127.0.0.1:${metrics}/metrics`;
	await waitFor("the collector to start", () => {
		if (over) throw new Error(`the collector ended:\n${log}`);
		return log.includes("Everything is ready");
	});
	return {
		process: child,
		url: `http://127.0.0.1:${http}`,
		metricsUrl,
		configPath,
		log: () => log,
		async counter(prefix, exporter) {
			const text = await (await fetch(metricsUrl)).text();
			const lines = text
				.split("\n")
				.filter((line) => line.startsWith(prefix) && line.includes(`exporter="${exporter}"`));
			return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
		},
		ended,
		async stop() {
			child.kill("SIGTERM");
			await ended;
		},
	};
}
