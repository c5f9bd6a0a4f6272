import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { type Canary, filesBelow, leaks } from "./canary.ts";
import { watchProcesses } from "./processes.ts";

const CLI = new URL("../../dist/cli.js", import.meta.url).pathname;

export interface RunOptions {
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
}

export interface RunOutcome {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

/** A folder for one test, removed after it. */
export function scratch(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
	const folder = mkdtempSync(join(tmpdir(), "crossfade-test-"));
	onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
	for (const [path, content] of Object.entries(files)) {
		mkdirSync(dirname(join(folder, path)), { recursive: true });
		writeFileSync(join(folder, path), content);
	}
	return folder;
}

/** Runs the built command line in a process of its own and fails if any canary shows in its output, files, arguments or children. */
export async function crossfade(args: readonly string[], options: RunOptions = {}): Promise<RunOutcome> {
	const cwd = options.cwd ?? scratch();
	const child = spawn(process.execPath, [...(options.nodeArgs ?? []), CLI, ...args], {
		cwd,
		env: { PATH: process.env["PATH"], HOME: cwd, ...options.env },
		stdio: "pipe",
	});
	const sightings = watchProcesses(child.pid ?? 0);
	const outcome = { stdout: "", stderr: "" };
	for (const name of ["stdout", "stderr"] as const) {
		child[name].setEncoding("utf8");
		child[name].on("data", (chunk: string) => {
			outcome[name] += chunk;
		});
	}
	child.stdin.on("error", () => undefined);
	child.stdin.end(options.stdin ?? "");
	const code = await new Promise<number | null>((done) => child.on("close", done));
	sightings.stop();
	const { stdoutIsInput, canaries = [], holders } = options;
	expect(
		leaks(canaries, {
			...(stdoutIsInput ? {} : { stdout: outcome.stdout }),
			stderr: outcome.stderr,
			...(options.seenInArguments ? {} : { "command lines": [...sightings.commandLines].join("\n") }),
			"environments of children": [...sightings.environments].join("\n"),
			...filesBelow(cwd, holders),
		}),
		"no token in any output, file, argument or child",
	).toEqual([]);
	return { code, ...outcome };
}
