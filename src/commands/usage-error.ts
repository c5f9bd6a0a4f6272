import type { CommanderError } from "commander";
import { CrossfadeError, type Problem } from "../base/errors.ts";
import { shown } from "../base/mask.ts";
import { nearest } from "../base/suggest.ts";
import type { Command } from "./command.ts";
import { nearestOption } from "./help.ts";

/** An unknown command, with the closest one. */
export function unknownCommand(word: string, names: readonly string[]): Problem {
	const meant = nearest(word, names);
	return {
		what: `unknown command '${shown(word)}'`,
		fix: meant ? `did you mean crossfade ${meant}?` : "see crossfade --help for the commands",
	};
}

/**
 * The problem with a command line that commander refused, pointing to that command's help. It quotes no value: a token
 * given as a flag must not be shown.
 */
export function usageError(
	error: CommanderError,
	command: Command | undefined,
	names: readonly string[],
): CrossfadeError {
	const quoted = /'([^'=]*)[^']*'/.exec(error.message)?.[1] ?? "";
	if (error.code === "commander.unknownCommand") return new CrossfadeError("usage", unknownCommand(quoted, names));
	const help = command ? `crossfade ${command.name} --help` : "crossfade --help";
	const what = shown(error.message.replace(/^error: /, "").replace(/(--?[A-Za-z][\w-]*)=[^']*/g, "$1"));
	if (error.code === "commander.unknownOption" && /^--?[\w-]*token/.test(quoted)) {
		const fix = `put the token into a file and name it as file:PATH; see ${help}`;
		return new CrossfadeError("usage", {
			what: `${what}; a token is never taken as a flag, where the process list would show it`,
			fix,
		});
	}
	const isOption = error.code === "commander.unknownOption";
	const meant = isOption && command ? nearestOption(quoted, [...command.options, ...COMMON]) : undefined;
	return new CrossfadeError("usage", { what, fix: meant ? `did you mean ${meant}? See ${help}` : `see ${help}` });
}

/** Options that every command has. */
const COMMON = [{ flags: "--help" }, { flags: "--quiet" }, { flags: "--verbose" }];
