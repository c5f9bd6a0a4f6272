import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { forgetLastMatch } from "../base/last-match.ts";
import { holdsSecret } from "../token/guard.ts";
import type { Effects } from "./effects.ts";
import { hearOfAccess } from "./files/access.ts";
import { nodeFiles } from "./files/node-files.ts";
import { readWhole } from "./files/regular.ts";
import { isWindows } from "./files/system.ts";
import { programNames } from "./process/program-names.ts";
import type { Programs, RunResult } from "./process/programs.ts";
import type { Terminal } from "./terminal/output.ts";

/** The real effects. */
export function nodeEffects(terminal: Terminal): Effects {
	hearOfAccess(terminal.warn);
	const effects: Effects = {
		files: nodeFiles,
		terminal,
		programs: nodePrograms,
		clock: {
			now: () => Date.now(),
			after: (ms, call) => {
				const timer = setTimeout(call, ms).unref();
				return () => clearTimeout(timer);
			},
		},
		random: { token: () => process.getBuiltinModule("node:crypto").randomBytes(32).toString("base64url") },
		environment: process.env,
		machine: async () => (await import("./process/machine.ts")).nodeMachine(),
		serve: async (options) => (await import("./net/http-server.ts")).serve(options),
		forward: async (options) => (await import("./net/forwarder.ts")).startForwarder(options),
		request: async (request) => (await import("./net/http-client.ts")).sendRequest(request),
		lookAtTls: async (url, ...look) => (await import("./net/tls-look.ts")).lookAtTls(url, textOf, ...look),
		readToken: async (ref, what, called) =>
			(await import("./terminal/token-source.ts")).readToken(ref, effects, what, called),
		sleep,
		stopped: stopSignal(),
	};
	return effects;
}

/** Far more than a certificate store has. */
const MAX_STORE_BYTES = 16 * 1024 * 1024;

/** The variable that names a certificate store may name what has no end, or never comes. */
function textOf(path: string): string | undefined {
	try {
		return Buffer.from(readWhole(path, { maxBytes: MAX_STORE_BYTES })).toString("utf8");
	} catch {
		return undefined;
	}
}

/** On Windows Ctrl-C, Ctrl-Break and the end of the console are told as signals. https://nodejs.org/docs/latest-v20.x/api/process.html#signal-events */
const STOP_SIGNALS: readonly NodeJS.Signals[] = isWindows ? ["SIGINT", "SIGBREAK", "SIGHUP"] : ["SIGINT", "SIGTERM"];

/** Listens for stop signals from the first call on, and remembers them between calls. */
function stopSignal(): Effects["stopped"] {
	const waiting = new Set<() => void>();
	let state: "deaf" | "listening" | "stopped" = "deaf";
	const stop = () => {
		state = "stopped";
		for (const tell of waiting) tell();
	};
	return (withinMs) => {
		if (state === "deaf") {
			state = "listening";
			for (const signal of STOP_SIGNALS) replaceListeners(signal, stop);
		}
		if (state === "stopped") return Promise.resolve(true);
		forgetLastMatch();
		return new Promise((done) => {
			const end = (isStopped: boolean) => {
				clearTimeout(timer);
				waiting.delete(tell);
				done(isStopped);
			};
			const tell = () => end(true);
			const timer = withinMs === undefined ? undefined : setTimeout(() => end(false), withinMs);
			waiting.add(tell);
		});
	};
}

/** Adds before removing: without a listener, even for a moment, Node loses a pending signal. */
function replaceListeners(signal: NodeJS.Signals, listener: () => void): void {
	const others = process.listeners(signal);
	process.once(signal, listener);
	for (const other of others) process.off(signal, other);
}

/** Timers are limited to 2^31 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
	const { setTimeout: pause } = process.getBuiltinModule("node:timers/promises");
	const options = signal ? { signal } : {};
	await pause(Math.min(ms, LONGEST_TIMER_MS), undefined, options).catch(() => undefined);
}

/** Output of a child program beyond this is cut off. */
const MAX_CHILD_OUTPUT = 8 * 1024 * 1024;
/** How long more output of a child that has ended is waited for: what it left running may keep the pipes open for ever. */
const LAST_OUTPUT_MS = 1_000;

const nodePrograms: Programs = {
	find(name) {
		const names = programNames(name, isWindows);
		if (/[\\/]/.test(name) && (isWindows || name.includes("/"))) return names.find(isExecutable);
		const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
		return folders.flatMap((folder) => names.map((each) => join(folder, each))).find(isExecutable);
	},
	start: async (path, args) =>
		(await import("./process/running-program.ts")).startProgram(path, args, environmentForChildren()),
	async run(path, args, { timeoutMs, input, variables }) {
		const { spawn } = await import("node:child_process");
		return new Promise<RunResult>((done, fail) => {
			const child = spawn(path, args, {
				stdio: [input ? "pipe" : "ignore", "pipe", "pipe"],
				timeout: timeoutMs,
				killSignal: "SIGKILL",
				windowsHide: true,
				env: { ...environmentForChildren(), ...variables },
			});
			const collect = (stream: NodeJS.ReadableStream | null) => {
				let text = "";
				stream?.setEncoding("utf8");
				stream?.on("data", (chunk: string) => {
					if (text.length < MAX_CHILD_OUTPUT) text += chunk;
				});
				return () => text;
			};
			const stdout = collect(child.stdout);
			const stderr = collect(child.stderr);
			child.on("error", fail);
			// A child that exits without reading its input is not an error.
			child.stdin?.on("error", () => undefined);
			child.stdin?.end(`${input?.reveal()}\n`);
			// What is in the pipes by then is read first.
			const letGo = () => setImmediate(() => [child.stdout, child.stderr].map((stream) => stream?.destroy()));
			child.on("exit", () => void setTimeout(letGo, LAST_OUTPUT_MS).unref());
			child.on("close", (code, signal) => {
				done({
					code: code ?? undefined,
					stdout: stdout(),
					stderr: stderr(),
					// Others kill, too.
					timedOut: signal === "SIGKILL" && child.killed,
				});
			});
		});
	},
};

/** The environment without the variables from which we read a token: no child gets one. */
function environmentForChildren(): NodeJS.ProcessEnv {
	return Object.fromEntries(Object.entries(process.env).filter(([, value]) => !holdsSecret(value ?? "")));
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return statSync(path).isFile();
	} catch {
		return false;
	}
}
