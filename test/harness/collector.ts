import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { otelcol } from "./parts.ts";
import { waitFor } from "./wait.ts";

/**
 * Ports for servers that cannot choose theirs, below those that systems give to connections and to port 0 (from 32768 on Linux, 49152 elsewhere):
 * one of these could be taken again before the server starts. https://docs.kernel.org/networking/ip-sysctl.html (ip_local_port_range)
 */
export async function freePorts(count: number): Promise<number[]> {
	const servers: Server[] = [];
	while (servers.length < count) {
		const server = createServer().listen(randomInt(10_000, 32_000), "127.0.0.1");
		const isFree = await once(server, "listening").then(
			() => true,
			() => false,
		);
		if (isFree) servers.push(server);
	}
	const ports = servers.map((server) => (server.address() as AddressInfo).port);
	await Promise.all(servers.map((server) => once(server.close(), "close")));
	return ports;
}

export interface RunningCollector {
	readonly process: ChildProcess;
	/** Where it takes OTLP over HTTP. */
	readonly url: string;
	/** The same of each of its receivers. */
	readonly urls: readonly string[];
	/** Its own metrics. */
	readonly metricsUrl: string;
	/** The page of its Prometheus exporter, if it has one. */
	readonly pageUrl: string;
	readonly configPath: string;
	/** A file with everything it logged so far. */
	readonly logPath: string;
	/** Everything it logged so far. */
	log(): string;
	/** The sum of a family of counters for an exporter, e.g. `otelcol_exporter_sent_`. */
	counter(prefix: string, exporter: string): Promise<number>;
	/** Resolves with the exit code when it ends. */
	readonly ended: Promise<number | null>;
	stop(): Promise<void>;
}

export interface MovedConfig {
	readonly config: string;
	/** The HTTP port of each OTLP receiver, in order. */
	readonly http: readonly number[];
	readonly metrics: number;
	/** The page of the Prometheus exporter, if there is one. */
	readonly page: number;
}

/** Moves a generated config to free ports; nothing else of it changes. */
export async function onFreePorts(config: string): Promise<MovedConfig> {
	const parsed = parse(config);
	const receivers = Object.values<{ protocols: Record<string, object> }>(parsed.receivers);
	const [metrics = 0, health = 0, page = 0, ...otlp] = await freePorts(3 + 2 * receivers.length);
	for (const [index, receiver] of receivers.entries()) {
		receiver.protocols["grpc"] = { ...receiver.protocols["grpc"], endpoint: `127.0.0.1:${otlp[2 * index]}` };
		receiver.protocols["http"] = { ...receiver.protocols["http"], endpoint: `127.0.0.1:${otlp[2 * index + 1]}` };
	}
	const exporter = parsed.exporters["prometheus/crossfade"];
	if (exporter) exporter.endpoint = `127.0.0.1:${page}`;
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
	return { config: stringify(parsed), http: otlp.filter((_, index) => index % 2 === 1), metrics, page };
}

/** Starts the real collector with a config, moved to free ports, and waits until it takes data. It is killed after the test in any case. */
export async function startCollector(
	folder: string,
	generated: string,
	env: Record<string, string> = {},
): Promise<RunningCollector> {
	return runCollector(folder, await onFreePorts(generated), env);
}

/** The same with a config that was moved before, so that one can be started again where it was; `command` is how the program is started. */
export async function runCollector(
	folder: string,
	{ config, http, metrics, page }: MovedConfig,
	env: Record<string, string> = {},
	command: readonly string[] = [otelcol.path],
): Promise<RunningCollector> {
	const urls = http.map((port) => `http://127.0.0.1:${port}`);
	const configPath = join(folder, "collector.yaml");
	writeFileSync(configPath, config);
	const logPath = join(folder, "collector.log");
	const [program = "", ...rest] = [...command, `--config=${configPath}`];
	const child = spawn(program, rest, {
		env: { PATH: process.env["PATH"], ...env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let log = "";
	// Opened once: the last lines come when the test is over and its folder gone.
	const logFile = openSync(logPath, "a");
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8");
		stream.on("data", (chunk: string) => {
			log += chunk;
			writeSync(logFile, chunk);
		});
	}
	let over = false;
	const ended = new Promise<number | null>((done) =>
		child.on("close", (code) => {
			over = true;
			closeSync(logFile);
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
		url: urls[0] ?? "",
		urls,
		metricsUrl,
		pageUrl: `http://127.0.0.1:${page}/metrics`,
		configPath,
		logPath,
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
