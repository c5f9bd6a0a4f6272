import { spawn } from "node:child_process";
import { expect, onTestFinished } from "vitest";
import { type Canary, leaks } from "./canary.ts";
import { type Part, program } from "./parts.ts";
import { watchProcesses } from "./processes.ts";

/** A way to run a POSIX script. */
export interface TestShell {
	readonly name: string;
	readonly part: Part;
	readonly args: readonly string[];
}

const shell = (name: string, ...args: string[]): TestShell => ({
	name: [name, ...args].join(" "),
	part: program(name),
	args,
});

/** Every shell that a rendered script must run under. */
export const shells: readonly TestShell[] = [
	shell("dash"),
	shell("bash"),
	shell("bash", "--posix"),
	shell("zsh"),
	shell("busybox", "sh"),
	shell("ksh"),
	shell("mksh"),
];

export interface ScriptRun {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface ScriptOptions {
	readonly stdin?: string;
	readonly cwd?: string;
	readonly env?: Readonly<Record<string, string>>;
	/** Tokens that must show in no output. */
	readonly canaries: readonly Canary[];
	/** Looks for the tokens also in the arguments and environment of every process, which costs a whole processor meanwhile. */
	readonly watched?: boolean;
	/** Flags of the shell itself, e.g. `-x`. */
	readonly flags?: readonly string[];
}

/** Runs a script and fails if a canary shows in its output or, when it is watched, in what any process was started with. */
export async function runScript(
	under: TestShell,
	script: string,
	args: readonly string[],
	options: ScriptOptions,
): Promise<ScriptRun> {
	const child = spawn(under.part.path, [...under.args, ...(options.flags ?? []), script, ...args], {
		env: { PATH: process.env["PATH"], HOME: "/nonexistent", ...options.env },
		cwd: options.cwd,
		stdio: "pipe",
		detached: true,
	});
	onTestFinished(() => {
		child.kill("SIGKILL");
	});
	const sightings = options.watched ? watchProcesses(child.pid ?? 0) : undefined;
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
	sightings?.stop();
	const seen = {
		...outcome,
		"command lines": [...(sightings?.commandLines ?? [])].join("\n"),
		environments: [...(sightings?.environments ?? [])].join("\n"),
	};
	expect(leaks(options.canaries, seen), "no token in output, arguments or environments").toEqual([]);
	return { code, ...outcome };
}
