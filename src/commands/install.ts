import { everySystem } from "../adapters/clis/cli.ts";
import { clis, helped } from "../adapters/clis/registry.ts";
import type { Action } from "../adapters/vehicles/mode.ts";
import { CrossfadeError, type ExitName, exitCodes, type Problem } from "../base/errors.ts";
import { inWords } from "../base/words.ts";
import type { Effects } from "../effects/effects.ts";
import type { Machine } from "../effects/process/machine.ts";
import type { RunResult } from "../effects/process/programs.ts";
import { renderEndpoint } from "../generate/render/endpoint.ts";
import { parseReportLine } from "../prove/evidence/report-line.ts";
import { scopes } from "../spec/endpoint-script.ts";
import type { Flags } from "../spec/flags.ts";
import { parseInstallFlags } from "../spec/install.ts";
import { backendOptions } from "./backend-options.ts";
import type { Command, OptionSpec } from "./command.ts";
import { installerFor, runInstaller } from "./installer-script.ts";

/** Options that install and uninstall share. */
export const scriptOptions: readonly OptionSpec[] = [
	{ flags: "--cli <list>", description: `comma-separated: ${clis.map(({ id }) => id).join(",")} (default: all)` },
	{
		flags: "--scope <scope>",
		description:
			"user: files in this home; system: files for the machine, needs root or an administrator (default: user)",
		choices: scopes,
	},
	{ flags: "--dry-run", description: "show what would change, without changing anything" },
	{ flags: "--json", description: "print the result as JSON" },
];

/** For the examples. */
const withDaemon = clis.find(({ daemon }) => daemon) ?? clis[0];

export const installCommand: Command = {
	name: "install",
	description: `Configures this account's AI coding CLIs to send their telemetry with a token. Backs up each file
before its first change, edits only its own settings, and changes nothing on a second run. It runs
the same script as scripts/install.sh, or on Windows scripts/install.ps1, which need no Node; --print
shows it. It prompts for the token without showing it, or reads it as --token says.

Exit codes: 0 success; 2 invalid option; 11 a token or file was refused; 12 a file could not be
written; 13 a program is missing. Files that fail are unchanged.`,
	options: [
		{
			flags: "--token <ref>",
			description: "where to read it: file:PATH, env:NAME, fd:N, - or prompt (default: prompt)",
		},
		backendOptions.provider,
		backendOptions.endpoint,
		...scriptOptions,
		{
			flags: "--helper",
			description: `${inWords(helped.map(({ title }) => title))} reads the token from a file, so that running sessions get a new one; not on Windows`,
		},
		{ flags: "--host-identity", description: "also send the machine's name and id (default)" },
		{ flags: "--no-host-identity", description: "do not send them" },
		{
			flags: "--restart",
			description: "restart a CLI's background process that still has the old token; not on Windows",
		},
		{ flags: "--print", description: "print the script without running it" },
		{
			flags: "--os <name>",
			description: "with --print: the script for this system (default: the one that this runs on)",
			choices: everySystem,
		},
	],
	examples: [
		["crossfade install", "prompt for the token, configure all CLIs found"],
		[`crossfade install --token file:new.token --cli ${withDaemon.id} --restart`, "one CLI, and restart its daemon"],
		["crossfade install --dry-run", "show what would change"],
		["crossfade install --print > install.sh", "save the script, to read or share it"],
		["crossfade install --print --os windows", "the script in PowerShell"],
	],
	run: (fx, { options }) => runAction(fx, "install", options),
};

