import { systems } from "../adapters/clis/cli.ts";
import { vehicles } from "../adapters/vehicles/registry.ts";
import type { Vehicle } from "../adapters/vehicles/vehicle.ts";
import { CrossfadeError } from "../base/errors.ts";
import type { Effects } from "../effects/effects.ts";
import type { Machine } from "../effects/process/machine.ts";
import type { RunResult } from "../effects/process/programs.ts";
import type { Secret } from "../token/secret.ts";

/** Restarting background processes takes longest; other runs take seconds. */
const LONGEST_RUN_MS = 300_000;

/** How a script of ours is run on a system. */
interface ScriptShell {
	/** The name of the script's file. */
	readonly file: string;
	readonly program: (environment: Effects["environment"]) => string;
	readonly args: (path: string, words: readonly string[]) => readonly string[];
	/** What to do where the program is missing. */
	readonly missing: string;
	/** How to see what it waits for. */
	readonly look: string;
}

const posix: ScriptShell = {
	file: "install.sh",
	program: () => "/bin/sh",
	args: (path, words) => [path, ...words],
	missing: "run this on macOS, Linux or Windows",
	look: "run the output of crossfade install --print with sh -x",
};

/**
 * Windows PowerShell, which every Windows has. The policy is that for files which were made on this machine; one that an administrator
 * prescribes goes before it. https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_powershell_exe
 */
const windows: ScriptShell = {
	file: "install.ps1",
	program: ({ SystemRoot = "" }) =>
		`${/^[A-Za-z]:[\\/]/.test(SystemRoot) ? SystemRoot : "C:\\Windows"}\\System32\\WindowsPowerShell\\v1.0\\powershell.exe`,
	args: (path, words) => ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "RemoteSigned", "-File", path, ...words],
	missing: "install Windows PowerShell 5.1, which is a part of Windows",
	look: "run the output of crossfade install --print in PowerShell",
};

const shellOf = (os: Machine["os"]) => (os === "windows" ? windows : posix);

/** The vehicle of a person's own machine. */
export function installerFor(os: Machine["os"]): Vehicle {
	const system = os === "other" ? "linux" : os;
	const vehicle = vehicles.find((each) => each.says && (each.os ?? systems).includes(system));
	if (!vehicle) throw new TypeError(`no vehicle is for a person on ${system}`);
	return vehicle;
}

/**
 * Runs the installer's script from a private file, so that standard input carries only the token. Throws `CrossfadeError`: missingPart where
 * nothing can run it or a policy forbids it, deadline after 5 minutes, internal where it ended without its report.
 */
export async function runInstaller(
	fx: Effects,
	os: Machine["os"],
	content: string,
	words: readonly string[],
	input: Secret | undefined,
): Promise<RunResult> {
	const shell = shellOf(os);
	const name = shell.program(fx.environment);
	const program = fx.programs.find(name);
	if (program === undefined) throw new CrossfadeError("missingPart", { what: `${name} not found`, fix: shell.missing });
	const result = await fx.terminal.progress(
		"configuring the CLIs",
		fx.files.withTemporary(shell.file, Buffer.from(content), (path) =>
			fx.programs.run(program, shell.args(path, words), { timeoutMs: LONGEST_RUN_MS, input }),
		),
	);
	if (result.timedOut) {
		const fix = `to see what it waits for, ${shell.look}; no file is half-written`;
		throw new CrossfadeError("deadline", { what: "the script did not finish within 5 minutes", fix });
	}
	const [, restricted] = os === "windows" ? (/^error: (.*?)\r?$/m.exec(result.stdout) ?? []) : [];
	if (restricted !== undefined)
		throw new CrossfadeError("missingPart", { what: restricted, fix: "ask who manages it" });
	// Whatever its exit code: a script that ran says at its end what it found.
	if (/^report\t\t\tcrossfade /m.test(result.stdout)) return result;
	if (os === "windows" && /about_Execution_Policies|PSSecurityException/i.test(result.stderr)) {
		const fix = "run crossfade install --print | Out-String | iex, or ask who manages this machine";
		throw new CrossfadeError("missingPart", {
			what: "a policy of this machine lets PowerShell run no script files",
			fix,
		});
	}
	const what = `the script ended with ${result.code ?? "a signal"} before it said what it did`;
	throw new CrossfadeError("internal", { what, fix: `${shell.look}; crossfade doctor shows how each file is now` });
}
