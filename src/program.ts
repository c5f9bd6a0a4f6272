import { Command as Commander, CommanderError, Option } from "commander";
import type { Command } from "./commands/command.ts";
import { registry } from "./commands/registry.ts";
import type { Effects, Terminal } from "./effects/effects.ts";
import { nodeTerminal, type Output, printAtOnce, wantsColor } from "./effects/terminal.ts";
import { CrossfadeError, type ExitName, problemText } from "./errors.ts";
import { shown } from "./render/quote.ts";
import { fileNameProblems } from "./spec/file-names.ts";
import type { Flags } from "./spec/flags.ts";
import { version } from "./version.ts";

/** What a run of the command line has around it. */
export interface Surroundings {
	readonly environment: Readonly<Record<string, string | undefined>>;
	readonly output: Output;
	/** The world that a command sees, with the terminal that its flags ask for. */
	effects(terminal: Terminal): Effects;
}

const INTRO = `Generates collector configs that take an ingest token as a parameter and never log it,
rotates that token without losing an event, and proves which token is seeing traffic.`;

/** Runs the command line and returns how it went; what is thrown is explained on standard error. */
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
	program.helpCommand("help [command]", "explain a command");
	const asked = argv.find((word) => !word.startsWith("-"));
	const wanted = asked === "help" ? argv[argv.indexOf("help") + 1] : asked;
	for (const { name, summary, load } of registry) {
		const child = newProgram(name, around.output).summary(summary).description(summary);
		if (name === wanted) {
			describe(child, await load(), around, (done) => {
				exit = done;
			});
		}
		program.addCommand(child);
	}
	program.addHelpText("after", `\nStart with:\n  crossfade collector --help\n`);
	await program.parseAsync(argv, { from: "user" });
	return exit;
}

function newProgram(name: string, output: Output): Commander {
	return new Commander(name)
		.exitOverride()
		.configureOutput({ writeOut: (text) => printAtOnce(1, text, output), writeErr: () => undefined })
		.configureHelp({ helpWidth: Math.min(output.columns() ?? 100, 100) })
		.helpOption("-h, --help", "explain this");
}

function append(value: string, before: readonly string[] = []): readonly string[] {
	return [...before, value];
}

function describe(child: Commander, command: Command, around: Surroundings, finish: (exit: ExitName) => void): void {
	child.description(command.description);
	for (const { name, description } of command.arguments ?? []) child.argument(name, description);
	const files: Record<string, string> = {};
	for (const { flags, description, choices, repeatable, files: isFile } of command.options) {
		const option = new Option(flags, choices ? `${description} (${choices.join(", ")})` : description);
		if (isFile && option.long) files[option.attributeName()] = option.long;
		child.addOption(repeatable ? option.argParser(append) : option);
	}
	// The one letter is the command's own where it has a use for it.
	const verbose = command.options.some(({ flags }) => flags.startsWith("-v,")) ? "--verbose" : "-v, --verbose";
	child.option("-q, --quiet", "say nothing but results and errors").option(verbose, "say more");
	const width = Math.max(...command.examples.map(([line]) => line.length));
	const examples = command.examples.map(([line, what]) => `  ${line.padEnd(width)}  # ${what}\n`).join("");
	child.addHelpText("after", `\nExamples:\n${examples}`);
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

/** Explains what was thrown, in the one style, and says which exit code it leads to. */
export function explain(error: unknown, output: Output): ExitName {
	if (error instanceof CommanderError) {
		if (error.exitCode === 0) return "ok";
		printAtOnce(2, `error: ${usageText(error)}\n  fix      see crossfade --help\n`, output);
		return "usage";
	}
	if (error instanceof CrossfadeError) {
		printAtOnce(2, error.problems.map((problem) => `error: ${problemText(problem)}\n`).join(""), output);
		return error.exit;
	}
	const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
	printAtOnce(2, `error: internal error, a bug of ours. Please report it with these lines:\n${stack}\n`, output);
	return "internal";
}

/** What commander has to say, without the value of any flag: a token given as a flag must not be repeated. */
function usageText(error: CommanderError): string {
	if (error.code === "commander.help") return "no command given";
	const text = error.message.replace(/^error: /, "").replace(/(--?[A-Za-z][\w-]*)=[^']*/g, "$1");
	const flag = /unknown option '(--?[\w-]*token[\w-]*)/.test(text);
	const advice = flag ? "\n  note     a token is never taken as a flag: it would be seen in the process list" : "";
	return `${text
		.split("\n")
		.map((line) => shown(line))
		.join("\n")}${advice}`;
}
