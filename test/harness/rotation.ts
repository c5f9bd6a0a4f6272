import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { fingerprint } from "../../src/token/fingerprint.ts";
import { crossfadeProcess, scratch } from "./cli.ts";
import { onFreePorts, type RunningCollector, runCollector } from "./collector.ts";
import { startLoad } from "./load.ts";
import { otelcol } from "./parts.ts";
import { type RunningProvider, startProvider } from "./provider.ts";
import { runScript, type TestShell } from "./shells.ts";
import { waitFor } from "./wait.ts";

export const named = (token: string) => ({ token, fingerprint: fingerprint(token) });

export interface RotationScene {
	readonly provider: RunningProvider;
	readonly script: string;
	readonly tokenFile: string;
	readonly collector: RunningCollector;
	readonly received: (token?: string) => Promise<number>;
	readonly sent: () => number;
	readonly stopLoad: () => Promise<void>;
	/** What the script needs to find this scene's collector, in the place of a unit and a journal. */
	readonly places: readonly string[];
	/** Runs the script under a shell with the scene's own places. */
	readonly rotate: (
		under: TestShell,
		token: string,
		args?: readonly string[],
		options?: { readonly flags?: readonly string[]; readonly env?: Readonly<Record<string, string>> },
	) => ReturnType<typeof runScript>;
	/** Starts it and does not wait; its output is thrown away. */
	readonly start: (
		token: string,
		args?: readonly string[],
	) => { readonly pid: number; readonly ended: Promise<number | null> };
}

export interface RotationOptions {
	readonly id?: string;
	readonly load?: boolean;
	/** Where the collector's exports go instead of to the provider itself. */
	readonly via?: (provider: RunningProvider) => Promise<string>;
	/** How the collector's program is started, with the token file in its place. */
	readonly command?: (tokenFile: string) => readonly string[];
	/** Called before the collector starts. */
	readonly prepare?: (tokenFile: string) => void;
}

/** A provider, a real collector with a generated config under load, and the script generated for the same flags. */
export async function rotationScene(options: RotationOptions = {}): Promise<RotationScene> {
	const { id = "contrib", load: wanted = true } = options;
	const provider = await startProvider();
	const folder = scratch({ "torii.token": provider.token });
	const tokenFile = join(folder, "torii.token");
	chmodSync(tokenFile, 0o400);
	options.prepare?.(tokenFile);
	const endpoint = (await options.via?.(provider)) ?? provider.url;
	const flags = ["collector", "-d", id, "--platform", "systemd", "--endpoint", endpoint, "--token-file", tokenFile];
	const config = (await crossfadeProcess(flags)).stdout;
	const script = join(scratch(), "rotate-torii.sh");
	writeFileSync(script, (await crossfadeProcess([...flags, "--rotate-script"])).stdout);
	const collectorFolder = scratch();
	chmodSync(collectorFolder, 0o755);
	const collector = await runCollector(collectorFolder, await onFreePorts(config), {}, options.command?.(tokenFile));
	const load = startLoad(collector.url, wanted ? { pauseMs: 10 } : { connections: 0 });
	if (wanted) await waitFor("some events", async () => (await provider.records()) > 1_000);
	const pid = collectorPid(collector.process.pid ?? 0);
	const places = [
		"--metrics",
		collector.metricsUrl,
		"--validate",
		"",
		"--pid",
		`${pid}`,
		"--logs",
		`cat '${collector.logPath}'`,
	];
	return {
		provider,
		script,
		tokenFile,
		collector,
		received: (token) => provider.records(token),
		sent: () => load.sent,
		stopLoad: () => load.stop(),
		places,
		rotate: (under, token, args = [], { flags: shellFlags = [], env = {} } = {}) =>
			runScript(under, script, [...places, ...args], {
				stdin: `${token}\n`,
				canaries: [named(token), named(provider.token)],
				flags: shellFlags,
				// What a traced shell shows is what this is about.
				watched: shellFlags.length > 0,
				env,
			}),
		start(token, args = []) {
			const child = spawn("sh", [script, ...places, ...args], {
				env: { PATH: process.env["PATH"] },
				stdio: ["pipe", "ignore", "ignore"],
				detached: true,
			});
			onTestFinished(() => {
				child.kill("SIGKILL");
			});
			child.stdin.on("error", () => undefined);
			child.stdin.end(`${token}\n`);
			return { pid: child.pid ?? 0, ended: new Promise((done) => child.on("close", done)) };
		},
	};
}

