import { spawn } from "node:child_process";
import { describe, expect, onTestFinished, test } from "vitest";
import { exitCodes } from "../../src/base/errors.ts";
import type { Command, OptionSpec } from "../../src/commands/command.ts";
import { registry } from "../../src/commands/registry.ts";
import { awkwardCanary, type Canary, canary, filesBelow, leaks } from "../harness/canary.ts";
import { CLI, scratch } from "../harness/cli.ts";
import { watchProcesses } from "../harness/processes.ts";
import { pause } from "../harness/wait.ts";

/** Said by what runs until it is stopped, once it runs. */
const RUNNING = /Ctrl-C|^live: /m;
/** Nothing of this waits for a network; beyond it a command waits for somebody who is not there. */
const PATIENCE_MS = 60_000;

const commands = await Promise.all(registry.map(({ load }) => load()));

/** The name of an option, and whether it takes a value. */
function named({ flags }: OptionSpec): { name: string; takesValue: boolean } {
	return { name: /--[a-z-]+/.exec(flags)?.[0] ?? flags, takesValue: /[<[]/.test(flags) };
}

/** What must be there for a command to get as far as it can with one wrong value. */
const CONTEXT: Readonly<Record<string, readonly string[]>> = {
	collector: ["-d", "contrib"],
	check: ["-d", "contrib", "config.yaml"],
	probe: ["--endpoint", "http://127.0.0.1:1", "--timeout", "1s", "--retry", "0"],
	tap: ["--to", "http://127.0.0.1:1", "--listen", "127.0.0.1:0"],
	sandbox: ["--port", "0"],
	watch: ["--once"],
	demo: ["--fast"],
	mdm: ["-v", "jamf", "--out", "./kit"],
};

/** Runs a command with a canary in its arguments, and in nothing else, until it ends or runs; then stops it. */
async function misused(args: readonly string[], secret: Canary): Promise<{ code: number | null; places: string[] }> {
	const cwd = scratch({ "config.yaml": "receivers: {}\n" });
	const child = spawn(process.execPath, [CLI, ...args], {
		cwd,
		env: { PATH: process.env["PATH"], HOME: cwd },
		stdio: ["ignore", "pipe", "pipe"],
		detached: true,
	});
	onTestFinished(() => {
		child.kill("SIGKILL");
	});
	const sightings = watchProcesses(child.pid ?? 0);
	const output = { stdout: "", stderr: "" };
	for (const name of ["stdout", "stderr"] as const) {
		child[name].setEncoding("utf8");
		child[name].on("data", (chunk: string) => {
			output[name] += chunk;
		});
	}
	let code: number | null | undefined;
	child.on("close", (ended) => {
		code = ended;
	});
	const until = performance.now() + PATIENCE_MS;
	while (code === undefined && !RUNNING.test(output.stdout + output.stderr)) {
		if (performance.now() > until) throw new Error(`${args[0]} neither ends nor runs:\n${output.stderr}`);
		await pause(10);
	}
	child.kill("SIGINT");
	while (code === undefined) await pause(10);
	sightings.stop();
	const own = [CLI, ...args].join("\0");
	const children = [...sightings.commandLines].filter((line) => !line.includes(own)).join("\n");
	const environments = [...sightings.environments].join("\n");
	return { code, places: leaks([secret], { ...output, children, environments, ...filesBelow(cwd) }) };
}

function misuses({ name, options, arguments: positional = [] }: Command): (readonly string[])[] {
	const context = CONTEXT[name] ?? [];
	const withValue = options.map(named).filter(({ takesValue }) => takesValue);
	return [
		...withValue.map(({ name: option }) => [name, ...context, option, "CANARY"]),
		...(positional.length > 0 ? [[name, "CANARY"]] : []),
		[name, ...context, "CANARY", "CANARY"],
		[name, ...context, "--token=CANARY"],
		[name, ...context, "--not-an-option", "CANARY"],
	];
}

describe("a token in the place of any value of any option is not repeated in output, files or children", () => {
	test.each(commands.map((command) => [command.name, command] as const))("crossfade %s", async (_name, command) => {
		for (const words of misuses(command)) {
			for (const secret of [canary(), awkwardCanary()]) {
				const args = words.map((word) => word.replace("CANARY", secret.token));
				const { code, places } = await misused(args, secret);
				expect(places, words.join(" ")).toEqual([]);
				expect(code, words.join(" ")).not.toBe(exitCodes.internal[0]);
			}
		}
	});
});
