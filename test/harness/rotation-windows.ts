import { spawn } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { loadDistribution } from "../../src/adapters/collectors/registry.ts";
import { renderRotatePowerShell } from "../../src/generate/render/rotate-ps1.ts";
import { planFor } from "../contracts/collector.ts";
import { type Canary, canary } from "./canary.ts";
import { scratch } from "./cli.ts";
import { pwsh } from "./parts.ts";
import { runPowerShell, runSoon, SID } from "./powershell.ts";
import { named, standIn } from "./rotation.ts";

/** The script for a Windows service, in a build for tests: elsewhere accounts, services and access lists are made up. */
export async function rotateScriptWindows(
	tokenFile: string,
	more: { readonly endpoint?: string; readonly targetVersion?: string } = {},
): Promise<string> {
	const distribution = await loadDistribution("contrib");
	const host = distribution?.hosts.windows;
	if (!distribution || !host) throw new Error("contrib runs as a Windows service");
	const plan = planFor(distribution, { platform: "windows", ...more });
	return renderRotatePowerShell({ ...plan, tokenFile }, host, { hooks: true });
}

/** Owner and access list of a token's folder and of the token, as the runbook makes them. */
export const CLOSED = "O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)";
export const CLOSED_FILE = "O:BAG:SYD:AI(A;ID;FA;;;SY)(A;ID;FA;;;BA)";

export interface WindowsRun {
	readonly env?: Readonly<Record<string, string>>;
	readonly watched?: boolean;
	readonly program?: string;
}

/** The script for a token file, with what it needs to run here. */
export async function windowsPlace(
	old: Canary,
	tokenFile: string,
	more: { readonly endpoint?: string; readonly targetVersion?: string } = {},
) {
	const folder = dirname(tokenFile);
	const root = join(scratch(), "root");
	const lists = `${root}.lists`;
	const setLists = (by: Readonly<Record<string, string>>) =>
		writeFileSync(
			lists,
			Object.entries(by)
				.map(([path, sddl]) => `${path}\t${sddl}\n`)
				.join(""),
		);
	setLists({ [folder]: CLOSED, [tokenFile]: CLOSED_FILE });
	const script = join(scratch(), "rotate-torii.ps1");
	writeFileSync(script, await rotateScriptWindows(tokenFile, more));
	const env = {
		HOME: scratch(),
		CROSSFADE_TEST_ROOT: root,
		CROSSFADE_TEST_SID: SID,
		CROSSFADE_TEST_ADMIN: "yes",
		CROSSFADE_TEST_ACCOUNT: "LocalSystem",
		CROSSFADE_TEST_WAIT: "300",
	};
	return {
		folder,
		tokenFile,
		trial: `${tokenFile}.crossfade-trial`,
		tried: `${tokenFile}.crossfade-tried`,
		kept: `${tokenFile}.crossfade-kept`,
		script,
		env,
		setLists,
		/** Owner and access list of a file by the last run. */
		listOf: (path: string) =>
			readFileSync(lists, "utf8")
				.split("\n")
				.map((line) => line.split("\t"))
				.find(([name]) => name === path)?.[1],
		content: () => readFileSync(tokenFile, "utf8"),
		run: (token: string, args: readonly string[], options: WindowsRun = {}) =>
			(options.program === undefined ? runSoon : runPowerShell.bind(undefined, options.program))(script, args, {
				stdin: token === "" ? "" : `${token}\r\n`,
				canaries: token === "" ? [old] : [named(token), old],
				env: { ...env, ...options.env },
				watched: options.watched,
			}),
		/** Starts it; `pid` is that of PowerShell. */
		start(token: string, args: readonly string[]) {
			const child = spawn(pwsh.path, ["-NoProfile", "-NonInteractive", "-File", script, ...args], {
				env: { PATH: process.env["PATH"], NO_COLOR: "1", ...env },
				stdio: ["pipe", "pipe", "inherit"],
			});
			onTestFinished(() => void child.kill("SIGKILL"));
			let output = "";
			child.stdout.on("data", (chunk) => {
				output += chunk;
			});
			child.stdin.end(`${token}\r\n`);
			const ended = new Promise<number | null>((done) => child.on("close", done));
			return { pid: child.pid ?? 0, ended, output: () => output };
		},
	};
}

/** The same with a page of metrics in the place of a collector, which exports more at every look. */
export async function windowsScene(
	more: () => string = () => 'otelcol_exporter_queue_size{exporter="otlp_http/torii"} 0\n',
	flags: { readonly targetVersion?: string } = {},
) {
	const old = canary();
	const tokenFile = join(scratch({ "torii.token": old.token }), "torii.token");
	chmodSync(tokenFile, 0o600);
	const place = await windowsPlace(old, tokenFile, flags);
	const collector = await standIn(more);
	const args = ["--metrics", collector.url, "--no-precheck"];
	return {
		...place,
		old,
		collector,
		args,
		run: (token: string, more: readonly string[] = [], options: WindowsRun = {}) =>
			place.run(token, [...args, ...more], options),
	};
}

/** What tells the script that a stand-in has taken the token: this process sees the same files, and its log grows at every look. */
export function restartsAtOnce(): readonly string[] {
	return [...logs("Everything is ready"), "--apply", "$restarted = $true"];
}

/** The same for a collector that watches the file. */
export function watchesAtOnce(): readonly string[] {
	return [...logs("refresh token torii.token"), "--apply", ""];
}

function logs(line: string): readonly string[] {
	const log = join(scratch(), "log");
	const command = `[System.IO.File]::AppendAllText('${log}', '${line}' + [char]10); [System.IO.File]::ReadAllLines('${log}')`;
	return ["--pid", `${process.pid}`, "--logs", command];
}

/**
 * Runs lines of PowerShell among the functions of the script, in the place of its start; `$cases` are the values, which come as JSON. A stop
 * of the run is thrown, with its code first. Gives what the lines print, as JSON.
 */
export async function amongRotation<T>(lines: readonly string[], cases: unknown): Promise<T> {
	const folder = scratch();
	const start = /try \{ Start-Run \}[\s\S]*\nexit 12\r\n/;
	const load = "$cases = ConvertFrom-Json ([System.IO.File]::ReadAllText($env:CROSSFADE_TEST_CASES))";
	const stop = "function Stop-Run($code, $what, $fix = '') { throw ([string]$code + ' ' + $what) }";
	const script = join(folder, "among.ps1");
	const content = await rotateScriptWindows("/nowhere/torii.token");
	writeFileSync(
		script,
		content.replace(start, () => [stop, load, ...lines, ""].join("\r\n")),
	);
	const file = join(folder, "cases.json");
	writeFileSync(file, JSON.stringify(cases));
	const run = await runSoon(script, [], {
		stdin: "",
		canaries: [],
		env: { HOME: folder, CROSSFADE_TEST_ROOT: join(folder, "root"), CROSSFADE_TEST_CASES: file },
	});
	expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
	return JSON.parse(run.stdout);
}
