import { existsSync } from "node:fs";
import { expect } from "vitest";
import type { Effects } from "../../src/effects/effects.ts";
import { filesBelow, leaks } from "./canary.ts";
import { type CliRunOptions, crossfadeProcess, type RunOutcome, scratch } from "./cli.ts";
import { freshProgram } from "./fresh.ts";

/** Runs of this process wait for each other: they share its working folder and its environment. */
let before: Promise<unknown> = Promise.resolve();

/**
 * Runs the command line inside this process, as `crossfadeProcess` does in one of its own, and fails if any canary shows in its output, its
 * files or the arguments of a program it starts. Standard input and Node's own flags belong to a process: a run with them gets one.
 */
export async function crossfade(args: readonly string[], options: CliRunOptions = {}): Promise<RunOutcome> {
	if (options.stdin !== undefined || options.nodeArgs !== undefined) return crossfadeProcess(args, options);
	const cwd = options.cwd ?? scratch();
	const run = before.then(() =>
		inFolder(cwd, { PATH: process.env["PATH"], HOME: cwd, ...options.env }, () => runHere(args)),
	);
	before = run.catch(() => undefined);
	const { started, ...outcome } = await run;
	const { stdoutIsInput, canaries = [], holders } = options;
	expect(
		leaks(canaries, {
			...(stdoutIsInput ? {} : { stdout: outcome.stdout }),
			stderr: outcome.stderr,
			"arguments of children": started.join("\n"),
			...filesBelow(cwd, holders),
		}),
		"no token in any output, file or argument",
	).toEqual([]);
	return outcome;
}

async function runHere(args: readonly string[]): Promise<RunOutcome & { readonly started: readonly string[] }> {
	const { exitCodes, nodeEffects, runProgram } = freshProgram();
	const chunks = { 1: [] as Uint8Array[], 2: [] as Uint8Array[] };
	const started: string[] = [];
	const text = (fd: 1 | 2) => Buffer.concat(chunks[fd]).toString("utf8");
	const exit = await runProgram(args, {
		environment: process.env,
		output: {
			write: (fd, bytes) => chunks[fd].push(Uint8Array.from(bytes)),
			columns: () => undefined,
			lines: () => undefined,
			exists: existsSync,
		},
		effects: (terminal) => withoutProcess(nodeEffects(terminal), started),
	});
	return { code: exitCodes[exit][0], stdout: text(1), stderr: text(2), started };
}

/** The real effects but for what a process alone has: nothing is on standard input, nobody is at a terminal, and no signal comes. */
function withoutProcess(real: Effects, started: string[]): Effects {
	const readable = <T extends string | number>(place: T): T => {
		if (place === "-" || place === 0)
			throw new Error("it reads standard input: give it some, or call crossfadeProcess");
		return place;
	};
	const noted = (path: string, args: readonly string[]) => {
		started.push([path, ...args].join(" "));
		return [path, args] as const;
	};
	const { files, programs, terminal } = real;
	return {
		...real,
		// What it says after two seconds would depend on how busy the machine is.
		terminal: { ...terminal, progress: (_what, work) => work },
		files: {
			...files,
			read: async (path, options) => files.read(readable(path), options),
			stream: (path) => files.stream(readable(path)),
		},
		programs: {
			...programs,
			run: (path, args, options) => programs.run(...noted(path, args), options),
			start: (path, args) => programs.start(...noted(path, args)),
		},
		readToken: async (ref, what, called) => {
			if (ref.kind === "prompt") throw new Error("it asks for a token on a terminal: call crossfadeProcess");
			if (ref.kind === "fd") readable(ref.fd);
			return real.readToken(ref, what, called);
		},
		stopped: (withinMs) => (withinMs === undefined ? new Promise(() => {}) : real.sleep(withinMs).then(() => false)),
	};
}

/** Calls with this working folder and no other variables than these. */
async function inFolder<T>(
	cwd: string,
	env: Readonly<Record<string, string | undefined>>,
	call: () => Promise<T>,
): Promise<T> {
	const [folder, variables] = [process.cwd(), { ...process.env }];
	process.chdir(cwd);
	setEnvironment(env);
	try {
		return await call();
	} finally {
		setEnvironment(variables);
		process.chdir(folder);
	}
}

function setEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
	for (const name of Object.keys(process.env)) if (variables[name] === undefined) delete process.env[name];
	for (const [name, value] of Object.entries(variables)) if (value !== undefined) process.env[name] = value;
}
