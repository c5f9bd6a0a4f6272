#!/usr/bin/env node
import { Command as Commander, CommanderError, Option } from "commander";
import { CrossfadeError, type ExitName, exitCodes, problemText } from "./base/errors.ts";
import { version } from "./base/version.ts";
import type { Command } from "./commands/command.ts";
import { examplesText, unwrap } from "./commands/help.ts";
import { registry } from "./commands/registry.ts";
import { unknownCommand, usageError } from "./commands/usage-error.ts";
import { nodeEffects } from "./effects/node.ts";
import { crashText } from "./effects/process/crash.ts";
import { isTerminal, nodeTerminal, printAtOnce, wantsColor } from "./effects/terminal/terminal.ts";
import { fileNameProblems } from "./spec/file-names.ts";
import type { Flags } from "./spec/flags.ts";

const INTRO =
	"Generates collector configs that take an ingest token as a parameter and never log it, rotates that token without losing an event, and proves which token is seeing traffic.";
/** Help is wrapped to the terminal, but never wider than this; without a terminal it is this wide. */
const HELP_WIDTH = 100;
const helpWidth = isTerminal(1) ? Math.min(process.stdout.columns ?? HELP_WIDTH, HELP_WIDTH) : HELP_WIDTH;

/** Runs the command line and returns how it went; what is thrown is explained on standard error. */
async function main(argv: readonly string[]): Promise<ExitName> {
	let exit: ExitName = "ok";
	const program = newProgram("crossfade").description(INTRO).version(version, "-V, --version", "print the version");
	program.helpCommand("help [command]", "show the help of a command");
	const asked = argv.find((word) => !word.startsWith("-"));
	const wanted = asked === "help" ? argv[argv.indexOf("help") + 1] : asked;
	let command: Command | undefined;
	for (const { name, summary, load } of registry) {
		const child = newProgram(name).summary(summary).description(summary);
		if (name === wanted) {
			command = await load();
			describe(child, command, (done) => {
				exit = done;
			});
		}
		program.addCommand(child);
	}
	program.addHelpText("after", "\nStart with:\n  crossfade demo\n  crossfade collector --help\n");
	if (argv.length === 0) {
		program.outputHelp();
		return exit;
	}
	const names = registry.map(({ name }) => name);
	if (
		asked === "help" &&
		wanted !== undefined &&
		!wanted.startsWith("-") &&
		command === undefined &&
		wanted !== "help"
	) {
		throw new CrossfadeError("usage", unknownCommand(wanted, names));
	}
	try {
		await program.parseAsync(argv, { from: "user" });
	} catch (error) {
		throw error instanceof CommanderError && error.exitCode !== 0 ? usageError(error, command, names) : error;
	}
	return exit;
}

function newProgram(name: string): Commander {
	return new Commander(name)
		.exitOverride()
		.configureOutput({ writeOut: (text) => printAtOnce(1, text), writeErr: () => undefined })
		.configureHelp({ helpWidth })
		.showSuggestionAfterError(false)
		.helpOption("-h, --help", "show this help");
}

function append(value: string, before: readonly string[] = []): readonly string[] {
	return [...before, value];
}

function describe(child: Commander, command: Command, finish: (exit: ExitName) => void): void {
	child.description(unwrap(command.description));
	for (const { name, description } of command.arguments ?? []) child.argument(name, description);
	const files: Record<string, string> = {};
	for (const { flags, description, choices, repeatable, files: isFile, formerly } of command.options) {
		const option = new Option(flags, choices ? `${description} (${choices.join(", ")})` : description);
		if (isFile && option.long) files[option.attributeName()] = option.long;
		child.addOption(repeatable ? option.argParser(append) : option);
		if (formerly) child.addOption(new Option(formerly).hideHelp().implies({ [option.attributeName()]: true }));
	}
	// The one letter is the command's own where it has a use for it.
	const verbose = command.options.some(({ flags }) => flags.startsWith("-v,")) ? "--verbose" : "-v, --verbose";
	child.option("-q, --quiet", "print only results and errors").option(verbose, "print more details");
	child.addHelpText("after", examplesText(command, helpWidth));
	child.action(async () => {
		const options = child.opts<Flags>();
		const misplaced = fileNameProblems(options, files);
		if (misplaced.length > 0) throw new CrossfadeError("usage", misplaced);
		const terminal = nodeTerminal({
			quiet: options["quiet"] === true,
			verbose: options["verbose"] === true,
			color: wantsColor(process.env, isTerminal(1)),
		});
		try {
			const commands = () => Promise.all(registry.map(({ load }) => load()));
			finish(await command.run(nodeEffects(terminal), { options, args: child.args, commands }));
		} finally {
			terminal.close();
		}
	});
}

/** Explains what was thrown, in the one style, and says which exit code it leads to. */
function explain(error: unknown): ExitName {
	if (error instanceof CommanderError) return "ok";
	if (error instanceof CrossfadeError) {
		printAtOnce(2, error.problems.map((problem) => `error: ${problemText(problem)}\n`).join(""));
		return error.exit;
	}
	printAtOnce(2, `error: internal error, a bug of ours. Please report it with these lines:\n${crashText(error)}`);
	return "internal";
}

function end(exit: ExitName): void {
	process.exitCode = exitCodes[exit][0];
}

process.on("uncaughtException", (error) => {
	end(explain(error));
	process.exit();
});
process.once("SIGINT", () => process.exit(exitCodes.interrupted[0]));

main(process.argv.slice(2)).then(end, (error: unknown) => end(explain(error)));