/** Runs or prints the installer's script, and returns its exit code. */
export async function runAction(fx: Effects, action: Action, options: Flags): Promise<ExitName> {
	const os = await systemOf(fx, options);
	const request = parseInstallFlags(options, action, installerFor(os));
	const script = renderEndpoint(request.script);
	if (options["print"] === true) {
		fx.terminal.print(script.content);
		return "ok";
	}
	const isDryRun = options["dryRun"] === true;
	const isAnnounced = action === "install" && !isDryRun && options["json"] !== true;
	// Read tokens that need no prompt first, so that no child process inherits the variable. A dry run does not prompt.
	const isAsked = request.token.kind === "prompt" && !isDryRun;
	const isGiven = request.token.kind !== "prompt";
	const given = action === "install" && isGiven ? await fx.readToken(request.token) : undefined;
	// Before prompting and before any change: what a dry run says will be set.
	if (isAnnounced) {
		const plan = recordsOf(await runInstaller(fx, os, script.content, ["dry-run", "records"], undefined));
		show(fx, [{ text: "Will configure:" }, ...plan.filter(({ kind }) => kind === "plan")]);
	}
	const token = action === "install" && isAsked ? await fx.readToken(request.token) : given;
	const result = await runInstaller(fx, os, script.content, [...request.words, "records"], token);
	const records = recordsOf(result);
	if (options["json"] === true) fx.terminal.print(json(records, result, isDryRun));
	else {
		const isTold = ({ kind }: ScriptRecord) =>
			kind === "report" ? fx.terminal.verbose : !isAnnounced || (kind !== "intro" && kind !== "plan");
		show(fx, records.filter(isTold));
	}
	const errors = complaints(result);
	if (errors.length > 0) throw new CrossfadeError(exitOf(result), errors);
	return exitOf(result);
}

/** The system that the script is for. Throws `CrossfadeError` (usage) where --os asks to run one for another. */
async function systemOf(fx: Effects, options: Flags): Promise<Machine["os"]> {
	const named = everySystem.find((each) => each === options["os"]);
	if (named === undefined) return (await fx.machine()).os;
	if (options["print"] === true) return named;
	const fix = "add --print, or leave --os out";
	throw new CrossfadeError("usage", { what: "--os is for --print: a script runs on its own system alone", fix });
}

/** The script's messages on standard error. */
function complaints({ stderr }: RunResult): Problem[] {
	const lines = stderr.split(/\r?\n/).filter((line) => line !== "");
	const fix = "crossfade doctor shows each file and its problems";
	return lines.map((line) => ({ what: line.replace(/^error: /, ""), fix }));
}

/** One line of the script's output with the option `records`. */
interface ScriptRecord {
	/** intro, plan, would-change, would-restore, changed, restored, note or report. */
	readonly kind: string;
	readonly cli: string;
	readonly file: string;
	/** The sentence to print. */
	readonly text: string;
}

function recordsOf({ stdout }: RunResult): ScriptRecord[] {
	return stdout.split(/\r?\n/).flatMap((line) => {
		const [kind, cli, file, text] = line.split("\t");
		return kind === undefined || cli === undefined || file === undefined || text === undefined
			? []
			: [{ kind, cli, file, text }];
	});
}

function show(fx: Effects, records: readonly Pick<ScriptRecord, "text">[]): void {
	fx.terminal.print(records.map(({ text }) => `${text}\n`).join(""));
}

/** Our name for the script's exit code. */
function exitOf({ code }: RunResult): ExitName {
	const [name] = Object.entries(exitCodes).find(([, [number]]) => number === code) ?? [];
	return (name as ExitName | undefined) ?? "internal";
}

/** The report line and the files as one document; fields are only ever added. */
function json(records: readonly ScriptRecord[], result: RunResult, isDryRun: boolean): string {
	const files = (...kinds: string[]) => records.filter(({ kind }) => kinds.includes(kind)).map(({ file }) => file);
	const exit = exitOf(result);
	const document = {
		schema: 1,
		dryRun: isDryRun,
		...parseReportLine(records.find(({ kind }) => kind === "report")?.text ?? ""),
		changed: files("changed"),
		restored: files("restored"),
		wouldChange: files("would-change", "would-restore"),
		errors: complaints(result).map(({ what }) => what),
		exit: { name: exit, code: exitCodes[exit][0] },
	};
	return `${JSON.stringify(document, undefined, 2)}\n`;
}
