import { Command as Commander, CommanderError, Option } from "commander";
import { CrossfadeError, type ExitName, problemText } from "../base/errors.ts";
import { version } from "../base/version.ts";
import type { Effects } from "../effects/effects.ts";
import { crashText } from "../effects/process/crash.ts";
import type { Terminal } from "../effects/terminal/output.ts";
import { nodeTerminal, type Output, printAtOnce, wantsColor } from "../effects/terminal/terminal.ts";
import { fileNameProblems } from "../spec/file-names.ts";
import type { Flags } from "../spec/flags.ts";
import type { Command } from "./command.ts";
import { examplesText, unwrap } from "./help.ts";
import { registry } from "./registry.ts";
import { unknownCommand, usageError } from "./usage-error.ts";

/** The environment of a command-line run. */
export interface Surroundings {
	readonly environment: Readonly<Record<string, string | undefined>>;
	readonly output: Output;
	/** Effects for a command, with a terminal set up by its flags. */
	effects(terminal: Terminal): Effects;
}

const INTRO =
	"Generates collector configs that take an ingest token as a parameter and never log it, rotates that token without losing an event, and proves which token is seeing traffic.";
/** Maximum width of help; also its width without a terminal. */
const HELP_WIDTH = 100;
const helpWidth = (output: Output) => Math.min(output.columns() ?? HELP_WIDTH, HELP_WIDTH);

/** Runs the command line and returns the exit code's name; errors are explained on standard error. */
export async function runProgram(argv: readonly string[], around: Surroundings): Promise<ExitName> {
	try {
		return await run(argv, around);
	} catch (error) {
		return explain(error, around.output);
	}
}

async function run(argv: readonly string[], around: Surroundings): Promise<ExitName> {
	let exit: ExitName = "ok";
	const program = newProgram("crossfade", around.output)
		.description(INTRO)
		.version(version, "-V, --version", "print the version");
	program.helpCommand("help [command]", "show the help of a command");
	const asked = argv.find((word) => !word.startsWith("-"));
	const wanted = asked === "help" ? argv[argv.indexOf("help") + 1] : asked;
	let command: Command | undefined;
	for (const { name, summary, load } of registry) {
		const child = newProgram(name, around.output).summary(summary).description(summary);
		if (name === wanted) {
			command = await load();
			describe(child, command, around, (done) => {
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

function newProgram(name: string, output: Output): Commander {
	return new Commander(name)
		.exitOverride()
		.configureOutput({
			writeOut: (text) => printAtOnce(1, text, output),
			writeErr: () => undefined,
			getOutHelpWidth: () => helpWidth(output),
			getOutHasColors: () => false,
		})
		.showSuggestionAfterError(false)
		.helpOption("-h, --help", "show this help");
}

function append(value: string, before: readonly string[] = []): readonly string[] {
	return [...before, value];
}

function describe(child: Commander, command: Command, around: Surroundings, finish: (exit: ExitName) => void): void {
	child.description(unwrap(command.description));
	for (const { name, description } of command.arguments ?? []) child.argument(name, description);
	const files: Record<string, string> = {};
	for (const { flags, description, choices, repeatable, files: isFile, formerly } of command.options) {
		const option = new Option(flags, choices ? `${description} (${choices.join(", ")})` : description);
		if (isFile && option.long) files[option.attributeName()] = option.long;
		child.addOption(repeatable ? option.argParser(append) : option);
		if (formerly) child.addOption(new Option(formerly).hideHelp().implies({ [option.attributeName()]: true }));
	}
	// -v is only for verbose if the command does not use it.
	const verbose = command.options.some(({ flags }) => flags.startsWith("-v,")) ? "--verbose" : "-v, --verbose";
	child.option("-q, --quiet", "print only results and errors").option(verbose, "print more details");
	child.addHelpText("after", examplesText(command, helpWidth(around.output)));
	child.action(async () => {
		const options = child.opts<Flags>();
		const misplaced = fileNameProblems(options, files);
		if (misplaced.length > 0) throw new CrossfadeError("usage", misplaced);
		const { environment, output } = around;
		const looks = {
			quiet: options["quiet"] === true,
			verbose: options["verbose"] === true,
			color: wantsColor(environment, output.columns() !== undefined),
		};
		const terminal = nodeTerminal(looks, output);
		try {
			const commands = () => Promise.all(registry.map(({ load }) => load()));
			finish(await command.run(around.effects(terminal), { options, args: child.args, commands }));
		} finally {
			terminal.close();
		}
	});
}

/** Prints an error in the common form, and returns its exit code's name. */
export function explain(error: unknown, output: Output): ExitName {
	if (error instanceof CommanderError) return "ok";
	if (error instanceof CrossfadeError) {
		printAtOnce(2, error.problems.map((problem) => `error: ${problemText(problem, output.exists)}\n`).join(""), output);
		return error.exit;
	}
	printAtOnce(
		2,
		`error: internal error (a bug in crossfade). Please report it with these lines:\n${crashText(error)}`,
		output,
	);
	return "internal";
}
