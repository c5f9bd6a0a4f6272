import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { type Canary, filesBelow, leaks } from "./canary.ts";
import { watchProcesses } from "./processes.ts";

/** The built command line. */
export const CLI = new URL("../../dist/cli.cjs", import.meta.url).pathname;

export interface CliRunOptions {
	/** The working folder; a fresh one if not given. */
	readonly cwd?: string;
	readonly stdin?: string | Uint8Array;
	readonly env?: Readonly<Record<string, string>>;
	/** Tokens that must not show anywhere. */
	readonly canaries?: readonly Canary[];
	/** Files below `cwd` that may hold a canary because the test put it there. */
	readonly holders?: readonly string[];
	/** Node's own flags, e.g. a `--import`. */
	readonly nodeArgs?: readonly string[];
	/** The test itself put a canary on the command line. */
	readonly seenInArguments?: boolean;
	/** Standard output is expected to give back the user's own bytes, canaries in them included. */
	readonly stdoutIsInput?: boolean;
	/** Standard error is given with what it says after two seconds, which depends on how busy the machine is. */
	readonly withProgress?: boolean;
}

export interface RunOutcome {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A folder for one test, removed after it. */
export function scratch(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
	const folder = join(tmpdir(), `crossfade-test-${letters(8)}`);
	mkdirSync(folder, { mode: 0o700 });
	// With patience: what a test killed may still be in the middle of making a file here.
	onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
	for (const [path, content] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), content);
	}
	return folder;
}

/** Letters alone, unlike those of mkdtemp: a name with digits and capitals can look like a token, and is masked in output then. */
function letters(count: number): string {
	return Array.from({ length: count }, () => String.fromCharCode(97 + randomInt(26))).join("");
}

/** A command that runs until it is stopped. */
export interface RunningCli {
	readonly pid: number;
	/** The first match of a pattern in standard error, awaited. */
	find(pattern: RegExp): Promise<string>;
	/** The same in standard output. */
	printed(pattern: RegExp): Promise<string>;
	/** Stops it as Ctrl-C would, or by another signal, and returns how it ended; fails if a canary shows in what it printed. */
	stop(signal?: NodeJS.Signals): Promise<RunOutcome>;
	/** Sends it a signal that does not end it. */
	signal(name: NodeJS.Signals): void;
	/** Ends it as kill -9 does. */
	kill(): Promise<void>;
}

/** The command line in a process and session of its own, so that no terminal of the person who runs the tests is asked for a token. */
function spawnCli(args: readonly string[], cwd: string, { nodeArgs = [], env }: CliRunOptions) {
	const child = spawn(process.execPath, [...nodeArgs, CLI, ...args], {
		cwd,
		env: { PATH: process.env["PATH"], HOME: cwd, ...env },
		stdio: "pipe",
		detached: true,
	});
	onTestFinished(() => {
		child.kill("SIGKILL");
	});
	const outcome = { stdout: "", stderr: "" };
	for (const name of ["stdout", "stderr"] as const) {
		child[name].setEncoding("utf8");
		child[name].on("data", (chunk: string) => {
			outcome[name] += chunk;
		});
	}
	const ended = new Promise<number | null>((done) => child.on("close", done));
	return { child, outcome, ended };
}

/** Starts a command that runs until it is stopped; it is stopped after the test in any case. */
export function startCrossfade(args: readonly string[], options: CliRunOptions = {}): RunningCli {
	const cwd = options.cwd ?? scratch();
	const { child, outcome, ended } = spawnCli(args, cwd, options);
	const findIn = (name: "stdout" | "stderr") => async (pattern: RegExp) => {
		for (;;) {
			const match = pattern.exec(outcome[name]);
			if (match) return match[1] ?? match[0];
			const tick = new Promise((done) => setTimeout(() => done(true), 10));
			const open = await Promise.race([ended.then(() => false), tick]);
			if (!open) throw new Error(`it ended before it said ${pattern}: ${outcome.stdout}${outcome.stderr}`);
		}
	};
	return {
		pid: child.pid ?? 0,
		find: findIn("stderr"),
		printed: findIn("stdout"),
		async stop(signal = "SIGINT") {
			child.kill(signal);
			const code = await ended;
			expect(leaks(options.canaries ?? [], { ...outcome, ...filesBelow(cwd, options.holders) })).toEqual([]);
			return { code, ...outcome };
		},
		signal: (name) => void child.kill(name),
		async kill() {
			child.kill("SIGKILL");
			await ended;
		},
	};
}

/** Runs the built command line in a process of its own and fails if any canary shows in its output, files, arguments or children. */
export async function crossfadeProcess(args: readonly string[], options: CliRunOptions = {}): Promise<RunOutcome> {
	const cwd = options.cwd ?? scratch();
	const { child, outcome, ended } = spawnCli(args, cwd, options);
	const { stdoutIsInput, canaries = [], holders } = options;
	// Looking costs a whole processor: only where there is something to look for.
	const sightings = canaries.length > 0 ? watchProcesses(child.pid ?? 0) : undefined;
	child.stdin.on("error", () => undefined);
	child.stdin.end(options.stdin ?? "");
	const code = await ended;
	sightings?.stop();
	expect(
		leaks(canaries, {
			...(stdoutIsInput ? {} : { stdout: outcome.stdout }),
			stderr: outcome.stderr,
			...(options.seenInArguments ? {} : { "command lines": [...(sightings?.commandLines ?? [])].join("\n") }),
			"environments of children": [...(sightings?.environments ?? [])].join("\n"),
			...filesBelow(cwd, holders),
		}),
		"no token in any output, file, argument or child",
	).toEqual([]);
	const { stdout, stderr } = outcome;
	return { code, stdout, stderr: options.withProgress ? stderr : stderr.replace(/^[^\n]* …\n/gm, "") };
}
