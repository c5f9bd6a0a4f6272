import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { clis } from "../../src/adapters/clis/registry.ts";
import { providers } from "../../src/adapters/providers/registry.ts";
import { TOKEN_PLACEHOLDER, type Vehicle } from "../../src/adapters/vehicles/vehicle.ts";
import { renderEndpoint } from "../../src/generate/render/endpoint.ts";
import type { EndpointScript } from "../../src/spec/endpoint-script.ts";
import { type Canary, leaks } from "./canary.ts";
import { scratch } from "./cli.ts";
import { actions, releases, write } from "./endpoint.ts";
import { isWhole } from "./matrix.ts";
import { pwsh } from "./parts.ts";
import { isHostFree, runHosted } from "./powershell-host.ts";
import { watchProcesses } from "./processes.ts";
import type { ScriptRun } from "./shells.ts";

/** A vehicle for tests: every way in which a script in PowerShell can get the token. */
const windowsVehicle: Vehicle = {
	id: "windows-test",
	title: "a test",
	order: 0,
	language: "ps1",
	os: ["windows"],
	options: ["$run.Options = $given"],
	token: {
		param: [
			"Read-TokenFile",
			"if ($run.Token.Length -eq 0) { Read-TokenInput }",
			"if ($run.Token.Length -eq 0 -and $env:CROSSFADE_TEST_PROMPT) { Read-TokenPrompt }",
		],
		embedded: [`$run.Token = '${TOKEN_PLACEHOLDER}'`],
	},
	tokenHint: { param: "write it to standard input" },
	users: "all",
	scope: "system",
	says: false,
	line: { before: "", after: "" },
	codes: {},
	notes: ["Run it as SYSTEM."],
	tokenNotes: ["The token comes on standard input."],
	sources: [],
};

const provider = providers[0];
if (!provider?.endpoint) throw new Error("the default provider has an endpoint");
const { title, takes, endpoint } = { ...provider, endpoint: provider.endpoint };

/** A rendered script; a build for tests unless told otherwise. */
export function powerShellScript(changes: Partial<EndpointScript> = {}): string {
	return renderEndpoint({
		vehicle: windowsVehicle,
		mode: "param",
		action: "install",
		actions,
		os: ["windows"],
		clis,
		provider: { title, endpoint, takes },
		hooks: true,
		...changes,
	}).content;
}

/**
 * Runs lines of PowerShell among the functions of the script, in the place of its start; `$cases` are the values, which come as JSON. Gives
 * what the lines print, as JSON.
 */
export async function among<T>(lines: readonly string[], cases: unknown, env: Record<string, string> = {}): Promise<T> {
	const folder = scratch();
	const start = /try \{ Start-Run \}[\s\S]*finally \{ Exit-Lock \}/;
	const load = "$cases = ConvertFrom-Json ([System.IO.File]::ReadAllText($env:CROSSFADE_TEST_CASES))";
	const stop = "function Stop-Run($code, $reason) { throw ([string]$code + ' ' + $reason) }";
	const content = powerShellScript().replace(start, () => [stop, load, ...lines].join("\r\n"));
	const script = write(folder, "among.ps1", content);
	const file = write(folder, "cases.json", JSON.stringify(cases));
	const run = await runSoon(script, [], {
		stdin: "",
		canaries: [],
		env: { HOME: folder, CROSSFADE_TEST_ROOT: join(folder, "root"), CROSSFADE_TEST_CASES: file, ...env },
	});
	expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
	return JSON.parse(run.stdout);
}

export const SID = "S-1-5-21-1111111111-2222222222-3333333333-1001";

/** A made-up Windows machine: folders that stand for the system's, and homes of people by SID. */
export interface WindowsMachine {
	readonly root: string;
	readonly home: string;
	/** The file with the access lists. */
	readonly lists: string;
	readonly script: string;
	readonly files: Readonly<Record<keyof typeof releases, string>>;
	readonly machineFiles: Readonly<Record<keyof typeof releases, string>>;
	run(args: string, options?: PowerShellRun): Promise<ScriptRun>;
}

export interface PowerShellRun {
	readonly token?: string;
	readonly stdin?: string;
	readonly env?: Readonly<Record<string, string>>;
	readonly canaries?: readonly Canary[];
	/** Lines `SID, path, state` of the list of profiles. */
	readonly profiles?: string;
	/** Lines `SID, path` of homes that belong to an account. */
	readonly homes?: string;
	/** Text before the script's path, in the place of `-File`: PowerShell of its own. */
	readonly wrapper?: (script: string, words: readonly string[]) => string;
	/** Looks for the tokens also in the arguments and environment of every process. */
	readonly watched?: boolean;
}