/** The collector itself, below the programs it was started through. */
function collectorPid(pid: number): number {
	const children = execFileSync("ps", ["-o", "pid=,ppid=,comm=", "-A"], { encoding: "utf8" }).split("\n");
	const rows = children.map((line) => line.trim().split(/\s+/)).map(([id, parent, name]) => ({ id, parent, name }));
	let at = `${pid}`;
	for (;;) {
		const next = rows.find(({ parent }) => parent === at);
		if (!next?.id) return Number(at);
		at = next.id;
	}
}

/** What is in the folder of the token file besides it: nothing may be left behind. */
export function leftovers(tokenFile: string): string[] {
	return readdirSync(dirname(tokenFile)).filter((name) => name !== basename(tokenFile));
}

/** The account of nobody, as which a collector may run that is not root's. */
export const NOBODY = 65_534;

/** The collector as nobody, with a copy of the program that nobody can reach. */
export function asNobody(): readonly string[] {
	const folder = scratch();
	chmodSync(folder, 0o755);
	const path = join(folder, "otelcol");
	copyFileSync(otelcol.path, path);
	chmodSync(path, 0o755);
	return ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", path];
}

/** The collector where the token's folder holds nothing of the host's but the token file, which is mounted by itself, as in a container. */
export function withSingleFile(tokenFile: string): readonly string[] {
	return inOwnFolder(tokenFile, 'mount --bind "$aside/$name" "$folder/$name"');
}

/** The collector where another file is at the path of the token file. */
export function withOwnCopy(tokenFile: string): readonly string[] {
	return inOwnFolder(tokenFile, 'cp -p "$aside/$name" "$folder/$name"');
}

function inOwnFolder(tokenFile: string, command: string): readonly string[] {
	const steps = [
		"set -e",
		`folder='${dirname(tokenFile)}' name='${basename(tokenFile)}' aside='${scratch()}'`,
		'mount --bind "$folder" "$aside"',
		'mount -t tmpfs tmpfs "$folder"',
		'touch "$folder/$name"',
		command,
		'exec "$@"',
	];
	return ["unshare", "-m", "--propagation", "private", "sh", "-c", steps.join("\n"), "sh", otelcol.path];
}

export interface StandIn {
	readonly url: string;
	/** From here on exports fail, or succeed again. */
	fail(fails: boolean): void;
}

/** A page of metrics of a collector that exports more at every look, for what needs no real one; `more` are lines of its page. */
export async function standIn(more: () => string = () => ""): Promise<StandIn> {
	let sent = 0;
	let failed = 0;
	let fails = false;
	const server = createServer((_request, response) => {
		if (fails) failed += 10;
		else sent += 10;
		const rows = [`otelcol_exporter_sent_log_records{exporter="otlp_http/torii"} ${sent}`];
		if (failed > 0) rows.push(`otelcol_exporter_send_failed_log_records{exporter="otlp_http/torii"} ${failed}`);
		response.end(`${rows.join("\n")}\n${more()}`);
	}).listen(0, "127.0.0.1");
	await new Promise((done) => server.on("listening", done));
	onTestFinished(() => {
		server.close();
		server.closeAllConnections();
	});
	return {
		url: `http://127.0.0.1:${(server.address() as { port: number }).port}/metrics`,
		fail(next) {
			fails = next;
		},
	};
}

/** The script for a token file, without a collector. */
export async function rotateScript(tokenFile: string): Promise<string> {
	const path = join(scratch(), "rotate-torii.sh");
	const flags = ["collector", "-d", "contrib", "--platform", "systemd", "--token-file", tokenFile, "--rotate-script"];
	writeFileSync(path, (await crossfadeProcess(flags)).stdout);
	return path;
}

/** What tells the script that a stand-in has taken the token: this process looks at the same files, and the log grows at every look. */
export function takesAtOnce(): readonly string[] {
	const log = join(scratch(), "log");
	return ["--pid", `${process.pid}`, "--logs", `echo refresh token torii.token >>'${log}'; cat '${log}'`];
}
