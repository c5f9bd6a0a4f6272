import { type ChildProcess, spawn } from "node:child_process";
import { ioError } from "../../base/io-error.ts";

/** A program that runs beside us until it is stopped. */
export interface RunningProgram {
	/** The last of what it printed, to either stream. */
	output(): string;
	isRunning(): boolean;
	/** Asks it and all that it started to end, ends it if it takes too long, and resolves when it is gone. */
	stop(): Promise<void>;
}

/** How long a program may take to end by itself. */
const GRACE_MS = 3_000;
const MAX_OUTPUT = 256 * 1024;

/**
 * Starts a program, never through a shell, without standard input and in a session of its own: what a terminal tells its programs, it hears
 * from us. It never outlives this process, unless that is killed so that nothing can be done any more. Throws `CrossfadeError` (io).
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

/** Its session is a group of processes of its own: of a script that starts the real program, both hear it. Windows has no groups. */
function endGroup(child: ChildProcess, signal: "SIGTERM" | "SIGKILL"): void {
	const { pid } = child;
	if (pid === undefined) return;
	try {
		if (process.platform === "win32") child.kill(signal);
		else process.kill(-pid, signal);
	} catch {
		// Nobody of it is left.
	}
}

/** Node tells some failures by throwing, and others later. */
function spawned(path: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
	try {
		return spawn(path, args, { stdio: ["ignore", "pipe", "pipe"], detached: true, env });
	} catch (error) {
		throw ioError(path, "start", error);
	}
}

/** While a program of ours runs, impatience does not end us before it; a terminal that is closed asks us to stop. */
function holdSignals(): () => void {
	const wait = () => {};
	const hangUp = () => process.emit("SIGINT");
	process.on("SIGINT", wait).on("SIGTERM", wait).on("SIGHUP", hangUp);
	return () => process.off("SIGINT", wait).off("SIGTERM", wait).off("SIGHUP", hangUp);
}
