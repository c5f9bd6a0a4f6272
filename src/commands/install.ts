import { clis, helped } from "../adapters/clis/registry.ts";
import type { Action } from "../adapters/vehicles/mode.ts";
import { vehicles } from "../adapters/vehicles/registry.ts";
import { CrossfadeError, type ExitName, exitCodes, type Problem } from "../base/errors.ts";
import { inWords } from "../base/words.ts";
import type { Effects } from "../effects/effects.ts";
import type { RunResult } from "../effects/process/programs.ts";
import { renderEndpoint } from "../generate/render/endpoint.ts";
import { parseReportLine } from "../prove/evidence/inventory.ts";
import { scopes } from "../spec/endpoint-script.ts";
import type { Flags } from "../spec/flags.ts";
import { parseInstallFlags } from "../spec/install.ts";
import type { Secret } from "../token/secret.ts";
import { backendOptions } from "./backend-options.ts";
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

/** For the examples. */
const withDaemon = clis.find(({ daemon }) => daemon) ?? clis[0];

export const installCommand: Command = {
	name: "install",
	description: `Sets the AI coding CLIs of this account to send their telemetry with a token: backs each file up
before its first change, edits only its own settings, and does nothing the second time. It runs
the same script as scripts/install.sh, which needs no Node; --print shows it. The token is asked
for and not shown, or read from where --token says.

Exit codes: 0 success; 2 an option is wrong; 11 a token or file was refused, and
nothing of it changed; 12 a file could not be written; 13 a program is missing.`,
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
			description: `${inWords(helped.map(({ title }) => title))} reads the token from a file, so that running sessions follow a change`,
		},
		{ flags: "--host-identity", description: "send the machine's name and id as well (default)" },
		{ flags: "--no-host-identity", description: "do not" },
		{ flags: "--restart", description: "restart a CLI's background process that still has the old token" },
		{ flags: "--print", description: "print the script and run nothing" },
	],
	examples: [
		["crossfade install", "ask for the token, set all CLIs that are here"],
		[`crossfade install --token file:new.token --cli ${withDaemon.id} --restart`, "one CLI, its daemon too"],
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
	const isDryRun = options["dryRun"] === true;
	const isAnnounced = action === "install" && !isDryRun && options["json"] !== true;
	// What need not be asked for is read first: a child process then gets no variable that holds it. A dry run asks for nothing.
	const isAsked = request.token.kind === "prompt" && !isDryRun;
	const isGiven = request.token.kind !== "prompt";
	const given = action === "install" && isGiven ? await fx.readToken(request.token) : undefined;
	// Before the question and before anything is changed: what a dry run says will be set.
	if (isAnnounced) {
		const plan = recordsOf(await runScript(fx, script.content, ["dry-run", "records"], undefined));
		show(fx, [{ text: "Will be set:" }, ...plan.filter(({ kind }) => kind === "plan")]);
	}
	const token = action === "install" && isAsked ? await fx.readToken(request.token) : given;
	const result = await runScript(fx, script.content, [...request.words, "records"], token);
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

/** What the script says on standard error. */
function complaints({ stderr }: RunResult): Problem[] {
	const lines = stderr.split("\n").filter((line) => line !== "");
	const fix = "crossfade doctor shows each file and what is wrong with it";
	return lines.map((line) => ({ what: line.replace(/^error: /, ""), fix }));
}

/** What the script says with the option `records`: a line of its output, and what it is about. */
interface ScriptRecord {
	/** intro, plan, would-change, would-restore, changed, restored, note or report. */
	readonly kind: string;
	readonly cli: string;
	readonly file: string;
	/** The same for a person. */
	readonly text: string;
}

function recordsOf({ stdout }: RunResult): ScriptRecord[] {
	return stdout.split("\n").flatMap((line) => {
		const [kind, cli, file, text] = line.split("\t");
		return kind === undefined || cli === undefined || file === undefined || text === undefined
			? []
			: [{ kind, cli, file, text }];
	});
}

function show(fx: Effects, records: readonly Pick<ScriptRecord, "text">[]): void {
	fx.terminal.print(records.map(({ text }) => `${text}\n`).join(""));
}

/** From a private file, so that standard input is the token and nothing else. */
async function runScript(
	fx: Effects,
	content: string,
	words: readonly string[],
	input: Secret | undefined,
): Promise<RunResult> {
	const sh = fx.programs.find("/bin/sh");
	if (sh === undefined) {
		throw new CrossfadeError("missingPart", {
			what: "there is no /bin/sh here",
			fix: "run this on macOS or Linux; Windows is not set this way",
		});
	}
	const result = await fx.terminal.progress(
		"setting the CLIs",
		fx.files.withTemporary("install.sh", Buffer.from(content), (path) =>
			fx.programs.run(sh, [path, ...words], { timeoutMs: LONGEST_RUN_MS, input }),
		),
	);
	if (!result.timedOut) return result;
	const fix = "see what it waits for with sh -x, from crossfade install --print; every file is whole";
	throw new CrossfadeError("deadline", { what: "the script did not end within 5 minutes", fix });
}

/** Our name for the script's exit code. */
function exitOf({ code }: RunResult): ExitName {
	const [name] = Object.entries(exitCodes).find(([, [number]]) => number === code) ?? [];
	return (name as ExitName | undefined) ?? "internal";
}

/** The report line and the files as one document; the schema only grows. */
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
