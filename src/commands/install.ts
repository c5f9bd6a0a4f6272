import { clis } from "../adapters/clis/registry.ts";
import { providers } from "../adapters/providers/registry.ts";
import { vehicles } from "../adapters/vehicles/registry.ts";
import type { Action } from "../adapters/vehicles/vehicle.ts";
import type { Effects, RunResult } from "../effects/effects.ts";
import { CrossfadeError, type ExitName, exitCodes } from "../errors.ts";
import { parseReportLine } from "../evidence/inventory.ts";
import { renderEndpoint } from "../render/endpoint.ts";
import type { Secret } from "../secret.ts";
import type { Flags } from "../spec/flags.ts";
import { type InstallRequest, parseInstallFlags, scopes } from "../spec/install.ts";
import type { Command, OptionSpec } from "./command.ts";

/** A run that restarts background processes waits for them; no other takes more than seconds. */
const LONGEST_RUN_MS = 300_000;

/** What install and uninstall have in common. */
export const scriptOptions: readonly OptionSpec[] = [
	{ flags: "--cli <list>", description: `with commas between: ${clis.map(({ id }) => id).join(",")} (default: all)` },
	{
		flags: "--scope <scope>",
		description: "files in this account's home, or the machine's, which needs root (default: user)",
		choices: scopes,
	},
	{ flags: "--dry-run", description: "say what would change, change nothing" },
	{ flags: "--json", description: "print what came of it as JSON" },
];

export const installCommand: Command = {
	name: "install",
	description: `Sets the AI coding CLIs of this account to send their telemetry with a token: backs each file up before its first
change, edits only its own settings, and does nothing the second time. It runs the same script as scripts/install.sh,
which needs no Node; --print shows it. The token is asked for and not shown, or read from where --token says.

Exit codes: 0 set, or nothing to do; 2 an option is wrong; 11 a token or file was refused, and nothing of it changed;
12 a file could not be written; 13 a program is missing.`,
	options: [
		{
			flags: "--token <ref>",
			description: "where to read it: file:PATH, env:NAME, fd:N, - or prompt (default: prompt)",
		},
		{ flags: "--provider <id>", description: "who takes the data", choices: providers.map(({ id }) => id) },
		{ flags: "--endpoint <url>", description: "base URL of the OTLP ingest (default: the provider's)" },
		...scriptOptions,
		{
			flags: "--helper",
			description: "Claude Code reads the token from a file, so that running sessions follow a change",
		},
		{ flags: "--host-identity", description: "send the machine's name and id as well (default)" },
		{ flags: "--no-host-identity", description: "do not" },
		{ flags: "--restart", description: "restart a CLI's background process that still has the old token" },
		{ flags: "--print", description: "print the script and run nothing" },
	],
	examples: [
		["crossfade install", "ask for the token, set all CLIs that are here"],
		["crossfade install --token file:new.token --cli codex --restart", "one CLI, its daemon too"],
		["crossfade install --dry-run", "what would change?"],
		["crossfade install --print > install.sh", "the script, to read it or to hand it on"],
	],
	run: (fx, { options }) => runAction(fx, "install", options),
};

/** Runs the installer's script, or prints it; its exit code is ours. */
export async function runAction(fx: Effects, action: Action, options: Flags): Promise<ExitName> {
	const vehicle = vehicles.find(({ id }) => id === "installer");
	if (!vehicle) throw new TypeError("no installer among the vehicles");
	const request = parseInstallFlags(options, action, vehicle);
	const script = renderEndpoint(request.script);
	if (options["print"] === true) {
		fx.terminal.print(script.content);
		return "ok";
	}
	const token = action === "install" ? await fx.readToken(request.token) : undefined;
	const result = await runScript(fx, script.content, request, token);
	const lines = result.stdout.trimEnd().split("\n");
	const report = parseReportLine(lines.at(-1) ?? "");
	if (result.stderr !== "") fx.terminal.warn(complaints(result.stderr));
	if (options["json"] === true) fx.terminal.print(json(lines, result, options["dryRun"] === true));
	else if (report && !fx.terminal.verbose)
		fx.terminal.print(
			lines
				.slice(0, -1)
				.map((line) => `${line}\n`)
				.join(""),
		);
	else fx.terminal.print(result.stdout);
	return exitOf(result);
}

/** From a private file, so that standard input is the token and nothing else. */
async function runScript(
	fx: Effects,
	content: string,
	{ words }: InstallRequest,
	input: Secret | undefined,
): Promise<RunResult> {
	const sh = fx.programs.find("/bin/sh");
	if (sh === undefined) {
		throw new CrossfadeError("missingPart", {
			what: "there is no /bin/sh here",
			fix: "run this on macOS or Linux; Windows is not set this way",
		});
	}
	return fx.terminal.progress(
		"setting the CLIs",
		fx.files.withTemporary("install.sh", Buffer.from(content), (path) =>
			fx.programs.run(sh, [path, ...words], { timeoutMs: LONGEST_RUN_MS, input }),
		),
	);
}

function complaints(stderr: string) {
	const lines = stderr.trimEnd().split("\n");
	return { what: lines.join("\n"), fix: "crossfade doctor shows each file and what is wrong with it" };
}

/** Our name for the script's exit code. */
function exitOf({ code }: RunResult): ExitName {
	const [name] = Object.entries(exitCodes).find(([, [number]]) => number === code) ?? [];
	return (name as ExitName | undefined) ?? "internal";
}

/** The report line and the lines about files, as one document; the schema only grows. */
function json(lines: readonly string[], result: RunResult, isDryRun: boolean): string {
	const files = (verb: RegExp) => lines.flatMap((line) => verb.exec(line)?.[1] ?? []);
	const exit = exitOf(result);
	const document = {
		schema: 1,
		dryRun: isDryRun,
		...parseReportLine(lines.at(-1) ?? ""),
		changed: files(/^changed {7}(.+)$/),
		restored: files(/^restored {6}(.+)$/),
		wouldChange: files(/^would (?:change {2}|restore )(.+)$/),
		errors: result.stderr.split("\n").filter((line) => line !== ""),
		exit: { name: exit, code: exitCodes[exit][0] },
	};
	return `${JSON.stringify(document, undefined, 2)}\n`;
}
