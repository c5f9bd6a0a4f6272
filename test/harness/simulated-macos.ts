import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { type Canary, leaks } from "./canary.ts";
import { scratch } from "./cli.ts";
import { dash, write } from "./endpoint.ts";
import { watchProcesses } from "./processes.ts";
import type { ScriptRun, TestShell } from "./shells.ts";

/**
 * Stand-ins for the programs of macOS that a script asks, and for root: nothing here is a real Mac. One account, alice, with the three
 * CLIs installed for the machine.
 */
export interface SimulatedMacos {
	readonly root: string;
	readonly home: string;
	/** Runs a script as an MDM does: as root, with these arguments and nothing on standard input. */
	run(script: string, args?: readonly string[], options?: VendorRunOptions): Promise<VendorRun>;
}

interface VendorRunOptions {
	/** Tokens that no output may hold. */
	readonly canaries?: readonly Canary[];
	readonly env?: Readonly<Record<string, string>>;
	readonly stdin?: string;
	readonly shell?: TestShell;
	/** Flags of the shell itself, e.g. `-x`. */
	readonly flags?: readonly string[];
}

export interface VendorRun extends ScriptRun {
	/** Every command line that was seen with a canary in it. */
	readonly carriers: readonly string[];
}

const packages = {
	"@anthropic-ai/claude-code": "2.1.330",
	"@openai/codex": "0.169.0",
	"@google/gemini-cli": "0.61.0",
};

/** `expected` is what a managed profile says. Linux is the same without the stand-ins that tell macOS. */
export function simulatedMacos(
	options: {
		readonly expected?: string;
		readonly linux?: boolean;
		readonly clis?: boolean;
		readonly uid?: number;
	} = {},
): SimulatedMacos {
	const folder = scratch();
	const root = join(folder, "root");
	const home = join(folder, "alice");
	const tools = join(folder, "stand-ins");
	for (const path of [home, join(root, "etc"), join(root, "var/run"), join(root, "Library/Managed Preferences")]) {
		mkdirSync(path, { recursive: true });
	}
	if (options.clis !== false) {
		for (const [name, version] of Object.entries(packages)) {
			write(root, `usr/local/lib/node_modules/${name}/package.json`, JSON.stringify({ name, version }));
		}
	}
	const program = (name: string, body: string) => write(tools, name, `#!/bin/sh\n${body}\n`, 0o755);
	program("id", `case $1 in -u) echo ${options.uid ?? 0} ;; *) echo somebody ;; esac`);
	program("runuser", 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"');
	if (options.linux) {
		program("getent", `[ "$#" -gt 1 ] || echo 'alice:x:1001:1001::${home}:/bin/sh'`);
	} else {
		program("uname", 'case ${1-} in -s) echo Darwin ;; *) exec /usr/bin/uname "$@" ;; esac');
		program(
			"dscl",
			`case $4 in UniqueID) v=501 ;; UserShell) v=/bin/zsh ;; NFSHomeDirectory) v='${home}' ;; *) exit 0 ;; esac; echo "alice $v"`,
		);
		program("scutil", "echo Alices-Mac");
		program("ioreg", `echo '    "IOPlatformUUID" = "AAAA-BBBB"'`);
		program("mount", "echo '/dev/disk3s1 on / (apfs, local)'");
		program(
			"defaults",
			options.expected === undefined
				? "exit 1"
				: `case $2 in *"/Managed Preferences/io.otel-crossfade") echo '${options.expected}' ;; *) exit 1 ;; esac`,
		);
	}
	const path = `${tools}:/usr/bin:/bin:/usr/sbin:/sbin`;
	let runs = 0;
	const run: SimulatedMacos["run"] = async (
		script,
		args = [],
		{ canaries = [], env = {}, stdin = "", shell = dash, flags = [] } = {},
	) => {
		const file = write(folder, `script-${++runs}`, script, 0o755);
		const child = spawn(shell.part.path, [...shell.args, ...flags, file, ...args], {
			env: { PATH: "/usr/bin:/bin", CROSSFADE_TEST_ROOT: root, CROSSFADE_TEST_PATH: path, ...env },
			cwd: "/",
			stdio: "pipe",
			detached: true,
		});
		onTestFinished(() => {
			child.kill("SIGKILL");
		});
		const sightings = canaries.length > 0 ? watchProcesses(child.pid ?? 0) : undefined;
		const outcome = { stdout: "", stderr: "" };
		for (const name of ["stdout", "stderr"] as const) {
			child[name].setEncoding("utf8");
			child[name].on("data", (chunk: string) => {
				outcome[name] += chunk;
			});
		}
		child.stdin.on("error", () => undefined);
		child.stdin.end(stdin);
		const code = await new Promise<number | null>((done) => child.on("close", done));
		sightings?.stop();
		// A shell that forks keeps what it was started with; what the script exports marks those that it started itself.
		const environments = [...(sightings?.environments ?? [])].filter((each) => each.includes("LC_ALL=C")).join("\n");
		expect(leaks(canaries, { ...outcome, environments }), "no token in output or environments").toEqual([]);
		const carriers = [...(sightings?.commandLines ?? [])].filter((line) =>
			canaries.some(({ token }) => line.includes(token)),
		);
		return { code, ...outcome, carriers };
	};
	return { root, home, run };
}