/** Puts CLIs in a home, as npm does. A release of `""` leaves a CLI out. */
function installWindowsClis(home: string, versions: Readonly<Record<string, string>> = {}): void {
	for (const [id, version] of Object.entries({ ...releases, ...versions })) {
		const npm = clis.find((cli) => cli.id === id)?.npm ?? id;
		if (version === "") continue;
		write(home, `AppData/Roaming/npm/node_modules/${npm}/package.json`, JSON.stringify({ name: npm, version }));
	}
}

export function windowsMachine(
	options: { readonly versions?: Readonly<Record<string, string>>; readonly content?: string } = {},
): WindowsMachine {
	const folder = scratch();
	const root = join(folder, "root");
	const home = join(folder, "Users/ann");
	for (const path of [join(root, "ProgramFiles"), join(root, "ProgramData"), home])
		mkdirSync(path, { recursive: true });
	installWindowsClis(home, options.versions);
	const script = write(folder, "script.ps1", options.content ?? powerShellScript());
	const place = (path: string) => path.replace(/%(\w+)%/, (_all, name) => join(root, name));
	const files = (of: (cli: (typeof clis)[number]) => string) =>
		Object.fromEntries(clis.map((cli) => [cli.id, of(cli)])) as Record<keyof typeof releases, string>;
	return {
		root,
		home,
		lists: `${root}.lists`,
		script,
		files: files(({ user }) => join(home, user.folder, user.file)),
		machineFiles: files(({ system }) => place(system.file.windows)),
		run: async (args, { token, stdin, env = {}, canaries = [], profiles, homes, wrapper, watched } = {}) => {
			const words = args.split(" ").filter((word) => word !== "");
			return await runSoon(script, words, {
				stdin: stdin ?? (token === undefined ? "" : `${token}\r\n`),
				canaries,
				watched,
				command: wrapper?.(script, words),
				env: {
					HOME: join(folder, "own"),
					USERPROFILE: home,
					CROSSFADE_TEST_ROOT: root,
					CROSSFADE_TEST_SID: SID,
					CROSSFADE_TEST_ADMIN: "yes",
					CROSSFADE_TEST_ID: "0f0f-id",
					CROSSFADE_TEST_WAIT: "300",
					CROSSFADE_TEST_PROFILES: profiles ?? `${SID}\t${home}\t0`,
					CROSSFADE_TEST_HOMES: homes ?? `${SID}\t${home}`,
					...env,
				},
			});
		},
	};
}

interface PowerShellCall {
	readonly stdin: string;
	readonly env: Readonly<Record<string, string>>;
	readonly canaries: readonly Canary[];
	readonly watched?: boolean | undefined;
	/** In the place of the script. */
	readonly command?: string | undefined;
}

export async function runPowerShell(
	program: string,
	script: string,
	words: readonly string[],
	{ stdin, env, canaries, watched, command }: PowerShellCall,
): Promise<ScriptRun> {
	const what = command === undefined ? ["-File", script, ...words] : ["-Command", command];
	const child = spawn(program, ["-NoProfile", "-NonInteractive", ...what], {
		env: { PATH: process.env["PATH"], NO_COLOR: "1", ...env },
		stdio: "pipe",
	});
	const sightings = watched ? watchProcesses(child.pid ?? 0) : undefined;
	onTestFinished(() => void child.kill("SIGKILL"));
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
	const seen = {
		...outcome,
		"command lines": [...(sightings?.commandLines ?? [])].join("\n"),
		environments: [...(sightings?.environments ?? [])].join("\n"),
	};
	expect(leaks(canaries, seen), "no token in output, arguments or environments").toEqual([]);
	return { code, ...outcome };
}

/** Variables by which a test is about the process itself. */
const OF_A_PROCESS = ["CROSSFADE_TEST_KILL", "CROSSFADE_TEST_NATIVE"];

/** The same in the PowerShell that stays, if it is free and the test is not about processes. In a whole run each script has its own. */
export async function runSoon(script: string, words: readonly string[], call: PowerShellCall): Promise<ScriptRun> {
	const { stdin, env, canaries, watched, command } = call;
	const isAboutProcess = watched || command !== undefined || OF_A_PROCESS.some((name) => env[name] !== undefined);
	if (isWhole || isAboutProcess || !isHostFree()) return await runPowerShell(pwsh.path, script, words, call);
	const run = await runHosted({ script, words, env, stdin });
	expect(leaks(canaries, { stdout: run.stdout, stderr: run.stderr }), "no token in output").toEqual([]);
	return run;
}
