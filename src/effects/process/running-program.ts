import { type ChildProcess, spawn } from "node:child_process";
import { ioError } from "../../base/io-error.ts";
import { isWindows } from "../files/system.ts";

/** A background program that runs until it is stopped. */
export interface RunningProgram {
	/** The end of its output, of both streams. */
	output(): string;
	isRunning(): boolean;
	/** Asks it and its children to stop, kills them if that takes too long, and resolves when they are gone. */
	stop(): Promise<void>;
}

/** How long a program may take to stop. */
const GRACE_MS = 3_000;
const MAX_OUTPUT = 256 * 1024;

/**
 * Starts a program, never through a shell, without standard input and in its own session, so that terminal signals reach it only
 * through us. It does not outlive this process, unless this is killed with SIGKILL. Throws `CrossfadeError` (io).
 */
export async function startProgram(
	path: string,
	args: readonly string[],
	env: NodeJS.ProcessEnv,
): Promise<RunningProgram> {
	const child = spawned(path, args, env);
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream?.setEncoding("utf8");
		stream?.on("data", (chunk: string) => {
			output = (output + chunk).slice(-MAX_OUTPUT);
		});
	}
	let isRunning = true;
	const kill = () => endGroup(child, "SIGKILL");
	const release = holdSignals();
	process.once("exit", kill);
	const ended = new Promise<void>((done) => {
		const end = () => {
			isRunning = false;
			process.removeListener("exit", kill);
			release();
			done();
		};
		child.once("close", end).once("error", end);
	});
	await new Promise<void>((done, fail) => {
		child.once("spawn", done).once("error", (error) => fail(ioError(path, "start", error)));
	});
	return {
		output: () => output,
		isRunning: () => isRunning,
		async stop() {
			endGroup(child, "SIGTERM");
			const timer = setTimeout(kill, GRACE_MS);
			await ended;
			clearTimeout(timer);
		},
	};
}

/** Signals its process group, so that a wrapper script and the program it starts both get it. Windows has no groups. */
function endGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
	const { pid } = child;
	if (pid === undefined) return;
	try {
		if (isWindows) child.kill(signal);
		else process.kill(-pid, signal);
	} catch {
		// The group is gone.
	}
}

/** Node reports some failures by throwing and others later. */
function spawned(path: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
	try {
		return spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], detached: !isWindows, windowsHide: true, env });
	} catch (error) {
		throw ioError(path, "start", error);
	}
}

/** While a child runs, repeated Ctrl-C does not end us before it; closing the terminal asks us to stop. */
function holdSignals(): () => void {
	const wait = () => {};
	const hangUp = () => process.emit("SIGINT");
	process.on("SIGINT", wait).on("SIGTERM", wait).on("SIGHUP", hangUp);
	return () => process.off("SIGINT", wait).off("SIGTERM", wait).off("SIGHUP", hangUp);
}
